//! `duban draw`: a process as a picture.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use duban_engine::diagnostic::render;
use duban_engine::draw;
use duban_engine::ids::Name;
use duban_engine::library::Library;

use super::check::{Checked, check, tally};
use super::{Failure, Paint, Screen};
use crate::folder::Folder;

/// How far above a file its folder of definitions is looked for.
const ABOVE_MAX: usize = 4;

/// Draw a process.
///
/// Ends with status 0 when it was drawn, 1 when the definitions are not sound, 2 when there is no such process.
#[derive(Args, Debug)]
pub(super) struct Arguments {
    /// The folder with the definitions, or the file of the process in it.
    #[arg(value_name = "FILE|DIR", default_value = "processes")]
    path: PathBuf,
    /// Which process; needed when the folder has several.
    #[arg(long, value_name = "NAME")]
    process: Option<String>,
    /// What to write.
    #[arg(long, value_enum, default_value_t = Format::Svg)]
    format: Format,
    /// Where to write it; without this, to the standard output.
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// A picture for people.
    Svg,
    /// BPMN 2.0 with its layout, for other tools.
    Bpmn,
}

/// Runs the command. Answers whether something was drawn.
pub(super) fn run(arguments: &Arguments, screen: &Screen) -> Result<bool, Failure> {
    let (library, own) = match read(&arguments.path)? {
        (Checked::Sound(library, _), own) => (library, own),
        (Checked::Unsound(diagnostics, sources), _) => {
            let shown = render(&diagnostics, &sources, screen.color_error);
            screen
                .remark(&format!("{shown}\n{}\n", screen.paint(&tally(&diagnostics), Paint::Bad, screen.color_error)));
            return Ok(false);
        }
    };
    let name = match &arguments.process {
        Some(name) => Name::from(name.as_str()),
        None => only(&library, own.as_deref(), &arguments.path)?,
    };
    let process = library.processes.get(&name).ok_or_else(|| format!("there is no process `{name}`"))?;
    let drawn = match arguments.format {
        Format::Svg => draw::svg(process, &library),
        Format::Bpmn => draw::bpmn(process, &library),
    };
    match &arguments.output {
        Some(path) => std::fs::write(path, drawn).map_err(|error| format!("{}: {error}", path.display()))?,
        None => screen.say(&drawn),
    }
    Ok(true)
}

/// The definitions in a folder, or in the nearest folder around a file in which the file is sound; with the file's path there.
fn read(path: &Path) -> Result<(Checked, Option<String>), Failure> {
    if !path.is_file() {
        return Ok((check(&Folder::read(path)?), None));
    }
    let path = path.canonicalize().map_err(|error| format!("{}: {error}", path.display()))?;
    let mut last = None;
    for folder in path.ancestors().skip(1).take(ABOVE_MAX) {
        // A folder far above may hold anything; those near enough have been read by then.
        let Ok(found) = Folder::read(folder) else { break };
        let own = path.strip_prefix(folder).ok().map(|own| own.to_string_lossy().replace('\\', "/"));
        let checked = check(&found);
        if matches!(checked, Checked::Sound(..)) {
            return Ok((checked, own));
        }
        last.get_or_insert((checked, own));
    }
    last.ok_or_else(|| format!("{}: there are no definitions around this file", path.display()).into())
}

/// The process of a file, or the only one of a folder; `path` is how it was named.
fn only(library: &Library, file: Option<&str>, path: &Path) -> Result<Name, Failure> {
    let is_wanted = |name: &Name| {
        let source = library.texts.get(name).and_then(|id| library.sources.get(*id));
        file.is_none_or(|file| source.is_some_and(|source| source.name == file))
    };
    let wanted: Vec<&Name> = library.processes.keys().filter(|name| is_wanted(name)).collect();
    match wanted[..] {
        [one] => Ok(one.clone()),
        [] => Err(format!("{}: there is no process in it", path.display()).into()),
        _ => {
            let names: Vec<&str> = wanted.iter().map(|name| name.as_str()).collect();
            Err(format!("name one of these with --process: {}", names.join(", ")).into())
        }
    }
}
