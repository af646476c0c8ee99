//! What the commands that work on a database have in common: where it is, and how the log is written.

use std::fs;
use std::io;
use std::path::Path;
use std::str::FromStr;
use std::sync::{Arc, Weak};
use std::time::{self, Duration};

use clap::{Args, ValueEnum};
use jiff::SignedDuration;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::fmt::time::FormatTime;

use crate::clock::{CarriedClock, Clock, SystemClock};
use crate::runner::{Environment, RandomSalts, Runner, Settings, Surroundings, Web};
use crate::storage::{Database, Error, Mode, is_postgres, of_address, sqlite_path};

/// A failure with the words for it.
pub type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Where everything is kept.
#[derive(Args, Clone, Debug)]
pub struct Storage {
    /// The database: `sqlite:FILE` for one machine, `postgres://USER@HOST/NAME` for one or more.
    #[arg(
        long,
        value_name = "ADDRESS",
        env = "DUBAN_DATABASE",
        hide_env_values = true,
        default_value = "sqlite:data/duban.sqlite"
    )]
    pub database: String,
    /// The PostgreSQL server itself, when `--database` is a pooler in transaction mode, such as PgBouncer.
    #[arg(long, value_name = "ADDRESS", env = "DUBAN_DATABASE_DIRECT", hide_env_values = true)]
    pub database_direct: Option<String>,
}

impl Storage {
    /// Opens the database; a file that is missing is made, with the folder it lies in.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub async fn open(&self) -> Result<Database, Failure> {
        if let Some(path) = sqlite_path(&self.database) {
            make_folder_of(Path::new(path))?;
        }
        self.open_as(Mode::Make).await
    }

    /// The file of a database that is one.
    ///
    /// # Errors
    /// With what to do instead when the database is no file.
    pub fn file(&self, instead: &str) -> Result<&Path, Failure> {
        match sqlite_path(&self.database) {
            Some(path) => of_address(path).ok_or_else(|| "a database in memory is no file".into()),
            None if is_postgres(&self.database) => Err(instead.into()),
            None => Err(Error::Address.into()),
        }
    }

    /// Opens a database that is there.
    ///
    /// # Errors
    /// When it is not there or cannot be opened.
    pub async fn open_existing(&self, mode: Mode) -> Result<Database, Failure> {
        self.open_as(mode).await
    }

    async fn open_as(&self, mode: Mode) -> Result<Database, Failure> {
        Ok(match &self.database_direct {
            None => Database::open_as(&self.database, mode).await?,
            Some(direct) => Database::open_pooled(&self.database, direct, mode).await?,
        })
    }
}

/// Makes the folder that a file is to lie in.
///
/// # Errors
/// When it cannot be made.
pub fn make_folder_of(path: &Path) -> Result<(), Failure> {
    match path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        Some(folder) => Ok(make_folder(folder).map_err(|error| format!("{}: {error}", folder.display()))?),
        None => Ok(()),
    }
}

/// Makes a folder that only its owner can look into, unless there is one.
fn make_folder(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// How many batches are under way at the same time: while one waits for the disk, the others are decided.
pub const COMMITTERS: usize = 4;

/// How often the server is asked what time it is.
const CLOCK_PAUSE: Duration = Duration::from_secs(10);

/// An answer that took longer says too little about the time.
const CLOCK_ANSWER_MAX: Duration = Duration::from_millis(250);

/// The time of a database: that of the server where there is one, which all its nodes share, else that of this machine.
///
/// # Errors
/// When the database does not answer.
async fn clock_of(database: &Database) -> Result<Arc<dyn Clock>, Error> {
    let Some(there) = database.now().await? else { return Ok(Arc::new(SystemClock)) };
    let clock = Arc::new(CarriedClock::new(there));
    tokio::spawn(follow(Arc::downgrade(&clock), database.clone()));
    Ok(clock)
}

/// Keeps a clock with that of the server until nobody reads it any more.
async fn follow(clock: Weak<CarriedClock>, database: Database) {
    loop {
        tokio::time::sleep(CLOCK_PAUSE).await;
        let asked = time::Instant::now();
        let there = database.now().await;
        let answered = time::Instant::now();
        let Some(clock) = clock.upgrade() else { return };
        match there {
            Ok(Some(there)) if answered.duration_since(asked) < CLOCK_ANSWER_MAX => clock.set(there, answered),
            Ok(_) => {}
            Err(error) => tracing::debug!(%error, "the clock goes on without the server"),
        }
    }
}

/// How long after its end the history of a case is moved into one row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ColdAfter(pub Option<SignedDuration>);

impl FromStr for ColdAfter {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == "never" {
            return Ok(Self(None));
        }
        let days: u32 = text.parse().map_err(|_| "this is a number of days, or `never`")?;
        Ok(Self(Some(SignedDuration::from_hours(i64::from(days) * 24))))
    }
}

/// Starts a runner with the database's clock and the real outside, which only does what it is told.
///
/// # Errors
/// When the database fails, or the machine's certificates cannot be read.
pub async fn runner(database: Database) -> Result<Arc<Runner>, Failure> {
    runner_as(database, Settings { automatic: false, ..Settings::default() }).await
}

/// The same with settings of its own, but for the number of committers.
///
/// # Errors
/// When the database fails, or the machine's certificates cannot be read.
pub async fn runner_as(database: Database, settings: Settings) -> Result<Arc<Runner>, Failure> {
    let surroundings = Surroundings {
        clock: clock_of(&database).await?,
        outside: Arc::new(Web::new()?),
        secrets: Arc::new(Environment),
        salts: Arc::new(RandomSalts),
    };
    let settings = Settings { committers: COMMITTERS, ..settings };
    Ok(Arc::new(Runner::start(database, surroundings, settings).await?))
}

/// How the log is written. It goes to the standard error, and never has the value of a field in it.
#[derive(Args, Clone, Debug)]
pub struct Log {
    /// How the log is written.
    #[arg(long, value_enum, default_value_t = LogFormat::Text, value_name = "FORMAT")]
    log: LogFormat,
    /// What is logged: this and what is worse.
    #[arg(long, value_enum, default_value_t = LogLevel::Info, value_name = "LEVEL")]
    log_level: LogLevel,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum LogFormat {
    /// For people.
    Text,
    /// For programs: one JSON object a line.
    Json,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum LogLevel {
    /// What must be looked at.
    Error,
    /// What may have to be looked at.
    Warn,
    /// What an operator wants to know.
    Info,
    /// Every request.
    Debug,
}

/// The time in the log, as everywhere else in the product.
struct Instant;

impl FormatTime for Instant {
    fn format_time(&self, writer: &mut tracing_subscriber::fmt::format::Writer<'_>) -> std::fmt::Result {
        write!(writer, "{:.3}", jiff::Timestamp::now())
    }
}

impl Log {
    /// Begins to log.
    pub fn begin(&self, color: bool) {
        let level = match self.log_level {
            LogLevel::Error => LevelFilter::ERROR,
            LogLevel::Warn => LevelFilter::WARN,
            LogLevel::Info => LevelFilter::INFO,
            LogLevel::Debug => LevelFilter::DEBUG,
        };
        let log = tracing_subscriber::fmt().with_max_level(level).with_timer(Instant).with_writer(io::stderr);
        match self.log {
            LogFormat::Text => log.with_ansi(color).with_target(false).init(),
            LogFormat::Json => log.json().flatten_event(true).with_ansi(false).init(),
        }
    }
}
