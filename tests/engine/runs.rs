//! Golden runs: a few steps and commands in, the history out.

use duban_tests::{golden, script};

#[test]
fn every_run_has_the_history_that_its_golden_file_says() {
    let runs = golden::files(&golden::folder("runs"), "yaml");

    let wrong: Vec<String> = runs
        .iter()
        .filter_map(|run| {
            let played = std::panic::catch_unwind(|| script::play(&golden::text(run)));
            match played {
                Ok(log) => golden::differs(&run.with_extension("log"), &log),
                Err(panic) => {
                    let text = panic.downcast_ref::<String>().cloned();
                    Some(format!("{}: {}", run.display(), text.unwrap_or_else(|| "panicked".to_owned())))
                }
            }
        })
        .collect();

    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
