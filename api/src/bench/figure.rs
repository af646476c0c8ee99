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

impl Figure {
    /// The same next to what it is compared with.
    pub fn against(&mut self, reference: impl Into<String>, value: f64) -> &mut Self {
        eprintln!("  next to {}", short(value));
        self.reference = Some((reference.into(), value));
        self
    }

    /// The same with a bar.
    pub fn bar(&mut self, bar: impl Into<String>, is_met: bool) -> &mut Self {
        self.bar = Some((bar.into(), is_met));
        self
    }

    /// The same as a rate: its bar is this share of the reference.
    pub fn at_least(&mut self, share: f64, of: &str) -> &mut Self {
        let is_met = self.reference.as_ref().is_some_and(|(_, value)| self.median >= share * value);
        self.bar(format!("{share} of {of}"), is_met)
    }
}

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
    rank(runs, 50)
}

/// What so many of a hundred are not above.
pub fn rank(runs: &[f64], of_hundred: usize) -> f64 {
    let mut sorted = runs.to_vec();
    sorted.sort_by(f64::total_cmp);
    let place = (sorted.len() * of_hundred / 100).min(sorted.len().saturating_sub(1));
    sorted.get(place).copied().unwrap_or(f64::NAN)
}

fn spread(runs: &[f64]) -> (f64, f64) {
    runs.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(least, most), run| (least.min(*run), most.max(*run)))
}

fn short(value: f64) -> String {
    if value.abs() >= 100.0 { format!("{value:.0}") } else { format!("{value:.2}") }
}
