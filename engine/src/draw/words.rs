//! Texts in the picture: how wide they are, where they break, and conditions and limits as people say them.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::light_word;
use crate::clauses::deadline::{DeadlineRule, Rung};
use crate::clauses::effects::Act;
use crate::field::{Field, Shape};
use crate::formula::{Formula, Operand};
use crate::ids::Name;
use crate::library::Library;
use crate::moment::Length;
use crate::process::Process;
use crate::steps::Kind;
use crate::who::Who;

/// Signs that may not begin a line.
const NOT_FIRST: &str = "，。、；：？！）》”’】,.;:?!)]";

/// Signs that may not end a line.
const NOT_LAST: &str = "（《“‘【([";

/// How wide a text is at a size, in pixels; a little generous, because fonts differ.
pub fn width(text: &str, size: i32) -> i32 {
    let hundredths: i32 = text.chars().map(|letter| breadth(letter) * size).sum();
    (hundredths + 99) / 100
}

/// The breadth of a letter in hundredths of the size.
fn breadth(letter: char) -> i32 {
    match letter {
        '\u{1100}'..='\u{11FF}'
        | '\u{00B7}'
        | '\u{00D7}'
        | '\u{2014}'..='\u{2026}'
        | '\u{2190}'..='\u{FAFF}'
        | '\u{FE30}'..='\u{FF60}' => 100,
        '\u{1F000}'..='\u{3FFFD}' => 100,
        'm' | 'w' | 'M' | 'W' | '@' | '%' => 92,
        'A'..='Z' => 70,
        '\u{0300}'..='\u{036F}' => 0,
        _ => 60,
    }
}

/// The text in lines no wider than `most`: broken between Chinese characters and between words, and inside a word
/// only where it is too wide by itself.
pub fn wrap(text: &str, size: i32, most: i32) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut line = String::new();
    for piece in pieces(text) {
        let hangs = piece.chars().next().is_some_and(|first| NOT_FIRST.contains(first));
        let fits = width(&line, size) + width(piece.trim_end(), size) <= most;
        if line.is_empty() || fits || (hangs && piece.chars().count() == 1) {
            line.push_str(piece);
        } else {
            lines.push(std::mem::take(&mut line));
            line.push_str(piece);
        }
        while width(line.trim_end(), size) > most + size {
            let mut head: String = String::new();
            for letter in line.chars() {
                if !head.is_empty() && width(&head, size) + width(letter.encode_utf8(&mut [0; 4]), size) > most {
                    break;
                }
                head.push(letter);
            }
            line.drain(..head.len());
            lines.push(head);
        }
    }
    lines.push(line);
    lines.iter().map(|line| line.trim().to_owned()).filter(|line| !line.is_empty()).collect()
}

/// Like `wrap`, with lines of about the same width.
pub fn balanced(text: &str, size: i32, most: i32) -> Vec<String> {
    let mut best = wrap(text, size, most);
    let mut narrower = most;
    while best.len() > 1 && narrower > 2 * size {
        narrower -= size;
        let lines = wrap(text, size, narrower);
        if lines.len() > best.len() {
            break;
        }
        best = lines;
    }
    best
}

/// At most so many lines; what is left out is marked with an ellipsis.
pub fn shorten(mut lines: Vec<String>, most: usize) -> Vec<String> {
    if lines.len() > most {
        lines.truncate(most);
        if let Some(last) = lines.last_mut() {
            last.pop();
            last.push('…');
        }
    }
    lines
}

/// Words with the space behind them, and single wide characters.
fn pieces(text: &str) -> Vec<&str> {
    let mut pieces = Vec::new();
    let mut start = 0;
    let mut last: Option<char> = None;
    for (at, letter) in text.char_indices() {
        let parts = last.is_some_and(|last| {
            let is_free = breadth(last) == 100 || breadth(letter) == 100 || last == ' ';
            is_free && !NOT_LAST.contains(last)
        });
        if parts && letter != ' ' && at > start {
            pieces.push(&text[start..at]);
            start = at;
        }
        last = Some(letter);
    }
    pieces.push(&text[start..]);
    pieces
}

/// What names are called by people.
pub struct Words {
    /// Names in expressions: fields, and the items of lists.
    fields: BTreeMap<Name, Name>,
    /// Ids that stand for themselves: units, people, keys of choices.
    titles: BTreeMap<Name, Name>,
    duties: BTreeMap<Name, Name>,
    processes: BTreeMap<Name, Name>,
    roles: Vec<(String, Name)>,
}

impl Words {
    /// The words of a process and of what it stands in.
    pub fn of(process: &Process, library: &Library) -> Self {
        let organization = &library.catalog.organization;
        let own = process.steps.iter().flat_map(|step| &step.fields);
        let all: Vec<&Field> = process.fields.iter().chain(own).map(Arc::as_ref).collect();
        let choices = all.iter().filter_map(|field| match &field.shape {
            Shape::Choice(choices) => Some(choices),
            _ => None,
        });
        let units = organization.units.iter().map(|(id, unit)| (id.clone(), unit.title.clone()));
        let people = organization.people.iter().map(|(id, person)| (id.clone(), person.name.clone()));
        let mut words = Self {
            fields: all.iter().map(|field| (field.name.clone(), field.title.clone())).collect(),
            titles: choices.flatten().cloned().chain(units).chain(people).collect(),
            duties: organization.duties.clone(),
            processes: library.processes.iter().map(|(name, process)| (name.clone(), process.title.clone())).collect(),
            roles: process.roles.values().map(|role| (key(&role.who), role.title.clone())).collect(),
        };
        for step in &process.steps {
            if let Kind::Each(each) = &step.kind {
                let said = Name::from(words.operand(&each.items));
                words.fields.entry(each.variable.clone()).or_insert(said);
            }
        }
        words
    }

    /// Who may act.
    pub fn people(&self, who: &Who) -> String {
        let wanted = key(who);
        if let Some((_, title)) = self.roles.iter().find(|(key, _)| *key == wanted) {
            return title.to_string();
        }
        match who {
            Who::Any(several) => {
                let several: Vec<String> = several.iter().map(|one| self.people(one)).collect();
                several.join("、")
            }
            Who::Person(person) => self.operand(person),
            Who::Duty { unit, duty } => {
                let duty = self.duties.get(duty).unwrap_or(duty);
                format!("{}·{duty}", self.operand(unit))
            }
        }
    }

    /// Another process.
    pub fn process(&self, name: &Name) -> String {
        self.processes.get(name).unwrap_or(name).to_string()
    }

    /// An operand, fields by their titles.
    pub fn operand(&self, operand: &Operand) -> String {
        match operand {
            Operand::Formula(formula) => self.condition(formula),
            Operand::Literal(_) => self.titled(&operand.text()),
        }
    }

    /// A condition, with fields by their titles and FEEL's words in Chinese.
    pub fn condition(&self, formula: &Formula) -> String {
        self.translate(formula.text())
    }

    fn translate(&self, text: &str) -> String {
        let mut said = String::new();
        let mut rest = text.trim();
        while let Some(first) = rest.chars().next() {
            let length = if first == '"' {
                rest.get(1..).and_then(|inner| inner.find('"')).map_or(rest.len(), |end| end + 2)
            } else if first.is_alphabetic() || first == '_' {
                rest.find(|letter: char| !letter.is_alphanumeric() && letter != '_').unwrap_or(rest.len())
            } else if let Some(sign) = ["!=", ">=", "<="].into_iter().find(|sign| rest.starts_with(sign)) {
                sign.len()
            } else {
                first.len_utf8()
            };
            let (token, after) = rest.split_at(length);
            said.push_str(&self.token(token));
            rest = after;
        }
        said
    }

    fn token(&self, token: &str) -> String {
        if let Some(title) = self.fields.get(token) {
            return title.to_string();
        }
        let said = match token {
            "and" => "且",
            "or" => "或",
            "not" => "非",
            "null" => "空",
            "true" => "是",
            "false" => "否",
            "count" => "个数",
            "outcome" => "结果",
            "!=" => "≠",
            ">=" => "≥",
            "<=" => "≤",
            text if text.starts_with('"') => return self.titled(text.trim_matches('"')),
            other => other,
        };
        said.to_owned()
    }

    /// The title of an id, or the text itself.
    fn titled(&self, text: &str) -> String {
        self.titles.get(text).map_or_else(|| text.to_owned(), Name::to_string)
    }

    /// The limits of a deadline, shortest said: `3个工作日 / 至要求办结时间`.
    pub fn limits(&self, rule: &DeadlineRule) -> String {
        let mut said: Vec<String> = Vec::new();
        for text in rule.limits.iter().map(|limit| self.length(&limit.length)) {
            if !said.contains(&text) {
                said.push(text);
            }
        }
        said.join(" / ")
    }

    /// The limits of a deadline, each with when it holds: `紧急时至要求办结时间；其余3个工作日`.
    pub fn limits_in_full(&self, rule: &DeadlineRule) -> String {
        let said = rule.limits.iter().map(|limit| {
            let length = self.length(&limit.length);
            match &limit.when {
                Some(when) => format!("{}时{length}", self.condition(when)),
                None if rule.limits.len() > 1 => format!("其余{length}"),
                None => length,
            }
        });
        said.collect::<Vec<String>>().join("；")
    }

    fn length(&self, length: &Length) -> String {
        match length {
            Length::Span(span) => span.in_chinese(),
            Length::Until(operand) => format!("至{}", self.operand(operand)),
        }
    }

    /// A rung: when it is reached, the light it switches, and what is done then.
    pub fn rung(&self, rung: &Rung) -> String {
        let mut done: Vec<String> = Vec::new();
        for said in rung.hook.deeds.iter().map(|deed| self.act(&deed.act)) {
            if !done.contains(&said) {
                done.push(said);
            }
        }
        let light = if rung.light.is_none() && !done.is_empty() { "" } else { light_word(rung.light) };
        let done = if done.is_empty() { String::new() } else { format!("：{}", done.join("、")) };
        format!("{}{light}{done}", rung.at.in_chinese())
    }

    fn act(&self, act: &Act) -> String {
        let said = match act {
            Act::Notify(notify) => {
                let people: Vec<String> = notify.to.iter().map(|who| self.people(who)).collect();
                return format!("通知{}", people.join("、"));
            }
            Act::Start(start) => return format!("另立{}", self.process(&start.process)),
            Act::Set(_) => "登记",
            Act::Webhook(_) => "告知外部系统",
            Act::Document(_) => "出具文书",
            Act::Mark(_) => "记入台账",
            Act::Send(_) => "发出消息",
            Act::Clock(_) => "调整时限",
            Act::Assign(_) => "指派办理人",
            Act::Release(_) => "收回任务",
            Act::Add(_) => "增加办理项",
            Act::Drop(_) => "取消办理项",
            Act::End(_) => "结束别处的步骤",
            Act::Urge(_) => "催办",
            Act::Raise(_) => "提高紧急程度或报管理员",
        };
        said.to_owned()
    }
}

/// What tells one kind of people from another.
fn key(who: &Who) -> String {
    match who {
        Who::Duty { unit, duty } => format!("{}\n{duty}", unit.text()),
        Who::Person(person) => person.text(),
        Who::Any(several) => several.iter().map(key).collect::<Vec<String>>().join("\n\n"),
    }
}
