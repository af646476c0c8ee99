//! A light as it is drawn, in a ladder or in the legend.

use super::markup::Markup;
use super::{Lamp, icons};
use crate::event::Light;

/// Writes a light.
pub fn write(out: &mut Markup, lamp: &Lamp) {
    let class = match lamp.light {
        Some(Light::Green) => "lamp green",
        Some(Light::Yellow) => "lamp yellow",
        Some(Light::Red) => "lamp red",
        None => "lamp",
    };
    let place = format!("translate({} {})", lamp.at.x, lamp.at.y);
    out.open("path", &[("class", class), ("d", icons::lamp(lamp.light)), ("transform", &place)]);
    out.text("title", &[], &lamp.hint);
    out.close();
}
