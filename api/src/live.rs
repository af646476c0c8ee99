//! The folder of definitions while the server runs: what changes there goes live as soon as it is sound.

mod organization;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use duban_engine::diagnostic::{Diagnostic, Severity, Sources, render};
use duban_engine::library::Library;
use duban_engine::scenario::read_all;

use self::organization::{count_missing, renewed};
use crate::folder::{self, Folder};
use crate::runner::{DeployError, Runner};
use crate::storage::{self, processes};

/// How often the folder is looked at. Notifications of the system miss network drives and containers' folders.
const PAUSE: Duration = Duration::from_secs(2);

/// A folder that is watched.
pub struct Live {
    path: PathBuf,
    runner: Arc<Runner>,
    color: bool,
    seen: Option<[u8; 32]>,
    /// Whether what was seen is wrong, so that its organisation goes live alone if it is still the same next time: a
    /// file that was being written may have looked whole.
    is_organization_due: bool,
    /// Whether the author was told that the folder is wrong, and not yet that it is not any more.
    is_wrong: bool,
}

/// Why a folder did not go live. What was live before still is.
#[derive(Debug, thiserror::Error)]
pub enum NotLive {
    /// It cannot be read.
    #[error(transparent)]
    Unreadable(#[from] folder::Error),
    /// It is wrong, or a scenario failed; the text is for the author.
    #[error("{}, so the definitions do not go live:\n{shown}", findings(*count))]
    Unsound {
        /// How many findings.
        count: usize,
        /// The findings.
        shown: String,
    },
    /// The organisation cannot go live alone either; the text is for the author.
    #[error("the organization does not go live alone either: the definitions that are live cannot run with it:\n{0}")]
    Unfit(String),
    /// Files that may hold a part of the organisation are not whole.
    #[error("the organization stays as it was as well: these files are not whole, and may hold a part of it: {0:?}")]
    Unclear(BTreeSet<String>),
    /// The database failed.
    #[error(transparent)]
    Storage(#[from] storage::Error),
    /// Checking broke off.
    #[error("checking broke off")]
    Broken(#[from] tokio::task::JoinError),
}

impl Live {
    /// A folder for a runner.
    pub fn new(path: PathBuf, runner: Arc<Runner>, color: bool) -> Self {
        Self { path, runner, color, seen: None, is_organization_due: false, is_wrong: false }
    }

    /// Looks whether anything changed since the last time; if so, checks it, plays its scenarios and puts it live. What is
    /// wrong and still the same the next time goes live with its organisation alone. Answers whether something new is live.
    ///
    /// # Errors
    /// Why it did not go live. It is tried again when the folder changes again.
    pub async fn refresh(&mut self) -> Result<bool, NotLive> {
        let path = self.path.clone();
        let folder = tokio::task::spawn_blocking(move || Folder::read(&path)).await??;
        let digest = folder.digest();
        if self.seen == Some(digest) {
            return if self.is_organization_due { self.renew_organization(&folder).await } else { Ok(false) };
        }
        self.is_organization_due = false;
        let texts = folder.to_texts();
        let active = processes::active(self.runner.database()).await?;
        if active.as_ref().is_some_and(|active| active.files == texts) {
            self.seen = Some(digest);
            if std::mem::take(&mut self.is_wrong) {
                tracing::info!(live = self.live(), "the definitions are sound again, and the same that are live");
            }
            return Ok(false);
        }
        let replaced = active.filter(|_| self.seen.is_none()).map(|active| active.deployed_at);
        let color = self.color;
        let begun = Instant::now();
        let checked = tokio::task::spawn_blocking(move || check(&folder, color)).await?;
        // From here on it is the folder that has to change; a failing database is tried again.
        self.seen = Some(digest);
        self.is_organization_due = checked.is_err();
        self.is_wrong = checked.is_err();
        let scenarios = checked?;
        let library = self.deploy(&texts).await.inspect_err(|_| self.seen = None)?;
        let took_ms = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        tracing::info!(
            processes = library.processes.len(),
            scenarios,
            took_ms,
            "the definitions are live for new cases"
        );
        if let Some(deployed_at) = replaced {
            tracing::warn!(%deployed_at, "they replace others that were live: all nodes on a database need the same folder");
        }
        Ok(true)
    }

    /// Puts the organisation of a folder live that is wrong otherwise: whoever left is out, whatever others are writing.
    async fn renew_organization(&mut self, folder: &Folder) -> Result<bool, NotLive> {
        let Some(active) = processes::active(self.runner.database()).await? else { return Ok(false) };
        self.is_organization_due = false;
        let texts = renewed(&active.files, folder).map_err(NotLive::Unclear)?;
        if texts == active.files {
            return Ok(false);
        }
        let before = self.runner.definitions().active();
        let library = self.deploy(&texts).await.map_err(|error| match error {
            NotLive::Unsound { shown, .. } => NotLive::Unfit(shown),
            other => {
                self.is_organization_due = true;
                other
            }
        })?;
        let organization = &library.catalog.organization;
        let (people_removed, people_added) = before.map_or((0, 0), |before| {
            let before = &before.catalog.organization;
            (count_missing(before, organization), count_missing(organization, before))
        });
        tracing::warn!(
            people_removed,
            people_added,
            "the organization is live alone; every other file stays as it was until the findings are mended"
        );
        Ok(true)
    }

    /// The processes that are live, with their versions.
    fn live(&self) -> String {
        let active = self.runner.definitions().active();
        let processes = active.iter().flat_map(|library| library.processes.values());
        let names: Vec<String> = processes.map(|process| format!("{} {}", process.name, process.version)).collect();
        names.join(", ")
    }

    async fn deploy(&self, texts: &BTreeMap<String, String>) -> Result<Arc<Library>, NotLive> {
        self.runner.deploy(texts).await.map_err(|error| match error {
            DeployError::Unsound(unsound) => unsound_of(&unsound.diagnostics, &unsound.sources, self.color),
            DeployError::Templates(templates) => {
                let shown: Vec<String> = templates.iter().map(|(name, what)| format!("{name}: {what}")).collect();
                NotLive::Unsound { count: shown.len(), shown: shown.join("\n") }
            }
            DeployError::Storage(error) => NotLive::Storage(error),
        })
    }

    /// Looks at the folder again and again.
    pub async fn watch(mut self) {
        loop {
            tokio::time::sleep(PAUSE).await;
            match self.refresh().await {
                Ok(_) => {}
                Err(NotLive::Unreadable(error)) => tracing::warn!(%error, "the folder of definitions cannot be read"),
                Err(error) => tracing::error!("{error}"),
            }
        }
    }
}

fn findings(count: usize) -> String {
    if count == 1 { "1 finding".to_owned() } else { format!("{count} findings") }
}

/// Checks a folder and plays its scenarios. Answers how many passed: all.
fn check(folder: &Folder, color: bool) -> Result<usize, NotLive> {
    let library = Library::compile(&folder.to_list());
    let library = library.map_err(|unsound| unsound_of(&unsound.diagnostics, &unsound.sources, color))?;
    let mut sources = library.sources.clone();
    let found = folder.check(Some(&library), &mut sources);
    if !found.is_empty() {
        return Err(unsound_of(&found, &sources, color));
    }
    let scenarios = read_all(&library).map_err(|found| unsound_of(&found, &library.sources, color))?;
    let failures: Vec<Diagnostic> = scenarios.iter().flat_map(|scenario| scenario.play(&library).failures).collect();
    if failures.is_empty() { Ok(scenarios.len()) } else { Err(unsound_of(&failures, &library.sources, color)) }
}

fn unsound_of(found: &[Diagnostic], sources: &Sources, color: bool) -> NotLive {
    // Warnings do not keep anything from going live.
    let errors = found.iter().filter(|diagnostic| diagnostic.severity == Severity::Error);
    let errors: Vec<Diagnostic> = errors.cloned().collect();
    NotLive::Unsound { count: errors.len(), shown: render(&errors, sources, color) }
}
