//! The picture in words, for those who do not see it.

use super::scene::Sort;
use super::{Drawing, Label, Shape};

/// One sentence for each shape: what it is called, what is said of it, and where it leads.
pub fn words(drawing: &Drawing) -> String {
    let shapes = drawing.shapes.iter().enumerate().skip(1);
    let told = shapes.filter(|(_, shape)| !shape.title.is_empty() || shape.sort == Sort::Choose);
    let sentences = told.map(|(at, shape)| {
        let remarks =
            if shape.remarks.is_empty() { String::new() } else { format!("（{}）", shape.remarks.join("，")) };
        let targets = |label: Option<usize>| {
            let lines = drawing.lines.iter().filter(move |line| line.from == at && line.label == label);
            lines.map(|line| name(drawing, &drawing.shapes[line.to])).collect::<Vec<String>>().join("、")
        };
        let labels = shape.labels.iter().enumerate();
        let labelled = labels.map(|(label, Label { hint, .. })| format!("{hint}→{}", targets(Some(label))));
        let ways: Vec<String> = labelled.chain([format!("→{}", targets(None))]).filter(|way| way != "→").collect();
        let ways = if ways.is_empty() { String::new() } else { format!("：{}", ways.join("，")) };
        format!("{}{remarks}{ways}。", shape.title)
    });
    sentences.collect()
}

/// What people call a shape; the dots in containers are their beginning and their end.
fn name(drawing: &Drawing, shape: &Shape) -> String {
    match (shape.sort, shape.parent) {
        (Sort::End, Some(around)) => format!("{}完成", drawing.shapes[around].title),
        (Sort::Inside, Some(around)) => format!("{}开始", drawing.shapes[around].title),
        (_, _) => shape.title.clone(),
    }
}
