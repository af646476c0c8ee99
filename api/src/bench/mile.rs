//! The case mile: how many cases go their whole way a second, in process and through HTTP, next to what the database takes.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::aside::Aside;
use super::askers::{Door, Journeys, Load, Until, load};
use super::desk::{Desk, Face};
use super::figure::{Figures, median, rank};
use super::machine::{Processors, syncs};
use super::raw::{self, Footprints};
use super::{RUNS, pgbench, set};
use crate::clock::SystemClock;
use crate::config::Failure;
use crate::storage::{Database, of_address, sqlite_path};

/// With how many clients the bars are set that name no number.
const CLIENTS_OF_BARS: usize = 64;

/// What is measured.
#[derive(Clone, Debug)]
pub struct Plan {
    /// How many clients ask at the same time, one after another.
    pub clients: Vec<usize>,
    /// How long each run takes.
    pub time: Duration,
}

/// Everything that a measurement works with.
struct Bench<'a> {
    name: &'static str,
    desk: Arc<Desk>,
    face: Face,
    aside: Aside,
    footprints: Footprints,
    processors: Processors,
    figures: &'a mut Figures,
}

/// What several runs of one kind came to.
#[derive(Default)]
struct Runs {
    rates: Vec<f64>,
    cases: Vec<f64>,
    costs: Vec<f64>,
    references: Vec<f64>,
    sizes: Vec<f64>,
    times: Vec<Vec<f64>>,
}

/// Measures a database.
///
/// # Errors
/// When it fails, or is not the measurements' own.
pub async fn measure(address: &str, plan: &Plan, figures: &mut Figures) -> Result<(), Failure> {
    let desk = Arc::new(Desk::open(address, Arc::new(SystemClock), true).await?);
    let name = name(&desk.database);
    let footprints = Footprints::find(&desk, &set::mile(desk.id("mile", u64::MAX), 1)).await?;
    let aside = Aside::make(address).await?;
    let (face, processors) = (desk.face().await?, Processors::of(&desk.database).await?);
    let mut bench = Bench { name, desk, face, aside, footprints, processors, figures };
    let synced = syncs(&folder(address))?;
    bench.figures.add(format!("{name}: a sync of the disk"), "ms", &synced);
    for clients in &plan.clients {
        bench.measure(*clients, plan.time, &synced).await?;
    }
    if matches!(bench.desk.database, Database::Postgres(_)) {
        let seconds = plan.time.as_secs().max(1);
        let rates = pgbench::measure(address, &bench.desk.database, (CLIENTS_OF_BARS, seconds, RUNS)).await?;
        if !rates.is_empty() {
            bench.figures.add(
                format!("{name}: transactions of `pgbench -N`, {CLIENTS_OF_BARS} at a time"),
                "/s",
                &rates,
            );
        }
    }
    let Bench { desk, face, aside, .. } = bench;
    face.close().await;
    aside.remove().await?;
    if let Some(desk) = Arc::into_inner(desk) {
        desk.close().await;
    }
    Ok(())
}

/// What a database is called in a table.
pub fn name(database: &Database) -> &'static str {
    match database {
        Database::Sqlite(_) => "SQLite",
        Database::Postgres(_) => "PostgreSQL",
    }
}

/// The folder whose disk is the database's; of a server that of temporary files, which may be another one.
pub fn folder(address: &str) -> PathBuf {
    let file = sqlite_path(address).and_then(of_address);
    let folder = file.and_then(|file| file.parent()).map(PathBuf::from);
    folder.filter(|folder| !folder.as_os_str().is_empty()).unwrap_or_else(std::env::temp_dir)
}

/// Cases that go a mile.
pub fn miles() -> Journeys {
    Arc::new(|desk, number| set::mile(desk.id("mile", number), number))
}

impl Bench<'_> {
    async fn measure(&mut self, clients: usize, time: Duration, synced: &[f64]) -> Result<(), Failure> {
        self.run(Door::Inside, clients, time / 2).await?;
        let (mut inside, mut outside, mut bare) = (Runs::default(), Runs::default(), Vec::new());
        for _ in 0..RUNS {
            let (load, cost) = self.run(Door::Inside, clients, time).await?;
            let written = self.footprints.follow(&self.desk.database, &load.done).await?;
            let reference = raw::batches(&self.aside.database, written).await?;
            inside.references.push(reference.rate);
            inside.sizes.push(reference.size);
            inside.add(&load, cost);
            let (load, cost) = self.run(Door::Http(&self.face), clients, time).await?;
            if clients == CLIENTS_OF_BARS {
                let written = self.footprints.follow(&self.desk.database, &load.done).await?;
                bare.push(raw::bare(&self.aside.database, written, clients).await?);
            }
            outside.add(&load, cost);
        }
        self.rates(clients, &inside, &outside, &bare);
        self.times(clients, "in process", &inside, synced);
        self.times(clients, "HTTP", &outside, synced);
        self.costs(clients, &inside, &outside);
        Ok(())
    }

    async fn run(&self, door: Door<'_>, clients: usize, time: Duration) -> Result<(Load, f64), Failure> {
        let before = self.processors.seconds();
        let load = load(&self.desk, door, clients, Until::Time(time), &miles()).await?;
        Ok((load, self.processors.seconds() - before))
    }

    fn rates(&mut self, clients: usize, inside: &Runs, outside: &Runs, bare: &[f64]) {
        let name = self.name;
        let size = median(&inside.sizes);
        let figure =
            self.figures.add(format!("{name}: transitions, in process, {clients} at a time"), "/s", &inside.rates);
        figure
            .against(format!("raw rows in the same batches, {size:.1} commands each"), median(&inside.references))
            .at_least(0.5, "raw rows");
        let figure = self.figures.add(format!("{name}: transitions, HTTP, {clients} at a time"), "/s", &outside.rates);
        figure.against("in process", median(&inside.rates));
        if clients == CLIENTS_OF_BARS {
            figure.at_least(0.5, "in process");
        }
        if !bare.is_empty() {
            let commands = median(&outside.rates) / median(&outside.cases);
            let figure = self.figures.add(format!("{name}: cases, HTTP, {clients} at a time"), "/s", &outside.cases);
            figure.against("bare SQL, a transaction for each command", median(bare) / commands);
            if name == "PostgreSQL" {
                figure.at_least(2.0, "bare SQL");
            }
        }
    }

    fn times(&mut self, clients: usize, way: &str, runs: &Runs, synced: &[f64]) {
        let (name, last) = (self.name, 100);
        for (of_hundred, word) in [(50, "median"), (90, "90 of 100"), (99, "99 of 100"), (last, "the slowest")] {
            let ranks: Vec<f64> = runs.times.iter().map(|times| rank(times, of_hundred)).collect();
            let what = format!("{name}: a command, {way}, {clients} at a time, {word}");
            let figure = self.figures.add(what, "ms", &ranks);
            if clients == 1 && [50, 99].contains(&of_hundred) {
                let reference = 2.0 * rank(synced, of_hundred) + 1.0;
                let is_met = figure.median <= reference;
                figure.against(format!("2 syncs of the disk, {word}, + 1 ms"), reference);
                figure.bar("at most the reference", is_met);
            }
        }
    }

    fn costs(&mut self, clients: usize, inside: &Runs, outside: &Runs) {
        let (name, is_whole) = (self.name, self.processors.is_whole(&self.desk.database));
        let of = if is_whole { "in all" } else { "without the database, which is on another machine" };
        for (way, runs) in [("in process", inside), ("HTTP", outside)] {
            let what = format!("{name}: processor time of a case, {of}, {way}, {clients} at a time");
            let figure = self.figures.add(what, "ms", &runs.costs);
            if is_whole && name == "PostgreSQL" && way == "HTTP" && clients == CLIENTS_OF_BARS {
                let is_met = figure.median <= 1.0;
                figure.bar("1.0 ms", is_met);
            }
        }
    }
}

impl Runs {
    fn add(&mut self, load: &Load, cost: f64) {
        self.rates.push(load.rate());
        self.cases.push(load.cases as f64 / load.seconds);
        self.costs.push(cost * 1e3 / load.cases as f64);
        self.times.push(load.times());
    }
}
