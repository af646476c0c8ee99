//! From bytes to text: says which encoding a file seems to be in when it is not UTF-8, and refuses invisible dangers.

use super::TEXT_BYTES_MAX;
use crate::diagnostic::{Diagnostics, SourceId, Span, without_mark};

/// Bytes looked at to guess an encoding.
const GUESS_BYTES_MAX: usize = 64 * 1024;

/// The text of a file without byte order mark, or nothing after saying why not.
pub(super) fn decode<'a>(bytes: &'a [u8], source: SourceId, out: &mut Diagnostics) -> Option<&'a str> {
    let start = Span::new(source, 0, 0);
    if bytes.len() > TEXT_BYTES_MAX {
        let message = format!("the file has {} bytes, the most is {TEXT_BYTES_MAX}", bytes.len());
        out.error(start, "file-too-large", message).help("split it into several files");
        return None;
    }
    if let Some(encoding) = wide_encoding(bytes) {
        let message = format!("the file is not UTF-8, it seems to be {encoding}");
        out.error(start, "not-utf-8", message).help("save it as UTF-8 (in Notepad: Save As, Encoding: UTF-8)");
        return None;
    }
    let bytes = without_mark(bytes);
    match std::str::from_utf8(bytes) {
        Ok(text) => is_visible(text, source, out).then_some(text),
        Err(error) => {
            refuse_bytes(bytes, error.valid_up_to(), source, out);
            None
        }
    }
}

/// UTF-16 and UTF-32 by their byte order mark, or UTF-16 by the zero bytes that ASCII text has in it.
fn wide_encoding(bytes: &[u8]) -> Option<&'static str> {
    match bytes {
        [0xFF, 0xFE, 0, 0, ..] => return Some("UTF-32 (little endian)"),
        [0, 0, 0xFE, 0xFF, ..] => return Some("UTF-32 (big endian)"),
        [0xFF, 0xFE, ..] => return Some("UTF-16 (little endian)"),
        [0xFE, 0xFF, ..] => return Some("UTF-16 (big endian)"),
        _other => {}
    }
    let sample = &bytes[..bytes.len().min(GUESS_BYTES_MAX)];
    let zeros_at = |parity: usize| {
        let side = sample.iter().skip(parity).step_by(2);
        (side.clone().filter(|byte| **byte == 0).count(), side.count())
    };
    let ((even_zeros, even), (odd_zeros, odd)) = (zeros_at(0), zeros_at(1));
    // A fifth is enough: spaces, line breaks and keys are ASCII even where the rest is Chinese.
    if odd_zeros > 1 && odd_zeros * 5 >= odd && even_zeros == 0 {
        return Some("UTF-16 (little endian)");
    }
    if even_zeros > 1 && even_zeros * 5 >= even && odd_zeros == 0 {
        return Some("UTF-16 (big endian)");
    }
    None
}

/// Says what the bytes seem to be instead of UTF-8.
fn refuse_bytes(bytes: &[u8], bad_at: usize, source: SourceId, out: &mut Diagnostics) {
    let at = u32::try_from(bad_at).unwrap_or(u32::MAX);
    let span = Span::new(source, at, at);
    if seems_gbk(bytes) {
        let message = "the file is not UTF-8, it seems to be GBK (GB18030)";
        out.error(span, "not-utf-8", message)
            .label("the first character that is not UTF-8")
            .help("save it as UTF-8, or convert it: iconv -f GB18030 -t UTF-8 OLD > NEW");
        return;
    }
    let message = format!("byte 0x{:02X} is not UTF-8 text", bytes[bad_at]);
    out.error(span, "not-utf-8", message)
        .label("the first byte that is not UTF-8")
        .help("save the file as UTF-8; if it was, this place is damaged");
}

/// Whether everything beyond ASCII comes in GBK's two-byte pairs (or GB18030's four), and mostly common characters.
fn seems_gbk(bytes: &[u8]) -> bool {
    let mut rest = &bytes[..bytes.len().min(GUESS_BYTES_MAX)];
    let (mut pairs, mut common) = (0_usize, 0_usize);
    loop {
        rest = match rest {
            [] => break,
            [0..=0x7F, after @ ..] => after,
            [0x81..=0xFE, 0x30..=0x39, 0x81..=0xFE, 0x30..=0x39, after @ ..] => after,
            [lead @ 0x81..=0xFE, trail @ (0x40..=0x7E | 0x80..=0xFE), after @ ..] => {
                pairs += 1;
                // Hanzi of GB2312, and its punctuation and full-width letters.
                let is_common = matches!(lead, 0xA1 | 0xA3 | 0xB0..=0xF7) && *trail >= 0xA1;
                common += usize::from(is_common);
                after
            }
            // A pair cut at the end of the sample.
            [_last] => break,
            _other => return false,
        };
    }
    pairs > 0 && common * 10 >= pairs * 8
}

/// Refuses control characters: none belongs in a definition, and some hide text from whoever reads it.
fn is_visible(text: &str, source: SourceId, out: &mut Diagnostics) -> bool {
    let mut is_visible = true;
    let mut letters = text.char_indices().peekable();
    while let Some((at, letter)) = letters.next() {
        let is_lone_return = letter == '\r' && letters.peek().is_none_or(|(_, next)| *next != '\n');
        let name = match letter {
            '\t' | '\n' => continue,
            '\r' if !is_lone_return => continue,
            '\r' => "a lone carriage return".to_owned(),
            '\0' => "a NUL character".to_owned(),
            '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' => {
                format!("U+{:04X}, which turns the direction of text", u32::from(letter))
            }
            '\u{FEFF}' => "a byte order mark inside the text".to_owned(),
            '\u{FFFE}' | '\u{FFFF}' => {
                format!("U+{:04X}, which is no character", u32::from(letter))
            }
            other if other.is_control() => {
                format!("the control character U+{:04X}", u32::from(other))
            }
            _other => continue,
        };
        is_visible = false;
        let start = u32::try_from(at).unwrap_or(u32::MAX);
        let span = Span::new(source, start, start + u32::try_from(letter.len_utf8()).unwrap_or(1));
        let finding = out.error(span, "control-character", format!("the text has {name}"));
        match is_lone_return {
            true => finding.help("end lines with a line feed, as all editors can"),
            false => finding.help("remove it"),
        };
    }
    is_visible
}
