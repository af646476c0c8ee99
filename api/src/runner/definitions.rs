//! The processes that cases run by: the active deployment, and older versions that cases still need.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

use duban_engine::decide::World;
use duban_engine::ids::Name;
use duban_engine::library::Library;
use duban_engine::process::Process;
use sha2::{Digest, Sha256};

use super::DeployError;
use super::templates::Templates;
use crate::storage::processes::{self, Deployment, Version};
use crate::storage::{Database, Error, Result, hexadecimal};

/// One version of a process, with the files it was deployed with.
#[derive(Clone)]
pub struct Definition {
    /// The process.
    pub process: Arc<Process>,
    /// Everything that was deployed with it.
    pub library: Arc<Library>,
    /// The templates that were deployed with it.
    pub templates: Arc<Templates>,
}

/// A deployment, ready to run.
#[derive(Clone)]
pub struct Ready {
    /// What was deployed.
    pub library: Arc<Library>,
    /// Its templates.
    pub templates: Arc<Templates>,
}

impl Ready {
    /// Reads and checks a set of files, by path.
    ///
    /// # Errors
    /// Everything that is wrong with the definitions, or else with the templates.
    pub fn compile(files: &BTreeMap<String, String>) -> std::result::Result<Self, DeployError> {
        let (ready, wrong) = Self::restore(files)?;
        if wrong.is_empty() { Ok(ready) } else { Err(DeployError::Templates(wrong)) }
    }

    /// The same for what was deployed once: a template that is not accepted any more is left out and told of, because
    /// it may cost a text but not the cases that run by it.
    pub fn restore(
        files: &BTreeMap<String, String>,
    ) -> std::result::Result<(Self, BTreeMap<String, String>), DeployError> {
        let files: Vec<(String, Vec<u8>)> =
            files.iter().map(|(path, text)| (path.clone(), text.clone().into_bytes())).collect();
        let library = Library::compile(&files).map_err(|unsound| DeployError::Unsound(Box::new(unsound)))?;
        let (templates, wrong) = Templates::of(&library);
        Ok((Self { library: Arc::new(library), templates: Arc::new(templates) }, wrong))
    }

    fn definition(&self, process: &Arc<Process>) -> Definition {
        let (library, templates) = (Arc::clone(&self.library), Arc::clone(&self.templates));
        Definition { process: Arc::clone(process), library, templates }
    }
}

/// What is deployed, as this node knows it.
#[derive(Default)]
pub struct Definitions {
    active: RwLock<Option<(String, Ready)>>,
    versions: RwLock<BTreeMap<(Name, Name), Definition>>,
}

impl Definitions {
    /// The active deployment.
    pub fn active(&self) -> Option<Arc<Library>> {
        self.active.read().unwrap_or_else(PoisonError::into_inner).as_ref().map(|(_, ready)| Arc::clone(&ready.library))
    }

    /// A process in the active deployment.
    pub fn process(&self, name: &Name) -> Option<Definition> {
        let active = self.active.read().unwrap_or_else(PoisonError::into_inner);
        let (_, ready) = active.as_ref()?;
        Some(ready.definition(ready.library.processes.get(name)?))
    }

    /// Whether cases may wait or listen for a message: new ones, or those that run by older versions.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn is_heard(&self, database: &Database, message: &Name) -> Result<bool> {
        let active = self.active();
        let mut processes = active.iter().flat_map(|library| library.processes.values());
        Ok(processes.any(|process| process.hears(message)) || !self.hearing(database, message).await?.is_empty())
    }

    /// The versions whose open cases may wait or listen for a message, each as its process and its digest.
    pub(super) async fn hearing(&self, database: &Database, message: &Name) -> Result<Vec<(Name, Name)>> {
        let mut hearing = Vec::new();
        for (process, version) in processes::running(database).await? {
            match self.version(database, &process, &version).await {
                Ok(definition) if definition.process.hears(message) => hearing.push((process, version)),
                Ok(_) => {}
                // Its cases stand still, and are told of when they are to move; a message to others is not to.
                Err(error @ Error::Unreadable { .. }) => {
                    tracing::error!(%process, %version, %error, "cases of this version are not asked about a message");
                }
                Err(error) => return Err(error),
            }
        }
        Ok(hearing)
    }

    /// Makes a deployment the active one.
    pub fn install(&self, id: String, ready: Ready) {
        self.remember(&ready, |_, _| true);
        *self.active.write().unwrap_or_else(PoisonError::into_inner) = Some((id, ready));
    }

    /// Keeps the versions in a library that are wanted, given what is known and whether it is known already.
    fn remember(&self, ready: &Ready, wanted: impl Fn(&(Name, Name), bool) -> bool) {
        let mut versions = self.versions.write().unwrap_or_else(PoisonError::into_inner);
        for (name, process) in &ready.library.processes {
            let key = (name.clone(), process.version.clone());
            if wanted(&key, versions.contains_key(&key)) {
                versions.insert(key, ready.definition(process));
            }
        }
    }

    /// A version of a process, from the database when this node has not needed it yet.
    pub async fn version(&self, database: &Database, process: &Name, version: &Name) -> Result<Definition> {
        let key = (process.clone(), version.clone());
        if let Some(found) = self.versions.read().unwrap_or_else(PoisonError::into_inner).get(&key) {
            return Ok(found.clone());
        }
        if let Some(deployment) = processes::of_version(database, process, version).await? {
            self.remember(&compile(&deployment)?, |found, is_known| *found == key && !is_known);
        }
        let versions = self.versions.read().unwrap_or_else(PoisonError::into_inner);
        versions.get(&key).cloned().ok_or_else(|| Error::Unreadable {
            what: "process version",
            why: format!("`{process}` has no version {version}"),
        })
    }

    /// Takes what the database says is active.
    pub async fn refresh(&self, database: &Database) -> Result<()> {
        if let Some(deployment) = processes::active(database).await? {
            let active = self.active.read().unwrap_or_else(PoisonError::into_inner).as_ref().map(|(id, _)| id.clone());
            if active.as_ref() != Some(&deployment.id) {
                let ready = compile(&deployment)?;
                self.install(deployment.id, ready);
            }
        }
        Ok(())
    }
}

/// The world that decisions are made in.
pub fn world(library: &Library) -> World<'_> {
    World { organization: &library.catalog.organization, calendars: &library.catalog.calendars, workload: None }
}

/// A set of files as it is stored, with the versions of the processes in it.
pub fn deployment(
    files: &BTreeMap<String, String>,
    library: &Library,
    deployed_at: jiff::Timestamp,
) -> (Deployment, Vec<Version>) {
    let id = digest_of(files);
    let versions = library.processes.values().map(|process| Version {
        process: process.name.clone(),
        version: process.version.clone(),
        title: process.title.to_string(),
        deployment: id.clone(),
        deployed_at,
    });
    let versions = versions.collect();
    (Deployment { id, files: files.clone(), deployed_at }, versions)
}

/// The identity of a set of files.
pub fn digest_of(files: &BTreeMap<String, String>) -> String {
    let text = serde_json::to_string(files).expect("texts are always JSON");
    hexadecimal(&Sha256::digest(text))
}

fn compile(deployment: &Deployment) -> Result<Ready> {
    let (ready, wrong) = Ready::restore(&deployment.files)
        .map_err(|error| Error::Unreadable { what: "deployment", why: format!("{}: {error}", deployment.id) })?;
    for (template, what) in wrong {
        tracing::error!(template, what, "a template that was deployed is not accepted; texts are made without it");
    }
    Ok(ready)
}
