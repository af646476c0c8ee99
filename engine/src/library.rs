//! The library: every file of a process set, read and checked together.

mod data;
mod holds;
mod locks;
mod openings;
mod parts;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Arc;

use crate::catalog::Catalog;
use crate::compile::{compile, outline};
use crate::diagnostic::{DIAGNOSTICS_MAX, Diagnostic, Diagnostics, Source, SourceId, Sources, Span};
use crate::effect::URGED;
use crate::ids::Name;
use crate::process::Process;
use crate::yaml::Node;

pub use holds::{Holds, holds};

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
    /// What probably is not as meant, though it works.
    pub warnings: Vec<Diagnostic>,
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
        // What is wrong with the YAML, and what is wrong with what it says.
        let (mut out, mut meant) = (Diagnostics::new(), Diagnostics::new());
        let mut unread: BTreeMap<SourceId, Vec<Range<u32>>> = BTreeMap::new();
        let mut sorted = Sorted::default();
        let mut templates: BTreeMap<(Folder, Name), Arc<str>> = BTreeMap::new();
        for (path, bytes) in files {
            if let Some(template) = template_of(path) {
                templates.insert(template, Arc::from(String::from_utf8_lossy(bytes)));
            } else if path.ends_with(".yaml") || path.ends_with(".yml") {
                let id = sources.add(Source::new(path.clone(), bytes));
                let (node, found, gaps) = crate::yaml::read_around_breaks(bytes, id);
                out.extend(found);
                unread.insert(id, gaps);
                if let Some(node) = node {
                    sorted.sort(id, node, &mut meant);
                }
            }
        }
        let library = sorted.compile(sources, &templates, &mut meant);
        out.extend(meant.into_vec().into_iter().filter(|found| is_certain(found, &unread)));
        let is_sound = !out.has_errors();
        let found = in_order(out);
        match is_sound {
            true => Ok(Self { warnings: found, ..library }),
            false => Err(Unsound { diagnostics: found, sources: library.sources }),
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
    ) -> Library {
        let connections = parts::connections(&self.webhooks, out);
        let calendars = parts::calendars(&self.calendars, out);
        let mut catalog = Catalog {
            organization: parts::organization(&self.organizations, &calendars, out),
            calendars,
            lists: parts::lists(&self.lists, out),
            marks: parts::marks(&self.marks, out),
            connections: connections.keys().cloned().collect(),
            templates: BTreeSet::new(),
            processes: BTreeMap::new(),
        };
        let folders = self.outlines(&sources, &mut catalog, out);
        let mut processes = BTreeMap::new();
        let mut texts = BTreeMap::new();
        for (id, node) in &self.processes {
            let source = source_of(&sources, *id);
            let folder = folder_of(&source.name);
            let usable = templates.keys().filter(|(of, _)| of.is_empty() || *of == folder);
            catalog.templates = usable.map(|(_, name)| name.clone()).collect();
            if let Some(process) = compile(node, source, &catalog, out) {
                texts.insert(process.name.clone(), *id);
                processes.insert(process.name.clone(), Arc::new(process));
            }
        }
        openings::check(&processes, out);
        locks::check(&processes, out);
        let scenarios = self.scenarios.into_iter().map(|(source, node)| {
            let folder = folder_of(&source_of(&sources, source).name);
            let around = folder.rsplit_once('/').map_or("", |(around, _)| around);
            // Of several processes in a folder none is meant without being named.
            let process = match folders.get(&folder).or_else(|| folders.get(around)).map(Vec::as_slice) {
                Some([only]) => Some(only.clone()),
                Some(_) | None => None,
            };
            Written { process, node, source }
        });
        let scenarios = scenarios.collect();
        let templates = templates_of(templates, &folders);
        Library { processes, catalog, templates, connections, scenarios, warnings: Vec::new(), sources, texts }
    }

    /// Puts how each process looks from outside into the catalog. Answers which processes lie in which folder.
    fn outlines(&self, sources: &Sources, catalog: &mut Catalog, out: &mut Diagnostics) -> BTreeMap<Folder, Vec<Name>> {
        let mut folders: BTreeMap<Folder, Vec<Name>> = BTreeMap::new();
        let mut places: BTreeMap<Name, Span> = BTreeMap::new();
        for (id, node) in &self.processes {
            let source = source_of(sources, *id);
            let Some((name, outline)) = outline(node, source, catalog) else { continue };
            let span = node.get("process").map_or(node.span, |node| node.span);
            if let Some(other) = places.insert(name.clone(), span) {
                out.error(span, "duplicate-process", format!("there are two processes `{name}`"))
                    .note(other, "the other one is here");
            }
            folders.entry(folder_of(&source.name)).or_default().push(name.clone());
            catalog.processes.insert(name, outline);
        }
        folders
    }
}

/// Findings that are true whatever else a file says.
const CERTAIN: [&str; 6] = ["bad-name", "bad-time", "unknown-key", "unknown-word", "wrong-shape", "wrong-value"];

/// Whether a finding holds although a part of its file could not be read: the part may hold what is missing.
fn is_certain(found: &Diagnostic, unread: &BTreeMap<SourceId, Vec<Range<u32>>>) -> bool {
    let gaps = unread.get(&found.span.source).map(Vec::as_slice).unwrap_or_default();
    let is_beside = |gap: &Range<u32>| found.span.end <= gap.start || found.span.start >= gap.end;
    gaps.is_empty() || CERTAIN.contains(&found.code) && gaps.iter().all(is_beside)
}

/// The findings in the order of the files and their lines; the one that says how many are left out stays last.
pub(crate) fn in_order(out: Diagnostics) -> Vec<Diagnostic> {
    let mut found = out.into_vec();
    let shown = found.len().min(DIAGNOSTICS_MAX);
    found[..shown].sort_by_key(|diagnostic| (diagnostic.span.source, diagnostic.span.start));
    found
}

fn source_of(sources: &Sources, id: SourceId) -> &Source {
    sources.get(id).expect("every tree was read from a source of this set")
}

/// The words of a notice to somebody who is urged, where a set has none of its own.
const URGED_TEXT: &str = include_str!("../templates/urged.hbs");

/// Templates by process: each process has those of its own folder, and all have those under the empty name.
fn templates_of(
    templates: &BTreeMap<(Folder, Name), Arc<str>>,
    folders: &BTreeMap<Folder, Vec<Name>>,
) -> BTreeMap<(Name, Name), Arc<str>> {
    let for_all = [Name::new("")];
    // Somebody who is urged must read so, whether or not the set has words of its own for it.
    let mut found = BTreeMap::from([((Name::new(""), Name::new(URGED)), Arc::from(URGED_TEXT))]);
    for ((folder, name), text) in templates {
        let processes = match folder.is_empty() {
            true => for_all.as_slice(),
            false => folders.get(folder).map_or(&[][..], Vec::as_slice),
        };
        found.extend(processes.iter().map(|process| ((process.clone(), name.clone()), Arc::clone(text))));
    }
    found
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
