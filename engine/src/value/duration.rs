//! Durations as ISO 8601 writes them: `P1DT2H` and `P1Y2M`, never mixed.

use jiff::SignedDuration;

use super::Value;
use super::scan::{Scan, fraction_text};

const SECONDS_PER_MINUTE: i64 = 60;
const SECONDS_PER_HOUR: i64 = 60 * SECONDS_PER_MINUTE;
const SECONDS_PER_DAY: i64 = 24 * SECONDS_PER_HOUR;

/// Reads a duration of either kind.
pub fn parse(text: &str) -> Option<Value> {
    let mut scan = Scan(text);
    let is_negative = scan.eat('-');
    if !scan.eat('P') {
        return None;
    }
    let months = parse_months(&mut Scan(scan.0));
    if let Some(months) = months {
        return Some(Value::Months(if is_negative { -months } else { months }));
    }
    let span = parse_days(&mut scan)?;
    if is_negative { span.checked_neg() } else { Some(span) }.map(Value::Days)
}

/// `1Y2M`, `1Y`, `2M`.
fn parse_months(scan: &mut Scan<'_>) -> Option<i64> {
    let mut total = 0_i64;
    let mut units = [('Y', 12), ('M', 1)].as_slice();
    while !scan.is_done() {
        let amount: i64 = scan.digits()?.parse().ok()?;
        let position = units.iter().position(|(letter, _)| scan.eat(*letter))?;
        total = total.checked_add(amount.checked_mul(units[position].1)?)?;
        units = &units[position + 1..];
    }
    if units.len() == 2 { None } else { Some(total) }
}

/// `1D`, `1DT2H3M4.5S`, `T4S`.
fn parse_days(scan: &mut Scan<'_>) -> Option<SignedDuration> {
    let mut seconds = 0_i64;
    let mut nanoseconds = 0;
    let mut is_empty = true;
    if !scan.0.starts_with('T') {
        let days: i64 = scan.digits()?.parse().ok()?;
        if !scan.eat('D') {
            return None;
        }
        seconds = days.checked_mul(SECONDS_PER_DAY)?;
        is_empty = false;
    }
    if scan.eat('T') {
        let mut units = [('H', SECONDS_PER_HOUR), ('M', SECONDS_PER_MINUTE), ('S', 1)].as_slice();
        is_empty = true;
        while !scan.is_done() {
            let amount: i64 = scan.digits()?.parse().ok()?;
            let is_fraction = scan.0.starts_with('.');
            nanoseconds = scan.fraction_ns()?;
            let position = units.iter().position(|(letter, _)| scan.eat(*letter))?;
            if is_fraction && units[position].0 != 'S' {
                return None;
            }
            seconds = seconds.checked_add(amount.checked_mul(units[position].1)?)?;
            units = &units[position + 1..];
            is_empty = false;
        }
    }
    if is_empty || !scan.is_done() { None } else { Some(SignedDuration::new(seconds, nanoseconds)) }
}

/// `P1Y2M`, `-P3M`, `P0M`.
pub fn months_text(months: i64) -> String {
    let sign = if months < 0 { "-" } else { "" };
    let (years, rest) = (months.unsigned_abs() / 12, months.unsigned_abs() % 12);
    match (years, rest) {
        (0, _) => format!("{sign}P{rest}M"),
        (_, 0) => format!("{sign}P{years}Y"),
        (_, _) => format!("{sign}P{years}Y{rest}M"),
    }
}

/// `P1DT2H3M4.5S`, `-PT1H`, `PT0S`.
pub fn days_text(span: SignedDuration) -> String {
    if span.is_zero() {
        return "PT0S".to_owned();
    }
    let sign = if span.is_negative() { "-" } else { "" };
    let seconds = span.as_secs().unsigned_abs();
    let nanoseconds = span.subsec_nanos();
    let mut text = format!("{sign}P");
    let days = seconds / SECONDS_PER_DAY.unsigned_abs();
    if days > 0 {
        text.push_str(&format!("{days}D"));
    }
    let rest = seconds % SECONDS_PER_DAY.unsigned_abs();
    if rest == 0 && nanoseconds == 0 {
        return text;
    }
    text.push('T');
    let (hours, minutes, seconds) = (rest / 3600, rest % 3600 / 60, rest % 60);
    if hours > 0 {
        text.push_str(&format!("{hours}H"));
    }
    if minutes > 0 {
        text.push_str(&format!("{minutes}M"));
    }
    if seconds > 0 || nanoseconds != 0 {
        text.push_str(&format!("{seconds}{}S", fraction_text(nanoseconds)));
    }
    text
}
