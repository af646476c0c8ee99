//! Figures: what was measured, and against what.

use serde_json::{Value as Json, json};

/// One figure.
#[derive(Clone, Debug)]
pub struct Figure {
    /// What was measured.
    pub what: String,
    /// The median.
    pub median: f64,
    /// The least and the most.
    pub spread: (f64, f64),
    /// Of what.
    pub unit: &'static str,
    /// What the same is for the reference, and what the reference is.
    pub reference: Option<(String, f64)>,
    /// The bar, as text, and whether it is met.
    pub bar: Option<(String, bool)>,
}

/// Everything that was measured.
#[derive(Clone, Debug, Default)]
pub struct Figures(Vec<Figure>);

impl Figures {
    /// Adds a figure from several runs.
    pub fn add(&mut self, what: impl Into<String>, unit: &'static str, runs: &[f64]) -> &mut Figure {
        let (median, spread) = (median(runs), spread(runs));
        self.0.push(Figure { what: what.into(), median, spread, unit, reference: None, bar: None });
        let figure = self.0.last_mut().expect("one was added");
        eprintln!("{}: {} {}", figure.what, short(median), unit);
        figure
    }

    /// As a table in Markdown.
    pub fn to_table(&self) -> String {
        let mut table =
            String::from("| what | figure (least – most) | reference | ratio | bar |\n|---|---|---|---|---|\n");
        for figure in &self.0 {
            let (reference, ratio) = figure.reference.as_ref().map_or_else(Default::default, |(name, value)| {
                (format!("{} ({name})", short(*value)), format!("{:.2}", figure.median / value))
            });
            let bar = figure
                .bar
                .as_ref()
                .map_or_else(String::new, |(bar, met)| format!("{bar}: {}", if *met { "met" } else { "**missed**" }));
            let Figure { what, median, spread: (least, most), unit, .. } = figure;
            table.push_str(&format!(
                "| {what} | {} {unit} ({} – {}) | {reference} | {ratio} | {bar} |\n",
                short(*median),
                short(*least),
                short(*most)
            ));
        }
        table
    }

    /// As JSON.
    pub fn to_json(&self) -> String {
        let figures = self.0.iter().map(|figure| {
            json!({
                "what": figure.what, "median": figure.median, "least": figure.spread.0, "most": figure.spread.1,
                "unit": figure.unit, "reference": figure.reference, "bar": figure.bar,
            })
        });
        figures.collect::<Json>().to_string()
    }
}

/// The middle of several runs.
pub fn median(runs: &[f64]) -> f64 {
    let mut sorted = runs.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or(f64::NAN)
}

fn spread(runs: &[f64]) -> (f64, f64) {
    runs.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(least, most), run| (least.min(*run), most.max(*run)))
}

fn short(value: f64) -> String {
    if value.abs() >= 100.0 { format!("{value:.0}") } else { format!("{value:.2}") }
}
