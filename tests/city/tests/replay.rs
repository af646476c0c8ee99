//! Real requests go through the whole server, on both databases, with the same end.

use std::sync::Arc;
use std::time::Instant;

use duban::clock::ManualClock;
use duban::runner::Settings;
use duban_city::census::{self, Census};
use duban_city::city::{City, Tally};
use duban_city::cluster;
use duban_city::complaints::{self, Complaint};
use duban_city::server;
use duban_city::staff::Staff;

/// Where all chance comes from, unless DUBAN_SEED says otherwise.
const SEED: u64 = 62;

fn seed() -> u64 {
    std::env::var("DUBAN_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(SEED)
}

/// Lives through the requests on a fresh database; nothing may be wrong with what is stored then.
async fn live(address: &str, seed: u64, complaints: Vec<Complaint>) -> (Tally, Census) {
    let first = complaints.first().expect("there are requests").at;
    let settings = Settings { automatic: false, ..Settings::default() };
    let clock = Arc::new(ManualClock::new(first));
    let (runner, library) = server::runner(address, clock.clone(), settings).await;
    let (door, serving) = server::face(&runner, &library).await;
    let city = City { door, runner: Arc::clone(&runner), clock, staff: Staff::new(library), seed };
    let began = Instant::now();
    let tally = Arc::new(city).live(Arc::new(complaints)).await;
    let seconds = began.elapsed().as_secs_f64();
    println!("{}", tally.to_text());
    let census = census::take(runner.database()).await;
    println!(
        "{} cases, {} transitions, {} bytes of events, {:.1} s, {:.0} commands/s, digest {}",
        census.cases,
        census.transitions,
        census.bytes,
        seconds,
        f64::from(u32::try_from(tally.commands).unwrap_or(u32::MAX)) / seconds,
        census.digest,
    );
    serving.abort();
    let findings = runner.verify().await.expect("the database answers");
    assert_eq!(findings, [], "seed {seed}: the lists are what the transitions say");
    (tally, census)
}

#[tokio::test(flavor = "multi_thread")]
async fn every_request_is_closed_and_both_databases_tell_the_same_story() {
    let seed = seed();
    println!("seed {seed}");
    let complaints = complaints::read(seed);
    let count = complaints.len() as u64;

    let file = cluster::SqliteFile::default();
    let (tally, census) = live(&file.address(), seed, complaints.clone()).await;
    let (again, other) = live(&cluster::postgres().await, seed, complaints).await;

    assert_eq!(again, tally, "seed {seed}");
    assert_eq!(other, census, "seed {seed}: the same histories on SQLite and PostgreSQL, hash for hash");
    println!("{:#?}", census.events);
    assert_eq!(closed(&tally, "appeal "), count, "every request ended, once");
    for what in WANTED {
        assert!(census.of(what) > 0, "seed {seed}: nobody met `{what}`");
    }
}

/// What a winter in the city has to bring along.
const WANTED: [&str; 18] = [
    "by a deputy",
    "action_taken answer",
    "action_taken refuse",
    "action_taken uphold",
    "action_taken force",
    "action_taken return",
    "action_taken report",
    "action_taken instruct",
    "action_taken contribute",
    "action_taken extend",
    "action_taken reassign",
    "action_withdrawn",
    "deadline_moved extended",
    "marked late",
    "marked returned-twice",
    "step_entered on-site",
    "rung_passed handling 4",
    "message_taken",
];

fn closed(tally: &Tally, process: &str) -> u64 {
    tally.outcomes.iter().filter(|(name, _)| name.starts_with(process)).map(|(_, count)| count).sum()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_seed_lives_the_same_winter_again_and_another_seed_does_not() {
    let seed = seed();
    let few = |seed: u64| complaints::read(seed).into_iter().take(300).collect::<Vec<_>>();
    let files = [cluster::SqliteFile::default(), cluster::SqliteFile::default(), cluster::SqliteFile::default()];

    let (_, one) = live(&files[0].address(), seed, few(seed)).await;
    let (_, two) = live(&files[1].address(), seed, few(seed)).await;
    let (_, three) = live(&files[2].address(), seed + 1, few(seed + 1)).await;

    assert_eq!(one, two, "seed {seed}");
    assert_ne!(one.digest, three.digest, "seed {seed}");
}
