//! Which plain words are booleans, integers, null or text: the table of the language, in the JSON that serde reads.

use duban_engine::diagnostic::SourceId;
use duban_engine::yaml;
use serde_json::{Value, json};

#[test]
fn only_the_words_of_the_dialect_are_more_than_text() {
    let rows = [
        ("true", json!(true)),
        ("false", json!(false)),
        ("null", json!(null)),
        ("~", json!(null)),
        ("", json!(null)),
        ("0", json!(0)),
        ("-7", json!(-7)),
        ("9223372036854775807", json!(i64::MAX)),
        ("-9223372036854775808", json!(i64::MIN)),
        ("9223372036854775808", json!("9223372036854775808")),
        ("yes", json!("yes")),
        ("no", json!("no")),
        ("on", json!("on")),
        ("off", json!("off")),
        ("True", json!("True")),
        ("NULL", json!("NULL")),
        ("012", json!("012")),
        ("0o17", json!("0o17")),
        ("0x1F", json!("0x1F")),
        ("+86", json!("+86")),
        ("1_000", json!("1_000")),
        ("1:30", json!("1:30")),
        ("1.50", json!("1.50")),
        ("1e3", json!("1e3")),
        (".inf", json!(".inf")),
        (".nan", json!(".nan")),
        ("2026-09-28", json!("2026-09-28")),
        ("１２", json!("１２")),
        ("=returns + 1", json!("=returns + 1")),
        ("caller?", json!("caller?")),
        ("'true'", json!("true")),
        ("\"7\"", json!("7")),
        ("''", json!("")),
        ("\"~\"", json!("~")),
        ("|-\n  7", json!("7")),
    ];
    for (written, expected) in rows {
        let (root, found) = yaml::read(format!("a: {written}\n").as_bytes(), SourceId(0));
        assert_eq!(found, [], "{written}");
        assert_eq!(yaml::to_json(&root.expect("a tree")), json!({"a": expected}), "{written}");
    }
}

#[test]
fn a_question_mark_may_end_a_word_between_brackets() {
    let (root, found) = yaml::read(b"form: [channel, caller?, phone?]\n", SourceId(0));

    assert_eq!(found, []);
    let expected: Value = json!({"form": ["channel", "caller?", "phone?"]});
    assert_eq!(yaml::to_json(&root.expect("a tree")), expected);
}

#[test]
fn keys_are_text_whatever_they_look_like() {
    let (root, found) = yaml::read(b"1: a\ntrue: b\nnull: c\n012: d\n\"<<\": e\n", SourceId(0));

    assert_eq!(found, []);
    let expected = json!({"1": "a", "true": "b", "null": "c", "012": "d", "<<": "e"});
    assert_eq!(yaml::to_json(&root.expect("a tree")), expected);
}

#[test]
fn a_broken_text_gives_what_was_read_before_the_break() {
    let text = "title: 办理\nsteps:\n  a: {title: 甲}\n  b: {title: [乙, 丙\n  c: 1\n";
    let (root, found) = yaml::read(text.as_bytes(), SourceId(0));

    assert_eq!(found.len(), 1);
    let expected = json!({
        "title": "办理",
        "steps": {"a": {"title": "甲"}, "b": {"title": ["乙"]}},
    });
    assert_eq!(yaml::to_json(&root.expect("a tree")), expected);
}

#[test]
fn the_first_of_two_equal_keys_stays() {
    let (root, found) = yaml::read(b"a: 1\nb: {c: 2, c: 3}\na: {d: 4, d: 5}\n", SourceId(0));

    let codes: Vec<_> = found.iter().map(|one| one.code).collect();
    assert_eq!(codes, ["duplicate-key"; 3]);
    assert_eq!(yaml::to_json(&root.expect("a tree")), json!({"a": 1, "b": {"c": 2}}));
}
