//! The processes that are drawn: the shipped ones, those of the documents, the golden runs', and random ones.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use duban_engine::diagnostic::render;
use duban_engine::draw;
use duban_engine::library::Library;
use duban_engine::process::Process;
use duban_tests::dice::Dice;
use duban_tests::generate;

/// Files by path.
pub type Files = Vec<(String, Vec<u8>)>;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn text(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// A file.
pub fn file(path: &str, text: &str) -> (String, Vec<u8>) {
    (path.to_owned(), text.as_bytes().to_vec())
}

/// A process with what it stands in.
pub struct Sample {
    /// Where it is written.
    pub from: String,
    library: Arc<Library>,
    process: Arc<Process>,
}

impl Sample {
    /// Its picture.
    pub fn svg(&self) -> String {
        draw::svg(&self.process, &self.library)
    }

    /// Its export.
    pub fn bpmn(&self) -> String {
        draw::bpmn(&self.process, &self.library)
    }
}

/// The processes of a set of files.
pub fn samples(from: &str, files: &Files) -> Vec<Sample> {
    let library = Library::compile(files)
        .unwrap_or_else(|unsound| panic!("{from}:\n{}", render(&unsound.diagnostics, &unsound.sources, false)));
    let library = Arc::new(library);
    let all = library.processes.iter();
    all.map(|(name, process)| Sample {
        from: format!("{from}: {name}"),
        library: library.clone(),
        process: process.clone(),
    })
    .collect()
}

fn shipped() -> Files {
    let mut folders = vec![root().join("processes")];
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        let entries = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
        for entry in entries {
            let path = entry.expect("the folder is read").path();
            let name = path.strip_prefix(root().join("processes")).expect("it is in there").display().to_string();
            match path.is_dir() {
                true => folders.push(path),
                false if name.ends_with(".yaml") || name.ends_with(".hbs") => {
                    files.push((name, fs::read(&path).expect("the file is read")));
                }
                false => {}
            }
        }
    }
    files.sort();
    files
}

/// The blocks of a document that are whole files, a later version in place of an earlier one.
fn files_of(name: &str) -> Files {
    let mut files = Files::new();
    for block in text(&format!("docs/{name}")).split("\n```").skip(1) {
        let (info, body) = block.split_once('\n').unwrap_or_default();
        let path = info.split(' ').find_map(|word| word.strip_prefix("file="));
        if let Some(path) = path.filter(|_| !info.contains("wrong")) {
            files.retain(|(known, _)| known != path);
            files.push(file(path, body));
        }
    }
    files
}

/// Every process that is written somewhere in this project, by where it is.
pub fn written() -> Vec<Sample> {
    let mut found = samples("processes", &shipped());
    let readme = text("README.md");
    let pothole = readme.split("```yaml\n").nth(1).and_then(|block| block.split("```").next()).unwrap_or_default();
    let mut files = shipped();
    files.push(file("pothole/pothole.yaml", pothole));
    found.extend(samples("README.md", &files).into_iter().filter(|sample| sample.from.ends_with("pothole")));
    found.extend(["language.md", "tutorial.md"].iter().flat_map(|name| samples(name, &files_of(name))));
    let mut runs: Vec<PathBuf> = fs::read_dir(root().join("tests/golden/runs"))
        .expect("the golden runs are there")
        .map(|entry| entry.expect("the folder is read").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "yaml"))
        .collect();
    runs.sort();
    for run in runs {
        let text = fs::read_to_string(&run).expect("the file is read");
        let processes = text.split("---\n").filter(|part| part.contains("process: "));
        let files: Files = (0..).zip(processes).map(|(number, part)| file(&format!("{number}/p.yaml"), part)).collect();
        found.extend(samples(&run.file_name().unwrap_or_default().to_string_lossy(), &[files, around()].concat()));
    }
    found
}

/// The files around the golden runs and the random processes.
pub fn around() -> Files {
    let names = ["around", "calendar", "common", "marks", "webhooks"];
    let data = names.iter().map(|name| file(&format!("{name}.yaml"), &text(&format!("tests/golden/{name}.yaml"))));
    let templates = ["slip", "reminder"].iter().map(|name| file(&format!("templates/{name}.hbs"), "subject: it\n"));
    data.chain(templates).collect()
}

/// A random process, the same for the same seed; none when what was thrown is not sound.
pub fn random(seed: u64) -> Option<Sample> {
    let mut state = seed;
    let tape: Vec<u32> = (0..1_200).map(|_| roll(&mut state)).collect();
    let text = generate::process(&mut Dice::new(&tape));
    let files = [vec![file("p/p.yaml", &text), file("child/child.yaml", generate::CHILD)], around()].concat();
    let library = Arc::new(Library::compile(&files).ok()?);
    let process = library.processes.get("p")?.clone();
    Some(Sample { from: format!("seed {seed}"), library, process })
}

/// The next number of a well-mixed row (SplitMix64 by Steele, Lea and Flood, 2014).
fn roll(state: &mut u64) -> u32 {
    *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let mut mixed = *state;
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    u32::try_from((mixed ^ (mixed >> 31)) >> 32).expect("half of the bits are left")
}
