//! Three machines as the guide to high availability has them, on addresses of loopback: etcd, PostgreSQL under Patroni, HAProxy and
//! a node on each.

use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use serde_json::Value as Json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};
use tokio::time::timeout;

use crate::cluster;
use crate::node::{Node, Plan};

/// How many machines there are.
pub const MACHINES: usize = 3;

/// The files of the guide, as they stand in its repository.
const ETCD: &str = include_str!("../high-availability/etcd");
const PATRONI: &str = include_str!("../high-availability/patroni.yml");
const HAPROXY: &str = include_str!("../high-availability/haproxy.cfg");

/// The ports in those files: of etcd for clients and for each other, of PostgreSQL, of Patroni, of HAProxy.
const PORTS: [&str; 5] = ["2379", "2380", "5432", "8008", "5000"];

/// The network in those files.
const NETWORK: &str = "10.0.0.";

/// Makes a directory for all data, and ends what was started when its input ends, however the trial ends.
const GUARD: &str = r#"
directory=$(mktemp -d /tmp/duban-machines-XXXXXX)
end() {
    for file in "$directory"/*/*.pid; do kill -s KILL "$(cat "$file")"; done
    for file in "$directory"/*/postgresql/duban/postmaster.pid; do
        postmaster=$(head -n 1 "$file")
        kill -s QUIT "$postmaster" && kill -s CONT "$postmaster"
        for _ in 1 2 3 4 5 6 7 8 9 10; do kill -0 "$postmaster" && sleep 0.5; done
    done
    rm -rf "$directory"
}
trap 'end 2>/dev/null' EXIT
echo "$directory"
read -r _
"#;

/// How long Patroni may take to say what it knows.
const ANSWER_TIME_MAX: Duration = Duration::from_secs(2);

/// A program of a machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Program {
    /// One of three that together know who is primary.
    Etcd,
    /// What starts, stops and promotes PostgreSQL.
    Patroni,
    /// The node's way to the primary.
    Haproxy,
}

/// A machine.
#[derive(Debug)]
pub struct Machine {
    /// What it is called: `db1`.
    pub name: String,
    /// Its address.
    pub address: String,
    /// How its node is started.
    pub plan: Plan,
    /// Its node.
    pub node: Option<Node>,
    folder: PathBuf,
    logs: PathBuf,
    ports: [u16; PORTS.len()],
    programs: Vec<(Program, Child)>,
}

/// The machines, until they are dropped.
#[derive(Debug)]
pub struct Machines {
    /// Each of them.
    pub all: Vec<Machine>,
    _guard: std::process::Child,
}

/// Who is what, as Patroni says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Roles {
    /// The number of the primary.
    pub primary: usize,
    /// The number of the one without which the primary answers nothing.
    pub standby: Option<usize>,
    /// How many follow, the standby among them.
    pub followers: usize,
}

impl Machines {
    /// Machines on which nothing runs yet. What they log goes to a folder.
    ///
    /// # Panics
    /// When this machine has no place or no ports for them.
    pub fn new(program: &str, processes: &Path, logs: &Path) -> Self {
        let mut command = cluster::shell();
        command.args(["-c", GUARD, "sh"]).current_dir("/").stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut guard =
            command.spawn().expect("`sh` (as root also `runuser`, which takes the user `postgres`) is there");
        let mut line = String::new();
        let output = guard.stdout.take().expect("its output is piped");
        BufReader::new(output).read_line(&mut line).expect("its output can be read");
        let folder = PathBuf::from(line.trim());
        let id = std::process::id();
        let network = format!("127.{}.{}.", 1 + id / 250 % 250, id % 250);
        let addresses: Vec<String> = (1..=MACHINES).map(|number| format!("{network}{number}")).collect();
        let ports = PORTS.map(|_| free_port(&addresses));
        let machine = |(number, address): (usize, &String)| {
            let database = format!("postgres://duban:PASSWORD-OF-DUBAN@{address}:{}/duban", ports[4]);
            let name = format!("db{number}");
            let mut plan = Plan::new(program, &database, processes);
            plan.log = Some(logs.join(format!("{name}-node.log")));
            let (folder, logs) = (folder.join(&name), logs.to_owned());
            let machine =
                Machine { name, address: address.clone(), plan, node: None, folder, logs, ports, programs: vec![] };
            machine.furnish(&network);
            machine
        };
        Self { all: (1..).zip(&addresses).map(machine).collect(), _guard: guard }
    }

    /// Who is what, as the first Patroni says that answers.
    pub async fn roles(&self) -> Option<Roles> {
        for machine in &self.all {
            let Ok(Some(said)) = timeout(ANSWER_TIME_MAX, machine.ask_patroni()).await else { continue };
            let members = said["members"].as_array()?;
            let running = || members.iter().filter(|member| member["state"] == "running");
            let named = |role: &str| running().find(|member| member["role"] == role)?["name"].as_str();
            let number = |name: &str| self.all.iter().position(|machine| machine.name == name);
            let primary = number(named("leader")?)?;
            let timeline = |member: &&Json| member["timeline"] == running_timeline(members);
            let followers = running().filter(|member| member["role"] != "leader").filter(timeline).count();
            return Some(Roles { primary, standby: named("sync_standby").and_then(number), followers });
        }
        None
    }
}

/// The timeline of the primary.
fn running_timeline(members: &[Json]) -> Json {
    members.iter().find(|member| member["role"] == "leader").map_or(Json::Null, |member| member["timeline"].clone())
}

/// A port that nobody uses at any of several addresses. No port of the files is part of it, because it takes the place of one.
fn free_port(addresses: &[String]) -> u16 {
    loop {
        let first = TcpListener::bind((addresses[0].as_str(), 0)).expect("this machine has free ports");
        let port = first.local_addr().expect("it is bound").port();
        let is_free = |address: &String| TcpListener::bind((address.as_str(), port)).is_ok();
        let is_plain = PORTS.iter().all(|other| !port.to_string().contains(other));
        if is_plain && addresses[1..].iter().all(is_free) {
            return port;
        }
    }
}

impl Machine {
    /// Puts the files of the guide into the machine's folder, with its own name, addresses and ports.
    fn furnish(&self, network: &str) {
        let owned = fs::create_dir_all(&self.folder).and_then(|()| self.give(&self.folder));
        owned.expect("the folder of the trial is ours");
        let here = self.folder.display().to_string();
        for (name, text) in [("etcd", ETCD), ("patroni.yml", PATRONI), ("haproxy.cfg", HAPROXY)] {
            let text = text.replace("THIS_NAME", &self.name).replace("THIS_ADDRESS", &self.address);
            // Whoever connects from loopback to loopback comes from 127.0.0.1.
            let text = text.replace("127.0.0.1", &self.address).replace("10.0.0.0/24", "127.0.0.0/8");
            let text = text.replace(NETWORK, network);
            let text =
                PORTS.iter().zip(self.ports).fold(text, |text, (port, own)| text.replace(port, &own.to_string()));
            let text = text.replace("/var/lib/postgresql/15", &format!("{here}/postgresql"));
            let text = text.replace("/var/lib/etcd", &here).replace("/var/run/postgresql", &here);
            fs::write(self.folder.join(name), text).expect("the folder of the trial is ours");
        }
        let data = self.folder.join("postgresql");
        fs::create_dir_all(&data).and_then(|()| self.give(&data)).expect("the folder of the trial is ours");
    }

    /// Lets whoever runs PostgreSQL own a folder.
    fn give(&self, folder: &Path) -> std::io::Result<()> {
        let (user, group) = self.owner();
        std::os::unix::fs::chown(folder, Some(user), Some(group))
    }

    /// Who runs PostgreSQL.
    fn owner(&self) -> (u32, u32) {
        let parent = self.folder.parent().expect("it lies in the guard's directory");
        let owner = fs::metadata(parent).expect("the guard made it");
        (owner.uid(), owner.gid())
    }

    /// Starts a program.
    ///
    /// # Panics
    /// When it is not installed.
    pub fn start(&mut self, program: Program) {
        let path = |name: &str| self.folder.join(name).display().to_string();
        let (name, arguments) = match program {
            Program::Etcd => ("etcd", vec![]),
            Program::Patroni => ("patroni", vec![path("patroni.yml")]),
            Program::Haproxy => ("haproxy", vec!["-db".to_owned(), "-f".to_owned(), path("haproxy.cfg")]),
        };
        let log = File::options().create(true).append(true).open(self.logs.join(format!("{}-{name}.log", self.name)));
        let log = log.expect("the folder of the trial is ours");
        let (user, group) = self.owner();
        let search = std::env::var("PATH").unwrap_or_default() + ":/usr/sbin";
        let mut command = Command::new("env");
        command.arg(format!("PATH={search}")).arg(name).args(arguments);
        command.uid(user).gid(group).current_dir(&self.folder).env("HOME", &self.folder).kill_on_drop(true);
        command.envs(if program == Program::Etcd { self.settings_of_etcd() } else { vec![] });
        command.stdin(Stdio::null()).stdout(log.try_clone().expect("it is open")).stderr(log);
        let child = command.spawn().expect("`env` is part of every system");
        fs::write(self.folder.join(format!("{name}.pid")), child.id().unwrap_or(0).to_string())
            .expect("the folder of the trial is ours");
        self.programs.push((program, child));
    }

    /// The file of etcd is one of settings for its environment.
    fn settings_of_etcd(&self) -> Vec<(String, String)> {
        let text = fs::read_to_string(self.folder.join("etcd")).expect("it was written above");
        let settings = text.lines().filter_map(|line| line.split_once('='));
        settings.map(|(name, value)| (name.to_owned(), value.trim_matches('"').to_owned())).collect()
    }

    /// Kills a program; nothing of it runs any more when this returns. PostgreSQL goes on without Patroni.
    ///
    /// # Panics
    /// When it does not run.
    pub async fn kill(&mut self, program: Program) {
        let place = self.programs.iter().position(|(own, _)| *own == program).expect("it was started");
        let (_, mut child) = self.programs.swap_remove(place);
        child.kill().await.expect("it is our own process");
        let name = match program {
            Program::Etcd => "etcd.pid",
            Program::Patroni => "patroni.pid",
            Program::Haproxy => "haproxy.pid",
        };
        let _ = fs::remove_file(self.folder.join(name));
    }

    /// Whether a program ended by itself.
    pub fn has_ended(&mut self, program: Program) -> bool {
        let own = self.programs.iter_mut().find(|(own, _)| *own == program);
        own.is_none_or(|(_, child)| child.try_wait().is_ok_and(|ended| ended.is_some()))
    }

    /// The processes of PostgreSQL, the first of which started the others.
    fn postgres(&self) -> Vec<u32> {
        let file = self.folder.join("postgresql/duban/postmaster.pid");
        let text = fs::read_to_string(file).unwrap_or_default();
        let Some(first) = text.lines().next().and_then(|line| line.trim().parse().ok()) else { return vec![] };
        let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
        let ids = processes.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
        std::iter::once(first).chain(ids.filter(|id| parent_of(*id) == Some(first))).collect()
    }

    /// Sends PostgreSQL a signal, each of its processes.
    pub async fn signal_postgres(&self, name: &str) {
        signal(name, &self.postgres()).await;
    }

    /// Sends PostgreSQL a signal, and Patroni too.
    pub async fn signal_database(&self, name: &str) {
        let patroni = self.programs.iter().filter(|(program, _)| *program == Program::Patroni);
        let patroni = patroni.filter_map(|(_, child)| child.id());
        signal(name, &patroni.chain(self.postgres()).collect::<Vec<u32>>()).await;
    }

    /// Kills Patroni and PostgreSQL.
    pub async fn kill_database(&mut self) {
        self.signal_database("KILL").await;
        self.kill(Program::Patroni).await;
    }

    /// Kills everything on it, as when its power fails.
    pub async fn lose(&mut self) {
        self.kill_database().await;
        self.kill(Program::Etcd).await;
        self.kill(Program::Haproxy).await;
        if let Some(node) = self.node.take() {
            node.kill().await;
        }
    }

    /// The address of a database on this machine itself, whether it is primary or not.
    pub fn direct(&self, user: &str, password: &str, database: &str) -> String {
        format!("postgres://{user}:{password}@{}:{}/{database}", self.address, self.ports[2])
    }

    /// The address of a database on the primary, by way of this machine's HAProxy.
    pub fn to_primary(&self, user: &str, password: &str, database: &str) -> String {
        format!("postgres://{user}:{password}@{}:{}/{database}", self.address, self.ports[4])
    }

    /// Runs `patronictl` with the machine's file; answers what it said, when it went well.
    ///
    /// # Errors
    /// With what it said otherwise.
    pub async fn patronictl(&self, arguments: &[&str]) -> Result<String, String> {
        let file = self.folder.join("patroni.yml");
        let output = Command::new("patronictl").arg("-c").arg(file).args(arguments).output().await;
        let output = output.expect("patronictl comes with Patroni");
        let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        if output.status.success() { Ok(said) } else { Err(said) }
    }

    async fn ask_patroni(&self) -> Option<Json> {
        let mut stream = TcpStream::connect((self.address.as_str(), self.ports[3])).await.ok()?;
        stream.write_all(b"GET /cluster HTTP/1.0\r\n\r\n").await.ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.ok()?;
        serde_json::from_str(answer.split_once("\r\n\r\n")?.1).ok()
    }
}

/// The process that started another one.
fn parent_of(id: u32) -> Option<u32> {
    let text = fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
    // The name before it may hold anything, brackets included.
    text.rsplit_once(')')?.1.split_whitespace().nth(1)?.parse().ok()
}

/// Sends a signal to processes, of which some may have gone meanwhile.
async fn signal(name: &str, ids: &[u32]) {
    let ids = ids.iter().map(u32::to_string);
    let sent = Command::new("kill").args(["-s", name]).args(ids).stderr(Stdio::null()).status().await;
    sent.expect("`kill` is part of every system");
}
