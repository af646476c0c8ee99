//! The command line: one file per command.

mod anchor;
mod backup;
mod bench;
mod check;
mod draw;
mod hold;
mod import;
mod junit;
mod played;
mod retain;
mod restore;
mod schema;
mod serve;
mod test;
mod token;
mod verify;
mod welcome;

use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;

use clap::{Parser, Subcommand, ValueEnum};

use crate::config::Failure;
use crate::runner::Finding;
use crate::storage::copy::Contents;

/// Workflow and case management: procedures in YAML, deadlines in working days, every step on record.
#[derive(Debug, Parser)]
#[command(name = "duban", version, arg_required_else_help = true, max_term_width = 100)]
struct CommandLine {
    /// When to use colours.
    #[arg(long, global = true, value_enum, default_value_t = Color::Auto, value_name = "WHEN")]
    color: Color,
    #[command(subcommand)]
    command: Command,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Color {
    /// On a terminal, unless NO_COLOR is set.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

#[derive(Debug, Subcommand)]
enum Command {
    Check(check::Arguments),
    Test(test::Arguments),
    Draw(draw::Arguments),
    Schema(schema::Arguments),
    Serve(serve::Arguments),
    Token(token::Arguments),
    Import(import::Arguments),
    Verify(verify::Arguments),
    Retain(retain::Arguments),
    Backup(backup::Arguments),
    Restore(restore::Arguments),
    Hold(hold::Arguments),
    Anchor(anchor::Arguments),
    Bench(bench::Arguments),
}

/// Runs the command that the program was called with.
pub fn main() -> ExitCode {
    let line = CommandLine::parse();
    let screen = Screen::new(line.color);
    let done = match line.command {
        Command::Check(arguments) => check::run(&arguments, &screen),
        Command::Test(arguments) => test::run(&arguments, &screen),
        Command::Draw(arguments) => draw::run(&arguments, &screen),
        Command::Schema(arguments) => schema::run(&arguments, &screen),
        Command::Serve(arguments) => serve::run(&arguments, &screen),
        Command::Token(arguments) => token::run(&arguments, &screen),
        Command::Import(arguments) => import::run(&arguments, &screen),
        Command::Verify(arguments) => verify::run(&arguments, &screen),
        Command::Retain(arguments) => retain::run(&arguments, &screen),
        Command::Backup(arguments) => backup::run(&arguments, &screen),
        Command::Restore(arguments) => restore::run(&arguments, &screen),
        Command::Hold(arguments) => hold::run(&arguments, &screen),
        Command::Anchor(arguments) => anchor::run(&arguments, &screen),
        Command::Bench(arguments) => bench::run(&arguments, &screen),
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(failure) => {
            screen.failure(&*failure);
            ExitCode::from(2)
        }
    }
}

/// Threads for a command that works on a database.
fn runtime() -> io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build()
}

/// Where a command writes, and whether in colours.
struct Screen {
    color_out: bool,
    color_error: bool,
}

impl Screen {
    fn new(color: Color) -> Self {
        let wanted = |is_terminal: bool| match color {
            Color::Auto => is_terminal && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty()),
            Color::Always => true,
            Color::Never => false,
        };
        Self { color_out: wanted(io::stdout().is_terminal()), color_error: wanted(io::stderr().is_terminal()) }
    }

    /// Writes what was asked for. A reader that went away (`| head`) ends the program quietly.
    fn say(&self, text: &str) {
        let mut out = io::stdout().lock();
        if out.write_all(text.as_bytes()).and_then(|()| out.flush()).is_err() {
            std::process::exit(0);
        }
    }

    /// Writes what is not the answer itself.
    fn remark(&self, text: &str) {
        // There is nobody left to tell when this fails.
        let _ = io::stderr().lock().write_all(text.as_bytes());
    }

    fn failure(&self, failure: &dyn std::error::Error) {
        let mut text = format!("{}: {failure}", self.paint("error", Paint::Bad, self.color_error));
        let mut source = failure.source();
        while let Some(cause) = source {
            let cause_text = cause.to_string();
            // Some say the cause of theirs as well.
            if !text.ends_with(&cause_text) {
                text.push_str(&format!("\n  because: {cause_text}"));
            }
            source = cause.source();
        }
        text.push('\n');
        self.remark(&text);
    }

    /// A word for the answer in a colour.
    fn word(&self, word: &str, paint: Paint) -> String {
        self.paint(word, paint, self.color_out)
    }

    fn paint(&self, word: &str, paint: Paint, color: bool) -> String {
        let code = match paint {
            Paint::Good => "32",
            Paint::Bad => "31;1",
            Paint::Faint => "2",
            Paint::Strong => "1",
        };
        if color { format!("\u{1b}[{code}m{word}\u{1b}[0m") } else { word.to_owned() }
    }
}

/// What a colour says.
#[derive(Clone, Copy)]
enum Paint {
    Good,
    Bad,
    Faint,
    Strong,
}

/// What was found, one a line.
fn findings(found: &[Finding]) -> String {
    let line = |Finding { case, what }: &Finding| match case.is_empty() {
        true => format!("{what}\n"),
        false => format!("{case}: {what}\n"),
    };
    found.iter().map(line).collect()
}

/// What is in a copy, for who makes or restores it.
fn contents(contents: &Contents) -> String {
    let cases = counted(usize::try_from(contents.cases).unwrap_or(usize::MAX), "case");
    contents.latest_at.map_or_else(|| cases.clone(), |at| format!("{cases} as of {at}"))
}

/// `1 error`, `2 errors`.
fn counted(count: usize, one: &str) -> String {
    if count == 1 { format!("1 {one}") } else { format!("{count} {one}s") }
}
