//! The processes that a scenario may see cases of: its own, and those that are called or started from there.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::clauses::action::Action;
use crate::clauses::effects::{Act, Deed, Destination};
use crate::clauses::listen::{Listener, Listens};
use crate::field::Field;
use crate::ids::{Name, written_step};
use crate::library::Library;
use crate::process::{Entrance, Process, Step};
use crate::steps::Kind;
use crate::steps::wait::Wait;
use crate::value::Type;

/// Fields that a line may fill in: the name that the line uses, and the field where the value ends up.
pub type Known = Vec<(Name, Arc<Field>)>;

/// The processes of a scenario, its own first.
pub struct Cast<'l>(Vec<&'l Process>);

impl<'l> Cast<'l> {
    /// The processes that cases of a scenario about `process` may be of.
    pub fn of(library: &'l Library, process: &'l Process) -> Self {
        let mut found: Vec<&Process> = vec![process];
        let mut next = 0;
        while let Some(process) = found.get(next).copied() {
            next += 1;
            for name in opened_by(process) {
                let other =
                    library.processes.get(name).filter(|other| found.iter().all(|known| known.name != other.name));
                found.extend(other.map(|other| &**other));
            }
        }
        Self(found)
    }

    /// The process that the scenario is about.
    pub fn own(&self) -> &'l Process {
        self.0.first().expect("a cast is made with the scenario's own process")
    }

    /// The names of all of its processes.
    pub fn names(&self) -> impl Iterator<Item = &'l Name> {
        self.0.iter().map(|process| &process.name)
    }

    /// The roles of all of its processes.
    pub fn roles(&self) -> BTreeSet<&'l str> {
        self.0.iter().flat_map(|process| process.roles.keys()).map(Name::as_str).collect()
    }

    /// The steps that somebody may be in.
    pub fn steps(&self) -> BTreeSet<&'l str> {
        self.0.iter().flat_map(|process| steps_of(process)).collect()
    }

    /// What can be done somewhere.
    pub fn actions(&self) -> impl Iterator<Item = &'l Action> {
        self.0.iter().flat_map(|process| &process.steps).flat_map(|step| &step.actions)
    }

    /// What the actions of this name ask for.
    pub fn form_of(&self, action: &Name) -> Known {
        let actions = self.actions().filter(|found| found.name == *action);
        let entries = actions.flat_map(|action| &action.form.entries);
        entries.map(|entry| (entry.field.name.clone(), Arc::clone(&entry.field))).collect()
    }

    /// What steps wait and listen for, each with what is taken from it.
    pub fn messages(&self) -> Vec<(&'l Name, Known)> {
        let mut found = Vec::new();
        for process in &self.0 {
            let listeners = process.listeners.iter().chain(process.steps.iter().flat_map(|step| &step.listeners));
            for listener in listeners {
                if let Listens::Message { message, take } = &listener.to {
                    found.push((message, taken(process, take)));
                }
            }
            for step in &process.steps {
                if let Kind::Wait(Wait::Message { message, take }) = &step.kind {
                    found.push((message, taken(process, take)));
                }
            }
        }
        found
    }

    /// What jobs bring back; nothing when there are no jobs.
    pub fn jobs(&self) -> Option<Known> {
        let mut found = None;
        for process in &self.0 {
            for step in &process.steps {
                if let Kind::Job(job) = &step.kind {
                    found.get_or_insert_with(Known::new).extend(taken(process, &job.take));
                }
            }
        }
        found
    }

    /// The types of the items of its `each` steps.
    pub fn items(&self) -> Vec<Type> {
        let steps = self.0.iter().flat_map(|process| &process.steps);
        let each = steps.filter_map(|step| if let Kind::Each(each) = &step.kind { Some(each) } else { None });
        let types = each.map(|each| match each.items.formula().map(|formula| formula.expression().result_type()) {
            Some(Type::List(kind)) => (**kind).clone(),
            Some(kind) => kind.clone(),
            None => Type::Any,
        });
        types.collect()
    }
}

/// The steps that people write the names of.
pub fn steps_of(process: &Process) -> impl Iterator<Item = &str> {
    process.steps.iter().filter(|step| step.name == written_step(&step.name)).map(|step| step.name.as_str())
}

/// The fields of a process and of its steps.
pub fn fields_of(process: &Process) -> Known {
    let fields = process.fields.iter().chain(process.steps.iter().flat_map(|step| &step.fields));
    fields.map(|field| (field.name.clone(), Arc::clone(field))).collect()
}

/// What the start of a process asks for.
pub fn form_of_start(process: &Process) -> Known {
    let entries = process.start.form.entries.iter();
    entries.map(|entry| (entry.field.name.clone(), Arc::clone(&entry.field))).collect()
}

/// The messages or public forms that a process begins with.
pub fn entrances(process: &Process, public: bool) -> BTreeSet<&str> {
    let names = process.start.also.iter().filter_map(|entrance| match (entrance, public) {
        (Entrance::Message(name), false) | (Entrance::Public(name), true) => Some(name.as_str()),
        (Entrance::Message(_) | Entrance::Public(_) | Entrance::Schedule(_), _) => None,
    });
    names.collect()
}

fn taken(process: &Process, take: &[(Destination, Name)]) -> Known {
    let field_of = |to: &Destination| {
        let declared = match &to.step {
            None => &process.fields,
            Some(step) => &process.find(step)?.1.fields,
        };
        declared.iter().find(|field| field.name == to.field).cloned()
    };
    take.iter().filter_map(|(to, theirs)| Some((theirs.clone(), field_of(to)?))).collect()
}

/// The processes that one calls or starts.
fn opened_by(process: &Process) -> BTreeSet<&Name> {
    let called = process.steps.iter().filter_map(|step| match &step.kind {
        Kind::Call(call) => Some(&call.process),
        _ => None,
    });
    let deeds = process.steps.iter().flat_map(deeds_of).chain(heard(&process.listeners)).chain(&process.start.deeds);
    let started = deeds.filter_map(|deed| if let Act::Start(start) = &deed.act { Some(&start.process) } else { None });
    called.chain(started).collect()
}

fn heard(listeners: &[Listener]) -> impl Iterator<Item = &Deed> {
    listeners.iter().flat_map(|listener| &listener.hook.deeds)
}

/// All that a step may do.
fn deeds_of(step: &Step) -> impl Iterator<Item = &Deed> {
    let own: &[Deed] = if let Kind::Do(effects) = &step.kind { &effects.deeds } else { &[] };
    let rungs = step.deadline.iter().flat_map(|rule| &rule.ladder).flat_map(|rung| &rung.hook.deeds);
    let actions = step.actions.iter().flat_map(|action| &action.hook.deeds);
    step.on_enter.iter().chain(&step.on_leave).chain(own).chain(rungs).chain(actions).chain(heard(&step.listeners))
}
