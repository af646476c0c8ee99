//! PostgreSQL under Patroni loses its primary in every way, and nothing that was answered is lost or repeated.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use duban_city::failover;
use duban_city::fault::Lengths;
use duban_city::trial::{Outcome, Terms};

/// Where all chance comes from, unless DUBAN_SEED says otherwise.
const SEED: u64 = 15;

/// How long machines are gone, and stand still: longer than the lease of a primary, which is 20 s.
const LENGTHS: Lengths =
    Lengths { fault: [4_000, 8_000], freeze: [28_000, 32_000], calm: [1_000, 3_000], mood: [0, 0] };

/// How much has to happen of each kind.
const HAPPENED_MIN: usize = 100;

#[tokio::test(flavor = "multi_thread")]
async fn three_machines_that_lose_their_primary_in_every_way_keep_every_promise() {
    let number = |name, usual| std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(usual);
    let (seed, minutes) = (number("DUBAN_SEED", SEED), number("DUBAN_MINUTES", 0));
    let terms = Terms {
        program: env!("CARGO_BIN_EXE_duban-under-test").to_owned(),
        folder: Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("failover-{seed}")),
        seed,
        window: Duration::from_secs(60 * minutes),
        lengths: LENGTHS,
    };

    let Outcome { violations, happened, summary } = failover::run(&terms).await;

    println!("{summary}");
    let mut rules = BTreeMap::new();
    violations.iter().for_each(|violation| *rules.entry(violation.rule).or_insert(0) += 1);
    println!("violations: {rules:?}");
    violations.iter().for_each(|violation| println!("{:?}: {}", violation.rule, violation.text));
    assert!(happened.iter().all(|count| *count >= HAPPENED_MIN), "too little happened: {happened:?}");
    assert!(violations.is_empty(), "{} violations, above", violations.len());
}
