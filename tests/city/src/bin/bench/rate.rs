//! Durable transitions a second through the runner, against raw rows of the same bytes in the same batches.

use std::fs::File;
use std::io::Write;
use std::sync::Arc;
use std::time::{Duration, Instant};

use duban::runner::{Runner, Settings, Submission};
use duban::storage::{Cell, Database, Row, Table, cases, commands, notices, transitions};
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

/// The tables that a command of this benchmark writes, and whether their rows are changed rather than added.
const WRITTEN: [(&Table, bool); 4] =
    [(&transitions::TABLE, false), (&commands::TABLE, false), (&cases::TABLE, true), (&notices::TABLE, false)];

/// Syncs a second of the disk that temporary files lie on: four kilobytes added and synced.
pub fn syncs() -> f64 {
    let path = std::env::temp_dir().join(format!("duban-bench-{}", std::process::id()));
    let mut file = File::create(&path).expect("temporary files can be made");
    let (began, mut count) = (Instant::now(), 0u32);
    while began.elapsed() < RUN {
        file.write_all(&[7; 4096]).and_then(|()| file.sync_data()).expect("the disk takes four kilobytes");
        count += 1;
    }
    let rate = f64::from(count) / began.elapsed().as_secs_f64();
    let _ = std::fs::remove_file(path);
    rate
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
    let disk = syncs();
    figures.add(format!("{name}: syncs of the disk"), "/s", &[disk]);
    // As `duban serve` has it.
    let settings = Settings { automatic: false, committers: 4, ..Settings::default() };
    let (runner, _, _) = server::runner(address, jiff::Timestamp::now(), settings).await;
    cases_at_work(&runner, SUBMITTERS[SUBMITTERS.len() - 1]).await;
    let reference = Database::open(raw).await.expect("the second database opens");
    for submitters in SUBMITTERS {
        let trial = load(&runner, submitters, 32.max(512 / submitters), RUNS + 1).await;
        let each = ((trial * RUN.as_secs_f64()) as usize / submitters).max(4);
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        for round in 0..RUNS {
            let before = count(runner.database()).await;
            ours.push(load(&runner, submitters, each, round).await);
            let batches = batches(runner.database(), &before, submitters).await;
            theirs.push(write_raw(&reference, &batches).await * submitters as f64);
        }
        let median = crate::figure::median(&theirs);
        let figure = figures.add(format!("{name}: durable transitions, {submitters} at a time"), "/s", &ours);
        figure.reference = Some((format!("raw rows in batches of {submitters}"), median));
        figure.bar = Some(("0.5 of raw rows".to_owned(), figure.median >= 0.5 * median));
    }
}

async fn count(database: &Database) -> Vec<Vec<Row>> {
    let mut tables = Vec::new();
    for (table, _) in WRITTEN {
        tables.push(database.fetch_table(table).await.expect("the database answers"));
    }
    tables
}

/// One batch of rows: for each table of `WRITTEN`.
type Batch = Vec<Vec<Vec<Cell>>>;

/// What was written since, in batches of so many commands.
async fn batches(database: &Database, before: &[Vec<Row>], size: usize) -> Vec<Batch> {
    let after = count(database).await;
    let mut fresh: Vec<Vec<Vec<Cell>>> = Vec::new();
    for ((rows, old), (table, changes)) in after.into_iter().zip(before).zip(WRITTEN) {
        let old: std::collections::BTreeSet<&[Cell]> = old.iter().map(|Row(cells)| &cells[..table.key]).collect();
        let rows = rows.into_iter().map(|Row(cells)| cells);
        fresh.push(rows.filter(|cells| changes || !old.contains(&cells[..table.key])).collect());
    }
    // Cases alternate as they did under load.
    fresh[0].sort_by(|one, two| one[1].cmp(&two[1]));
    let commands = fresh[0].len();
    let cases = fresh[2].clone();
    let slice = |rows: &[Vec<Cell>], from: usize| {
        let mut rows: Vec<Vec<Cell>> = rows[from.min(rows.len())..(from + size).min(rows.len())].to_vec();
        rows.sort();
        rows
    };
    (0..commands)
        .step_by(size)
        .map(|from| vec![slice(&fresh[0], from), slice(&fresh[1], from), slice(&cases, 0), slice(&fresh[3], from)])
        .collect()
}

/// Writes batches as they are; answers how many a second.
async fn write_raw(database: &Database, batches: &[Batch]) -> f64 {
    let began = Instant::now();
    for batch in batches {
        let mut transaction = database.begin().await.expect("the database takes a transaction");
        for ((table, changes), rows) in WRITTEN.iter().zip(batch) {
            let written =
                if *changes { transaction.upsert(table, rows).await } else { transaction.insert(table, rows).await };
            written.expect("the rows are of another database and so are new here");
        }
        transaction.commit().await.expect("the disk takes them");
    }
    batches.len() as f64 / began.elapsed().as_secs_f64()
}
