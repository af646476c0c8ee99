//! A folder of definitions on the disk, read whole.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

/// How deep folders may lie in each other; a link that leads back up ends here.
const DEPTH_MAX: usize = 16;

/// How many files a process set may have: far more than anybody reads, far less than a wrong folder has.
const FILES_MAX: usize = 10_000;

/// How large one file may be. Definitions are written by people.
const FILE_BYTES_MAX: u64 = 4 * 1024 * 1024;

/// What a folder of definitions holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Folder {
    /// Bytes by path in the folder, with `/` on every system.
    pub files: BTreeMap<String, Vec<u8>>,
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
        let mut files = BTreeMap::new();
        walk(root, "", DEPTH_MAX, &mut files)?;
        if files.is_empty() {
            let why = "there is no `.yaml` file in this folder".to_owned();
            return Err(Error::Unsuitable { path: root.to_owned(), why });
        }
        Ok(Self { files })
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
        for (path, bytes) in &self.files {
            digest.update((path.len() as u64).to_be_bytes());
            digest.update(path);
            digest.update((bytes.len() as u64).to_be_bytes());
            digest.update(bytes);
        }
        digest.finalize().into()
    }
}

fn walk(folder: &Path, prefix: &str, depth_left: usize, files: &mut BTreeMap<String, Vec<u8>>) -> Result<(), Error> {
    let unreadable = |path: &Path| {
        let path = path.to_owned();
        move |source| Error::Unreadable { path, source }
    };
    for entry in fs::read_dir(folder).map_err(unreadable(folder))? {
        let path = entry.map_err(unreadable(folder))?.path();
        let Some(name) = path.file_name().and_then(|name| name.to_str()) else { continue };
        if name.starts_with('.') {
            continue;
        }
        let inner = if prefix.is_empty() { name.to_owned() } else { format!("{prefix}/{name}") };
        let metadata = fs::metadata(&path).map_err(unreadable(&path))?;
        if metadata.is_dir() {
            if let Some(depth_left) = depth_left.checked_sub(1) {
                walk(&path, &inner, depth_left, files)?;
            }
        } else if [".yaml", ".yml", ".hbs"].iter().any(|ending| name.ends_with(ending)) {
            if metadata.len() > FILE_BYTES_MAX {
                let why = format!("larger than {FILE_BYTES_MAX} bytes");
                return Err(Error::Unsuitable { path, why });
            }
            if files.len() == FILES_MAX {
                let why = format!("more than {FILES_MAX} files");
                return Err(Error::Unsuitable { path: folder.to_owned(), why });
            }
            files.insert(inner, fs::read(&path).map_err(unreadable(&path))?);
        }
    }
    Ok(())
}
