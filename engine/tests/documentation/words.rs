//! No word that the program knows, no refusal and no dependency is missing in the documents.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use regex::Regex;

use super::{blocks, document};

fn sources_under(directory: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(directory).expect("the sources are there") {
        let path = entry.expect("an entry can be read").path();
        if path.is_dir() {
            found.extend(sources_under(&path));
        } else {
            found.push(path);
        }
    }
    found
}

/// Every word that the program asks for in a definition, with the file that does.
fn known_words() -> BTreeMap<String, String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let pattern = |text: &str| Regex::new(text).expect("the pattern is right");
    let asked = pattern(r#"\b(?:take|require|has)\(\s*"([a-z_-]+)""#);
    let listed = pattern(r#"const [A-Z_]+: \[(?:&str|\(&str, &str\)); \d+\] =\s*\[([^\]]*)\]"#);
    let words = pattern(r#"\[((?:\("[a-z-]+", [A-Za-z0-9:]+\),?\s*)+)\]"#);
    let word = pattern(r#""([a-z][a-z_-]*)""#);
    let host = pattern(r#"\(Self::\w+, "([a-z_]+)"\)"#);
    let function = pattern(r#"\bname: "([a-z ]+)""#);
    let record = pattern(r"serde\(deny_unknown_fields\)\]\s*pub struct \w+ \{([^}]*)\}");
    let field = pattern(r"(?m)^    (?:pub )?([a-z_]+):");
    let shape = pattern(r#""([a-z]+)"(?: \| "([a-z]+)")? => \(Shape"#);
    let mut known = BTreeMap::new();
    for path in sources_under(&root) {
        let text = fs::read_to_string(&path).expect("a source is text");
        let place = path.strip_prefix(&root).expect("it lies under the root").display().to_string();
        let mut note = |found: &str| known.insert(found.to_owned(), place.clone());
        let is_reader =
            ["checker", "clauses", "steps", "compile", "scenario"].iter().any(|part| place.starts_with(part));
        if is_reader {
            asked.captures_iter(&text).for_each(|found| drop(note(&found[1])));
            shape
                .captures_iter(&text)
                .for_each(|found| found.iter().skip(1).flatten().for_each(|it| drop(note(it.as_str()))));
            for list in listed.captures_iter(&text).chain(words.captures_iter(&text)) {
                word.captures_iter(&list[1]).for_each(|found| drop(note(&found[1])));
            }
        }
        if place.starts_with("expression/functions") {
            function.captures_iter(&text).for_each(|found| drop(note(&found[1])));
        }
        if place == "formula.rs" {
            host.captures_iter(&text).for_each(|found| drop(note(&found[1])));
        }
        for found in record.captures_iter(&text) {
            field.captures_iter(&found[1]).for_each(|found| drop(note(&found[1])));
        }
    }
    known
}

#[test]
fn no_word_that_the_program_knows_is_missing_in_the_reference() {
    let (_, outside) = blocks(&document("language.md"));
    let code = Regex::new("`([^`]+)`").expect("the pattern is right");
    let separator = |c: char| !(c.is_alphanumeric() || "_- ".contains(c));
    let mut told: BTreeSet<&str> = BTreeSet::new();
    for found in code.captures_iter(&outside) {
        let text = found.get(1).expect("the pattern has one group").as_str();
        told.extend(text.split(separator).map(str::trim));
    }
    let known = known_words();
    assert!(known.len() > 250, "only {} words were found in the sources", known.len());

    let missing: Vec<String> = known
        .iter()
        .filter(|(word, _)| !told.contains(word.as_str()))
        .map(|(word, place)| format!("`{word}` of {place}"))
        .collect();

    assert!(missing.is_empty(), "not in docs/language.md:\n{}", missing.join("\n"));
}

#[test]
fn no_rejection_is_missing_in_the_reference() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/rejection.rs");
    let source = fs::read_to_string(path).expect("the source is there");
    let (_, outside) = blocks(&document("language.md"));
    let variant = Regex::new(r"(?m)^    ([A-Z][A-Za-z]+)(?:,| \{)$").expect("the pattern is right");
    let snake = |name: &str| {
        let parts = Regex::new("[A-Z][a-z]*").expect("the pattern is right");
        parts.find_iter(name).map(|part| part.as_str().to_lowercase()).collect::<Vec<_>>().join("_")
    };

    let codes: Vec<String> = variant.captures_iter(&source).map(|found| snake(&found[1])).collect();

    assert!(codes.len() > 15, "{codes:?}");
    let missing: Vec<&String> = codes.iter().filter(|code| !outside.contains(&format!("`{code}`"))).collect();
    assert!(missing.is_empty(), "not in docs/language.md: {missing:?}");
}

#[test]
fn no_dependency_is_without_its_reason() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let manifest = fs::read_to_string(root.join("Cargo.toml")).expect("the workspace has a manifest");
    let crates = manifest.split("\n[").find_map(|part| part.strip_prefix("workspace.dependencies]"));
    let names = crates.expect("dependencies are named once").lines().filter_map(|line| line.split_once(" = "));
    let reasons = document("decisions/0000-dependencies.md");

    let missing: Vec<&str> = names
        .filter(|(name, rest)| !rest.contains("path =") && !reasons.contains(&format!("| {name} |")))
        .map(|(name, _)| name)
        .collect();

    assert!(missing.is_empty(), "not in docs/decisions/0000-dependencies.md: {missing:?}");
}
