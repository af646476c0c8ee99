//! `duban check`: everything that is wrong in a folder of definitions.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use duban_engine::diagnostic::{Diagnostic, Severity, Sources, render};
use duban_engine::library::{Library, Unsound};
use duban_engine::scenario::{Scenario, read_all};
use serde_json::json;

use super::{Failure, Paint, Screen, counted};
use crate::folder::Folder;

/// Check a folder of definitions and show everything that is wrong in it.
///
/// Ends with status 0 when the folder can go live, 1 when it cannot, 2 when it cannot be read.
#[derive(Args, Debug)]
pub(super) struct Arguments {
    /// The folder with the processes, organization, calendars and scenarios.
    #[arg(value_name = "DIR", default_value = "processes")]
    folder: PathBuf,
    /// How to write what was found.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people: the line of the file, what is wrong and what would be right.
    Text,
    /// For programs: places in bytes, lines, columns and UTF-16 units.
    Json,
}

/// A folder that was read and is sound, or what is wrong with it.
pub(super) enum Checked {
    Sound(Box<Library>, Vec<Scenario>),
    Unsound(Vec<Diagnostic>, Sources),
}

/// Compiles a folder together with its scenarios and templates: what is sound here is what a server takes.
pub(super) fn check(folder: &Folder) -> Checked {
    let compiled = Library::compile(&folder.to_list()).and_then(|library| match read_all(&library) {
        Ok(scenarios) => Ok((library, scenarios)),
        Err(diagnostics) => Err(Unsound { diagnostics, sources: library.sources }),
    });
    let (mut diagnostics, mut sources) = match &compiled {
        Ok((library, _)) => (Vec::new(), library.sources.clone()),
        Err(unsound) => (unsound.diagnostics.clone(), unsound.sources.clone()),
    };
    let library = compiled.as_ref().ok().map(|(library, _)| library);
    diagnostics.extend(folder.check(library, &mut sources));
    match compiled {
        Ok((library, scenarios)) if diagnostics.is_empty() => Checked::Sound(Box::new(library), scenarios),
        Ok(_) | Err(_) => Checked::Unsound(diagnostics, sources),
    }
}

/// `1 error, 2 warnings`.
pub(super) fn tally(diagnostics: &[Diagnostic]) -> String {
    let errors = diagnostics.iter().filter(|diagnostic| diagnostic.severity == Severity::Error).count();
    let warnings = diagnostics.len() - errors;
    match warnings {
        0 => counted(errors, "error"),
        _ if errors == 0 => counted(warnings, "warning"),
        _ => format!("{}, {}", counted(errors, "error"), counted(warnings, "warning")),
    }
}

/// Runs the command. Answers whether all is well.
pub(super) fn run(arguments: &Arguments, screen: &Screen) -> Result<bool, Failure> {
    let folder = Folder::read(&arguments.folder)?;
    let checked = check(&folder);
    let is_sound = matches!(checked, Checked::Sound(..));
    let text = match (arguments.format, &checked) {
        (Format::Json, Checked::Sound(library, _)) => to_json(&library.warnings, &library.sources, true),
        (Format::Json, Checked::Unsound(diagnostics, sources)) => to_json(diagnostics, sources, false),
        (Format::Text, Checked::Sound(library, scenarios)) => summary(library, scenarios, screen),
        (Format::Text, Checked::Unsound(diagnostics, sources)) => {
            let shown = render(diagnostics, sources, screen.color_out);
            format!("{shown}\n{}\n", screen.word(&tally(diagnostics), Paint::Bad))
        }
    };
    screen.say(&text);
    Ok(is_sound)
}

fn summary(library: &Library, scenarios: &[Scenario], screen: &Screen) -> String {
    let ok = screen.word("ok", Paint::Good);
    let mut text = render(&library.warnings, &library.sources, screen.color_out);
    if !text.is_empty() {
        text.push_str(&format!("\n{}\n", screen.word(&tally(&library.warnings), Paint::Strong)));
    }
    for (name, process) in &library.processes {
        let (title, steps) = (&process.title, counted(process.steps.len(), "step"));
        let count = scenarios.iter().filter(|scenario| scenario.process == *name).count();
        text.push_str(&format!("{ok} {name} ({title}): {steps}, {}\n", counted(count, "scenario")));
    }
    text.push_str(&format!("{} in {}\n", ok, counted(library.sources.iter().count(), "file")));
    text
}

fn to_json(diagnostics: &[Diagnostic], sources: &Sources, is_sound: bool) -> String {
    let list: Vec<_> = diagnostics.iter().map(|diagnostic| diagnostic.to_json(sources)).collect();
    format!("{:#}\n", json!({ "sound": is_sound, "diagnostics": list }))
}
