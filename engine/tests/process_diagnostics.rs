//! Golden tests: a wrong definition in, exactly the text its author is shown out.
//!
//! Each `diagnostics/process/NAME.yaml` is compiled together with the sound files of `diagnostics/process/base`; one whose
//! name begins with `alone-` is compiled by itself, and one that begins with `scenario-` with `for-scenarios` as well. The text is in `NAME.txt` beside it; `DUBAN_BLESS=1` writes it anew,
//! to be read like code. Every sentence that the compiler's sources hold must be in one of these texts.

#[path = "process_diagnostics/sentences.rs"]
mod sentences;

use std::fs;
use std::path::{Path, PathBuf};

use duban_engine::diagnostic::{Diagnostic, Severity, Sources, render};
use duban_engine::ids::Name;
use duban_engine::library::Library;
use duban_engine::scenario::read_all;

type Files = Vec<(String, Vec<u8>)>;

fn directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/diagnostics/process")
}

/// All files below a directory, by their path in it.
fn files_below(root: &Path, directory: &Path, into: &mut Files) {
    for entry in fs::read_dir(directory).expect("the directory exists") {
        let path = entry.expect("an entry can be read").path();
        if path.is_dir() {
            files_below(root, &path, into);
        } else {
            let name = path.strip_prefix(root).expect("it lies below the root").to_string_lossy().into_owned();
            into.push((name, fs::read(&path).expect("a file can be read")));
        }
    }
}

fn files_in(name: &str) -> Files {
    let root = directory().join(name);
    let mut files = Files::new();
    files_below(&root, &root, &mut files);
    files
}

fn base() -> Files {
    files_in("base")
}

fn with_ending(end: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory()).expect("the directory of golden files exists");
    let paths = entries.map(|entry| entry.expect("an entry can be read").path());
    let mut paths: Vec<PathBuf> = paths.filter(|path| path.extension().is_some_and(|found| found == end)).collect();
    paths.sort();
    paths
}

/// What is found in a set of files.
fn found(files: &Files) -> (Vec<Diagnostic>, Sources) {
    match Library::compile(files) {
        Ok(library) => match read_all(&library) {
            Ok(_) => (library.warnings, library.sources),
            Err(diagnostics) => (diagnostics, library.sources),
        },
        Err(unsound) => (unsound.diagnostics, unsound.sources),
    }
}

/// What an author is shown for a wrong file.
fn shown(path: &Path) -> String {
    let name = path.file_name().expect("it is a file").to_string_lossy().into_owned();
    let mut files = if name.starts_with("alone-") { Files::new() } else { base() };
    if name.starts_with("scenario-") {
        files.extend(files_in("for-scenarios"));
    }
    files.push((name, fs::read(path).expect("the input can be read")));
    let (diagnostics, sources) = found(&files);
    render(&diagnostics, &sources, false)
}

#[test]
fn the_base_of_the_golden_files_is_sound() {
    let (diagnostics, sources) = found(&base());

    assert!(diagnostics.is_empty(), "{}", render(&diagnostics, &sources, false));
}

#[test]
fn the_shipped_processes_hold_nothing_that_cannot_come_about() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../processes");
    let mut files = Files::new();
    files_below(&root, &root, &mut files);

    let (diagnostics, sources) = found(&files);

    let codes: Vec<&str> = diagnostics.iter().map(|found| found.code).collect();
    let is_known = codes.iter().all(|code| *code == "not-proved");
    assert!(is_known, "{}", render(&diagnostics, &sources, false));
}

#[test]
fn who_is_urged_reads_so_in_a_set_without_words_of_its_own_for_it() {
    let library = Library::compile(&base()).expect("the base is sound");

    let text = library.template(&Name::new("report"), &Name::new("urged")).expect("there is always one");

    assert!(text.starts_with("subject: 催办："), "{text}");
}

#[test]
fn wrong_definitions_are_explained_as_the_golden_files_say() {
    let mut wrong = String::new();
    for path in with_ending("yaml") {
        let (shown, golden) = (shown(&path), path.with_extension("txt"));
        if std::env::var_os("DUBAN_BLESS").is_some() {
            fs::write(&golden, &shown).expect("the golden file can be written");
        }
        let wanted = fs::read_to_string(&golden).unwrap_or_default();
        if shown != wanted || shown.is_empty() {
            wrong += &format!("{}: wanted\n{wanted}\nshown\n{shown}\n", path.display());
        }
    }

    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn a_sound_set_hands_out_its_warnings() {
    let mut files = base();
    let input = directory().join("unused-role.yaml");
    files.push(("unused-role.yaml".to_owned(), fs::read(input).expect("the input can be read")));

    let library = Library::compile(&files).expect("a warning does not make a set unsound");

    let found: Vec<(Severity, &str)> = library.warnings.iter().map(|found| (found.severity, found.code)).collect();
    assert_eq!(found, [(Severity::Warning, "unused-role")]);
}

#[test]
fn a_file_with_five_mistakes_reports_five() {
    let mut files = base();
    let input = directory().join("five-mistakes.yaml");
    files.push(("five-mistakes.yaml".to_owned(), fs::read(input).expect("the input can be read")));

    let (diagnostics, sources) = found(&files);

    let line =
        |found: &Diagnostic| sources.get(found.span.source).expect("it has a file").position(found.span.start).line;
    let lines: Vec<u32> = diagnostics.iter().map(line).collect();
    assert_eq!(lines, [2, 4, 6, 7, 9], "{}", render(&diagnostics, &sources, false));
}

#[test]
fn the_step_beyond_the_last_that_a_process_may_have_is_pointed_at() {
    let steps: String = (0..=2_000).map(|number| format!("  s{number}: {{close: settled}}\n")).collect();
    let text = format!("process: petition\nstart: {{goto: s0}}\nsteps:\n{steps}");
    let mut files = base();
    files.push(("petition.yaml".to_owned(), text.into_bytes()));

    let (diagnostics, sources) = found(&files);

    let shown = render(&diagnostics, &sources, false);
    assert!(
        shown.starts_with("error[too-many-steps]: a process has at most 2000 steps\n    --> petition.yaml:2004:3\n"),
        "{shown}"
    );
    assert_eq!(diagnostics.len(), 1, "{shown}");
}
