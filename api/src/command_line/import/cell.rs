//! One cell of a spreadsheet as the value of a field: people write titles where the process has keys.

use duban_engine::field::{Field, Shape};
use duban_engine::ids::Name;
use duban_engine::nearest::nearest;
use duban_engine::organization::Organization;
use duban_engine::rejection::Rejection;
use duban_engine::value::{Type, Value};
use jiff::tz::TimeZone;
use serde_json::Value as Json;

/// What separates the values of a list in one cell.
const SEPARATORS: [char; 5] = ['、', '，', ',', '；', ';'];

/// Reads a cell.
///
/// # Errors
/// Why it does not fit, as a sentence.
pub(super) fn read(text: &str, field: &Field, organization: &Organization, zone: &TimeZone) -> Result<Value, String> {
    let json = match (&field.shape, &field.kind) {
        (Shape::List(shape), Type::List(kind)) => {
            let items = text.split(SEPARATORS).map(str::trim).filter(|item| !item.is_empty());
            Json::Array(items.map(|item| one(item, shape, kind, organization)).collect::<Result<_, _>>()?)
        }
        (shape, kind) => one(text, shape, kind, organization)?,
    };
    let value = Value::from_plain_json(&json, &Type::Any)?;
    field.accept(&value, zone).map_err(|rejection| match rejection {
        Rejection::FieldWrong { .. } if field.kind == Type::Date => {
            format!("`{text}` is not a date; write it as 2026-10-13")
        }
        Rejection::FieldWrong { .. } if field.kind == Type::DateTime => {
            format!("`{text}` is not a date and time; write it as 2026-10-13 17:30")
        }
        // The column says which field it is.
        Rejection::FieldWrong { field: _, message } => message,
        other => other.to_string(),
    })?;
    Ok(value)
}

fn one(text: &str, shape: &Shape, kind: &Type, organization: &Organization) -> Result<Json, String> {
    match (shape, kind) {
        (Shape::Choice(choices), _) => key(text, choices.iter().map(|(key, title)| (key, title))),
        (Shape::Catalog(_, entries), _) => key(text, entries.iter()),
        (_, Type::Unit) => key(text, organization.units.iter().map(|(id, unit)| (id, &unit.title))),
        (_, Type::Person) => key(text, organization.people.iter().map(|(id, person)| (id, &person.name))),
        (_, Type::Boolean) => match text.to_lowercase().as_str() {
            "是" | "true" | "yes" | "1" => Ok(Json::Bool(true)),
            "否" | "false" | "no" | "0" => Ok(Json::Bool(false)),
            _ => Err(format!("`{text}` is neither 是 nor 否")),
        },
        (_, Type::Date | Type::DateTime) => Ok(Json::from(year_first(text).unwrap_or_else(|| text.to_owned()))),
        _ => Ok(Json::from(text)),
    }
}

/// A date as spreadsheets write it, `2026/1/3` or `2026年1月3日`, and perhaps a time behind it, as this program does. Which of
/// two numbers before the year is the month, nobody can tell.
fn year_first(text: &str) -> Option<String> {
    let (year, rest) = text.split_at_checked(4)?;
    let parted = [("-", "-", ""), ("/", "/", ""), (".", ".", ""), ("年", "月", "日")];
    let (month, day, time) = parted.into_iter().find_map(|(before, between, after)| {
        let (month, rest) = rest.strip_prefix(before)?.split_once(between)?;
        let end = rest.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(rest.len());
        let (day, rest) = rest.split_at(end);
        Some((month, day, rest.strip_prefix(after)?))
    })?;
    let number = |text: &str| text.parse::<u8>().ok().filter(|_| text.len() <= 2);
    let date = format!("{year}-{:02}-{:02}", number(month)?, number(day)?);
    let Some((hour, rest)) = time.trim_start().split_once(':') else { return Some(date + time) };
    Some(number(hour).map_or_else(|| date.clone() + time, |hour| format!("{date} {hour:02}:{rest}")))
}

/// The key that a text names, by itself or by its title.
fn key<'a>(text: &str, known: impl Iterator<Item = (&'a Name, &'a Name)> + Clone) -> Result<Json, String> {
    let mut titled = known.clone().filter(|(_, title)| **title == *text);
    if let Some((key, _)) = known.clone().find(|(key, _)| **key == *text) {
        return Ok(Json::from(key.as_str()));
    }
    match (titled.next(), titled.next()) {
        (Some((key, _)), None) => Ok(Json::from(key.as_str())),
        (Some((one, _)), Some((other, _))) => {
            Err(format!("`{text}` is both `{one}` and `{other}`; write one of these"))
        }
        (None, _) => {
            let words = known.flat_map(|(key, title)| [key.as_str(), title.as_str()]);
            let hint = nearest(text, words).map_or_else(String::new, |near| format!(", did you mean `{near}`?"));
            Err(format!("there is no `{text}`{hint}"))
        }
    }
}

#[cfg(test)]
mod tests {
    use duban_engine::field::{Field, Shape};
    use duban_engine::ids::Name;
    use duban_engine::organization::Organization;
    use duban_engine::value::{Type, Value};
    use jiff::tz::TimeZone;

    fn read(text: &str, kind: Type) -> Result<String, String> {
        let (name, title, line) = (Name::new("due"), Name::new("期限"), 1);
        let field = Field { name, title, hint: None, shape: Shape::Plain, kind, private: false, default: None, line };
        let value: Result<Value, String> = super::read(text, &field, &Organization::default(), &TimeZone::UTC);
        value.map(|value| value.to_plain_json().as_str().expect("dates are texts").to_owned())
    }

    #[test]
    fn dates_are_read_as_spreadsheets_write_them_when_the_year_comes_first() {
        for text in ["2026-01-03", "2026-1-3", "2026/1/3", "2026/01/03", "2026.1.3", "2026年1月3日"] {
            assert_eq!(read(text, Type::Date).as_deref(), Ok("2026-01-03"), "{text}");
        }
        for text in ["2026-01-03 09:05", "2026/1/3 9:05", "2026.1.3 09:05", "2026年1月3日 9:05", "2026年1月3日9:05"]
        {
            assert_eq!(read(text, Type::DateTime).as_deref(), Ok("2026-01-03 09:05"), "{text}");
        }
    }

    #[test]
    fn what_is_no_date_is_said_with_what_would_be() {
        for text in ["13/10/2026", "2026/13/1", "2026/2/30", "26-10-13", "2026-10/13", "2026年10月13", "46308", "明天"]
        {
            assert_eq!(read(text, Type::Date), Err(format!("`{text}` is not a date; write it as 2026-10-13")));
        }
        for text in ["2026/10/13", "2026-10-13 5 PM", "2026/10/13 25:00", "13/10/2026 17:30"] {
            let said = format!("`{text}` is not a date and time; write it as 2026-10-13 17:30");
            assert_eq!(read(text, Type::DateTime), Err(said));
        }
    }
}
