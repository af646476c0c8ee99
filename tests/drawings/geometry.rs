//! The rules of a readable picture, as plain geometry.

use std::collections::BTreeSet;

use crate::picture::{Area, Line, Outline, Picture, Shape};

/// Room for a tip between the last corner and the box.
const TIP: f64 = 7.0;

/// What two lines may have in common where one bends away.
const BEND: f64 = 8.0;

/// Everything that breaks a rule.
pub fn faults(picture: &Picture) -> Vec<String> {
    let mut faults = Vec::new();
    boxes(picture, &mut faults);
    labels(picture, &mut faults);
    texts(picture, &mut faults);
    for line in &picture.lines {
        ends(picture, line, &mut faults);
        passage(picture, line, &mut faults);
    }
    company(picture, &mut faults);
    frame(picture, &mut faults);
    faults
}

/// No two boxes overlap, unless one is a container with all of the other inside.
fn boxes(picture: &Picture, faults: &mut Vec<String>) {
    for (number, one) in picture.shapes.iter().enumerate() {
        for other in &picture.shapes[number + 1..] {
            let is_inside = |inner: &Shape, outer: &Shape| outer.is_container && outer.area.contains(&inner.whole);
            if one.whole.overlaps(&other.whole) && !is_inside(one, other) && !is_inside(other, one) {
                faults.push(format!("the boxes {} and {} overlap", one.name, other.name));
            }
        }
    }
}

/// A label lies on its own box only, and on no other label.
fn labels(picture: &Picture, faults: &mut Vec<String>) {
    for (number, label) in picture.labels.iter().enumerate() {
        let what = format!("the label {} of {}", label.action, label.of);
        for shape in &picture.shapes {
            let is_own = shape.name == label.of;
            let is_around = shape.is_container && shape.area.contains(&label.area);
            if shape.whole.overlaps(&label.area) && !is_own && !is_around {
                faults.push(format!("{what} overlaps the box {}", shape.name));
            }
        }
        for other in &picture.labels[number + 1..] {
            if label.area.overlaps(&other.area) {
                faults.push(format!("{what} overlaps the label {} of {}", other.action, other.of));
            }
        }
    }
}

/// A text lies inside its own box or label, and on nothing else.
fn texts(picture: &Picture, faults: &mut Vec<String>) {
    let mut seen: Vec<(&str, Area)> = Vec::new();
    for shape in &picture.shapes {
        for text in &shape.texts {
            if !holds(shape, &text.area) {
                faults.push(format!("the text `{}` sticks out of the box {}", text.said, shape.name));
            }
            let other = picture.shapes.iter().find(|other| {
                let is_around = other.is_container && other.area.contains(&text.area);
                other.name != shape.name && !is_around && other.whole.overlaps(&text.area)
            });
            if let Some(other) = other {
                faults.push(format!("the text `{}` of {} lies on the box {}", text.said, shape.name, other.name));
            }
            if let Some(label) = picture.labels.iter().find(|label| label.area.overlaps(&text.area)) {
                faults.push(format!("the text `{}` lies on the label {} of {}", text.said, label.action, label.of));
            }
            seen.push((&text.said, text.area));
        }
    }
    for label in &picture.labels {
        for text in &label.texts {
            if !label.area.contains(&text.area) {
                faults.push(format!("the text `{}` sticks out of its label", text.said));
            }
            seen.push((&text.said, text.area));
        }
    }
    for text in &picture.free {
        let is_on_box = picture.shapes.iter().any(|shape| shape.whole.overlaps(&text.area));
        if is_on_box {
            faults.push(format!("the text `{}` lies on a box", text.said));
        }
        seen.push((&text.said, text.area));
    }
    for (number, (said, area)) in seen.iter().enumerate() {
        for (other, _) in seen[number + 1..].iter().filter(|(_, other)| other.overlaps(area)) {
            faults.push(format!("the texts `{said}` and `{other}` overlap"));
        }
    }
}

fn holds(shape: &Shape, text: &Area) -> bool {
    let area = shape.area;
    let mut corners = [text.left, text.right].into_iter().flat_map(|x| [text.top, text.bottom].map(|y| (x, y)));
    match shape.outline {
        Outline::Rectangle => area.contains(text),
        Outline::Diamond | Outline::Circle => corners.all(|corner| depth(shape, corner) >= -0.02),
    }
}

/// How deep inside a diamond or a circle a point is: 1 in the middle, 0 on the outline, less outside.
fn depth(shape: &Shape, (x, y): (f64, f64)) -> f64 {
    let area = shape.area;
    let (half, high) = ((area.right - area.left) / 2.0, (area.bottom - area.top) / 2.0);
    let (dx, dy) = ((x - area.left - half).abs() / half, (y - area.top - high).abs() / high);
    if shape.outline == Outline::Diamond { 1.0 - dx - dy } else { 1.0 - dx.hypot(dy) }
}

fn find<'p>(picture: &'p Picture, name: &str) -> &'p Shape {
    picture.shapes.iter().find(|shape| shape.name == name).unwrap_or_else(|| panic!("there is no box {name}"))
}

fn on(shape: &Shape, point: (f64, f64)) -> bool {
    let half = (shape.area.bottom - shape.area.top) / 2.0;
    match shape.outline {
        Outline::Rectangle => shape.copies.iter().chain([&shape.area]).any(|outline| outline.touches(point)),
        Outline::Circle | Outline::Diamond => depth(shape, point).abs() * half <= 1.5,
    }
}

/// A line begins at its label or its box, and its tip touches the other box with room for the tip.
fn ends(picture: &Picture, line: &Line, faults: &mut Vec<String>) {
    let what = described(line);
    let [first, second] = [line.points[0], line.points[1]];
    let [before, last] = [line.points[line.points.len() - 2], line.points[line.points.len() - 1]];
    let label = picture.labels.iter().find(|label| label.of == line.from && label.action == line.action);
    let begins = match label {
        Some(label) => label.area.touches(first),
        None => on(find(picture, &line.from), first),
    };
    if !begins {
        faults.push(format!("{what} begins nowhere, at {first:?}"));
    }
    if !on(find(picture, &line.to), last) {
        faults.push(format!("{what} ends nowhere, at {last:?}"));
    }
    if (last.0 - before.0).abs() + (last.1 - before.1).abs() < TIP {
        faults.push(format!("{what} has no room for its tip at {last:?}"));
    }
    let upright_or_level = |pair: &[(f64, f64)]| pair[0].0 == pair[1].0 || pair[0].1 == pair[1].1;
    if first == second || !line.points.windows(2).all(upright_or_level) {
        faults.push(format!("{what} runs askew: {:?}", line.points));
    }
}

fn described(line: &Line) -> String {
    format!("the line {} from {} to {}", line.action, line.from, line.to)
}

fn segments(line: &Line) -> impl Iterator<Item = Area> + '_ {
    line.points.windows(2).map(|pair| Area {
        left: pair[0].0.min(pair[1].0),
        top: pair[0].1.min(pair[1].1),
        right: pair[0].0.max(pair[1].0),
        bottom: pair[0].1.max(pair[1].1),
    })
}

/// Whether a thin line goes through the inside.
fn cuts(segment: &Area, area: &Area) -> bool {
    let level = segment.left < area.right - 0.6 && area.left + 0.6 < segment.right;
    level && segment.top < area.bottom - 0.6 && area.top + 0.6 < segment.bottom
}

fn passes(segment: &Area, shape: &Shape) -> bool {
    let (width, height) = (segment.right - segment.left, segment.bottom - segment.top);
    let along = (0..=100).map(|part| f64::from(part) / 100.0);
    let mut points = along.map(|part| (segment.left + part * width, segment.top + part * height));
    match shape.outline {
        Outline::Rectangle => cuts(segment, &shape.whole),
        Outline::Circle | Outline::Diamond => points.any(|point| depth(shape, point) > 0.06),
    }
}

/// A line passes through no box but the containers it begins or ends in, and over no label or text.
fn passage(picture: &Picture, line: &Line, faults: &mut Vec<String>) {
    let what = described(line);
    let (from, to) = (find(picture, &line.from), find(picture, &line.to));
    for segment in segments(line) {
        for shape in &picture.shapes {
            let is_around = shape.is_container && [from, to].iter().any(|end| shape.area.contains(&end.area));
            if !is_around && passes(&segment, shape) {
                faults.push(format!("{what} passes through the box {}", shape.name));
            }
            for text in shape.texts.iter().filter(|text| cuts(&segment, &text.area)) {
                faults.push(format!("{what} passes over the text `{}`", text.said));
            }
        }
        for label in &picture.labels {
            let is_own = label.of == line.from && label.action == line.action;
            if !is_own && cuts(&segment, &label.area) {
                faults.push(format!("{what} passes over the label {} of {}", label.action, label.of));
            }
        }
    }
}

/// Lines run on top of each other only when they lead to one end in one style or to a dot, or when they are the beginnings of one way out.
fn company(picture: &Picture, faults: &mut Vec<String>) {
    for (number, one) in picture.lines.iter().enumerate() {
        for other in &picture.lines[number + 1..] {
            let is_dot = find(picture, &one.to).outline == Outline::Circle;
            let one_end = one.to == other.to && (one.look == other.look || is_dot);
            let one_beginning = one.from == other.from && one.action == other.action;
            if one_end || one_beginning {
                continue;
            }
            let covers = segments(one).any(|own| segments(other).any(|its| runs_along(&own, &its)));
            if covers {
                faults.push(format!("{} and {} cover each other", described(one), described(other)));
            }
        }
    }
}

/// Whether two segments of one direction lie on each other for more than a crossing.
fn runs_along(one: &Area, other: &Area) -> bool {
    let is_level = |segment: &Area| segment.right - segment.left > segment.bottom - segment.top;
    if is_level(one) != is_level(other) {
        return false;
    }
    let level = one.right.min(other.right) - one.left.max(other.left);
    let upright = one.bottom.min(other.bottom) - one.top.max(other.top);
    match is_level(one) {
        true => level > BEND && (one.top - other.top).abs() < 3.0,
        false => upright > BEND && (one.left - other.left).abs() < 3.0,
    }
}

/// Everything is inside the picture, and no name is given twice.
fn frame(picture: &Picture, faults: &mut Vec<String>) {
    let texts = picture.shapes.iter().flat_map(|shape| &shape.texts).chain(&picture.free).map(|text| text.area);
    let drawn = picture.shapes.iter().map(|shape| shape.whole).chain(picture.labels.iter().map(|label| label.area));
    let lines = picture.lines.iter().flat_map(segments);
    for area in drawn.chain(texts).chain(lines) {
        if !picture.view.contains(&area) {
            faults.push(format!("{area:?} lies outside of the picture"));
        }
    }
    let names: BTreeSet<&str> = picture.shapes.iter().map(|shape| shape.name.as_str()).collect();
    if names.len() != picture.shapes.len() || names.contains("") {
        faults.push("two boxes have one name".to_owned());
    }
}
