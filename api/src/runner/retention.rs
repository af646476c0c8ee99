//! Retention: the private values of cases that closed long ago are removed for good; what happened stays.

use std::collections::BTreeMap;

use duban_engine::effect::{Effect, effects};
use duban_engine::event::{Actor, EVENT_VERSION, Event, Transition};
use duban_engine::ids::{CaseId, Name};
use jiff::Timestamp;

use super::history::{fold, restore, store};
use super::outgoing::key;
use super::private;
use super::projection::{self, Changes};
use super::{Runner, Shared};
use crate::storage::documents::{self, Document};
use crate::storage::notices::{self, Notice};
use crate::storage::outbox::{self, Entry};
use crate::storage::transitions::{self, Stored, histories, remove_private, with_private_after};
use crate::storage::{Cell, Error, Result, Traces, Writes, cases, incidents, json};

/// How often the same cases are tried again because another node moved one of them first.
const CONFLICTS_MAX: usize = 8;

/// Which private values are to be removed.
#[derive(Clone, Debug)]
pub struct Retention {
    /// Those of cases that were closed before this instant.
    pub closed_before: Timestamp,
    /// Those of one process only.
    pub process: Option<Name>,
    /// Who has them removed; the histories say so.
    pub by: Name,
    /// Whether a database in a file may be written anew in the end, so that no byte is left; nobody else writes meanwhile.
    pub may_rewrite: bool,
}

/// What was removed, or would be.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Retained {
    /// How many cases had private values.
    pub cases: u64,
    /// How many values they had.
    pub values: u64,
    /// How many notices and documents lost their text.
    pub texts: u64,
    /// Cases that were left as they are, because deliveries of theirs are not over.
    pub waiting: Vec<CaseId>,
    /// Whether bytes of what was removed may still lie in the files of the database, and who removes those.
    pub traces: Traces,
}

impl Retained {
    fn add(&mut self, other: Self) {
        self.cases += other.cases;
        self.values += other.values;
        self.texts += other.texts;
        self.waiting.extend(other.waiting);
    }
}

impl Runner {
    /// What [`Runner::retain`] would remove now.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn retainable(&self, retention: &Retention) -> Result<Retained> {
        let mut all = Retained::default();
        let mut after = None;
        while let Some(found) = Removal::next(&self.shared, retention, after).await? {
            after = Some(found.last);
            all.add(found.removed);
        }
        Ok(all)
    }

    /// Removes the private values of cases that closed long ago, with all that was made from them, a few cases in each
    /// transaction; whatever ends it in between, the next time goes on. The chains of hashes hold.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn retain(&self, retention: &Retention) -> Result<Retained> {
        let shared = &*self.shared;
        let mut all = Retained::default();
        let (mut after, mut conflicts) = (None, 0);
        while let Some(found) = Removal::next(shared, retention, after).await? {
            if found.removed.cases > 0 {
                shared.database.note_traces().await?;
                match found.write(shared).await {
                    Err(Error::Conflict(_)) if conflicts < CONFLICTS_MAX => {
                        conflicts += 1;
                        continue;
                    }
                    done => done?,
                }
            }
            conflicts = 0;
            after = Some(found.last);
            all.add(found.removed);
        }
        all.traces = match shared.database.remove_traces(retention.may_rewrite).await? {
            Traces::OnServer if all.cases == 0 => Traces::Gone,
            traces => traces,
        };
        Ok(all)
    }
}

/// What is written for some cases in one transaction.
struct Removal {
    removed: Retained,
    /// The last case that was looked at.
    last: CaseId,
    cases: Vec<CaseId>,
    /// The hashes of their last transitions.
    hashes: Vec<String>,
    transitions: Vec<Vec<Cell>>,
    changes: Changes,
    notices: Vec<Notice>,
    documents: Vec<Document>,
    entries: Vec<Entry>,
}

impl Removal {
    /// What is to be removed from the next few cases after one of them (or from the first).
    async fn next(shared: &Shared, retention: &Retention, after: Option<CaseId>) -> Result<Option<Self>> {
        let Retention { closed_before, process, by, may_rewrite: _ } = retention;
        let limit = i64::try_from(shared.settings.batch_max).unwrap_or(i64::MAX);
        let found = with_private_after(&shared.database, *closed_before, process.as_ref(), after, limit).await?;
        let Some(last) = found.last().copied() else { return Ok(None) };
        let mut removal = Self {
            removed: Retained::default(),
            last,
            cases: Vec::new(),
            hashes: Vec::new(),
            transitions: Vec::new(),
            changes: Changes::default(),
            notices: Vec::new(),
            documents: Vec::new(),
            entries: Vec::new(),
        };
        for (case, history) in histories(&shared.database, found).await? {
            let entries = outbox::of_case(&shared.database, case).await?;
            if entries.iter().all(|entry| entry.done_at.is_some()) {
                removal.add(shared, case, history, entries, by).await?;
            } else {
                removal.removed.waiting.push(case);
            }
        }
        Ok(Some(removal))
    }

    async fn add(
        &mut self,
        shared: &Shared,
        case: CaseId,
        mut history: Vec<Stored>,
        entries: Vec<Entry>,
        by: &Name,
    ) -> Result<()> {
        let (Some(before), Some(last)) = (fold(case, &history)?, history.last()) else { return Ok(()) };
        let (process, version) = (&before.case.process, &before.case.version);
        let process = shared.definitions.version(&shared.database, process, version).await?.process;
        let transition = Transition {
            sequence: last.sequence + 1,
            at: shared.clock.now().max(before.updated_at),
            by: Actor::Administrator(by.clone()),
            version: EVENT_VERSION,
            events: vec![Event::PrivateRemoved],
        };
        history.push(store(case, &process, &transition, &before.hash, &*shared.salts));
        let mut values = 0;
        for stored in &mut history {
            let count = stored.private.take().and(stored.digests.as_deref()).map_or(0, private::count);
            values += u64::try_from(count).expect("a count is a number of 64 bits");
        }
        let Some(after) = fold(case, &history)? else { return Ok(()) };
        let state = projection::state(&before, &process);
        self.changes.add(&state, projection::state(&after, &process));
        self.transitions.extend(history.last().map(Stored::cells));
        self.blank(shared, case, &projection::title(&after.case, &process)).await?;
        self.entries.extend(anew(&history, entries, &after.case)?);
        self.cases.push(case);
        self.hashes.push(before.hash);
        self.removed.cases += 1;
        self.removed.values += values;
        Ok(())
    }

    /// Takes the texts of notices and documents away: nobody knows which words in them are private.
    async fn blank(&mut self, shared: &Shared, case: CaseId, title: &str) -> Result<()> {
        let notices = notices::of_case(&shared.database, case).await?;
        let documents = documents::of_case(&shared.database, case).await?;
        self.removed.texts += u64::try_from(notices.len() + documents.len()).expect("a count is a number of 64 bits");
        let notices =
            notices.into_iter().map(|notice| Notice { title: title.to_owned(), text: String::new(), ..notice });
        self.notices.extend(notices);
        let blank = |document| Document { title: title.to_owned(), body: String::new(), ..document };
        self.documents.extend(documents.into_iter().map(blank));
        Ok(())
    }

    async fn write(&self, shared: &Shared) -> Result<()> {
        let mut transaction = shared.database.begin().await?;
        let mut writes = Writes::default();
        cases::expect(&mut writes, self.cases.iter().copied().zip(self.hashes.iter().map(String::as_str)));
        writes.insert(&transitions::TABLE, &self.transitions);
        self.changes.write(&mut writes);
        transaction.write(&writes).await?;
        remove_private(&mut transaction, &self.cases).await?;
        incidents::empty(&mut transaction, &self.cases).await?;
        for notice in &self.notices {
            notices::rewrite(&mut transaction, notice).await?;
        }
        for document in &self.documents {
            documents::rewrite(&mut transaction, document).await?;
        }
        for entry in &self.entries {
            outbox::rewrite(&mut transaction, entry).await?;
        }
        transaction.commit().await?;
        for case in &self.cases {
            shared.cache.invalidate(case);
        }
        Ok(())
    }
}

/// Entries with the effects that the history has now, and without what the other side said.
fn anew(history: &[Stored], mut entries: Vec<Entry>, after: &duban_engine::case::Case) -> Result<Vec<Entry>> {
    let mut made = BTreeMap::new();
    for stored in history {
        for (position, event) in restore(stored)?.events.iter().enumerate() {
            // A notice carries no values, and what is kept of it is only what could not be delivered.
            if let Some(effect) = effects(event, after.caller.as_ref()).filter(|effect| !is_notice(effect)) {
                made.insert(key(after.id, stored.sequence, position), json(&effect));
            }
        }
    }
    for entry in &mut entries {
        entry.error = None;
        if let Some(effect) = made.remove(&entry.id) {
            entry.effect = effect;
        }
    }
    Ok(entries)
}

fn is_notice(effect: &Effect) -> bool {
    matches!(effect, Effect::Notify { .. })
}
