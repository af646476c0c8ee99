//! The library: every file of a process set, read and checked together.

mod data;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::calendar::{Calendars, Sheet};
use crate::catalog::{Catalog, Entries, MarkKind};
use crate::compile::{compile, outline};
use crate::diagnostic::{Diagnostic, Diagnostics, Source, SourceId, Sources, Span};
use crate::ids::Name;
use crate::organization::Organization;
use crate::process::Process;
use crate::yaml::Node;

/// Where the scenarios, templates and process of a folder belong together: its path, without the last part.
type Folder = String;

/// A process set, ready to run.
#[derive(Clone, Debug)]
pub struct Library {
    /// Processes by name.
    pub processes: BTreeMap<Name, Arc<Process>>,
    /// What processes may name: organisation, calendars, catalogs, marks, connections.
    pub catalog: Catalog,
    /// Templates by process and name; those for all under the empty name.
    pub templates: BTreeMap<(Name, Name), Arc<str>>,
    /// Connections for webhooks.
    pub connections: BTreeMap<Name, Connection>,
    /// Scenarios as written, with the process of their folder.
    pub scenarios: Vec<Written>,
    /// The texts, for messages.
    pub sources: Sources,
    /// The text of each process, by name.
    pub texts: BTreeMap<Name, SourceId>,
}

/// Scenarios as written in one file.
#[derive(Clone, Debug)]
pub struct Written {
    /// The process of the folder.
    pub process: Option<Name>,
    /// The file's tree.
    pub node: Node,
    /// The file.
    pub source: SourceId,
}

/// Where a webhook goes.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Connection {
    /// The address.
    pub url: String,
    /// What people call it.
    #[serde(default)]
    pub title: Option<Name>,
    /// The name of the environment variable that holds the signing secret.
    #[serde(default)]
    pub secret_from: Option<Name>,
    /// Whether the address may lie in a private network.
    #[serde(default)]
    pub private: bool,
}

/// What was found while reading a library that is not sound.
#[derive(Clone, Debug)]
pub struct Unsound {
    /// Everything that is wrong.
    pub diagnostics: Vec<Diagnostic>,
    /// The texts it is about.
    pub sources: Sources,
}

/// Files sorted by what their first key says they are.
#[derive(Default)]
struct Sorted {
    processes: Vec<(SourceId, Node)>,
    calendars: Vec<(SourceId, Node)>,
    organizations: Vec<(SourceId, Node)>,
    lists: Vec<(SourceId, Node)>,
    marks: Vec<(SourceId, Node)>,
    webhooks: Vec<(SourceId, Node)>,
    scenarios: Vec<(SourceId, Node)>,
}

impl Library {
    /// Reads the files of a process set, each with its path in the set's folder.
    ///
    /// # Errors
    /// Everything that is wrong, in all files.
    pub fn compile(files: &[(String, Vec<u8>)]) -> Result<Self, Unsound> {
        let mut files: Vec<&(String, Vec<u8>)> = files.iter().collect();
        files.sort();
        let mut sources = Sources::new();
        let mut out = Diagnostics::new();
        let mut sorted = Sorted::default();
        let mut templates: BTreeMap<(Folder, Name), Arc<str>> = BTreeMap::new();
        for (path, bytes) in files {
            if let Some(template) = template_of(path) {
                templates.insert(template, Arc::from(String::from_utf8_lossy(bytes)));
            } else if path.ends_with(".yaml") || path.ends_with(".yml") {
                let id = sources.add(Source::new(path.clone(), bytes));
                let (node, found) = crate::yaml::read(bytes, id);
                out.extend(found);
                if let Some(node) = node {
                    sorted.sort(id, node, &mut out);
                }
            }
        }
        let library = sorted.compile(sources, &templates, &mut out);
        match library {
            Ok(library) if !out.has_errors() => Ok(library),
            Ok(Self { sources, .. }) | Err(sources) => Err(Unsound { diagnostics: out.into_vec(), sources }),
        }
    }

    /// A template for a process: its own, or the one for all.
    pub fn template(&self, process: &Name, name: &Name) -> Option<&Arc<str>> {
        let own = self.templates.get(&(process.clone(), name.clone()));
        own.or_else(|| self.templates.get(&(Name::new(""), name.clone())))
    }
}

impl Sorted {
    fn sort(&mut self, id: SourceId, node: Node, out: &mut Diagnostics) {
        let has = |key: &str| node.get(key).is_some();
        let place = if has("process") && has("steps") {
            &mut self.processes
        } else if has("scenario") || has("scenarios") {
            &mut self.scenarios
        } else if has("process") || has("steps") {
            &mut self.processes
        } else if has("calendar") {
            &mut self.calendars
        } else if has("units") || has("people") || has("duties") {
            &mut self.organizations
        } else if has("catalog") {
            &mut self.lists
        } else if has("marks") {
            &mut self.marks
        } else if has("webhooks") {
            &mut self.webhooks
        } else {
            let message = "nothing in this file says what it is";
            let kinds = "`process`, `scenario`, `scenarios`, `calendar`, `units`, `catalog`, `marks` or `webhooks`";
            out.error(node.span, "unknown-file", message)
                .help(format!("a file has one of the keys {kinds} at the top"));
            return;
        };
        place.push((id, node));
    }

    fn compile(
        self,
        sources: Sources,
        templates: &BTreeMap<(Folder, Name), Arc<str>>,
        out: &mut Diagnostics,
    ) -> Result<Library, Sources> {
        let Some(calendars) = compile_calendars(&self.calendars, out) else { return Err(sources) };
        let mut catalog = Catalog {
            organization: compile_organization(&self.organizations, out),
            calendars,
            lists: compile_lists(&self.lists, out),
            marks: compile_marks(&self.marks, out),
            connections: BTreeSet::new(),
            templates: BTreeSet::new(),
            processes: BTreeMap::new(),
        };
        let connections = compile_connections(&self.webhooks, out);
        catalog.connections = connections.keys().cloned().collect();
        let source_of = |id: SourceId| sources.get(id).expect("every tree was read from a source of this set");
        let mut folders: BTreeMap<Folder, Name> = BTreeMap::new();
        let mut places: BTreeMap<Name, Span> = BTreeMap::new();
        for (id, node) in &self.processes {
            let source = source_of(*id);
            let Some((name, outline)) = outline(node, source, &catalog) else { continue };
            let span = node.get("process").map_or(node.span, |node| node.span);
            if let Some(other) = places.insert(name.clone(), span) {
                out.error(span, "duplicate-process", format!("there are two processes `{name}`"))
                    .note(other, "the other one is here");
            }
            folders.insert(folder_of(&source.name), name.clone());
            catalog.processes.insert(name, outline);
        }
        let mut processes = BTreeMap::new();
        let mut texts = BTreeMap::new();
        for (id, node) in &self.processes {
            let source = source_of(*id);
            let folder = folder_of(&source.name);
            let usable = templates.keys().filter(|(of, _)| of.is_empty() || *of == folder);
            catalog.templates = usable.map(|(_, name)| name.clone()).collect();
            match compile(node, source, &catalog) {
                Ok(process) => {
                    texts.insert(process.name.clone(), *id);
                    processes.insert(process.name.clone(), Arc::new(process));
                }
                Err(found) => out.extend(found),
            }
        }
        let templates = templates.iter().filter_map(|((folder, name), text)| {
            let process = if folder.is_empty() { Name::new("") } else { folders.get(folder)?.clone() };
            Some(((process, name.clone()), Arc::clone(text)))
        });
        let templates = templates.collect();
        let scenarios = self.scenarios.into_iter().map(|(source, node)| {
            let folder = folder_of(&source_of(source).name);
            let around = folder.rsplit_once('/').map_or("", |(around, _)| around);
            let process = folders.get(&folder).or_else(|| folders.get(around)).cloned();
            Written { process, node, source }
        });
        let scenarios = scenarios.collect();
        Ok(Library { processes, catalog, templates, connections, scenarios, sources, texts })
    }
}

fn folder_of(path: &str) -> Folder {
    path.rsplit_once('/').map_or("", |(folder, _)| folder).to_owned()
}

/// The folder and the name of a template: `appeal/templates/urge-notice.hbs`.
fn template_of(path: &str) -> Option<(Folder, Name)> {
    let (folder, file) = path.rsplit_once('/')?;
    let name = file.strip_suffix(".hbs")?;
    let folder = if folder == "templates" { "" } else { folder.strip_suffix("/templates")? };
    Some((folder.to_owned(), Name::new(name)))
}

fn compile_calendars(files: &[(SourceId, Node)], out: &mut Diagnostics) -> Option<Calendars> {
    let mut sheets = Vec::new();
    let mut nodes: BTreeMap<String, &Node> = BTreeMap::new();
    for (_, node) in files {
        if let Some(sheet) = data::read::<Sheet>(node, out) {
            nodes.insert(sheet.calendar.clone(), node);
            sheets.push(sheet);
        }
    }
    let Some(first) = sheets.first().map(|sheet| sheet.calendar.clone()) else {
        if files.is_empty() {
            let message = "there is no calendar: a process set needs at least one file with `calendar: NAME`";
            out.error(Span::default(), "no-calendar", message);
        }
        return None;
    };
    match Calendars::from_sheets(&first, sheets) {
        Ok(calendars) => Some(calendars),
        Err(mistakes) => {
            for mistake in mistakes.0 {
                let (calendar, path) = mistake.path.split_once('.').unwrap_or((&mistake.path, ""));
                let span = nodes.get(calendar).map_or(Span::default(), |node| data::place(node, path));
                let diagnostic = out.error(span, "calendar", mistake.message);
                if let Some(help) = mistake.help {
                    diagnostic.help(help);
                }
            }
            None
        }
    }
}

fn compile_organization(files: &[(SourceId, Node)], out: &mut Diagnostics) -> Organization {
    let mut whole = Organization::default();
    for (_, node) in files {
        let Some(part) = data::read::<Organization>(node, out) else { continue };
        whole.duties.extend(part.duties);
        whole.units.extend(part.units);
        whole.people.extend(part.people);
        whole.absences.extend(part.absences);
    }
    for (path, message) in whole.problems() {
        let place = files.iter().map(|(_, node)| node).find(|node| data::holds(node, &path));
        let span = place.map_or(Span::default(), |node| data::place(node, &path));
        out.error(span, "organization", message);
    }
    whole
}

fn compile_lists(files: &[(SourceId, Node)], out: &mut Diagnostics) -> BTreeMap<Name, Entries> {
    let mut lists = BTreeMap::new();
    for (_, node) in files {
        let Some(list) = data::read::<data::List>(node, out) else { continue };
        let mut entries = BTreeMap::new();
        list.flatten(&mut entries);
        let title = list.title.clone().unwrap_or_else(|| list.catalog.clone());
        lists.insert(list.catalog, Entries { title, entries: Arc::new(entries) });
    }
    lists
}

fn compile_marks(files: &[(SourceId, Node)], out: &mut Diagnostics) -> BTreeMap<Name, MarkKind> {
    let files = files.iter().filter_map(|(_, node)| data::read::<data::Marks>(node, out));
    files.flat_map(|file| file.marks).map(|(name, kind)| (name, kind.into())).collect()
}

fn compile_connections(files: &[(SourceId, Node)], out: &mut Diagnostics) -> BTreeMap<Name, Connection> {
    let files = files.iter().filter_map(|(_, node)| data::read::<data::Webhooks>(node, out));
    files.flat_map(|file| file.webhooks).collect()
}
