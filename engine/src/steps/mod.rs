//! The eleven kinds of steps, one file each.

pub mod call;
pub mod choose;
pub mod close;
pub mod decide;
pub mod each;
pub mod effects;
pub mod gather;
pub mod job;
pub mod parallel;
pub mod stage;
pub mod task;
pub mod wait;

use crate::moment::StepId;

/// What a step is, by the one key it carries.
#[derive(Clone, Debug)]
pub enum Kind {
    /// Waits for a person.
    Task(task::Task),
    /// Steps inside a step.
    Stage(stage::Stage),
    /// Branches at once.
    Parallel(parallel::Parallel),
    /// The same for every item of a list.
    Each(each::Each),
    /// Another process as a child case.
    Call(call::Call),
    /// Work for a program.
    Job(job::JobStep),
    /// Waits for a message, a time or a condition.
    Wait(wait::Wait),
    /// The first condition that holds decides.
    Choose(choose::Choose),
    /// A decision table sets fields.
    Decide(decide::Decide),
    /// Effects only.
    Do(effects::Do),
    /// The end of the case.
    Close(close::Close),
}

impl Kind {
    /// The key in YAML.
    pub fn key(&self) -> &'static str {
        match self {
            Self::Task(_) => "actions",
            Self::Stage(_) => "steps",
            Self::Parallel(_) => "branches",
            Self::Each(_) => "each",
            Self::Call(_) => "call",
            Self::Job(_) => "job",
            Self::Wait(_) => "wait",
            Self::Choose(_) => "choose",
            Self::Decide(_) => "decide",
            Self::Do(_) => "do",
            Self::Close(_) => "close",
        }
    }

    /// The word for the kind.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Task(_) => "task",
            Self::Stage(_) => "stage",
            Self::Parallel(_) => "parallel",
            Self::Each(_)
            | Self::Call(_)
            | Self::Job(_)
            | Self::Wait(_)
            | Self::Choose(_)
            | Self::Decide(_)
            | Self::Do(_)
            | Self::Close(_) => self.key(),
        }
    }

    /// Whether a case never rests here, so that `back` passes it over.
    pub fn is_passing(&self) -> bool {
        match self {
            Self::Choose(_) | Self::Decide(_) | Self::Do(_) => true,
            Self::Task(_)
            | Self::Stage(_)
            | Self::Parallel(_)
            | Self::Each(_)
            | Self::Call(_)
            | Self::Job(_)
            | Self::Wait(_)
            | Self::Close(_) => false,
        }
    }

    /// Whether other steps lie inside, so that `end` means this step.
    pub fn is_scope(&self) -> bool {
        match self {
            Self::Stage(_) | Self::Parallel(_) | Self::Each(_) => true,
            Self::Task(_)
            | Self::Call(_)
            | Self::Job(_)
            | Self::Wait(_)
            | Self::Choose(_)
            | Self::Decide(_)
            | Self::Do(_)
            | Self::Close(_) => false,
        }
    }

    /// How the branches or items inside come together again, where there are such.
    pub fn gather(&self) -> Option<&gather::Gather> {
        match self {
            Self::Parallel(parallel) => Some(&parallel.gather),
            Self::Each(each) => Some(&each.gather),
            Self::Task(_)
            | Self::Stage(_)
            | Self::Call(_)
            | Self::Job(_)
            | Self::Wait(_)
            | Self::Choose(_)
            | Self::Decide(_)
            | Self::Do(_)
            | Self::Close(_) => None,
        }
    }

    /// The steps that begin when a step of this kind does: its first one, its branches, or the body of its items.
    pub fn begins(&self) -> Vec<StepId> {
        match self {
            Self::Stage(stage) => vec![stage.first],
            Self::Parallel(parallel) => parallel.branches.iter().map(|branch| branch.step).collect(),
            Self::Each(each) => vec![each.body],
            Self::Task(_)
            | Self::Call(_)
            | Self::Job(_)
            | Self::Wait(_)
            | Self::Choose(_)
            | Self::Decide(_)
            | Self::Do(_)
            | Self::Close(_) => Vec::new(),
        }
    }

    /// The word of a kind that says itself what comes next.
    pub fn leads_on_itself(&self) -> Option<&'static str> {
        match self {
            Self::Choose(_) | Self::Close(_) => Some(self.word()),
            Self::Task(_)
            | Self::Stage(_)
            | Self::Parallel(_)
            | Self::Each(_)
            | Self::Call(_)
            | Self::Job(_)
            | Self::Wait(_)
            | Self::Decide(_)
            | Self::Do(_) => None,
        }
    }
}
