//! Who is being sent something: one that is slow to answer keeps only what is its own waiting.

use std::collections::{BTreeMap, VecDeque};

use duban_engine::effect::Effect;
use jiff::Timestamp;

use crate::storage::outbox::Entry;

/// How many deliveries one receiver has at the same time.
pub const EACH_MAX: usize = 64;

/// The receivers, each with what is under way to it and what waits.
#[derive(Debug, Default)]
pub struct Receivers {
    all: BTreeMap<String, Receiver>,
    waiting: usize,
}

#[derive(Debug, Default)]
struct Receiver {
    running: usize,
    waiting: VecDeque<Entry>,
}

impl Receivers {
    /// Takes an entry, and gives it back when it may begin now.
    pub fn admit(&mut self, entry: Entry) -> Option<Entry> {
        let Some(name) = name(&entry) else { return Some(entry) };
        let receiver = self.all.entry(name).or_default();
        if receiver.running < EACH_MAX {
            receiver.running += 1;
            return Some(entry);
        }
        receiver.waiting.push_back(entry);
        self.waiting += 1;
        None
    }

    /// Notes that an entry is over; answers which begins in its place.
    pub fn end(&mut self, entry: &Entry) -> Option<Entry> {
        let name = name(entry)?;
        let receiver = self.all.get_mut(&name)?;
        let next = receiver.waiting.pop_front();
        if next.is_some() {
            self.waiting -= 1;
            return next;
        }
        receiver.running -= 1;
        if receiver.running == 0 {
            self.all.remove(&name);
        }
        None
    }

    /// How many wait.
    pub fn waiting(&self) -> usize {
        self.waiting
    }

    /// Takes those that wait and whose lease ends before an instant.
    pub fn take_waiting(&mut self, before: Timestamp) -> Vec<Entry> {
        let mut taken = Vec::new();
        for receiver in self.all.values_mut() {
            // They came in the order of their leases, nearly.
            while let Some(entry) = receiver.waiting.pop_front_if(|entry| entry.due_at.is_none_or(|due| due < before)) {
                taken.push(entry);
            }
        }
        self.waiting -= taken.len();
        taken
    }
}

/// Who is sent an entry; `None` for what stays inside, which takes no time.
fn name(entry: &Entry) -> Option<String> {
    match serde_json::from_str(&entry.effect).ok()? {
        Effect::SendWebhook { connection, .. } => Some(connection.to_string()),
        // The scheme and the host.
        Effect::QueueJob { job, .. } => job.request.map(|(_, url)| url.split('/').take(3).collect()),
        _ => None,
    }
}
