//! The files around the processes: calendars, the organisation, catalogs, marks and connections, each kind as one whole.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Connection, data};
use crate::calendar::{Calendars, CountSheet, Mistake, Sheet};
use crate::catalog::{Entries, MarkKind};
use crate::diagnostic::{Diagnostics, SourceId, Span};
use crate::ids::Name;
use crate::organization::Organization;
use crate::yaml::Node;

/// The files of one kind.
type Files = [(SourceId, Node)];

/// All calendars; when one of them is wrong, plain ones of the same names, so that the processes can be looked at too.
pub fn calendars(files: &Files, out: &mut Diagnostics) -> Calendars {
    let mut sheets: BTreeMap<Name, Sheet> = BTreeMap::new();
    let mut nodes: BTreeMap<Name, &Node> = BTreeMap::new();
    let mut known = Known::default();
    let mut first: Option<Name> = None;
    let before = out.len();
    for (_, node) in files {
        let Some(sheet) = data::read::<Sheet>(node, out) else { continue };
        let name = Name::new(&sheet.calendar);
        first.get_or_insert(name.clone());
        nodes.insert(name.clone(), node);
        known.add(node, "calendar", "calendar", &mut sheets, BTreeMap::from([(name, sheet)]), out);
    }
    if files.is_empty() {
        let message = "there is no calendar: a process set needs at least one file with `calendar: NAME`";
        out.error(Span::default(), "no-calendar", message);
    }
    let names: Vec<Name> = sheets.keys().cloned().collect();
    // What is missing in a sheet with misfits is most often what did not fit.
    let Some(first) = first.filter(|_| out.len() == before) else { return plain_calendars(&names) };
    match Calendars::from_sheets(&first, sheets.into_values().collect()) {
        Ok(calendars) => calendars,
        Err(mistakes) => {
            for mistake in mistakes.0 {
                let (calendar, path) = mistake.path.split_once('.').unwrap_or((&mistake.path, ""));
                let found = nodes.get(calendar).map(|node| data::place(node, path, &mistake.message));
                report(out, found.unwrap_or_default(), "calendar", &mistake);
            }
            plain_calendars(&names)
        }
    }
}

/// Calendars of these names in which every weekday is worked all day.
fn plain_calendars(names: &[Name]) -> Calendars {
    let plain = |name: &str| Sheet {
        calendar: name.to_owned(),
        timezone: Some("UTC".to_owned()),
        week: Some(["monday", "tuesday", "wednesday", "thursday", "friday"].map(str::to_owned).into()),
        hours: Some("09:00-17:00".to_owned()),
        count: Some(CountSheet { first_day: Default::default(), due_time: "end_of_day".to_owned() }),
        ..Sheet::default()
    };
    let mut plain_sheets: BTreeMap<&str, Sheet> = BTreeMap::from([("plain", plain("plain"))]);
    plain_sheets
        .extend(names.iter().filter(|name| !name.trim().is_empty()).map(|name| (name.trim(), plain(name.trim()))));
    Calendars::from_sheets("plain", plain_sheets.into_values().collect())
        .expect("plain sheets have nothing wrong in them")
}

fn report(out: &mut Diagnostics, span: Span, code: &'static str, mistake: &Mistake) {
    let finding = out.error(span, code, mistake.message.as_str());
    if let Some(help) = &mistake.help {
        finding.help(help.as_str());
    }
}

/// The organisation of all files together.
pub fn organization(files: &Files, calendars: &Calendars, out: &mut Diagnostics) -> Organization {
    let mut whole = Organization::default();
    let mut known = Known::default();
    for (_, node) in files {
        let Some(part) = data::read::<Organization>(node, out) else { continue };
        known.add(node, "duties", "duty", &mut whole.duties, part.duties, out);
        known.add(node, "units", "unit", &mut whole.units, part.units, out);
        known.add(node, "people", "person", &mut whole.people, part.people, out);
        whole.absences.extend(part.absences);
    }
    for mistake in whole.mistakes(calendars.names()) {
        let file = files.iter().map(|(_, node)| node).find(|node| data::holds(node, &mistake.path));
        let span = file.map_or(Span::default(), |node| data::place(node, &mistake.path, &mistake.message));
        report(out, span, "organization", &mistake);
    }
    whole
}

/// Catalogs by name.
pub fn lists(files: &Files, out: &mut Diagnostics) -> BTreeMap<Name, Entries> {
    let mut lists = BTreeMap::new();
    let mut known = Known::default();
    for (_, node) in files {
        let Some(list) = data::read::<data::List>(node, out) else { continue };
        let mut entries = BTreeMap::new();
        list.flatten(&mut entries);
        let title = list.title.clone().unwrap_or_else(|| list.catalog.clone());
        let part = BTreeMap::from([(list.catalog, Entries { title, entries: Arc::new(entries) })]);
        known.add(node, "catalog", "catalog", &mut lists, part, out);
    }
    lists
}

/// The kinds of marks by name.
pub fn marks(files: &Files, out: &mut Diagnostics) -> BTreeMap<Name, MarkKind> {
    let mut marks = BTreeMap::new();
    let mut known = Known::default();
    for (_, node) in files {
        let Some(file) = data::read::<data::Marks>(node, out) else { continue };
        let part = file.marks.into_iter().map(|(name, kind)| (name, kind.into())).collect();
        known.add(node, "marks", "kind of mark", &mut marks, part, out);
    }
    marks
}

/// Connections by name.
pub fn connections(files: &Files, out: &mut Diagnostics) -> BTreeMap<Name, Connection> {
    let mut connections = BTreeMap::new();
    let mut known = Known::default();
    for (_, node) in files {
        let Some(file) = data::read::<data::Webhooks>(node, out) else { continue };
        known.add(node, "webhooks", "connection", &mut connections, file.webhooks, out);
    }
    connections
}

/// Where each entry was first declared: of two in different files one would silently win.
#[derive(Default)]
struct Known(BTreeMap<(&'static str, Name), Span>);

impl Known {
    fn add<T>(
        &mut self,
        node: &Node,
        key: &'static str,
        what: &str,
        whole: &mut BTreeMap<Name, T>,
        part: BTreeMap<Name, T>,
        out: &mut Diagnostics,
    ) {
        for (name, entry) in part {
            let entries = node.get(key).and_then(Node::as_mapping).unwrap_or_default();
            let place = entries.iter().find(|entry| entry.key.text == name).map(|entry| entry.key.span);
            let span = place.or(node.get(key).map(|node| node.span)).unwrap_or(node.span);
            if let Some(other) = self.0.insert((key, name.clone()), span) {
                out.error(span, "duplicate-entry", format!("the {what} `{name}` is declared twice"))
                    .note(other, "the other one is here");
            }
            whole.insert(name, entry);
        }
    }
}
