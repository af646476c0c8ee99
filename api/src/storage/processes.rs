//! What was deployed: sets of files, and the versions of processes that are in them.

use std::collections::BTreeMap;

use duban_engine::ids::Name;
use jiff::Timestamp;

use super::table::{Table, integer, text};
use super::{Cell, Database, Error, Result, Row, Transaction};

/// The table of deployments.
pub const DEPLOYMENTS: Table =
    Table { name: "deployments", columns: &[text("id"), text("files"), integer("deployed_at")], key: 1, tails: &[] };

/// The table of the versions of processes, each with the latest deployment that has it.
pub const TABLE: Table = Table {
    name: "process_versions",
    columns: &[text("process"), text("version"), text("title"), text("deployment"), integer("deployed_at")],
    key: 2,
    tails: &[],
};

const ACTIVE: &str = "SELECT id, files, deployed_at FROM deployments ORDER BY deployed_at DESC, id LIMIT 1";
const DEPLOYMENTS_ALL: &str = "SELECT id, files, deployed_at FROM deployments ORDER BY deployed_at, id";
const VERSIONS_ALL: &str = "SELECT process, version, title, deployment, deployed_at FROM process_versions
    ORDER BY process, deployed_at, version";
const OF_VERSION: &str = "SELECT id, files, deployments.deployed_at FROM deployments
    JOIN process_versions ON process_versions.deployment = deployments.id WHERE process = $1 AND version = $2";
const VERSIONS: &str = "SELECT process, version, title, deployment, deployed_at FROM process_versions
    WHERE process = $1 ORDER BY deployed_at DESC, version";
const RUNNING: &str = "SELECT process, version FROM process_versions AS known WHERE EXISTS (SELECT 1 FROM cases
    WHERE cases.process = known.process AND cases.version = known.version AND closed_at IS NULL)
    ORDER BY process, version";
pub(super) const STATEMENTS: &[&str] = &[ACTIVE, DEPLOYMENTS_ALL, VERSIONS_ALL, OF_VERSION, VERSIONS, RUNNING];

/// A set of files that was deployed together.
#[derive(Clone, Debug, PartialEq)]
pub struct Deployment {
    /// The digest of its files.
    pub id: String,
    /// The texts by path.
    pub files: BTreeMap<String, String>,
    /// When it was last deployed.
    pub deployed_at: Timestamp,
}

/// A version of a process.
#[derive(Clone, Debug, PartialEq)]
pub struct Version {
    /// Which process.
    pub process: Name,
    /// The digest of its text.
    pub version: Name,
    /// What people call the process in it.
    pub title: String,
    /// The latest deployment that has it.
    pub deployment: String,
    /// When that was.
    pub deployed_at: Timestamp,
}

impl Version {
    fn cells(&self) -> Vec<Cell> {
        vec![
            (&self.process).into(),
            (&self.version).into(),
            self.title.as_str().into(),
            self.deployment.as_str().into(),
            self.deployed_at.into(),
        ]
    }
}

/// Makes a deployment the active one, with the versions that are in it.
pub async fn deploy(transaction: &mut Transaction, deployment: &Deployment, versions: &[Version]) -> Result<()> {
    let files = serde_json::to_string(&deployment.files).expect("texts are always JSON");
    let row = vec![deployment.id.as_str().into(), files.into(), deployment.deployed_at.into()];
    transaction.upsert(&DEPLOYMENTS, &[row]).await?;
    let rows: Vec<Vec<Cell>> = versions.iter().map(Version::cells).collect();
    transaction.upsert(&TABLE, &rows).await
}

/// The deployment that new cases run by.
pub async fn active(database: &Database) -> Result<Option<Deployment>> {
    let rows = database.fetch(ACTIVE, &[]).await?;
    rows.first().map(read_deployment).transpose()
}

/// The deployment that a version of a process is in.
pub async fn of_version(database: &Database, process: &Name, version: &Name) -> Result<Option<Deployment>> {
    let rows = database.fetch(OF_VERSION, &[process.into(), version.into()]).await?;
    rows.first().map(read_deployment).transpose()
}

/// The versions of a process, newest first.
pub async fn versions(database: &Database, process: &Name) -> Result<Vec<Version>> {
    read_versions(database.fetch(VERSIONS, &[process.into()]).await?)
}

/// The versions of all processes.
pub async fn all_versions(database: &Database) -> Result<Vec<Version>> {
    read_versions(database.fetch(VERSIONS_ALL, &[]).await?)
}

/// The versions that open cases run by, each as its process and its digest.
pub async fn running(database: &Database) -> Result<Vec<(Name, Name)>> {
    let rows = database.fetch(RUNNING, &[]).await?;
    rows.iter().map(|row| Ok((row.name(0)?, row.name(1)?))).collect()
}

/// Every deployment, oldest first.
pub async fn deployments(database: &Database) -> Result<Vec<Deployment>> {
    let rows = database.fetch(DEPLOYMENTS_ALL, &[]).await?;
    rows.iter().map(read_deployment).collect()
}

fn read_versions(rows: Vec<Row>) -> Result<Vec<Version>> {
    let versions = rows.iter().map(|row| {
        Ok(Version {
            process: row.name(0)?,
            version: row.name(1)?,
            title: row.text(2)?,
            deployment: row.text(3)?,
            deployed_at: row.at(4)?,
        })
    });
    versions.collect()
}

fn read_deployment(row: &Row) -> Result<Deployment> {
    let files = serde_json::from_str(&row.text(1)?)
        .map_err(|error| Error::Unreadable { what: "deployment", why: error.to_string() })?;
    Ok(Deployment { id: row.text(0)?, files, deployed_at: row.at(2)? })
}
