//! Reads dates, times and durations from text, piece by piece.

/// What of a text is still unread.
pub(super) struct Scan<'a>(pub(super) &'a str);

impl<'a> Scan<'a> {
    /// Reads `symbol` if it comes next.
    pub(super) fn eat(&mut self, symbol: char) -> bool {
        match self.0.strip_prefix(symbol) {
            Some(rest) => {
                self.0 = rest;
                true
            }
            None => false,
        }
    }

    /// Reads all digits that come next: at least one.
    pub(super) fn digits(&mut self) -> Option<&'a str> {
        let length = self.0.bytes().take_while(u8::is_ascii_digit).count();
        let (digits, rest) = self.0.split_at(length);
        self.0 = rest;
        if digits.is_empty() { None } else { Some(digits) }
    }

    /// Reads a number of exactly two digits.
    pub(super) fn two_digits(&mut self) -> Option<i8> {
        let digits = self.digits()?;
        if digits.len() == 2 { digits.parse().ok() } else { None }
    }

    /// Reads `.123456789` as nanoseconds; nothing written is 0.
    pub(super) fn fraction_ns(&mut self) -> Option<i32> {
        if !self.eat('.') {
            return Some(0);
        }
        let length = self.0.bytes().take_while(u8::is_ascii_digit).count();
        if length > 9 {
            return None;
        }
        let (digits, rest) = self.0.split_at(length);
        self.0 = rest;
        format!("{digits:0<9}").parse().ok()
    }

    /// Whether all has been read.
    pub(super) fn is_done(&self) -> bool {
        self.0.is_empty()
    }
}

/// `.5` for 500,000,000 ns, nothing for 0.
pub(super) fn fraction_text(nanoseconds: i32) -> String {
    if nanoseconds == 0 {
        return String::new();
    }
    format!(".{:09}", nanoseconds.unsigned_abs()).trim_end_matches('0').to_owned()
}
