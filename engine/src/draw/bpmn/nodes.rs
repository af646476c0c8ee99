//! Shapes as BPMN nodes: activities, gateways, events, and the events on the borders of activities.

use super::{Definition, Node, Plan, around};
use crate::draw::scene::Sort;
use crate::draw::{Area, Drawing, Point, Shape};
use crate::process::{Process, Step};
use crate::steps::Kind;
use crate::steps::gather::{Gather, Join};
use crate::steps::wait::Wait;

/// The sizes of events and gateways.
const EVENT: i32 = 36;
const GATEWAY: i32 = 40;
const SMALL: i32 = 22;
/// What is kept free below an activity for the gateway behind it.
const BEHIND: i32 = 28;

/// Adds a node for every shape but the process itself.
pub fn add(plan: &mut Plan, drawing: &Drawing, process: &Process) {
    for (at, shape) in drawing.shapes.iter().enumerate() {
        let Some(scope) = shape.parent else { continue };
        let step = shape.step.as_ref().and_then(|name| process.find(name)).map(|(_, step)| step);
        let mut node = Node {
            id: shape.id.clone(),
            scope,
            tag: tag(shape, drawing, process, step),
            name: shape.title.clone(),
            remarks: shape.remarks.clone(),
            attributes: Vec::new(),
            definition: definition(shape, step),
            items: shape.is_repeated.then_some(shape.in_turn),
            inside: shape.sort.is_container().then_some(at),
            bounds: bounds(shape),
            beside: beside(shape),
        };
        if let Some(Kind::Call(call)) = step.map(|step| &step.kind) {
            node.attributes.push(("calledElement", call.process.to_string()));
        }
        plan.nodes.push(node);
        borders(plan, shape, scope);
        behind(plan, shape, scope);
    }
}

fn tag(shape: &Shape, drawing: &Drawing, process: &Process, step: Option<&Step>) -> &'static str {
    match shape.sort {
        Sort::Start | Sort::Inside => "startEvent",
        Sort::End | Sort::Close => "endEvent",
        Sort::Listen => "intermediateCatchEvent",
        Sort::Task => "userTask",
        Sort::Stage | Sort::Parallel | Sort::Each => "subProcess",
        Sort::Call => "callActivity",
        Sort::Job => "serviceTask",
        Sort::Wait if is_event(shape) => "intermediateCatchEvent",
        Sort::Wait => match step.map(|step| &step.kind) {
            Some(Kind::Wait(Wait::Message { .. })) => "receiveTask",
            _ => "task",
        },
        Sort::Choose => "exclusiveGateway",
        Sort::Decide => "businessRuleTask",
        Sort::Do => "scriptTask",
        Sort::Fork | Sort::Join => bar(shape, drawing, process),
    }
}

/// Whether a waiting step is an event: with more ways out than one it must be an activity.
fn is_event(shape: &Shape) -> bool {
    shape.labels.is_empty() && !shape.is_repeated && shape.lamps.is_empty()
}

/// The gateway of branches: parallel when all take part, inclusive when conditions say which, complex when the join
/// does not wait for all.
fn bar(shape: &Shape, drawing: &Drawing, process: &Process) -> &'static str {
    let around = shape.parent.and_then(|parent| drawing.shapes[parent].step.as_ref());
    let item = around.map(|name| crate::ids::item_step(name));
    let steps = around.map(|name| name.to_string()).into_iter().chain(item);
    let parallel = steps.filter_map(|name| process.find(&name)).find_map(|(_, step)| match &step.kind {
        Kind::Parallel(parallel) => Some(parallel),
        _ => None,
    });
    let Some(parallel) = parallel else { return "parallelGateway" };
    let Gather { join, .. } = &parallel.gather;
    let is_conditional = parallel.branches.iter().any(|branch| branch.when.is_some());
    match (shape.sort, join) {
        (Sort::Join, Join::Any | Join::Count(_) | Join::None | Join::When(_)) => "complexGateway",
        _ if is_conditional => "inclusiveGateway",
        _ => "parallelGateway",
    }
}

fn definition(shape: &Shape, step: Option<&Step>) -> Option<Definition> {
    match shape.sort {
        Sort::Close => Some(Definition::plain("terminateEventDefinition")),
        Sort::Listen => Some(Definition::plain("messageEventDefinition")),
        Sort::Wait if is_event(shape) => match step.map(|step| &step.kind) {
            Some(Kind::Wait(Wait::Message { .. })) => Some(Definition::plain("messageEventDefinition")),
            Some(Kind::Wait(Wait::For(span))) => Some(Definition::timer("timeDuration", &span.to_string())),
            Some(Kind::Wait(Wait::Until(operand))) => Some(Definition::timer("timeDate", &operand.text())),
            Some(Kind::Wait(Wait::When(formula))) => Some(Definition::condition(formula.text())),
            _ => None,
        },
        _ => None,
    }
}

fn bounds(shape: &Shape) -> Area {
    let body = shape.body;
    match shape.sort {
        Sort::Start | Sort::Close | Sort::Listen => around(body.center(), EVENT),
        Sort::Wait if is_event(shape) => around(body.center(), EVENT),
        Sort::Inside | Sort::End => around(body.center(), SMALL),
        Sort::Choose | Sort::Fork | Sort::Join => around(body.center(), GATEWAY),
        Sort::Stage | Sort::Parallel | Sort::Each => body,
        Sort::Task | Sort::Call | Sort::Job | Sort::Wait | Sort::Decide | Sort::Do => {
            let below = if shape.labels.is_empty() { 0 } else { BEHIND };
            Area { height: body.height - below, ..body }
        }
    }
}

/// Where the name of an event or gateway stands: at its right, where no line runs.
fn beside(shape: &Shape) -> Option<Area> {
    let bounds = bounds(shape);
    let has_name_inside = bounds.width > EVENT.max(GATEWAY) || shape.title.is_empty();
    let width = crate::draw::words::width(&shape.title, 12);
    let y = if shape.sort == Sort::Join { bounds.bottom() - 10 } else { bounds.y - 6 };
    (!has_name_inside).then(|| Area { x: bounds.right() + 6, y, width, height: 14 })
}

/// Whether a way out begins at an event on the border.
pub fn is_on_border(shape: &Shape, cause: &str) -> bool {
    match cause {
        "rung" | "listener" | "failed" => true,
        "action" => shape.sort.is_container(),
        _ => false,
    }
}

/// The id of what a way out begins at.
pub fn source(shape: &Shape, label: Option<usize>) -> String {
    match label.and_then(|label| shape.labels.get(label)) {
        Some(found) if is_on_border(shape, found.cause) => format!("{}.on.{}", shape.id, label.unwrap_or_default()),
        Some(_) if needs_gateway(shape) => format!("{}.which", shape.id),
        Some(_) | None => shape.id.clone(),
    }
}

fn needs_gateway(shape: &Shape) -> bool {
    let usual = shape.labels.iter().filter(|label| !is_on_border(shape, label.cause)).count();
    usual > 1 && shape.sort != Sort::Choose && !shape.sort.is_container()
}

/// The events on the border of an activity that lead away from it.
fn borders(plan: &mut Plan, shape: &Shape, scope: usize) {
    let bounds = bounds(shape);
    for (number, label) in shape.labels.iter().enumerate().filter(|(_, label)| is_on_border(shape, label.cause)) {
        let definition = match label.cause {
            "rung" => Definition::timer("timeDuration", &label.hint),
            "failed" => Definition::plain("errorEventDefinition"),
            _ => Definition::plain("messageEventDefinition"),
        };
        let middle = match shape.sort.is_container() {
            true => Point { x: bounds.right(), y: label.area.center().y },
            false => Point { x: label.area.center().x, y: bounds.bottom() },
        };
        let beside = match shape.sort.is_container() {
            true => Area { x: bounds.right() - SMALL / 2 - label.area.width, ..label.area },
            false => Area { x: middle.x + SMALL / 2 + 2, y: bounds.bottom() + 2, ..label.area },
        };
        let cancels = ("cancelActivity", "true".to_owned());
        plan.nodes.push(Node {
            id: format!("{}.on.{number}", shape.id),
            scope,
            tag: "boundaryEvent",
            name: label.hint.clone(),
            remarks: Vec::new(),
            attributes: vec![cancels, ("attachedToRef", shape.id.clone())],
            definition: Some(definition),
            items: None,
            inside: None,
            bounds: around(middle, SMALL),
            beside: Some(beside),
        });
    }
}

/// The gateway behind an activity that can be left in several ways.
fn behind(plan: &mut Plan, shape: &Shape, scope: usize) {
    if !needs_gateway(shape) {
        return;
    }
    let bounds = bounds(shape);
    let middle = Point { x: bounds.center().x, y: bounds.bottom() + 8 + SMALL / 2 };
    let id = format!("{}.which", shape.id);
    plan.nodes.push(Node {
        id: id.clone(),
        scope,
        tag: "exclusiveGateway",
        name: String::new(),
        remarks: Vec::new(),
        attributes: Vec::new(),
        definition: None,
        items: None,
        inside: None,
        bounds: around(middle, SMALL),
        beside: None,
    });
    plan.flows.push(super::Flow {
        id: format!("{}.then", shape.id),
        scope,
        name: String::new(),
        condition: None,
        from: shape.id.clone(),
        to: id,
        points: vec![Point { x: middle.x, y: bounds.bottom() }, Point { x: middle.x, y: middle.y - SMALL / 2 }],
        beside: None,
    });
}
