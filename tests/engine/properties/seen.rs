//! What took part in the random runs, so that nothing of the language goes untested unseen.

use std::collections::BTreeMap;

use duban_engine::event::Event;
use duban_engine::rejection::Rejection;
use duban_tests::town::{Stored, Town};

/// What took part in a run, by word.
#[derive(Debug, Default)]
pub struct Seen {
    /// Processes.
    pub processes: u64,
    /// Commands.
    pub commands: u64,
    refused: u64,
    events: BTreeMap<String, u64>,
    words: BTreeMap<&'static str, u64>,
    rejections: BTreeMap<String, u64>,
}

/// Words of the language that must take part: each is counted when an entered step carries it.
const WORDS: [&str; 72] = [
    "actions:",
    "steps:",
    "branches:",
    "each:",
    "call:",
    "job:",
    "wait:",
    "choose:",
    "decide:",
    "do:",
    "close:",
    "by:",
    "not_by:",
    "same_as:",
    "assign:",
    "when:",
    "fields:",
    "deadline:",
    "listen:",
    "on_enter:",
    "on_leave:",
    "goto:",
    "repeat:",
    "lock:",
    "join: all",
    "join: any",
    "join: 2",
    "join: none",
    "join: =",
    "rest: continue",
    "pace: one-at-a-time",
    "after_each:",
    "goto: back",
    "goto: end",
    "every:",
    "light:",
    "until:",
    "set:",
    "notify:",
    "webhook:",
    "document:",
    "mark:",
    "start:",
    "send:",
    "extend:",
    "pause:",
    "resume:",
    "restart:",
    "assign: {to",
    "release:",
    "add:",
    "drop:",
    "finish:",
    "leave:",
    "urge:",
    "raise: {urgency",
    "raise: {incident",
    "at_most:",
    "seal:",
    "require:",
    "form:",
    "failed:",
    "wait: {when: '",
    "listen: [{when: '",
    "join: '=",
    "in(s",
    "times(a",
    "last(a",
    "late(s",
    "due(s",
    "[done]",
    "not(in(",
];

/// Events that must happen in a long run.
const EVENTS: [&str; 40] = [
    "case_opened",
    "fields_set",
    "step_entered",
    "step_left",
    "step_passed",
    "step_skipped",
    "action_taken",
    "action_withdrawn",
    "task_offered",
    "task_assigned",
    "task_released",
    "deadline_set",
    "deadline_moved",
    "deadline_paused",
    "rung_passed",
    "timer_set",
    "timer_passed",
    "listener_heard",
    "condition_turned",
    "message_taken",
    "item_added",
    "item_dropped",
    "child_opened",
    "child_closed",
    "child_cancelled",
    "job_queued",
    "job_done",
    "job_failed",
    "lock_awaited",
    "lock_taken",
    "notified",
    "webhook_raised",
    "document_filed",
    "marked",
    "case_started",
    "message_sent",
    "urged",
    "urgency_raised",
    "incident_raised",
    "case_closed",
];

impl Seen {
    /// Adds what another run saw.
    pub fn add(&mut self, other: Self) {
        self.processes += other.processes;
        self.commands += other.commands;
        self.refused += other.refused;
        for (name, count) in other.events {
            *self.events.entry(name).or_insert(0) += count;
        }
        for (name, count) in other.words {
            *self.words.entry(name).or_insert(0) += count;
        }
        for (name, count) in other.rejections {
            *self.rejections.entry(name).or_insert(0) += count;
        }
    }

    /// What should have taken part and never did.
    pub fn never(&self) -> Vec<String> {
        let words = WORDS.iter().filter(|word| !self.words.contains_key(*word)).map(|word| (*word).to_owned());
        let events = EVENTS.iter().filter(|event| !self.events.contains_key(**event)).map(|event| (*event).to_owned());
        words.chain(events).collect()
    }

    /// The counts as text.
    pub fn figures(&self) -> String {
        let events: u64 = self.events.values().sum();
        let (processes, commands, refused) = (self.processes, self.commands, self.refused);
        format!(
            "{processes} processes, {commands} commands, {refused} refused, {events} events\n{:?}\n{:?}",
            self.events, self.rejections
        )
    }

    /// Notes the words of a process.
    pub fn read(&mut self, text: &str) {
        for word in WORDS.iter().filter(|word| text.contains(**word)) {
            *self.words.entry(word).or_insert(0) += 1;
        }
    }

    /// Notes what was stored.
    pub fn note(&mut self, town: &Town, stored: &[Stored]) {
        for (resident, transition) in stored {
            for event in &town.residents[*resident].history[*transition].events {
                let tag = serde_json::to_value(event).expect("an event is plain data")["event"].clone();
                *self.events.entry(tag.as_str().unwrap_or_default().to_owned()).or_insert(0) += 1;
            }
        }
    }

    /// Notes a refusal.
    pub fn refuse(&mut self, rejection: &Rejection) {
        self.refused += 1;
        let code = serde_json::to_value(rejection).expect("a rejection is plain data")["code"].clone();
        *self.rejections.entry(code.as_str().unwrap_or_default().to_owned()).or_insert(0) += 1;
    }
}

/// An event's word is in the list of those that must happen; a new event does not compile until it is added here.
#[test]
fn every_event_is_listed_among_those_that_must_happen() {
    let all = crate::stored_events::one_of_each();

    let missing: Vec<String> = all
        .iter()
        .map(|event: &Event| {
            serde_json::to_value(event).expect("an event is plain data")["event"]
                .as_str()
                .unwrap_or_default()
                .to_owned()
        })
        // No command makes it: it stands for the removal of values outside of the engine.
        .filter(|tag| tag != "private_removed" && !EVENTS.contains(&tag.as_str()))
        .collect();

    assert_eq!(missing, Vec::<String>::new());
}
