//! The rules of BPMN 2.0 XML (OMG formal/2013-12-09) that let other tools open and draw a file.

use std::collections::{BTreeMap, BTreeSet};

use crate::picture::Area;
use crate::xml::{Element, read};

/// What the schema puts first inside a node; what is not named comes last.
const ORDER: [&str; 4] =
    ["bpmn:documentation", "bpmn:incoming", "bpmn:outgoing", "bpmn:multiInstanceLoopCharacteristics"];

/// A flow node.
struct Node<'f> {
    element: &'f Element,
    /// The process or sub-process it lies in.
    scope: &'f str,
}

/// A file taken apart.
struct File<'f> {
    nodes: BTreeMap<&'f str, Node<'f>>,
    flows: Vec<Node<'f>>,
    bounds: BTreeMap<&'f str, Area>,
    ways: BTreeMap<&'f str, Vec<(f64, f64)>>,
}

/// Everything that breaks a rule.
pub fn faults(xml: &str) -> Vec<String> {
    let root = read(xml);
    let mut faults = names(&root);
    let mut file = File { nodes: BTreeMap::new(), flows: Vec::new(), bounds: BTreeMap::new(), ways: BTreeMap::new() };
    for process in root.all("bpmn:process") {
        collect(process, &mut file);
    }
    diagram(&root, &mut file, &mut faults);
    faults.extend(file.nodes.iter().flat_map(|(id, node)| own_faults(&file, id, node)));
    faults.extend(file.flows.iter().flat_map(|flow| flow_faults(&file, flow)));
    faults
}

/// Ids are unique names, and what is referred to is there.
fn names(root: &Element) -> Vec<String> {
    let mut faults = Vec::new();
    let mut ids = BTreeSet::new();
    for element in root.walk() {
        let id = element.get("id");
        if !id.is_empty() && (!ids.insert(id) || !is_name(id)) {
            faults.push(format!("the id `{id}` is no name, or given twice"));
        }
    }
    for element in root.walk() {
        let refers = ["sourceRef", "targetRef", "attachedToRef", "default", "bpmnElement", "escalationRef"];
        let by_text =
            [&element.text].into_iter().filter(|_| ["bpmn:incoming", "bpmn:outgoing"].contains(&element.name.as_str()));
        let named = refers.iter().map(|name| element.get(name)).chain(by_text.map(String::as_str));
        let missing = named.filter(|name| !name.is_empty() && !ids.contains(name));
        faults.extend(missing.map(|name| format!("{} refers to `{name}`, which is not there", element.name)));
    }
    faults
}

/// A name without a colon (Namespaces in XML 1.0) that ASCII can write: bpmn.io refuses others.
fn is_name(id: &str) -> bool {
    let is_first = |letter: char| letter.is_ascii_alphabetic() || letter == '_';
    id.starts_with(is_first) && id.chars().all(|letter| letter.is_ascii_alphanumeric() || "_-.".contains(letter))
}

fn collect<'f>(scope: &'f Element, file: &mut File<'f>) {
    for element in &scope.children {
        let node = Node { element, scope: scope.get("id") };
        match element.name.as_str() {
            "bpmn:sequenceFlow" => file.flows.push(node),
            _ if element.get("id").is_empty() => {}
            _ => {
                file.nodes.insert(element.get("id"), node);
                if element.name == "bpmn:subProcess" {
                    collect(element, file);
                }
            }
        }
    }
}

/// Every node has a shape with bounds, every flow an edge with at least two points.
fn diagram<'f>(root: &'f Element, file: &mut File<'f>, faults: &mut Vec<String>) {
    for drawn in root.walk() {
        let what = drawn.get("bpmnElement");
        if drawn.name == "bpmndi:BPMNShape" {
            let bounds: Vec<Area> = drawn.all("dc:Bounds").map(area).collect();
            match bounds.as_slice() {
                [bounds] if file.bounds.insert(what, *bounds).is_none() => {}
                other => faults.push(format!("the shape of {what} has {} bounds", other.len())),
            }
        }
        if drawn.name == "bpmndi:BPMNEdge" {
            let points: Vec<(f64, f64)> =
                drawn.all("di:waypoint").map(|point| (point.number("x"), point.number("y"))).collect();
            if points.len() < 2 || file.ways.insert(what, points).is_some() {
                faults.push(format!("the edge of {what} has less than two points, or is drawn twice"));
            }
        }
    }
    let nodes = file.nodes.keys().filter(|id| !file.bounds.contains_key(*id));
    let flows = file.flows.iter().map(|flow| flow.element.get("id")).filter(|id| !file.ways.contains_key(id));
    faults.extend(nodes.copied().chain(flows).map(|id| format!("{id} is not drawn")));
}

fn area(bounds: &Element) -> Area {
    let [x, y, width, height] = ["x", "y", "width", "height"].map(|name| bounds.number(name));
    assert!(width > 0.0 && height > 0.0, "a shape without size");
    Area::sized(x, y, width, height)
}

/// What is inside a node has the schema's order and names the flows that begin and end there; events at borders stand
/// on the border of an activity beside them; nothing ends where something begins.
fn own_faults(file: &File<'_>, id: &str, node: &Node<'_>) -> Vec<String> {
    let mut faults = Vec::new();
    let element = node.element;
    let ranks = element.children.iter().map(|child| ORDER.iter().position(|name| *name == child.name).unwrap_or(9));
    if !ranks.is_sorted() {
        faults.push(format!("what is inside {id} is out of order"));
    }
    let listed = |name: &str| element.all(name).map(|flow| flow.text.as_str()).collect::<BTreeSet<&str>>();
    let flows = |end: &str| {
        let found = file.flows.iter().filter(|flow| flow.element.get(end) == id);
        found.map(|flow| flow.element.get("id")).collect::<BTreeSet<&str>>()
    };
    let (coming, leaving) = (flows("targetRef"), flows("sourceRef"));
    if listed("bpmn:incoming") != coming || listed("bpmn:outgoing") != leaving {
        faults.push(format!("{id} lists other flows than those that begin or end there"));
    }
    let tag = element.name.as_str();
    let begins = ["bpmn:startEvent", "bpmn:boundaryEvent"].contains(&tag);
    if (begins && !coming.is_empty()) || (tag == "bpmn:endEvent" && !leaving.is_empty()) {
        faults.push(format!("something ends at the {tag} {id}, or begins there"));
    }
    let usual = element.get("default");
    if !usual.is_empty() && !leaving.contains(usual) {
        faults.push(format!("the usual way out of {id} begins elsewhere"));
    }
    if tag == "bpmn:boundaryEvent" {
        let host = element.get("attachedToRef");
        let is_beside = file.nodes.get(host).is_some_and(|host| host.scope == node.scope);
        let own = file.bounds[id];
        let middle = ((own.left + own.right) / 2.0, (own.top + own.bottom) / 2.0);
        if !is_beside || !file.bounds[host].touches(middle) {
            faults.push(format!("the event {id} is not at the border of {host}"));
        }
    }
    faults
}

/// A flow stays in its process or sub-process, and its line begins and ends at its nodes.
fn flow_faults(file: &File<'_>, flow: &Node<'_>) -> Vec<String> {
    let id = flow.element.get("id");
    let way = &file.ways[id];
    let ends = [("sourceRef", way.first()), ("targetRef", way.last())];
    let wrong = ends.into_iter().filter_map(|(end, point)| {
        let node = flow.element.get(end);
        let is_inside = file.nodes.get(node).is_some_and(|found| found.scope == flow.scope);
        let touches = point.is_some_and(|point| file.bounds[node].touches(*point));
        (!is_inside || !touches).then(|| format!("{id} leaves its process at {node}, or does not touch it: {way:?}"))
    });
    wrong.collect()
}
