//! Benchmarks: every figure with a reference measured in the same run. Prints a table and writes JSON.

mod figure;
mod heart;
mod latency;
mod node;
mod rate;

use figure::Figures;

/// Where the JSON goes, unless the first argument says otherwise.
const OUTPUT: &str = "target/bench.json";

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
    if wants("sqlite") {
        let file = duban_city::cluster::SqliteFile::default();
        let reference = duban_city::cluster::SqliteFile::default();
        runtime.block_on(rate::measure("SQLite", &file.address(), &reference.address(), &mut figures));
    }
    if wants("postgres") {
        runtime.block_on(async {
            let addresses = rate::durable_postgres().await;
            rate::measure("PostgreSQL", &addresses[0], &addresses[1], &mut figures).await;
        });
    }
    if wants("latency") {
        runtime.block_on(latency::measure(&mut figures));
    }
    if wants("node") {
        runtime.block_on(node::measure(&mut figures));
    }
    print!("{}", figures.to_table());
    std::fs::write(&output, figures.to_json()).unwrap_or_else(|error| eprintln!("{output}: {error}"));
}
