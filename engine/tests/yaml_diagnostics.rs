//! Golden tests: a bad YAML file in, exactly the text an author is shown out.
//!
//! Each `diagnostics/yaml/NAME.yaml` is only read; each `diagnostics/reader/NAME.yaml` is also compiled as a toy
//! process, so that unknown keys and wrong shapes are shown. The text is in `NAME.txt` beside it; `DUBAN_BLESS=1`
//! writes it anew, to be read like code.

use std::fs;
use std::path::{Path, PathBuf};

use duban_engine::diagnostic::{Diagnostics, Source, Sources, render};
use duban_engine::yaml::reader::{
    Fields, boolean, integer, integer_within, key_name, mapping, name, one_of, one_or_many, sequence, text,
};
use duban_engine::yaml::{self, Node};

#[test]
fn bad_yaml_is_explained_as_the_golden_files_say() {
    check("tests/diagnostics/yaml", |_root, _out| {});
}

#[test]
fn wrong_keys_and_shapes_are_explained_as_the_golden_files_say() {
    check("tests/diagnostics/reader", compile);
}

/// A toy process, read with every helper there is.
fn compile(root: &Node, out: &mut Diagnostics) {
    let Some(mut fields) = Fields::of(root, "a process", out) else {
        return;
    };
    fields.require("process", out).and_then(|node| name(node, out));
    fields.require("title", out).and_then(|node| text(node, out));
    fields.take("urgent").and_then(|node| boolean(node, out));
    fields.take("returns").and_then(|node| integer(node, out));
    fields.take("priority").and_then(|node| integer_within(node, 1..=9, out));
    let joins = [("all", 0), ("any", 1), ("none", 2)];
    fields.take("join").and_then(|node| one_of(node, &joins, out));
    for node in fields.take("by").map_or(&[][..], one_or_many) {
        name(node, out);
    }
    let form = fields.take("form").and_then(|node| sequence(node, out));
    for node in form.unwrap_or_default() {
        name(node, out);
    }
    let steps = fields.take("steps").and_then(|node| mapping(node, out));
    for entry in steps.unwrap_or_default() {
        key_name(&entry.key, out);
        if let Some(mut step) = Fields::of(&entry.value, "a step", out) {
            step.take("title").and_then(|node| text(node, out));
            step.finish(&["by", "deadline", "actions", "goto"], out);
        }
    }
    fields.finish(&[], out);
}

/// Fails unless every file of a directory is explained as its golden file says.
fn check(directory: &str, compile: fn(&Node, &mut Diagnostics)) {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join(directory);
    let mut inputs: Vec<PathBuf> = fs::read_dir(&directory)
        .expect("the directory of golden files exists")
        .map(|entry| entry.expect("an entry can be read").path())
        .filter(|path| path.extension().is_some_and(|end| end == "yaml"))
        .collect();
    inputs.sort();
    assert!(!inputs.is_empty());

    let wrong: Vec<String> = inputs.iter().filter_map(|path| differs(path, compile)).collect();

    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What is shown for a file, if it is not what its golden file says.
fn differs(path: &Path, compile: fn(&Node, &mut Diagnostics)) -> Option<String> {
    let bytes = fs::read(path).expect("the input can be read");
    let name = path.file_name().expect("it is a file").to_string_lossy();
    let mut sources = Sources::new();
    let id = sources.add(Source::new(name.as_ref(), &bytes));
    let (root, found) = yaml::read(&bytes, id);
    let mut out = Diagnostics::new();
    out.extend(found);
    if let Some(root) = &root {
        compile(root, &mut out);
    }
    let shown = render(&out.into_vec(), &sources, false);
    let golden = path.with_extension("txt");
    if std::env::var_os("DUBAN_BLESS").is_some() {
        fs::write(&golden, &shown).expect("the golden file can be written");
        return None;
    }
    let wanted = fs::read_to_string(&golden).unwrap_or_default();
    (shown != wanted).then(|| format!("{name}: wanted\n{wanted}\nshown\n{shown}"))
}
