//! A scenario that was played: how it went, where it stands, and how long it took.

use std::time::{Duration, Instant};

use duban_engine::diagnostic::{Sources, Span};
use duban_engine::library::Library;
use duban_engine::scenario::{Played, Scenario};

/// A scenario that was played.
pub(super) struct Run {
    /// How it went.
    pub(super) played: Played,
    /// Where it stands, as `appeal/scenarios/returns.yaml:12`.
    pub(super) place: String,
    /// How long it took.
    pub(super) took: Duration,
}

impl Run {
    /// Plays a scenario.
    pub(super) fn of(scenario: &Scenario, library: &Library) -> Self {
        let begun = Instant::now();
        let played = scenario.play(library);
        Self { played, place: place_of(scenario.span, &library.sources), took: begun.elapsed() }
    }

    /// Whether all was as it should be.
    pub(super) fn has_passed(&self) -> bool {
        self.played.failures.is_empty()
    }
}

/// Where something stands, as `appeal/scenarios/returns.yaml:12`.
pub(super) fn place_of(span: Span, sources: &Sources) -> String {
    let Some(source) = sources.get(span.source) else { return String::new() };
    format!("{}:{}", source.name, source.position(span.start).line)
}
