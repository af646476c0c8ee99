//! Golden files: what a test shows, compared with what was read and found right before.

use std::fs;
use std::path::{Path, PathBuf};

/// The variable that writes golden files anew instead of comparing them.
pub const BLESS: &str = "DUBAN_BLESS";

/// A folder below `tests/golden`.
pub fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("golden").join(name)
}

/// The files of a folder that end like this, by name.
pub fn files(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("the folder of golden files is part of the checkout");
    let paths = entries.map(|entry| entry.expect("its entries can be listed").path());
    let mut found: Vec<PathBuf> = paths.filter(|path| path.extension().is_some_and(|end| end == extension)).collect();
    found.sort();
    assert!(!found.is_empty(), "no file in {} ends with .{extension}", folder.display());
    found
}

/// The text of a file.
pub fn text(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// What differs between what is shown and the golden file, line by line; nothing when they are the same.
pub fn differs(golden: &Path, shown: &str) -> Option<String> {
    if std::env::var_os(BLESS).is_some() {
        fs::write(golden, shown).unwrap_or_else(|error| panic!("{}: {error}", golden.display()));
        return None;
    }
    let wanted = fs::read_to_string(golden).unwrap_or_default();
    if wanted == shown {
        return None;
    }
    let first = wanted.lines().zip(shown.lines()).take_while(|(wanted, shown)| wanted == shown).count();
    let line = |text: &str| text.lines().nth(first).unwrap_or("(nothing)").to_owned();
    let (wanted_line, shown_line) = (line(&wanted), line(shown));
    let name = golden.display();
    Some(format!("{name}:{}\n  wanted {wanted_line}\n  shown  {shown_line}\nwhole:\n{shown}", first + 1))
}
