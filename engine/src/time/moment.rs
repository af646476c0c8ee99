//! Moments as people write them on their own clock: `2026-10-13 24:00` is the end of that day.

use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, Zoned};

use super::{Mistake, Span, place_of};

/// Reads `2026-10-13 17:30`, `2026-10-13T17:30:05` or `2026-10-13 24:00` on the clock of a time zone. A time that
/// the clock shows twice is the earlier one; a time that it leaps over is as much later.
pub fn parse_local(text: &str, zone: &TimeZone) -> Result<Timestamp, Mistake> {
    let trimmed = text.trim();
    if trimmed.parse::<Span>().is_ok() {
        let message = format!("`{trimmed}` is a length of time, and an instant is needed here");
        let help = "a limit of this length is written with `within` or `is`, a wait with `for`";
        return Err(Mistake::new(place_of(text, trimmed), message).with_help(help));
    }
    let Some((date_text, time_text)) = trimmed.split_once([' ', 'T']) else {
        let help = format!("write `{trimmed} 09:00`, or `{trimmed} 24:00` for the end of the day");
        return Err(Mistake::new(place_of(text, trimmed), "a moment is a date and a time of day").with_help(help));
    };
    let date = parse_date(date_text).map_err(|mistake| mistake.shifted(place_of(text, date_text).start))?;
    let seconds = parse_time_of_day(time_text.trim())
        .map_err(|mistake| mistake.shifted(place_of(text, time_text.trim()).start))?;
    on_clock(date, seconds, zone)
        .ok_or_else(|| Mistake::new(place_of(text, trimmed), format!("`{trimmed}` is outside of the years 1 to 9999")))
}

/// Reads `2026-10-13`.
pub(crate) fn parse_date(text: &str) -> Result<Date, Mistake> {
    let is_plain = text.len() == 10 && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
    if !is_plain {
        let shape = Mistake::new(0..text.len(), format!("`{text}` is not a date"));
        return Err(shape.with_help("write it as `2026-10-13`"));
    }
    text.parse().map_err(|_| Mistake::new(0..text.len(), format!("there is no day {text}")))
}

/// Reads a time of day, `09:00` or `17:30:05`, up to and with `24:00`: seconds since the day began.
pub(crate) fn parse_time_of_day(text: &str) -> Result<u32, Mistake> {
    let wrong =
        || Mistake::new(0..text.len(), format!("`{text}` is not a time of day")).with_help("write it as `17:30`");
    let parts: Vec<u32> = text
        .split(':')
        .map(|part| part.parse().ok().filter(|_| part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit())))
        .collect::<Option<_>>()
        .ok_or_else(wrong)?;
    let (hours, minutes, seconds) = match parts[..] {
        [hours, minutes] => (hours, minutes, 0),
        [hours, minutes, seconds] => (hours, minutes, seconds),
        _ => return Err(wrong()),
    };
    let of_day = hours * 3600 + minutes * 60 + seconds;
    if minutes > 59 || seconds > 59 || of_day > DAY_SECONDS {
        return Err(wrong());
    }
    Ok(of_day)
}

/// Writes a due moment on the clock of a time zone: midnight is 24:00 of the day that ends.
pub fn describe_due(due: Timestamp, zone: &TimeZone) -> String {
    let (date, seconds) = due_on_clock(due, zone);
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    match seconds {
        0 => format!("{date} {hours:02}:{minutes:02}"),
        _ => format!("{date} {hours:02}:{minutes:02}:{seconds:02}"),
    }
}

/// Seconds from 00:00 to 24:00 on the clock.
pub(crate) const DAY_SECONDS: u32 = 86_400;

/// The date and the seconds of the day that the clock shows when a due moment comes; midnight is the end of a day.
pub(crate) fn due_on_clock(due: Timestamp, zone: &TimeZone) -> (Date, u32) {
    let local = due.to_zoned(zone.clone());
    match local.date().yesterday() {
        Ok(ended) if is_start_of_day(&local) => (ended, DAY_SECONDS),
        Ok(_) | Err(_) => (local.date(), seconds_of_day(local.time())),
    }
}

fn is_start_of_day(local: &Zoned) -> bool {
    local.start_of_day().is_ok_and(|start| start.timestamp() == local.timestamp())
}

fn seconds_of_day(time: Time) -> u32 {
    let [hour, minute, second] = [time.hour(), time.minute(), time.second()].map(|part| u32::from(part.unsigned_abs()));
    hour * 3600 + minute * 60 + second
}

/// The moment when the clock shows so many seconds of a day; none outside of the years 1 to 9999.
pub(crate) fn on_clock(date: Date, seconds: u32, zone: &TimeZone) -> Option<Timestamp> {
    if seconds >= DAY_SECONDS {
        return start_of(date.tomorrow().ok()?, zone);
    }
    let time = Time::midnight() + SignedDuration::from_secs(i64::from(seconds));
    let moment = date.to_datetime(time).to_zoned(zone.clone()).ok()?.timestamp();
    Some(moment)
}

/// The first moment of a day.
pub(crate) fn start_of(date: Date, zone: &TimeZone) -> Option<Timestamp> {
    Some(date.to_zoned(zone.clone()).ok()?.timestamp())
}
