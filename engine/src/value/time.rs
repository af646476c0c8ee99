//! Times of day and moments, with a zone or without, as FEEL writes them: `09:00:00@Asia/Shanghai`.

use std::fmt;
use std::sync::Arc;

use jiff::tz::{Offset, TimeZone};
use jiff::{Timestamp, Zoned, civil};

use super::scan::{Scan, fraction_text};

/// No place on earth is further from UTC than this. XML Schema stops at 14; the conformance kit only refuses 19.
const OFFSET_HOURS_MAX: i8 = 18;

/// A time of day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Time {
    /// Without a zone.
    Local(civil::Time),
    /// With an offset from UTC or a named zone.
    Zoned(Arc<(civil::Time, TimeZone)>),
}

impl Time {
    /// From its parts.
    pub fn new(clock: civil::Time, zone: Option<TimeZone>) -> Self {
        match zone {
            None => Self::Local(clock),
            Some(zone) => Self::Zoned(Arc::new((clock, zone))),
        }
    }

    /// What the clock shows.
    pub fn clock(&self) -> civil::Time {
        match self {
            Self::Local(clock) => *clock,
            Self::Zoned(zoned) => zoned.0,
        }
    }

    /// The zone, if it has one.
    pub fn zone(&self) -> Option<&TimeZone> {
        match self {
            Self::Local(_) => None,
            Self::Zoned(zoned) => Some(&zoned.1),
        }
    }

    /// Reads `09:00:00`, `09:00:00+08:00`, `09:00:00Z`, `09:00:00@Asia/Shanghai`.
    pub fn parse(text: &str) -> Option<Self> {
        let mut scan = Scan(text);
        let (clock, _) = scan_clock(&mut scan)?;
        Some(Self::new(clock, parse_zone(scan.0)?))
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_clock(f, self.clock())?;
        self.zone().map_or(Ok(()), |zone| f.write_str(&zone_text(zone)))
    }
}

/// A day and a time of day.
#[derive(Clone, Debug)]
pub enum DateTime {
    /// Without a zone: it is a moment only once a zone is chosen.
    Local(civil::DateTime),
    /// A moment, and the zone it is written in.
    Zoned(Arc<Zoned>),
}

impl PartialEq for DateTime {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Local(one), Self::Local(two)) => one == two,
            (Self::Zoned(one), Self::Zoned(two)) => one == two && one.time_zone() == two.time_zone(),
            (Self::Local(_), Self::Zoned(_)) | (Self::Zoned(_), Self::Local(_)) => false,
        }
    }
}

impl Eq for DateTime {}

impl DateTime {
    /// From its parts; `None` at the ends of time.
    pub fn new(civil: civil::DateTime, zone: Option<TimeZone>) -> Option<Self> {
        match zone {
            None => Some(Self::Local(civil)),
            Some(zone) => civil.to_zoned(zone).ok().map(|zoned| Self::Zoned(Arc::new(zoned))),
        }
    }

    /// What calendar and clock show.
    pub fn civil(&self) -> civil::DateTime {
        match self {
            Self::Local(civil) => *civil,
            Self::Zoned(zoned) => zoned.datetime(),
        }
    }

    /// The zone, if it has one.
    pub fn zone(&self) -> Option<&TimeZone> {
        match self {
            Self::Local(_) => None,
            Self::Zoned(zoned) => Some(zoned.time_zone()),
        }
    }

    /// The moment; without a zone of its own it is read in `zone`.
    pub fn instant(&self, zone: &TimeZone) -> Option<Timestamp> {
        match self {
            Self::Local(civil) => civil.to_zoned(zone.clone()).ok().map(|zoned| zoned.timestamp()),
            Self::Zoned(zoned) => Some(zoned.timestamp()),
        }
    }

    /// Reads `2026-01-01T09:00:00` with a zone as [`Time::parse`] does.
    pub fn parse(text: &str) -> Option<Self> {
        let mut scan = Scan(text);
        let civil = scan_civil(&mut scan)?;
        Self::new(civil, parse_zone(scan.0)?)
    }

    /// With the offset always written, so that a moment keeps its meaning when a zone changes its
    /// rules: `2026-01-01T09:00:00+08:00[Asia/Shanghai]`.
    pub(super) fn stored_text(&self) -> String {
        let Self::Zoned(zoned) = self else {
            return self.to_string();
        };
        match zone_name(zoned.time_zone()) {
            None => self.to_string(),
            Some(name) => {
                let offset = offset_text(zoned.offset());
                format!("{}{offset}[{name}]", Self::Local(zoned.datetime()))
            }
        }
    }

    /// Reads [`Self::stored_text`].
    pub(super) fn parse_stored(text: &str) -> Option<Self> {
        let Some((moment, name)) = text.strip_suffix(']').and_then(|text| text.split_once('[')) else {
            return Self::parse(text).filter(|moment| moment.stored_text() == text);
        };
        let mut scan = Scan(moment);
        let civil = scan_civil(&mut scan)?;
        let instant = parse_offset(scan.0)?.to_timestamp(civil).ok()?;
        let zone = TimeZone::get(name).ok()?;
        Some(Self::Zoned(Arc::new(instant.to_zoned(zone))))
    }
}

impl fmt::Display for DateTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let civil = self.civil();
        write_date(f, civil.date())?;
        f.write_str("T")?;
        write_clock(f, civil.time())?;
        self.zone().map_or(Ok(()), |zone| f.write_str(&zone_text(zone)))
    }
}

/// Reads `2026-01-01`; years before 0 begin with a minus.
pub fn parse_date(text: &str) -> Option<civil::Date> {
    let mut scan = Scan(text);
    let date = scan_date(&mut scan)?;
    if scan.is_done() { Some(date) } else { None }
}

fn scan_date(scan: &mut Scan<'_>) -> Option<civil::Date> {
    let is_negative = scan.eat('-');
    let digits = scan.digits()?;
    if digits.len() < 4 || (digits.len() > 4 && digits.starts_with('0')) {
        return None;
    }
    let year: i16 = digits.parse().ok()?;
    if !scan.eat('-') {
        return None;
    }
    let month = scan.two_digits()?;
    if !scan.eat('-') {
        return None;
    }
    let day = scan.two_digits()?;
    civil::Date::new(if is_negative { -year } else { year }, month, day).ok()
}

/// The clock, and whether it showed 24:00:00, the end of the day.
fn scan_clock(scan: &mut Scan<'_>) -> Option<(civil::Time, bool)> {
    let hour = scan.two_digits()?;
    if !scan.eat(':') {
        return None;
    }
    let minute = scan.two_digits()?;
    if !scan.eat(':') {
        return None;
    }
    let second = scan.two_digits()?;
    let nanosecond = scan.fraction_ns()?;
    if (hour, minute, second, nanosecond) == (24, 0, 0, 0) {
        return Some((civil::Time::midnight(), true));
    }
    let clock = civil::Time::new(hour, minute, second, nanosecond).ok()?;
    Some((clock, false))
}

fn scan_civil(scan: &mut Scan<'_>) -> Option<civil::DateTime> {
    let date = scan_date(scan)?;
    if !scan.eat('T') {
        return None;
    }
    let (clock, is_end_of_day) = scan_clock(scan)?;
    let date = if is_end_of_day { date.tomorrow().ok()? } else { date };
    Some(date.to_datetime(clock))
}

/// Outer `None`: not a zone. Inner `None`: no zone was written.
fn parse_zone(text: &str) -> Option<Option<TimeZone>> {
    if text.is_empty() {
        return Some(None);
    }
    if let Some(name) = text.strip_prefix('@') {
        return TimeZone::get(name).ok().map(Some);
    }
    parse_offset(text).map(|offset| Some(TimeZone::fixed(offset)))
}

fn parse_offset(text: &str) -> Option<Offset> {
    if text == "Z" {
        return Some(Offset::UTC);
    }
    let mut scan = Scan(text);
    let sign = match (scan.eat('+'), scan.eat('-')) {
        (true, false) => 1,
        (false, true) => -1,
        (_, _) => return None,
    };
    let hours = scan.two_digits()?;
    let minutes = if scan.eat(':') { scan.two_digits()? } else { return None };
    let seconds = if scan.eat(':') { scan.two_digits()? } else { 0 };
    if hours > OFFSET_HOURS_MAX || minutes > 59 || seconds > 59 || !scan.is_done() {
        return None;
    }
    let total = i32::from(hours) * 3600 + i32::from(minutes) * 60 + i32::from(seconds);
    Offset::from_seconds(sign * total).ok()
}

/// The name of a zone that has rules of its own, not only an offset.
pub(crate) fn zone_name(zone: &TimeZone) -> Option<&str> {
    zone.iana_name().filter(|name| *name != "UTC")
}

fn zone_text(zone: &TimeZone) -> String {
    match zone_name(zone) {
        Some(name) => format!("@{name}"),
        None => offset_text(zone.to_fixed_offset().unwrap_or(Offset::UTC)),
    }
}

/// `Z`, `+08:00`, `-05:30`, `+02:45:55`.
pub(super) fn offset_text(offset: Offset) -> String {
    let seconds = offset.seconds();
    if seconds == 0 {
        return "Z".to_owned();
    }
    let sign = if seconds < 0 { '-' } else { '+' };
    let total = seconds.unsigned_abs();
    let text = format!("{sign}{:02}:{:02}", total / 3600, total % 3600 / 60);
    if total.is_multiple_of(60) { text } else { format!("{text}:{:02}", total % 60) }
}

pub(super) fn write_date(f: &mut fmt::Formatter<'_>, date: civil::Date) -> fmt::Result {
    let sign = if date.year() < 0 { "-" } else { "" };
    write!(f, "{sign}{:04}-{:02}-{:02}", date.year().unsigned_abs(), date.month(), date.day())
}

fn write_clock(f: &mut fmt::Formatter<'_>, clock: civil::Time) -> fmt::Result {
    let fraction = fraction_text(clock.subsec_nanosecond());
    write!(f, "{:02}:{:02}:{:02}{fraction}", clock.hour(), clock.minute(), clock.second())
}
