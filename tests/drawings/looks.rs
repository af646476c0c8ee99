//! Colours as a reader meets them: what the style of a written picture says about contrast.

use std::collections::BTreeMap;

/// The least contrast of text against its paper (WCAG 2.2, 1.4.3), and of signs (1.4.11).
const TEXT: f64 = 4.5;
const SIGN: f64 = 3.0;

/// Which letters stand on which paper, by the names of the colours.
const TEXTS: [(&str, &[&str]); 5] = [
    ("ink", &["paper", "card", "scope-paper", "green-paper", "choice-paper", "end-paper"]),
    ("ink-2", &["paper", "card", "scope-paper", "green-paper"]),
    ("bar", &["bar-paper"]),
    ("loop", &["card"]),
    ("late", &["late-paper"]),
];

/// Which lines and signs lie on which paper.
const SIGNS: [(&str, &[&str]); 8] = [
    ("line", &["paper", "card", "scope-paper"]),
    ("loop", &["paper", "scope-paper"]),
    ("late", &["paper", "scope-paper"]),
    ("task", &["card"]),
    ("auto", &["card"]),
    ("choice", &["choice-paper", "card"]),
    ("green", &["green-paper", "card"]),
    ("red", &["card", "scope-paper"]),
];

/// Pairs of colours that are too much alike, in the light and in the dark theme.
pub fn faults(style: &str) -> Vec<String> {
    let dark = style.find("[data-theme=dark]").expect("there is a dark theme");
    let mut faults = Vec::new();
    for (theme, part) in [("light", style), ("dark", &style[dark..])] {
        let colors = colors(part);
        for (pairs, least) in [(TEXTS.as_slice(), TEXT), (SIGNS.as_slice(), SIGN)] {
            for (ink, paper) in pairs.iter().flat_map(|(ink, papers)| papers.iter().map(move |paper| (ink, paper))) {
                let found = contrast(colors[*ink], colors[*paper]);
                if found < least {
                    faults.push(format!("{theme}: {ink} on {paper} has {found:.2}, not {least}"));
                }
            }
        }
    }
    faults
}

/// The colours of the first theme of a style.
fn colors(style: &str) -> BTreeMap<&str, f64> {
    let theme = style.split_once('{').and_then(|(_, rest)| rest.split_once('}')).expect("a theme has an end").0;
    let each = theme.split(';').filter_map(|color| color.trim().strip_prefix("--")?.split_once(":#"));
    each.map(|(name, tone)| (name, luminance(tone))).collect()
}

/// The relative luminance of a colour in hexadecimal digits (WCAG 2.2).
fn luminance(tone: &str) -> f64 {
    let digits: Vec<u32> = tone.chars().map(|digit| digit.to_digit(16).expect("a hexadecimal digit")).collect();
    let parts: Vec<u32> = match digits.as_slice() {
        [red, green, blue] => vec![17 * red, 17 * green, 17 * blue],
        six => six.chunks(2).map(|pair| 16 * pair[0] + pair[1]).collect(),
    };
    let linear = |part: &u32| {
        let part = f64::from(*part) / 255.0;
        if part <= 0.04045 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) }
    };
    parts.iter().map(linear).zip([0.2126, 0.7152, 0.0722]).map(|(part, weight)| part * weight).sum()
}

fn contrast(one: f64, other: f64) -> f64 {
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}
