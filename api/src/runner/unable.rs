//! What the clock asks of a case and the case cannot do: it is told once in the case, and tried again after a rest.

use duban_engine::command::Ask;
use duban_engine::event::Actor;
use duban_engine::ids::CaseId;
use jiff::{SignedDuration, Timestamp};

use super::Shared;
use super::submission::{Refusal, Submission, is_over};
use crate::storage::{Error, Result, incidents};

/// How long a case is left alone: from this …
const REST_MIN: SignedDuration = SignedDuration::from_secs(10);

/// … to this.
const REST_MAX: SignedDuration = SignedDuration::from_mins(60);

/// How long at most when it cannot be read: another node, whose program is newer, may wake it as soon as this one lets it.
const UNREADABLE_REST_MAX: SignedDuration = SignedDuration::from_secs(30);

/// A rest after the database refused: since when it lasts, and how long.
#[derive(Clone, Copy, Debug)]
pub struct Rest {
    at: Timestamp,
    length: SignedDuration,
}

/// How long a case is to be left alone after a refusal; nothing when there is no need. What the process itself refuses becomes
/// an incident of the case.
pub async fn rest(shared: &Shared, case: CaseId, ask: Ask, refusal: Refusal) -> Result<Option<SignedDuration>> {
    let rejection = match refusal {
        // It moved on since.
        Refusal::Rejected(rejection) if is_over(&rejection) => return Ok(None),
        Refusal::Rejected(rejection) => rejection,
        Refusal::Storage(error) => {
            tracing::error!(%case, error = &*error as &dyn std::error::Error, "a case could not be moved; it is tried again");
            // What may pass is tried again soon.
            let may_pass = matches!(*error, Error::Unreachable(_) | Error::Conflict(_));
            let is_for_newer = matches!(*error, Error::Unreadable { .. });
            let rest = (!may_pass).then(|| longer(shared, case));
            return Ok(rest.map(|rest| if is_for_newer { rest.min(UNREADABLE_REST_MAX) } else { rest }));
        }
        other => {
            tracing::debug!(%case, refusal = %other, "there is nothing to move");
            return Ok(None);
        }
    };
    let Some(known) = shared.known(case).await? else { return Ok(None) };
    if let Some(at) = incidents::raised_at(&shared.database, case, known.case.sequence).await? {
        // As long again as it has stood still.
        return Ok(Some(shared.clock.now().duration_since(at).clamp(REST_MIN, REST_MAX)));
    }
    // What it says may quote what somebody filled in, which belongs into no log.
    let code = serde_json::to_value(&rejection).ok().and_then(|told| told["code"].as_str().map(str::to_owned));
    tracing::error!(%case, code, "a case cannot be moved; it has an incident and is tried again");
    if let Err(refusal) = shared.submit(Submission::new(case, Actor::Clock, ask).telling()).await {
        tracing::error!(%case, %refusal, "the incident could not be raised");
    }
    Ok(Some(REST_MIN))
}

/// How long a case is to be left alone that the database refused: twice as long as the last time, if that was about to end. What
/// is refused once is seldom refused for good.
fn longer(shared: &Shared, case: CaseId) -> SignedDuration {
    let at = shared.clock.now();
    let last = shared.rests.get(&case).filter(|last| at.duration_since(last.at) <= last.length * 4);
    let length = last.map_or(REST_MIN, |last| (last.length * 2).min(REST_MAX));
    shared.rests.insert(case, Rest { at, length });
    length
}
