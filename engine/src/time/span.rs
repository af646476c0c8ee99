//! A span of time: one number and one unit, as in `3 working days` or `3个工作日`.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::unit::{UNITS, unit_named};
use super::{Mistake, SpanUnit, place_of};
use crate::nearest::nearest;

/// A span of time as it is written: `3 working days`, `2 hours`, `1个月`. Never zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    count: u32,
    unit: SpanUnit,
}

impl Span {
    /// So many of a unit; none and more than [`SpanUnit::count_max`] are mistakes.
    pub fn new(count: u32, unit: SpanUnit) -> Result<Self, Mistake> {
        if count == 0 {
            return Err(Mistake::new(0..0, format!("a span of 0 {} is over before it begins", unit.words().many)));
        }
        if count > unit.count_max() {
            let most = format!("the longest span is {} {}", unit.count_max(), unit.words().many);
            return Err(Mistake::new(0..0, most));
        }
        Ok(Self { count, unit })
    }

    /// How many of the unit.
    pub fn count(self) -> u32 {
        self.count
    }

    /// What is counted.
    pub fn unit(self) -> SpanUnit {
        self.unit
    }

    /// The span as Chinese administrators write it: `3个工作日`.
    pub fn in_chinese(self) -> String {
        format!("{}{}", self.count, self.unit.words().chinese)
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words = self.unit.words();
        let unit = if self.count == 1 { words.one } else { words.many };
        write!(f, "{} {unit}", self.count)
    }
}

impl FromStr for Span {
    type Err = Mistake;

    fn from_str(text: &str) -> Result<Self, Mistake> {
        let trimmed = text.trim();
        let digits = trimmed.trim_start_matches(|c: char| c.is_ascii_digit());
        let (number, rest) = trimmed.split_at(trimmed.len() - digits.len());
        let unit = rest.trim();
        if number.is_empty() {
            return Err(without_number(text, trimmed));
        }
        if unit.is_empty() {
            let help = format!("write `{number} working days` or `{number} hours`");
            return Err(Mistake::new(place_of(text, number), format!("`{number}` of what?")).with_help(help));
        }
        if unit.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '.' | ',')) {
            return Err(fraction(text, trimmed));
        }
        let unit = match unit_named(unit) {
            Some(found) => found,
            None => return Err(unknown_unit(text, number, unit)),
        };
        let count = number.parse().unwrap_or(u32::MAX);
        Self::new(count, unit).map_err(|mistake| Mistake { at: place_of(text, trimmed), ..mistake })
    }
}

fn without_number(text: &str, trimmed: &str) -> Mistake {
    let at = place_of(text, trimmed);
    if trimmed.is_empty() {
        return Mistake::new(at, "a span of time is missing").with_help("write for example `3 working days`");
    }
    if trimmed.starts_with('-') {
        return Mistake::new(at, "a span of time is never negative")
            .with_help("`before` and `after` say its direction");
    }
    let help = trimmed
        .char_indices()
        .skip(1)
        .filter_map(|(end, _)| Some((number_in_words(trimmed[..end].trim())?, unit_named(trimmed[end..].trim())?)))
        .last()
        .and_then(|(count, unit)| Span::new(count, unit).ok())
        .map_or_else(
            || "write for example `3 working days` or `3个工作日`".to_owned(),
            |span| format!("write `{span}` or `{}`", span.in_chinese()),
        );
    Mistake::new(at, "a span of time begins with a number in digits").with_help(help)
}

/// A small number in words or in full-width digits, to guess what was meant.
fn number_in_words(words: &str) -> Option<u32> {
    const ENGLISH: [&str; 12] =
        ["a", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven"];
    const CHINESE: [char; 11] = ['零', '一', '二', '三', '四', '五', '六', '七', '八', '九', '十'];
    let lower = words.to_lowercase();
    if let Some(place) = ENGLISH.iter().position(|word| *word == lower) {
        return u32::try_from(place.max(1)).ok();
    }
    let wide = |c: char| (c as u32).checked_sub('０' as u32).filter(|digit| *digit < 10);
    if let Some(number) = words.chars().try_fold(0_u32, |sum, c| sum.checked_mul(10)?.checked_add(wide(c)?)) {
        return Some(number).filter(|number| *number > 0);
    }
    let digit = |c: char| CHINESE.iter().position(|known| *known == c).and_then(|place| u32::try_from(place).ok());
    match words.chars().collect::<Vec<_>>()[..] {
        ['两'] => Some(2),
        [one] => digit(one),
        ['十', ones] => Some(10 + digit(ones)?),
        [tens, '十'] => Some(10 * digit(tens)?),
        [tens, '十', ones] => Some(10 * digit(tens)? + digit(ones)?),
        _ => None,
    }
}

fn fraction(text: &str, trimmed: &str) -> Mistake {
    let end = trimmed.find(|c: char| !c.is_ascii_digit() && !matches!(c, '.' | ',')).unwrap_or(trimmed.len());
    let (number, unit) = trimmed.split_at(end);
    let mistake = Mistake::new(place_of(text, number), format!("`{number}` is not a whole number"));
    let smaller = match unit_named(unit.trim()) {
        Some(SpanUnit::Hours) => Some((SpanUnit::Minutes, 60)),
        Some(SpanUnit::Minutes) => Some((SpanUnit::Seconds, 60)),
        Some(SpanUnit::Days) => Some((SpanUnit::Hours, 24)),
        Some(SpanUnit::Weeks) => Some((SpanUnit::Days, 7)),
        Some(SpanUnit::Years) => Some((SpanUnit::Months, 12)),
        Some(SpanUnit::Seconds | SpanUnit::Months | SpanUnit::WorkingHours | SpanUnit::WorkingDays) | None => None,
    };
    let whole = smaller.and_then(|(unit, times)| {
        let (whole, tenths) = number.split_once(['.', ','])?;
        let tenths = tenths.get(..1).filter(|digit| digit.len() == tenths.len())?.parse::<u32>().ok()?;
        let in_tenths = whole.parse::<u32>().ok()?.checked_mul(10)?.checked_add(tenths)?.checked_mul(times)?;
        (in_tenths % 10 == 0).then(|| Span::new(in_tenths / 10, unit).ok())?
    });
    match whole {
        Some(span) => mistake.with_help(format!("write `{span}`")),
        None => mistake.with_help("write a whole number of a smaller unit"),
    }
}

fn unknown_unit(text: &str, number: &str, unit: &str) -> Mistake {
    let at = place_of(text, unit);
    if unit.contains(|c: char| c.is_ascii_digit()) {
        return Mistake::new(at, "a span of time is one number and one unit")
            .with_help("write it in its smaller unit, as `26 hours` for a day and two hours");
    }
    let lower = unit.to_lowercase();
    let meant = UNITS.iter().find(|words| words.meant.contains(&lower.as_str())).or_else(|| {
        let known = UNITS.iter().flat_map(|words| [words.one, words.many, words.chinese]);
        let near = nearest(unit, known)?;
        UNITS.iter().find(|words| [words.one, words.many, words.chinese].contains(&near))
    });
    let mistake = Mistake::new(at, format!("there is no unit of time `{unit}`"));
    match meant {
        Some(words) if unit.is_ascii() => {
            let name = if number == "1" { words.one } else { words.many };
            mistake.with_help(format!("did you mean `{number} {name}`?"))
        }
        Some(words) => mistake.with_help(format!("did you mean `{number}{}`?", words.chinese)),
        None => {
            let known: Vec<&str> = UNITS.iter().map(|words| words.many).collect();
            mistake.with_help(format!("the units are {}", known.join(", ")))
        }
    }
}

impl Serialize for Span {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}
