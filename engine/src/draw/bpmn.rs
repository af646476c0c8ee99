//! The same picture as BPMN 2.0 XML with its layout (OMG formal/2013-12-09), for other tools.

mod nodes;
mod flows;

use std::collections::BTreeMap;

use super::markup::Markup;
use super::scene::ROOT;
use super::{Area, Drawing, Point};
use crate::process::Process;

/// A node of the diagram.
struct Node {
    id: String,
    /// The shape it lies in.
    scope: usize,
    /// The element.
    tag: &'static str,
    name: String,
    remarks: Vec<String>,
    /// More attributes.
    attributes: Vec<(&'static str, String)>,
    /// What makes an event special: the element, and the element and text inside it.
    definition: Option<Definition>,
    /// For each item of a list: one after the other, or at once.
    items: Option<bool>,
    /// The shape whose inside this is.
    inside: Option<usize>,
    bounds: Area,
    /// Where its name stands, if not inside.
    beside: Option<Area>,
}

/// What an event waits for or tells.
struct Definition {
    tag: &'static str,
    attribute: Option<(&'static str, String)>,
    text: Option<(&'static str, String)>,
}

/// A sequence flow.
struct Flow {
    id: String,
    scope: usize,
    name: String,
    condition: Option<String>,
    from: String,
    to: String,
    points: Vec<Point>,
    /// Where its name stands.
    beside: Option<Area>,
}

/// Everything, before it is written.
#[derive(Default)]
struct Plan {
    nodes: Vec<Node>,
    flows: Vec<Flow>,
    /// What flows tell when they leave a container, by id.
    escalations: Vec<(String, String)>,
}

/// Writes the picture of a process.
pub fn write(drawing: &Drawing, process: &Process) -> String {
    let mut plan = Plan::default();
    nodes::add(&mut plan, drawing, process);
    flows::add(&mut plan, drawing);
    let mut out = Markup::default();
    let head = [
        ("xmlns:bpmn", "http://www.omg.org/spec/BPMN/20100524/MODEL"),
        ("xmlns:bpmndi", "http://www.omg.org/spec/BPMN/20100524/DI"),
        ("xmlns:dc", "http://www.omg.org/spec/DD/20100524/DC"),
        ("xmlns:di", "http://www.omg.org/spec/DD/20100524/DI"),
        ("xmlns:xsi", "http://www.w3.org/2001/XMLSchema-instance"),
        ("id", "Definitions"),
        ("targetNamespace", "urn:duban:process"),
        ("exporter", "duban"),
    ];
    out.open("bpmn:definitions", &head);
    for (id, name) in &plan.escalations {
        out.empty("bpmn:escalation", &[("id", id), ("name", name), ("escalationCode", id)]);
    }
    let id = &drawing.shapes[ROOT].id;
    out.open("bpmn:process", &[("id", id), ("name", &process.title), ("isExecutable", "false")]);
    plan.inside(&mut out, ROOT);
    out.close();
    plan.diagram(&mut out, id);
    out.finish()
}

impl Plan {
    /// The nodes and flows of one container.
    fn inside(&self, out: &mut Markup, scope: usize) {
        for node in self.nodes.iter().filter(|node| node.scope == scope) {
            self.node(out, node);
        }
        for flow in self.flows.iter().filter(|flow| flow.scope == scope) {
            let ends = [("id", flow.id.as_str()), ("sourceRef", &flow.from), ("targetRef", &flow.to)];
            let name = (!flow.name.is_empty()).then_some(("name", flow.name.as_str()));
            let attributes: Vec<(&str, &str)> = ends.into_iter().chain(name).collect();
            match &flow.condition {
                None => out.empty("bpmn:sequenceFlow", &attributes),
                Some(condition) => {
                    out.open("bpmn:sequenceFlow", &attributes);
                    let language = [("xsi:type", "bpmn:tFormalExpression"), ("language", FEEL)];
                    out.text("bpmn:conditionExpression", &language, condition);
                    out.close();
                }
            }
        }
    }

    fn node(&self, out: &mut Markup, node: &Node) {
        let mut attributes = vec![("id", node.id.as_str())];
        if !node.name.is_empty() {
            attributes.push(("name", &node.name));
        }
        attributes.extend(node.attributes.iter().map(|(key, value)| (*key, value.as_str())));
        let name = format!("bpmn:{}", node.tag);
        out.open(&name, &attributes);
        if !node.remarks.is_empty() {
            out.text("bpmn:documentation", &[], &node.remarks.join("；"));
        }
        for flow in self.flows.iter().filter(|flow| flow.to == node.id) {
            out.text("bpmn:incoming", &[], &flow.id);
        }
        for flow in self.flows.iter().filter(|flow| flow.from == node.id) {
            out.text("bpmn:outgoing", &[], &flow.id);
        }
        if let Some(in_turn) = node.items {
            let sequential = if in_turn { "true" } else { "false" };
            out.empty("bpmn:multiInstanceLoopCharacteristics", &[("isSequential", sequential)]);
        }
        if let Some(definition) = &node.definition {
            definition.write(out);
        }
        if let Some(scope) = node.inside {
            self.inside(out, scope);
        }
        out.close();
    }

    fn diagram(&self, out: &mut Markup, process: &str) {
        out.open("bpmndi:BPMNDiagram", &[("id", "Diagram")]);
        out.open("bpmndi:BPMNPlane", &[("id", "Plane"), ("bpmnElement", process)]);
        for node in &self.nodes {
            let id = format!("{}.shape", node.id);
            let mut attributes = vec![("id", id.as_str()), ("bpmnElement", &node.id)];
            if node.inside.is_some() {
                attributes.push(("isExpanded", "true"));
            }
            if node.tag == "exclusiveGateway" {
                attributes.push(("isMarkerVisible", "true"));
            }
            out.open("bpmndi:BPMNShape", &attributes);
            bounds(out, node.bounds);
            label(out, node.beside);
            out.close();
        }
        for flow in &self.flows {
            let id = format!("{}.edge", flow.id);
            out.open("bpmndi:BPMNEdge", &[("id", &id), ("bpmnElement", &flow.id)]);
            for Point { x, y } in &flow.points {
                out.empty("di:waypoint", &[("x", &x.to_string()), ("y", &y.to_string())]);
            }
            label(out, flow.beside);
            out.close();
        }
        out.close();
        out.close();
    }

    /// The bounds of each node, by its id.
    fn bounds(&self) -> BTreeMap<String, Area> {
        self.nodes.iter().map(|node| (node.id.clone(), node.bounds)).collect()
    }
}

/// The language of conditions.
const FEEL: &str = "https://www.omg.org/spec/DMN/20191111/FEEL/";

impl Definition {
    fn plain(tag: &'static str) -> Self {
        Self { tag, attribute: None, text: None }
    }

    fn timer(kind: &'static str, text: &str) -> Self {
        Self { tag: "timerEventDefinition", attribute: None, text: Some((kind, text.to_owned())) }
    }

    fn condition(text: &str) -> Self {
        Self { tag: "conditionalEventDefinition", attribute: None, text: Some(("condition", text.to_owned())) }
    }

    fn escalation(id: &str) -> Self {
        let attribute = Some(("escalationRef", id.to_owned()));
        Self { tag: "escalationEventDefinition", attribute, text: None }
    }

    fn write(&self, out: &mut Markup) {
        let name = format!("bpmn:{}", self.tag);
        let attributes: Vec<(&str, &str)> = self.attribute.iter().map(|(key, value)| (*key, value.as_str())).collect();
        match &self.text {
            None => out.empty(&name, &attributes),
            Some((inner, text)) => {
                out.open(&name, &attributes);
                out.text(&format!("bpmn:{inner}"), &[("xsi:type", "bpmn:tFormalExpression")], text);
                out.close();
            }
        }
    }
}

fn bounds(out: &mut Markup, area: Area) {
    let [x, y, width, height] = [area.x, area.y, area.width, area.height].map(|size| size.to_string());
    out.empty("dc:Bounds", &[("x", &x), ("y", &y), ("width", &width), ("height", &height)]);
}

fn label(out: &mut Markup, beside: Option<Area>) {
    if let Some(area) = beside {
        out.open("bpmndi:BPMNLabel", &[]);
        bounds(out, area);
        out.close();
    }
}

/// A square around a point.
fn around(middle: Point, size: i32) -> Area {
    Area { x: middle.x - size / 2, y: middle.y - size / 2, width: size, height: size }
}
