//! The legend: what the lines and lights of this picture mean.

use std::collections::BTreeSet;

use super::markup::Markup;
use super::scene::Look;
use super::words::width;
use super::{Drawing, Lamp, Point, lamp, light_word};

/// What separates entries and rows, and the size of letters.
const GAP: i32 = 20;
const ROW: i32 = 22;
const SMALL: i32 = 12;
/// What is kept free at the sides.
const PAD: i32 = 24;

/// A sign with its meaning, and where it stands.
pub struct Entry {
    sign: Sign,
    said: &'static str,
    at: Point,
}

enum Sign {
    Line(Look),
    Light(Lamp),
}

impl Sign {
    fn width(&self) -> i32 {
        match self {
            Self::Line(_) => 34,
            Self::Light(_) => 14,
        }
    }
}

/// What needs an explanation, in rows below the picture; and how much higher the picture gets.
pub fn entries(drawing: &Drawing) -> (Vec<Entry>, i32) {
    let looks: BTreeSet<Look> =
        drawing.lines.iter().map(|line| line.look).filter(|look| *look != Look::Onward).collect();
    let lines = looks.into_iter().map(|look| (Sign::Line(look), line_word(look)));
    let mut lamps: Vec<Lamp> = Vec::new();
    for lamp in drawing.shapes.iter().flat_map(|shape| &shape.lamps) {
        if lamps.iter().all(|known| known.light != lamp.light) {
            lamps.push(lamp.clone());
        }
    }
    lamps.sort_by_key(|lamp| (lamp.light.is_none(), lamp.light));
    let lights = lamps.into_iter().map(|lamp| {
        let said = light_word(lamp.light);
        (Sign::Light(Lamp { hint: said.to_owned(), ..lamp }), said)
    });
    let mut at = Point { x: PAD, y: drawing.height + ROW / 2 };
    let mut found = Vec::new();
    for (sign, said) in lines.chain(lights) {
        let wide = sign.width() + width(said, SMALL);
        if at.x > PAD && at.x + wide + PAD > drawing.width {
            at = Point { x: PAD, y: at.y + ROW };
        }
        found.push(Entry { sign, said, at });
        at.x += wide + GAP;
    }
    let height = if found.is_empty() { 0 } else { at.y + ROW - drawing.height };
    (found, height)
}

fn line_word(look: Look) -> &'static str {
    match look {
        Look::Onward => "往下",
        Look::Loop => "重新办理",
        Look::Back => "回到来处",
        Look::Late => "到期或失败",
    }
}

/// Writes the legend.
pub fn write(out: &mut Markup, entries: Vec<Entry>) {
    out.open("g", &[("class", "legend")]);
    for Entry { sign, said, at } in entries {
        let [x, y] = [at.x + sign.width(), at.y + 4].map(|size| size.to_string());
        match sign {
            Sign::Line(look) => {
                let (class, tip) = (format!("sample {}", look.word()), format!("url(#duban-tip-{})", look.word()));
                let path = format!("M{} {}h{}", at.x, at.y, 26);
                out.empty("path", &[("class", &class), ("d", &path), ("marker-end", &tip)]);
            }
            Sign::Light(light) => lamp::write(out, &Lamp { at: Point { x: at.x + 4, y: at.y }, ..light }),
        }
        out.text("text", &[("x", &x), ("y", &y)], said);
    }
    out.close();
}
