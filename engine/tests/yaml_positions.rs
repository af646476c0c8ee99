//! Places in text with Chinese, emoji and Windows line ends, against values counted another way.

use duban_engine::diagnostic::{Diagnostic, Severity, Source, SourceId, Sources, Span, render};
use duban_engine::yaml::{self, Node};
use proptest::prelude::*;
use serde_json::json;

fn read(text: &str) -> Node {
    let (root, found) = yaml::read(text.as_bytes(), SourceId(0));
    assert_eq!(found, []);
    root.expect("a tree without findings")
}

/// The bytes of the file that a piece of a scalar's text is placed at.
fn placed<'a>(text: &'a str, root: &Node, key: &str, piece: &str) -> &'a str {
    let scalar = root.get(key).and_then(Node::as_scalar).expect("a scalar");
    let at = scalar.text.find(piece).expect("the piece is in the text");
    let span = scalar.place(at..at + piece.len());
    &text[span.start as usize..span.end as usize]
}

#[test]
fn a_place_after_emoji_counts_each_unit_as_its_reader_does() {
    let source = Source::new("a.yaml", "办理: 1\n😀标题: é\r\nlast".as_bytes());
    let at = "办理: 1\n😀标题".len() as u32;

    let position = source.position(at);

    assert_eq!(position.byte, 6 + 4 + 4 + 6);
    assert_eq!((position.line, position.column, position.utf16), (2, 4, 4));
    assert_eq!(source.line(2), Some("😀标题: é"));
    assert_eq!(source.line(3), Some("last"));
    assert_eq!(source.line(4), None);
}

#[test]
fn a_byte_order_mark_takes_no_place() {
    let bytes = "\u{FEFF}a: 1\n".as_bytes();
    let (root, found) = yaml::read(bytes, SourceId(0));

    let source = Source::new("a.yaml", bytes);

    assert_eq!(found, []);
    let value = root.expect("a tree").get("a").expect("a value").span;
    assert_eq!(source.slice(value), "1");
    assert_eq!(source.position(value.start).column, 4);
}

proptest! {
    #[test]
    fn positions_are_those_of_counting_by_hand(text in "([a中😀é\u{301}]|\n|\r\n){0,40}", at in 0_usize..200) {
        let byte = text.floor_char_boundary(at);
        let position = Source::new("a.yaml", text.as_bytes()).position(at as u32);

        let before: Vec<&str> = text[..byte].split('\n').collect();
        let line = before.last().expect("split gives one at least");
        prop_assert_eq!(position.byte as usize, byte);
        prop_assert_eq!(position.line as usize, before.len());
        prop_assert_eq!(position.column as usize, line.chars().count() + 1);
        prop_assert_eq!(position.utf16 as usize, line.encode_utf16().count());
    }
}

#[test]
fn a_piece_of_an_expression_is_found_in_the_file() {
    let text = "plain: 数量 > 3 and 紧急\nsingle: '数量 > 3'\ndouble: \"数量 > 3\"\n\
                literal: |\n  数量 > 3\n  and 紧急\nfolded: >-\n    数量 > 3\n    and 紧急\n\
                lines: 数量 > 3\n  and 紧急\nquoted: \"数量 > 3\n  and 紧急\"\n";
    let root = read(text);

    for key in ["plain", "single", "double", "literal", "folded", "lines", "quoted"] {
        assert_eq!(placed(text, &root, key, "量 > 3"), "量 > 3", "{key}");
    }
    for key in ["plain", "literal", "folded", "lines", "quoted"] {
        assert_eq!(placed(text, &root, key, "紧急"), "紧急", "{key}");
    }
    assert_eq!(placed(text, &root, "folded", "3 and"), "3\n    and");
    assert_eq!(placed(text, &root, "literal", "3\n"), "3\n");
    let plain = root.get("plain").and_then(Node::as_scalar).expect("a scalar");
    assert_eq!(plain.content_start, "plain: ".len() as u32);
    assert_eq!(plain.place(0..0).start, plain.place(0..0).end);
}

#[test]
fn a_piece_of_text_with_escapes_is_placed_at_the_whole() {
    let text = "a: \"x \\u4e2d y\"\nb: 'it''s y'\n";
    let root = read(text);

    assert_eq!(placed(text, &root, "a", "y"), "\"x \\u4e2d y\"");
    assert_eq!(placed(text, &root, "b", "y"), "'it''s y'");
}

#[test]
fn lists_and_mappings_reach_from_their_first_byte_to_their_last() {
    let text = "list:\n  - 甲\n  - {b: 乙} # comment\n\nnext:\nlast: [1, 2 ]\n";
    let root = read(text);
    let shown = |key: &str| {
        let span = root.get(key).expect("a value").span;
        &text[span.start as usize..span.end as usize]
    };

    assert_eq!(shown("list"), "- 甲\n  - {b: 乙}");
    assert_eq!(shown("next"), "");
    assert_eq!(shown("last"), "[1, 2 ]");
    let next = root.get("next").expect("a value").span.start as usize;
    assert!(text[..next].ends_with("next:"));
}

#[test]
fn an_underline_stands_under_wide_characters() {
    let text = "标题: 群众诉求 x\n";
    let mut sources = Sources::new();
    let id = sources.add(Source::new("流程.yaml", text.as_bytes()));
    let at = text.find("诉求").expect("it is there") as u32;
    let span = Span::new(id, at, at + "诉求".len() as u32);
    let finding = Diagnostic::new(Severity::Error, span, "wrong", "not this");

    let shown = render(&[finding], &sources, false);

    // Every Chinese character takes two columns: 4 + `: ` 2 + 4 before it, and 4 under it.
    let expected = "error[wrong]: not this\n --> 流程.yaml:1:7\n  |\n1 | 标题: 群众诉求 x\n  |           ^^^^\n";
    assert_eq!(shown, expected);
}

#[test]
fn json_for_editors_has_every_way_to_count() {
    let text = "a: 1\n😀b: 中文\n";
    let mut sources = Sources::new();
    let id = sources.add(Source::new("a.yaml", text.as_bytes()));
    let at = text.find("中文").expect("it is there") as u32;
    let mut finding = Diagnostic::new(Severity::Warning, Span::new(id, at, at + 6), "odd", "odd text");
    finding.label("here").help("try `x`").note(Span::new(id, 0, 1), "see this").remark("and this");

    let place = |byte: u32, line: u32, column: u32, utf16: u32| json!({"byte": byte, "line": line, "column": column, "utf16": utf16});
    let expected = json!({
        "severity": "warning", "code": "odd", "message": "odd text", "file": "a.yaml",
        "start": place(12, 2, 5, 5), "end": place(18, 2, 7, 7),
        "label": "here", "help": "try `x`",
        "notes": [
            {"message": "see this", "file": "a.yaml", "start": place(0, 1, 1, 0), "end": place(1, 1, 2, 1)},
            {"message": "and this"},
        ],
    });
    assert_eq!(finding.to_json(&sources), expected);
}
