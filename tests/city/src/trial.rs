//! A trial: nodes under load, faults chosen by a seed, everything made whole, and then the checker.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::process::Command;
use tokio::time::sleep;

use crate::chance::Chance;
use crate::checker::{self, Violation};
use crate::evidence::{Reader, WITNESS};
use crate::fault::{Fault, Lengths, Member, ON_POSTGRES, ON_SMALL_DISK, ON_SQLITE, Site, span, vary};
use crate::history::{Entry, Log};
use crate::load::{Crew, PEOPLE};
use crate::node::Plan;
use crate::postgres::Postgres;
use crate::proxy::Proxy;
use crate::receiver::{Mood, Receiver};
use crate::room::Room;
use crate::upgrade;

/// How many nodes there are on a server.
const NODES: usize = 3;

/// How many clients work at the same time.
pub(crate) const CLIENTS: u64 = 8;

/// How long nodes may take to do what is due when everything is whole: a webhook that failed may be tried again only after
/// as long as it failed, and what a dead node had begun waits for a minute.
const REST_TIME_MAX: Duration = Duration::from_secs(150);

/// Streams of chance beside those of the clients.
pub(crate) const STREAM_OF_FAULTS: u64 = u64::MAX;
const STREAM_OF_RECEIVER: u64 = u64::MAX - 1;

/// What a trial is like.
#[derive(Clone, Debug)]
pub struct Terms {
    /// The program under test.
    pub program: String,
    /// Where all is kept.
    pub folder: PathBuf,
    /// Where all chance comes from.
    pub seed: u64,
    /// For how long faults follow each other; each happens once in any case.
    pub window: Duration,
    /// How long each lasts.
    pub lengths: Lengths,
    /// The program that nodes on a server run at first; then they are renewed one after the other, and nothing else goes wrong.
    pub older: Option<String>,
    /// Whether nodes on a server work on a disk of which only so much is free, and which fills up.
    pub room: Option<Room>,
}

/// What came of a trial.
#[derive(Debug)]
pub struct Outcome {
    /// Broken promises.
    pub violations: Vec<Violation>,
    /// How many commands were done, how many rungs fired, and how many webhooks were taken: nothing is proved by a trial in
    /// which little happened.
    pub happened: [usize; 3],
    /// What happened, in figures.
    pub summary: String,
}

/// Three nodes on a server.
///
/// # Panics
/// When something is missing that the trial needs, or cannot be made whole.
pub async fn on_postgres(terms: &Terms) -> Outcome {
    let (log, receiver, processes) = prepare(terms).await;
    let postgres = Postgres::start_in(terms.room.as_ref());
    let direct = Postgres::database_at(postgres.address);
    let mut members = Vec::new();
    for number in 0..NODES {
        let proxy = Proxy::to(postgres.address).await.expect("this machine has free ports");
        let mut plan = Plan::new(
            terms.older.as_ref().unwrap_or(&terms.program),
            &Postgres::database_at(proxy.address),
            &processes,
        );
        let clock = terms.folder.join(format!("clock-{number}"));
        plan.environment = faked(&clock);
        plan.log = Some(terms.folder.join(format!("node-{number}.log")));
        let mut member = Member { plan, node: None, proxy: Some(proxy), clock: Some(clock) };
        member.set_clock(0);
        member.node = Some(member.plan.start_in_the_end().await);
        members.push(member);
    }
    let reader = Reader::Postgres(direct.clone());
    reader.run(WITNESS).await.expect("the tables are there");
    let site = Site { members, postgres: Some(postgres), reader, log };
    let faults = if terms.room.is_some() { &ON_SMALL_DISK[..] } else { &ON_POSTGRES };
    run(terms, site, &receiver, &direct, faults).await
}

/// One node on a file.
///
/// # Panics
/// When something is missing that the trial needs, or cannot be made whole.
pub async fn on_sqlite(terms: &Terms) -> Outcome {
    let (log, receiver, processes) = prepare(terms).await;
    let file = terms.folder.join("duban.sqlite").display().to_string();
    let address = format!("sqlite:{file}");
    let mut plan = Plan::new(&terms.program, &address, &processes);
    // The signal of a file that grows too large would end the server; a full disk sends none.
    plan.starter = ["sh", "-c", "trap '' XFSZ; exec \"$@\"", "sh"].map(str::to_owned).to_vec();
    plan.log = Some(terms.folder.join("node-0.log"));
    let node = Some(plan.start_in_the_end().await);
    let members = vec![Member { plan, node, proxy: None, clock: None }];
    let site = Site { members, postgres: None, reader: Reader::Sqlite(file), log };
    run(terms, site, &receiver, &address, &ON_SQLITE).await
}

/// An empty folder with the definitions, a history, and somebody who is sent webhooks.
///
/// # Panics
/// When the folder cannot be written to.
pub(crate) async fn prepare(terms: &Terms) -> (Arc<Log>, Receiver, PathBuf) {
    let _ = std::fs::remove_dir_all(&terms.folder);
    let processes = terms.folder.join("processes");
    std::fs::create_dir_all(&processes).expect("the folder of the trial is ours");
    println!("seed {}, everything is in {}", terms.seed, terms.folder.display());
    let log = Arc::new(Log::new(&terms.folder.join("history.jsonl")).expect("the folder of the trial is ours"));
    let receiver = Receiver::start(Arc::clone(&log)).await.expect("this machine has free ports");
    let set = Path::new(env!("CARGO_MANIFEST_DIR")).join("fault-set");
    for entry in std::fs::read_dir(set).expect("the set is part of this package").flatten() {
        std::fs::copy(entry.path(), processes.join(entry.file_name())).expect("the folder of the trial is ours");
    }
    let url = format!("http://{}/hook", receiver.address);
    let connections = format!("webhooks:\n  outside: {{url: \"{url}\", title: 外面, private: true}}\n");
    std::fs::write(processes.join("connections.yaml"), connections).expect("the folder of the trial is ours");
    (log, receiver, processes)
}

/// What has a program ask a file how far its clock is off. What it measures with a stopwatch stays as it is.
fn faked(clock: &Path) -> Vec<(String, String)> {
    let folders = std::fs::read_dir("/usr/lib").into_iter().flatten().flatten();
    let library = folders.map(|folder| folder.path().join("faketime/libfaketime.so.1")).find(|path| path.exists());
    let library = library.expect("libfaketime puts clocks off: install it (Debian: `apt-get install libfaketime`)");
    let (library, clock) = (library.display().to_string(), clock.display().to_string());
    let settings = [
        ("LD_PRELOAD", library.as_str()),
        ("FAKETIME_TIMESTAMP_FILE", &clock),
        ("FAKETIME_CACHE_DURATION", "1"),
        ("FAKETIME_DONT_FAKE_MONOTONIC", "1"),
        ("DONT_FAKE_MONOTONIC", "1"),
    ];
    settings.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec()
}

async fn run(terms: &Terms, mut site: Site, receiver: &Receiver, database: &str, faults: &[Fault]) -> Outcome {
    let plans: Vec<_> = site.members.iter().map(|member| member.plan.clone()).collect();
    let log = Arc::clone(&site.log);
    let crew = crew(terms, &plans, database, &log).await;
    let working = crew.work(CLIENTS);
    let moods = Chance::new(terms.seed, STREAM_OF_RECEIVER);
    tokio::select! {
        () = suffer(terms, &mut site, faults) => {}
        () = vary(receiver, &log, moods, terms.lengths) => {}
    }
    receiver.set(Mood::Well);
    for mood in [Mood::Failing, Mood::Hanging] {
        log.note(|at| Entry::Ended { at, fault: format!("receiver {mood:?}") });
    }
    crew.finish();
    working.join_all().await;
    rest(&site.reader, &log).await;
    for member in &mut site.members {
        member.node.take().expect("it runs after the faults").kill().await;
    }
    conclude(terms, &site.reader, &log, database).await
}

/// The clients of nodes, each with its token.
pub(crate) async fn crew(terms: &Terms, plans: &[Plan], database: &str, log: &Arc<Log>) -> Arc<Crew> {
    let mut tokens = Vec::new();
    for person in PEOPLE {
        let plan = Plan { database: database.to_owned(), ..plans[0].clone() };
        tokens.push(plan.token(person).await);
    }
    let addresses: Vec<_> = plans.iter().map(|plan| plan.listen).collect();
    Arc::new(Crew::new(&addresses, tokens, Arc::clone(log), terms.seed))
}

/// One fault after the other: all of them in a random order, and again until the time is over.
async fn suffer(terms: &Terms, site: &mut Site, faults: &[Fault]) {
    if let Some(older) = &terms.older {
        return upgrade::roll(&terms.program, older, site).await;
    }
    let mut chance = Chance::new(terms.seed, STREAM_OF_FAULTS);
    let began = Instant::now();
    loop {
        let mut deck = faults.to_vec();
        while !deck.is_empty() {
            let next = usize::try_from(chance.below(deck.len() as u64)).unwrap_or(0);
            let fault = deck.swap_remove(next);
            let victim = usize::try_from(chance.below(site.members.len() as u64)).unwrap_or(0);
            let length = if fault == Fault::Freeze { terms.lengths.freeze } else { terms.lengths.fault };
            sleep(span(&mut chance, terms.lengths.calm)).await;
            site.suffer(fault, victim, span(&mut chance, length)).await;
        }
        if began.elapsed() >= terms.window {
            return;
        }
    }
}

/// Waits until nothing is due, or it takes too long: then the checker says what is missing.
pub(crate) async fn rest(reader: &Reader, log: &Log) {
    let began = Instant::now();
    while began.elapsed() < REST_TIME_MAX {
        if let Ok(0) = reader.open_ends(log.now() + 3_000_000).await {
            println!("at rest after {:.0} s", began.elapsed().as_secs_f64());
            return;
        }
        sleep(Duration::from_millis(500)).await;
    }
    println!("not at rest after {REST_TIME_MAX:?}");
}

/// Reads what the nodes left that were ended, and has it checked.
pub(crate) async fn conclude(terms: &Terms, reader: &Reader, log: &Log, database: &str) -> Outcome {
    let arguments = ["verify", "--database", database];
    let verified = Command::new(&terms.program).args(arguments).output().await.expect("the program was built");
    let said = format!("{}{}", String::from_utf8_lossy(&verified.stdout), String::from_utf8_lossy(&verified.stderr));
    let verify = if verified.status.success() { String::new() } else { said };
    let evidence = reader.read(log.now(), verify).await.expect("the database is whole again");
    let kept = serde_json::to_string(&evidence).expect("evidence is JSON");
    std::fs::write(terms.folder.join("evidence.json"), kept).expect("the folder of the trial is ours");
    let history = log.entries();
    let violations = checker::check(&history, &evidence);
    let mut summary = summary(&history);
    let (cases, transitions, outbox) = (evidence.cases.len(), evidence.transitions.len(), evidence.outbox.len());
    summary.push_str(&format!("{cases} cases, {transitions} transitions, {outbox} webhooks and other effects\n"));
    let answered = history.iter().filter(|entry| matches!(entry, Entry::Answered { status: 200..300, .. })).count();
    let taken = history.iter().filter(|entry| matches!(entry, Entry::Acknowledged { .. })).count();
    let events = evidence.transitions.iter().flat_map(|transition| &transition.events);
    let fired = events.filter(|event| event["event"] == "rung_passed").count();
    Outcome { violations, happened: [answered, fired, taken], summary }
}

/// How many commands there were, and for each kind of fault how often it was and the longest time without an answer.
fn summary(history: &[Entry]) -> String {
    let (mut sent, mut unknown, mut refused, mut done) = (0, 0, 0, Vec::new());
    let mut failed: BTreeMap<u16, usize> = BTreeMap::new();
    let mut open: BTreeMap<&str, i64> = BTreeMap::new();
    let mut faults: BTreeMap<&str, Vec<(i64, i64)>> = BTreeMap::new();
    for entry in history {
        match entry {
            Entry::Sent { .. } => sent += 1,
            Entry::Unknown { .. } => unknown += 1,
            Entry::Answered { at, status: 200..300, .. } => done.push(*at),
            Entry::Answered { status: status @ 500.., .. } => *failed.entry(*status).or_default() += 1,
            Entry::Answered { .. } => refused += 1,
            Entry::Begun { at, fault } => _ = open.insert(fault, *at),
            Entry::Ended { at, fault } => {
                let kind = fault.split(" of ").next().unwrap_or(fault);
                faults.entry(kind).or_default().extend(open.remove(fault.as_str()).map(|begun| (begun, *at)));
            }
            Entry::Arrived { .. } | Entry::Acknowledged { .. } => {}
        }
    }
    let mut text = format!(
        "{sent} attempts: {} done, {refused} refused, failed by status {failed:?}, {unknown} without an answer\n",
        done.len()
    );
    for (kind, times) in faults {
        let pause = times.iter().map(|(from, to)| longest_pause(&done, *from, *to)).max().unwrap_or(0);
        text.push_str(&format!("{kind}: {} times, nothing was done for {} ms at most\n", times.len(), pause / 1000));
    }
    text
}

/// The longest time between two answers that lies, at least in part, in a span.
fn longest_pause(done: &[i64], from: i64, to: i64) -> i64 {
    let pauses = done.windows(2).filter(|two| two[1] > from && two[0] < to);
    pauses.map(|two| two[1] - two[0]).max().unwrap_or(0)
}
