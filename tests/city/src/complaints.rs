//! Real requests: what people told New York's 311 about animals, moved into a year that the calendars know.

use std::path::PathBuf;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use serde_json::{Map, Value as Json, json};

use crate::chance::Chance;

/// The file, as it lies beside the project.
const FILE: &str = "data/nyc-311-animals.csv";

/// The year that the requests are moved to; they are of 2025, and neither year has a 29 February.
const YEAR: i16 = 2026;

/// How a request came in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Channel {
    /// Somebody called, and an operator wrote it down.
    Call,
    /// A letter to the mailbox.
    Letter,
    /// A text message.
    Text,
}

/// A request as it comes in.
#[derive(Clone, Debug)]
pub struct Complaint {
    /// Its number in the file.
    pub key: String,
    /// When it came.
    pub at: Timestamp,
    /// How it came.
    pub channel: Channel,
    /// What is known of it.
    pub fields: Map<String, Json>,
}

/// The columns that are read.
struct Columns {
    key: usize,
    created: usize,
    kind: usize,
    descriptor: usize,
    place: usize,
    address: usize,
    borough: usize,
}

/// Reads all requests, in the order in which they came.
///
/// # Panics
/// When the file is not there or not as expected, with what is needed.
pub fn read(seed: u64) -> Vec<Complaint> {
    let root = std::env::var_os("DUBAN_SHARED").map_or_else(beside_the_project, PathBuf::from);
    let path = root.join(FILE);
    let mut reader = csv::Reader::from_path(&path).unwrap_or_else(|error| {
        unavailable(&format!(
            "this test replays `{}` ({error}): put the data folder beside the project, or name its parent in DUBAN_SHARED",
            path.display()
        ))
    });
    let headers = reader.headers().map_or_else(|error| unavailable(&error.to_string()), Clone::clone);
    let find = |name: &str| {
        let found = headers.iter().position(|header| header.trim_start_matches('\u{feff}') == name);
        found.unwrap_or_else(|| unavailable(&format!("`{}` has no column `{name}`", path.display())))
    };
    let columns = Columns {
        key: find("Unique Key"),
        created: find("Created Date"),
        kind: find("Complaint Type"),
        descriptor: find("Descriptor"),
        place: find("Location Type"),
        address: find("Incident Address"),
        borough: find("Borough"),
    };
    let records = reader.records().map(|record| record.unwrap_or_else(|error| unavailable(&error.to_string())));
    let mut complaints: Vec<Complaint> =
        (0..).zip(records).map(|(row, record)| complaint(&record, &columns, &mut Chance::new(seed, row))).collect();
    complaints.sort_by(|one, two| (one.at, &one.key).cmp(&(two.at, &two.key)));
    complaints
}

fn beside_the_project() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared")
}

#[expect(clippy::panic, reason = "a test without its data cannot go on")]
fn unavailable(why: &str) -> ! {
    panic!("{why}")
}

fn complaint(record: &csv::StringRecord, columns: &Columns, chance: &mut Chance) -> Complaint {
    let cell = |column: usize| record.get(column).unwrap_or("").trim();
    let channel = match chance.below(100) {
        0..44 => Channel::Call,
        44..78 => Channel::Letter,
        _ => Channel::Text,
    };
    let key = cell(columns.key).to_owned();
    let place = format!("{} {}", cell(columns.address), cell(columns.borough));
    let content = format!("{}: {} ({})", cell(columns.kind), cell(columns.descriptor), cell(columns.place));
    let mut fields = Map::new();
    let mut know = |name: &str, value: Json| _ = fields.insert(name.to_owned(), value);
    know("content", json!(content));
    match channel {
        Channel::Call => {
            know("channel", json!("phone"));
            know("subject", json!(cell(columns.kind)));
            know("place", json!(place));
            know("category", json!(category(cell(columns.kind))));
            know("caller", json!(format!("反映人{key}")));
            know("phone", json!(phone(chance)));
            know("confidential", json!(chance.per_mille(50)));
        }
        Channel::Letter => {
            know("channel", json!("mailbox"));
            know("subject", json!(cell(columns.kind)));
            know("place", json!(place));
            if chance.per_mille(700) {
                know("phone", json!(phone(chance)));
            }
            if chance.per_mille(500) {
                know("category", json!(category(cell(columns.kind))));
            }
        }
        Channel::Text => {
            know("channel", json!("sms"));
            know("phone", json!(phone(chance)));
        }
    }
    Complaint { key, at: moved(cell(columns.created)), channel, fields }
}

fn phone(chance: &mut Chance) -> String {
    format!("1390{:07}", chance.below(10_000_000))
}

/// `3/14/2025 1:20` as the same day and time in the calendar's city.
fn moved(text: &str) -> Timestamp {
    let at = DateTime::strptime("%m/%d/%Y %H:%M", text).unwrap_or_else(|error| unavailable(&error.to_string()));
    let zone = TimeZone::get("Asia/Shanghai").unwrap_or_else(|error| unavailable(&error.to_string()));
    let at = at.with().year(YEAR).build().and_then(|at| at.to_zoned(zone));
    at.unwrap_or_else(|error| unavailable(&error.to_string())).timestamp()
}

/// The city's own word for a kind of complaint.
fn category(kind: &str) -> &'static str {
    match kind {
        "Dead Animal" => "sanitation",
        "Unsanitary Animal Pvt Property" | "Unsanitary Animal Facility" => "pollution",
        "Animal-Abuse" => "security",
        "Illegal Animal Kept as Pet" | "Illegal Animal Sold" => "registry",
        "Pet Shop" | "Animal Facility - No Permit" => "business",
        _ => "other",
    }
}
