//! Growth: the same measurements with more and more open cases in the database.

use std::sync::Arc;
use std::time::Duration;

use duban_engine::ids::CaseId;

use super::aside::Aside;
use super::askers::{Door, Journeys, Load, Until, load};
use super::desk::Desk;
use super::figure::{Figures, median};
use super::mile::{miles, name};
use super::node::Node;
use super::pages;
use super::raw::{self, Footprints};
use super::{RUNS, machine, set};
use crate::clock::SystemClock;
use crate::config::Failure;
use crate::storage::{Database, cases};

/// How many open cases at the same time while the database is filled.
const FILLERS: usize = 512;

/// How many ask at the same time where throughput is measured.
const ASKERS: usize = 64;

/// How many ids of cases are read at once.
const PAGE: i64 = 10_000;

/// How much may be lost from the first size to another.
const LOSS: f64 = 0.2;

/// What is measured.
#[derive(Clone, Debug)]
pub struct Plan {
    /// How many open cases there are, one measurement after another.
    pub sizes: Vec<usize>,
    /// How long each run takes.
    pub time: Duration,
}

/// What the later sizes are compared with: each ratio to its reference.
type Ratios = Vec<(String, f64, Better)>;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Better {
    More,
    Less,
}

/// Measures a database.
///
/// # Errors
/// When it fails, or is not the measurements' own.
pub async fn measure(address: &str, plan: &Plan, figures: &mut Figures) -> Result<(), Failure> {
    let mut first = Vec::new();
    for size in &plan.sizes {
        let desk = Arc::new(Desk::open(address, Arc::new(SystemClock), true).await?);
        let name = format!("{}, {size} open cases", name(&desk.database));
        let before = (machine::bytes(&desk.database, address).await?, lying(&desk.database).await?.len());
        let filled = fill(&desk, *size, &name, figures).await?;
        let grown = machine::bytes(&desk.database, address).await? - before.0;
        if filled > 0 {
            figures.add(format!("{name}: disk for each case that was opened"), "bytes", &[grown / filled as f64]);
        }
        let ratios = speed(&desk, plan.time, &name, figures).await?;
        if first.is_empty() {
            first = ratios;
        } else {
            compare(&first, &ratios, (&name, plan.sizes[0]), figures);
        }
        let mut shown = lying(&desk.database).await?;
        shown.retain(|case| set::unit_of(*case) == 1);
        if let Some(desk) = Arc::into_inner(desk) {
            desk.close().await;
        }
        let node = Node::start(address).await?;
        pages::measure(node, Arc::new(shown), plan.time, &name, figures).await?;
    }
    Ok(())
}

/// Opens cases until there are so many; answers how many were opened.
async fn fill(desk: &Arc<Desk>, size: usize, name: &str, figures: &mut Figures) -> Result<usize, Failure> {
    let there = lying(&desk.database).await?.len();
    let missing = size.saturating_sub(there);
    if missing > 0 {
        let stocks: Journeys = Arc::new(|desk, number| set::stock(desk.id("stock", number)));
        let filled = load(desk, Door::Inside, FILLERS, Until::Count(missing), &stocks).await?;
        figures.add(format!("{name}: cases opened, {FILLERS} at a time"), "/s", &[filled.rate()]);
    }
    if let Database::Postgres(_) = desk.database {
        // As the server does by itself when it has time.
        let mut transaction = desk.database.begin().await?;
        transaction.execute("ANALYZE", &[]).await?;
        transaction.commit().await?;
    }
    Ok(missing)
}

/// The open cases that lie.
async fn lying(database: &Database) -> Result<Vec<CaseId>, Failure> {
    let (mut found, processes) = (Vec::new(), ["stock".into()]);
    loop {
        let page = cases::open_after(database, &processes, found.last().copied(), PAGE).await?;
        if page.is_empty() {
            return Ok(found);
        }
        found.extend(page);
    }
}

/// Throughput and latency, of cases that go a mile and of reports on cases that lie, each with its reference.
async fn speed(desk: &Arc<Desk>, time: Duration, name: &str, figures: &mut Figures) -> Result<Ratios, Failure> {
    let aside = Aside::make(&desk.address, &desk.database).await?;
    let lying = Arc::new(lying(&desk.database).await?);
    let mile = Footprints::find(desk, &set::mile(desk.id("mile", u64::MAX), 1)).await?;
    let opened = desk.id("stock", u64::MAX);
    Footprints::find(desk, &set::stock(opened)).await?;
    let note = Footprints::find(desk, &set::note(opened)).await?;
    let notes: Journeys = Arc::new(move |desk, number| {
        let chosen = desk.id("chosen", number).0 % lying.len() as u128;
        set::note(lying[usize::try_from(chosen).expect("it is less than there are")])
    });
    let mut ratios = Vec::new();
    for (way, footprints, journeys) in [("case miles", &mile, miles()), ("reports on any of them", &note, notes)] {
        let bench = Speed { desk, aside: &aside, footprints, journeys: &journeys, time };
        ratios.extend(bench.measure(name, way, figures).await?);
    }
    aside.remove().await?;
    Ok(ratios)
}

struct Speed<'a> {
    desk: &'a Arc<Desk>,
    aside: &'a Aside,
    footprints: &'a Footprints,
    journeys: &'a Journeys,
    time: Duration,
}

impl Speed<'_> {
    async fn measure(&self, name: &str, way: &str, figures: &mut Figures) -> Result<Ratios, Failure> {
        load(self.desk, Door::Inside, ASKERS, Until::Time(self.time / 2), self.journeys).await?;
        let (mut rates, mut raw_rates, mut times, mut raw_times) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for _ in 0..RUNS {
            let (many, raw) = self.run(ASKERS).await?;
            rates.push(many.rate());
            raw_rates.push(raw);
            let (one, raw) = self.run(1).await?;
            times.push(median(&one.times()));
            raw_times.push(1e3 / raw);
        }
        let what = format!("transitions, {way}, {ASKERS} at a time");
        let figure = figures.add(format!("{name}: {what}"), "/s", &rates);
        figure.against("raw rows in the same batches", median(&raw_rates)).at_least(0.5, "raw rows");
        let delay = format!("a command, {way}, one at a time, median");
        let figure = figures.add(format!("{name}: {delay}"), "ms", &times);
        figure.against("raw rows", median(&raw_times));
        Ok(vec![(what, ratio(&rates, &raw_rates), Better::More), (delay, ratio(&times, &raw_times), Better::Less)])
    }

    async fn run(&self, askers: usize) -> Result<(Load, f64), Failure> {
        let load = load(self.desk, Door::Inside, askers, Until::Time(self.time), self.journeys).await?;
        let written = self.footprints.follow(&self.desk.database, &load.done).await?;
        let raw = raw::batches(&self.aside.database, written).await?;
        Ok((load, raw.rate))
    }
}

/// The middle of the ratios of runs to their references.
fn ratio(runs: &[f64], references: &[f64]) -> f64 {
    let ratios: Vec<f64> = runs.iter().zip(references).map(|(run, reference)| run / reference).collect();
    median(&ratios)
}

/// Says how each ratio stands to that at the first size.
fn compare(first: &Ratios, ratios: &Ratios, (name, size): (&str, usize), figures: &mut Figures) {
    for ((what, ratio, better), (_, before, _)) in ratios.iter().zip(first) {
        let is_met = match better {
            Better::More => *ratio >= before * (1.0 - LOSS),
            Better::Less => *ratio <= before * (1.0 + LOSS),
        };
        let figure = figures.add(format!("{name}: {what}, as a share of raw rows"), "", &[*ratio]);
        figure.against(format!("with {size} open cases"), *before);
        figure.bar(format!("within {LOSS} of that"), is_met);
    }
}
