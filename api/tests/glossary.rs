//! The words of the field in `docs/glossary.md` are those that the shipped processes use.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use regex::Regex;

fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

/// Every word of the definitions below a folder, without comments; a template is named by its file.
fn words_below(folder: &Path) -> BTreeSet<String> {
    let word = Regex::new(r"[a-z][a-z0-9_-]*").expect("the pattern is right");
    let mut words = BTreeSet::new();
    for entry in fs::read_dir(folder).expect("the folder is there") {
        let path = entry.expect("the folder can be read").path();
        let ending = path.extension().and_then(|ending| ending.to_str());
        if path.is_dir() {
            words.extend(words_below(&path));
        } else if ending == Some("hbs") {
            words.extend(path.file_stem().map(|stem| stem.to_string_lossy().into_owned()));
        } else if ending == Some("yaml") {
            let text = fs::read_to_string(&path).expect("a definition is text");
            let lines = text.lines().map(|line| line.split_once(" #").map_or(line, |(line, _)| line));
            let lines = lines.filter(|line| !line.starts_with('#'));
            words.extend(lines.flat_map(|line| word.find_iter(line)).map(|found| found.as_str().to_owned()));
        }
    }
    words
}

#[test]
fn every_word_of_the_field_is_one_that_the_processes_use() {
    let glossary = fs::read_to_string(root().join("docs/glossary.md")).expect("the glossary is there");
    let (_, field) = glossary.split_once("## Words of the field").expect("it has the words of the field");
    let code = Regex::new("`([^`]+)`").expect("the pattern is right");
    let rows = field.lines().filter_map(|line| line.strip_prefix("| ")?.split(" | ").nth(1)).skip(1);
    let named: BTreeSet<String> =
        rows.flat_map(|cell| code.captures_iter(cell).map(|found| found[1].to_owned())).collect();

    let used = words_below(&root().join("processes"));

    assert!(named.len() > 60, "the table is read: {named:?}");
    assert_eq!(named.difference(&used).collect::<Vec<_>>(), Vec::<&String>::new());
    assert!(!used.contains("completion_audit"));
}
