//! `duban import`: what becomes of a spreadsheet.

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
