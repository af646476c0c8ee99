//! Growth: the same measurements with more and more open cases in the database.

use std::sync::Arc;
use std::time::Duration;

use duban_engine::ids::CaseId;

use super::aside::{Aside, run};
use super::askers::{Door, Journeys, Load, Until, load};
use super::desk::Desk;
use super::figure::{Figures, median};
use super::mile::{miles, name};
use super::node::Node;
use super::pages;
use super::raw::{self, Footprints};
use super::{RUNS, closed, machine, set};
use crate::clock::SystemClock;
use crate::config::Failure;
use crate::storage::Database;

/// How many open cases at the same time while the database is filled.
const FILLERS: usize = 512;

/// How many ask at the same time where throughput is measured.
const ASKERS: usize = 64;

/// How many ids of cases are read at once.
const PAGE: i64 = 10_000;

const LYING: &str = "SELECT case_id FROM cases WHERE process = 'stock' AND closed_at IS NULL AND case_id > $1
    ORDER BY case_id LIMIT $2";

/// How much may be lost from the first size to another.
const LOSS: f64 = 0.2;

/// What is measured.
#[derive(Clone, Debug)]
pub struct Plan {
    /// How many open cases there are, one measurement after another.
    pub sizes: Vec<usize>,
    /// How many closed cases there are beside them.
    pub closed: u64,
    /// How long each run takes.
    pub time: Duration,
}

/// A figure that the same at a later size is compared with.
struct Found {
    what: String,
    unit: &'static str,
    value: f64,
    /// As a share of the same for raw rows in a database that is as large.
    share: f64,
    better: Better,
}

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
        let name = fill(address, *size, plan.closed, figures).await?;
        let aside = Aside::copy(address).await?;
        let desk = Arc::new(Desk::open(address, Arc::new(SystemClock), true).await?);
        let (mut shown, closed) = (lying(&desk.database).await?, closed::shown(&desk.database).await?);
        let found = speed(&desk, &aside, plan.time, (&name, Arc::new(shown.clone())), figures).await?;
        close(desk).await;
        aside.remove().await?;
        if first.is_empty() {
            first = found;
        } else {
            compare(&first, &found, (&name, plan.sizes[0]), figures);
        }
        shown.retain(|case| set::unit_of(*case) == 1);
        let node = Node::start(address).await?;
        pages::measure(node, (Arc::new(shown), closed), plan.time, &name, figures).await?;
    }
    Ok(())
}

async fn close(desk: Arc<Desk>) {
    if let Some(desk) = Arc::into_inner(desk) {
        desk.close().await;
    }
}

/// Opens cases until there are so many, and adds closed ones; answers what the database is called with them.
async fn fill(address: &str, size: usize, closed: u64, figures: &mut Figures) -> Result<String, Failure> {
    let desk = Arc::new(Desk::open(address, Arc::new(SystemClock), true).await?);
    let name = match closed {
        0 => format!("{}, {size} open cases", name(&desk.database)),
        closed => format!("{}, {size} open cases, {closed} closed", name(&desk.database)),
    };
    closed::fill(&desk, &name, closed, figures).await?;
    let missing = size.saturating_sub(lying(&desk.database).await?.len());
    if missing > 0 {
        let before = machine::bytes(&desk.database).await?;
        let stocks: Journeys = Arc::new(|desk, number| set::stock(desk.id("stock", number)));
        let filled = load(&desk, Door::Inside, FILLERS, Until::Count(missing), &stocks).await?;
        figures.add(format!("{name}: cases opened, {FILLERS} at a time"), "/s", &[filled.rate()]);
        let grown = machine::bytes(&desk.database).await? - before;
        figures.add(format!("{name}: disk for each of them"), "bytes", &[grown / missing as f64]);
    }
    if let Database::Postgres(_) = desk.database {
        // As the server does by itself when it has time.
        run(&desk.database, "ANALYZE").await?;
    }
    close(desk).await;
    Ok(name)
}

/// The open cases that lie.
async fn lying(database: &Database) -> Result<Vec<CaseId>, Failure> {
    let (mut found, mut after) = (Vec::new(), String::new());
    loop {
        let page = database.fetch(LYING, &[after.clone().into(), PAGE.into()]).await?;
        let Some(last) = page.last() else { return Ok(found) };
        after = last.text(0)?;
        found.extend(page.iter().map(|row| row.case(0)).collect::<Result<Vec<CaseId>, _>>()?);
    }
}

/// Throughput and latency, of cases that go a mile and of reports on cases that lie, each next to raw rows in a database that
/// is as large.
async fn speed(
    desk: &Arc<Desk>,
    aside: &Aside,
    time: Duration,
    (name, lying): (&str, Arc<Vec<CaseId>>),
    figures: &mut Figures,
) -> Result<Vec<Found>, Failure> {
    let mile = Footprints::find(desk, &set::mile(desk.id("mile", u64::MAX), 1)).await?;
    let opened = desk.id("stock", u64::MAX);
    Footprints::find(desk, &set::stock(opened)).await?;
    let note = Footprints::find(desk, &set::note(opened)).await?;
    let notes: Journeys = Arc::new(move |desk, number| {
        let chosen = desk.id("chosen", number).0 % lying.len() as u128;
        set::note(lying[usize::try_from(chosen).expect("it is less than there are")])
    });
    let mut found = Vec::new();
    for (way, footprints, journeys) in [("case miles", &mile, miles()), ("reports on any of them", &note, notes)] {
        let bench = Speed { desk, aside, footprints, journeys: &journeys, time };
        found.extend(bench.measure(name, way, figures).await?);
    }
    Ok(found)
}

struct Speed<'a> {
    desk: &'a Arc<Desk>,
    aside: &'a Aside,
    footprints: &'a Footprints,
    journeys: &'a Journeys,
    time: Duration,
}

impl Speed<'_> {
    async fn measure(&self, name: &str, way: &str, figures: &mut Figures) -> Result<[Found; 2], Failure> {
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
        figure
            .against("raw rows in the same batches, in a database as large", median(&raw_rates))
            .at_least(0.5, "raw rows");
        let delay = format!("a command, {way}, one at a time, median");
        let figure = figures.add(format!("{name}: {delay}"), "ms", &times);
        figure.against("raw rows, in a database as large", median(&raw_times));
        let (value, share) = (median(&rates), ratio(&rates, &raw_rates));
        let rate = Found { what, unit: "/s", value, share, better: Better::More };
        let (value, share) = (median(&times), ratio(&times, &raw_times));
        Ok([rate, Found { what: delay, unit: "ms", value, share, better: Better::Less }])
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

/// Says how each figure stands to that at the first size, and how its share of raw rows does: when only the first is lost,
/// the database itself became slower.
fn compare(first: &[Found], found: &[Found], (name, size): (&str, usize), figures: &mut Figures) {
    for (now, then) in found.iter().zip(first) {
        let is_met = |value: f64, before: f64| match now.better {
            Better::More => value >= before * (1.0 - LOSS),
            Better::Less => value <= before * (1.0 + LOSS),
        };
        let share = format!("{}, as a share of raw rows in a database as large", now.what);
        for (what, unit, value, before) in
            [(&now.what, now.unit, now.value, then.value), (&share, "", now.share, then.share)]
        {
            let figure = figures.add(format!("{name}: again: {what}"), unit, &[value]);
            figure.against(format!("with {size} open cases"), before);
            figure.bar(format!("within {LOSS} of that"), is_met(value, before));
        }
    }
}
