//! How large each card and each container's head is, and where its texts stand in it.

use super::scene::{Edge, Limit, Piece, ROOT, Scene, Sort};
use super::words::{balanced, shorten, width};
use super::{Area, Label, Lamp, Point, Row};

/// The space between a card's outline and its text.
const PAD: i32 = 12;
/// How far the text of a first line stands to the right, for the icon.
const ICON: i32 = 24;
/// The sizes of letters.
const HEADING: i32 = 20;
const TITLE: i32 = 14;
const SMALL: i32 = 12;
/// The widest text of a card, and of a container's head.
const CARD_TEXT_MAX: i32 = 190;
const HEAD_TEXT_MAX: i32 = 400;
/// The narrowest card.
const CARD_MIN: i32 = 148;
/// The widest label, and its lines.
const LABEL_TEXT_MAX: i32 = 150;
const LABEL_LINES_MAX: usize = 3;
/// Between labels.
const LABEL_GAP: i32 = 8;
/// The height of a diamond.
const DIAMOND: i32 = 44;

/// What a shape needs, seen from its own upper left corner.
#[derive(Clone, Debug, Default)]
pub struct Measure {
    /// How wide: of a container, the least.
    pub width: i32,
    /// How high: of a container, its head.
    pub height: i32,
    /// What is drawn as the outline.
    pub body: Area,
    /// Texts.
    pub rows: Vec<Row>,
    /// Lights.
    pub lamps: Vec<Lamp>,
    /// Labels of the ways out, one for each exit that has words.
    pub labels: Vec<Option<Label>>,
}

/// Measures every shape of a scene.
pub fn measure(scene: &Scene) -> Vec<Measure> {
    let mut measures: Vec<Measure> = scene.pieces.iter().map(piece).collect();
    measures[ROOT] = heading(&scene.pieces[ROOT]);
    measures
}

fn piece(piece: &Piece) -> Measure {
    match piece.sort {
        Sort::Stage | Sort::Parallel | Sort::Each => head(piece),
        Sort::Choose => diamond(piece),
        Sort::Inside => dot(12),
        Sort::End => dot(18),
        Sort::Fork | Sort::Join => bar(piece),
        Sort::Start
        | Sort::Listen
        | Sort::Task
        | Sort::Call
        | Sort::Job
        | Sort::Wait
        | Sort::Decide
        | Sort::Do
        | Sort::Close => card(piece),
    }
}

/// The title above everything.
fn heading(piece: &Piece) -> Measure {
    let text = Text::new(HEAD_TEXT_MAX * 2).line("heading", &piece.title, HEADING, 30, 0);
    let (width, height) = (text.widest + 4 * PAD, text.height + 2 * PAD);
    let rows = text.rows.into_iter().map(|row| shifted(row, 2 * PAD, PAD + 6)).collect();
    Measure { width, height, rows, ..Measure::default() }
}

fn dot(size: i32) -> Measure {
    let body = Area { x: 0, y: 0, width: size, height: size };
    Measure { width: size, height: size, body, labels: vec![None; 1], ..Measure::default() }
}

fn bar(piece: &Piece) -> Measure {
    let text = Text::new(LABEL_TEXT_MAX * 2).line("bar", &piece.title, SMALL, 16, 0);
    let (wide, height) = (text.widest + 2 * PAD, text.height + 6);
    let body = Area { x: 0, y: 0, width: wide, height };
    let rows = text.rows.into_iter().map(|row| shifted(row, PAD, 3)).collect();
    Measure { width: wide, height, body, rows, labels: vec![None; piece.exits.len()], ..Measure::default() }
}

/// Lines of text under each other.
struct Text {
    most: i32,
    rows: Vec<Row>,
    lamps: Vec<Lamp>,
    height: i32,
    widest: i32,
}

impl Text {
    fn new(most: i32) -> Self {
        Self { most, rows: Vec::new(), lamps: Vec::new(), height: 0, widest: 0 }
    }

    /// Adds a text, wrapped; `indent` is kept free at its left.
    fn line(mut self, style: &'static str, text: &str, size: i32, leading: i32, indent: i32) -> Self {
        for line in balanced(text, size, self.most - indent) {
            let wide = width(&line, size);
            self.height += leading;
            let at = Point { x: indent, y: self.height - (leading - size) / 2 - 2 };
            self.widest = self.widest.max(indent + wide);
            self.rows.push(Row { style, text: line, at, width: wide });
        }
        self
    }

    fn space(mut self, space: i32) -> Self {
        self.height += space;
        self
    }

    /// Adds a limit with its lights.
    fn limit(self, limit: &Limit) -> Self {
        let before = self.height;
        let mut text = self.line("limit", &limit.text, SMALL, 18, 18);
        text.height = text.height.max(before + 18);
        let Some(last) = text.rows.last() else { return text };
        let wanted = i32::try_from(limit.lamps.len()).unwrap_or(0) * 13;
        let mut at = Point { x: last.at.x + last.width + 12, y: last.at.y - 4 };
        if at.x + wanted > text.most + 40 {
            text.height += 16;
            at = Point { x: 24, y: text.height - 7 };
        }
        for (light, hint) in &limit.lamps {
            text.lamps.push(Lamp { light: *light, hint: hint.clone(), at });
            at.x += 13;
        }
        if wanted > 0 {
            text.widest = text.widest.max(at.x - 6);
        }
        text
    }
}

fn shifted(row: Row, x: i32, y: i32) -> Row {
    Row { at: Point { x: row.at.x + x, y: row.at.y + y }, ..row }
}

fn text_of(piece: &Piece, most: i32) -> Text {
    let mut text = Text::new(most).line("title", &piece.title, TITLE, 20, ICON);
    if !piece.people.is_empty() {
        text = text.space(2).line("people", &piece.people, SMALL, 17, 0);
    }
    if let Some(limit) = &piece.limit {
        text = text.space(2).limit(limit);
    }
    for note in &piece.notes {
        text = text.line("note", note, SMALL, 17, 0);
    }
    if !piece.offers.is_empty() {
        let said = format!("随时可：{}", piece.offers.join("、"));
        text = text.space(2).line("offer", &said, SMALL, 17, 0);
    }
    text
}

fn labels(piece: &Piece) -> Vec<Option<Label>> {
    let labels = piece.exits.iter().map(|exit| {
        let said = exit.label.as_ref()?;
        let icon = if exit.cause == "action" || exit.cause == "condition" || exit.cause == "done" { 0 } else { 16 };
        let icon = if exit.is_back { 16 } else { icon };
        let lines = shorten(balanced(said, SMALL, LABEL_TEXT_MAX), LABEL_LINES_MAX);
        let wide = lines.iter().map(|line| width(line, SMALL)).max().unwrap_or(0);
        let height = 7 + 15 * i32::try_from(lines.len()).unwrap_or(1);
        let area = Area { x: 0, y: 0, width: wide + 18 + icon, height };
        Some(Label {
            name: exit.name.clone(),
            cause: exit.cause,
            lines,
            hint: said.clone(),
            condition: exit.condition.clone(),
            area,
        })
    });
    labels.collect()
}

/// How wide the labels are side by side, and the highest of them.
fn extent(labels: &[Option<Label>]) -> (i32, i32) {
    let areas = || labels.iter().flatten().map(|label| label.area);
    let wide: i32 = areas().map(|area| area.width + LABEL_GAP).sum();
    (wide - LABEL_GAP.min(wide), areas().map(|area| area.height).max().unwrap_or(0))
}

fn card(piece: &Piece) -> Measure {
    let text = text_of(piece, CARD_TEXT_MAX);
    let labels = labels(piece);
    let (labels_width, labels_height) = extent(&labels);
    let repeated = if piece.is_repeated { 8 } else { 0 };
    let narrow = if matches!(piece.sort, Sort::Close | Sort::Start) { 96 } else { CARD_MIN };
    let body_width = narrow.max(text.widest + 2 * PAD + 4).max(labels_width + 16);
    let upper = if labels_height > 0 { labels_height / 2 - 3 } else { 0 };
    let body_height = text.height + 2 * PAD - 4 + upper;
    let body = Area { x: repeated, y: repeated, width: body_width, height: body_height };
    let (dx, dy) = (PAD + 2 + repeated, PAD - 3 + repeated);
    let rows = text.rows.into_iter().map(|row| shifted(row, dx, dy)).collect();
    let lamps = text.lamps.into_iter().map(|lamp| Lamp { at: Point { x: lamp.at.x + dx, y: lamp.at.y + dy }, ..lamp });
    let height = body.bottom() + (labels_height - labels_height / 2);
    // A repeated card has its copies at the upper right, and as much free space at its left, so that it stays centred.
    let width = body_width + 2 * repeated;
    Measure { width, height, body, rows, lamps: lamps.collect(), labels }
}

/// A diamond with its question beside the tip and its labels hanging below.
fn diamond(piece: &Piece) -> Measure {
    let text = Text::new(CARD_TEXT_MAX - 20).line("choice", &piece.title, 13, 18, 0);
    let labels = labels(piece);
    let (labels_width, labels_height) = extent(&labels);
    let high = DIAMOND.max(text.height * 2 + 8);
    let wide = text.widest + 24 + text.widest * text.height / (high - text.height).max(1);
    let wide = wide.max(DIAMOND * 2);
    let width = wide.max(labels_width + 8);
    let body = Area { x: (width - wide) / 2, y: 0, width: wide, height: high };
    let top = (high - text.height) / 2;
    let rows = text.rows.into_iter().map(|row| {
        let left = body.x + (wide - row.width) / 2;
        Row { at: Point { x: left, y: row.at.y + top }, ..row }
    });
    let gap = if labels_height > 0 { 14 } else { 0 };
    let mut measured =
        Measure { width, height: high + gap + labels_height, body, rows: rows.collect(), ..Measure::default() };
    measured.labels = labels;
    measured
}

/// The head of a container: texts at the left, labels under each other at the right.
fn head(piece: &Piece) -> Measure {
    let text = text_of(piece, HEAD_TEXT_MAX);
    let mut labels = labels(piece);
    let mut below = PAD + 6;
    let mut widest = 0;
    for label in labels.iter_mut().flatten() {
        label.area.y = below;
        below += label.area.height + LABEL_GAP;
        widest = widest.max(label.area.width);
    }
    let height = (text.height + PAD + 6).max(below);
    let (dx, dy) = (PAD + 2, PAD - 2);
    let rows = text.rows.into_iter().map(|row| shifted(row, dx, dy)).collect();
    let lamps = text.lamps.into_iter().map(|lamp| Lamp { at: Point { x: lamp.at.x + dx, y: lamp.at.y + dy }, ..lamp });
    let width = text.widest + 3 * PAD + widest;
    Measure { width, height, body: Area::default(), rows, lamps: lamps.collect(), labels }
}

/// Puts the labels of a card or diamond side by side at its lower edge, in the given order of its exits.
pub fn line_up(measure: &mut Measure, order: &[usize]) {
    let (wide, height) = extent(&measure.labels);
    let mut x = measure.body.center().x - wide / 2;
    for at in order {
        let Some(label) = measure.labels.get_mut(*at).and_then(Option::as_mut) else { continue };
        label.area.x = x;
        // Across the edge of a card, each by its own height; below a diamond, all from one height.
        let hangs = measure.height - height >= measure.body.bottom();
        label.area.y = if hangs { measure.height - height } else { measure.body.bottom() - label.area.height / 2 };
        x += label.area.width + LABEL_GAP;
    }
}

/// Where a line leaves its shape, seen from the middle of the shape.
pub fn offset(measures: &[Measure], edge: &Edge) -> i32 {
    let own = &measures[edge.from];
    let label = own.labels.get(edge.exit).and_then(Option::as_ref);
    label.map_or(0, |label| label.area.center().x - own.width / 2)
}
