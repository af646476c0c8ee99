//! `number`: how cases are numbered, as `石诉〔{year}〕{seq:6}号`.

use crate::ids::Name;

/// The widest number: more digits than a year of calls can need.
const WIDTH_MAX: usize = 12;

/// A pattern for numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NumberPattern {
    parts: Vec<Part>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Text(String),
    Year,
    Serial(usize),
}

impl NumberPattern {
    /// Reads a pattern.
    ///
    /// # Errors
    /// What is wrong, as a sentence.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('{') {
            let (inside, after) = after.split_once('}').ok_or("a `{` is not closed")?;
            if !before.is_empty() {
                parts.push(Part::Text(before.to_owned()));
            }
            parts.push(part(inside)?);
            rest = after;
        }
        if !rest.is_empty() {
            parts.push(Part::Text(rest.to_owned()));
        }
        if !parts.iter().any(|part| matches!(part, Part::Serial(_))) {
            return Err("a number needs `{seq}` or `{seq:6}`, or all cases would have the same".to_owned());
        }
        Ok(Self { parts })
    }

    /// The number with this serial, in this year.
    pub fn number(&self, year: i16, serial: u64) -> Name {
        let text: String = self
            .parts
            .iter()
            .map(|part| match part {
                Part::Text(text) => text.clone(),
                Part::Year => year.to_string(),
                Part::Serial(width) => format!("{serial:0width$}"),
            })
            .collect();
        Name::from(text)
    }

    /// What the serial is counted in: the process, and the year when the pattern names it.
    pub fn series(&self, process: &Name, year: i16) -> String {
        if self.parts.contains(&Part::Year) { format!("{process}/{year}") } else { process.to_string() }
    }
}

fn part(inside: &str) -> Result<Part, String> {
    match inside.split_once(':') {
        None if inside == "year" => Ok(Part::Year),
        None if inside == "seq" => Ok(Part::Serial(1)),
        Some(("seq", width)) => match width.parse() {
            Ok(width) if (1..=WIDTH_MAX).contains(&width) => Ok(Part::Serial(width)),
            Ok(_) | Err(_) => Err(format!("`{{seq:{width}}}`: the width is a number from 1 to {WIDTH_MAX}")),
        },
        None | Some(_) => {
            Err(format!("there is no `{{{inside}}}`; a number is made of `{{year}}`, `{{seq}}` and text"))
        }
    }
}
