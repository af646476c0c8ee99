//! `duban bench`: what cases cost on a database.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};

use super::{Failure, Screen, runtime};
use crate::bench::figure::Figures;
use crate::bench::{burst, growth, mile};

/// Measure what cases cost on a database, next to what the database itself takes.
///
/// The database must be empty, or one on which only this command has worked: it puts its own definitions live, opens
/// cases and leaves them there. Each figure stands next to its reference, measured in the same run; docs/benchmarks.md
/// says what they mean.
///
/// Ends with status 0, whether bars are met or not, and 2 when it could not measure.
#[derive(Args, Debug)]
pub(super) struct Arguments {
    /// What is measured.
    #[arg(value_enum, default_value_t = What::Mile)]
    what: What,
    /// The database: `sqlite:FILE` or `postgres://USER@HOST/NAME`.
    #[arg(long, value_name = "ADDRESS")]
    database: String,
    /// How many clients ask at the same time: one measurement for each number.
    #[arg(long, value_name = "COUNT,…", value_delimiter = ',', default_value = "1,16,64,256")]
    clients: Vec<usize>,
    /// How long one run takes; each figure has five.
    #[arg(long, value_name = "COUNT", default_value_t = 1.0)]
    seconds: f64,
    /// How many open cases there are: one measurement for each number, the smallest first.
    #[arg(long, value_name = "COUNT,…", value_delimiter = ',', default_value = "10000,100000,1000000")]
    cases: Vec<usize>,
    /// How many closed cases lie beside the open ones, their histories cold.
    #[arg(long, value_name = "COUNT", default_value_t = 0)]
    closed: u64,
    /// How many deadlines end at one instant.
    #[arg(long, value_name = "COUNT", default_value_t = 100_000)]
    deadlines: usize,
    /// Write the figures into this file as JSON as well.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum What {
    /// Cases from their start to their end, in process and through HTTP.
    Mile,
    /// Throughput, latency, pages, memory and disk with more and more open cases.
    Growth,
    /// Deadlines that end at one instant, while people go on asking.
    Burst,
}

/// Runs the command.
pub(super) fn run(arguments: &Arguments, screen: &Screen) -> Result<bool, Failure> {
    let mut figures = Figures::default();
    let time = Duration::try_from_secs_f64(arguments.seconds)?;
    runtime()?.block_on(async {
        match arguments.what {
            What::Burst => {
                let plan = burst::Plan { deadlines: arguments.deadlines, time };
                burst::measure(&arguments.database, plan, &mut figures).await
            }
            What::Growth => {
                let plan = growth::Plan { sizes: arguments.cases.clone(), closed: arguments.closed, time };
                growth::measure(&arguments.database, &plan, &mut figures).await
            }
            What::Mile => {
                let plan = mile::Plan { clients: arguments.clients.clone(), time };
                mile::measure(&arguments.database, &plan, &mut figures).await
            }
        }
    })?;
    screen.say(&figures.to_table());
    if let Some(path) = &arguments.json {
        fs::write(path, figures.to_json()).map_err(|error| format!("{}: {error}", path.display()))?;
    }
    Ok(true)
}
