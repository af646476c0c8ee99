//! What can go wrong in a trial: how it begins, how long it lasts, and how everything is made whole again.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::sleep;

use crate::chance::Chance;
use crate::evidence::Reader;
use crate::history::{Entry, Log};
use crate::node::{Node, Plan};
use crate::postgres::Postgres;
use crate::proxy::{Proxy, Way};
use crate::receiver::{Mood, Receiver};

/// The tables of which changes fail.
const TABLES: [&str; 6] = ["transitions", "cases", "outbox", "commands", "tasks", "deadlines"];

/// How large a file may be on a disk that is full.
const FULL_BYTES: &str = "8192";

/// By how much a clock is put forward or back, in seconds.
const STEP: i64 = 3600;

/// How often a change of the database from outside is tried: a frozen node may hold what it needs.
const TRIES_MAX: usize = 20;

/// A fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// A node is killed, and started again after a while.
    Kill,
    /// A node is stopped in the middle of whatever it does, and goes on later as if nothing had been.
    Freeze,
    /// The database is stopped and started, and says so to its clients.
    RestartFast,
    /// The database is stopped as by a crash.
    RestartImmediate,
    /// Connections between a node and the database are reset, and new ones refused.
    Cut,
    /// Nothing moves between a node and the database.
    BlackHole,
    /// What a node sends to the database arrives, and no answer comes back.
    HalfOpen,
    /// The way between a node and the database is slow.
    Slow,
    /// The clock of a node is an hour ahead.
    ClockAhead,
    /// The clock of a node is an hour behind.
    ClockBehind,
    /// One of twenty changes of a table fails, most in ways that look passing.
    Refusals,
    /// Somebody else keeps what every command writes to.
    Locked,
    /// A node finds no room on the disk.
    DiskFull,
    /// The server finds no room on its disk for more rows.
    NoRoom,
    /// The server finds no room on its disk for what it is about to commit, ends by itself, and is started when there is room.
    NoRoomToCommit,
}

/// What can go wrong with the disk of a server, when it is a small one.
pub const ON_SMALL_DISK: [Fault; 2] = [Fault::NoRoom, Fault::NoRoomToCommit];

/// What can go wrong with nodes on a server.
pub const ON_POSTGRES: [Fault; 12] = [
    Fault::Kill,
    Fault::Freeze,
    Fault::RestartFast,
    Fault::RestartImmediate,
    Fault::Cut,
    Fault::BlackHole,
    Fault::HalfOpen,
    Fault::Slow,
    Fault::ClockAhead,
    Fault::ClockBehind,
    Fault::Refusals,
    Fault::Locked,
];

/// What can go wrong with a node on a file. It has no clock but that of the machine. A statement of a file fails for such
/// reasons as these, or for good.
pub const ON_SQLITE: [Fault; 4] = [Fault::Kill, Fault::Freeze, Fault::Locked, Fault::DiskFull];

/// How long faults last, in milliseconds, from and to.
#[derive(Clone, Copy, Debug)]
pub struct Lengths {
    /// Of a fault.
    pub fault: [u64; 2],
    /// Of a node that is frozen.
    pub freeze: [u64; 2],
    /// Between two faults.
    pub calm: [u64; 2],
    /// Of the moods of the receiver.
    pub mood: [u64; 2],
}

/// A node with what it depends on.
#[derive(Debug)]
pub struct Member {
    /// How it is started.
    pub plan: Plan,
    /// The process.
    pub node: Option<Node>,
    /// Its way to the database, when that is a server.
    pub proxy: Option<Proxy>,
    /// The file that says how far its clock is off.
    pub clock: Option<PathBuf>,
}

/// Where faults happen.
#[derive(Debug)]
pub struct Site {
    /// The nodes.
    pub members: Vec<Member>,
    /// The server, when there is one.
    pub postgres: Option<Postgres>,
    /// The database.
    pub reader: Reader,
    /// The history.
    pub log: Arc<Log>,
}

impl Site {
    /// Has a fault happen to a node, and everything whole again after a while.
    ///
    /// # Panics
    /// When what is broken cannot be made whole.
    pub async fn suffer(&mut self, fault: Fault, victim: usize, length: Duration) {
        let name = format!("{fault:?} of node {victim} for {} ms", length.as_millis());
        println!("{name}");
        let (begun, ended) = (name.clone(), name);
        self.log.note(|at| Entry::Begun { at, fault: begun });
        match fault {
            Fault::RestartFast => self.restart("fast"),
            Fault::RestartImmediate => self.restart("immediate"),
            Fault::Refusals => {
                self.tamper(&Self::refusals()).await;
                sleep(length).await;
                self.tamper(&Self::acceptance()).await;
            }
            Fault::NoRoom => self.fill(length, false).await,
            Fault::NoRoomToCommit => self.fill(length, true).await,
            Fault::Locked => self.reader.lock(length).await.expect("the database is there between faults"),
            _ => self.members[victim].suffer(fault, length).await,
        }
        self.log.note(|at| Entry::Ended { at, fault: ended });
    }

    fn restart(&self, mode: &str) {
        let postgres = self.postgres.as_ref().expect("a server is restarted only where there is one");
        tokio::task::block_in_place(|| postgres.restart(mode));
    }

    /// Leaves no room on the server's disk for a while; when it has to, it begins with a new file for what is committed.
    async fn fill(&self, length: Duration, begins_file: bool) {
        let room = self.postgres.as_ref().and_then(|postgres| postgres.room.as_ref());
        let room = room.expect("there is a small disk where this fault is");
        tokio::task::block_in_place(|| room.fill());
        if begins_file {
            // The server ends as it is asked.
            let _ = self.reader.run("SELECT pg_switch_wal()").await;
        }
        sleep(length).await;
        let was_there = self.reader.run("SELECT 1").await.is_ok();
        room.clear();
        if !was_there {
            println!("the server ended by itself, and is started again");
            self.restart("immediate");
        }
    }

    /// Changes the database from outside.
    async fn tamper(&self, sql: &str) {
        for _ in 0..TRIES_MAX {
            match self.reader.run(sql).await {
                Ok(()) => return,
                Err(error) => println!("once more: {error}"),
            }
            sleep(Duration::from_millis(100)).await;
        }
        self.reader.run(sql).await.expect("the database can be changed in the end");
    }

    fn refusals() -> String {
        let function = "SET lock_timeout = '2s';
            CREATE OR REPLACE FUNCTION fail_some() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                IF RANDOM() < 0.05 THEN
                    RAISE EXCEPTION 'a planted failure' USING ERRCODE =
                        (ARRAY['40001', '40P01', '53100', '57014', 'P0001'])[1 + FLOOR(RANDOM() * 5)];
                END IF;
                RETURN NULL;
            END $$;";
        let triggers = TABLES.map(|table| {
            format!(
                "CREATE OR REPLACE TRIGGER fails BEFORE INSERT OR UPDATE OR DELETE ON {table} \
                 FOR EACH STATEMENT EXECUTE FUNCTION fail_some();"
            )
        });
        function.to_owned() + &triggers.concat()
    }

    fn acceptance() -> String {
        TABLES.map(|table| format!("SET lock_timeout = '2s'; DROP TRIGGER IF EXISTS fails ON {table};")).concat()
    }
}

impl Member {
    async fn suffer(&mut self, fault: Fault, length: Duration) {
        match fault {
            Fault::Kill => {
                self.node.take().expect("it runs between faults").kill().await;
                sleep(length / 2).await;
                self.node = Some(self.plan.start_in_the_end().await);
            }
            Fault::Freeze => {
                self.node().signal("STOP").await;
                sleep(length).await;
                self.node().signal("CONT").await;
            }
            Fault::Cut => self.pass(Way::Cut, length).await,
            Fault::BlackHole => self.pass(Way::Frozen, length).await,
            Fault::HalfOpen => self.pass(Way::HalfOpen, length).await,
            Fault::Slow => self.pass(Way::Slow(Duration::from_millis(150)), length).await,
            Fault::ClockAhead => self.step(STEP, length).await,
            Fault::ClockBehind => self.step(-STEP, length).await,
            Fault::DiskFull => {
                self.node().limit_files(FULL_BYTES).await;
                sleep(length).await;
                self.node().limit_files("unlimited").await;
            }
            Fault::RestartFast
            | Fault::RestartImmediate
            | Fault::Refusals
            | Fault::Locked
            | Fault::NoRoom
            | Fault::NoRoomToCommit => {}
        }
    }

    fn node(&self) -> &Node {
        self.node.as_ref().expect("it runs between faults")
    }

    async fn pass(&self, way: Way, length: Duration) {
        let proxy = self.proxy.as_ref().expect("nodes on a server have a way to it");
        proxy.set(way);
        sleep(length).await;
        proxy.set(Way::Open);
    }

    async fn step(&self, seconds: i64, length: Duration) {
        self.set_clock(seconds);
        sleep(length).await;
        self.set_clock(0);
    }

    /// Puts the clock of the node so far off.
    ///
    /// # Panics
    /// When it has no clock of its own.
    pub fn set_clock(&self, seconds: i64) {
        let path = self.clock.as_ref().expect("nodes on a server have clocks of their own");
        let new = path.with_extension("new");
        // In one step: the node may read it at any time.
        let written = std::fs::write(&new, format!("{seconds:+}\n")).and_then(|()| std::fs::rename(&new, path));
        written.expect("the folder of the trial is ours");
    }
}

/// Has the receiver be unwell from time to time, until this is dropped.
pub async fn vary(receiver: &Receiver, log: &Log, mut chance: Chance, lengths: Lengths) {
    let mut mood = Mood::Failing;
    loop {
        sleep(span(&mut chance, lengths.mood)).await;
        let name = format!("receiver {mood:?}");
        log.note(|at| Entry::Begun { at, fault: name.clone() });
        receiver.set(mood);
        sleep(span(&mut chance, lengths.mood)).await;
        receiver.set(Mood::Well);
        log.note(|at| Entry::Ended { at, fault: name });
        mood = if mood == Mood::Failing { Mood::Hanging } else { Mood::Failing };
    }
}

/// A time between two, in milliseconds.
pub fn span(chance: &mut Chance, [from, to]: [u64; 2]) -> Duration {
    Duration::from_millis(chance.between(from, to))
}
