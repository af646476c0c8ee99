//! Where a rung of a deadline's ladder stands: before, at or after due.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Mistake, Span, place_of};
use crate::nearest::nearest;

/// Where a rung stands: `1 working day before`, `due`, `5 working days after`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RungAt {
    /// So long before due.
    Before(Span),
    /// At due itself.
    Due,
    /// So long after due.
    After(Span),
}

#[derive(Clone, Copy)]
enum Side {
    Before,
    After,
}

/// Words behind the span, longest first: a Chinese text needs no space before them.
const BEHIND: [(&str, Side); 8] = [
    ("before due", Side::Before),
    ("after due", Side::After),
    ("before", Side::Before),
    ("after", Side::After),
    ("之前", Side::Before),
    ("之后", Side::After),
    ("前", Side::Before),
    ("后", Side::After),
];

/// Words in front of the span, longest first.
const IN_FRONT: [(&str, Side); 3] = [("到期前", Side::Before), ("到期后", Side::After), ("逾期", Side::After)];

const HELP: &str = "write `due`, `1 working day before` or `1 working day after`";

impl RungAt {
    /// The rung as Chinese administrators write it: `到期前1个工作日`.
    pub fn in_chinese(self) -> String {
        match self {
            Self::Before(span) => format!("到期前{}", span.in_chinese()),
            Self::Due => "到期".to_owned(),
            Self::After(span) => format!("到期后{}", span.in_chinese()),
        }
    }
}

impl fmt::Display for RungAt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Before(span) => write!(f, "{span} before"),
            Self::Due => f.write_str("due"),
            Self::After(span) => write!(f, "{span} after"),
        }
    }
}

impl FromStr for RungAt {
    type Err = Mistake;

    fn from_str(text: &str) -> Result<Self, Mistake> {
        let trimmed = text.trim();
        if matches!(trimmed, "due" | "到期") {
            return Ok(Self::Due);
        }
        let behind = BEHIND.iter().find_map(|(word, side)| Some((trimmed.strip_suffix(word)?, *side)));
        let in_front = || IN_FRONT.iter().find_map(|(word, side)| Some((trimmed.strip_prefix(word)?, *side)));
        let Some((span_text, side)) = behind.or_else(in_front) else {
            return Err(without_side(text, trimmed));
        };
        let span = span_text.parse::<Span>().map_err(|mistake| {
            let inner = place_of(text, span_text);
            if span_text.trim().is_empty() {
                return Mistake::new(place_of(text, trimmed), format!("`{trimmed}` does not say how long"))
                    .with_help(HELP);
            }
            mistake.shifted(inner.start)
        })?;
        Ok(match side {
            Side::Before => Self::Before(span),
            Side::After => Self::After(span),
        })
    }
}

fn without_side(text: &str, trimmed: &str) -> Mistake {
    let at = place_of(text, trimmed);
    for word in ["before", "after"] {
        let turned = trimmed.strip_prefix(word).and_then(|rest| rest.parse::<Span>().ok());
        if let Some(span) = turned {
            return Mistake::new(at, format!("`{word}` stands behind the span"))
                .with_help(format!("write `{span} {word}`"));
        }
    }
    let side = trimmed.rsplit_once(' ').and_then(|(span, side)| Some((span, nearest(side, ["before", "after"])?)));
    if let Some((span, side)) = side.filter(|(span, _)| span.parse::<Span>().is_ok()) {
        return Mistake::new(at, format!("`{trimmed}` is not the place of a rung"))
            .with_help(format!("did you mean `{span} {side}`?"));
    }
    match trimmed.parse::<Span>() {
        Ok(span) => Mistake::new(at, "a rung stands before or after due")
            .with_help(format!("write `{span} before` or `{span} after`")),
        Err(_) => Mistake::new(at, format!("`{trimmed}` is not the place of a rung")).with_help(HELP),
    }
}

impl Serialize for RungAt {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for RungAt {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}
