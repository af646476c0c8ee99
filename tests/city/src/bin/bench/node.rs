//! The server as a process: how soon it answers with a winter of requests in its database, and what memory it holds.

use std::sync::Arc;
use std::time::{Duration, Instant};

use duban::bench::figure::Figures;
use duban::clock::ManualClock;
use duban::runner::Settings;
use duban_city::city::City;
use duban_city::node::{Node, Plan};
use duban_city::staff::Staff;
use duban_city::{census, cluster, complaints, server};

/// Where all chance comes from.
const SEED: u64 = 62;

/// How often the server is started.
const STARTS: usize = 5;

/// How long it rests before its memory is read.
const REST: Duration = Duration::from_secs(2);

/// Measures it.
pub async fn measure(figures: &mut Figures) {
    let program = std::env::current_exe().expect("the system knows this program").with_file_name("duban-under-test");
    let program = program.display().to_string();
    let empty = cluster::SqliteFile::default();
    start(&Plan::new(&program, &empty.address(), &server::processes()), "nothing yet", figures).await;
    let file = cluster::SqliteFile::default();
    winter(&file.address(), figures).await;
    start(&Plan::new(&program, &file.address(), &server::processes()), "a winter of requests", figures).await;
}

/// Has the city live through a winter, through HTTP.
async fn winter(address: &str, figures: &mut Figures) {
    let complaints = complaints::read(SEED);
    let first = complaints.first().expect("there are requests").at;
    let settings = Settings { automatic: false, ..Settings::default() };
    let clock = Arc::new(ManualClock::new(first));
    let (runner, library) = server::runner(address, clock.clone(), settings).await;
    let (door, serving) = server::face(&runner, &library).await;
    let city = City { door, runner: Arc::clone(&runner), clock, staff: Staff::new(library), seed: SEED };
    let began = Instant::now();
    let tally = Arc::new(city).live(Arc::new(complaints)).await;
    let seconds = began.elapsed().as_secs_f64();
    serving.abort();
    let census = census::take(runner.database()).await;
    figures.add("replay: commands of a winter through HTTP, SQLite", "", &[tally.commands as f64]);
    figures.add("replay: transitions that they led to", "", &[census.transitions as f64]);
    figures.add("replay: commands, city and server in one process", "/s", &[tally.commands as f64 / seconds]);
    runner.database().close().await;
}

async fn start(plan: &Plan, with: &str, figures: &mut Figures) {
    let mut runs = Vec::new();
    let mut node = plan.start().await;
    for _ in 0..STARTS {
        node.kill().await;
        node = plan.start().await;
        runs.push(node.started_in.as_secs_f64() * 1e3);
    }
    let figure = figures.add(format!("start after kill -9 to the first answer, {with} in the database"), "ms", &runs);
    figure.bar = Some(("1 s".to_owned(), figure.median < 1_000.0));
    tokio::time::sleep(REST).await;
    let (own, mapped) = (memory(&node, "RssAnon:"), memory(&node, "RssFile:"));
    let figure = figures.add(format!("memory when idle, {with} in the database"), "MB", &[own]);
    figure.bar = Some(("150 MB".to_owned(), figure.median < 150.0));
    figures.add("files in memory then, the program and the database, which the system may drop", "MB", &[mapped]);
    node.kill().await;
}

/// The memory of one kind that a process holds, in megabytes.
fn memory(node: &Node, kind: &str) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", node.id())).expect("it runs, on Linux");
    let line = status.lines().find_map(|line| line.strip_prefix(kind));
    let kilobytes = line.and_then(|line| line.split_whitespace().next()?.parse::<f64>().ok());
    kilobytes.expect("the system says how much memory a process holds") / 1024.0
}
