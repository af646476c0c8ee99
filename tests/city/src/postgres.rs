//! A PostgreSQL server of a trial's own, reached over the network, that can be restarted.

use std::io::{BufRead, BufReader, Write};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Stdio};
use std::sync::{Mutex, PoisonError};

use crate::cluster;
use crate::node::free_address;
use crate::room::Room;

/// Starts a server in a directory of its own, does what it is told by each word it reads, and stops it when its input ends.
const SCRIPT: &str = r#"
set -e
bin=$1
directory=$(mktemp -d "$3/duban-postgres-XXXXXX")
options="-k $directory -c listen_addresses=127.0.0.1 -p $2 -c fsync=off -c max_connections=200 $4"
cleanup() { "$bin/pg_ctl" -D "$directory/data" -m immediate stop >/dev/null 2>&1 || true; rm -rf "$directory"; }
trap cleanup EXIT
"$bin/initdb" -D "$directory/data" -U duban -A trust -E UTF8 --locale=C --no-sync >"$directory/log" 2>&1
"$bin/pg_ctl" -D "$directory/data" -w -l "$directory/log" -o "$options" start >/dev/null
echo started
while read -r word; do
    mode=$word
    if [ "$word" = follow ]; then
        touch "$directory/data/standby.signal"
        mode=fast
    fi
    if [ "$word" = promote ]; then
        "$bin/pg_ctl" -D "$directory/data" -w promote >/dev/null
    else
        "$bin/pg_ctl" -D "$directory/data" -w -l "$directory/log" -o "$options" -m "$mode" restart >/dev/null
    fi
    echo "$word"
done
"#;

/// A server that runs until it is dropped.
#[derive(Debug)]
pub struct Postgres {
    /// Where it listens.
    pub address: SocketAddr,
    /// The disk that it is on, when it has one of its own.
    pub room: Option<Room>,
    talk: Mutex<(ChildStdin, BufReader<ChildStdout>)>,
    _server: Child,
}

impl Postgres {
    /// A new server with an empty database `postgres`, on a disk of its own or where temporary files are.
    ///
    /// # Panics
    /// When PostgreSQL is not installed, or does not start.
    pub fn start_in(room: Option<&Room>) -> Self {
        let bin = cluster::find_binaries().expect(cluster::INSTALL);
        let address = free_address();
        let mut command = cluster::shell();
        command.args(["-c", SCRIPT, "sh"]).arg(&bin).arg(address.port().to_string()).current_dir("/");
        command.arg(room.map_or(Path::new("/tmp"), Room::path));
        // On a small disk, what was committed long ago is not kept.
        command.arg(room.map_or("", |_| "-c max_wal_size=32MB"));
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut server =
            command.spawn().expect("`sh` (as root also `runuser`, which takes the user `postgres`) is there");
        let input = server.stdin.take().expect("its input is piped");
        let output = server.stdout.take().expect("its output is piped");
        let postgres =
            Self { address, room: room.cloned(), talk: Mutex::new((input, BufReader::new(output))), _server: server };
        postgres.hear("started");
        postgres
    }

    /// The address of its database, reached at this one of the network.
    pub fn database_at(address: SocketAddr) -> String {
        format!("postgres://duban@{address}/postgres")
    }

    /// Stops the server and starts it again: `fast`, or `immediate` as after a crash.
    ///
    /// # Panics
    /// When it does not come back.
    pub fn restart(&self, mode: &str) {
        self.tell(mode);
    }

    /// Stops the server and starts it as one that follows another, of which nothing comes.
    ///
    /// # Panics
    /// When it does not come back.
    pub fn follow(&self) {
        self.tell("follow");
    }

    /// Has a server that follows take writes.
    ///
    /// # Panics
    /// When it does not.
    pub fn promote(&self) {
        self.tell("promote");
    }

    fn tell(&self, word: &str) {
        let mut talk = self.talk.lock().unwrap_or_else(PoisonError::into_inner);
        writeln!(talk.0, "{word}").expect("the script reads until its input ends");
        drop(talk);
        self.hear(word);
    }

    fn hear(&self, word: &str) {
        let mut line = String::new();
        let mut talk = self.talk.lock().unwrap_or_else(PoisonError::into_inner);
        talk.1.read_line(&mut line).expect("its output can be read");
        assert_eq!(line.trim(), word, "PostgreSQL did not start");
    }
}
