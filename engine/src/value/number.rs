//! Numbers as they are written: the one reader of them, which keeps every digit or says why not, and the one writer.

use rust_decimal::Decimal;
use serde_json::Value as Json;

/// How many digits a number has at most, and how many of them behind the point.
pub const DIGITS_MAX: usize = 28;

/// Why a text is not a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mistake {
    /// It is written in another way.
    Form,
    /// It has more digits than are kept.
    Digits,
}

/// Reads `12`, `-12.50`, `1.2e-3`: the numbers of JSON (RFC 8259, section 6), and zeros before them.
///
/// # Errors
/// Another form, or more than [`DIGITS_MAX`] digits; zeros before a number and at the end of its fraction do not count.
pub fn parse(text: &str) -> Result<Decimal, Mistake> {
    let (coefficient, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let (is_negative, magnitude) = coefficient.strip_prefix('-').map_or((false, coefficient), |rest| (true, rest));
    let (whole, fraction) = match magnitude.split_once('.') {
        Some((whole, fraction)) if is_digits(fraction) => (whole, fraction),
        None => (magnitude, ""),
        Some(_) => return Err(Mistake::Form),
    };
    let exponent_digits = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
    if !is_digits(whole) || !is_digits(exponent_digits) {
        return Err(Mistake::Form);
    }
    let written = format!("{whole}{fraction}");
    let mut digits = written.trim_start_matches('0');
    if digits.is_empty() {
        let scale = if exponent_digits.bytes().all(|digit| digit == b'0') { fraction.len().min(DIGITS_MAX) } else { 0 };
        return of_digits("0", scale, false);
    }
    let exponent: i64 = exponent.parse().map_err(|_| Mistake::Digits)?;
    let length = i64::try_from(fraction.len()).map_err(|_| Mistake::Digits)?;
    let mut scale = length.checked_sub(exponent).ok_or(Mistake::Digits)?;
    let most = i64::try_from(DIGITS_MAX).expect("it is small");
    // What is zero at the end of a fraction can go; before the point it counts.
    while scale > 0 && (scale > most || digits.len() > DIGITS_MAX) {
        digits = digits.strip_suffix('0').ok_or(Mistake::Digits)?;
        scale -= 1;
    }
    let zeros = usize::try_from(-scale.min(0)).map_err(|_| Mistake::Digits)?;
    if zeros > DIGITS_MAX || digits.len() + zeros > DIGITS_MAX {
        return Err(Mistake::Digits);
    }
    let digits = format!("{digits}{:0<zeros$}", "");
    of_digits(&digits, usize::try_from(scale).unwrap_or(0), is_negative)
}

/// Whether a number is meant by what is none: `1_000`, `+5`, `1,000.00`.
pub fn seems_meant(text: &str) -> bool {
    let has_digit = text.contains(|letter: char| letter.is_ascii_digit());
    has_digit && text.chars().all(|letter| letter.is_ascii_digit() || "_,.'+-eE ".contains(letter))
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn of_digits(digits: &str, scale: usize, is_negative: bool) -> Result<Decimal, Mistake> {
    let magnitude: i128 = digits.parse().map_err(|_| Mistake::Digits)?;
    let scale = u32::try_from(scale).map_err(|_| Mistake::Digits)?;
    let signed = if is_negative { -magnitude } else { magnitude };
    Decimal::try_from_i128_with_scale(signed, scale).map_err(|_| Mistake::Digits)
}

/// As clients read it: a JSON number where a double is this very number in its shortest form, a text otherwise. What was
/// computed to more than [`DIGITS_MAX`] digits is rounded.
pub fn plain(number: Decimal) -> Json {
    let number = rounded(number).normalize();
    let text = number.to_string();
    let double = text.parse::<f64>().ok().filter(|double| parse(&double.to_string()) == Ok(number));
    match (double, text.parse::<serde_json::Number>()) {
        (Some(_), Ok(number)) => Json::Number(number),
        (None, _) | (_, Err(_)) => Json::String(number.to_string()),
    }
}

/// The number with one digit less behind the point when it has one more than is kept: the most that a decimal holds.
fn rounded(number: Decimal) -> Decimal {
    let is_long = number.mantissa().unsigned_abs() >= 10_u128.pow(28);
    if is_long && number.scale() > 0 { number.round_dp(number.scale() - 1) } else { number }
}
