//! The reference is held to the program: its examples compile and play, its wrong ones fail as printed, no key is missing.
//!
//! A YAML block says in its first line what it is: `file=PATH` a whole file, `part` some keys of a process, `steps`,
//! `actions`, `effects` or `deadline` a piece of one; what is missing around it is taken from `appeal/appeal.yaml` of
//! the same document. `wrong` says that it must fail with the text of the `text` or `console` block that follows it.

#![expect(clippy::panic, reason = "a test that cannot go on fails with what it knows")]

#[path = "documentation/words.rs"]
mod words;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use duban_engine::case::Case;
use duban_engine::command::{Ask, Command, StartedBy};
use duban_engine::decide::{World, decide};
use duban_engine::diagnostic::{SourceId, render};
use duban_engine::event::{Actor, Event, Fields};
use duban_engine::expression::equal;
use duban_engine::ids::{CaseId, Name};
use duban_engine::library::Library;
use duban_engine::value::Value;
use duban_engine::{scenario, yaml};
use regex::Regex;

/// The process that the examples stand in.
const FRAME: &str = "appeal/appeal.yaml";

/// Files by path.
type Files = BTreeMap<String, String>;

/// A fenced block of a document.
struct Block {
    line: usize,
    info: Vec<String>,
    text: String,
}

impl Block {
    fn is(&self, word: &str) -> bool {
        self.info.iter().any(|found| found == word)
    }

    fn file(&self) -> Option<&str> {
        self.info.iter().find_map(|word| word.strip_prefix("file="))
    }
}

fn document(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs").join(name);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The fenced blocks, and the text outside of them.
fn blocks(document: &str) -> (Vec<Block>, String) {
    let (mut found, mut outside) = (Vec::new(), String::new());
    let mut open: Option<Block> = None;
    for (line, text) in (1..).zip(document.lines()) {
        match (&mut open, text.strip_prefix("```")) {
            (Some(_), Some(_)) => found.extend(open.take()),
            (Some(block), None) => block.text += &format!("{text}\n"),
            (None, Some(info)) => {
                let info = info.split_whitespace().map(str::to_owned).collect();
                open = Some(Block { line, info, text: String::new() });
            }
            (None, None) => outside += &format!("{text}\n"),
        }
    }
    assert!(open.is_none(), "the last block is not closed");
    (found, outside)
}

fn compile(files: &Files) -> Result<Library, String> {
    let bytes: Vec<(String, Vec<u8>)> =
        files.iter().map(|(path, text)| (path.clone(), text.clone().into_bytes())).collect();
    Library::compile(&bytes).map_err(|unsound| render(&unsound.diagnostics, &unsound.sources, false))
}

/// The whole files of a document, a later version in place of an earlier one.
fn files_of(blocks: &[Block]) -> Files {
    let whole = blocks.iter().filter(|block| !block.is("wrong"));
    whole.filter_map(|block| Some((block.file()?.to_owned(), block.text.clone()))).collect()
}

/// The entries of a block mapping as written, each with its key: whole lines up to the next key of the same depth.
fn entries(text: &str, depth: usize) -> Vec<(String, String)> {
    let key = Regex::new(&format!("^ {{{depth}}}([^ #:][^:]*):")).expect("the pattern is right");
    let mut found: Vec<(String, String)> = Vec::new();
    for line in text.lines() {
        if let Some(start) = key.captures(line) {
            found.push((start[1].to_owned(), String::new()));
        }
        if let Some((_, entry)) = found.last_mut() {
            *entry += &format!("{line}\n");
        }
    }
    found
}

fn indented(text: &str, depth: usize) -> String {
    text.lines().map(|line| format!("{:depth$}{line}\n", "")).collect()
}

/// The file that a fragment stands in. What it says itself comes first, so that its lines keep their numbers.
fn framed(block: &Block, frame: &str) -> String {
    let step = "steps:\n  example:\n    by: clerk\n";
    let text = match () {
        () if block.is("part") => block.text.clone(),
        () if block.is("steps") => format!("steps:\n{}", indented(&block.text, 2)),
        () if block.is("actions") => format!("{step}    actions:\n{}", indented(&block.text, 6)),
        () if block.is("effects") => {
            format!("{step}    actions:\n      act:\n        do:\n{}        goto: closed\n", indented(&block.text, 10))
        }
        () if block.is("deadline") => {
            format!("{step}    actions: {{act: {{goto: closed}}}}\n    deadline:\n{}", indented(&block.text, 6))
        }
        () => panic!("line {}: a YAML block says what it is", block.line),
    };
    let mut whole = text.clone();
    let own = entries(&text, 0);
    if own.iter().any(|(key, _)| key == "steps") {
        let (last, steps) = own.last().expect("there is at least `steps`");
        assert_eq!(last, "steps", "line {}: `steps` comes last in a part", block.line);
        let named: BTreeSet<String> = entries(steps, 2).into_iter().map(|(name, _)| name).collect();
        let around = entries(frame, 0).into_iter().find(|(key, _)| key == "steps").expect("the frame has steps").1;
        whole.extend(entries(&around, 2).into_iter().filter(|(name, _)| !named.contains(name)).map(|(_, text)| text));
    }
    let missing = entries(frame, 0).into_iter().filter(|(key, _)| own.iter().all(|(known, _)| known != key));
    whole.extend(missing.map(|(_, text)| text));
    whole
}

/// What a block says that the program finds: all of a `text` block; of a `console` block what `duban check` shows
/// between the command and the count of errors.
fn printed(block: &Block) -> String {
    let count = Regex::new(r"\n\d+ errors?\n$").expect("the pattern is right");
    match block.text.split_once('\n') {
        Some((command, shown)) if block.is("console") && command.starts_with("$ duban check ") => {
            count.replace(shown, "").into_owned()
        }
        Some(_) | None => block.text.clone(),
    }
}

/// What is wrong with the blocks of a document.
fn faults(name: &str) -> Vec<String> {
    let (blocks, _) = blocks(&document(name));
    let files = files_of(&blocks);
    let mut faults = Vec::new();
    for (number, block) in blocks.iter().enumerate().filter(|(_, block)| block.is("yaml")) {
        let mut files = files.clone();
        match block.file() {
            Some(path) => files.insert(path.to_owned(), block.text.clone()),
            None => files.insert(FRAME.to_owned(), framed(block, &files[FRAME])),
        };
        if block.is("wrong") {
            let wanted = blocks.get(number + 1).map(printed).unwrap_or_default();
            let shown = compile(&files).err().unwrap_or_default();
            if shown != wanted {
                faults.push(format!("{name}:{}: shown is\n{shown}\nwritten is\n{wanted}", block.line));
            }
        } else if block.file().is_none() {
            faults.extend(compile(&files).err().map(|shown| format!("{name}:{}:\n{shown}", block.line)));
        }
    }
    faults.extend(compile(&files).err().map(|shown| format!("{name}, its files together:\n{shown}")));
    faults
}

fn play_all(name: &str) {
    let (blocks, _) = blocks(&document(name));
    let library = compile(&files_of(&blocks)).unwrap_or_else(|shown| panic!("{name}:\n{shown}"));
    let scenarios = scenario::read_all(&library)
        .unwrap_or_else(|wrong| panic!("{name}:\n{}", render(&wrong, &library.sources, false)));
    assert!(!scenarios.is_empty(), "{name} has no scenario");

    for scenario in scenarios {
        let played = scenario.play(&library);
        assert!(played.failures.is_empty(), "{}", render(&played.failures, &library.sources, false));
    }
}

#[test]
fn every_example_of_the_reference_compiles_or_fails_as_printed() {
    let faults = faults("language.md");

    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn every_file_of_the_tutorial_compiles_or_fails_as_printed() {
    let faults = faults("tutorial.md");

    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn every_scenario_of_the_reference_passes() {
    play_all("language.md");
}

#[test]
fn every_scenario_of_the_tutorial_passes() {
    play_all("tutorial.md");
}

/// The expressions of a document with the values beside them.
fn examples(blocks: &[Block]) -> Vec<(usize, String, String)> {
    let mut found = Vec::new();
    for block in blocks.iter().filter(|block| block.is("feel")) {
        for (line, text) in (block.line + 1..).zip(block.text.lines()).filter(|(_, text)| !text.trim().is_empty()) {
            let (expression, value) = text.split_once(" → ").unwrap_or_else(|| panic!("line {line}: no ` → `"));
            found.push((line, expression.trim().to_owned(), value.trim().to_owned()));
        }
    }
    found
}

/// The case of the reference's examples, asked for the values of the expressions.
fn values(files: &Files, examples: &[(usize, String, String)]) -> Fields {
    let quoted = |text: &str| text.replace('\'', "''");
    let with = examples
        .iter()
        .map(|(line, expression, value)| format!("e{line}: '={}', v{line}: '={}'", quoted(expression), quoted(value)));
    let with = with.collect::<Vec<_>>().join(", ");
    let action =
        format!("      ask: {{by: operator, do: [{{webhook: {{to: archive, type: ask, with: {{{with}}}}}}}]}}\n");
    let mut files = files.clone();
    let frame = files.get_mut(FRAME).expect("the reference has its process");
    let place = frame.find("      urge:").expect("the process of the reference has the action `urge` in `handling`");
    frame.insert_str(place, &action);
    let library = compile(&files).unwrap_or_else(|shown| panic!("{shown}"));
    let world =
        World { organization: &library.catalog.organization, calendars: &library.catalog.calendars, workload: None };
    let process = &library.processes["appeal"];
    let calendar = process.calendar_in(&library.catalog.calendars);
    let mut case = Case::new(CaseId(1));
    let text = |text: &str| Value::Text(Name::new(text));
    let units = Value::from(vec![text("water-bureau"), text("heating-centre")]);
    let opening = [("subject", text("路灯不亮")), ("category", text("lighting"))];
    let assigning = [("lead_unit", text("road-bureau")), ("assisting_units", units), ("method", text("written"))];
    let take =
        |action: &str, fields: Fields| Ask::TakeAction { visit: None, action: Name::new(action), fields, seal: None };
    let named =
        |values: &[(&str, Value)]| values.iter().map(|(name, value)| (Name::new(name), value.clone())).collect();
    let start = StartedBy::Person;
    let asks = [
        ("2026-09-28 09:00", Ask::Open { case: case.id, start, fields: named(&opening), serial: 7 }),
        ("2026-09-28 10:00", take("assign", named(&assigning))),
        ("2026-09-29 10:00", take("ask", Fields::new())),
    ];
    let mut events = Vec::new();
    for (at, ask) in asks {
        let now = calendar.parse_local(at).expect("the instants are written right");
        let by = Actor::Person { person: Name::new("zhang-shouli"), deputy_for: None };
        let decision = decide(process, &world, &case, &Command { by, ask }, now).expect("the reference's case runs");
        (case, events) = (decision.case, decision.events);
    }
    let told = events.into_iter().find_map(|event| match event {
        Event::WebhookRaised { fields, .. } => Some(fields),
        _ => None,
    });
    told.expect("the action raises the webhook")
}

#[test]
fn every_expression_has_the_value_beside_it() {
    let (blocks, _) = blocks(&document("language.md"));
    let examples = examples(&blocks);

    let values = values(&files_of(&blocks), &examples);

    let differs = |(line, expression, wanted): &(usize, String, String)| {
        let [found, value] = ["e", "v"].map(|prefix| &values[format!("{prefix}{line}").as_str()]);
        let same = (found.is_null() && value.is_null()) || equal(found, value) == Some(true);
        (!same).then(|| format!("language.md:{line}: {expression} is {found}, not {wanted}"))
    };
    let wrong: Vec<String> = examples.iter().filter_map(differs).collect();
    assert!(examples.len() > 100 && wrong.is_empty(), "{} examples\n{}", examples.len(), wrong.join("\n"));
}

#[test]
fn blocks_that_look_like_yaml_are_yaml() {
    for name in ["language.md", "tutorial.md"] {
        for block in blocks(&document(name)).0.iter().filter(|block| block.is("yaml")) {
            let (_, found) = yaml::read(block.text.as_bytes(), SourceId(0));
            let is_sound = found.is_empty() || block.is("wrong");
            assert!(is_sound, "{name}:{}: {found:?}", block.line);
        }
    }
}
