//! The tree against another parser's: `vectors/yaml/*.json` is what PyYAML makes of the `.yaml` beside it.

use std::fs;
use std::path::{Path, PathBuf};

use duban_engine::diagnostic::SourceId;
use duban_engine::yaml::{self, Kind, Node};
use proptest::prelude::*;
use serde_json::{Map, Value};

struct Vector {
    name: String,
    text: String,
    answer: Value,
}

fn vectors() -> Vec<Vector> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors/yaml");
    let mut paths: Vec<PathBuf> = fs::read_dir(directory)
        .expect("the directory of vectors exists")
        .map(|entry| entry.expect("an entry can be read").path())
        .filter(|path| path.extension().is_some_and(|end| end == "yaml"))
        .collect();
    paths.sort();
    assert!(paths.len() >= 9, "there are vectors");
    let vector = |path: &PathBuf| {
        let json = fs::read(path.with_extension("json")).expect("make.py wrote the answer");
        Vector {
            name: path.display().to_string(),
            text: fs::read_to_string(path).expect("a vector is UTF-8"),
            answer: serde_json::from_slice(&json).expect("the answer is JSON"),
        }
    };
    paths.iter().map(vector).collect()
}

fn read(vector: &Vector) -> Node {
    let (root, found) = yaml::read(vector.text.as_bytes(), SourceId(0));
    assert_eq!(found, [], "{}", vector.name);
    root.expect("a tree without findings")
}

/// The tree with every scalar as a string, as the other parser was told to give it.
fn as_strings(node: &Node) -> Value {
    match &node.kind {
        Kind::Scalar(scalar) => Value::from(scalar.text.as_str()),
        Kind::Sequence(items) => items.iter().map(as_strings).collect(),
        Kind::Mapping(entries) => {
            let pairs = entries.iter().map(|entry| (entry.key.text.to_string(), as_strings(&entry.value)));
            Value::Object(pairs.collect::<Map<_, _>>())
        }
    }
}

/// A scalar as the vectors list it: text, start and end; and whether plain, for values.
type Listed = (String, Option<bool>, u32, u32);

fn list(node: &Node, into: &mut Vec<Listed>) {
    match &node.kind {
        Kind::Scalar(scalar) => {
            let (start, end) = (node.span.start, node.span.end);
            into.push((scalar.text.to_string(), Some(scalar.plain), start, end));
        }
        Kind::Sequence(items) => items.iter().for_each(|item| list(item, into)),
        Kind::Mapping(entries) => {
            for entry in entries {
                let (start, end) = (entry.key.span.start, entry.key.span.end);
                into.push((entry.key.text.to_string(), None, start, end));
                list(&entry.value, into);
            }
        }
    }
}

#[test]
fn structure_and_text_are_what_another_parser_reads() {
    for vector in vectors() {
        let root = read(&vector);

        assert_eq!(as_strings(&root), vector.answer["tree"], "{}", vector.name);
    }
}

#[test]
fn places_are_where_another_parser_finds_them() {
    for vector in vectors() {
        let bytes: Vec<usize> = vector.text.char_indices().map(|(at, _)| at).chain([vector.text.len()]).collect();
        let mut found = Vec::new();
        list(&read(&vector), &mut found);

        let wanted = vector.answer["scalars"].as_array().expect("a list");
        assert_eq!(found.len(), wanted.len(), "{}", vector.name);
        for ((text, plain, start, end), wanted) in found.iter().zip(wanted) {
            let number = |index: usize| wanted[index].as_u64().expect("a number") as usize;
            assert_eq!(*text, wanted[0], "{}", vector.name);
            if let Some(plain) = plain {
                assert_eq!(*plain, wanted[1], "{} {text}", vector.name);
            }
            let is_block = wanted[2] == true;
            // Blocks are counted from their `|` there, from their content here; a missing value has
            // its place after the colon here, but where the next token starts there.
            let is_missing = text.is_empty() && number(3) == number(4);
            if !is_block && !is_missing {
                let place = (*start as usize, *end as usize);
                let wanted = (bytes[number(3)], bytes[number(4)]);
                assert_eq!(place, wanted, "{} {text}", vector.name);
            }
        }
    }
}

/// JSON with what the dialect keeps as it is: no fractions, no control characters beyond those JSON escapes.
fn json() -> impl Strategy<Value = Value> {
    let text = "[a-z0-9 :#,\\[\\]{}&*!|>'\"%@`~=?<\\-\\\\/\n\t\u{1}中文：，😀é]{0,12}";
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        text.prop_map(Value::from),
    ];
    leaf.prop_recursive(6, 60, 6, move |inner| {
        let list = prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from);
        // A key with a tab or line break is refused for being invisible.
        let key = "[a-z0-9 :#,\\[\\]{}&*!|>'\"%@`~=?<\\-\\\\/中文：，😀é]{0,8}";
        let map =
            prop::collection::btree_map(key, inner, 0..6).prop_map(|pairs| Value::Object(pairs.into_iter().collect()));
        prop_oneof![list, map]
    })
}

proptest! {
    /// JSON is YAML, so another project's JSON printer is a second opinion on flow style and quotes.
    #[test]
    fn any_json_is_read_as_itself(value in json(), is_pretty: bool) {
        let text = match is_pretty {
            true => serde_json::to_string_pretty(&value),
            false => serde_json::to_string(&value),
        };
        let text = text.expect("a value can be written");

        let (root, found) = yaml::read(text.as_bytes(), SourceId(0));

        prop_assert_eq!(found, []);
        prop_assert_eq!(yaml::to_json(&root.expect("a tree")), value);
    }
}
