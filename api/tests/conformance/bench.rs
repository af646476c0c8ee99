//! The measurements themselves, on each database.

use std::time::Duration;

use duban::bench::figure::Figures;
use duban::bench::{burst, mile};
use serde_json::Value;

use crate::cluster::on_each_database;

/// A run that says nothing but that it works.
const RUN: Duration = Duration::from_millis(30);

#[tokio::test(flavor = "multi_thread")]
async fn a_mile_and_a_burst_are_measured_alike_on_each_database() {
    on_each_database(async |address| {
        let mut figures = Figures::default();

        let plan = mile::Plan { clients: vec![64], time: RUN };
        mile::measure(&address, &plan, &mut figures).await.expect("a mile is measured");
        let plan = burst::Plan { deadlines: 40, time: RUN };
        burst::measure(&address, plan, &mut figures).await.expect("a burst is measured");

        let figures: Vec<Value> = serde_json::from_str(&figures.to_json()).expect("figures are JSON");
        let named = |what: &str| {
            let found = figures.iter().find(|figure| figure["what"].as_str().is_some_and(|said| said.ends_with(what)));
            assert!(found.is_some(), "{what}: {figures:?}");
            found.unwrap_or(&Value::Null)
        };
        assert_eq!(named("one instant: fired")["median"], 40.0);
        assert_eq!(named("one instant: fired")["bar"][1], true);
        assert_eq!(named("the first fires after it")["bar"][1], true);
        assert!(named("cases, HTTP, 64 at a time")["reference"][1].as_f64() > Some(0.0));
    })
    .await;
}
