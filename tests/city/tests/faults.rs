//! Nodes that are killed, frozen, cut off, lied to by clocks and refused by the database lose nothing and repeat nothing.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use duban_city::fault::Lengths;
use duban_city::room::Room;
use duban_city::trial::{self, Outcome, Terms};

/// Where all chance comes from, unless DUBAN_SEED says otherwise. The kinds, instants and lengths of the faults come from
/// it; what they hit depends on the machine.
const SEED: u64 = 15;

/// Each fault at least once, and in at least this time.
const SHORT_WINDOW: Duration = Duration::from_secs(45);
const SHORT: Lengths =
    Lengths { fault: [2_000, 4_000], freeze: [6_000, 9_000], calm: [500, 1_500], mood: [5_000, 9_000] };

/// Faults that outlast every lease.
const LONG: Lengths =
    Lengths { fault: [5_000, 30_000], freeze: [60_000, 70_000], calm: [1_000, 15_000], mood: [30_000, 90_000] };

/// How much of each kind has to happen in a trial.
const HAPPENED_MIN: usize = 100;

/// How many violations are printed.
const SHOWN_MAX: usize = 40;

fn number(name: &str, usual: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(usual)
}

fn terms(name: &str) -> Terms {
    let (seed, minutes) = (number("DUBAN_SEED", SEED), number("DUBAN_MINUTES", 0));
    Terms {
        program: env!("CARGO_BIN_EXE_duban-under-test").to_owned(),
        folder: Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("faults-{seed}-{name}")),
        seed,
        window: if minutes == 0 { SHORT_WINDOW } else { Duration::from_secs(60 * minutes) },
        lengths: if minutes == 0 { SHORT } else { LONG },
        older: None,
        room: None,
    }
}

fn assert_sound(Outcome { violations, happened, summary }: &Outcome) {
    println!("{summary}");
    let mut rules = BTreeMap::new();
    violations.iter().for_each(|violation| *rules.entry(violation.rule).or_insert(0) += 1);
    println!("violations: {rules:?}");
    for violation in violations.iter().take(SHOWN_MAX) {
        println!("{:?}: {}", violation.rule, violation.text);
    }
    assert!(happened.iter().all(|count| *count >= HAPPENED_MIN), "too little happened: {happened:?}");
    assert!(violations.is_empty(), "{} violations, the first of them above", violations.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn three_nodes_on_postgresql_keep_every_promise_under_faults() {
    assert_sound(&trial::on_postgres(&terms("postgres")).await);
}

/// Nodes run the program at DUBAN_OLDER at first; without one, the same program replaces itself.
#[tokio::test(flavor = "multi_thread")]
async fn nodes_that_are_renewed_one_after_the_other_keep_every_promise() {
    let terms = terms("upgrade");
    let older = std::env::var("DUBAN_OLDER").unwrap_or_else(|_| {
        println!("no DUBAN_OLDER: the program replaces itself, which says nothing about two versions side by side");
        terms.program.clone()
    });
    assert_sound(&trial::on_postgres(&Terms { older: Some(older), ..terms }).await);
}

/// As root only: it mounts a small disk.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "only root may mount the small disk that this fills: `-- --ignored disk`"]
async fn nodes_keep_every_promise_over_a_server_whose_disk_is_full() {
    let terms = terms("disk");
    let room = Some(Room::new(&terms.folder.with_extension("room")));
    assert_sound(&trial::on_postgres(&Terms { room, ..terms }).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_on_sqlite_keeps_every_promise_under_faults() {
    assert_sound(&trial::on_sqlite(&terms("sqlite")).await);
}
