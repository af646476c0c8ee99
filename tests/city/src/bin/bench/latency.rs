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
    let mut syncs = rate::syncs();
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
    syncs.extend(rate::syncs());
    for (way, times) in [("the runner", inside), ("HTTP", outside)] {
        for (name, value, sync) in
            [("median", median(&times), median(&syncs)), ("99 of 100", tail(&times), tail(&syncs))]
        {
            let bar = 2.0 * sync + 1.0;
            let figure = figures.add(format!("SQLite: one command through {way}, {name}"), "ms", &[value]);
            figure.reference = Some((format!("2 syncs of the disk, {name}, + 1 ms"), bar));
            figure.bar = Some(("at most the reference".to_owned(), value <= bar));
        }
    }
}

/// What 99 of 100 are not above.
fn tail(times: &[f64]) -> f64 {
    let mut sorted = times.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted[sorted.len() * 99 / 100]
}
