//! Drawings are held to what their readers need: pictures to plain geometry, BPMN to its schema's rules.

#![expect(clippy::panic, reason = "a test that cannot go on fails with what it knows")]

mod geometry;
mod interchange;
mod looks;
mod picture;
mod samples;
mod xml;

use picture::Picture;
use samples::Sample;

/// How many random processes are drawn.
const RANDOM: u64 = 400;

/// What is wrong with each of the samples.
fn faults(samples: &[Sample], find: impl Fn(&Sample) -> Vec<String>) -> String {
    let told =
        samples.iter().flat_map(|sample| find(sample).into_iter().map(|fault| format!("{}: {fault}", sample.from)));
    told.collect::<Vec<String>>().join("\n")
}

fn random() -> Vec<Sample> {
    (0..RANDOM).filter_map(samples::random).collect()
}

#[test]
fn every_written_process_makes_a_readable_picture() {
    let samples = samples::written();

    let faults = faults(&samples, |sample| geometry::faults(&Picture::read(&sample.svg())));

    assert!(samples.len() > 30 && faults.is_empty(), "{} processes\n{faults}", samples.len());
}

#[test]
fn random_processes_make_readable_pictures() {
    let samples = random();

    let faults = faults(&samples, |sample| geometry::faults(&Picture::read(&sample.svg())));

    assert!(samples.len() > 300 && faults.is_empty(), "{} processes\n{faults}", samples.len());
}

#[test]
fn every_process_is_exported_as_sound_bpmn() {
    let samples: Vec<Sample> = samples::written().into_iter().chain(random()).collect();

    let faults = faults(&samples, |sample| interchange::faults(&sample.bpmn()));

    assert!(samples.len() > 300 && faults.is_empty(), "{} processes\n{faults}", samples.len());
}

fn hostile() -> Sample {
    let files = [vec![samples::file("hostile/hostile.yaml", include_str!("hostile.yaml"))], samples::around()].concat();
    samples::samples("hostile.yaml", &files).remove(0)
}

#[test]
fn titles_that_look_like_markup_stay_titles() {
    let sample = hostile();

    let [svg, bpmn] = [sample.svg(), sample.bpmn()];

    for (written, element, title) in [(&svg, "title", "title"), (&bpmn, "bpmn:process", "name")] {
        let root = xml::read(written);
        let found = root.children.iter().find(|child| child.name == element).expect("the title is there");
        let said = if element == title { &found.text } else { found.get(title) };
        assert_eq!(said, "</title><script>alert(1)</script> & \"quoted\"");
        let foreign = root.walk().into_iter().find(|found| ["script", "b", "i"].contains(&found.name.as_str()));
        assert!(foreign.is_none(), "{foreign:?}");
    }
    assert_eq!(geometry::faults(&Picture::read(&svg)), Vec::<String>::new());
    assert_eq!(interchange::faults(&bpmn), Vec::<String>::new());
}

#[test]
fn the_same_process_is_drawn_with_the_same_bytes() {
    let [once, again] = [samples::written(), samples::written()];

    for (one, other) in once.iter().zip(&again) {
        assert_eq!((one.svg(), one.bpmn()), (other.svg(), other.bpmn()), "{}", one.from);
    }
}

#[test]
fn a_picture_says_in_words_what_it_shows() {
    for sample in samples::written() {
        let root = xml::read(&sample.svg());

        let [title, description] = [&root.children[0], &root.children[1]];

        assert_eq!([root.get("role"), root.get("lang"), root.get("xml:lang")], ["img", "zh", "zh"], "{}", sample.from);
        assert_eq!([title.name.as_str(), description.name.as_str()], ["title", "desc"], "{}", sample.from);
        for label in root.all("g").filter(|group| group.has_class("exit")).flat_map(|group| group.all("title")) {
            assert!(description.text.contains(&label.text), "{}: {} is not told", sample.from, label.text);
        }
    }
}

#[test]
fn letters_and_lines_stand_out_from_their_paper_in_both_themes() {
    let root = xml::read(&hostile().svg());

    let style = root.all("style").next().expect("a picture has its style");

    assert_eq!(looks::faults(&style.text), Vec::<String>::new());
}
