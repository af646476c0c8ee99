//! How many commands a second go through the runner, against raw rows of the same bytes in batches of the same size.
//!
//! `cargo bench -p duban --bench throughput [-- postgres://…]`; without an address on a fresh SQLite file.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use duban::clock::SystemClock;
use duban::runner::{Environment, Runner, Settings, Submission, Surroundings, Web};
use duban::storage::{Cell, Database, TABLES, Table, cases, commands, transitions};
use duban_engine::command::{Ask, StartedBy};
use duban_engine::event::{Actor, Fields};
use duban_engine::ids::{CaseId, Name};
use duban_engine::value::Value;

/// How many cases there are.
const CASES: u128 = 2_000;

/// How many clients wait for an answer at the same time, in turn.
const CLIENTS: [usize; 3] = [1, 64, 256];

/// How long each measurement takes.
const SPAN: Duration = Duration::from_secs(4);

fn files() -> BTreeMap<String, String> {
    let files = [
        ("organization.yaml", include_str!("../tests/conformance/set/organization.yaml")),
        ("calendar.yaml", include_str!("../tests/conformance/set/calendar.yaml")),
        ("connections.yaml", include_str!("../tests/conformance/set/connections.yaml")),
        ("ledger.yaml", include_str!("../tests/conformance/set/ledger.yaml")),
        ("matter/matter.yaml", include_str!("../tests/conformance/set/matter.yaml")),
        ("matter/templates/soon.hbs", include_str!("../tests/conformance/set/templates/soon.hbs")),
        ("matter/templates/slip.hbs", include_str!("../tests/conformance/set/templates/slip.hbs")),
        ("question/question.yaml", include_str!("../tests/conformance/set/question.yaml")),
    ];
    files.into_iter().map(|(path, text)| (path.to_owned(), text.to_owned())).collect()
}

fn fields(name: &str, value: &str) -> Fields {
    Fields::from([(Name::new(name), Value::text(value))])
}

async fn open_cases(runner: &Arc<Runner>) {
    let mut opening = tokio::task::JoinSet::new();
    for case in 1..=CASES {
        let runner = Arc::clone(runner);
        opening.spawn(async move {
            let (process, by) = (Name::new("matter"), Actor::person("wang"));
            let known = fields("subject", "槐北路东段路灯不亮");
            let open = Submission::open(CaseId(case), process, by, StartedBy::Person, known);
            runner.submit(open).await.expect("a case can be opened");
        });
    }
    opening.join_all().await;
}

/// Writes notes with so many clients; answers the commands done and the time it took.
async fn write_notes(runner: &Arc<Runner>, clients: usize) -> (usize, Duration) {
    let begin = Instant::now();
    let mut writing = tokio::task::JoinSet::new();
    for client in 0..clients {
        let runner = Arc::clone(runner);
        writing.spawn(async move {
            let mut count = 0;
            while begin.elapsed() < SPAN {
                let case = CaseId(1 + (client as u128 * 7_919 + count as u128 * 104_729) % CASES);
                let (action, words) = (Name::new("note"), "现场已查看，灯头损坏，明日更换。");
                let ask = Ask::TakeAction { visit: None, action, fields: fields("words", words), seal: None };
                let note = Submission::new(case, Actor::person("wang"), ask);
                let note = note.with_key(format!("{clients}-{client}-{count}-{:?}", begin));
                runner.submit(note).await.expect("a note can be taken");
                count += 1;
            }
            count
        });
    }
    let done = writing.join_all().await.into_iter().sum();
    (done, begin.elapsed())
}

/// Writes the same rows again without deciding anything; answers rows of transitions a second.
async fn write_raw(database: &Database, rows: &[(Table, Vec<Vec<Cell>>)], batch: usize) -> f64 {
    let count = rows.first().map_or(0, |(_, rows)| rows.len());
    let begin = Instant::now();
    let mut done = 0;
    while done < count && begin.elapsed() < SPAN {
        let until = (done + batch).min(count);
        let mut transaction = database.begin().await.expect("a transaction begins");
        for (table, rows) in rows {
            // A batch writes each row once, whatever happened to it.
            let unique: BTreeMap<_, _> = rows[done..until].iter().map(|row| (&row[..table.key], row)).collect();
            let unique: Vec<Vec<Cell>> = unique.into_values().cloned().collect();
            transaction.upsert(table, &unique).await.expect("rows can be written");
        }
        transaction.commit().await.expect("a transaction commits");
        done = until;
    }
    done as f64 / begin.elapsed().as_secs_f64()
}

/// The rows that the commands since `after` wrote, for tables of other names with the same columns.
async fn raw_rows(database: &Database, since: i64) -> (Vec<(Table, Vec<Vec<Cell>>)>, usize) {
    let columns = Table::names(transitions::TABLE.columns);
    let sql = format!("SELECT {columns} FROM transitions WHERE at >= $1 ORDER BY at, case_id, sequence");
    let written = database.fetch(&sql, &[since.into()]).await.expect("rows can be read");
    let mut instants: Vec<i64> = written.iter().filter_map(|row| row.maybe_integer(2)).collect();
    instants.dedup();
    let rows: BTreeMap<Cell, Vec<Cell>> = database
        .fetch_table(&cases::TABLE)
        .await
        .expect("rows can be read")
        .into_iter()
        .map(|row| (row.0[0].clone(), row.0))
        .collect();
    let sql = format!("SELECT {} FROM commands WHERE at >= $1 ORDER BY at, key", Table::names(commands::TABLE.columns));
    let keys = database.fetch(&sql, &[since.into()]).await.expect("rows can be read");
    let case_rows = written.iter().map(|row| rows[&row.0[0]].clone()).collect();
    let raw = |table: &Table, name| Table { name, columns: table.columns, key: table.key };
    let tables = vec![
        (raw(&transitions::TABLE, "raw_transitions"), written.into_iter().map(|row| row.0).collect()),
        (raw(&cases::TABLE, "raw_cases"), case_rows),
        (raw(&commands::TABLE, "raw_commands"), keys.into_iter().map(|row| row.0).collect()),
    ];
    (tables, instants.len())
}

async fn make_raw_tables(database: &Database) {
    let mut transaction = database.begin().await.expect("a transaction begins");
    for table in [&transitions::TABLE, &cases::TABLE, &commands::TABLE] {
        assert!(TABLES.iter().any(|found| found.name == table.name));
        let columns: Vec<String> = table
            .columns
            .iter()
            .map(|column| {
                let kind = if column.kind == duban::storage::Kind::Text { "TEXT" } else { "BIGINT" };
                format!("{} {kind}", column.name)
            })
            .collect();
        let (name, columns) = (table.name, columns.join(", "));
        let key = Table::names(table.key_columns());
        for sql in [
            format!("DROP TABLE IF EXISTS raw_{name}"),
            format!("CREATE TABLE raw_{name} ({columns}, PRIMARY KEY ({key}))"),
        ] {
            transaction.execute(&sql, &[]).await.expect("a table can be made");
        }
    }
    transaction.commit().await.expect("a transaction commits");
}

#[tokio::main]
async fn main() {
    let given = std::env::args().skip(1).find(|argument| argument.contains(':'));
    let file = std::env::temp_dir().join(format!("duban-bench-{}.sqlite", std::process::id()));
    let address = given.unwrap_or_else(|| format!("sqlite:{}", file.display()));
    let database = Database::open(&address).await.expect("the database can be opened");
    let surroundings = Surroundings {
        clock: Arc::new(SystemClock),
        outside: Arc::new(Web::new().expect("the certificates can be read")),
        secrets: Arc::new(Environment),
    };
    let committers = std::env::var("COMMITTERS").ok().and_then(|count| count.parse().ok()).unwrap_or(1);
    let settings = Settings { committers, automatic: false, ..Settings::default() };
    let runner = Runner::start(database.clone(), surroundings, settings).await.expect("a runner starts");
    let runner = Arc::new(runner);
    runner.deploy(&files()).await.expect("the process set is sound");
    open_cases(&runner).await;
    println!("clients  commands/s  a batch  latency ms  raw/s  ratio");
    for clients in CLIENTS {
        let since = duban::storage::micros(runner.clock().now());
        let (done, time) = write_notes(&runner, clients).await;
        let (rows, batches) = raw_rows(&database, since).await;
        let batch = done.div_ceil(batches.max(1));
        make_raw_tables(&database).await;
        let raw = write_raw(&database, &rows, batch).await;
        let rate = done as f64 / time.as_secs_f64();
        let latency = clients as f64 / rate * 1_000.0;
        println!("{clients:7}  {rate:10.0}  {batch:7}  {latency:10.2}  {raw:5.0}  {:5.2}", rate / raw);
    }
    for suffix in ["", "-wal", "-shm"] {
        let _ = std::fs::remove_file(format!("{}{suffix}", file.display()));
    }
}
