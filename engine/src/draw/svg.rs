//! The picture as SVG.

use std::fmt::Write as _;

use super::colors::style;
use super::icons::{CLOCK, icon, mark};
use super::markup::Markup;
use super::scene::{Look, Sort};
use super::{Area, Drawing, Label, Line, Point, Row, Shape, lamp, legend, reading};

/// How round corners of lines are.
const BEND: i32 = 6;
/// How far the copies behind a repeated shape stand out.
const COPY: i32 = 4;

/// Writes the picture.
pub fn write(drawing: &Drawing, title: &str) -> String {
    let mut out = Markup::default();
    let (legend, more) = legend::entries(drawing);
    let (width, height) = (drawing.width.to_string(), (drawing.height + more).to_string());
    let view = format!("0 0 {width} {height}");
    let head = [
        ("xmlns", "http://www.w3.org/2000/svg"),
        ("class", "duban"),
        ("role", "img"),
        ("lang", "zh"),
        ("xml:lang", "zh"),
        ("viewBox", &view),
        ("width", &width),
        ("height", &height),
    ];
    out.open("svg", &head);
    out.text("title", &[], title);
    out.text("desc", &[], &reading::words(drawing));
    out.text("style", &[], &style());
    markers(&mut out);
    out.empty("rect", &[("class", "paper"), ("width", &width), ("height", &height)]);
    for (number, shape) in drawing.shapes.iter().enumerate() {
        if shape.sort.is_container() {
            scope(&mut out, shape, number == 0);
        }
    }
    for line in &drawing.lines {
        way(&mut out, drawing, line);
    }
    for (number, shape) in drawing.shapes.iter().enumerate() {
        if !shape.sort.is_container() {
            card(&mut out, shape);
        }
        for (place, label) in shape.labels.iter().enumerate() {
            exit(&mut out, drawing, number, place, label);
        }
    }
    if !legend.is_empty() {
        legend::write(&mut out, legend);
    }
    out.finish()
}

fn markers(out: &mut Markup) {
    out.open("defs", &[]);
    for look in [Look::Onward, Look::Loop, Look::Back, Look::Late] {
        let (id, class) = (format!("duban-tip-{}", look.word()), format!("tip {}", look.word()));
        let size =
            [("viewBox", "0 0 8 8"), ("refX", "7.4"), ("refY", "4"), ("markerWidth", "8"), ("markerHeight", "8")];
        let head = [("id", id.as_str()), ("orient", "auto"), ("markerUnits", "userSpaceOnUse")];
        out.open("marker", &[&head[..], &size[..]].concat());
        out.empty("path", &[("class", &class), ("d", "M0 .6 8 4 0 7.4z")]);
        out.close();
    }
    out.close();
}

fn group(out: &mut Markup, shape: &Shape, more: &str) {
    let class = format!("{more}{}", shape.sort.word());
    out.open("g", &[("class", &class), named(shape)]);
}

/// What lines and labels call a shape: the step it stands for, or a word of its own.
fn named(shape: &Shape) -> (&'static str, &str) {
    match &shape.step {
        Some(step) => ("data-step", step),
        None => ("data-shape", &shape.id),
    }
}

fn rectangle(out: &mut Markup, class: &str, area: Area, round: i32) {
    let [x, y, width, height, round] = [area.x, area.y, area.width, area.height, round].map(|size| size.to_string());
    let place = [("x", x.as_str()), ("y", &y), ("width", &width), ("height", &height), ("rx", &round)];
    out.empty("rect", &[&[("class", class)], &place[..]].concat());
}

fn copies(out: &mut Markup, shape: &Shape, round: i32) {
    if shape.is_repeated {
        for step in [2, 1] {
            let area = Area { x: shape.body.x + step * COPY, y: shape.body.y - step * COPY, ..shape.body };
            rectangle(out, "copy", area, round);
        }
    }
}

/// A container; the outermost is only a heading.
fn scope(out: &mut Markup, shape: &Shape, is_whole: bool) {
    group(out, shape, "scope ");
    if !is_whole {
        copies(out, shape, 12);
        rectangle(out, "body", shape.body, 12);
        draw_icon(out, shape);
    }
    texts(out, shape);
    out.close();
}

fn card(out: &mut Markup, shape: &Shape) {
    group(out, shape, "");
    let body = shape.body;
    match shape.sort {
        Sort::Choose => {
            let middle = body.center();
            let points = format!(
                "{},{} {},{} {},{} {},{}",
                middle.x,
                body.y,
                body.right(),
                middle.y,
                middle.x,
                body.bottom(),
                body.x,
                middle.y
            );
            out.empty("polygon", &[("class", "body"), ("points", &points)]);
            hang(out, shape);
        }
        Sort::Inside | Sort::End => {
            circle(out, "body", body.center(), body.width / 2);
            if shape.sort == Sort::End {
                circle(out, "core", body.center(), body.width / 4);
            }
        }
        Sort::Fork | Sort::Join => rectangle(out, "body", body, 5),
        Sort::Start | Sort::Close => rectangle(out, "body", body, (body.height / 2).min(22)),
        Sort::Listen => rectangle(out, "body", body, 14),
        Sort::Task
        | Sort::Call
        | Sort::Job
        | Sort::Wait
        | Sort::Decide
        | Sort::Do
        | Sort::Stage
        | Sort::Parallel
        | Sort::Each => {
            copies(out, shape, 8);
            rectangle(out, "body", body, 8);
            let stripe = Area { x: body.x, y: body.y + 8, width: 4, height: body.height - 16 };
            rectangle(out, "stripe", stripe, 2);
        }
    }
    draw_icon(out, shape);
    texts(out, shape);
    out.close();
}

/// The lines from a diamond's tip to its labels.
fn hang(out: &mut Markup, shape: &Shape) {
    let tip = Point { x: shape.body.center().x, y: shape.body.bottom() };
    for label in &shape.labels {
        let (x, y) = (label.area.center().x, label.area.y);
        let middle = shape.body.bottom() + 7;
        let path = format!("M{} {}V{middle}H{x}V{y}", tip.x, tip.y);
        out.empty("path", &[("class", "way"), ("d", &path)]);
    }
}

fn circle(out: &mut Markup, class: &str, at: Point, radius: i32) {
    let [x, y, radius] = [at.x, at.y, radius].map(|size| size.to_string());
    out.empty("circle", &[("class", class), ("cx", &x), ("cy", &y), ("r", &radius)]);
}

fn picture(out: &mut Markup, class: &str, path: &str, at: Point, scale: &str) {
    let place = format!("translate({} {}) scale({scale})", at.x, at.y);
    out.empty("path", &[("class", class), ("d", path), ("transform", &place)]);
}

fn draw_icon(out: &mut Markup, shape: &Shape) {
    let title = shape.rows.iter().find(|row| row.style == "title");
    if let (Some(path), Some(title)) = (icon(shape.sort), title) {
        picture(out, "icon", path, Point { x: title.at.x - 23, y: title.at.y - 13 }, "1");
    }
}

fn texts(out: &mut Markup, shape: &Shape) {
    let mut has_clock = false;
    for Row { style, text, at, width: _ } in &shape.rows {
        if *style == "limit" && !has_clock {
            picture(out, "clock", CLOCK, Point { x: at.x - 18, y: at.y - 11 }, "0.85");
            has_clock = true;
        }
        let [x, y] = [at.x, at.y].map(|size| size.to_string());
        out.text("text", &[("class", style), ("x", &x), ("y", &y)], text);
    }
    for found in &shape.lamps {
        lamp::write(out, found);
    }
}

/// A label of a way out.
fn exit(out: &mut Markup, drawing: &Drawing, shape: usize, place: usize, label: &Label) {
    let line = drawing.lines.iter().find(|line| line.from == shape && line.label == Some(place));
    let look = line.map_or(Look::Back, |line| line.look);
    let class = format!("exit {} {}", look.word(), label.cause);
    out.open("g", &[("class", &class), named(&drawing.shapes[shape]), ("data-action", &label.name)]);
    out.text("title", &[], &label.hint);
    rectangle(out, "pill", label.area, 11);
    let found = mark(label.cause, look == Look::Back);
    let indent = if found.is_some() { 16 } else { 0 };
    if let Some(path) = found {
        picture(out, "mark", path, Point { x: label.area.x + 8, y: label.area.center().y - 7 }, "0.85");
    }
    let x = (label.area.x + indent + (label.area.width - indent) / 2).to_string();
    for (number, text) in (0..).zip(&label.lines) {
        let y = (label.area.y + 15 + 15 * number).to_string();
        out.text("text", &[("x", &x), ("y", &y)], text);
    }
    out.close();
}

/// A line with round corners and a tip.
fn way(out: &mut Markup, drawing: &Drawing, line: &Line) {
    let (from, to) = (&drawing.shapes[line.from], &drawing.shapes[line.to]);
    let class = format!("way {}", line.look.word());
    let tip = format!("url(#duban-tip-{})", line.look.word());
    let action = line.label.and_then(|label| from.labels.get(label)).map_or("", |label| &label.name);
    let path = path(&line.points);
    let data = [("data-from", named(from).1), ("data-to", named(to).1), ("data-action", action)];
    let drawn = [("class", class.as_str()), ("d", &path), ("marker-end", &tip)];
    out.empty("path", &[&drawn[..], &data[..]].concat());
}

fn path(points: &[Point]) -> String {
    let mut path = String::new();
    for (number, at) in points.iter().enumerate() {
        let before = number.checked_sub(1).and_then(|before| points.get(before));
        match (before, points.get(number + 1)) {
            (None, _) => {
                let _ = write!(path, "M{} {}", at.x, at.y);
            }
            (Some(_), None) => {
                let _ = write!(path, "L{} {}", at.x, at.y);
            }
            (Some(before), Some(after)) => {
                let (start, end) = (near(*at, *before), near(*at, *after));
                let _ = write!(path, "L{} {}Q{} {} {} {}", start.x, start.y, at.x, at.y, end.x, end.y);
            }
        }
    }
    path
}

/// A point a little before a corner, as seen from its other end; at most half way there.
fn near(corner: Point, other: Point) -> Point {
    let step =
        |from: i32, to: i32| (to - from).clamp(-BEND, BEND).clamp(-((to - from).abs() / 2), (to - from).abs() / 2);
    Point { x: corner.x + step(corner.x, other.x), y: corner.y + step(corner.y, other.y) }
}
