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
    /// When the file cannot be read or made, is not a key, or is readable by everybody, and when the public key beside it is
    /// that of another one.
    pub fn open_or_make(path: &Path) -> Result<Self, Error> {
        let mut name = path.as_os_str().to_owned();
        name.push(".pub");
        let public = PathBuf::from(name);
        let key = match fs::read_to_string(path) {
            // A new key beside the public one of an old one would be found out when an anchor is needed.
            Err(error) if error.kind() == io::ErrorKind::NotFound && public.exists() => {
                return Err(Error::OtherKey(public));
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Self::make(path)?,
            Err(error) => return Err(Error::File(path.to_owned(), error)),
            Ok(text) => {
                let read = bytes_of(&text).and_then(|bytes| Ed25519KeyPair::from_pkcs8(&bytes).ok());
                Self(read.ok_or_else(|| Error::Key(path.to_owned()))?)
            }
        };
        if is_open(path).map_err(|error| Error::File(path.to_owned(), error))? {
            return Err(Error::OpenKey(path.to_owned()));
        }
        if !public.exists() {
            write_new(&public, &key.public().to_pem(), 0o644)?;
        } else if PublicKey::read(&public)? != key.public() {
            return Err(Error::OtherKey(public));
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

/// Whether everybody can read a file. Who is in its group was let in by somebody.
#[cfg(unix)]
fn is_open(path: &Path) -> io::Result<bool> {
    use std::os::unix::fs::PermissionsExt;

    Ok(fs::metadata(path)?.permissions().mode() & 0o007 != 0)
}

/// Whether everybody can read a file, as far as the system says.
#[cfg(not(unix))]
fn is_open(_: &Path) -> io::Result<bool> {
    Ok(false)
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

#[cfg(all(test, unix))]
mod tests {
    use std::fs::{self, Permissions};
    use std::os::unix::fs::PermissionsExt;

    use super::super::Error;
    use super::Key;

    #[test]
    fn a_key_that_everybody_reads_or_whose_public_half_is_of_another_is_not_used() {
        let folder = std::env::temp_dir().join(format!("duban-key-{}", std::process::id()));
        let (path, public) = (folder.join("anchor.key"), folder.join("anchor.key.pub"));
        let made = Key::open_or_make(&path).expect("there is room").public();
        let allow = |mode| fs::set_permissions(&path, Permissions::from_mode(mode)).expect("it is ours");

        assert_eq!(Key::open_or_make(&path).map(|key| key.public()).ok(), Some(made.clone()));
        allow(0o644);
        assert!(matches!(Key::open_or_make(&path), Err(Error::OpenKey(found)) if found == path));
        allow(0o640);
        assert!(Key::open_or_make(&path).is_ok(), "the group was let in by somebody");
        fs::remove_file(&path).expect("it is ours");
        assert!(matches!(Key::open_or_make(&path), Err(Error::OtherKey(found)) if found == public));
        fs::rename(&public, folder.join("kept")).expect("it is ours");
        assert_ne!(Key::open_or_make(&path).expect("a new one is made").public(), made);
        fs::rename(folder.join("kept"), &public).expect("it is ours");
        assert!(matches!(Key::open_or_make(&path), Err(Error::OtherKey(found)) if found == public));
        fs::remove_dir_all(&folder).expect("it is ours");
    }
}
