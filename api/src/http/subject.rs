//! A case as one person meets it: found, seen, and with what it runs by.

use std::sync::Arc;

use duban_engine::case::Case;
use duban_engine::ids::{CaseId, Name};
use duban_engine::library::Library;
use duban_engine::moment::World;
use duban_engine::process::Process;
use jiff::Timestamp;

use super::Server;
use super::problem::Problem;
use crate::access::{Sight, sight};

/// A case that the person may see.
pub struct Subject {
    /// The case.
    pub case: Arc<Case>,
    /// What it runs by.
    pub process: Arc<Process>,
    /// What is deployed now.
    pub library: Arc<Library>,
    /// How much of it the person sees.
    pub sight: Sight,
    /// Now.
    pub now: Timestamp,
}

impl Subject {
    /// Finds a case for a person, as it is now. One that they may not see does not exist for them.
    pub async fn find(server: &Server, person: &Name, id: &str) -> Result<Self, Problem> {
        let id: CaseId = id.parse().map_err(|_| missing())?;
        let case = server.runner.case(id).await?.ok_or_else(missing)?;
        Self::of(server, person, case).await
    }

    /// Finds a case that a command goes to. It may have moved on since this node saw it: nothing of it may be told, and whoever is
    /// refused has to be shown that they may see it now.
    pub async fn find_at_hand(server: &Server, person: &Name, id: &str) -> Result<Self, Problem> {
        let at_hand = id.parse().ok().and_then(|id| server.runner.case_at_hand(id));
        if let Some(case) = at_hand
            && let Ok(subject) = Self::of(server, person, case).await
        {
            return Ok(subject);
        }
        Self::find(server, person, id).await
    }

    async fn of(server: &Server, person: &Name, case: Arc<Case>) -> Result<Self, Problem> {
        let definitions = server.runner.definitions();
        let definition = definitions.version(server.runner.pages(), &case.process, &case.version).await?;
        let (library, now) = (server.library()?, server.runner.clock().now());
        let seen = sight(&definition.process, &world(&library), &case, person, now);
        let sight = seen.ok_or_else(missing)?;
        Ok(Self { case, process: definition.process, library, sight, now })
    }

    /// What decisions about it look at.
    pub fn world(&self) -> World<'_> {
        world(&self.library)
    }
}

fn missing() -> Problem {
    Problem::not_found("case")
}

/// What decisions look at beside the case.
pub fn world(library: &Library) -> World<'_> {
    World { organization: &library.catalog.organization, calendars: &library.catalog.calendars, workload: None }
}
