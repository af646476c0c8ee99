//! A folder of definitions on the disk, read whole.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use duban_engine::diagnostic::{Diagnostic, Severity, Source, Sources, Span};
use duban_engine::library::Library;
use sha2::{Digest, Sha256};

use crate::template;

/// How deep folders may lie in each other; a link that leads back up ends here.
const DEPTH_MAX: usize = 16;

/// How many files a process set may have: far more than anybody reads, far less than a wrong folder has.
const FILES_MAX: usize = 10_000;

/// How large one file may be. Definitions are written by people.
const FILE_BYTES_MAX: u64 = 4 * 1024 * 1024;

/// How large all files may be together.
const FOLDER_BYTES_MAX: usize = 64 * 1024 * 1024;

/// How many names are looked at, also of what is passed over: links can lead in circles.
const ENTRIES_MAX: usize = 100_000;

/// What a folder of definitions holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Folder {
    /// Bytes by path in the folder, with `/` on every system.
    pub files: BTreeMap<String, Vec<u8>>,
    /// What should be a file by its name and cannot be read as one, by path, and why.
    pub refused: BTreeMap<String, String>,
}

/// A folder could not be read.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file or folder does not open.
    #[error("{}: {source}", path.display())]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It is not what was meant.
    #[error("{}: {why}", path.display())]
    Unsuitable {
        /// Which.
        path: PathBuf,
        /// Why.
        why: String,
    },
}

impl Folder {
    /// Reads every definition, template and scenario (`*.yaml`, `*.yml`, `*.hbs`); what begins with a dot is passed over.
    ///
    /// # Errors
    /// When there is no such folder, nothing in it, or far too much.
    pub fn read(root: &Path) -> Result<Self, Error> {
        if !root.is_dir() {
            let why = if root.exists() { "not a folder" } else { "there is no such folder" };
            return Err(Error::Unsuitable { path: root.to_owned(), why: why.to_owned() });
        }
        let unsuitable = |why: String| Error::Unsuitable { path: root.to_owned(), why };
        let mut walk = Walk { folder: Self::default(), bytes: 0, entries: 0 };
        walk.enter(root, "", DEPTH_MAX).map_err(|refusal| match refusal {
            Refusal::Unreadable(source) => Error::Unreadable { path: root.to_owned(), source },
            Refusal::TooMuch(why) => unsuitable(why),
        })?;
        let folder = walk.folder;
        if folder.files.is_empty() && folder.refused.is_empty() {
            return Err(unsuitable("there is no `.yaml` file in this folder".to_owned()));
        }
        Ok(folder)
    }

    /// What is wrong with the files before they are compiled: those that cannot be read, and templates. The texts are
    /// added to the sources. What templates name is checked when there is a library of the files.
    pub fn check(&self, library: Option<&Library>, sources: &mut Sources) -> Vec<Diagnostic> {
        let refused = self.refused.iter().map(|(path, why)| {
            let span = Span::new(sources.add(Source::new(path.clone(), b"")), 0, 0);
            Diagnostic::new(Severity::Error, span, "unreadable-file", why.clone())
        });
        let mut diagnostics: Vec<Diagnostic> = refused.collect();
        diagnostics.extend(template::check(&self.files, library, sources));
        diagnostics
    }

    /// The files as the engine takes them.
    pub fn to_list(&self) -> Vec<(String, Vec<u8>)> {
        self.files.iter().map(|(path, bytes)| (path.clone(), bytes.clone())).collect()
    }

    /// The files as texts, for the deployment; bytes that are not UTF-8 are shown as the diagnostics show them.
    pub fn to_texts(&self) -> BTreeMap<String, String> {
        let texts = self.files.iter().map(|(path, bytes)| (path.clone(), String::from_utf8_lossy(bytes).into_owned()));
        texts.collect()
    }

    /// A digest of all paths and bytes: another one means that something changed.
    pub fn digest(&self) -> [u8; 32] {
        let mut digest = Sha256::new();
        let refused = self.refused.iter().map(|(path, why)| (path, why.as_bytes()));
        for (path, bytes) in self.files.iter().map(|(path, bytes)| (path, bytes.as_slice())).chain(refused) {
            digest.update((path.len() as u64).to_be_bytes());
            digest.update(path);
            digest.update((bytes.len() as u64).to_be_bytes());
            digest.update(bytes);
        }
        digest.finalize().into()
    }
}

/// A folder while it is read.
struct Walk {
    folder: Folder,
    bytes: usize,
    entries: usize,
}

/// Why reading stops.
enum Refusal {
    /// This folder does not open.
    Unreadable(io::Error),
    /// It is more than a set of definitions can be.
    TooMuch(String),
}

impl Walk {
    fn enter(&mut self, folder: &Path, prefix: &str, depth_left: usize) -> Result<(), Refusal> {
        for entry in fs::read_dir(folder).map_err(Refusal::Unreadable)? {
            self.entries += 1;
            if self.entries > ENTRIES_MAX {
                return Err(Refusal::TooMuch(format!("more than {ENTRIES_MAX} files and folders")));
            }
            let path = entry.map_err(Refusal::Unreadable)?.path();
            let Some(name) = path.file_name().and_then(|name| name.to_str()) else { continue };
            if name.starts_with('.') {
                continue;
            }
            let inner = if prefix.is_empty() { name.to_owned() } else { format!("{prefix}/{name}") };
            if path.is_dir() {
                let Some(depth_left) = depth_left.checked_sub(1) else { continue };
                match self.enter(&path, &inner, depth_left) {
                    Err(Refusal::Unreadable(error)) => _ = self.folder.refused.insert(inner, unreadable(&error)),
                    other => other?,
                }
            } else if [".yaml", ".yml", ".hbs"].iter().any(|ending| name.ends_with(ending)) {
                self.take(&path, inner)?;
            }
        }
        Ok(())
    }

    fn take(&mut self, path: &Path, inner: String) -> Result<(), Refusal> {
        if self.folder.files.len() + self.folder.refused.len() >= FILES_MAX {
            return Err(Refusal::TooMuch(format!("more than {FILES_MAX} files")));
        }
        match read(path) {
            Ok(bytes) => {
                self.bytes += bytes.len();
                if self.bytes > FOLDER_BYTES_MAX {
                    return Err(Refusal::TooMuch(format!("more than {FOLDER_BYTES_MAX} bytes")));
                }
                self.folder.files.insert(inner, bytes);
            }
            Err(why) => _ = self.folder.refused.insert(inner, why),
        }
        Ok(())
    }
}

/// Reads a file. What is none is not opened: opening a pipe waits for ever, and a device has no end.
fn read(path: &Path) -> Result<Vec<u8>, String> {
    let metadata = fs::metadata(path).map_err(|error| unreadable(&error))?;
    if !metadata.is_file() {
        return Err("this is neither a file nor a folder".to_owned());
    }
    let file = fs::File::open(path).map_err(|error| unreadable(&error))?;
    let mut bytes = Vec::new();
    // It may grow while it is read.
    file.take(FILE_BYTES_MAX + 1).read_to_end(&mut bytes).map_err(|error| unreadable(&error))?;
    if bytes.len() as u64 > FILE_BYTES_MAX {
        return Err(format!("a file has {FILE_BYTES_MAX} bytes at most"));
    }
    Ok(bytes)
}

fn unreadable(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "this link leads to nothing".to_owned(),
        _ => format!("this cannot be read: {error}"),
    }
}
