//! Copies of a database in a file: written beside their place, checked, and put there whole or not at all.

mod held;

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

pub use held::{Held, hold};

use crate::config;
use crate::runner::Finding;
use crate::storage::{self, Database, Mode, copy};

/// What SQLite puts beside a database; left behind, it would be taken for the next one's.
const BESIDE: [&str; 3] = ["-wal", "-shm", "-journal"];

/// Why a copy was not begun or not put in its place.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is a file already.
    #[error("{} is there already", .0.display())]
    Exists(PathBuf),
    /// Somebody uses the place, or died with it.
    #[error("{} lies there: a database beside it is open, or was left without being closed", .0.display())]
    Open(PathBuf),
    /// Somebody else makes the same copy.
    #[error("{} is being written by somebody else", .0.display())]
    UnderWay(PathBuf),
    /// A file cannot be read or written.
    #[error("{}", .0.display())]
    File(PathBuf, #[source] io::Error),
}

/// A copy in the making, beside its place. Dropped, it leaves nothing.
#[derive(Debug)]
pub struct Part {
    place: PathBuf,
    path: PathBuf,
    may_replace: bool,
    /// Two that make the same copy do not write into one file: whoever has the lock on the one at the path owns it.
    lock: File,
    is_put: bool,
}

impl Part {
    /// Begins a copy that is to lie at a place, as an empty file that only its owner reads.
    ///
    /// # Errors
    /// When there is something that must not be replaced, or the file cannot be made.
    pub fn begin(place: &Path, may_replace: bool) -> Result<Self, Error> {
        check_place(place, may_replace)?;
        let path = with(place, ".part");
        let failed = |error| Error::File(path.clone(), error);
        let lock = open_part(&path).map_err(failed)?;
        match lock.try_lock() {
            Err(TryLockError::WouldBlock) => return Err(Error::UnderWay(path)),
            // On a drive without locks nobody can tell.
            Ok(()) | Err(TryLockError::Error(_)) => {}
        }
        let is_at_path = fs::metadata(&path).is_ok_and(|found| {
            lock.metadata().is_ok_and(|locked| storage::identity(&found) == storage::identity(&locked))
        });
        if !is_at_path {
            return Err(Error::UnderWay(path));
        }
        // One that was killed may have left its own.
        lock.set_len(0).map_err(failed)?;
        remove_beside(&path);
        Ok(Self { place: place.to_owned(), path, may_replace, lock, is_put: false })
    }

    /// Where it lies while it is made.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The file to write to, for who does not open it by its path.
    pub fn file(&self) -> &File {
        &self.lock
    }

    /// Puts it in its place, when the disk has all of it.
    ///
    /// # Errors
    /// When something came there meanwhile, or the disk fails.
    pub fn put(mut self) -> Result<(), Error> {
        check_place(&self.place, self.may_replace)?;
        if let Some(left) = BESIDE.map(|suffix| with(&self.path, suffix)).into_iter().find(|path| path.exists()) {
            return Err(Error::Open(left));
        }
        self.lock.sync_all().map_err(|error| Error::File(self.path.clone(), error))?;
        fs::rename(&self.path, &self.place).map_err(|error| Error::File(self.place.clone(), error))?;
        self.is_put = true;
        sync_folder_of(&self.place)
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        if !self.is_put {
            // What cannot be removed is written over next time.
            let _ = fs::remove_file(&self.path);
            remove_beside(&self.path);
        }
    }
}

/// What is wrong with a copy, after its tables were brought up to date if it is opened to be used.
///
/// # Errors
/// When it cannot be read.
pub async fn check(path: &Path, mode: Mode) -> Result<Vec<Finding>, config::Failure> {
    let faults = copy::faults(path).await?;
    if !faults.is_empty() {
        return Ok(faults.into_iter().map(|what| Finding { case: String::new(), what }).collect());
    }
    let database = open(path, mode).await?;
    let runner = config::runner(database.clone()).await?;
    let findings = runner.verify().await;
    drop(runner);
    database.close().await;
    Ok(findings?)
}

/// Opens a copy.
///
/// # Errors
/// When it is not a database of this program.
pub async fn open(path: &Path, mode: Mode) -> storage::Result<Database> {
    Database::open_as(&format!("sqlite:{}", path.display()), mode).await
}

/// Has the disk keep the names in the folder of a file.
///
/// # Errors
/// When the disk fails.
pub fn sync_folder_of(path: &Path) -> Result<(), Error> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // Elsewhere a folder cannot be opened, and renaming is as durable as it is.
    if cfg!(unix) {
        File::open(folder)
            .and_then(|folder| folder.sync_all())
            .map_err(|error| Error::File(folder.to_owned(), error))?;
    }
    Ok(())
}

fn open_part(path: &Path) -> io::Result<File> {
    let mut options = File::options();
    options.create(true).truncate(false).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

fn check_place(place: &Path, may_replace: bool) -> Result<(), Error> {
    if !may_replace && place.symlink_metadata().is_ok() {
        return Err(Error::Exists(place.to_owned()));
    }
    match BESIDE.map(|suffix| with(place, suffix)).into_iter().find(|path| path.exists()) {
        Some(left) => Err(Error::Open(left)),
        None => Ok(()),
    }
}

fn with(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

fn remove_beside(path: &Path) {
    for suffix in BESIDE {
        // Most are not there.
        let _ = fs::remove_file(with(path, suffix));
    }
}
