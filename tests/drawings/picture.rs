//! A picture as its readers see it: boxes, labels, texts and lines, taken from the written SVG alone.

use crate::xml::{Element, read};

/// How far from each other two places may be that are meant to be one.
const NEAR: f64 = 1.0;

/// An upright rectangle.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Area {
    pub left: f64,
    pub top: f64,
    pub right: f64,
    pub bottom: f64,
}

impl Area {
    /// By a corner and its size.
    pub fn sized(left: f64, top: f64, width: f64, height: f64) -> Self {
        Self { left, top, right: left + width, bottom: top + height }
    }

    /// Whether some of the inside is in both; edges that touch do not count.
    pub fn overlaps(&self, other: &Self) -> bool {
        let level = self.left + 0.1 < other.right && other.left + 0.1 < self.right;
        level && self.top + 0.1 < other.bottom && other.top + 0.1 < self.bottom
    }

    /// Whether all of the other is inside.
    pub fn contains(&self, other: &Self) -> bool {
        let level = self.left <= other.left + 0.1 && other.right <= self.right + 0.1;
        level && self.top <= other.top + 0.1 && other.bottom <= self.bottom + 0.1
    }

    /// Whether a point is on the outline.
    pub fn touches(&self, (x, y): (f64, f64)) -> bool {
        let grown =
            |by: f64| self.left - by <= x && x <= self.right + by && self.top - by <= y && y <= self.bottom + by;
        grown(NEAR) && !grown(-NEAR)
    }

    fn around(points: impl IntoIterator<Item = (f64, f64)>) -> Self {
        let (mut left, mut top, mut right, mut bottom) = (f64::MAX, f64::MAX, f64::MIN, f64::MIN);
        for (x, y) in points {
            (left, right, top, bottom) = (left.min(x), right.max(x), top.min(y), bottom.max(y));
        }
        Self { left, top, right, bottom }
    }
}

/// What a box's outline is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outline {
    Rectangle,
    Diamond,
    Circle,
}

/// A box.
#[derive(Debug)]
pub struct Shape {
    /// What lines call it.
    pub name: String,
    pub is_container: bool,
    pub outline: Outline,
    /// The outline that lines touch.
    pub area: Area,
    /// The outlines of the copies behind it.
    pub copies: Vec<Area>,
    /// All of it, with the copies.
    pub whole: Area,
    pub texts: Vec<Text>,
}

/// The label of a way out.
#[derive(Debug)]
pub struct Label {
    /// The box it belongs to.
    pub of: String,
    pub action: String,
    pub area: Area,
    pub texts: Vec<Text>,
}

/// A line of text.
#[derive(Debug)]
pub struct Text {
    pub said: String,
    pub area: Area,
}

/// A line from box to box, corners not rounded.
#[derive(Debug)]
pub struct Line {
    pub from: String,
    pub to: String,
    pub action: String,
    pub look: String,
    pub points: Vec<(f64, f64)>,
}

/// A picture.
#[derive(Debug)]
pub struct Picture {
    pub view: Area,
    pub shapes: Vec<Shape>,
    pub labels: Vec<Label>,
    pub lines: Vec<Line>,
    /// The heading, the legend and whatever else is not in a box.
    pub free: Vec<Text>,
}

impl Picture {
    /// Reads a written picture.
    pub fn read(svg: &str) -> Self {
        let root = read(svg);
        let size: Vec<f64> = root.get("viewBox").split(' ').map(|size| size.parse().expect("a number")).collect();
        let mut picture = Self {
            view: Area::sized(size[0], size[1], size[2], size[3]),
            shapes: Vec::new(),
            labels: Vec::new(),
            lines: Vec::new(),
            free: Vec::new(),
        };
        for element in &root.children {
            match element.name.as_str() {
                "g" if element.has_class("exit") => picture.labels.push(label(element)),
                "g" => match element.children.iter().find(|child| child.has_class("body")) {
                    Some(body) => picture.shapes.push(shape(element, body)),
                    None => picture.free.extend(texts(element)),
                },
                "path" => picture.lines.push(line(element)),
                "title" | "desc" | "style" | "defs" | "rect" => {}
                other => panic!("what is `{other}` in a picture?"),
            }
        }
        assert!(!picture.shapes.is_empty() && !picture.lines.is_empty(), "an empty picture");
        picture
    }
}

fn shape(group: &Element, body: &Element) -> Shape {
    let (outline, area) = outline(body);
    let copies = group.all("rect").filter(|child| child.has_class("copy")).map(|copy| self::outline(copy).1);
    let copies: Vec<Area> = copies.collect();
    let corners = copies.iter().chain([&area]).flat_map(|area| [(area.left, area.top), (area.right, area.bottom)]);
    Shape {
        name: name(group),
        is_container: group.has_class("scope"),
        outline,
        area,
        whole: Area::around(corners),
        copies,
        texts: texts(group),
    }
}

fn outline(drawn: &Element) -> (Outline, Area) {
    match drawn.name.as_str() {
        "rect" => {
            let [left, top, width, height] = ["x", "y", "width", "height"].map(|name| drawn.number(name));
            (Outline::Rectangle, Area::sized(left, top, width, height))
        }
        "circle" => {
            let [x, y, radius] = ["cx", "cy", "r"].map(|name| drawn.number(name));
            (Outline::Circle, Area::around([(x - radius, y - radius), (x + radius, y + radius)]))
        }
        "polygon" => {
            let pairs = drawn.get("points").split(' ').map(|pair| pair.split_once(',').expect("two numbers"));
            let number = |text: &str| text.parse::<f64>().expect("a number");
            (Outline::Diamond, Area::around(pairs.map(|(x, y)| (number(x), number(y)))))
        }
        other => panic!("`{other}` is no outline"),
    }
}

fn label(group: &Element) -> Label {
    let drawn = group.all("rect").next().expect("a label has an outline");
    Label { of: name(group), action: group.get("data-action").to_owned(), area: outline(drawn).1, texts: texts(group) }
}

/// What lines call a box: the step it stands for, or a word of its own.
fn name(group: &Element) -> String {
    let step = group.get("data-step");
    if step.is_empty() { group.get("data-shape") } else { step }.to_owned()
}

/// The texts of a group, each as wide as it may be in any usual font: a Chinese letter fills its square.
fn texts(group: &Element) -> Vec<Text> {
    let written = group.all("text").map(|text| {
        let size = ["title", "heading", "choice"].iter().position(|style| text.has_class(style));
        let size = [14.0, 20.0, 13.0].get(size.unwrap_or(3)).copied().unwrap_or(12.0);
        let width: f64 = text.text.chars().map(|letter| if letter.is_ascii() { 0.6 } else { 1.0 } * size).sum();
        let (x, y) = (text.number("x"), text.number("y"));
        let left = if group.has_class("exit") { x - width / 2.0 } else { x };
        Text { said: text.text.clone(), area: Area::sized(left, y - 0.8 * size, width, size) }
    });
    written.collect()
}

fn line(path: &Element) -> Line {
    assert!(path.has_class("way") && !path.get("marker-end").is_empty(), "a way with a tip: {path:?}");
    let [from, to, action] = ["data-from", "data-to", "data-action"].map(|name| path.get(name).to_owned());
    let look = path.get("class").to_owned();
    Line { from, to, action, look, points: corners(path.get("d")) }
}

/// The corners of a path of straight parts (M, L) and rounded corners (Q).
fn corners(path: &str) -> Vec<(f64, f64)> {
    let commands = ['M', 'L', 'Q'];
    let parts: Vec<(&str, &str)> = path.matches(commands).zip(path.split(commands).skip(1)).collect();
    let mut points = Vec::new();
    for (number, (command, places)) in parts.iter().enumerate() {
        let places: Vec<f64> = places.split(' ').map(|place| place.parse().expect("a number")).collect();
        // A straight part ends where a corner begins to bend, or at the end; the corner itself is the bend's control.
        if *command != "L" || number + 1 == parts.len() {
            points.push((places[0], places[1]));
        }
    }
    points
}
