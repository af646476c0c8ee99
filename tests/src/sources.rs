//! The project's own Rust files, as text.

use std::fs;
use std::path::{Path, PathBuf};

/// The root of the checkout.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the tests lie inside the project")
}

/// The Rust files below a folder of the project, by path; the paths begin at the project's root.
pub fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        let entries =
            fs::read_dir(root().join(&folder)).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
        for entry in entries {
            let entry = entry.expect("the folder can be listed");
            let path = folder.join(entry.file_name());
            if entry.path().is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|end| end == "rs") {
                found.push(path);
            }
        }
    }
    found.sort();
    assert!(!found.is_empty(), "there are Rust files in {}", folder.display());
    found
}

/// The text of a file of the project.
pub fn text_of(file: &Path) -> String {
    fs::read_to_string(root().join(file)).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

/// The code of a file: without its comments and without its tests, in the same lines.
pub fn code_of(file: &Path) -> String {
    let text = without_comments(&text_of(file));
    match text.find("#[cfg(test)]\nmod tests {") {
        Some(tests) => text[..tests].to_owned(),
        None => text,
    }
}

/// The code without comments; line breaks stay, so that lines keep their numbers.
pub fn without_comments(text: &str) -> String {
    let mut code = String::new();
    let mut rest = text;
    while let Some(letter) = rest.chars().next() {
        let skipped = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            rest.find("*/").map_or(rest.len(), |end| end + 2)
        } else if letter == '"' {
            let length = text_length(rest);
            code.push_str(&rest[..length]);
            rest = &rest[length..];
            continue;
        } else {
            code.push(letter);
            rest = &rest[letter.len_utf8()..];
            continue;
        };
        code.extend(rest[..skipped].chars().filter(|letter| *letter == '\n'));
        rest = &rest[skipped..];
    }
    code
}

/// The code with its text and character literals emptied; line breaks stay.
pub fn without_texts(text: &str) -> String {
    let mut code = String::new();
    let mut rest = text;
    while let Some(letter) = rest.chars().next() {
        let length = literal_length(rest);
        if length > 0 {
            code.push_str("\"\"");
            code.extend(rest[..length].chars().filter(|letter| *letter == '\n'));
            rest = &rest[length..];
        } else if rest.starts_with("//") {
            let end = rest.find('\n').unwrap_or(rest.len());
            code.push_str(&rest[..end]);
            rest = &rest[end..];
        } else {
            code.push(letter);
            rest = &rest[letter.len_utf8()..];
        }
    }
    code
}

/// The bytes of the literal that begins here: a text, a raw text, or a character; 0 when none does.
fn literal_length(rest: &str) -> usize {
    if rest.starts_with('"') {
        return text_length(rest);
    }
    for hashes in ["#", "##", ""] {
        if let Some(raw) = rest.strip_prefix(&format!("r{hashes}\"")) {
            let end = format!("\"{hashes}");
            return raw.find(&end).map_or(rest.len(), |at| rest.len() - raw.len() + at + end.len());
        }
    }
    // A lifetime has no quote after its first letter; an escaped character has one further on.
    let mut letters = rest.strip_prefix('\'').into_iter().flat_map(str::char_indices);
    match (letters.next(), letters.next()) {
        (Some((_, '\\')), Some((at, _))) => rest[at + 2..].find('\'').map_or(0, |end| at + 2 + end + 1),
        (Some(_), Some((at, '\''))) => at + 2,
        (_, _) => 0,
    }
}

/// The bytes of the text literal that begins here, quotes included.
fn text_length(rest: &str) -> usize {
    let mut is_escaped = false;
    for (at, letter) in rest.char_indices().skip(1) {
        match letter {
            '\\' if !is_escaped => is_escaped = true,
            '"' if !is_escaped => return at + 1,
            _ => is_escaped = false,
        }
    }
    rest.len()
}
