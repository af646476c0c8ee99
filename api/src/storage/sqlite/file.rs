//! The file of a SQLite database: only its owner reads it, and it is still the one that was opened.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Where the file is, and which one it was when it was opened.
#[derive(Clone, Debug)]
pub struct Place {
    /// A database in memory has none.
    file: Option<(PathBuf, Identity)>,
}

/// The file of an address, without the parameters behind it; a database in memory has none.
pub fn of_address(path: &str) -> Option<&Path> {
    let path = path.split_once('?').map_or(path, |(path, _)| path);
    (!path.is_empty() && path != ":memory:").then(|| Path::new(path))
}

/// Makes an empty file that only its owner reads, unless there is one. What SQLite puts beside it has the same mode.
pub fn make(path: &str) -> io::Result<()> {
    let Some(path) = of_address(path) else { return Ok(()) };
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        Ok(_) | Err(_) => Ok(()),
    }
}

impl Place {
    /// The file at a path.
    pub fn of(path: &str) -> io::Result<Self> {
        let file = of_address(path).map(|path| Ok::<_, io::Error>((path.to_owned(), identity(&fs::metadata(path)?))));
        Ok(Self { file: file.transpose()? })
    }

    /// Whether the file is still there: what is written to one that was removed is lost with the process.
    pub fn check(&self) -> io::Result<()> {
        let Some((path, known)) = &self.file else { return Ok(()) };
        if identity(&fs::metadata(path)?) == *known {
            return Ok(());
        }
        Err(io::Error::other("the file of the database was replaced by another one"))
    }
}

/// What tells one file from another, where the system says so.
#[cfg(unix)]
pub type Identity = (u64, u64);

/// Which file this is.
#[cfg(unix)]
pub fn identity(file: &fs::Metadata) -> Identity {
    use std::os::unix::fs::MetadataExt;

    (file.dev(), file.ino())
}

/// What tells one file from another, where the system says so.
#[cfg(not(unix))]
pub type Identity = ();

/// Which file this is.
#[cfg(not(unix))]
pub fn identity(_: &fs::Metadata) -> Identity {}
