//! Durable transitions a second through the runner, against raw rows of the same bytes in the same batches.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::Write;
use std::sync::Arc;
use std::time::{Duration, Instant};

use duban::clock::SystemClock;
use duban::config::COMMITTERS;
use duban::runner::{Runner, Settings, Submission};
use duban::storage::{Cell, Database, Row, Table, Writes, cases, commands, notices, transitions};
use duban_city::{cluster, server};
use duban_engine::command::{Ask, StartedBy};
use duban_engine::event::{Actor, Fields};
use duban_engine::ids::{CaseId, Name};
use duban_engine::value::Value;
use tokio::task::JoinSet;

use crate::figure::Figures;

/// How many commands are sent at the same time.
const SUBMITTERS: [usize; 4] = [1, 16, 64, 256];

/// How many runs a figure has.
const RUNS: usize = 5;

/// About how long a run takes.
const RUN: Duration = Duration::from_millis(1_000);

/// A table that a command of this benchmark writes.
struct Written {
    table: &'static Table,
    /// The column that has the instant of the batch, where rows are added; without it they are changed.
    instant: Option<usize>,
}

const WRITTEN: [Written; 4] = [
    Written { table: &transitions::TABLE, instant: Some(2) },
    Written { table: &commands::TABLE, instant: Some(4) },
    Written { table: &cases::TABLE, instant: None },
    Written { table: &notices::TABLE, instant: Some(8) },
];

/// How long syncs take of the disk that temporary files lie on, in milliseconds: four kilobytes added and synced.
pub fn syncs() -> Vec<f64> {
    let path = std::env::temp_dir().join(format!("duban-bench-{}", std::process::id()));
    let mut file = File::create(&path).expect("temporary files can be made");
    let (began, mut times) = (Instant::now(), Vec::new());
    while began.elapsed() < RUN {
        let synced = Instant::now();
        file.write_all(&[7; 4096]).and_then(|()| file.sync_data()).expect("the disk takes four kilobytes");
        times.push(synced.elapsed().as_secs_f64() * 1e3);
    }
    let _ = std::fs::remove_file(path);
    times
}

/// Two fresh databases on a server whose syncs are real.
pub async fn durable_postgres() -> [String; 2] {
    let addresses = [cluster::postgres().await, cluster::postgres().await];
    let mut connection =
        <sqlx::PgConnection as sqlx::Connection>::connect(&addresses[0]).await.expect("the server was started");
    for statement in ["ALTER SYSTEM SET fsync = on", "SELECT pg_reload_conf()"] {
        sqlx::Executor::execute(&mut connection, statement).await.expect("the test is the server's owner");
    }
    addresses
}

/// Cases that a unit works on: as many as there are submitters.
pub async fn cases_at_work(runner: &Arc<Runner>, count: usize) {
    let mut opening = JoinSet::new();
    for number in 0..count {
        let runner = Arc::clone(runner);
        opening.spawn(async move {
            let case = CaseId(number as u128 + 1);
            let fields =
                [("subject", "路灯不亮"), ("content", "裕华路与建设大街交口路灯不亮。"), ("category", "lighting")];
            let open = Submission::open(case, "appeal".into(), operator(), StartedBy::Person, filled(&fields));
            runner.submit(open).await.expect("a case opens");
            let assign = take(case, operator(), "assign", &[("method", "written"), ("lead_unit", "yuhua-district")]);
            runner.submit(assign).await.expect("it is assigned");
        });
    }
    opening.join_all().await;
}

fn operator() -> Actor {
    Actor::person("wei-hongwei")
}

fn filled(fields: &[(&str, &str)]) -> Fields {
    fields.iter().map(|(name, value)| (Name::new(name), Value::text(value))).collect()
}

fn take(case: CaseId, by: Actor, action: &str, fields: &[(&str, &str)]) -> Submission {
    let ask = Ask::TakeAction { visit: None, action: action.into(), fields: filled(fields), seal: None };
    Submission::new(case, by, ask)
}

/// A report on how a case goes: one transition, its command's key, the case's row, a notice.
pub fn progress(case: usize, key: String) -> Submission {
    let by = Actor::person("tang-haiyan");
    take(CaseId(case as u128 + 1), by, "progress", &[("progress", "已到现场查看，正在更换灯具。")]).with_key(key)
}

/// Has `each` commands done by every submitter; answers how many commands a second that was.
async fn load(runner: &Arc<Runner>, submitters: usize, each: usize, round: usize) -> f64 {
    let began = Instant::now();
    let mut working = JoinSet::new();
    for number in 0..submitters {
        let runner = Arc::clone(runner);
        working.spawn(async move {
            for turn in 0..each {
                let key = format!("{submitters}-{round}-{number}-{turn}");
                runner.submit(progress(number, key)).await.expect("a report is taken");
            }
        });
    }
    working.join_all().await;
    (submitters * each) as f64 / began.elapsed().as_secs_f64()
}

/// Measures a database.
pub async fn measure(name: &str, address: &str, raw: &str, figures: &mut Figures) {
    figures.add(format!("{name}: a sync of the disk"), "ms", &syncs());
    let settings = Settings { automatic: false, committers: COMMITTERS, ..Settings::default() };
    let (runner, _) = server::runner(address, Arc::new(SystemClock), settings).await;
    cases_at_work(&runner, SUBMITTERS[SUBMITTERS.len() - 1]).await;
    let reference = Database::open(raw).await.expect("the second database opens");
    for submitters in SUBMITTERS {
        let trial = load(&runner, submitters, 32.max(512 / submitters), RUNS + 1).await;
        let each = ((trial * RUN.as_secs_f64()) as usize / submitters).max(4);
        let (mut ours, mut theirs, mut sizes) = (Vec::new(), Vec::new(), Vec::new());
        for round in 0..RUNS {
            let before = rows(runner.database()).await;
            ours.push(load(&runner, submitters, each, round).await);
            let batches = batches(runner.database(), &before).await;
            let (count, commands) = (batches.len(), (submitters * each) as f64);
            sizes.push(commands / count as f64);
            theirs.push(commands / write_raw(&reference, batches).await.as_secs_f64());
        }
        let median = crate::figure::median(&theirs);
        let figure = figures.add(format!("{name}: durable transitions, {submitters} at a time"), "/s", &ours);
        let size = crate::figure::median(&sizes);
        figure.reference = Some((format!("raw rows in the same batches, {size:.1} commands each"), median));
        figure.bar = Some(("0.5 of raw rows".to_owned(), figure.median >= 0.5 * median));
    }
}

/// The rows of the tables that are written.
async fn rows(database: &Database) -> Vec<Vec<Row>> {
    let mut tables = Vec::new();
    for written in WRITTEN {
        tables.push(database.fetch_table(written.table).await.expect("the database answers"));
    }
    tables
}

/// The rows of one batch: for each table of `WRITTEN`.
type Batch = [Vec<Vec<Cell>>; 4];

/// What was written since: the same rows in the same batches. All rows of a batch have its instant.
async fn batches(database: &Database, before: &[Vec<Row>]) -> Vec<Batch> {
    let mut batches = BTreeMap::<i64, Batch>::new();
    let mut cases = BTreeMap::new();
    for (place, (rows, old)) in rows(database).await.into_iter().zip(before).enumerate() {
        let Written { table, instant, .. } = WRITTEN[place];
        let old: BTreeSet<&[Cell]> = old.iter().map(|Row(cells)| &cells[..table.key]).collect();
        for row in rows {
            match instant {
                None => _ = cases.insert(row.0[0].clone(), row.0),
                Some(column) if !old.contains(&row.0[..table.key]) => {
                    let at = row.integer(column).expect("an instant is a number");
                    batches.entry(at).or_default()[place].push(row.0);
                }
                Some(_) => {}
            }
        }
    }
    for [transitions, _, changed, _] in batches.values_mut() {
        changed.extend(
            transitions
                .iter()
                .map(|cells| cells[0].clone())
                .collect::<BTreeSet<_>>()
                .iter()
                .map(|case| cases[case].clone()),
        );
    }
    batches.into_values().collect()
}

/// Writes batches as they are, each case's by the same one of several writers; answers how long that took.
async fn write_raw(database: &Database, batches: Vec<Batch>) -> Duration {
    let mut lanes: [Vec<Batch>; COMMITTERS] = Default::default();
    for batch in batches {
        let case = Row(batch[0][0].clone()).case(0).expect("the first column is the case");
        lanes[usize::try_from(case.0 % COMMITTERS as u128).expect("it is less")].push(batch);
    }
    let began = Instant::now();
    let mut writing = JoinSet::new();
    for lane in lanes {
        let database = database.clone();
        writing.spawn(async move {
            for batch in lane {
                let mut writes = Writes::default();
                for (rows, Written { table, instant, .. }) in batch.into_iter().zip(WRITTEN) {
                    match instant {
                        Some(_) => writes.insert(table, rows),
                        None => writes.upsert(table, rows),
                    }
                }
                database.write(&writes).await.expect("the rows are of another database and so are new here");
            }
        });
    }
    writing.join_all().await;
    began.elapsed()
}
