//! JSON as it is taken: no member twice, not nested without end, and nothing that is not asked for.

use std::fmt;

use axum::http::StatusCode;
use serde::de::{self, DeserializeOwned, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

use super::problem::{NAME_MAX, Problem, short};

/// How deep values may nest: a form has lists at most, and its envelope two more.
const DEPTH_MAX: usize = 16;

/// The member by which serde_json's `arbitrary_precision` hands over a number that is no whole one of 64 bits, as a text.
const NUMBER: &str = "$serde_json::private::Number";

/// Reads a text. Numbers stay as they are written.
pub fn parse(bytes: &[u8]) -> Result<Value, Problem> {
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let value = Strict { depth_left: DEPTH_MAX }.deserialize(&mut reader).and_then(|value| {
        reader.end()?;
        Ok(value)
    });
    value.map_err(|error| {
        Problem::new(StatusCode::BAD_REQUEST, "json_syntax", error.to_string())
            .with("line", error.line())
            .with("column", error.column())
    })
}

/// Reads a value as what a handler takes: an object, whose members have names.
pub fn shape<T: DeserializeOwned>(value: Value) -> Result<T, Problem> {
    if !value.is_object() {
        let detail = "the body must be a JSON object";
        return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "body_wrong", detail).with("pointer", ""));
    }
    serde_path_to_error::deserialize(value).map_err(|error| {
        let mut pointer = String::new();
        for segment in error.path().iter() {
            let part = match segment {
                serde_path_to_error::Segment::Map { key } => key.replace('~', "~0").replace('/', "~1"),
                serde_path_to_error::Segment::Seq { index } => index.to_string(),
                serde_path_to_error::Segment::Enum { variant } => variant.clone(),
                serde_path_to_error::Segment::Unknown => continue,
            };
            pointer.push('/');
            pointer.push_str(&part);
        }
        Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "body_wrong", worded(&error.inner().to_string()))
            .with("pointer", pointer)
    })
}

/// What is wrong with a member, in words of JSON and not of the program.
fn worded(message: &str) -> String {
    let quoted = |text: &str| text.split('`').nth(1).map(|name| short(name, NAME_MAX)).unwrap_or_default();
    if message.starts_with("missing field") {
        return format!("the member `{}` is missing", quoted(message));
    }
    if let Some(unknown) = message.strip_prefix("unknown field") {
        // The name may have anything in it, what is expected comes last.
        let known = unknown.rsplit_once(", expected ").map_or("", |(_, known)| known.trim_start_matches("one of "));
        let known = if known.contains('`') { format!("; there are {known}") } else { String::new() };
        return format!("there is no member `{}` here{known}", quoted(unknown));
    }
    // A number that the member cannot hold: those that members hold are whole and not negative.
    let expected = if message.starts_with("invalid number") { "u32" } else { message };
    let expected = expected.rsplit_once(", expected ").map_or(expected, |(_, expected)| expected);
    let wanted = match expected {
        "a string" => "a text",
        "a map" => "an object",
        "a sequence" => "a list",
        "a boolean" => "true or false",
        "u8" | "u16" | "u32" | "u64" | "usize" => "a whole number that is not negative",
        "i8" | "i16" | "i32" | "i64" => "a whole number",
        _ => return "this is not what is expected here".to_owned(),
    };
    format!("this must be {wanted}")
}

#[derive(Clone, Copy)]
struct Strict {
    depth_left: usize,
}

impl Strict {
    fn inside<E: de::Error>(self) -> Result<Self, E> {
        let depth_left = self.depth_left.checked_sub(1);
        depth_left
            .map(|depth_left| Self { depth_left })
            .ok_or_else(|| E::custom(format_args!("nested deeper than {DEPTH_MAX}")))
    }
}

impl<'de> DeserializeSeed<'de> for Strict {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E: de::Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E: de::Error>(self, truth: bool) -> Result<Value, E> {
        Ok(Value::Bool(truth))
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<Value, E> {
        Ok(number.into())
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<Value, E> {
        Ok(number.into())
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Value, E> {
        Ok(Value::from(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Value, A::Error> {
        let inside = self.inside()?;
        let mut items = Vec::new();
        while let Some(item) = sequence.next_element_seed(inside)? {
            items.push(item);
        }
        Ok(Value::Array(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut members = Map::new();
        let mut next = map.next_key::<String>()?;
        if next.as_deref() == Some(NUMBER) {
            let number = map.next_value::<String>()?.parse::<Number>();
            return number.map(Value::Number).map_err(de::Error::custom);
        }
        let inside = self.inside()?;
        while let Some(key) = next {
            let value = map.next_value_seed(inside)?;
            if members.insert(key.clone(), value).is_some() {
                return Err(de::Error::custom(format_args!("the member `{key}` appears twice")));
            }
            next = map.next_key()?;
        }
        Ok(Value::Object(members))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Map, Value};

    use super::{parse, shape};

    #[test]
    fn a_member_twice_a_deep_nest_and_a_tail_are_refused() {
        let deep = format!("{}{}", "[".repeat(17), "]".repeat(17));
        for text in ["{\"a\": 1, \"a\": 1}", &deep, "{} {}", "", "{\"a\": 01}", "{\"a\": NaN}", "\"\\ud800\""] {
            assert!(parse(text.as_bytes()).is_err(), "{text}");
        }
        assert!(parse(b"\xff").is_err());
    }

    #[test]
    fn what_is_wrong_with_a_member_is_said_without_words_of_the_program() {
        #[derive(Debug, serde::Deserialize)]
        #[serde(deny_unknown_fields)]
        #[expect(dead_code, reason = "only whether it can be read is asked")]
        struct Opening {
            process: String,
            #[serde(default)]
            visit: Option<u32>,
            #[serde(default)]
            fields: Map<String, Value>,
        }
        let long = "x".repeat(1_000);
        let unknown = format!("{{\"{long}\": 1}}");

        for (text, detail) in [
            ("[\"appeal\", null, {}]", "the body must be a JSON object"),
            ("\"appeal\"", "the body must be a JSON object"),
            ("{}", "the member `process` is missing"),
            ("{\"process\": 1}", "this must be a text"),
            ("{\"process\": \"a\", \"visit\": -1}", "this must be a whole number that is not negative"),
            ("{\"process\": \"a\", \"fields\": []}", "this must be an object"),
            ("{\"proces\": \"a\"}", "there is no member `proces` here; there are `process`, `visit`, `fields`"),
            (&unknown, &format!("there is no member `{}…` here; there are `process`, `visit`, `fields`", &long[..100])),
        ] {
            let value = parse(text.as_bytes()).expect("it is JSON");
            let problem = shape::<Opening>(value).expect_err("it is wrong");
            assert_eq!(problem.detail(), detail, "{text}");
        }
    }

    #[test]
    fn a_number_does_not_count_as_a_nest() {
        let deep = format!("{}0.5{}", "[".repeat(16), "]".repeat(16));

        assert_eq!(parse(deep.as_bytes()).expect("it is JSON").to_string(), deep);
    }

    #[test]
    fn what_is_plain_json_is_read_as_it_is() {
        let text = "{\"a\":[1,-2,0.50,12345678901234567890123456789.1,null,true,\"\u{5e02}\"],\"b\":{}}";

        let read = parse(text.as_bytes()).expect("it is JSON");

        assert_eq!(read.to_string(), text);
    }
}
