//! The organisation of a folder under the definitions that are live: who left is out, whatever else in the folder is wrong.

use std::collections::{BTreeMap, BTreeSet};

use duban_engine::library::{Holds, holds};
use duban_engine::organization::Organization;

use crate::folder::Folder;

/// The texts of a set by path.
type Texts = BTreeMap<String, String>;

/// The files that are live, with the organisation that a folder has.
///
/// # Errors
/// The files that may hold a part of the organisation and are not whole: without them, people would be missing who
/// never left.
pub fn renewed(live: &Texts, folder: &Folder) -> Result<Texts, BTreeSet<String>> {
    let lives: BTreeMap<&String, Holds> =
        live.iter().map(|(path, text)| (path, holds(path, text.as_bytes()))).collect();
    let lives_as = |path: &String| lives.get(path).copied();
    let others = live.iter().filter(|(path, _)| lives_as(path) != Some(Holds::Organization));
    let mut renewed: Texts = others.map(|(path, text)| (path.clone(), text.clone())).collect();
    // A folder that does not open may have any of the files in it.
    let unreadable = folder.refused.keys().filter(|path| lives_as(path) != Some(Holds::Other));
    let mut unclear: BTreeSet<String> = unreadable.cloned().collect();
    let mut is_there = false;
    for (path, bytes) in &folder.files {
        match (holds(path, bytes), lives_as(path)) {
            (Holds::Organization, _) => {
                is_there = true;
                renewed.insert(path.clone(), String::from_utf8_lossy(bytes).into_owned());
            }
            (Holds::Other, Some(Holds::Organization)) | (Holds::Unsure, None | Some(Holds::Organization)) => {
                unclear.insert(path.clone());
            }
            (Holds::Other, _) | (Holds::Unsure, Some(Holds::Other | Holds::Unsure)) => {}
        }
    }
    if !is_there {
        // A set without any organisation is not meant by a folder that is wrong.
        unclear.extend(live.keys().filter(|path| lives_as(path) == Some(Holds::Organization)).cloned());
    }
    if unclear.is_empty() { Ok(renewed) } else { Err(unclear) }
}

/// How many people one organisation has that another has not.
pub fn count_missing(of: &Organization, from: &Organization) -> usize {
    of.people.keys().filter(|person| !from.people.contains_key(*person)).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ORGANIZATION: &str = "people: {li: {name: 李}, wang: {name: 王}}";
    const SMALLER: &str = "people: {li: {name: 李}}";
    const PROCESS: &str = "process: a\nsteps: {}";

    fn texts(files: &[(&str, &str)]) -> Texts {
        files.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect()
    }

    fn folder(files: &[(&str, &str)]) -> Folder {
        let files = files.iter().map(|(path, text)| ((*path).to_owned(), text.as_bytes().to_vec()));
        Folder { files: files.collect(), refused: BTreeMap::new() }
    }

    fn live() -> Texts {
        texts(&[("organization.yaml", ORGANIZATION), ("a/a.yaml", PROCESS), ("ledger.yaml", "marks: {}")])
    }

    #[test]
    fn the_organisation_comes_from_the_folder_and_all_else_from_what_is_live() {
        let wrong = folder(&[
            ("organization.yaml", SMALLER),
            ("a/a.yaml", "process: ["),
            ("ledger.yaml", "marks: ["),
            ("b/b.yaml", PROCESS),
        ]);
        let expected = texts(&[("organization.yaml", SMALLER), ("a/a.yaml", PROCESS), ("ledger.yaml", "marks: {}")]);
        assert_eq!(renewed(&live(), &wrong), Ok(expected));

        let moved = folder(&[("staff/people.yaml", SMALLER), ("a/a.yaml", "process: [")]);
        let expected = texts(&[("staff/people.yaml", SMALLER), ("a/a.yaml", PROCESS), ("ledger.yaml", "marks: {}")]);
        assert_eq!(renewed(&live(), &moved), Ok(expected));
    }

    #[test]
    fn nobody_leaves_because_a_file_is_broken() {
        let cases = [
            ("organization.yaml", folder(&[("organization.yaml", "people: {li: {name: 李}, wang: {")])),
            ("organization.yaml", folder(&[("organization.yaml", "calendar: cn\npeople: {li: {name: 李}}")])),
            ("organization.yaml", folder(&[("organization.yaml", "poeple: {li: {name: 李}}"), ("b.yaml", SMALLER)])),
            ("new.yaml", folder(&[("organization.yaml", SMALLER), ("new.yaml", "- [")])),
            ("organization.yaml", folder(&[("a/a.yaml", PROCESS)])),
            ("organization.yaml", folder(&[])),
        ];
        for (path, wrong) in cases {
            assert_eq!(renewed(&live(), &wrong), Err(BTreeSet::from([path.to_owned()])), "{wrong:?}");
        }
        let mut wrong = folder(&[("organization.yaml", SMALLER)]);
        wrong.refused.insert("staff".to_owned(), "this cannot be read".to_owned());
        assert_eq!(renewed(&live(), &wrong), Err(BTreeSet::from(["staff".to_owned()])));
        wrong.refused = BTreeMap::from([("a/a.yaml".to_owned(), "this cannot be read".to_owned())]);
        assert!(renewed(&live(), &wrong).is_ok(), "what is live there is a process");
    }
}
