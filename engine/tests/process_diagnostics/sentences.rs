//! Which sentences the compiler's sources hold, and which of them no golden text shows.

use std::fs;
use std::path::Path;

use regex::Regex;

use super::{files_below, with_ending};

/// The sources whose sentences authors are shown.
const SOURCES: [&str; 24] = [
    "checker",
    "clauses",
    "compile",
    "library",
    "library.rs",
    "steps",
    "organization.rs",
    "calendar/hours.rs",
    "calendar/listed.rs",
    "calendar/read.rs",
    "calendar/set.rs",
    "process/number.rs",
    "expression/mistake.rs",
    "field.rs",
    "schedule.rs",
    "schedule/fields.rs",
    "scenario/expectations.rs",
    "scenario/read.rs",
    "scenario/values.rs",
    "scenario/words.rs",
    "time/moment.rs",
    "time/rung.rs",
    "time/span.rs",
    "yaml/reader.rs",
];

/// Sentences that are not for authors: what is said in a running case, and reasons for the compiler of our own code.
const FOR_OTHERS: [&str; 37] = [
    "each variant's sentence names its fields",
    "no exit of `{step}` applies",
    "the table of `{step}` has no answer: {reason}",
    "no rule applies",
    "several rules apply",
    "the rules that apply disagree",
    "`{step}` has {} items, more than {ITEMS_MAX}; the rest was left out",
    "the job of `{step}` failed {} time(s): {reason}",
    "who has the least to do is not known here: the task waits for whoever takes it",
    "nobody in the organisation may do this task",
    "the message `{}` is for no case: `{}` is null",
    // Of what people fill in.
    "more than {LIST_MAX} values",
    "not of the right kind",
    "longer than {characters_max} characters",
    "contains a NUL character",
    "the character U+{:04X} cannot be in a line",
    // The years of a date have four digits.
    "`{trimmed}` is outside of the years 1 to 9999",
    // Held by the library before a calendar is read: its parents, its name, the default.
    "the parent `{parent}` has not been taken in",
    "this calendar is there twice",
    "there is no calendar `{default_name}` to be the default",
    // A definition of so many steps has a test of its own below.
    "a process has at most {STEPS_MAX} steps",
    "too-many-steps",
    // Parts of "the name of a …".
    "template",
    "connection",
    "kind of mark",
    // The words of serde, which are translated.
    "missing field",
    "unknown field",
    "unknown variant",
    "invalid type: ",
    "invalid value: ",
    "invalid number",
    ", expected ",
    "a string",
    "a sequence",
    "a boolean",
    // What may be written for `before` and `after`.
    "before due",
    "after due",
];

/// The texts in the string literals of a source that hold a space, outside of comments and `expect`.
pub fn sentences(source: &str) -> Vec<String> {
    let token = Regex::new(r#"(?s)//[^\n]*|'\\?"'|(expect\()?"((?:[^"\\]|\\.)*)""#).expect("the pattern is right");
    let broken_line = Regex::new(r"\\\n\s*").expect("the pattern is right");
    let shown = token.captures_iter(source).filter(|found| found.get(1).is_none()).filter_map(|found| found.get(2));
    let texts = shown.map(|text| broken_line.replace_all(text.as_str(), "").replace("\\\"", "\""));
    texts.filter(|text| text.trim().contains(' ')).collect()
}

/// What a format string prints.
fn pattern(text: &str) -> Regex {
    let place = Regex::new(r"\{\{|\}\}|\{[^{}]*\}").expect("the pattern is right");
    let mut written = String::new();
    let mut end = 0;
    for hole in place.find_iter(text) {
        written += &regex::escape(&text[end..hole.start()]);
        written += match hole.as_str() {
            "{{" => r"\{",
            "}}" => r"\}",
            _ => ".*",
        };
        end = hole.end();
    }
    Regex::new(&(written + &regex::escape(&text[end..]))).expect("what was escaped is a pattern")
}

/// The codes of a source: kebab-case words in quotes, told apart from other such words by who uses them.
fn codes(source: &str) -> Vec<String> {
    let made = Regex::new(r#"(?:error|warning|push|report|declared)\(\s*[^;"]*"([a-z]+(?:-[a-z]+)*)""#);
    let made = made.expect("the pattern is right");
    made.captures_iter(source).map(|found| found[1].to_owned()).collect()
}

/// The sentences and the codes of all sources that `texts` does not show.
pub fn unshown(texts: &str) -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    for source in SOURCES.map(|source| root.join(source)) {
        match source.is_dir() {
            true => files_below(&root, &source, &mut files),
            false => files.push((String::new(), fs::read(&source).expect("the source is there"))),
        }
    }
    let mut missing = Vec::new();
    for (_, bytes) in files {
        let source = String::from_utf8(bytes).expect("sources are UTF-8");
        let source = source.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
        let told = sentences(source).into_iter().filter(|text| !FOR_OTHERS.contains(&text.as_str()));
        missing.extend(told.filter(|text| !pattern(text).is_match(texts)));
        let codes = codes(source).into_iter().filter(|code| !FOR_OTHERS.contains(&code.as_str()));
        missing.extend(codes.filter(|code| !texts.contains(&format!("[{code}]"))));
    }
    missing
}

#[test]
fn every_sentence_and_code_of_the_compiler_is_shown_by_a_golden_file() {
    let texts: String =
        with_ending("txt").iter().map(|path| fs::read_to_string(path).expect("it can be read")).collect();

    let missing = unshown(&texts);

    assert!(missing.is_empty(), "no golden file shows\n{}", missing.join("\n"));
}

#[test]
fn a_sentence_without_a_golden_file_is_found() {
    let source = "// \"not this one\"\nout.error(span, \"bad-time\", format!(\"there is no `{}` \\\n  here\", name)).expect(\"not this\");";

    assert_eq!(sentences(source), ["there is no `{}` here"]);
    assert_eq!(codes(source), ["bad-time"]);
    assert!(pattern("there is no `{}` here").is_match("error[x]: there is no `dome` here\n"));
    assert!(!pattern("there is no `{}` here").is_match("there is no `dome`"));
    assert!(!unshown("").is_empty());
}
