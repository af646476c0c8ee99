//! What was deployed: sets of files, and the versions of processes that are in them.

use std::collections::BTreeMap;

use duban_engine::ids::Name;
use jiff::Timestamp;

use super::table::{Table, integer, text};
use super::{Cell, Database, Error, Result, Transaction};

/// The table of deployments.
pub const DEPLOYMENTS: Table =
    Table { name: "deployments", columns: &[text("id"), text("files"), integer("deployed_at")], key: 1 };

/// The table of the versions of processes, each with the first deployment that has it.
pub const TABLE: Table = Table {
    name: "process_versions",
    columns: &[text("process"), text("version"), text("title"), text("deployment"), integer("deployed_at")],
    key: 2,
};

const ACTIVE: &str = "SELECT id, files, deployed_at FROM deployments ORDER BY deployed_at DESC, id LIMIT 1";
const OF_VERSION: &str = "SELECT id, files, deployments.deployed_at FROM deployments
    JOIN process_versions ON process_versions.deployment = deployments.id WHERE process = $1 AND version = $2";
const VERSIONS: &str = "SELECT process, version, title, deployment, deployed_at FROM process_versions
    WHERE process = $1 ORDER BY deployed_at DESC, version";
const ADD_VERSION: &str = "INSERT INTO process_versions (process, version, title, deployment, deployed_at)
    VALUES ($1, $2, $3, $4, $5) ON CONFLICT (process, version) DO NOTHING";

pub(super) const STATEMENTS: &[&str] = &[ACTIVE, OF_VERSION, VERSIONS, ADD_VERSION];

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
    /// The first deployment that has it.
    pub deployment: String,
    /// When that was.
    pub deployed_at: Timestamp,
}

/// Makes a deployment the active one, with the versions that are in it.
pub async fn deploy(transaction: &mut Transaction, deployment: &Deployment, versions: &[Version]) -> Result<()> {
    let files = serde_json::to_string(&deployment.files).expect("texts are always JSON");
    let row = vec![deployment.id.as_str().into(), files.into(), deployment.deployed_at.into()];
    transaction.upsert(&DEPLOYMENTS, &[row]).await?;
    for version in versions {
        let parameters: [Cell; 5] = [
            (&version.process).into(),
            (&version.version).into(),
            version.title.as_str().into(),
            version.deployment.as_str().into(),
            version.deployed_at.into(),
        ];
        transaction.execute(ADD_VERSION, &parameters).await?;
    }
    Ok(())
}

/// The deployment that new cases run by.
pub async fn active(database: &Database) -> Result<Option<Deployment>> {
    read_deployment(database.fetch(ACTIVE, &[]).await?)
}

/// The deployment that a version of a process is in.
pub async fn of_version(database: &Database, process: &Name, version: &Name) -> Result<Option<Deployment>> {
    read_deployment(database.fetch(OF_VERSION, &[process.into(), version.into()]).await?)
}

/// The versions of a process, newest first.
pub async fn versions(database: &Database, process: &Name) -> Result<Vec<Version>> {
    let rows = database.fetch(VERSIONS, &[process.into()]).await?;
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

fn read_deployment(rows: Vec<super::Row>) -> Result<Option<Deployment>> {
    let Some(row) = rows.first() else { return Ok(None) };
    let files = serde_json::from_str(&row.text(1)?)
        .map_err(|error| Error::Unreadable { what: "deployment", why: error.to_string() })?;
    Ok(Some(Deployment { id: row.text(0)?, files, deployed_at: row.at(2)? }))
}
