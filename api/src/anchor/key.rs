//! The key that anchors are signed with: Ed25519 (RFC 8032), in files as other programs read them (RFC 8410).

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use super::Error;
use crate::backup::sync_folder_of;
use crate::config;

/// What comes before the 32 bytes of a public key in a file: that it is one for Ed25519 (RFC 8410, section 4).
const PUBLIC_PREFIX: [u8; 12] = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];

/// How long the lines of a key in a file are (RFC 7468).
const LINE_LETTERS: usize = 64;

/// The key that signs.
#[derive(Debug)]
pub struct Key(Ed25519KeyPair);

/// The key that who checks has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicKey([u8; 32]);

impl Key {
    /// The key in a file; one that is missing is made, readable by its owner only, with the public key beside it in a file
    /// of the same name and `.pub`.
    ///
    /// # Errors
    /// When the file cannot be read or made, or is not a key.
    pub fn open_or_make(path: &Path) -> Result<Self, Error> {
        let key = match fs::read_to_string(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Self::make(path)?,
            Err(error) => return Err(Error::File(path.to_owned(), error)),
            Ok(text) => {
                let read = bytes_of(&text).and_then(|bytes| Ed25519KeyPair::from_pkcs8(&bytes).ok());
                Self(read.ok_or_else(|| Error::Key(path.to_owned()))?)
            }
        };
        let mut name = path.as_os_str().to_owned();
        name.push(".pub");
        let public = PathBuf::from(name);
        if !public.exists() {
            write_new(&public, &key.public().to_pem(), 0o644)?;
        }
        Ok(key)
    }

    fn make(path: &Path) -> Result<Self, Error> {
        let failed = |error| Error::File(path.to_owned(), io::Error::other(error));
        config::make_folder_of(path).map_err(failed)?;
        let random = |_| Error::File(path.to_owned(), io::Error::other("no key can be made on this machine"));
        let pair = Ed25519KeyPair::generate().map_err(random)?;
        let text = pem("PRIVATE KEY", pair.to_pkcs8v1().map_err(random)?.as_ref());
        write_new(path, &text, 0o600)?;
        Ok(Self(pair))
    }

    /// What who checks needs.
    pub fn public(&self) -> PublicKey {
        let bytes = self.0.public_key().as_ref();
        PublicKey(bytes.try_into().expect("a public key of Ed25519 has 32 bytes"))
    }

    /// The signature of a text.
    pub(super) fn sign(&self, text: &[u8]) -> Vec<u8> {
        self.0.sign(text).as_ref().to_owned()
    }
}

impl PublicKey {
    /// The public key in a file.
    ///
    /// # Errors
    /// When there is none.
    pub fn read(path: &Path) -> Result<Self, Error> {
        let text = fs::read_to_string(path).map_err(|error| Error::File(path.to_owned(), error))?;
        let bytes = bytes_of(&text).unwrap_or_default();
        let key = bytes.strip_prefix(&PUBLIC_PREFIX).and_then(|key| key.try_into().ok());
        Ok(Self(key.ok_or_else(|| Error::Key(path.to_owned()))?))
    }

    /// Whether a text was signed with the key that belongs to this one.
    pub fn has_signed(&self, text: &[u8], signature: &[u8]) -> bool {
        UnparsedPublicKey::new(&ED25519, self.0).verify(text, signature).is_ok()
    }

    /// The key as one word.
    pub fn to_base64(&self) -> String {
        BASE64_STANDARD.encode(self.0)
    }

    fn to_pem(&self) -> String {
        pem("PUBLIC KEY", &[&PUBLIC_PREFIX[..], &self.0].concat())
    }
}

/// Bytes as PEM.
fn pem(label: &str, bytes: &[u8]) -> String {
    let text = BASE64_STANDARD.encode(bytes);
    let mut lines = String::new();
    for (number, letter) in text.chars().enumerate() {
        if number > 0 && number % LINE_LETTERS == 0 {
            lines.push('\n');
        }
        lines.push(letter);
    }
    format!("-----BEGIN {label}-----\n{lines}\n-----END {label}-----\n")
}

/// The bytes of PEM.
fn bytes_of(text: &str) -> Option<Vec<u8>> {
    let lines: String = text.lines().map(str::trim).filter(|line| !line.starts_with("-----")).collect();
    BASE64_STANDARD.decode(lines).ok()
}

fn write_new(path: &Path, text: &str, mode: u32) -> Result<(), Error> {
    let failed = |error| Error::File(path.to_owned(), error);
    let mut options = File::options();
    options.create_new(true).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, mode);
    // Where files have no modes, the folder's owner answers for them.
    let _ = mode;
    let mut file = options.open(path).map_err(failed)?;
    file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).map_err(failed)?;
    Ok(sync_folder_of(path)?)
}
