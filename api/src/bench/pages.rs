//! The pages of a person with a long queue: how soon they come, and what memory the server holds meanwhile.

use std::sync::Arc;
use std::time::{Duration, Instant};

use duban_engine::ids::CaseId;
use serde_json::Value as Json;
use tokio::task::JoinSet;

use super::RUNS;
use super::client::Connection;
use super::figure::{Figures, rank};
use super::machine::memory;
use super::node::Node;
use crate::config::Failure;

/// How often each page is asked for in one run; pages that are slow come less often, but at least so often.
const TIMES: usize = 100;
const TIMES_MIN: usize = 5;

/// Which page of the list is the later one.
const LATER: usize = 20;

/// How many ask at the same time before the memory is read again.
const ASKERS: usize = 16;

/// How many cases they look at, as many as are kept in memory.
const CASES_SEEN_MAX: usize = 20_000;

/// How soon a page comes, in milliseconds.
const PAGE_TIME_MAX: f64 = 50.0;

/// The memory that a server may hold, in megabytes.
const MEMORY_MAX: f64 = 500.0;

/// For how many runs' time it rests before its memory is read.
const RUNS_RESTED: u32 = 2;

/// Measures a server over a database with these open cases in the queue of its token's holder, and these closed ones.
///
/// # Errors
/// When the server refuses or breaks off.
pub async fn measure(
    node: Node,
    (cases, closed): (Arc<Vec<CaseId>>, Vec<CaseId>),
    run: Duration,
    name: &str,
    figures: &mut Figures,
) -> Result<(), Failure> {
    let started = node.started_in.as_secs_f64() * 1e3;
    figures.add(format!("{name}: start to the first answer"), "ms", &[started]).bar("1 s", started < 1_000.0);
    tokio::time::sleep(run * RUNS_RESTED).await;
    held(&node, name, "after the start", figures);
    let mut connection = Connection::open(node.address).await?;
    let later = later(&mut connection, &node.token).await?;
    let lists = [
        ("the inbox's first page", "/api/tasks".to_owned()),
        ("the inbox's twentieth page", later),
        ("the inbox's first page of what nobody has, red ones", "/api/tasks?light=red".to_owned()),
    ];
    for (what, path) in lists {
        time(&mut connection, &node.token, (run, name, what), figures, |_| path.clone()).await?;
    }
    for (what, cases, rest) in [
        ("the page of a case", &*cases, ""),
        ("the page of a closed case", &closed, ""),
        ("the history of a closed case", &closed, "/history"),
    ] {
        if cases.is_empty() {
            continue;
        }
        let step = (cases.len() / (TIMES * RUNS)).max(1);
        let of_case = |turn: usize| format!("/api/cases/{}{rest}", cases[turn * step % cases.len()]);
        time(&mut connection, &node.token, (run, name, what), figures, of_case).await?;
    }
    let seen = see(&node, &cases).await?;
    tokio::time::sleep(run * RUNS_RESTED).await;
    held(&node, name, &format!("after {seen} pages of cases, {ASKERS} at a time"), figures);
    Ok(())
}

fn held(node: &Node, name: &str, when: &str, figures: &mut Figures) {
    let Some(own) = memory(node.id(), "RssAnon:") else { return };
    let figure = figures.add(format!("{name}: memory {when}"), "MB", &[own]);
    figure.bar(format!("{MEMORY_MAX} MB"), own < MEMORY_MAX);
    if let Some(mapped) = memory(node.id(), "RssFile:") {
        figures.add(format!("{name}: files in memory then, which the system may drop"), "MB", &[mapped]);
    }
}

/// The address of a later page; of the last one when there are fewer.
async fn later(connection: &mut Connection, token: &str) -> Result<String, Failure> {
    let mut path = "/api/tasks".to_owned();
    for _ in 1..LATER {
        let page = connection.ask(&path, token, None).await?;
        let Some(next) = page["next"].as_str() else { break };
        path = format!("/api/tasks?after={next}");
    }
    Ok(path)
}

async fn time(
    connection: &mut Connection,
    token: &str,
    (most, name, what): (Duration, &str, &str),
    figures: &mut Figures,
    path: impl Fn(usize) -> String,
) -> Result<(), Failure> {
    let (mut middles, mut slow) = (Vec::new(), Vec::new());
    for run in 0..RUNS {
        let (mut times, run_began) = (Vec::new(), Instant::now());
        for turn in 0..TIMES {
            if times.len() >= TIMES_MIN && run_began.elapsed() > most {
                break;
            }
            let path = path(run * TIMES + turn);
            let began = Instant::now();
            let answer = connection.ask(&path, token, None).await?;
            times.push(began.elapsed().as_secs_f64() * 1e3);
            if answer == Json::Null {
                return Err(format!("{path} answers nothing").into());
            }
        }
        middles.push(rank(&times, 50));
        slow.push(rank(&times, 99));
    }
    for (word, times) in [("median", middles), ("99 of 100", slow)] {
        let figure = figures.add(format!("{name}: {what}, {word}"), "ms", &times);
        let is_met = figure.median < PAGE_TIME_MAX;
        figure.bar(format!("{PAGE_TIME_MAX} ms"), is_met);
    }
    Ok(())
}

/// Has several people look at one case after another; answers how many pages they saw.
async fn see(node: &Node, cases: &Arc<Vec<CaseId>>) -> Result<usize, Failure> {
    let mut seeing = JoinSet::new();
    for asker in 0..ASKERS {
        let (cases, token) = (Arc::clone(cases), node.token.clone());
        let mut connection = Connection::open(node.address).await?;
        seeing.spawn(async move {
            let mut seen = 0;
            for case in cases.iter().take(CASES_SEEN_MAX).skip(asker).step_by(ASKERS) {
                connection.ask(&format!("/api/cases/{case}"), &token, None).await?;
                seen += 1;
            }
            Ok::<usize, Failure>(seen)
        });
    }
    let mut seen = 0;
    while let Some(own) = seeing.join_next().await {
        seen += own??;
    }
    Ok(seen)
}
