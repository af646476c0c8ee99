//! A token: 256 random bits as text. Whoever has it is let in, so that it is shown once and kept as a digest.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

use crate::random;

/// What every token begins with, so that scanners of leaked secrets can tell what it is.
const PREFIX: &str = "duban_";

/// A token. It is printed only by `reveal`.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

impl Token {
    /// A new one.
    pub fn random() -> Self {
        Self(format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(random::bytes::<32>())))
    }

    /// A token that somebody shows, if it looks like one.
    pub fn read(text: &str) -> Option<Self> {
        let digits = text.strip_prefix(PREFIX)?;
        let is_token = URL_SAFE_NO_PAD.decode(digits).is_ok_and(|bytes| bytes.len() == 32);
        is_token.then(|| Self(text.to_owned()))
    }

    /// What is kept of it.
    pub fn digest(&self) -> String {
        Sha256::digest(&self.0).iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// The token itself, for its holder.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::Token;

    #[test]
    fn a_token_is_read_back_and_is_not_in_its_digest_or_debug_text() {
        let token = Token::random();

        assert_eq!(Token::read(token.reveal()), Some(token.clone()));
        assert_ne!(Token::random(), token);
        assert_eq!(token.digest().len(), 64);
        assert_eq!(format!("{token:?}"), "Token(…)");
    }

    #[test]
    fn what_is_not_a_token_is_not_looked_up() {
        for text in ["", "duban_", "duban_x", "wei-hongwei", &"duban_".repeat(900)] {
            assert_eq!(Token::read(text), None, "{text}");
        }
    }
}
