//! What one file of a process set holds, told without the others: for those who take a part of a set alone.

use super::Sorted;
use crate::diagnostic::{Diagnostics, Severity, SourceId};
use crate::yaml;

/// What a file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holds {
    /// Units, duties or people, and its YAML is sound.
    Organization,
    /// Something else: a process, a scenario, a template …
    Other,
    /// It cannot be told, and may be units, duties or people.
    Unsure,
}

/// What a file holds, by its path in the set's folder and its bytes. A file that is broken holds something else only
/// where nothing that comes after the break could make it an organisation.
pub fn holds(path: &str, bytes: &[u8]) -> Holds {
    if !path.ends_with(".yaml") && !path.ends_with(".yml") {
        return Holds::Other;
    }
    let (node, found) = yaml::read(bytes, SourceId(0));
    let is_broken = found.iter().any(|finding| finding.severity == Severity::Error);
    let Some(node) = node else { return Holds::Unsure };
    let mut sorted = Sorted::default();
    sorted.sort(SourceId(0), node, &mut Diagnostics::new());
    // These are told by keys that count before those of an organisation.
    let is_certain = !sorted.processes.is_empty() || !sorted.scenarios.is_empty() || !sorted.calendars.is_empty();
    let is_known = is_certain || !sorted.lists.is_empty() || !sorted.marks.is_empty() || !sorted.webhooks.is_empty();
    match is_broken {
        true if is_certain => Holds::Other,
        true => Holds::Unsure,
        false if !sorted.organizations.is_empty() => Holds::Organization,
        false if is_known => Holds::Other,
        false => Holds::Unsure,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_an_organisation_only_when_it_is_whole() {
        let cases = [
            ("people: {li: {name: 李}}", Holds::Organization),
            ("units: {}\npeople: [", Holds::Unsure),
            ("poeple: {li: {name: 李}}", Holds::Unsure),
            ("process: a\nsteps: [", Holds::Other),
            ("calendar: [", Holds::Other),
            ("calendar: cn\npeople: {li: {name: 李}}", Holds::Other),
            ("marks: [", Holds::Unsure),
            ("marks: {}", Holds::Other),
            ("scenario: 一\nthen: [", Holds::Other),
            ("", Holds::Unsure),
            ("people: {}\npeople: {}", Holds::Unsure),
        ];
        for (text, expected) in cases {
            assert_eq!(holds("a.yaml", text.as_bytes()), expected, "{text}");
        }
        assert_eq!(holds("a.yml", b"people: \xff"), Holds::Unsure);
        assert_eq!(holds("templates/a.hbs", b"people: {}"), Holds::Other);
    }
}
