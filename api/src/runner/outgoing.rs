//! What a transition leaves to be done: entries for the outbox, jobs for workers, notices and documents.

use duban_engine::case::Case;
use duban_engine::effect::{Effect, effects};
use duban_engine::event::{Event, Transition, Way};
use duban_engine::ids::{CaseId, Name, VisitId};
use jiff::{SignedDuration, Timestamp};

use super::definitions::Definition;
use super::projection::reader;
use super::rendering::{Rendered, Scene, render, untitled};
use crate::storage::documents::Document;
use crate::storage::jobs::Queued;
use crate::storage::json;
use crate::storage::notices::Notice;
use crate::storage::outbox::Entry;

/// How long whoever began with an entry has it to themself; longer than a request may take.
pub const LEASE: SignedDuration = SignedDuration::from_secs(60);

/// How long all texts of one transition may be together: a notice to each of a thousand people has some pages.
const TEXTS_BYTES_MAX: usize = 8 * 1024 * 1024;

/// Jobs that the server does itself, by an HTTP request.
pub const HTTP: &str = "http";

/// What an entry says that could not be told because there is no such way.
pub const NO_CHANNEL: &str = "no channel";

/// What a batch leaves to be done.
#[derive(Debug, Default)]
pub struct Outgoing {
    /// For the dispatcher.
    pub entries: Vec<Entry>,
    /// For workers.
    pub jobs: Vec<Queued>,
    /// Visits that wait for no job any more.
    pub ended_jobs: Vec<(CaseId, VisitId)>,
    /// For the inbox.
    pub notices: Vec<Notice>,
    /// For the files.
    pub documents: Vec<Document>,
    /// Texts that could not be made since this was last taken: the visits, and why.
    pub troubles: Vec<(VisitId, String)>,
}

/// The key of what an event asks for.
pub fn key(case: CaseId, sequence: u32, position: usize) -> String {
    format!("{case}-{sequence}-{position}")
}

impl Outgoing {
    /// Adds what a transition asks for; `before` and `after` are the case around it.
    pub fn add(&mut self, definition: &Definition, before: &Case, after: &Case, transition: &Transition) {
        self.end_jobs(before, after, transition);
        let scene = Scene { definition, before, after };
        let (case, at) = (after.id, transition.at);
        let mut texts_left = TEXTS_BYTES_MAX;
        for (position, event) in transition.events.iter().enumerate() {
            let Some(effect) = effects(event, after.caller.as_ref()) else { continue };
            let id = key(case, transition.sequence, position);
            match &effect {
                Effect::Notify { to, template, ways } => {
                    self.entries.extend(unheard(&id, case, transition.sequence, &effect, at));
                    if !ways.contains(&Way::Inbox) {
                        continue;
                    }
                    let text = self.text(&scene, template, visit_of(event), &mut texts_left);
                    for (number, candidate) in to.iter().enumerate() {
                        let [unit, duty, person] = reader(candidate).map(str::to_owned);
                        let id = format!("{id}-{number}");
                        let (template, created_at) = (template.clone(), at);
                        let (title, text) = (text.title.clone(), text.body.clone());
                        let read_at = None;
                        let notice =
                            Notice { id, unit, duty, person, case, template, title, text, created_at, read_at };
                        self.notices.push(notice);
                    }
                }
                Effect::MakeDocument { template, to } => {
                    let text = self.text(&scene, template, visit_of(event), &mut texts_left);
                    let (template, unit) = (template.clone(), to.clone());
                    let (title, body) = (text.title, text.body);
                    self.documents.push(Document { id, case, template, unit, title, body, created_at: at });
                }
                Effect::QueueJob { visit, job } if job.topic != HTTP => {
                    let (topic, job) = (job.topic.clone(), json(job));
                    let (visit, worker) = (*visit, None);
                    self.jobs.push(Queued { id, case, visit, topic, job, queued_at: at, free_at: at, worker });
                }
                Effect::QueueJob { .. }
                | Effect::SendWebhook { .. }
                | Effect::OpenCase { .. }
                | Effect::CancelCase { .. }
                | Effect::TellCaller { .. }
                | Effect::SendMessage { .. } => {
                    self.entries.push(entry(id, case, transition.sequence, &effect, at));
                }
            }
        }
    }

    /// A text from its template; what cannot be made has the case's title, and is noted.
    fn text(&mut self, scene: &Scene<'_>, template: &Name, visit: VisitId, left: &mut usize) -> Rendered {
        let too_much = || format!("the texts of one transition are longer than {TEXTS_BYTES_MAX} bytes");
        let made = if *left == 0 { Err(too_much()) } else { render(scene, template, visit) };
        let made = made.and_then(|text| {
            let rest = left.checked_sub(text.title.len() + text.body.len());
            *left = rest.unwrap_or(0);
            rest.map(|_| text).ok_or_else(too_much)
        });
        made.unwrap_or_else(|why| {
            if !self.troubles.iter().any(|(_, known)| *known == why) {
                self.troubles.push((visit, why));
            }
            untitled(scene)
        })
    }

    fn end_jobs(&mut self, before: &Case, after: &Case, transition: &Transition) {
        let waits = |case: &Case, visit: &VisitId| case.visits.get(visit).is_some_and(|visit| visit.job.is_some());
        let ended = before.visits.keys().filter(|visit| waits(before, visit) && !waits(after, visit)).copied();
        let failed = transition.events.iter().filter_map(|event| match event {
            Event::JobFailed { visit, .. } => Some(*visit),
            _ => None,
        });
        let ended: Vec<(CaseId, VisitId)> = ended.chain(failed).map(|visit| (after.id, visit)).collect();
        self.jobs.retain(|job| !ended.contains(&(job.case, job.visit)));
        self.ended_jobs.extend(ended);
    }
}

/// An entry that this node begins with at once: it is held from the start.
fn entry(id: String, case: CaseId, sequence: u32, effect: &Effect, at: Timestamp) -> Entry {
    let effect = json(effect);
    let due_at = Some(at + LEASE);
    Entry { id, case, sequence, effect, created_at: at, due_at, attempts: 1, done_at: None, error: None }
}

/// An entry that is over from the start: ways out of the product need a gateway, and there is none. It shows who was
/// not told by which way.
fn unheard(id: &str, case: CaseId, sequence: u32, effect: &Effect, at: Timestamp) -> Option<Entry> {
    let Effect::Notify { to, template, ways } = effect else { return None };
    let ways: Vec<Way> = ways.iter().filter(|way| **way != Way::Inbox).copied().collect();
    let names: Vec<&str> = ways.iter().map(|way| name_of(*way)).collect();
    let error = (!names.is_empty()).then(|| format!("{NO_CHANNEL} for {}", names.join(" and ")))?;
    let effect = Effect::Notify { to: to.clone(), template: template.clone(), ways };
    let (attempts, error) = (0, Some(error));
    let entry = entry(id.to_owned(), case, sequence, &effect, at);
    Some(Entry { due_at: None, attempts, done_at: Some(at), error, ..entry })
}

fn name_of(way: Way) -> &'static str {
    match way {
        Way::Inbox => "inbox",
        Way::Mail => "mail",
        Way::Sms => "sms",
    }
}

fn visit_of(event: &Event) -> VisitId {
    match event {
        Event::Notified { visit, .. } | Event::DocumentFiled { visit, .. } => *visit,
        _ => VisitId::CASE,
    }
}
