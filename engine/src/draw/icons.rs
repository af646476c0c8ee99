//! Icons, drawn in a square of sixteen pixels.

use super::scene::Sort;
use crate::event::Light;

/// A clock.
pub const CLOCK: &str = "M8 1.5a6.5 6.5 0 1 0 .01 0M8 4.5V8l2.6 1.8";
/// An arrow that turns back.
pub const BACK: &str = "M6 3 2.5 6.5 6 10M2.5 6.5H10a3.5 3.5 0 0 1 0 7H6";
/// An envelope.
pub const MESSAGE: &str = "M1.5 3.5h13v9h-13zM1.5 4.5 8 9l6.5-4.5";
/// A warning.
pub const FAILED: &str = "M8 2 1.5 13.5h13zM8 6.5v3.5M8 12v.01";

/// The icon of a shape; some need none.
pub fn icon(sort: Sort) -> Option<&'static str> {
    match sort {
        Sort::Task => Some("M8 2a2.8 2.8 0 1 0 .01 0M2.5 14c.4-3.4 2.6-5 5.5-5s5.1 1.6 5.5 5z"),
        Sort::Stage => Some("M2 3h12M4.5 6.7h9.5M4.5 10.4h9.5M2 14h12"),
        Sort::Parallel => Some("M8 1.5v3M3 14.5V8.2a3.7 3.7 0 0 1 3.7-3.7h2.6A3.7 3.7 0 0 1 13 8.2v6.3M8 4.5v10"),
        Sort::Each => Some("M2 5.5h9v9H2zM4.5 5V2h9v9h-2.3"),
        Sort::Call => Some("M6 2H2.5v12h11v-4M9 2h5v5M14 2 7.5 8.5"),
        Sort::Job => Some(
            "M8 5.5a2.5 2.5 0 1 0 .01 0M8 1.5v2M8 12.5v2M1.5 8h2M12.5 8h2M3.4 3.4l1.4 1.4M11.2 11.2l1.4 1.4M12.6 3.4l-1.4 1.4M4.8 11.2l-1.4 1.4",
        ),
        Sort::Wait => Some(
            "M4 1.5h8M4 14.5h8M4.8 1.5c0 3.8 3.2 4.3 3.2 6.5s-3.2 2.7-3.2 6.5M11.2 1.5C11.2 5.3 8 5.8 8 8s3.2 2.7 3.2 6.5",
        ),
        Sort::Decide => Some("M2 2.5h12v11H2zM2 6h12M2 9.8h12M6.5 2.5v11"),
        Sort::Do => Some("M9 1.5 3 9h4.5L6.5 14.5 13 6.8H8.4z"),
        Sort::Start => Some("M5 2.5v11l8-5.5z"),
        Sort::Listen => Some(MESSAGE),
        Sort::Close => Some("M3.5 14.5v-13h9l-2 3.2 2 3.3h-9"),
        Sort::Choose | Sort::Inside | Sort::End | Sort::Fork | Sort::Join => None,
    }
}

/// The mark on the label of a way out.
pub fn mark(cause: &str, is_back: bool) -> Option<&'static str> {
    match cause {
        _ if is_back => Some(BACK),
        "rung" => Some(CLOCK),
        "listener" => Some(MESSAGE),
        "failed" => Some(FAILED),
        _ => None,
    }
}

/// The shape of a light around its middle: each can be told without its colour.
pub fn lamp(light: Option<Light>) -> &'static str {
    match light {
        Some(Light::Green) => "M-4 0a4 4 0 1 0 8 0a4 4 0 1 0-8 0z",
        Some(Light::Yellow) => "M0-5 5 4H-5z",
        Some(Light::Red) => "M-4-4H4V4H-4z",
        None => "M-3 0a3 3 0 1 0 6 0a3 3 0 1 0-6 0z",
    }
}
