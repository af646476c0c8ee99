//! Databases to test on: a fresh file, and a fresh database on a PostgreSQL server that lives as long as the tests.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use duban::storage::Database;

/// Starts a server in a directory of its own and stops it when the tests end, however they end: then its input closes.
const SCRIPT: &str = r#"
set -e
bin=$1
directory=$(mktemp -d /tmp/duban-postgres-XXXXXX)
cleanup() { "$bin/pg_ctl" -D "$directory/data" -m immediate stop >/dev/null 2>&1 || true; rm -rf "$directory"; }
trap cleanup EXIT
"$bin/initdb" -D "$directory/data" -U duban -A trust -E UTF8 --locale=C --no-sync >"$directory/log" 2>&1
"$bin/pg_ctl" -D "$directory/data" -w -l "$directory/log" \
    -o "-k $directory -c listen_addresses= -c fsync=off -c max_connections=400 -c logging_collector=on \
        -c log_destination=jsonlog -c log_directory=$directory -c log_filename=said.log -c log_rotation_size=0" start >/dev/null
echo "$directory"
read -r _ || true
"#;

/// What to do when there is no PostgreSQL.
pub const INSTALL: &str = "these tests start a PostgreSQL 15 or later of their own: install it (Debian: \
    `apt-get install postgresql`), or set DUBAN_POSTGRES_BIN to the directory with initdb and pg_ctl";

/// Starts a pooler before the server in a directory, on a socket there, and stops it in the same way. It gives every transaction
/// another session as soon as it has two.
const POOLER: &str = r#"
set -e
cat >"$1/pgbouncer.ini" <<END
[databases]
* = host=$1 user=duban
[pgbouncer]
listen_addr =
listen_port = 6432
unix_socket_dir = $1
auth_type = any
pool_mode = transaction
default_pool_size = 8
server_round_robin = 1
max_client_conn = 500
logfile = $1/pgbouncer.log
END
PATH=$PATH:/usr/sbin
pgbouncer --quiet "$1/pgbouncer.ini" &
pooler=$!
trap 'kill $pooler' EXIT
until test -S "$1/.s.PGSQL.6432"; do kill -0 $pooler; sleep 0.05; done
echo ready
read -r _ || true
"#;

struct Cluster {
    directory: String,
    _server: Child,
}

static CLUSTER: OnceLock<Cluster> = OnceLock::new();
static POOLING: OnceLock<Child> = OnceLock::new();
static NEXT: AtomicU32 = AtomicU32::new(1);

/// Runs a test on a fresh database of each kind, given by its address.
pub async fn on_each_database(test: impl AsyncFn(String)) {
    let file = SqliteFile::default();
    println!("on SQLite:");
    test(file.address()).await;
    println!("on PostgreSQL:");
    test(postgres().await).await;
}

/// A file for a database, gone when dropped.
pub struct SqliteFile(PathBuf);

impl Default for SqliteFile {
    /// A path that nothing uses.
    fn default() -> Self {
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        Self(std::env::temp_dir().join(format!("duban-test-{}-{number}.sqlite", std::process::id())))
    }
}

impl SqliteFile {
    /// The address of the database in it.
    pub fn address(&self) -> String {
        format!("sqlite:{}", self.0.display())
    }
}

impl Drop for SqliteFile {
    fn drop(&mut self) {
        for suffix in ["", "-wal", "-shm", "-nodes"] {
            let mut path = self.0.clone().into_os_string();
            path.push(suffix);
            let _ = std::fs::remove_file(path);
        }
    }
}

/// A fresh database on the server.
pub async fn postgres() -> String {
    let cluster = CLUSTER.get_or_init(start);
    let name = format!("test_{}", NEXT.fetch_add(1, Ordering::Relaxed));
    let address = |database: &str| format!("postgres://duban@localhost/{database}?host={}", cluster.directory);
    let mut connection = <sqlx::PgConnection as sqlx::Connection>::connect(&address("postgres"))
        .await
        .expect("the server was started above");
    sqlx::Executor::execute(&mut connection, sqlx::AssertSqlSafe(format!("CREATE DATABASE {name}")))
        .await
        .expect("every test names its own database");
    address(&name)
}

/// What the server says, one JSON a line.
pub fn said() -> PathBuf {
    PathBuf::from(&CLUSTER.get().expect("a test has a database on the server").directory).join("said.json")
}

/// The address of a database on the server, by way of a pooler in transaction mode.
pub fn pooled(address: &str) -> String {
    let cluster = CLUSTER.get().expect("the database is on the server");
    POOLING.get_or_init(|| {
        let (pooler, said) = run(POOLER, &cluster.directory);
        assert_eq!(said, "ready", "these tests need PgBouncer: install it (Debian: `apt-get install pgbouncer`)");
        pooler
    });
    address.replace("@localhost/", "@localhost:6432/")
}

fn start() -> Cluster {
    let bin = find_binaries().expect(INSTALL);
    let bin = bin.to_str().expect("the path is UTF-8");
    let (server, directory) = run(SCRIPT, bin);
    assert!(!directory.is_empty(), "PostgreSQL in {bin} did not start");
    Cluster { directory, _server: server }
}

/// Runs a script as somebody who may run a server; answers the first line that it says.
fn run(script: &str, argument: &str) -> (Child, String) {
    let mut running = shell()
        .args(["-c", script, "sh", argument])
        .current_dir("/")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("`sh` (as root also `runuser`, which takes the user `postgres`) is there");
    let mut line = String::new();
    let output = running.stdout.take().expect("its output is piped");
    BufReader::new(output).read_line(&mut line).expect("its output can be read");
    (running, line.trim().to_owned())
}

/// A shell of somebody who may run PostgreSQL, which root may not.
pub fn shell() -> Command {
    let is_root = std::fs::metadata("/proc/self").is_ok_and(|own| std::os::unix::fs::MetadataExt::uid(&own) == 0);
    if !is_root {
        return Command::new("sh");
    }
    let mut command = Command::new("runuser");
    command.args(["-u", "postgres", "--", "sh"]);
    command
}

/// Where `initdb` and `pg_ctl` are, if PostgreSQL is installed.
pub fn find_binaries() -> Option<PathBuf> {
    if let Some(path) = std::env::var_os("DUBAN_POSTGRES_BIN") {
        return Some(path.into());
    }
    let installed = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let packaged = installed.filter_map(|entry| {
        let version: u32 = entry.file_name().to_str()?.parse().ok()?;
        (version >= 15).then(|| (version, entry.path().join("bin")))
    });
    let on_path = || {
        let path = std::env::var_os("PATH")?;
        std::env::split_paths(&path).find(|directory| directory.join("initdb").exists())
    };
    packaged.max().map(|(_, bin)| bin).or_else(on_path)
}

/// Opens the database that a test was given.
pub async fn open(address: &str) -> Database {
    Database::open(address).await.expect("the address is of a fresh database")
}

/// An empty folder that nobody else uses.
pub fn scratch() -> PathBuf {
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let path = std::env::temp_dir().join(format!("duban-test-{}-{number}", std::process::id()));
    std::fs::create_dir_all(&path).expect("the system has a place for temporary files");
    path
}

/// A folder that is removed with the test.
pub struct Folder(pub PathBuf);

impl Default for Folder {
    /// An empty one.
    fn default() -> Self {
        Self(scratch())
    }
}

impl Folder {
    /// Where something lies in it.
    pub fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// The same as text.
    pub fn text(&self, name: &str) -> String {
        self.path(name).to_str().expect("the system's temporary folder is UTF-8").to_owned()
    }

    /// The address of a database in it.
    pub fn address(&self, name: &str) -> String {
        format!("sqlite:{}", self.text(name))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
