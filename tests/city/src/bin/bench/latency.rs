//! How long one command takes when nobody else asks: through the runner, and through HTTP.

use std::sync::Arc;
use std::time::Instant;

use duban::clock::SystemClock;
use duban::runner::Settings;
use duban_city::client::Question;
use duban_city::{cluster, server};
use duban_engine::ids::Name;
use serde_json::json;

use crate::figure::{Figures, median};
use crate::rate;

/// How many commands are timed.
const COMMANDS: usize = 1_000;

/// Measures it.
pub async fn measure(figures: &mut Figures) {
    let file = cluster::SqliteFile::default();
    let settings = Settings { automatic: false, ..Settings::default() };
    let (runner, library) = server::runner(&file.address(), Arc::new(SystemClock), settings).await;
    let (door, serving) = server::face(&runner, &library).await;
    rate::cases_at_work(&runner, 1).await;
    let disk = rate::syncs();
    let (mut inside, mut outside) = (Vec::new(), Vec::new());
    for number in 0..COMMANDS {
        let began = Instant::now();
        runner.submit(rate::progress(0, format!("runner-{number}"))).await.expect("a report is taken");
        inside.push(began.elapsed().as_secs_f64() * 1e3);
        let (key, began) = (format!("http-{number}"), Instant::now());
        let question = Question {
            method: "POST",
            path: "/api/cases/00000000000000000000000000000001/actions/progress",
            token: &door.people[&Name::new("tang-haiyan")],
            key: Some(&key),
            body: Some(&json!({"fields": {"progress": "已到现场查看，正在更换灯具。"}})),
        };
        let answer = door.client.ask(question).await.expect("the server answers");
        assert_eq!(answer.status, 200, "{:?}", answer.body);
        outside.push(began.elapsed().as_secs_f64() * 1e3);
    }
    serving.abort();
    let bar = 2.0 * 1e3 / disk.max(rate::syncs()) + 1.0;
    for (way, mut times) in [("the runner", inside), ("HTTP", outside)] {
        times.sort_by(f64::total_cmp);
        let tail = times[COMMANDS * 99 / 100];
        for (name, value) in [("median", median(&times)), ("99 of 100", tail)] {
            let figure = figures.add(format!("SQLite: one command through {way}, {name}"), "ms", &[value]);
            figure.reference = Some(("2 syncs + 1 ms".to_owned(), bar));
            figure.bar = Some(("at most the reference".to_owned(), value <= bar));
        }
    }
}
