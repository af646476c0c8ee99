//! The heart alone, on one core: expressions, checking, scenarios.

use std::borrow::Cow;
use std::hint::black_box;
use std::time::{Duration, Instant};

use duban::bench::figure::Figures;
use duban_city::server;
use duban_engine::expression::{Expression, HostFunction, Names, Scope, Signature, Slot};
use duban_engine::ids::Name;
use duban_engine::library::Library;
use duban_engine::scenario::read_all;
use duban_engine::value::{Type, Value};

/// How long one run takes.
const RUN: Duration = Duration::from_millis(400);

/// How many runs a figure has.
const RUNS: usize = 5;

/// The expression that the bar names.
const EXPRESSION: &str = r#"urgency = "urgent" and rework_count >= 2 and count(units) > 1"#;

/// Three fields.
struct Fields([Value; 3]);

impl Names for Fields {
    fn lookup(&self, name: &str) -> Option<(Slot, Type)> {
        let found = ["urgency", "rework_count", "units"].iter().position(|known| *known == name)?;
        let kinds = [Type::Text, Type::Number, Type::list(Type::Unit)];
        Some((Slot(u32::try_from(found).ok()?), kinds[found].clone()))
    }

    fn function(&self, _name: &str) -> Option<Signature> {
        None
    }

    fn all(&self) -> Vec<Name> {
        ["urgency", "rework_count", "units"].map(Name::new).into()
    }
}

impl Scope for Fields {
    fn get(&self, slot: Slot) -> Cow<'_, Value> {
        Cow::Borrowed(&self.0[slot.0 as usize])
    }

    fn call(&self, _function: HostFunction, _arguments: &[Value]) -> Value {
        Value::Null
    }
}

/// How long something takes, in seconds, in each run.
fn time(mut work: impl FnMut()) -> Vec<f64> {
    let mut runs = Vec::new();
    for _ in 0..=RUNS {
        let (began, mut times) = (Instant::now(), 0u32);
        while began.elapsed() < RUN {
            // The clock is read once in a while, so that it does not count.
            for _ in 0..16 {
                work();
            }
            times += 16;
        }
        runs.push(began.elapsed().as_secs_f64() / f64::from(times));
    }
    // The first run warms up.
    runs.split_off(1)
}

/// Measures it all.
pub fn measure(figures: &mut Figures) {
    let units = Value::from(vec![Value::text("one"), Value::text("two")]);
    let fields = Fields([Value::text("urgent"), Value::from(3i64), units]);
    let compiled = Expression::compile(EXPRESSION, &fields, &Type::Boolean).expect("the expression is sound");
    let runs = time(|| assert!(black_box(&compiled).holds(black_box(&fields))));
    let runs: Vec<f64> = runs.iter().map(|seconds| seconds * 1e9).collect();
    let figure = figures.add("evaluate an expression", "ns", &runs);
    figure.bar = Some(("100 ns".to_owned(), figure.median < 100.0));
    let runs = time(|| _ = black_box(Expression::compile(black_box(EXPRESSION), &fields, &Type::Boolean)));
    let runs: Vec<f64> = runs.iter().map(|seconds| seconds * 1e6).collect();
    let figure = figures.add("compile and check an expression", "µs", &runs);
    figure.bar = Some(("20 µs".to_owned(), figure.median < 20.0));

    let files: Vec<(String, Vec<u8>)> =
        server::files().into_iter().map(|(path, text)| (path, text.into_bytes())).collect();
    let runs = time(|| _ = black_box(Library::compile(black_box(&files))));
    let runs: Vec<f64> = runs.iter().map(|seconds| seconds * 1e3).collect();
    let figure = figures.add("check the shipped set: both processes, organisation, calendar, templates", "ms", &runs);
    figure.bar = Some(("100 ms for one process".to_owned(), figure.median < 100.0));

    let library = Library::compile(&files).expect("the shipped set is sound");
    let scenarios = read_all(&library).expect("the shipped scenarios are sound");
    let runs = time(|| {
        for scenario in &scenarios {
            let played = scenario.play(black_box(&library));
            assert!(played.failures.is_empty(), "{:?}", played.failures);
        }
    });
    let count = scenarios.len() as f64;
    let runs: Vec<f64> = runs.iter().map(|seconds| count / seconds).collect();
    let figure = figures.add(format!("scenarios, the {count} shipped ones on one core"), "/s", &runs);
    figure.bar = Some(("2,000/s".to_owned(), figure.median > 2_000.0));
}
