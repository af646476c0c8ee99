//! `duban import`: what becomes of a spreadsheet.

use std::fs;
use std::path::Path;

use super::serve::deployed;
use super::{Scratch, duban, text};

#[test]
fn a_backlog_is_imported_once_and_whole() {
    let scratch = Scratch::new();
    let database = deployed(&scratch);
    let import = |file: &str, more: &[&str]| {
        let words = ["import", file, "--process", "appeal", "--as", "wei-hongwei", "--database", &database];
        duban(&[&words[..], more].concat())
    };

    let wrong = "来源,诉求内容,急办件\n市长信箱,一,是\n飞鸽传书,二,否\n市长信箱,,否\n市长信箱,四,也许\n";
    let refused = import(&scratch.write("wrong.csv", wrong), &[]);
    let shown = text(&refused.stdout);
    assert_eq!(refused.status.code(), Some(1), "{shown}");
    for line in
        ["wrong.csv:3: `来源`:", "wrong.csv:4:", "wrong.csv:5: `急办件`:", "3 mistakes, so nothing was imported"]
    {
        assert!(shown.contains(line), "{line}: {shown}");
    }

    let good = "\u{feff}来源,content,旧编号\n市长信箱,一,A-1\nphone,\"二,\n两行\",A-2\n";
    let file = scratch.write("good.csv", good);
    let first = import(&file, &["--key", "旧编号"]);
    assert!(first.status.success(), "{}", text(&first.stdout));
    assert!(text(&first.stdout).contains("2 cases opened, 0 were there before"), "{}", text(&first.stdout));
    let more = scratch.write("more.csv", &format!("{good}sms,三,A-3\n"));
    let second = import(&more, &["--key", "旧编号"]);
    assert!(text(&second.stdout).contains("1 case opened, 2 were there before"), "{}", text(&second.stdout));

    let verified = duban(&["verify", "--database", &database]);
    assert!(verified.status.success(), "{}", text(&verified.stdout));
    assert!(text(&verified.stdout).starts_with("ok, 3 cases: "), "{}", text(&verified.stdout));
}

#[test]
fn a_column_that_is_no_field_is_named_with_what_was_meant() {
    let scratch = Scratch::new();
    let database = deployed(&scratch);
    let file = scratch.write("slip.csv", "contnt\n一\n");

    let refused = duban(&["import", &file, "--process", "appeal", "--as", "wei-hongwei", "--database", &database]);

    assert_eq!(refused.status.code(), Some(1));
    assert!(text(&refused.stdout).contains("slip.csv:1: `contnt`:"), "{}", text(&refused.stdout));
    assert!(text(&refused.stdout).contains("did you mean `content`?"), "{}", text(&refused.stdout));
}

/// What an import for an appeal says, and how it ends.
fn imported(scratch: &Scratch, database: &str, file: &str, person: &str) -> (Option<i32>, String) {
    let file = scratch.write("some.csv", file);
    let done = duban(&["import", &file, "--process", "appeal", "--as", person, "--database", database]);
    (done.status.code(), text(&done.stdout) + &text(&done.stderr))
}

#[test]
fn who_may_not_open_cases_is_told_once() {
    let scratch = Scratch::new();
    let database = deployed(&scratch);
    let rows = "来源,诉求内容\n市长信箱,一\n市长信箱,二\n";

    let (status, unknown) = imported(&scratch, &database, rows, "wei-hongwie");
    assert_eq!(status, Some(2), "{unknown}");
    assert_eq!(unknown.matches("wei-hongwie").count(), 1, "{unknown}");
    assert!(unknown.contains("there is no person `wei-hongwie` in the organization, did you mean `wei-hongwei`?"));

    let (status, other) = imported(&scratch, &database, rows, "qian-xiaodong");
    assert_eq!(status, Some(2), "{other}");
    assert_eq!(other.matches("qian-xiaodong").count(), 1, "{other}");
    assert!(other.contains("qian-xiaodong may not open cases of `appeal`"), "{other}");
}

#[test]
fn a_file_that_holds_no_rows_is_a_mistake() {
    let scratch = Scratch::new();
    let database = deployed(&scratch);

    for (file, said) in [
        ("", "some.csv:1: the file is empty; its first line names fields"),
        ("\u{feff}\n\n", "some.csv:1: the file is empty; its first line names fields"),
        ("来源,诉求内容\n", "some.csv:1: there is no row below the header"),
    ] {
        let (status, shown) = imported(&scratch, &database, file, "wei-hongwei");
        assert_eq!(status, Some(1), "{shown}");
        assert!(shown.contains(said) && shown.contains("1 mistake, so nothing was imported"), "{shown}");
    }
}

#[test]
fn a_file_with_other_separators_is_told_as_that() {
    let scratch = Scratch::new();
    let database = deployed(&scratch);

    for (file, separator) in [("来源;诉求内容\n市长信箱;一\n", "`;`"), ("来源\t诉求内容\n市长信箱\t一\n", "tabs")]
    {
        let (status, shown) = imported(&scratch, &database, file, "wei-hongwei");
        assert_eq!(status, Some(1), "{shown}");
        assert!(
            shown.contains(&format!("some.csv:1: the columns are separated by {separator}, not by commas")),
            "{shown}"
        );
        assert!(shown.contains("1 mistake"), "{shown}");
    }
}

#[test]
fn mistakes_speak_the_words_of_the_header() {
    let scratch = Scratch::new();
    let database = deployed(&scratch);
    let long = "长".repeat(20_001);

    let rows = format!("来源,诉求内容\n市长信箱,\n市长信箱,{long}\n");
    let (_, shown) = imported(&scratch, &database, &rows, "wei-hongwei");
    assert!(shown.contains("some.csv:2: `诉求内容`: this must be filled in\n"), "{shown}");
    assert!(shown.contains("some.csv:3: `诉求内容`: longer than 20000 characters\n"), "{shown}");

    let (_, shown) = imported(&scratch, &database, "channel,content\nmailbox,\n", "wei-hongwei");
    assert!(shown.contains("some.csv:2: `content`: this must be filled in\n"), "{shown}");

    let (_, shown) = imported(&scratch, &database, "来源\n市长信箱\n市长信箱\n", "wei-hongwei");
    assert!(shown.contains("some.csv:1: the column `诉求内容` (`content`) is missing"), "{shown}");
    assert!(shown.contains("1 mistake"), "{shown}");
}

#[test]
fn what_spreadsheets_leave_around_the_rows_is_passed_over() {
    let scratch = Scratch::new();
    let database = deployed(&scratch);

    let (status, shown) =
        imported(&scratch, &database, "来源,诉求内容,,\r\n市长信箱,一,,\r\n,,,\r\n,,,\r\n", "wei-hongwei");
    assert_eq!((status, shown.as_str()), (Some(0), "1 case opened, 0 were there before\n"));
    let (_, shown) = imported(&scratch, &database, "来源,诉求内容\n市长信箱,一\n", "wei-hongwei");
    assert_eq!(shown, "0 cases opened, 1 were there before\n", "it is the same row");

    for (file, said) in [
        ("来源,诉求内容,\n市长信箱,二,路灯\n", "some.csv:2: `路灯` stands in a column that the header has no name for"),
        ("sep=,\n来源,诉求内容\n市长信箱,二\n", "some.csv:1: this line tells a spreadsheet how to read the file"),
        ("来源,诉求内容\n市长信箱\n", "some.csv:2: the header has 2 cells, and this row 1"),
        ("来源,诉求内容\n市长信箱,\"二\"三\n", "some.csv:2: a cell goes on behind the quote that closes it"),
    ] {
        let (status, shown) = imported(&scratch, &database, file, "wei-hongwei");
        assert_eq!(status, Some(1), "{shown}");
        assert!(shown.contains(said) && shown.contains("1 mistake, so"), "{shown}");
    }
}

/// The first block of a kind in the guide.
fn block(guide: &str, kind: &str) -> String {
    let begun = guide.split_once(&format!("```{kind}\n")).expect("the guide has such a block").1;
    begun.split_once("```").expect("it ends").0.to_owned()
}

#[test]
fn the_guide_is_as_it_says() {
    let scratch = Scratch::new();
    let database = deployed(&scratch);
    let guide = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/guide/import.md");
    let guide = fs::read_to_string(guide).expect("there is a guide");
    let file = scratch.write("backlog.csv", &block(&guide, "csv"));
    let console = block(&guide, "console");
    let (command, answer) = console.split_once('\n').expect("a command and its answer");
    let words = command.strip_prefix("$ duban ").expect("it is ours").replace("backlog.csv", &file);
    let words: Vec<&str> = words.split(' ').chain(["--database", &database]).collect();

    let done = duban(&words);
    assert_eq!(text(&done.stdout), answer, "{}", text(&done.stderr));

    let wrong = scratch.write(
        "backlog.csv",
        "来源,诉求内容,急办件,旧编号\n市长信箱,一,是,1\n飞鸽传书,二,否,2\n市长信箱,,否,3\n市长信箱,四,也许,4\n",
    );
    let refused = duban(&words);
    assert_eq!(text(&refused.stdout).replace(&wrong, "backlog.csv"), block(&guide, "text"));
}
