//! `pgbench -N`, where PostgreSQL's own programs are found: a short transaction for each client at a time.

use std::path::PathBuf;
use std::process::{Command, Output};

use super::aside::run;
use crate::config::Failure;
use crate::storage::Database;

/// The schema that it works in.
const SCHEMA: &str = "duban_bench_pgbench";

/// How many times 100,000 accounts it has.
const SCALE: &str = "1";

/// Where Debian puts the programs of each version.
const PACKAGED: &str = "/usr/lib/postgresql";

/// Transactions a second with so many clients, each figure over so many seconds, in several runs; nothing when there is no
/// `pgbench`.
///
/// # Errors
/// When it fails.
pub async fn measure(
    address: &str,
    database: &Database,
    (clients, seconds, runs): (usize, u64, usize),
) -> Result<Vec<f64>, Failure> {
    let Some(program) = find() else { return Ok(Vec::new()) };
    run(database, &format!("DROP SCHEMA IF EXISTS {SCHEMA} CASCADE")).await?;
    run(database, &format!("CREATE SCHEMA {SCHEMA}")).await?;
    let call = |words: &[&str]| {
        let mut command = Command::new(&program);
        command.env("PGOPTIONS", format!("-c search_path={SCHEMA} -c client_min_messages=warning"));
        command.args(words).arg(address).output()
    };
    let made = call(&["-i", "-q", "-s", SCALE])?;
    let mut rates = Vec::new();
    let (clients, seconds) = (clients.to_string(), seconds.to_string());
    for _ in 0..runs {
        let ran = call(&["-N", "-n", "-M", "prepared", "-j", "2", "-c", &clients, "-T", &seconds])?;
        rates.extend(rate(&ran));
    }
    run(database, &format!("DROP SCHEMA {SCHEMA} CASCADE")).await?;
    if rates.is_empty() {
        return Err(format!("pgbench: {}", String::from_utf8_lossy(&made.stderr)).into());
    }
    Ok(rates)
}

/// What it says at the end: `tps = 1234.5 (without initial connection time)`.
fn rate(output: &Output) -> Option<f64> {
    let said = String::from_utf8_lossy(&output.stdout);
    let line = said.lines().find_map(|line| line.strip_prefix("tps = "))?;
    line.split_whitespace().next()?.parse().ok()
}

fn find() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let versions = std::fs::read_dir(PACKAGED).into_iter().flatten().flatten();
    let mut packaged: Vec<PathBuf> = versions.map(|version| version.path().join("bin")).collect();
    packaged.sort();
    let folders = std::env::split_paths(&path).chain(packaged.into_iter().rev());
    folders.map(|folder| folder.join("pgbench")).find(|program| program.is_file())
}
