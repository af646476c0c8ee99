//! The schema knows exactly the keys that the checker knows.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde_json::Value as Json;

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("the engine's sources are beside its tests") {
        let path = entry.expect("the folder can be read").path();
        if path.is_dir() {
            sources(&path, found);
        } else {
            found.push(path);
        }
    }
}

/// The keys that the checker asks for: `take("key")` and `require("key"`, and the lists of effects.
fn keys_of_the_checker() -> BTreeSet<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    for part in ["checker", "clauses", "steps", "compile"] {
        sources(&root.join(part), &mut files);
    }
    let mut keys: BTreeSet<String> =
        duban_engine::clauses::effects::EFFECTS.iter().map(|(key, _)| (*key).to_owned()).collect();
    for file in files {
        let text = std::fs::read_to_string(file).expect("a source is text");
        for call in ["take(\"", "require(\""] {
            keys.extend(text.split(call).skip(1).filter_map(|rest| rest.split('"').next()).map(ToOwned::to_owned));
        }
    }
    keys
}

fn keys_of(schema: &Json, found: &mut BTreeSet<String>) {
    match schema {
        Json::Object(fields) => {
            if let Some(Json::Object(properties)) = fields.get("properties") {
                found.extend(properties.keys().cloned());
            }
            fields.values().for_each(|inner| keys_of(inner, found));
        }
        Json::Array(items) => items.iter().for_each(|inner| keys_of(inner, found)),
        _ => {}
    }
}

#[test]
fn the_schema_names_every_key_of_the_checker_and_no_other() {
    let mut in_schema = BTreeSet::new();
    keys_of(&duban_engine::schema::process(), &mut in_schema);
    let mut in_checker = keys_of_the_checker();
    // Read by other means than `take`: the kind of field, and what the first look at the steps finds.
    in_checker.extend(
        ["text", "type", "choice", "catalog", "list", "raise", "each", "after_each", "goto", "to"]
            .map(ToOwned::to_owned),
    );

    let missing: Vec<&String> = in_checker.difference(&in_schema).collect();
    let invented: Vec<&String> = in_schema.difference(&in_checker).collect();

    assert!(missing.is_empty(), "the schema does not know {missing:?}");
    assert!(invented.is_empty(), "the checker does not know {invented:?}");
}

/// Every `pattern` of the schema.
fn patterns_of(schema: &Json, found: &mut BTreeSet<String>) {
    match schema {
        Json::Object(fields) => {
            found.extend(fields.get("pattern").and_then(Json::as_str).map(ToOwned::to_owned));
            fields.values().for_each(|inner| patterns_of(inner, found));
        }
        Json::Array(items) => items.iter().for_each(|inner| patterns_of(inner, found)),
        _ => {}
    }
}

#[test]
fn names_are_told_by_a_pattern_without_classes_that_only_some_validators_know() {
    let schema = duban_engine::schema::process();
    let mut patterns = BTreeSet::new();
    patterns_of(&schema, &mut patterns);

    let pattern = schema["properties"]["process"]["pattern"].as_str().expect("a name has a pattern");
    let name = regex::Regex::new(pattern).expect("the pattern is right");

    assert!(patterns.iter().all(|pattern| !pattern.contains("\\p")), "{patterns:?}");
    for right in ["appeal", "群众诉求", "sign-off", "_a", "a_1", "é"] {
        assert!(name.is_match(right), "{right} is a name");
    }
    for wrong in ["", "1a", "-a", "a b", "a.b", "a:b", "a\u{a0}b", "a~"] {
        assert!(!name.is_match(wrong), "{wrong} is no name");
    }
}

/// The keys of the schema that say nothing to a reader.
fn undescribed(schema: &Json, found: &mut BTreeSet<String>) {
    match schema {
        Json::Object(fields) => {
            if let Some(Json::Object(properties)) = fields.get("properties") {
                let silent = properties.iter().filter(|(_, shape)| shape.get("description").is_none());
                found.extend(silent.map(|(key, _)| key.clone()));
            }
            fields.values().for_each(|inner| undescribed(inner, found));
        }
        Json::Array(items) => items.iter().for_each(|inner| undescribed(inner, found)),
        _ => {}
    }
}

#[test]
fn every_key_says_what_it_means() {
    let mut silent = BTreeSet::new();
    undescribed(&duban_engine::schema::process(), &mut silent);

    assert!(silent.is_empty(), "{silent:?}");
}
