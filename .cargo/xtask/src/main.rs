//! `cargo up` runs the product with sample data; `cargo suite` runs every test. Only std, so that it is built in a second.

mod suite;

use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

const HELP: &str = "\
cargo up [ARGUMENTS OF `duban serve`]   build the server and run it with sample data on this machine
cargo suite                             install what the tests need, then run every check and test
";

fn main() -> ExitCode {
    let mut arguments = env::args().skip(1);
    let command = arguments.next();
    let rest: Vec<String> = arguments.collect();
    let root = root();
    match command.as_deref() {
        Some("up") => up(&root, &rest),
        Some("suite") if rest.is_empty() => suite::run(&root),
        _ => {
            eprint!("{HELP}");
            ExitCode::from(2)
        }
    }
}

/// The top of this checkout. Asked at run time, so that a copied `target` does not lead to another one.
fn root() -> PathBuf {
    let own = env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from).unwrap_or_default();
    own.ancestors().nth(2).map(Path::to_owned).unwrap_or(own)
}

/// The cargo that runs this program.
fn cargo(root: &Path) -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root);
    command
}

fn up(root: &Path, arguments: &[String]) -> ExitCode {
    eprintln!("正在编译服务，首次需要几分钟…… / Building the server, the first time takes minutes …");
    let built = cargo(root).args(["build", "--release", "--package", "duban"]).status();
    if !built.is_ok_and(|status| status.success()) {
        return ExitCode::FAILURE;
    }
    let target = env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from);
    let mut server = Command::new(target.join("release").join("duban"));
    server.current_dir(root).args(["serve", "--demo"]);
    for (option, value) in [("--database", "sqlite:data/duban.sqlite"), ("--processes", "processes")] {
        if !arguments.iter().any(|argument| argument.starts_with(option)) {
            server.args([option, value]);
        }
    }
    server.args(arguments);
    replace(server)
}

/// Becomes the server, so that signals reach it.
#[cfg(unix)]
fn replace(mut server: Command) -> ExitCode {
    let error = std::os::unix::process::CommandExt::exec(&mut server);
    eprintln!("the server does not start: {error}");
    ExitCode::FAILURE
}

/// Runs the server.
#[cfg(not(unix))]
fn replace(mut server: Command) -> ExitCode {
    match server.status() {
        Ok(status) if status.success() => ExitCode::SUCCESS,
        _ => ExitCode::FAILURE,
    }
}
