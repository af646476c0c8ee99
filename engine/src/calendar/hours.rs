//! The working hours of a day: one or more shifts, in order and apart.

use std::fmt;
use std::str::FromStr;

use crate::time::{Mistake, parse_time_of_day, place_of};

/// The working hours of a day, `09:00-12:00, 13:00-17:30`. There is at least one shift.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hours(Vec<Shift>);

/// Seconds since the day began, the first worked and the first no longer worked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Shift {
    pub(super) from: u32,
    pub(super) to: u32,
}

impl Hours {
    pub(super) fn shifts(&self) -> impl DoubleEndedIterator<Item = Shift> {
        self.0.iter().copied()
    }

    /// When work ends, in seconds since the day began.
    pub(super) fn end(&self) -> u32 {
        self.0.last().map(|shift| shift.to).expect("there is at least one shift")
    }
}

impl FromStr for Hours {
    type Err = Mistake;

    fn from_str(text: &str) -> Result<Self, Mistake> {
        let mut shifts: Vec<Shift> = Vec::new();
        for part in text.split(',') {
            let written = part.trim();
            let at = place_of(text, written);
            let Some((from_text, to_text)) = written.split_once('-') else {
                let shape = Mistake::new(at, format!("`{written}` is not from one time to another"));
                return Err(shape.with_help("write it as `09:00-12:00, 13:00-17:30`"));
            };
            let read = |part: &str| {
                parse_time_of_day(part.trim()).map_err(|mistake| mistake.shifted(place_of(text, part.trim()).start))
            };
            let shift = Shift { from: read(from_text)?, to: read(to_text)? };
            if shift.from >= shift.to {
                return Err(Mistake::new(at, format!("`{written}` ends before it begins")));
            }
            if shifts.last().is_some_and(|before| before.to > shift.from) {
                return Err(Mistake::new(at, format!("`{written}` begins before the hours in front of it end")));
            }
            shifts.push(shift);
        }
        Ok(Self(shifts))
    }
}

impl fmt::Display for Hours {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, shift) in self.0.iter().enumerate() {
            let clock = |seconds: u32| format!("{:02}:{:02}", seconds / 3600, seconds / 60 % 60);
            let comma = if place > 0 { ", " } else { "" };
            write!(f, "{comma}{}-{}", clock(shift.from), clock(shift.to))?;
        }
        Ok(())
    }
}
