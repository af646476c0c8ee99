//! How findings look that the golden files have none of: several files, far places, long lines, colours.

use duban_engine::diagnostic::{Diagnostic, Severity, Source, SourceId, Sources, Span, quoted, render};

fn finding(source: SourceId, at: u32, length: u32) -> Diagnostic {
    Diagnostic::new(Severity::Error, Span::new(source, at, at + length), "wrong", "this is wrong")
}

#[test]
fn a_note_in_another_file_is_shown_with_its_file() {
    let mut sources = Sources::new();
    let process = sources.add(Source::new("process.yaml", b"by: clrek\n"));
    let organization = sources.add(Source::new("organization.yaml", "# 组织\nclerk: 承办人\n".as_bytes()));
    let mut one = finding(process, 4, 5);
    one.label("nobody has this").help("did you mean `clerk`?").remark("duties come from the organisation");
    one.note(Span::new(organization, 9, 14), "defined here");

    let shown = render(&[one], &sources, false);

    let expected = "\
error[wrong]: this is wrong
 --> process.yaml:1:5
  |
1 | by: clrek
  |     ^^^^^ nobody has this
  |
 ::: organization.yaml:2:1
  |
2 | clerk: 承办人
  | ----- defined here
  |
  = note: duties come from the organisation
  = help: did you mean `clerk`?
";
    assert_eq!(shown, expected);
}

#[test]
fn a_place_of_many_lines_is_underlined_on_its_first() {
    let mut sources = Sources::new();
    let id = sources.add(Source::new("a.yaml", b"steps:\n  a: 1\n  b: 2\n"));

    let shown = render(&[finding(id, 9, 11)], &sources, false);

    let expected = "error[wrong]: this is wrong\n --> a.yaml:2:3\n  |\n2 |   a: 1\n  |   ^^^^\n";
    assert_eq!(shown, expected);
}

#[test]
fn far_places_of_one_file_are_shown_without_the_lines_between() {
    let text = "a: 1\n".repeat(2000);
    let mut sources = Sources::new();
    let id = sources.add(Source::new("a.yaml", text.as_bytes()));
    let mut one = finding(id, 5 * 1999, 1);
    one.note(Span::new(id, 0, 1), "first here");

    let shown = render(&[one], &sources, false);

    let expected = "\
error[wrong]: this is wrong
    --> a.yaml:2000:1
     |
2000 | a: 1
     | ^
     |
    ::: a.yaml:1:1
     |
   1 | a: 1
     | - first here
";
    assert_eq!(shown, expected);
}

#[test]
fn a_line_too_long_to_draw_is_named_by_its_place() {
    let text = format!("a: \"{}\"\n标题", "长".repeat(20_000));
    let mut sources = Sources::new();
    let id = sources.add(Source::new("a.yaml", text.as_bytes()));

    let shown = render(&[finding(id, 3 + 1 + 3 * 100, 3)], &sources, false);

    assert_eq!(shown, "error[wrong]: this is wrong\n--> a.yaml:1:105\n");
}

#[test]
fn places_that_do_not_exist_are_shown_as_near_as_can_be() {
    let mut sources = Sources::new();
    let id = sources.add(Source::new("a.yaml", "标题".as_bytes()));

    let past = render(&[finding(id, 900, 5)], &sources, false);
    let unknown = render(&[finding(SourceId(7), 0, 1)], &sources, false);
    let inside_character = render(&[finding(id, 4, 1)], &sources, false);

    assert!(past.contains("a.yaml:1:3"), "{past}");
    assert_eq!(unknown, "error[wrong]: this is wrong\n");
    assert!(inside_character.contains("a.yaml:1:2"), "{inside_character}");
}

#[test]
fn colours_change_nothing_but_colours() {
    let mut sources = Sources::new();
    let id = sources.add(Source::new("a.yaml", "标题: 1\n".as_bytes()));
    let found = [finding(id, 0, 6), finding(id, 8, 1)];

    let plain = render(&found, &sources, false);
    let colored = render(&found, &sources, true);

    assert!(colored.contains("\u{1b}["));
    let mut stripped = String::new();
    let mut pieces = colored.split("\u{1b}[");
    stripped.push_str(pieces.next().unwrap_or_default());
    for piece in pieces {
        let (_code, text) = piece.split_once('m').expect("a colour ends with m");
        stripped.push_str(text);
    }
    assert_eq!(stripped, plain);
}

#[test]
fn words_of_the_author_cannot_break_a_message() {
    assert_eq!(quoted("受理 员"), "`受理 员`");
    assert_eq!(quoted("a\nb\t\u{1b}[31m\u{202e}\u{200b}"), "`a\\nb\\t\\u{1b}[31m\\u{202e}\\u{200b}`");
    assert_eq!(quoted(&"长".repeat(100)), format!("`{}…`", "长".repeat(60)));
}
