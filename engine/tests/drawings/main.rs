//! Drawings are held to what their readers need: pictures to plain geometry, BPMN to its schema's rules.

#![expect(clippy::panic, reason = "a test that cannot go on fails with what it knows")]

mod geometry;
mod interchange;
mod picture;
mod samples;
mod xml;
#[path = "../../../tests/engine/properties/dice.rs"]
#[expect(dead_code, reason = "the engine's own properties use more of it")]
mod dice;
#[path = "../../../tests/engine/properties/generate.rs"]
mod generate;

use duban_engine::draw;

use picture::Picture;

/// How many random processes are drawn.
const RANDOM: u64 = 400;

#[test]
fn every_written_process_makes_a_readable_picture() {
    let processes = samples::written();

    let faults: Vec<String> = processes
        .iter()
        .flat_map(|(name, process)| {
            let faults = geometry::faults(&Picture::read(&draw::svg(process)));
            faults.into_iter().map(move |fault| format!("{name}: {fault}"))
        })
        .collect();

    assert!(processes.len() > 30 && faults.is_empty(), "{} processes\n{}", processes.len(), faults.join("\n"));
}

#[test]
fn random_processes_make_readable_pictures() {
    let sound: Vec<_> = (0..RANDOM).filter_map(|seed| Some((seed, samples::random(seed)?))).collect();

    let faults: Vec<String> = sound
        .iter()
        .flat_map(|(seed, process)| {
            let faults = geometry::faults(&Picture::read(&draw::svg(process)));
            faults.into_iter().map(move |fault| format!("seed {seed}: {fault}"))
        })
        .collect();

    assert!(
        sound.len() > 300 && faults.is_empty(),
        "{} pictures, {} faults\n{}",
        sound.len(),
        faults.len(),
        faults.join("\n")
    );
}

#[test]
fn every_process_is_exported_as_sound_bpmn() {
    let random = (0..RANDOM).filter_map(|seed| Some((format!("seed {seed}"), samples::random(seed)?)));
    let processes: Vec<_> = samples::written().into_iter().chain(random).collect();

    let faults: Vec<String> = processes
        .iter()
        .flat_map(|(name, process)| {
            let faults = interchange::faults(&draw::bpmn(process));
            faults.into_iter().map(move |fault| format!("{name}: {fault}"))
        })
        .collect();

    assert!(faults.is_empty(), "{} faults\n{}", faults.len(), faults.join("\n"));
}
