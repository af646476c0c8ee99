//! What is signed, and how it is written: lines of text that other programs can read and check.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use jiff::Timestamp;
use sha2::{Digest, Sha256};

use super::key::Key;
use crate::storage::heads::Head;
use crate::storage::hexadecimal;

/// The first line; the number is that of the form.
const FIRST: &str = "duban anchor 1";

/// How many histories there were, and where each stood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// When: every head was there by then.
    pub at: Timestamp,
    /// How many cases.
    pub cases: u64,
    /// The SHA-256 of the heads' lines, which are sorted by case.
    pub heads: String,
    /// The digest of the statement before.
    pub previous: Option<String>,
    /// The public key that belongs to the signature, in base64.
    pub key: String,
}

impl Statement {
    /// The bytes that are signed.
    pub fn text(&self) -> String {
        let Self { at, cases, heads, previous, key } = self;
        let previous = previous.as_deref().unwrap_or("none");
        format!("{FIRST}\nat {at}\ncases {cases}\nheads {heads}\nprevious {previous}\nkey {key}\n")
    }

    /// What tells this statement from every other: the SHA-256 of the bytes that are signed.
    pub fn digest(&self) -> String {
        hexadecimal(&Sha256::digest(self.text()))
    }

    /// The statement with its signature, by the key that it names.
    pub(super) fn signed(&self, key: &Key) -> String {
        let text = self.text();
        let signature = BASE64_STANDARD.encode(key.sign(text.as_bytes()));
        format!("{text}signature {signature}\n")
    }

    /// Reads a signed statement; otherwise what is wrong with it.
    pub(super) fn read(text: &str) -> Result<(Self, Vec<u8>), String> {
        let mut lines = text.lines();
        if lines.next() != Some(FIRST) {
            return Err(format!("its statement does not begin with `{FIRST}`"));
        }
        let mut next = |name: &str| {
            let line = lines.next().and_then(|line| line.strip_prefix(name)?.strip_prefix(' '));
            line.ok_or_else(|| format!("its statement has no `{name}` where it should be"))
        };
        let at = next("at")?.parse().map_err(|_| "`at` is no instant".to_owned())?;
        let cases = next("cases")?.parse().map_err(|_| "`cases` is no number".to_owned())?;
        let heads = next("heads")?.to_owned();
        let previous = Some(next("previous")?.to_owned()).filter(|previous| previous != "none");
        let key = next("key")?.to_owned();
        let signature =
            BASE64_STANDARD.decode(next("signature")?).map_err(|_| "`signature` is no base64".to_owned())?;
        Ok((Self { at, cases, heads, previous, key }, signature))
    }
}

/// Whether a line is the first of a statement.
pub fn begins(line: &str) -> bool {
    line.starts_with("duban anchor ")
}

/// A head as a line.
pub fn line_of(Head { case, sequence, hash }: &Head) -> String {
    format!("{case} {sequence} {hash}\n")
}

/// The head that a line says.
pub fn head_of(line: &str) -> Option<Head> {
    let mut words = line.strip_suffix('\n')?.split(' ');
    let (case, sequence, hash) = (words.next()?, words.next()?.parse().ok()?, words.next()?);
    words.next().is_none().then(|| Head { case: case.to_owned(), sequence, hash: hash.to_owned() })
}
