//! What a machine can hold of the house style, in every Rust file of the project.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use duban_tests::modules::{circles, circles_among};
use duban_tests::sources::{rust_files, text_of, without_comments, without_texts};

/// Where the project's Rust files lie.
const FOLDERS: [&str; 4] = ["engine", "api", "tests", ".cargo/xtask"];

/// The crates, each by the folder of its root.
const CRATES: [&str; 5] = ["engine/src", "api/src", "tests/src", "tests/city/src", ".cargo/xtask/src"];

/// A longer file has a second concept in it.
const FILE_LINES_MAX: usize = 400;

/// A longer function has plain work that wants a name.
const FUNCTION_LINES_MAX: usize = 60;

/// Words that no source holds, and what to do instead. Comments are looked through as well.
const FORBIDDEN: [(&str, &str); 5] = [
    (".unwrap()", "`expect` with why it cannot fail"),
    ("todo!(", "write it, or leave it out"),
    ("unimplemented!(", "write it, or leave it out"),
    ("TODO", "open an issue"),
    ("FIXME", "open an issue"),
];

/// Functions that may be longer, and why.
const LONG_FUNCTIONS: [(&str, &str); 4] = [
    ("engine/src/case/apply.rs: `apply_to_visit`", "one match with an arm for every event"),
    ("engine/src/effect.rs: `effects`", "one match with an arm for every event"),
    ("engine/src/scenario/expect.rs: `hold`", "one match with an arm for every expectation"),
    ("tests/src/history.rs: `line`", "one match with an arm for every event"),
];

/// What is untidy in a file, each with its line.
fn untidy(text: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let lines = text.lines().count();
    if lines > FILE_LINES_MAX {
        found.push((lines, format!("the file has {lines} lines, more than {FILE_LINES_MAX}")));
    }
    if !text.starts_with("//! ") {
        found.push((1, "the file does not begin with `//!` and a sentence of what it is".to_owned()));
    }
    // Examples in documentation may be short.
    let code: Vec<String> = without_texts(text).lines().map(str::to_owned).collect();
    let written = code.iter().map(|line| if line.starts_with("//!") { "" } else { line.as_str() });
    for (number, line) in (1..).zip(written) {
        for (word, instead) in FORBIDDEN.iter().filter(|(word, _)| line.contains(word)) {
            found.push((number, format!("`{word}`: {instead}")));
        }
    }
    found.extend(long_functions(&without_comments(&without_texts(text))));
    found
}

/// Functions that are too long: from the line of `fn` to the line with the brace that closes its body.
fn long_functions(code: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    // The functions that are open: where each began, its name, and the depth of braces outside of its body.
    let mut open: Vec<(usize, String, Option<usize>)> = Vec::new();
    let mut depth = 0_usize;
    for (number, line) in (1..).zip(code.lines()) {
        if let Some(name) = function_in(line) {
            open.push((number, name, None));
        }
        for letter in line.chars() {
            match letter {
                '{' => {
                    if let Some((_, _, outside @ None)) = open.last_mut() {
                        *outside = Some(depth);
                    }
                    depth += 1;
                }
                '}' => {
                    depth = depth.saturating_sub(1);
                    if let Some((began, name, _)) = open.pop_if(|(_, _, outside)| *outside == Some(depth)) {
                        let lines = number - began + 1;
                        if lines > FUNCTION_LINES_MAX {
                            let message = format!("`{name}` has {lines} lines, more than {FUNCTION_LINES_MAX}");
                            found.push((began, message));
                        }
                    }
                }
                // A function that is only promised has no body.
                ';' => drop(open.pop_if(|(_, _, outside)| outside.is_none() && !line.contains('['))),
                _ => {}
            }
        }
    }
    found
}

/// The name of the function that a line begins, if it does.
fn function_in(line: &str) -> Option<String> {
    let words = ["pub", "pub(super)", "pub(crate)", "async", "const", "unsafe", "extern"];
    let mut rest = line.trim_start();
    while let Some(word) = words.iter().find(|word| rest.strip_prefix(**word).is_some_and(|rest| rest.starts_with(' ')))
    {
        rest = rest[word.len()..].trim_start();
    }
    let name = rest.strip_prefix("fn ")?;
    Some(name.chars().take_while(|letter| letter.is_alphanumeric() || *letter == '_').collect())
}

#[test]
fn the_house_is_tidy() {
    let (mut wrong, mut long) = (Vec::new(), BTreeSet::new());
    for file in FOLDERS.iter().flat_map(|folder| rust_files(Path::new(folder))) {
        let found = untidy(&text_of(&file));
        let path = file.display();
        for (line, message) in found {
            let told = format!("{path}: {message}");
            match LONG_FUNCTIONS.iter().find(|(function, _)| told.starts_with(function)) {
                Some((function, _)) => _ = long.insert(*function),
                None => wrong.push(format!("{path}:{line}: {message}")),
            }
        }
    }
    let is_short = |function: &&str| !long.contains(*function);
    let short = LONG_FUNCTIONS.iter().map(|(function, _)| *function).filter(is_short);
    wrong.extend(short.map(|function| format!("{function} need not be among those that may be longer")));

    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn the_check_of_tidiness_sees_what_it_should() {
    let long = format!("//! A file.\n\npub(crate) async fn long() {{\n{}}}\n", "    { \"}\" } // }\n".repeat(60));
    let short = format!("//! A file.\n\nfn short() {{\n{}}}\n", "    next();\n".repeat(58));
    let bad = "fn bad() {\n    good().unwrap(); // FIXME\n    let text = \".unwrap()\";\n}\n";
    let promised =
        format!("//! A file.\ntrait A {{\n    fn promised(&self);\n{}}}\n", "    fn other(&self);\n".repeat(80));
    let big = format!("//! A file.\n{}", "// more\n".repeat(400));
    let lines = |text: &str| untidy(text).into_iter().map(|(line, _)| line).collect::<Vec<usize>>();

    assert_eq!(untidy(&long), [(3, "`long` has 62 lines, more than 60".to_owned())]);
    assert!(lines(&short).is_empty());
    assert_eq!(lines(bad), [1, 2, 2]);
    assert!(lines(&promised).is_empty());
    assert_eq!(lines(&big), [401]);
}

#[test]
fn no_file_needs_one_that_needs_it() {
    let found: Vec<String> = CRATES
        .iter()
        .flat_map(|folder| circles(folder).into_iter().map(move |found| format!("{folder}: {found}")))
        .collect();

    assert!(found.is_empty(), "\n{}", found.join("\n"));
}

#[test]
fn the_check_of_circles_sees_what_it_should() {
    let modules = |codes: &[(&str, &str)]| {
        let named = |(name, code): &(&str, &str)| (name.split("::").map(str::to_owned).collect(), (*code).to_owned());
        circles_among(&codes.iter().map(named).collect::<BTreeMap<_, _>>())
    };

    let round = modules(&[
        ("a::x", "use super::super::b::{C, d as e};"),
        ("b", "fn b() { crate::c::go() }"),
        ("c", "use crate::{f, a};"),
        ("a", ""),
    ]);
    let below = modules(&[
        ("a", "mod b;\nuse self::b::{B, C};"),
        ("a::b", "use super::A;"),
        ("c", "use crate::{a::{A, b::B}, d};"),
        ("d", ""),
    ]);

    assert_eq!(round, ["`a` and `b` need each other", "`b` and `c` need each other"]);
    assert_eq!(below, [""; 0]);
}
