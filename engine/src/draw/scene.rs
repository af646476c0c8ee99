//! The scene: what is to be drawn and what leads where, before anything has a place.

use crate::event::Light;
use crate::ids::Name;

/// What a shape looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sort {
    /// Where cases begin.
    Start,
    /// What the process listens for wherever a case is.
    Listen,
    /// A task for people.
    Task,
    /// A container of steps.
    Stage,
    /// A container of branches.
    Parallel,
    /// A container of what happens for every item.
    Each,
    /// Another process.
    Call,
    /// Work for a program.
    Job,
    /// Waiting without people.
    Wait,
    /// A decision by conditions.
    Choose,
    /// A decision table.
    Decide,
    /// Effects.
    Do,
    /// The end of the case.
    Close,
    /// Where a container begins.
    Inside,
    /// Where a container is done.
    End,
    /// Where branches begin.
    Fork,
    /// Where branches come together.
    Join,
}

impl Sort {
    /// Whether other shapes lie inside.
    pub fn is_container(self) -> bool {
        match self {
            Self::Stage | Self::Parallel | Self::Each => true,
            Self::Start
            | Self::Listen
            | Self::Task
            | Self::Call
            | Self::Job
            | Self::Wait
            | Self::Choose
            | Self::Decide
            | Self::Do
            | Self::Close
            | Self::Inside
            | Self::End
            | Self::Fork
            | Self::Join => false,
        }
    }

    /// Whether it spans its container from side to side.
    pub fn is_bar(self) -> bool {
        matches!(self, Self::Fork | Self::Join)
    }

    /// The word for it in class names.
    pub fn word(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Listen => "listen",
            Self::Task => "task",
            Self::Stage => "stage",
            Self::Parallel => "parallel",
            Self::Each => "each",
            Self::Call => "call",
            Self::Job => "job",
            Self::Wait => "wait",
            Self::Choose => "choose",
            Self::Decide => "decide",
            Self::Do => "do",
            Self::Close => "close",
            Self::Inside => "inside",
            Self::End => "end",
            Self::Fork => "fork",
            Self::Join => "join",
        }
    }
}

/// What a line looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Look {
    /// Onwards.
    Onward,
    /// Again to what came before.
    Loop,
    /// `back`: to where the case was.
    Back,
    /// Because time is up, or a job failed.
    Late,
}

impl Look {
    /// The word for it in class names.
    pub fn word(self) -> &'static str {
        match self {
            Self::Onward => "onward",
            Self::Loop => "loop",
            Self::Back => "back",
            Self::Late => "late",
        }
    }
}

/// A way out of a shape.
#[derive(Clone, Debug)]
pub struct Exit {
    /// What leads out.
    pub cause: &'static str,
    /// Its name: of the action, or the number of the branch.
    pub name: String,
    /// What is written on it; the only way out needs no words.
    pub label: Option<String>,
    /// The condition, as written.
    pub condition: Option<String>,
    /// Whether it leads `back`.
    pub is_back: bool,
}

/// A limit as written.
#[derive(Clone, Debug)]
pub struct Limit {
    /// How long.
    pub text: String,
    /// The same, with when each of several holds.
    pub in_full: String,
    /// The lights of the ladder, with when they come on and what is done then.
    pub lamps: Vec<(Option<Light>, String)>,
}

/// A shape without a place.
#[derive(Clone, Debug)]
pub struct Piece {
    /// A unique word.
    pub id: String,
    /// The step.
    pub step: Option<Name>,
    /// What it looks like.
    pub sort: Sort,
    /// What people call it.
    pub title: String,
    /// Who acts.
    pub people: String,
    /// Its limit.
    pub limit: Option<Limit>,
    /// Conditions and other remarks.
    pub notes: Vec<String>,
    /// Actions that lead nowhere else.
    pub offers: Vec<String>,
    /// Whether it stands for every item of a list.
    pub is_repeated: bool,
    /// Whether the items come one after the other.
    pub in_turn: bool,
    /// The shape around it.
    pub parent: Option<usize>,
    /// The shapes inside, in the order they were written.
    pub children: Vec<usize>,
    /// The ways out.
    pub exits: Vec<Exit>,
}

/// A way from shape to shape.
#[derive(Clone, Debug)]
pub struct Edge {
    /// From.
    pub from: usize,
    /// By which way out.
    pub exit: usize,
    /// To.
    pub to: usize,
    /// What it looks like.
    pub look: Look,
}

/// What is to be drawn. The first piece is the process itself.
#[derive(Clone, Debug, Default)]
pub struct Scene {
    /// The shapes.
    pub pieces: Vec<Piece>,
    /// The ways.
    pub edges: Vec<Edge>,
}

/// The piece that is the process itself.
pub const ROOT: usize = 0;

impl Scene {
    /// The shapes around a shape, itself first.
    pub fn path(&self, piece: usize) -> impl Iterator<Item = usize> + '_ {
        std::iter::successors(Some(piece), |at| self.pieces[*at].parent)
    }

    /// The shape directly inside `scope` in which a shape lies.
    pub fn lift(&self, piece: usize, scope: usize) -> Option<usize> {
        self.path(piece).find(|at| self.pieces[*at].parent == Some(scope))
    }

    /// Whether the way out has words on it.
    pub fn has_label(&self, edge: &Edge) -> bool {
        self.pieces[edge.from].exits[edge.exit].label.is_some()
    }
}
