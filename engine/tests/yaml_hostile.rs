//! Hostile files: too large, too deep, too many, in no encoding; refused soon and without a panic.

use std::time::{Duration, Instant};

use duban_engine::diagnostic::{Diagnostic, Severity, Source, SourceId, Sources, render};
use duban_engine::yaml::{self, NODES_MAX, Node, TEXT_BYTES_MAX};
use proptest::prelude::*;

/// Generous for a slow machine with an unoptimized build; what is quadratic in a megabyte takes hours.
const PATIENCE: Duration = Duration::from_secs(20);

/// Reads, renders and translates in time, or fails.
fn read(bytes: &[u8]) -> (Option<Node>, Vec<Diagnostic>) {
    let begun = Instant::now();
    let (root, found) = yaml::read(bytes, SourceId(0));
    let mut sources = Sources::new();
    sources.add(Source::new("hostile.yaml", bytes));
    let shown = render(&found, &sources, false);
    let translated: Vec<_> = found.iter().map(|one| one.to_json(&sources)).collect();
    assert!(begun.elapsed() < PATIENCE, "{:?}", begun.elapsed());
    assert_eq!(shown.is_empty(), translated.is_empty());
    (root, found)
}

fn codes(bytes: &[u8]) -> Vec<&'static str> {
    read(bytes).1.iter().map(|one| one.code).collect()
}

/// A text repeated up to the largest size that is read.
fn filled(piece: &str) -> Vec<u8> {
    piece.repeat(TEXT_BYTES_MAX / piece.len()).into_bytes()
}

#[test]
fn ten_megabytes_of_brackets_are_refused_unread() {
    assert_eq!(codes(&vec![b'['; 10 * 1024 * 1024]), ["file-too-large"]);
}

#[test]
fn a_megabyte_of_brackets_is_refused_as_too_deep() {
    for piece in ["[", "{", "{a: ", "- ", "? ", "[{a: "] {
        assert_eq!(codes(&filled(piece)), ["nested-too-deep"], "{piece}");
    }
}

#[test]
fn more_nodes_than_allowed_are_refused() {
    let list = "- 1\n".repeat(NODES_MAX + 1);

    assert_eq!(codes(list.as_bytes()), ["too-many-nodes"]);
}

#[test]
fn a_bomb_of_aliases_does_not_grow() {
    let mut bomb = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x]\n");
    for level in 1..20 {
        let before = format!("*a{}, ", level - 1).repeat(9);
        bomb.push_str(&format!("a{level}: &a{level} [{before}]\n"));
    }

    let (root, found) = read(bomb.as_bytes());

    assert_eq!(found.len(), 20 + 19 * 9);
    assert!(found.iter().all(|one| one.code == "anchor"));
    assert_eq!(yaml::to_json(&root.expect("a tree"))["a19"][8], "*a18");
}

#[test]
fn a_megabyte_of_anything_is_read_or_refused_in_time() {
    let pieces = [
        "a: 1\n",
        "a",
        "\"",
        "'",
        "\"\\",
        "''",
        "#",
        "# c\n",
        "\n",
        " ",
        "\t",
        "a: b: ",
        "a:\n ",
        "&a ",
        "*a ",
        "*a\n",
        "!a ",
        "!!",
        "? a\n",
        ": a\n",
        "[a,",
        "[],",
        "{},",
        "- |\n",
        "- >\n",
        "---\n",
        "...\n",
        "%YAML 1.2\n",
        "a b\n",
        "：",
        "\u{3000}",
        "-",
        "- - \n",
        "{a}: 1\n",
        "\r",
        "<<: 1\n",
        "@",
        "a: [\n",
        "a: 'x\n\n",
        "- \"a\n  b\"\n",
        "k k: 1\n",
        "\u{202e}",
        "x: |\n  \n",
    ];
    for piece in pieces {
        let (root, found) = read(&filled(piece));
        let is_refused = found.iter().any(|one| one.severity == Severity::Error);
        assert!(root.is_some() || is_refused, "{piece:?}");
    }
}

#[test]
fn a_megabyte_in_one_line_full_of_mistakes_is_answered_in_time() {
    let mut line = b"{".to_vec();
    line.extend(filled("键, "));
    line.truncate(TEXT_BYTES_MAX);

    assert_eq!(codes(&line)[0], "duplicate-key");
}

#[test]
fn a_key_given_in_thousands_is_reported_up_to_the_limit() {
    let found = codes(&b"key: 1\n".repeat(10_000));

    assert_eq!(found.iter().filter(|code| **code == "duplicate-key").count(), 500);
    assert_eq!(found.last(), Some(&"too-many-diagnostics"));
}

#[test]
fn other_encodings_are_called_by_their_name() {
    let text = "process: appeal\ntitle: 群众诉求办理\n";
    let little: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let big: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
    // `群众诉求` as code page 936 has it.
    let gbk = b"title: \xC8\xBA\xD6\xDA\xCB\xDF\xC7\xF3\n".to_vec();
    let with_mark = |mark: &[u8], bytes: &[u8]| [mark, bytes].concat();
    let expected = [
        (little.clone(), "UTF-16 (little endian)"),
        (big.clone(), "UTF-16 (big endian)"),
        (with_mark(b"\xFF\xFE", &little), "UTF-16 (little endian)"),
        (with_mark(b"\xFE\xFF", &big), "UTF-16 (big endian)"),
        (with_mark(b"\xFF\xFE\0\0", b"a\0\0\0"), "UTF-32 (little endian)"),
        (with_mark(b"\0\0\xFE\xFF", b"\0\0\0a"), "UTF-32 (big endian)"),
        (gbk, "GBK (GB18030)"),
    ];
    for (bytes, encoding) in expected {
        let (root, found) = read(&bytes);

        assert!(root.is_none());
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].code, "not-utf-8");
        assert!(found[0].message.contains(encoding), "{}", found[0].message);
    }
}

#[test]
fn a_damaged_place_in_utf_8_is_shown_where_it_is() {
    let mut bytes = "标题: 办理\n来源: 电话\n".as_bytes().to_vec();
    let at = bytes.len() - 3;
    bytes[at] = b'x';

    let (_, found) = read(&bytes);

    assert_eq!(found[0].code, "not-utf-8");
    assert!(!found[0].message.contains("GBK"), "{}", found[0].message);
    // The character whose first two bytes lost their third starts three bytes before the damage or at it.
    assert!(found[0].span.start as usize >= at - 3 && found[0].span.start as usize <= at + 1);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let (root, found) = read(&bytes);
        prop_assert!(root.is_some() || !found.is_empty());
    }

    #[test]
    fn no_soup_of_yaml_makes_it_panic(
        pieces in prop::collection::vec(
            prop::sample::select(vec![
                "a", "b: ", ":", "：", "- ", "? ", "\n", "\n  ", "\n ", "\t", " ", "[", "]", "{", "}", ",", "'", "\"",
                "|\n", ">-\n", "&x ", "*x ", "!t ", "<<: ", "# c", "---\n", "...\n", "%", "中", "😀", "\r\n", "\\",
                "~", "1", "true", "\u{feff}", "\u{3000}", "\0",
            ]),
            0..60,
        )
    ) {
        let text = pieces.concat();
        let (root, found) = read(text.as_bytes());
        prop_assert!(root.is_some() || !found.is_empty());
        for one in &found {
            prop_assert!(one.span.end as usize <= text.len(), "{:?}", one);
        }
        if let Some(root) = root {
            prop_assert!(spans_nest(&root, root.span.start, text.len() as u32), "{:?}", root);
        }
    }
}

/// Every place lies in its parent's, and siblings come one after the other.
fn spans_nest(node: &Node, from: u32, to: u32) -> bool {
    if node.span.start < from || node.span.end > to {
        return false;
    }
    let mut at = node.span.start;
    match &node.kind {
        yaml::Kind::Scalar(_) => true,
        yaml::Kind::Sequence(items) => items.iter().all(|item| {
            let is_right = spans_nest(item, at, node.span.end);
            at = item.span.end;
            is_right
        }),
        yaml::Kind::Mapping(entries) => entries.iter().all(|entry| {
            let is_right = entry.key.span.start >= at && spans_nest(&entry.value, entry.key.span.end, node.span.end);
            at = entry.value.span.end;
            is_right
        }),
    }
}
