//! The tutorial is done as it is written: its files are saved, its commands run, and what they print is compared.
//!
//! A block `yaml file=PATH` is a file, `diff of=PATH` a change to one, `console` commands with what they print, `console
//! server` starts the server, and `log` is what the server then writes. Identities, tokens and times are compared as such.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use regex::Regex;

/// How long the server may take for what it does by itself.
const PATIENCE: Duration = Duration::from_secs(120);

/// The port that the tutorial writes.
const PORT: &str = "8080";

/// What ends the output of a command.
const END: &str = "--- that was all ---";

/// What is another one each time.
const CHANGING: [(&str, &str); 7] = [
    (r"\b[0-9a-f]{32}\b", "CASE"),
    (r"duban_[A-Za-z0-9_-]{40,}", "TOKEN"),
    (r"\d{4}-\d\d-\d\dT[0-9:.]+Z", "INSTANT"),
    (r"in [0-9.]+ s \([0-9]+ scenarios/s\)", "in TIME"),
    (r"took_ms=\d+", "took_ms=TIME"),
    // Next year's calendar is not in the tutorial.
    (r#""provisional":(true|false)"#, "PROVISIONAL"),
    (r"http://127\.0\.0\.1:\d+", "ADDRESS"),
];

fn alike(text: &str) -> String {
    let mut text = text.to_owned();
    for (pattern, word) in CHANGING {
        text = Regex::new(pattern).expect("the pattern is right").replace_all(&text, word).into_owned();
    }
    text
}

struct Block {
    line: usize,
    info: Vec<String>,
    text: String,
}

impl Block {
    fn value(&self, key: &str) -> Option<&str> {
        self.info.iter().find_map(|word| word.strip_prefix(key)?.strip_prefix('='))
    }

    fn is(&self, word: &str) -> bool {
        self.info.iter().any(|found| found == word)
    }

    /// The commands, each with what it prints.
    fn commands(&self) -> Vec<(String, String)> {
        let mut found: Vec<(String, String)> = Vec::new();
        for line in self.text.lines() {
            match (line.strip_prefix("$ "), found.last_mut()) {
                (Some(command), _) => found.push((command.to_owned(), String::new())),
                (None, Some((_, printed))) => printed.push_str(&format!("{line}\n")),
                (None, None) => {}
            }
        }
        found
    }
}

fn blocks() -> Vec<Block> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/tutorial.md");
    let document = fs::read_to_string(path).expect("the tutorial is there");
    let (mut found, mut open) = (Vec::new(), None::<Block>);
    for (line, text) in (1..).zip(document.lines()) {
        match (&mut open, text.strip_prefix("```")) {
            (Some(_), Some(_)) => found.extend(open.take()),
            (Some(block), None) => block.text += &format!("{text}\n"),
            (None, Some(info)) => {
                let info = info.split_whitespace().map(str::to_owned).collect();
                open = Some(Block { line, info, text: String::new() });
            }
            (None, None) => {}
        }
    }
    found
}

/// Whoever does the tutorial: a folder, a terminal, and the server's terminal.
struct Reader {
    folder: PathBuf,
    port: String,
    shell: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    server: Option<Child>,
    /// How much of the server's log has been read.
    heard: usize,
}

impl Drop for Reader {
    fn drop(&mut self) {
        for child in self.server.iter_mut().chain([&mut self.shell]) {
            // They may have ended by themselves.
            let _ = child.kill();
            let _ = child.wait();
        }
        let _ = fs::remove_dir_all(&self.folder);
    }
}

impl Reader {
    fn new() -> Self {
        let folder = std::env::temp_dir().join(format!("duban-tutorial-{}", std::process::id()));
        fs::create_dir_all(folder.join("processes")).expect("the system has a place for temporary files");
        let free = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let port = free.local_addr().expect("it listens").port().to_string();
        let program = Path::new(env!("CARGO_BIN_EXE_duban")).parent().expect("it is in a folder").to_owned();
        let others = std::env::var("PATH").unwrap_or_default();
        let mut shell = Command::new("bash")
            .current_dir(&folder)
            .env("PATH", format!("{}:{others}", program.display()))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("`bash` is there, and `curl` for the commands of the tutorial");
        let input = shell.stdin.take().expect("it is piped");
        let output = BufReader::new(shell.stdout.take().expect("it is piped"));
        let mut reader = Self { folder, port, shell, input, output, server: None, heard: 0 };
        reader.run("exec 2>&1");
        reader
    }

    fn run(&mut self, command: &str) -> String {
        let command = command.replace(PORT, &self.port);
        writeln!(self.input, "{command}\necho '{END}'").expect("the shell reads");
        let mut printed = String::new();
        loop {
            let mut line = String::new();
            let count = self.output.read_line(&mut line).expect("what it prints is text");
            assert!(count > 0, "the shell ended after `{command}`: {printed}");
            if line.trim_end() == END {
                return printed;
            }
            printed += &line;
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.join("processes").join(name)
    }

    fn save(&self, name: &str, text: &str) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().expect("it is in the folder")).expect("the folder is ours");
        fs::write(path, text).expect("the folder is ours");
    }

    fn change(&self, name: &str, block: &Block) {
        let mut text = fs::read_to_string(self.path(name)).expect("the file was saved before");
        let lines: Vec<&str> = block.text.lines().collect();
        for pair in lines.chunks(2) {
            let old = pair[0].strip_prefix('-').expect("a line goes");
            let new = pair[1].strip_prefix('+').expect("and another one comes");
            assert_eq!(text.lines().filter(|line| line == &old).count(), 1, "line {}: `{old}`", block.line);
            text = text.replacen(old, new, 1);
        }
        self.save(name, &text);
    }

    fn terminal(&self, name: &str) -> String {
        fs::read_to_string(self.folder.join(name)).expect("it was made with the server")
    }

    fn start_server(&mut self, expected: &str) {
        let file = |name: &str| File::create(self.folder.join(name)).expect("the folder is ours");
        let (out, log) = (file("server.out"), file("server.log"));
        let server = Command::new(env!("CARGO_BIN_EXE_duban"))
            .args(["serve", "--listen", &format!("127.0.0.1:{}", self.port)])
            .current_dir(&self.folder)
            .stdout(out)
            .stderr(log)
            .spawn();
        self.server = Some(server.expect("the program was built"));
        let begun = Instant::now();
        while self.terminal("server.out").lines().count() < expected.lines().count() {
            assert!(begun.elapsed() < PATIENCE, "the server did not start: {}", self.terminal("server.log"));
            std::thread::yield_now();
        }
        assert_eq!(alike(&self.terminal("server.out")), alike(expected));
        self.heard = self.terminal("server.log").len();
    }

    /// Waits until the server has written something to its log.
    fn hear(&mut self, block: &Block) {
        let (begun, expected) = (Instant::now(), alike(&block.text));
        loop {
            let log = self.terminal("server.log");
            if alike(&log[self.heard..]).contains(&expected) {
                self.heard = log.len();
                return;
            }
            let new = &log[self.heard..];
            assert!(begun.elapsed() < PATIENCE, "line {}: the server did not write this, but: {new}", block.line);
            std::thread::yield_now();
        }
    }
}

#[test]
fn the_tutorial_is_true_word_for_word() {
    let mut reader = Reader::new();
    let mut commands = 0;

    for block in blocks() {
        match (block.value("file"), block.value("of")) {
            (Some(name), _) => reader.save(name, &block.text),
            (None, Some(name)) => reader.change(name, &block),
            (None, None) if block.is("log") => reader.hear(&block),
            (None, None) if block.is("console") => {
                for (command, expected) in block.commands() {
                    commands += 1;
                    if block.is("server") {
                        assert_eq!(command, "duban serve");
                        reader.start_server(&expected);
                        continue;
                    }
                    let printed = reader.run(&command);
                    assert_eq!(alike(&printed), alike(&expected), "line {}: $ {command}", block.line);
                }
            }
            (None, None) => {}
        }
    }

    assert!(commands > 20, "the tutorial has commands: {commands}");
}
