//! Golden tests: a bad YAML file in, exactly the text an author is shown out.
//!
//! Each `diagnostics/yaml/NAME.yaml` has its text in `NAME.txt`. `DUBAN_BLESS=1` writes them anew; read the change.

use std::fs;
use std::path::{Path, PathBuf};

use duban_engine::diagnostic::{Source, Sources, render};
use duban_engine::yaml;

#[test]
fn bad_yaml_is_explained_as_the_golden_files_say() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/diagnostics/yaml");
    let mut inputs: Vec<PathBuf> = fs::read_dir(&directory)
        .expect("the directory of golden files exists")
        .map(|entry| entry.expect("an entry can be read").path())
        .filter(|path| path.extension().is_some_and(|end| end == "yaml"))
        .collect();
    inputs.sort();
    assert!(!inputs.is_empty());

    let wrong: Vec<String> = inputs.iter().filter_map(|path| differs(path)).collect();

    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What is shown for a file, if it is not what its golden file says.
fn differs(path: &Path) -> Option<String> {
    let bytes = fs::read(path).expect("the input can be read");
    let name = path.file_name().expect("it is a file").to_string_lossy();
    let mut sources = Sources::new();
    let id = sources.add(Source::new(name.as_ref(), &bytes));
    let (_root, found) = yaml::read(&bytes, id);
    let shown = render(&found, &sources, false);
    let golden = path.with_extension("txt");
    if std::env::var_os("DUBAN_BLESS").is_some() {
        fs::write(&golden, &shown).expect("the golden file can be written");
        return None;
    }
    let wanted = fs::read_to_string(&golden).unwrap_or_default();
    (shown != wanted).then(|| format!("{name}: wanted\n{wanted}\nshown\n{shown}"))
}
