//! Reads the fields of a cron expression, to say in plain words what cron itself would quietly take otherwise.

use crate::nearest::nearest;
use crate::time::{Mistake, place_of};

/// One field of a cron expression.
struct Field {
    name: &'static str,
    least: u32,
    most: u32,
    /// Names of values, from `least` on.
    words: &'static [&'static str],
}

const FIELDS: [Field; 6] = [
    Field { name: "second", least: 0, most: 59, words: &[] },
    Field { name: "minute", least: 0, most: 59, words: &[] },
    Field { name: "hour", least: 0, most: 23, words: &[] },
    Field { name: "day", least: 1, most: 31, words: &[] },
    Field {
        name: "month",
        least: 1,
        most: 12,
        words: &["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"],
    },
    Field { name: "weekday", least: 0, most: 7, words: &["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"] },
];

const DAY: usize = 3;
const MONTH: usize = 4;
const WEEKDAY: usize = 5;

/// The longest that each month ever is.
const MONTH_DAYS_MAX: [u32; 12] = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/// What a nickname stands for.
const NICKNAMES: [(&str, &str); 7] = [
    ("@yearly", "0 0 1 1 *"),
    ("@annually", "0 0 1 1 *"),
    ("@monthly", "0 0 1 * *"),
    ("@weekly", "0 0 * * SUN"),
    ("@daily", "0 0 * * *"),
    ("@midnight", "0 0 * * *"),
    ("@hourly", "0 * * * *"),
];

/// What a field allows, as far as it can be said in numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Allowed {
    Any,
    Values(Vec<u32>),
    /// The last day, the nearest weekday, the second Friday: it depends on the month.
    ByMonth,
}

/// A cron expression whose every field can be kept. Six fields, the seconds first.
pub(super) struct Fields {
    allowed: Vec<Allowed>,
}

impl Fields {
    /// The one time of day at which it fires, in seconds since the day began, if there is but one.
    pub(super) fn time_of_day(&self) -> Option<u32> {
        let one = |place: usize| match self.allowed.get(place) {
            Some(Allowed::Values(values)) => Some(*values.first()?).filter(|_| values.len() == 1),
            Some(Allowed::Any | Allowed::ByMonth) | None => None,
        };
        Some(one(0)? + one(1)? * 60 + one(2)? * 3_600)
    }
}

/// Reads five fields (minute, hour, day, month, weekday) or six with the seconds in front.
pub(super) fn read(text: &str) -> Result<Fields, Mistake> {
    let mut parts: Vec<&str> = text.split_whitespace().collect();
    let whole = place_of(text, text.trim());
    if let Some(nickname) = parts.first().filter(|part| part.starts_with('@')) {
        let wrong = Mistake::new(whole, format!("`{nickname}` is not written out"));
        let meant = NICKNAMES.iter().find(|(known, _)| known == nickname);
        return Err(match meant {
            Some((_, fields)) => wrong.with_help(format!("write `{fields}`")),
            None => wrong.with_help("write minute, hour, day, month and weekday, as `0 17 * * FRI`"),
        });
    }
    match parts.len() {
        5 => parts.insert(0, "0"),
        6 => {}
        count => {
            let message = format!("a schedule has 5 fields, or 6 with the seconds in front; this one has {count}");
            let help = match count {
                7 => "leave the year out",
                _ => "write minute, hour, day, month and weekday, as `0 17 * * FRI`",
            };
            return Err(Mistake::new(whole, message).with_help(help));
        }
    }
    let mut allowed = Vec::with_capacity(FIELDS.len());
    for (field, part) in FIELDS.iter().zip(&parts) {
        allowed.push(read_field(field, part).map_err(|mistake| shift(text, part, mistake))?);
    }
    let fields = Fields { allowed };
    check_days(&fields, text, &parts)?;
    Ok(fields)
}

fn shift(text: &str, part: &str, mistake: Mistake) -> Mistake {
    mistake.shifted(place_of(text, part).start)
}

fn read_field(field: &Field, part: &str) -> Result<Allowed, Mistake> {
    let mut all = Vec::new();
    let mut is_by_month = false;
    for item in part.split(',') {
        if item.is_empty() {
            let wrong = Mistake::new(0..part.len(), format!("`{part}` has a comma with nothing beside it"));
            return Err(wrong.with_help(format!("write `{}`", without_empty(part))));
        }
        match read_item(field, item).map_err(|mistake| shift(part, item, mistake))? {
            Allowed::Any if part == item => return Ok(Allowed::Any),
            Allowed::Any => {
                let message = format!("`{item}` beside other values of the {} says all of them", field.name);
                return Err(Mistake::new(place_of(part, item), message).with_help(format!("write `{item}` alone")));
            }
            Allowed::Values(values) => all.extend(values),
            Allowed::ByMonth => is_by_month = true,
        }
    }
    all.sort_unstable();
    all.dedup();
    Ok(if is_by_month { Allowed::ByMonth } else { Allowed::Values(all) })
}

fn without_empty(part: &str) -> String {
    part.split(',').filter(|item| !item.is_empty()).collect::<Vec<_>>().join(",")
}

fn read_item(field: &Field, item: &str) -> Result<Allowed, Mistake> {
    let (base, step) = match item.split_once('/') {
        Some((base, step)) => (base, Some(step)),
        None => (item, None),
    };
    let is_day = matches!(field.name, "day" | "weekday");
    let is_all = base == "*" || (base == "?" && is_day && step.is_none());
    if is_all && step.is_none() {
        return Ok(Allowed::Any);
    }
    if step.is_none() && is_by_month(field, base)? {
        return Ok(Allowed::ByMonth);
    }
    let (from, to) = match base.split_once('-') {
        Some((from, to)) => (value(field, item, from)?, value(field, item, to)?),
        None if is_all => (field.least, if field.name == "weekday" { 6 } else { field.most }),
        None => {
            let only = value(field, item, base)?;
            if let Some(step) = step {
                let wrong = Mistake::new(0..item.len(), format!("`{item}` has a step but no range"));
                return Err(wrong.with_help(format!("write `{base}-{}/{step}`", field.most)));
            }
            (only, only)
        }
    };
    // FRI-SUN runs on to the Sunday that ends the week.
    let ends_week = from > 0 && base.to_ascii_uppercase().ends_with("-SUN");
    let to = if ends_week { 7 } else { to };
    if from > to {
        let wrong = Mistake::new(0..item.len(), format!("`{item}` runs backwards"));
        return Err(wrong.with_help("write it as two ranges with a comma between them"));
    }
    let step = match step {
        Some(step) => read_step(field, item, step, to - from)?,
        None => 1,
    };
    let week = |value: u32| {
        if field.name == "weekday" { value % 7 } else { value }
    };
    Ok(Allowed::Values((from..=to).step_by(step).map(week).collect()))
}

/// `L`, `LW` and `15W` among days, `FRI#2` and `FRIL` among weekdays.
fn is_by_month(field: &Field, item: &str) -> Result<bool, Mistake> {
    let upper = item.to_ascii_uppercase();
    match field.name {
        "day" if upper == "L" || upper == "LW" => Ok(true),
        "day" => match upper.strip_suffix('W') {
            Some(day) => value(field, item, day).map(|_| true),
            None => Ok(false),
        },
        "weekday" => {
            if let Some((weekday, place)) = upper.split_once('#') {
                value(field, item, weekday)?;
                let is_place = matches!(place, "1" | "2" | "3" | "4" | "5");
                let wrong = || Mistake::new(0..item.len(), format!("`{item}` is not the first to fifth of a weekday"));
                return is_place.then_some(true).ok_or_else(wrong);
            }
            match upper.strip_suffix('L') {
                Some(weekday) => value(field, item, weekday).map(|_| true),
                None => Ok(false),
            }
        }
        _ => Ok(false),
    }
}

fn value(field: &Field, item: &str, text: &str) -> Result<u32, Mistake> {
    let upper = text.to_ascii_uppercase();
    if let Some(place) = field.words.iter().position(|word| *word == upper) {
        return Ok(field.least + u32::try_from(place).expect("a field has few words"));
    }
    let number = text.parse::<u32>().ok().filter(|_| text.bytes().all(|byte| byte.is_ascii_digit()));
    let message = match number {
        Some(number) if (field.least..=field.most).contains(&number) => return Ok(number),
        Some(number) => format!("there is no {} {number}, they go from {} to {}", field.name, field.least, field.most),
        None => format!("`{text}` is not a {}", field.name),
    };
    let wrong = Mistake::new(0..item.len(), message);
    let written_out = field.words.iter().copied().find(|word| upper.starts_with(word));
    Err(match written_out.or_else(|| nearest(&upper, field.words.iter().copied())) {
        Some(word) if number.is_none() => wrong.with_help(format!("did you mean `{word}`?")),
        Some(_) | None => wrong,
    })
}

fn read_step(field: &Field, item: &str, step: &str, range: u32) -> Result<usize, Mistake> {
    let number = step.parse::<u32>().ok().filter(|_| step.bytes().all(|byte| byte.is_ascii_digit()));
    match number {
        Some(0) | None => Err(Mistake::new(0..item.len(), format!("`{step}` is not a step"))),
        Some(step) if step > range => {
            let message = format!(
                "a step of {step} leaves its {} field at once: `{item}` would fire at its first {0} only",
                field.name
            );
            Err(Mistake::new(0..item.len(), message)
                .with_help(format!("a step here is at most {range}; for longer ones write `every: …`")))
        }
        Some(step) => Ok(usize::try_from(step).expect("a step is small")),
    }
}

/// Days that no month has, and two day fields of which cron programs think differently.
fn check_days(fields: &Fields, text: &str, parts: &[&str]) -> Result<(), Mistake> {
    let [days, months, weekdays] = [DAY, MONTH, WEEKDAY].map(|place| &fields.allowed[place]);
    let has_both = *days != Allowed::Any && *weekdays != Allowed::Any;
    let starred = [parts[DAY], parts[WEEKDAY]].into_iter().find(|part| part.starts_with("*/"));
    if let Some(starred) = starred.filter(|_| has_both) {
        let message = format!("`{starred}` beside another day field: some cron programs take either, some both");
        return Err(
            Mistake::new(place_of(text, starred), message).with_help("write the days out, or `*` for one of them")
        );
    }
    let (Allowed::Values(days), false) = (days, has_both) else {
        return Ok(());
    };
    let longest = match months {
        Allowed::Values(months) => {
            let lengths = months.iter().filter_map(|month| MONTH_DAYS_MAX.get((*month as usize).checked_sub(1)?));
            lengths.max().copied().unwrap_or(31)
        }
        Allowed::Any | Allowed::ByMonth => 31,
    };
    match days.first() {
        Some(first) if *first > longest => {
            let message = format!("month {} never has a day {first}", parts[MONTH]);
            Err(Mistake::new(place_of(text, parts[DAY]), message).with_help("write `L` for the last day of the month"))
        }
        Some(_) | None => Ok(()),
    }
}
