//! `duban test`: plays the scenarios of a folder and says what none of them has seen.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use clap::Args;
use duban_engine::diagnostic::{Sources, render};
use duban_engine::library::Library;
use duban_engine::scenario::{Covered, Scenario};

use super::check::{Checked, check, tally};
use super::played::{Run, place_of};
use super::{Failure, Paint, Screen, counted, junit};
use crate::folder::Folder;

/// Play the scenarios of a folder in virtual time and say what no scenario has seen.
///
/// Ends with status 0 when every scenario passed, 1 when one failed or the folder is not sound, 2 when it cannot be read.
#[derive(Args, Debug)]
pub(super) struct Arguments {
    /// The folder with the processes, organization, calendars and scenarios.
    #[arg(value_name = "DIR", default_value = "processes")]
    folder: PathBuf,
    /// Play only scenarios with this text in their name, process or file.
    #[arg(long, value_name = "TEXT")]
    filter: Option<String>,
    /// Write the results for a build server, too.
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
    /// Name every scenario.
    #[arg(long, short)]
    verbose: bool,
    /// Leave out what no scenario has seen.
    #[arg(long)]
    no_coverage: bool,
}

/// Runs the command. Answers whether all is well.
pub(super) fn run(arguments: &Arguments, screen: &Screen) -> Result<bool, Failure> {
    let folder = Folder::read(&arguments.folder)?;
    let (library, scenarios) = match check(&folder) {
        Checked::Sound(library, scenarios) => (library, scenarios),
        Checked::Unsound(diagnostics, sources) => {
            let shown = render(&diagnostics, &sources, screen.color_out);
            screen.say(&format!("{shown}\n{}\n", screen.word(&tally(&diagnostics), Paint::Bad)));
            return Ok(false);
        }
    };
    let count = scenarios.len();
    let chosen = choose(scenarios, arguments.filter.as_deref(), &library.sources);
    let begun = Instant::now();
    let runs: Vec<Run> = chosen.iter().map(|scenario| Run::of(scenario, &library)).collect();
    let took = begun.elapsed();
    if let Some(path) = &arguments.junit {
        std::fs::write(path, junit::report(&runs, &library.sources, took))
            .map_err(|error| format!("{}: {error}", path.display()))?;
    }
    let mut text = String::new();
    tell_runs(&runs, &library, arguments.verbose, screen, &mut text);
    if !arguments.no_coverage && arguments.filter.is_none() {
        tell_coverage(&runs, &library, screen, &mut text);
    }
    tell_totals(&runs, count, took, screen, &mut text);
    screen.say(&text);
    Ok(runs.iter().all(Run::has_passed) && !(runs.is_empty() && count > 0))
}

fn choose(scenarios: Vec<Scenario>, filter: Option<&str>, sources: &Sources) -> Vec<Scenario> {
    let Some(filter) = filter else { return scenarios };
    let has = |scenario: &Scenario| {
        scenario.name.contains(filter)
            || scenario.process.contains(filter)
            || place_of(scenario.span, sources).contains(filter)
    };
    scenarios.into_iter().filter(has).collect()
}

fn tell_runs(runs: &[Run], library: &Library, verbose: bool, screen: &Screen, text: &mut String) {
    for run in runs {
        let name = format!("{} ({})", run.played.name, screen.word(&run.place, Paint::Faint));
        if !run.has_passed() {
            put(text, format_args!("{} {name}\n", screen.word("failed", Paint::Bad)));
            text.push_str(&render(&run.played.failures, &library.sources, screen.color_out));
            text.push('\n');
        } else if verbose {
            put(text, format_args!("{} {name}\n", screen.word("passed", Paint::Good)));
        }
    }
}

fn tell_coverage(runs: &[Run], library: &Library, screen: &Screen, text: &mut String) {
    let mut covered = Covered::default();
    for run in runs {
        covered.join(&run.played.covered);
    }
    for (name, process) in &library.processes {
        let coverage = covered.of(process);
        let seen = coverage.total - coverage.missing.len();
        let share = seen * 100 / coverage.total.max(1);
        let kinds = "steps, actions, rungs and exits";
        let whole = format!("{seen} of {} {kinds} seen ({share} %)", coverage.total);
        let paint = if coverage.missing.is_empty() { Paint::Good } else { Paint::Strong };
        put(text, format_args!("{name} ({}): {}\n", process.title, screen.word(&whole, paint)));
        let file = library.texts.get(name).and_then(|id| library.sources.get(*id));
        let file = file.map_or("", |source| source.name.as_str());
        for (thing, line) in &coverage.missing {
            let place = screen.word(&format!("{file}:{line}"), Paint::Faint);
            put(text, format_args!("  not seen: {thing}  {place}\n"));
        }
    }
}

fn tell_totals(runs: &[Run], count: usize, took: Duration, screen: &Screen, text: &mut String) {
    let failed = runs.iter().filter(|run| !run.has_passed()).count();
    let passed = runs.len() - failed;
    let result = match (runs.len(), failed) {
        (0, _) if count > 0 => screen.word("no scenario fits the filter", Paint::Bad),
        (0, _) => screen.word("there are no scenarios", Paint::Strong),
        (_, 0) => screen.word(&format!("{} passed", counted(passed, "scenario")), Paint::Good),
        (_, _) => screen.word(&format!("{failed} of {} failed", counted(runs.len(), "scenario")), Paint::Bad),
    };
    if runs.is_empty() {
        put(text, format_args!("{result}\n"));
        return;
    }
    let seconds = took.as_secs_f64();
    let rate = if seconds > 0.0 { runs.len() as f64 / seconds } else { 0.0 };
    put(text, format_args!("{result} in {seconds:.3} s ({rate:.0} scenarios/s)\n"));
}

fn put(text: &mut String, line: std::fmt::Arguments<'_>) {
    text.write_fmt(line).expect("writing to a string cannot fail");
}
