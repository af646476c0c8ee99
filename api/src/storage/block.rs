//! A history as one block of bytes: what its rows say, one after another, compressed. Private values are not in it.

use duban_engine::ids::CaseId;
use miniz_oxide::deflate::core::{CompressorOxide, TDEFLFlush, compress_to_output, create_comp_flags_from_zip_params};
use miniz_oxide::inflate::TINFLStatus;
use miniz_oxide::inflate::core::inflate_flags::TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF;
use miniz_oxide::inflate::core::{DecompressorOxide, decompress};

use super::stored::Stored;

/// How a block is written; its first byte. The second number is the length of what was compressed.
const FORMAT: u8 = 1;

/// What histories are full of. Blocks point into it, so that it is never changed: another text would be another format.
const WORDS: &[u8] = include_bytes!("block/words.txt");

/// How hard it is tried to make a block small, of ten.
const EFFORT: i32 = 6;

/// Deflate without a header, looking back as far as it can.
const WINDOW: i32 = -15;

/// No history is longer: whoever writes another length into a block does not fill the memory.
const PLAIN_BYTES_MAX: u64 = 1 << 28;

/// A history as a block. The hashes are not kept, because they follow from what is.
pub fn pack(history: &[Stored]) -> Vec<u8> {
    let (mut plain, mut before) = (Vec::new(), 0);
    for stored in history {
        let Stored { at, actor, version, events, digests, .. } = stored;
        let later = at.wrapping_sub(before);
        // Small numbers of both signs are short.
        put(&mut plain, ((later << 1) ^ (later >> 63)).cast_unsigned());
        put_text(&mut plain, actor);
        put(&mut plain, u64::from(*version));
        put_text(&mut plain, events);
        match digests {
            None => plain.push(0),
            Some(digests) => {
                plain.push(1);
                put_text(&mut plain, digests);
            }
        }
        before = *at;
    }
    let mut block = vec![FORMAT];
    put(&mut block, plain.len() as u64);
    let mut compressor = Box::new(CompressorOxide::new(create_comp_flags_from_zip_params(EFFORT, WINDOW, 0)));
    compress_to_output(&mut compressor, WORDS, TDEFLFlush::Sync, |_| true);
    compress_to_output(&mut compressor, &plain, TDEFLFlush::Finish, |bytes| {
        block.extend_from_slice(bytes);
        true
    });
    block
}

/// The history of a block, without private values; the hashes are those that follow from what it says.
///
/// # Errors
/// What is wrong with the block.
pub fn unpack(case: CaseId, block: &[u8]) -> Result<Vec<Stored>, &'static str> {
    let (format, block) = block.split_first().ok_or("is empty")?;
    if *format != FORMAT {
        return Err("has a form that this program does not know");
    }
    let words = expand(block).ok_or("cannot be expanded")?;
    let mut plain = Plain(&words[WORDS.len()..]);
    let (mut history, mut at, mut hash) = (Vec::new(), 0_i64, String::new());
    for sequence in 1.. {
        if plain.0.is_empty() {
            break;
        }
        let mut stored = plain.stored(case, sequence, at).ok_or("breaks off within a transition")?;
        stored.hash = stored.hash_after(&hash);
        (at, hash) = (stored.at, stored.hash.clone());
        history.push(stored);
    }
    Ok(history)
}

/// What was compressed, behind the words.
fn expand(block: &[u8]) -> Option<Vec<u8>> {
    let mut rest = Plain(block);
    let length = rest.number().filter(|length| *length <= PLAIN_BYTES_MAX)?;
    let length = usize::try_from(length).ok()?;
    let mut out = WORDS.to_vec();
    out.resize(WORDS.len() + length, 0);
    let flags = TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF;
    let done = decompress(&mut Box::new(DecompressorOxide::new()), rest.0, &mut out, WORDS.len(), flags);
    (done == (TINFLStatus::Done, rest.0.len(), length)).then_some(out)
}

fn put(bytes: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        bytes.push((number & 0x7f) as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

fn put_text(bytes: &mut Vec<u8>, text: &str) {
    put(bytes, text.len() as u64);
    bytes.extend_from_slice(text.as_bytes());
}

/// What is left to be read.
struct Plain<'a>(&'a [u8]);

impl Plain<'_> {
    fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    fn number(&mut self) -> Option<u64> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Some(number);
            }
        }
        None
    }

    fn text(&mut self) -> Option<String> {
        let length = usize::try_from(self.number()?).ok()?;
        let (text, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        String::from_utf8(text.to_vec()).ok()
    }

    fn stored(&mut self, case: CaseId, sequence: u32, before: i64) -> Option<Stored> {
        let later = self.number()?;
        let at = before.wrapping_add((later >> 1).cast_signed() ^ -((later & 1).cast_signed()));
        let (actor, version) = (self.text()?, u32::try_from(self.number()?).ok()?);
        let events = self.text()?;
        let digests = match self.byte()? {
            0 => None,
            1 => Some(self.text()?),
            _ => return None,
        };
        Some(Stored { case, sequence, at, actor, version, events, digests, hash: String::new(), private: None })
    }
}

#[cfg(test)]
mod tests {
    use duban_engine::ids::CaseId;
    use sha2::{Digest, Sha256};

    use super::super::hexadecimal;
    use super::super::stored::Stored;
    use super::{WORDS, pack, unpack};

    fn history() -> Vec<Stored> {
        let of = |at, events: &str, digests: Option<&str>| Stored {
            case: CaseId(7),
            sequence: 0,
            at,
            actor: r#"{"person":{"person":"wang"}}"#.to_owned(),
            version: 1,
            events: events.to_owned(),
            digests: digests.map(str::to_owned),
            hash: String::new(),
            private: None,
        };
        let opened = r#"[{"event":"case_opened","process":"路灯"}]"#;
        let mut history =
            vec![of(1_790_000_000_000_000, opened, Some("[]")), of(i64::MIN, "", None), of(i64::MAX, "[]", Some(""))];
        let mut hash = String::new();
        for (sequence, stored) in (1..).zip(&mut history) {
            stored.sequence = sequence;
            stored.hash = stored.hash_after(&hash);
            hash.clone_from(&stored.hash);
        }
        history
    }

    #[test]
    fn a_block_has_all_that_was_packed() {
        for length in 0..=3 {
            let history = &history()[..length];

            assert_eq!(unpack(CaseId(7), &pack(history)).as_deref(), Ok(history));
        }
    }

    #[test]
    fn what_was_packed_once_can_be_read_for_ever() {
        // Blocks that are stored point into these words.
        let digest = hexadecimal(&Sha256::digest(WORDS));

        assert_eq!(digest, "faac506d194ef2ac64cfa06e45c5a587ed35ca9e7cc59b2162a6f2dc99fba8c3");
    }

    #[test]
    fn a_block_that_was_changed_anywhere_says_something_else_or_nothing() {
        let history = history();
        let block = pack(&history);
        for place in 0..block.len() {
            let mut changed = block.clone();
            changed[place] ^= 1;

            let read = unpack(CaseId(7), &changed);

            let is_same = read.as_ref().is_ok_and(|read| read.last().map(|last| &last.hash) == Some(&history[2].hash));
            assert!(!is_same, "the bit of byte {place}");
        }
        for length in 0..block.len() {
            assert!(unpack(CaseId(7), &block[..length]).is_err(), "{length} bytes");
        }
        assert!(unpack(CaseId(7), &[&block[..], b" "].concat()).is_err());
    }
}
