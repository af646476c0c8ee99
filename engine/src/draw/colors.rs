//! Colours: each with a light and a dark tone, and plain tones for programs that know no CSS variables.

use std::fmt::Write as _;

/// What a viewer can switch on, and how all looks; each colour is written as `var(--name)`.
const RULES: &str = include_str!("style.css");

/// The name, the light and the dark tone of each colour.
const PALETTE: [(&str, &str, &str); 21] = [
    ("paper", "#f7f8fa", "#15181e"),
    ("card", "#fff", "#1e232c"),
    ("edge", "#cfd5df", "#3d4656"),
    ("ink", "#1a2233", "#e8ecf3"),
    ("ink-2", "#535e70", "#aab4c4"),
    ("line", "#6f7a8c", "#8c98ab"),
    ("loop", "#a8560b", "#f0a050"),
    ("late", "#b42318", "#ff8a80"),
    ("task", "#1459c7", "#5b9bff"),
    ("auto", "#6b3fd4", "#b79bff"),
    ("choice", "#ad8100", "#d6ac2b"),
    ("choice-paper", "#fff8e1", "#332b12"),
    ("bar", "#456590", "#8aa9d6"),
    ("bar-paper", "#e4edf9", "#1d2a3d"),
    ("scope-paper", "#eef2f8", "#1a1f28"),
    ("green", "#1d7f4e", "#4cc38a"),
    ("green-paper", "#e8f6ee", "#15302a"),
    ("yellow", "#e0a100", "#e8b931"),
    ("red", "#d92d20", "#ff6b6b"),
    ("end-paper", "#e9edf3", "#2a303b"),
    ("late-paper", "#fff1f0", "#3a1a1c"),
];

/// The style of a picture.
pub fn style() -> String {
    let tones = |dark: bool| {
        PALETTE.iter().fold(String::new(), |mut tones, (name, light, night)| {
            let _ = write!(tones, "--{name}:{};", if dark { night } else { light });
            tones
        })
    };
    let mut style = format!(".duban{{{}}}\n", tones(false));
    let dark = format!(".duban:not([data-theme=light]){{{}}}", tones(true));
    let _ = writeln!(style, "@media screen and (prefers-color-scheme:dark){{{dark}}}");
    let _ = writeln!(style, ".duban[data-theme=dark]{{{}}}", tones(true));
    for rule in RULES.lines() {
        style.push_str(&plain_first(rule));
        style.push('\n');
    }
    style
}

/// Writes `fill:var(--ink)` as `fill:#1a2233;fill:var(--ink)`: what does not know the second keeps the first.
fn plain_first(rule: &str) -> String {
    let plain = rule.split_once('{').filter(|_| !rule.starts_with('@'));
    let Some((selector, declarations)) = plain else { return rule.to_owned() };
    let written = declarations.trim_end_matches('}').split(';').flat_map(|declaration| {
        let plain = PALETTE.iter().find_map(|(name, light, _)| {
            let variable = format!("var(--{name})");
            declaration.contains(&variable).then(|| declaration.replace(&variable, light))
        });
        plain.into_iter().chain([declaration.to_owned()])
    });
    format!("{selector}{{{}}}", written.collect::<Vec<String>>().join(";"))
}
