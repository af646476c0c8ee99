//! The ways out of each shape, and where they lead.

use std::collections::BTreeSet;

use super::build::Builder;
use super::scene::{Edge, Exit, Look, ROOT, Sort};
use crate::clauses::hook::Goto;
use crate::clauses::listen::{Listener, Listens};
use crate::formula::Formula;
use crate::moment::{StepId, Target};
use crate::process::Step;
use crate::steps::Kind;
use crate::steps::gather::AFTER_EACH;

/// How often `back` is followed through steps that a case never rests in; longer chains have no place to go back to.
const PASSING_MAX: usize = 8;

/// A way out with what is written on it.
struct Way {
    cause: &'static str,
    name: String,
    label: Option<String>,
    condition: Option<String>,
    look: Look,
}

impl Way {
    fn new(cause: &'static str, name: &str, label: Option<String>) -> Self {
        let look = match cause {
            "rung" | "failed" => Look::Late,
            _ => Look::Onward,
        };
        Self { cause, name: name.to_owned(), label, condition: None, look }
    }
}

/// Adds all ways to the scene, and takes out the ends of containers that nothing leads to.
pub fn connect(builder: &mut Builder<'_>, start: usize) {
    let process = builder.process;
    let way = Way::new("done", "start", None);
    leave(builder, start, None, &process.start.goto, &way);
    for (number, listener) in process.listeners.iter().enumerate() {
        let Some(goto) = &listener.hook.goto else { continue };
        let at = builder.add(format!("Listen.{number}"), Sort::Listen, heard(builder, listener), Some(ROOT));
        leave(builder, at, None, goto, &Way::new("done", "listener", None));
    }
    let steps: Vec<(StepId, &Step)> = (0u16..).map(StepId).zip(&process.steps).collect();
    for (id, step) in &steps {
        hooks(builder, *id, step);
    }
    insides(builder);
    for (id, step) in steps.iter().rev() {
        done(builder, *id, step);
    }
    returns(builder, &steps);
    let reached: BTreeSet<usize> = builder.scene.edges.iter().map(|edge| edge.to).collect();
    for at in 0..builder.scene.pieces.len() {
        let sorts: Vec<usize> = builder.scene.pieces[at].children.clone();
        let kept =
            sorts.into_iter().filter(|child| builder.scene.pieces[*child].sort != Sort::End || reached.contains(child));
        builder.scene.pieces[at].children = kept.collect();
    }
}

/// What is heard, in words.
fn heard(builder: &Builder<'_>, listener: &Listener) -> String {
    match &listener.to {
        Listens::Message { message, .. } => format!("收到 {message}"),
        Listens::After(span) => format!("{}后", span.in_chinese()),
        Listens::Every(span) => format!("每{}", span.in_chinese()),
        Listens::When(formula) => builder.words.condition(formula),
    }
}

/// Actions, rungs, listeners and failures that lead somewhere, and the branches of `choose`.
fn hooks(builder: &mut Builder<'_>, id: StepId, step: &Step) {
    let at = builder.shape(id);
    for action in &step.actions {
        if let Some(goto) = &action.hook.goto {
            let way = Way::new("action", &action.name, Some(action.title.to_string()));
            leave(builder, at, Some(id), goto, &way);
        }
    }
    for listener in &step.listeners {
        if let Some(goto) = &listener.hook.goto {
            let said = heard(builder, listener);
            leave(builder, at, Some(id), goto, &Way::new("listener", "listener", Some(said)));
        }
    }
    for rung in step.deadline.iter().flat_map(|rule| &rule.ladder) {
        if let Some(goto) = &rung.hook.goto {
            let way = Way::new("rung", "deadline", Some(rung.at.in_chinese()));
            leave(builder, at, Some(id), goto, &way);
        }
    }
    match &step.kind {
        Kind::Choose(choose) => {
            leave(builder, at, Some(id), &choose.goto, &Way::new("condition", "choose", None));
        }
        Kind::Job(job) => {
            if let Some((target, _)) = job.failed {
                lead(builder, at, Some(id), target, Way::new("failed", "failed", Some("失败".to_owned())));
            }
        }
        Kind::Task(_)
        | Kind::Stage(_)
        | Kind::Parallel(_)
        | Kind::Each(_)
        | Kind::Call(_)
        | Kind::Wait(_)
        | Kind::Decide(_)
        | Kind::Do(_)
        | Kind::Close(_) => {}
    }
}

/// The ways by a `goto`: one for each of its branches.
fn leave(builder: &mut Builder<'_>, at: usize, id: Option<StepId>, goto: &Goto, way: &Way) {
    let is_single = goto.exits.len() == 1;
    for (number, branch) in goto.exits.iter().enumerate() {
        let label = match (&way.label, is_single) {
            (label, true) => label.clone(),
            (None, false) => Some(said_of(builder, branch.when.as_ref())),
            (Some(label), false) => Some(format!("{label}：{}", said_of(builder, branch.when.as_ref()))),
        };
        let name = if is_single { way.name.clone() } else { format!("{}.{}", way.name, number + 1) };
        let cause = if is_single || way.cause != "done" { way.cause } else { "condition" };
        let condition = branch.when.as_ref().map(|when| when.text().to_owned());
        lead(builder, at, id, branch.target, Way { cause, name, label, condition, look: way.look });
    }
}

fn said_of(builder: &Builder<'_>, when: Option<&Formula>) -> String {
    when.map_or_else(|| "否则".to_owned(), |when| builder.words.condition(when))
}

/// One way to one target.
fn lead(builder: &mut Builder<'_>, at: usize, id: Option<StepId>, target: Target, way: Way) {
    let to = match (target, id) {
        (Target::Step(step), _) => Some(builder.shape(step)),
        (Target::End, Some(id)) => ended(builder, id),
        (Target::Back, _) | (Target::End, None) => None,
    };
    let is_back = matches!(target, Target::Back);
    let exit = builder
        .exit(at, Exit { cause: way.cause, name: way.name, label: way.label, condition: way.condition, is_back });
    if let Some(to) = to {
        builder.scene.edges.push(Edge { from: at, exit, to, look: way.look });
    }
}

/// Where `end` leads from a step: a scope, branch or item is done itself, anything else ends what is around it.
fn ended(builder: &Builder<'_>, id: StepId) -> Option<usize> {
    let process = builder.process;
    let step = process.step(id);
    let around = step.parent.map(|parent| &process.step(parent).kind);
    let is_member = matches!(around, Some(Kind::Parallel(_) | Kind::Each(_)));
    if !is_member && !step.kind.is_scope() {
        return around_end(builder, id);
    }
    match step.goto.as_ref().and_then(|goto| goto.exits.last()).map(|branch| branch.target) {
        Some(Target::Step(target)) => Some(builder.shape(target)),
        Some(Target::End) => around_end(builder, id),
        Some(Target::Back) => None,
        None => match step.follower {
            Some(follower) => Some(builder.shape(follower)),
            None => around_end(builder, id),
        },
    }
}

/// Where the end of what is around a step is drawn.
fn around_end(builder: &Builder<'_>, id: StepId) -> Option<usize> {
    let process = builder.process;
    let parent = process.step(id).parent?;
    let (shape, around) = (builder.shape(id), builder.shape(parent));
    let is_after = match &process.step(parent).kind {
        Kind::Parallel(parallel) => parallel.gather.after_each == Some(id),
        Kind::Each(each) => each.gather.after_each == Some(id),
        _ => false,
    };
    if is_after {
        return builder.finals.get(&around).copied();
    }
    if shape == around {
        // The body of an `each` that is one shape with it: a card is done as the whole, a container as one item.
        return builder.ends.get(&around).copied().or_else(|| ended(builder, parent));
    }
    builder.ends.get(&around).copied()
}

/// Where containers begin, and how bars go on.
fn insides(builder: &mut Builder<'_>) {
    for at in 1..builder.scene.pieces.len() {
        let Some(parent) = builder.scene.pieces[at].parent else { continue };
        let step_of = |child: &usize| builder.scene.pieces[*child].step.as_ref();
        let inside = builder.scene.pieces[parent].children.iter().copied();
        let is_after = |child: &usize| step_of(child).is_some_and(|step| step.ends_with(AFTER_EACH));
        let targets: Vec<usize> = match builder.scene.pieces[at].sort {
            Sort::Inside => inside.filter(|child| step_of(child).is_some()).take(1).collect(),
            Sort::Fork => inside.filter(|child| step_of(child).is_some() && !is_after(child)).collect(),
            Sort::Join if builder.finals.contains_key(&at) => inside.filter(is_after).collect(),
            _ => Vec::new(),
        };
        for to in targets {
            onward(builder, at, Some(to), "done", None);
        }
    }
}

/// The way on when a step is done by itself.
fn done(builder: &mut Builder<'_>, id: StepId, step: &Step) {
    let at = builder.shape(id);
    let is_item_body = step.parent.is_some_and(|parent| builder.shape(parent) == at);
    if is_item_body {
        return;
    }
    let goes_on = match &step.kind {
        Kind::Task(_) => step.goto.is_some() || builder.scene.pieces[at].exits.is_empty(),
        Kind::Stage(_) | Kind::Parallel(_) => builder.finals.get(&at).is_some_and(|end| is_reached(builder, *end)),
        Kind::Each(_) => match builder.finals.get(&at) {
            Some(end) => is_reached(builder, *end),
            None => builder.scene.pieces[at].sort != Sort::Task || builder.scene.pieces[at].exits.is_empty(),
        },
        Kind::Call(_) | Kind::Job(_) | Kind::Wait(_) | Kind::Decide(_) | Kind::Do(_) => true,
        Kind::Choose(_) | Kind::Close(_) => false,
    };
    if !goes_on {
        return;
    }
    let piece = &builder.scene.pieces[at];
    // Labels of containers stand in their heads; what is done leaves them below, without words.
    let label = (!piece.exits.is_empty() && !piece.sort.is_container()).then(|| "完成".to_owned());
    if let Some(goto) = &step.goto {
        for branch in &goto.exits {
            if matches!(branch.target, Target::End) {
                let to = around_end(builder, id);
                let said = match goto.exits.len() {
                    1 => label.clone(),
                    _ => Some(said_of(builder, branch.when.as_ref())),
                };
                onward(builder, at, to, "condition", said);
            } else {
                let single = Goto { exits: vec![branch.clone()] };
                let said = match goto.exits.len() {
                    1 => label.clone(),
                    _ => Some(said_of(builder, branch.when.as_ref())),
                };
                let cause = if goto.exits.len() == 1 { "done" } else { "condition" };
                leave(builder, at, Some(id), &single, &Way::new(cause, "goto", said));
            }
        }
        return;
    }
    let to = match step.follower {
        Some(follower) => Some(builder.shape(follower)),
        None => around_end(builder, id),
    };
    onward(builder, at, to, "done", label);
}

fn onward(builder: &mut Builder<'_>, at: usize, to: Option<usize>, cause: &'static str, label: Option<String>) {
    let Some(to) = to else { return };
    let exit = builder.exit(at, Exit { cause, name: "goto".to_owned(), label, condition: None, is_back: false });
    builder.scene.edges.push(Edge { from: at, exit, to, look: Look::Onward });
}

fn is_reached(builder: &Builder<'_>, shape: usize) -> bool {
    builder.scene.edges.iter().any(|edge| edge.to == shape)
}

/// `back` leads to every step that a case can have come from.
fn returns(builder: &mut Builder<'_>, steps: &[(StepId, &Step)]) {
    let mut found = Vec::new();
    for (id, _) in steps {
        let at = builder.shape(*id);
        for (exit, way) in builder.scene.pieces[at].exits.iter().enumerate() {
            if way.is_back {
                let mut origins = BTreeSet::new();
                origins_of(builder, at, PASSING_MAX, &mut origins);
                found.extend(origins.into_iter().map(|to| Edge { from: at, exit, to, look: Look::Back }));
            }
        }
    }
    found.sort_by_key(|edge| (edge.from, edge.exit, edge.to));
    found.dedup_by_key(|edge| (edge.from, edge.exit, edge.to));
    builder.scene.edges.extend(found);
}

fn origins_of(builder: &Builder<'_>, at: usize, further: usize, origins: &mut BTreeSet<usize>) {
    let scene = &builder.scene;
    for edge in scene.edges.iter().filter(|edge| edge.to == at && edge.from != at) {
        match scene.pieces[edge.from].sort {
            Sort::Choose | Sort::Decide | Sort::Do | Sort::Inside | Sort::Fork | Sort::Join | Sort::End => {
                if further > 0 {
                    origins_of(builder, edge.from, further - 1, origins);
                }
            }
            Sort::Task | Sort::Stage | Sort::Parallel | Sort::Each | Sort::Call | Sort::Job | Sort::Wait => {
                origins.insert(edge.from);
            }
            Sort::Start | Sort::Listen | Sort::Close => {}
        }
    }
}
