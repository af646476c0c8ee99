//! A compiled process draws itself: as a picture (SVG) and as BPMN 2.0 with its layout.

mod words;
mod scene;
mod build;
mod exits;
mod measure;
mod place;
mod sizes;
mod channel;
mod route;
mod tracks;
mod straight;
mod plan;
mod lines;
mod position;
mod markup;
mod icons;
mod colors;
mod lamp;
mod legend;
mod reading;
mod svg;
mod bpmn;

use build::Builder;

use crate::event::Light;
use crate::ids::Name;
use crate::library::Library;
use crate::process::Process;

pub use scene::{Look, Sort};

/// The process as an SVG picture, light or dark as the viewer prefers.
///
/// The library gives units, duties and other processes the titles that people know. Each step is a group with `data-step`, each way out of it one with `data-action`, so that a viewer can mark them.
pub fn svg(process: &Process, library: &Library) -> String {
    svg::write(&layout(process, library), &process.title)
}

/// The process as BPMN 2.0 XML with the same layout, to be opened by other tools. It is not meant to be read back.
pub fn bpmn(process: &Process, library: &Library) -> String {
    bpmn::write(&layout(process, library), process)
}

/// Where everything of the picture is; the unit is one pixel.
pub fn layout(process: &Process, library: &Library) -> Drawing {
    let (mut builder, start) = Builder::with_shapes(process, library);
    exits::connect(&mut builder, start);
    position::draw(builder.scene)
}

/// A point of the picture.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Point {
    /// From the left.
    pub x: i32,
    /// From the top.
    pub y: i32,
}

/// An upright rectangle of the picture.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Area {
    /// The left side.
    pub x: i32,
    /// The upper side.
    pub y: i32,
    /// How wide.
    pub width: i32,
    /// How high.
    pub height: i32,
}

impl Area {
    /// The right side.
    pub fn right(&self) -> i32 {
        self.x + self.width
    }

    /// The lower side.
    pub fn bottom(&self) -> i32 {
        self.y + self.height
    }

    /// The middle.
    pub fn center(&self) -> Point {
        Point { x: self.x + self.width / 2, y: self.y + self.height / 2 }
    }
}

/// A placed picture.
#[derive(Clone, Debug)]
pub struct Drawing {
    /// How wide.
    pub width: i32,
    /// How high.
    pub height: i32,
    /// What is drawn, each before what lies inside it.
    pub shapes: Vec<Shape>,
    /// The ways from shape to shape.
    pub lines: Vec<Line>,
}

/// Something drawn: a step, or the beginning or end of what lies inside one.
#[derive(Clone, Debug)]
pub struct Shape {
    /// A word for it that is unique in the picture and legal as an XML id.
    pub id: String,
    /// The step it stands for.
    pub step: Option<Name>,
    /// What it looks like.
    pub sort: Sort,
    /// What people call it.
    pub title: String,
    /// What else is to be said, in whole sentences.
    pub remarks: Vec<String>,
    /// The shape around it, by its place in the list.
    pub parent: Option<usize>,
    /// All it covers, its labels too.
    pub area: Area,
    /// The outline that is drawn.
    pub body: Area,
    /// Its texts.
    pub rows: Vec<Row>,
    /// The lights of its ladder.
    pub lamps: Vec<Lamp>,
    /// The labels of its ways out.
    pub labels: Vec<Label>,
    /// Whether it stands for one of several items.
    pub is_repeated: bool,
    /// Whether the items come one after the other.
    pub in_turn: bool,
}

/// A line of text.
#[derive(Clone, Debug)]
pub struct Row {
    /// Its style: `title`, `people`, `limit`, `note`, `offer`.
    pub style: &'static str,
    /// The text.
    pub text: String,
    /// Where it begins, on the base line.
    pub at: Point,
    /// How wide it is.
    pub width: i32,
}

/// A light of a deadline's ladder.
#[derive(Clone, Debug)]
pub struct Lamp {
    /// Which light, if the rung switches one on.
    pub light: Option<Light>,
    /// When it is reached, and what it is.
    pub hint: String,
    /// Its middle.
    pub at: Point,
}

/// The label of a way out, part of its shape.
#[derive(Clone, Debug)]
pub struct Label {
    /// The name of the action, or of what else leads out.
    pub name: String,
    /// What leads out: `action`, `rung`, `listener`, `condition`, `failed`, `done`.
    pub cause: &'static str,
    /// What is written, line by line.
    pub lines: Vec<String>,
    /// All of it.
    pub hint: String,
    /// Its condition, as written.
    pub condition: Option<String>,
    /// Where it is.
    pub area: Area,
}

/// A way from one shape to another.
#[derive(Clone, Debug)]
pub struct Line {
    /// Where it begins, by its place in the list of shapes.
    pub from: usize,
    /// The label it begins at, by its place in that shape's list; none for the only way out.
    pub label: Option<usize>,
    /// Where it leads.
    pub to: usize,
    /// What it looks like.
    pub look: Look,
    /// Its corners, from the beginning to the arrow.
    pub points: Vec<Point>,
}

/// What people call a light; a rung without one reminds or does something.
fn light_word(light: Option<Light>) -> &'static str {
    match light {
        Some(Light::Green) => "绿灯",
        Some(Light::Yellow) => "黄灯",
        Some(Light::Red) => "红灯",
        None => "提醒或处理",
    }
}
