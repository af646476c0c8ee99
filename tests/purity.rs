//! The engine sees its arguments and nothing else: no clock, random, files, network, threads, async or hash order.

use std::path::Path;

use duban_tests::sources::{code_of, rust_files};

/// Words that would let the world in, and what to use instead.
const FORBIDDEN: [(&str, &str); 19] = [
    ("SystemTime", "the command's instant"),
    ("Instant::now", "the command's instant"),
    ("Timestamp::now", "the command's instant"),
    ("Zoned::now", "the command's instant"),
    ("TimeZone::system", "the calendar's zone"),
    ("HashMap", "a BTreeMap, which has an order"),
    ("HashSet", "a BTreeSet, which has an order"),
    ("std::fs", "an argument"),
    ("std::net", "an argument"),
    ("std::thread", "an effect"),
    ("std::env", "an argument"),
    ("std::process", "an effect"),
    ("std::io", "an argument"),
    ("tokio", "an effect"),
    ("async fn", "an effect"),
    ("await", "an effect"),
    ("rand", "what the history gives"),
    ("static mut", "the case"),
    ("thread_local!", "the case"),
];

/// Whether the line has the word, and not only as a part of a longer one.
fn has_word(line: &str, word: &str) -> bool {
    let is_part = |letter: Option<char>| letter.is_some_and(|letter| letter.is_alphanumeric() || letter == '_');
    line.match_indices(word)
        .any(|(at, _)| !is_part(line[..at].chars().next_back()) && !is_part(line[at + word.len()..].chars().next()))
}

#[test]
fn the_engine_is_pure() {
    let mut wrong = Vec::new();
    for file in rust_files(Path::new("engine/src")) {
        for (number, line) in code_of(&file).lines().enumerate() {
            for (word, instead) in FORBIDDEN {
                if has_word(line, word) {
                    wrong.push(format!("{}:{}: `{word}`; use {instead}", file.display(), number + 1));
                }
            }
        }
    }

    assert_eq!(wrong, Vec::<String>::new(), "\n{}", wrong.join("\n"));
}

#[test]
fn the_check_of_purity_sees_what_it_should() {
    let code = duban_tests::sources::without_comments(
        "let now = SystemTime::now(); // HashMap\n/* std::fs */ Operand::new(); awaits();\n",
    );

    let found: Vec<&str> = FORBIDDEN.iter().map(|(word, _)| *word).filter(|word| has_word(&code, word)).collect();

    assert_eq!(found, ["SystemTime"]);
}
