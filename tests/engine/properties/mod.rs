//! Random sound processes under random commands: what must hold for every case holds for each of them.
//!
//! `DUBAN_SEED=n` plays other processes; `DUBAN_CASES=n` plays more of them.

mod openings;
mod play;
mod seen;

use std::cell::{Cell, RefCell};

use proptest::prelude::{any, prop};
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestError, TestRng, TestRunner};

use seen::Seen;

/// How many processes are played when nothing else is said.
const CASES: u32 = 400;

thread_local! {
    /// Whether panics on this thread are expected, so that nothing is printed while a failure is made smaller.
    static IS_QUIET: Cell<bool> = const { Cell::new(false) };
}

fn be_quiet_here() {
    let usual = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if !IS_QUIET.get() {
            usual(panic);
        }
    }));
    IS_QUIET.set(true);
}

fn number(variable: &str, otherwise: u32) -> u32 {
    std::env::var(variable).ok().and_then(|text| text.parse().ok()).unwrap_or(otherwise)
}

#[test]
fn every_case_keeps_the_rules_whatever_its_process_and_its_commands() {
    let seed = number("DUBAN_SEED", 1);
    let bytes: Vec<u8> = seed.to_le_bytes().into_iter().cycle().take(32).collect();
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
    let config = Config {
        cases: number("DUBAN_CASES", CASES),
        failure_persistence: None,
        max_shrink_iters: number("DUBAN_SHRINK", 300),
        ..Config::default()
    };
    let mut runner = TestRunner::new_with_rng(config, rng);
    let seen = RefCell::new(Seen::default());
    be_quiet_here();

    let played = runner.run(&prop::collection::vec(any::<u32>(), 300..1_200), |tape| {
        let played = std::panic::catch_unwind(|| play::play(&tape));
        match played {
            Ok(found) => {
                seen.borrow_mut().add(found);
                Ok(())
            }
            Err(panic) => {
                let text = panic.downcast_ref::<String>().cloned();
                let text = text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
                Err(TestCaseError::fail(text.unwrap_or_else(|| "panicked".to_owned())))
            }
        }
    });

    let failure = match played {
        Ok(()) => None,
        Err(TestError::Fail(reason, tape)) => Some(format!("DUBAN_SEED={seed}: {reason}\n{}", play::tell(&tape))),
        Err(TestError::Abort(reason)) => Some(reason.to_string()),
    };
    IS_QUIET.set(false);
    assert_eq!(failure.unwrap_or_default(), "");
    let seen = seen.into_inner();
    println!("{}", seen.figures());
    assert_eq!(seen.never(), Vec::<String>::new(), "what never took part");
}
