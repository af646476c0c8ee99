//! Benchmarks that need more than a database: the heart, the server with a city's winter, and `duban bench` on databases
//! of its own. Prints a table and writes JSON.

mod heart;
mod node;

use std::time::Duration;

use duban::bench::figure::Figures;
use duban::bench::mile;
use duban_city::cluster;

/// Where the JSON goes, unless the first argument says otherwise.
const OUTPUT: &str = "target/bench.json";

/// How many clients ask at the same time, one measurement after another.
const CLIENTS: [usize; 4] = [1, 16, 64, 256];

/// How long a run takes.
const RUN: Duration = Duration::from_secs(1);

fn main() {
    let mut arguments = std::env::args().skip(1);
    let output = arguments.next().unwrap_or_else(|| OUTPUT.to_owned());
    let wanted: Vec<String> = arguments.collect();
    let wants = |part: &str| wanted.is_empty() || wanted.iter().any(|name| name == part);
    let mut figures = Figures::default();
    let runtime = tokio::runtime::Runtime::new().expect("the system gives threads");
    if wants("heart") {
        heart::measure(&mut figures);
    }
    let plan = mile::Plan { clients: CLIENTS.into(), time: RUN };
    if wants("sqlite") {
        let file = cluster::SqliteFile::default();
        let measured = runtime.block_on(mile::measure(&file.address(), &plan, &mut figures));
        measured.expect("the file is new");
    }
    if wants("postgres") {
        runtime.block_on(async {
            let address = durable_postgres().await;
            mile::measure(&address, &plan, &mut figures).await.expect("the database is new");
        });
    }
    if wants("node") {
        runtime.block_on(node::measure(&mut figures));
    }
    print!("{}", figures.to_table());
    std::fs::write(&output, figures.to_json()).unwrap_or_else(|error| eprintln!("{output}: {error}"));
}

/// A fresh database on a server whose syncs are real.
async fn durable_postgres() -> String {
    let address = cluster::postgres().await;
    let mut connection =
        <sqlx::PgConnection as sqlx::Connection>::connect(&address).await.expect("the server was started");
    for statement in ["ALTER SYSTEM SET fsync = on", "SELECT pg_reload_conf()"] {
        sqlx::Executor::execute(&mut connection, statement).await.expect("the test is the server's owner");
    }
    address
}
