//! The definitions that are measured: a small organisation, and three processes with nothing in them but what is measured.

use std::collections::BTreeMap;

use duban_engine::ids::CaseId;

/// How many units there are that cases go to.
const UNITS: u64 = 22;

/// About how long a text is that somebody wrote, in bytes.
const TEXT_BYTES: usize = 500;

/// What people write.
const SENTENCE: &str =
    "裕华路与建设大街交口东北角的路灯已有三天不亮，夜间行人和车辆通行很不安全，请有关单位尽快派人到现场查看维修。";

/// The processes.
pub const PROCESSES: [&str; 3] = ["mile", "stock", "alarm"];

/// The files, by path.
pub fn files() -> BTreeMap<String, String> {
    let files = [
        ("organization.yaml", include_str!("set/organization.yaml")),
        ("calendar.yaml", include_str!("set/calendar.yaml")),
        ("mile/mile.yaml", include_str!("set/mile.yaml")),
        ("stock/stock.yaml", include_str!("set/stock.yaml")),
        ("alarm/alarm.yaml", include_str!("set/alarm.yaml")),
    ];
    files.map(|(path, text)| (path.to_owned(), text.to_owned())).into()
}

/// One command on the way of a case.
#[derive(Clone, Debug)]
pub struct Deed {
    /// Who does it.
    pub by: String,
    /// What.
    pub way: Way,
    /// What the form says.
    pub fields: Vec<(&'static str, String)>,
}

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// A new case of a process.
    Open(&'static str),
    /// An action.
    Act(&'static str),
}

/// The way of a case, or a part of it.
#[derive(Clone, Debug)]
pub struct Journey {
    /// The case; a new one's id, as far as that can be chosen.
    pub case: CaseId,
    /// The commands, one after another.
    pub deeds: Vec<Deed>,
}

/// The unit that the case with a number goes to: a quarter goes to the first, the others are spread over all.
pub fn unit(number: u64) -> u64 {
    if number.is_multiple_of(4) { 1 } else { number % UNITS + 1 }
}

/// The clerk of a unit.
pub fn clerk(unit: u64) -> String {
    format!("clerk-{unit:02}")
}

fn deed(by: &str, way: Way, fields: &[(&'static str, &str)]) -> Deed {
    let fields = fields.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
    Deed { by: by.to_owned(), way, fields }
}

fn text() -> String {
    let mut text = String::new();
    while text.len() + SENTENCE.len() <= TEXT_BYTES {
        text.push_str(SENTENCE);
    }
    text
}

/// The case mile: a start with 500 bytes, three tasks one after another, the second with a deadline of three days that is
/// armed and disarmed, once back from the third to the second, and the end.
pub fn mile(case: CaseId, number: u64) -> Journey {
    let unit = unit(number);
    let (clerk, name) = (clerk(unit), format!("unit-{unit:02}"));
    let opened = [("subject", "路灯不亮"), ("content", &text())];
    let done = deed(&clerk, Way::Act("submit"), &[("result", "已更换灯具，恢复照明。")]);
    let deeds = vec![
        deed("operator", Way::Open("mile"), &opened),
        deed("operator", Way::Act("assign"), &[("unit", &name)]),
        done.clone(),
        deed("reviewer", Way::Act("return"), &[("reason", "请补充更换灯具的数量。")]),
        done,
        deed("reviewer", Way::Act("accept"), &[]),
    ];
    Journey { case, deeds }
}

/// The unit that a case lies in, found by its id.
pub fn unit_of(case: CaseId) -> u64 {
    unit(u64::try_from(case.0 >> 64).expect("the upper half has 64 bits"))
}

/// A case that is opened and lies: one task, one deadline.
pub fn stock(case: CaseId) -> Journey {
    let unit = format!("unit-{:02}", unit_of(case));
    let opened = [("subject", "路灯不亮"), ("content", &text()), ("unit", &unit)];
    Journey { case, deeds: vec![deed("operator", Way::Open("stock"), &opened)] }
}

/// A report on a case that lies.
pub fn note(case: CaseId) -> Journey {
    let said = [("note", "已到现场查看，正在更换灯具。")];
    Journey { case, deeds: vec![deed(&clerk(unit_of(case)), Way::Act("note"), &said)] }
}

/// A case that is overdue at an instant.
pub fn alarm(case: CaseId, number: u64, due: &str) -> Journey {
    let unit = format!("unit-{:02}", unit(number));
    let opened = [("subject", "路灯不亮"), ("unit", unit.as_str()), ("due", due)];
    Journey { case, deeds: vec![deed("operator", Way::Open("alarm"), &opened)] }
}
