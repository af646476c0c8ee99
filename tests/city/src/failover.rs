//! A trial of high availability: three machines under load lose their primary in every way, and then the checker.

use std::sync::Arc;
use std::time::{Duration, Instant};

use sqlx::{Connection, PgConnection, Row};
use tokio::time::{sleep, timeout};

use crate::chance::Chance;
use crate::checker::{Rule, Violation};
use crate::evidence::{Reader, WITNESS};
use crate::fault::span;
use crate::history::{Entry, Log};
use crate::machines::{MACHINES, Machine, Machines, Program, Roles};
use crate::trial::{self, CLIENTS, Outcome, STREAM_OF_FAULTS, Terms};

/// How long the machines may take to be whole again, also for the first time.
const WHOLE_TIME_MAX: Duration = Duration::from_secs(120);

/// How often it is looked whether they are.
const LOOK_PAUSE: Duration = Duration::from_millis(200);

/// How long a primary that was replaced is given to take a write.
const STRAY_TIME_MAX: Duration = Duration::from_secs(5);

/// How long another primary may take to be there: the lease of the old one, and a generous time for the rest.
const REPLACE_TIME_MAX: Duration = Duration::from_secs(60);

/// What an operator does once, and the table for what a primary takes that is none any more.
const ROLE: &str = "CREATE ROLE duban LOGIN PASSWORD 'PASSWORD-OF-DUBAN'";
const DATABASE: &str = "CREATE DATABASE duban OWNER duban";
const STRAYS: &str = "CREATE TABLE strays (machine TEXT)";

/// How many nodes hold the lock that says that they are alive, and how many machines follow the primary.
const STATE: &str =
    "SELECT (SELECT COUNT(*) FROM pg_locks WHERE locktype = 'advisory' AND mode = 'ShareLock' AND granted),
    (SELECT COUNT(*) FROM pg_stat_replication WHERE state = 'streaming'),
    (SELECT COUNT(*) FROM pg_stat_replication WHERE sync_state = 'sync')";

/// Who answers, and whether it only follows.
const WHO: &str = "SELECT HOST(INET_SERVER_ADDR()), PG_IS_IN_RECOVERY()";

/// A fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The power of the machine with the primary fails: its node, HAProxy, etcd, Patroni and PostgreSQL are gone at once.
    MachineLost,
    /// The primary is killed, and its Patroni is there.
    PrimaryKilled,
    /// The primary and its Patroni stand still for longer than the lease, and go on as if nothing had been.
    PrimaryFrozen,
    /// Patroni is killed, and the primary goes on alone.
    PatroniKilled,
    /// The one without which the primary answers nothing is killed, with its Patroni.
    StandbyKilled,
    /// The same stands still.
    StandbyFrozen,
    /// An operator has another machine be primary.
    Switchover,
    /// One of three etcd is killed.
    EtcdKilled,
    /// Two of three are, so that nobody can renew a lease.
    EtcdsKilled,
}

/// All of them.
pub const FAULTS: [Fault; 9] = [
    Fault::MachineLost,
    Fault::PrimaryKilled,
    Fault::PrimaryFrozen,
    Fault::PatroniKilled,
    Fault::StandbyKilled,
    Fault::StandbyFrozen,
    Fault::Switchover,
    Fault::EtcdKilled,
    Fault::EtcdsKilled,
];

/// Where the faults happen.
struct Site {
    machines: Machines,
    log: Arc<Log>,
    /// Whether primaries that had been replaced acknowledged what they were asked to write, each time.
    strays: Vec<bool>,
}

/// Three machines, each fault at least once.
///
/// # Panics
/// When something is missing that the trial needs, or cannot be made whole.
pub async fn run(terms: &Terms) -> Outcome {
    let (log, _receiver, processes) = trial::prepare(terms).await;
    let machines = Machines::new(&terms.program, &processes, &terms.folder);
    let mut site = Site { machines, log: Arc::clone(&log), strays: Vec::new() };
    let began = Instant::now();
    site.found().await;
    println!("three machines after {:.1} s", began.elapsed().as_secs_f64());
    let first = &site.machines.all[0];
    let database = first.plan.database.clone();
    let reader = Reader::Postgres(database.clone());
    reader.run(WITNESS).await.expect("the tables are there");
    reader.run(STRAYS).await.expect("the database is there");
    let plans: Vec<_> = site.machines.all.iter().map(|machine| machine.plan.clone()).collect();
    let crew = trial::crew(terms, &plans, &database, &log).await;
    let working = crew.work(CLIENTS);
    site.suffer_all(terms).await;
    crew.finish();
    working.join_all().await;
    trial::rest(&reader, &log).await;
    for machine in &mut site.machines.all {
        machine.node.take().expect("it runs after the faults").kill().await;
    }
    let mut outcome = trial::conclude(terms, &reader, &log, &database).await;
    let (asked, taken) = (site.strays.len(), site.strays.iter().filter(|taken| **taken).count());
    outcome
        .summary
        .push_str(&format!("{asked} writes asked of a primary that had been replaced, {taken} acknowledged\n"));
    outcome.violations.extend((taken > 0).then(|| Violation {
        rule: Rule::Kept,
        text: "a primary acknowledged a write after another one took writes".to_owned(),
    }));
    outcome
}

impl Site {
    /// Starts everything for the first time.
    async fn found(&mut self) {
        for program in [Program::Etcd, Program::Patroni, Program::Haproxy] {
            self.machines.all.iter_mut().for_each(|machine| machine.start(program));
        }
        let began = Instant::now();
        while self.machines.roles().await.is_none_or(|roles| roles.followers + 1 < MACHINES || roles.standby.is_none())
        {
            assert!(began.elapsed() < WHOLE_TIME_MAX, "the machines did not find together");
            for machine in &mut self.machines.all {
                for program in [Program::Etcd, Program::Patroni, Program::Haproxy] {
                    assert!(!machine.has_ended(program), "{program:?} of {} ended by itself", machine.name);
                }
            }
            sleep(LOOK_PAUSE).await;
        }
        for sql in [ROLE, DATABASE] {
            let mut connection = self.connect_as_administrator().await.expect("the primary is there");
            sqlx::raw_sql(sql).execute(&mut connection).await.expect("it is new");
        }
        for machine in &mut self.machines.all {
            machine.node = Some(machine.plan.start_in_the_end().await);
        }
        self.become_whole().await;
    }

    async fn connect_as_administrator(&self) -> sqlx::Result<PgConnection> {
        let address = self.machines.all[0].to_primary("postgres", "PASSWORD-OF-POSTGRES", "postgres");
        PgConnection::connect(&address).await
    }

    /// Waits until every machine does its part again: one is primary, the others follow, one of them is waited for, and every
    /// node says that it is alive.
    async fn become_whole(&self) -> Roles {
        let began = Instant::now();
        loop {
            let roles = self.machines.roles().await;
            let counts = timeout(STRAY_TIME_MAX, self.counts()).await;
            if let (Some(roles), Ok(Ok([3, 2, 1]))) = (roles, &counts)
                && roles.standby.is_some()
                && roles.followers + 1 == MACHINES
            {
                return roles;
            }
            assert!(began.elapsed() < WHOLE_TIME_MAX, "not whole after {WHOLE_TIME_MAX:?}: {roles:?} {counts:?}");
            sleep(LOOK_PAUSE).await;
        }
    }

    async fn counts(&self) -> sqlx::Result<[i64; 3]> {
        let mut connection = self.connect_as_administrator().await?;
        let row = sqlx::raw_sql(STATE).fetch_one(&mut connection).await?;
        Ok([row.try_get(0)?, row.try_get(1)?, row.try_get(2)?])
    }

    /// One fault after the other: all of them in a random order, and again until the time is over.
    async fn suffer_all(&mut self, terms: &Terms) {
        let mut chance = Chance::new(terms.seed, STREAM_OF_FAULTS);
        let began = Instant::now();
        loop {
            let mut deck = FAULTS.to_vec();
            while !deck.is_empty() {
                let next = usize::try_from(chance.below(deck.len() as u64)).unwrap_or(0);
                let fault = deck.swap_remove(next);
                sleep(span(&mut chance, terms.lengths.calm)).await;
                let long = [Fault::PrimaryFrozen, Fault::StandbyFrozen, Fault::EtcdsKilled].contains(&fault);
                let length = if long { terms.lengths.freeze } else { terms.lengths.fault };
                self.suffer(fault, span(&mut chance, length)).await;
            }
            if began.elapsed() >= terms.window {
                return;
            }
        }
    }

    /// Has a fault happen, and everything whole again after a while.
    async fn suffer(&mut self, fault: Fault, length: Duration) {
        let roles = self.become_whole().await;
        let standby = roles.standby.expect("it is whole");
        let other =
            (0..MACHINES).find(|number| *number != roles.primary && *number != standby).expect("there are three");
        let name = format!("{fault:?} of db{} before db{}", roles.primary + 1, standby + 1);
        let (begun, ended) = (name.clone(), name.clone());
        let began = Instant::now();
        self.log.note(|at| Entry::Begun { at, fault: begun });
        match fault {
            Fault::MachineLost => {
                self.machine(roles.primary).lose().await;
                self.replaced(roles.primary, standby).await;
                sleep(length).await;
                let machine = self.machine(roles.primary);
                [Program::Etcd, Program::Patroni, Program::Haproxy]
                    .into_iter()
                    .for_each(|program| machine.start(program));
                machine.node = Some(machine.plan.start_in_the_end().await);
            }
            Fault::PrimaryKilled => self.machine(roles.primary).signal_postgres("KILL").await,
            Fault::PrimaryFrozen => {
                self.machine(roles.primary).signal_database("STOP").await;
                sleep(length).await;
                self.machine(roles.primary).signal_database("CONT").await;
                self.stray(roles.primary).await;
            }
            Fault::PatroniKilled => {
                self.machine(roles.primary).kill(Program::Patroni).await;
                self.replaced(roles.primary, standby).await;
                self.stray(roles.primary).await;
                self.machine(roles.primary).start(Program::Patroni);
            }
            Fault::StandbyKilled => {
                self.machine(standby).kill_database().await;
                sleep(length).await;
                self.machine(standby).start(Program::Patroni);
            }
            Fault::StandbyFrozen => {
                self.machine(standby).signal_database("STOP").await;
                sleep(length).await;
                self.machine(standby).signal_database("CONT").await;
            }
            Fault::Switchover => self.switch_over(&roles, standby).await,
            Fault::EtcdKilled => self.without_etcd(&[roles.primary], length).await,
            Fault::EtcdsKilled => self.without_etcd(&[standby, other], length).await,
        }
        self.become_whole().await;
        self.log.note(|at| Entry::Ended { at, fault: ended });
        println!("{name}: whole again after {:.1} s", began.elapsed().as_secs_f64());
    }

    fn machine(&mut self, number: usize) -> &mut Machine {
        &mut self.machines.all[number]
    }

    /// Waits until another machine takes writes. Before that, what the old primary acknowledges the new one has as well.
    async fn replaced(&self, before: usize, by: usize) {
        let began = Instant::now();
        while !self.is_replaced(before, by).await.unwrap_or(false) {
            assert!(began.elapsed() < REPLACE_TIME_MAX, "no other primary after {REPLACE_TIME_MAX:?}");
            sleep(LOOK_PAUSE).await;
        }
    }

    async fn is_replaced(&self, before: usize, by: usize) -> sqlx::Result<bool> {
        let address = self.machines.all[by].to_primary("postgres", "PASSWORD-OF-POSTGRES", "postgres");
        let asked = async {
            let mut connection = PgConnection::connect(&address).await?;
            let row = sqlx::raw_sql(WHO).fetch_one(&mut connection).await?;
            let (address, is_standby): (String, bool) = (row.try_get(0)?, row.try_get(1)?);
            Ok(address != self.machines.all[before].address && !is_standby)
        };
        timeout(STRAY_TIME_MAX, asked).await.unwrap_or(Ok(false))
    }

    /// Asks a primary that was replaced to write something, past HAProxy.
    async fn stray(&mut self, number: usize) {
        let address = self.machines.all[number].direct("duban", "PASSWORD-OF-DUBAN", "duban");
        let write = async {
            let mut connection = PgConnection::connect(&address).await?;
            sqlx::query("INSERT INTO strays VALUES ($1)").bind(&address).execute(&mut connection).await
        };
        let outcome = timeout(STRAY_TIME_MAX, write).await;
        println!("a write on a primary that was replaced: {outcome:?}");
        self.strays.push(matches!(outcome, Ok(Ok(_))));
    }

    async fn switch_over(&self, roles: &Roles, standby: usize) {
        let (from, to) = (&self.machines.all[roles.primary], &self.machines.all[standby]);
        let arguments = ["switchover", "--master", &from.name, "--candidate", &to.name, "--force"];
        let said = from.patronictl(&arguments).await;
        assert!(said.is_ok(), "{said:?}");
    }

    async fn without_etcd(&mut self, numbers: &[usize], length: Duration) {
        for number in numbers {
            self.machine(*number).kill(Program::Etcd).await;
        }
        sleep(length).await;
        for number in numbers {
            self.machine(*number).start(Program::Etcd);
        }
    }
}
