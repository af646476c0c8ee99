//! Anchors: signed statements of how far every history had come. Kept elsewhere, they show what was changed since.

mod daily;
mod key;
mod statement;

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use sha2::{Digest, Sha256};

use crate::backup::{self, Part};
use crate::clock::Clock;
use crate::config;
use crate::runner::Finding;
use crate::storage::heads::{self, Head};
use crate::storage::{self, Database, hexadecimal};

pub use daily::run;
pub use key::{Key, PublicKey};
pub use statement::Statement;

/// How many heads are read or compared at once.
const PAGE_MAX: usize = 1_000;

/// A statement has some lines of less than a hundred letters; what is longer is none.
const STATEMENT_BYTES_MAX: usize = 4_096;

/// An anchor was not written or cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file is not an anchor.
    #[error("{}: this is not an anchor: {why}", path.display())]
    Malformed {
        /// Which.
        path: PathBuf,
        /// What is wrong.
        why: String,
    },
    /// The file is not a key.
    #[error("{}: this is not an Ed25519 key in PEM", .0.display())]
    Key(PathBuf),
    /// Others than the owner of the key can sign with it.
    #[error("{}: everybody on this machine can read this key: `chmod 600` it, or make a new one", .0.display())]
    OpenKey(PathBuf),
    /// The two halves of a key do not belong together, so that who checks would have the wrong one.
    #[error("{}: this public key is not that of the key beside it: move it away, or bring its own key back", .0.display())]
    OtherKey(PathBuf),
    /// A file cannot be read or written.
    #[error("{}", .0.display())]
    File(PathBuf, #[source] io::Error),
    /// The anchor cannot be put in its place.
    #[error(transparent)]
    Place(#[from] backup::Error),
    /// The database failed.
    #[error(transparent)]
    Storage(#[from] storage::Error),
}

/// An anchor, and what was found with it.
#[derive(Clone, Debug)]
pub struct Checked {
    /// What was signed.
    pub statement: Statement,
    /// Where today's histories do not go on from those of the anchor that was checked: this one, or the one before when this
    /// one was just written.
    pub findings: Vec<Finding>,
}

/// The file of an anchor in a folder, by its time.
pub fn file_of(folder: &Path, at: Timestamp) -> PathBuf {
    folder.join(format!("anchor-{}.txt", at.strftime("%Y%m%dT%H%M%SZ")))
}

/// The newest anchor in a folder, by its name, and its time.
///
/// # Errors
/// When the folder is there and cannot be read.
pub fn newest(folder: &Path) -> Result<Option<(PathBuf, Timestamp)>, Error> {
    let failed = |error| Error::File(folder.to_owned(), error);
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        entries => entries.map_err(failed)?,
    };
    let mut found = None;
    for entry in entries {
        let path = entry.map_err(failed)?.path();
        let name = path.file_name().and_then(|name| name.to_str());
        let time = name.and_then(|name| name.strip_prefix("anchor-")?.strip_suffix(".txt")?.parse().ok());
        found = found.max(time.map(|time: Timestamp| (time, path)));
    }
    Ok(found.map(|(time, path)| (path, time)))
}

/// Writes an anchor of all histories as they are now. It names the newest one in the same folder as the one before it,
/// which is checked first: so who has a sound one needs none of those before.
///
/// # Errors
/// When the database or the disk fails, or the file is there already; then nothing is written.
pub async fn write(database: &Database, clock: &dyn Clock, key: &Key, file: &Path) -> Result<Checked, Error> {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let (previous, findings) = match newest(folder)? {
        Some((path, _)) => go_on(database, &path, &key.public()).await?,
        None => (None, Vec::new()),
    };
    config::make_folder_of(file).map_err(|error| Error::File(folder.to_owned(), io::Error::other(error)))?;
    let part = Part::begin(file, false)?;
    let failed = |error| Error::File(part.path().to_owned(), error);
    let mut out = BufWriter::new(part.file());
    let (mut hash, mut cases, mut after) = (Sha256::new(), 0, String::new());
    loop {
        let page = heads::after(database, &after, i64::try_from(PAGE_MAX).expect("a page is small")).await?;
        for head in page.iter().filter(|head| heads::is_id(&head.case)) {
            let line = statement::line_of(head);
            hash.update(&line);
            out.write_all(line.as_bytes()).map_err(failed)?;
            cases += 1;
        }
        match page.last() {
            Some(last) if page.len() == PAGE_MAX => after = last.case.clone(),
            Some(_) | None => break,
        }
    }
    let heads = hexadecimal(&hash.finalize());
    let statement = Statement { at: clock.now(), cases, heads, previous, key: key.public().to_base64() };
    out.write_all(statement.signed(key).as_bytes()).and_then(|()| out.flush()).map_err(failed)?;
    drop(out);
    part.put()?;
    Ok(Checked { statement, findings })
}

/// The digest of the anchor before, and what it finds. One that cannot be read does not keep others from being written.
async fn go_on(database: &Database, path: &Path, public: &PublicKey) -> Result<(Option<String>, Vec<Finding>), Error> {
    match check(database, path, public).await {
        Ok(Checked { statement, findings }) => Ok((Some(statement.digest()), findings)),
        Err(error @ (Error::Malformed { .. } | Error::File(..))) => {
            let cause = std::error::Error::source(&error).map_or_else(String::new, |cause| format!(": {cause}"));
            Ok((None, vec![Finding { case: String::new(), what: format!("{error}{cause}") }]))
        }
        Err(error) => Err(error),
    }
}

/// Whether the histories of then are contained in today's: whether each case is there, has come at least as far, and has
/// the same hash at that place. That the hashes are those of the histories, `verify` finds out.
///
/// # Errors
/// When the file is no anchor, or it or the database cannot be read.
pub async fn check(database: &Database, path: &Path, public: &PublicKey) -> Result<Checked, Error> {
    let malformed = |why: String| Error::Malformed { path: path.to_owned(), why };
    let failed = |error: io::Error| match error.kind() {
        io::ErrorKind::InvalidData => malformed("it is not text".to_owned()),
        _ => Error::File(path.to_owned(), error),
    };
    let mut lines = BufReader::new(File::open(path).map_err(failed)?);
    let (mut hash, mut cases) = (Sha256::new(), 0);
    let (mut findings, mut page, mut line) = (Vec::new(), Vec::<Head>::new(), String::new());
    let mut last = String::new();
    loop {
        line.clear();
        if lines.read_line(&mut line).map_err(failed)? == 0 {
            return Err(malformed("it ends before its statement".to_owned()));
        }
        if statement::begins(&line) {
            break;
        }
        hash.update(&line);
        cases += 1;
        let head = statement::head_of(&line).filter(|head| heads::is_id(&head.case) && head.case > last);
        let head = head.ok_or_else(|| malformed(format!("line {cases} is not the head of a history after {last}")))?;
        last.clone_from(&head.case);
        page.push(head);
        if page.len() == PAGE_MAX {
            compare(database, &page, &mut findings).await?;
            page.clear();
        }
    }
    compare(database, &page, &mut findings).await?;
    let rest = statement_text(line, &mut lines).map_err(failed)?;
    let (statement, signature) = Statement::read(&rest).map_err(malformed)?;
    let whole =
        |what: String| vec![Finding { case: String::new(), what: format!("anchor of {}: {what}", statement.at) }];
    if !public.has_signed(statement.text().as_bytes(), &signature) {
        findings = whole("it was not signed with this key, or was changed since".to_owned());
    } else if (statement.cases, &statement.heads) != (cases, &hexadecimal(&hash.finalize())) {
        findings = whole("the heads in it are not those that were signed".to_owned());
    }
    Ok(Checked { statement, findings })
}

async fn compare(database: &Database, then: &[Head], findings: &mut Vec<Finding>) -> Result<(), Error> {
    let now: BTreeSet<Head> = heads::at(database, then).await?.into_iter().collect();
    let missed: Vec<&Head> = then.iter().filter(|head| !now.contains(head)).collect();
    if missed.is_empty() {
        return Ok(());
    }
    let cases = missed.iter().map(|head| head.case.clone()).collect();
    let today: BTreeMap<String, u32> =
        heads::of(database, cases).await?.into_iter().map(|head| (head.case, head.sequence)).collect();
    for Head { case, sequence, .. } in missed {
        let what = match today.get(case) {
            None => format!("the anchor has {sequence} transitions of this case, and it is gone"),
            Some(count) if count < sequence => {
                format!("the anchor has {sequence} transitions of this case, and {count} are left")
            }
            Some(_) => format!("the history up to transition {sequence} is not the one of the anchor"),
        };
        findings.push(Finding { case: case.clone(), what });
    }
    Ok(())
}

fn statement_text(first: String, rest: &mut impl BufRead) -> io::Result<String> {
    let mut text = first;
    let most = u64::try_from(STATEMENT_BYTES_MAX).expect("it is small");
    io::Read::read_to_string(&mut io::Read::take(rest, most), &mut text)?;
    Ok(text)
}
