//! What steps declare, known before any of them is read: their fields, and the items of each `each`.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::sketch::{Part, Sketch, members};
use crate::checker::{Checker, Frame};
use crate::clauses::fields::check_fields;
use crate::field::Field;
use crate::formula::Operand;
use crate::ids::{Name, written_step};
use crate::moment::StepId;
use crate::value::Type;
use crate::yaml::Node;

/// What is known of a step before it is read.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// Its fields.
    pub fields: Vec<Arc<Field>>,
    /// The item variable of an `each`, with the type of its items.
    pub item: Option<(Name, Type)>,
    /// The list of an `each`.
    pub items: Option<Operand>,
}

/// Reads what steps declare: their fields, and the items of each `each`.
pub fn declare(checker: &mut Checker<'_>, sketches: &[Sketch<'_>]) -> Vec<Known> {
    let mut known: Vec<Known> = vec![Known::default(); sketches.len()];
    for (number, found) in (0u16..).zip(sketches) {
        surround(checker, sketches, &known, found.parent);
        let here = match found.part {
            Part::Each => declare_each(checker, found),
            Part::Whole | Part::Item => {
                let fields = found.node.get("fields").map(|fields| check_fields(checker, fields)).unwrap_or_default();
                Known { fields, ..Known::default() }
            }
            Part::After => Known::default(),
        };
        for field in &here.fields {
            let framed = checker.frames.iter().any(|frame| frame.fields.contains_key(&field.name));
            if framed || checker.fields.contains_key(&field.name) {
                let message = format!("the field `{}` is declared around this step already", field.name);
                let declared = found.node.get("fields").and_then(Node::as_mapping).unwrap_or_default();
                let place = declared.iter().find(|entry| entry.key.text == field.name).map(|entry| entry.key.span);
                checker
                    .error(place.unwrap_or(found.span), "hidden-field", message)
                    .help("give one of them another name");
            }
        }
        if found.part == Part::Item {
            let around = found.parent.and_then(|around| known.get(usize::from(around.0)));
            if let Some((variable, kind)) = around.and_then(|around| around.item.clone()) {
                let fields = here.fields.iter().map(|field| (field.name.clone(), field.kind.clone()));
                let own = [(variable.clone(), kind), (Name::new("done"), Type::Boolean)];
                let context = Type::Context(fields.chain(own).collect());
                checker.collections.insert(Name::new(written_step(&found.name)), (variable, context));
            }
        }
        if let Some(slot) = known.get_mut(usize::from(number)) {
            *slot = here;
        }
    }
    known
}

fn declare_each(checker: &mut Checker<'_>, found: &Sketch<'_>) -> Known {
    let Some(node) = found.node.get("each") else { return Known::default() };
    let Some([entry]) = node.as_mapping() else {
        checker.shape(node, "one item variable and its list, as `{unit: =assisting_units}`");
        return Known::default();
    };
    let variable = &entry.key.text;
    checker.check_name(variable, entry.key.span);
    let items = checker.operand(&entry.value, &Type::list(Type::Any));
    let kind = match &items {
        Some(Operand::Formula(formula)) => match formula.expression().result_type() {
            Type::List(item) => item.as_ref().clone(),
            _ => Type::Any,
        },
        Some(Operand::Literal(_)) | None => Type::Any,
    };
    Known { fields: Vec::new(), item: Some((variable.clone(), kind)), items }
}

/// Makes the checker see what is around a step: `innermost` and the steps around that.
pub fn surround(checker: &mut Checker<'_>, sketches: &[Sketch<'_>], known: &[Known], innermost: Option<StepId>) {
    let mut frames = Vec::new();
    let mut next = innermost;
    while let Some(id) = next {
        let at = usize::from(id.0);
        let (Some(sketch), Some(here)) = (sketches.get(at), known.get(at)) else { break };
        let fields: BTreeMap<Name, Arc<Field>> =
            here.fields.iter().map(|field| (field.name.clone(), Arc::clone(field))).collect();
        frames.push(Frame { step: sketch.name.clone(), fields, item: here.item.clone() });
        next = sketch.parent;
    }
    frames.reverse();
    checker.frames = frames;
    checker.members = innermost.map(|id| members(sketches, id)).unwrap_or_default();
}
