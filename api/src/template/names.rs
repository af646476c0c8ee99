//! The values that a template names: each has to be one that the processes it belongs to know.

use std::collections::BTreeSet;

use duban_engine::library::Library;
use duban_engine::nearest::nearest;
use duban_engine::process::Process;
use duban_engine::steps::Kind;
use handlebars::template::{HelperTemplate, Parameter, Template, TemplateElement};

use super::{Mistake, Place};

/// What every template can name beside the fields, with the parts that it has.
const AROUND: [(&str, &[&str]); 3] = [("case", &["number", "title"]), ("step", &["title"]), ("due", &[])];

/// The folder that holds the templates of all processes.
const FOR_ALL: &str = "templates/";

/// What a template names that none of its processes knows.
pub fn unknown(path: &str, template: &Template, library: &Library) -> Vec<Mistake> {
    let processes = processes_of(path, library);
    let fields: BTreeSet<&str> = processes.iter().flat_map(|process| fields_of(process)).collect();
    let mut named = Vec::new();
    if !processes.is_empty() {
        collect(template, (1, 1), &mut named);
    }
    let wrong = named.into_iter().filter_map(|(name, place)| Some((place, mistake(&name, &fields)?)));
    wrong.map(|((line, column), message)| Mistake { line, column, message }).collect()
}

/// The processes in the folder around the template's, or all.
fn processes_of<'l>(path: &str, library: &'l Library) -> Vec<&'l Process> {
    let folder = path.rsplit_once(FOR_ALL).map_or("", |(folder, _)| folder);
    let is_here = |process: &&Process| {
        let source = library.texts.get(&process.name).and_then(|id| library.sources.get(*id));
        source.is_some_and(|source| {
            folder.is_empty() || source.name.rsplit_once('/').map(|(at, _)| at) == folder.strip_suffix('/')
        })
    };
    library.processes.values().map(AsRef::as_ref).filter(is_here).collect()
}

fn fields_of(process: &Process) -> impl Iterator<Item = &str> {
    let of_steps = process.steps.iter().flat_map(|step| &step.fields);
    let items = process.steps.iter().filter_map(|step| match &step.kind {
        Kind::Each(each) => Some(each.variable.as_str()),
        _ => None,
    });
    process.fields.iter().chain(of_steps).map(|field| field.name.as_str()).chain(items)
}

/// What is wrong with a name as it is written, if anything is.
fn mistake(written: &str, fields: &BTreeSet<&str>) -> Option<String> {
    let mut parts = written.split(['.', '/']);
    let first = parts.next().unwrap_or_default();
    let is_of_template = first.is_empty() || first == "this" || first.starts_with(['@', '[']);
    if is_of_template || fields.contains(first) {
        return None;
    }
    let Some((_, known)) = AROUND.iter().find(|(name, _)| *name == first) else {
        let all = fields.iter().copied().chain(AROUND.iter().map(|(name, _)| *name));
        return Some(format!("there is no field `{first}`{}", hint(nearest(first, all))));
    };
    let part = parts.next()?;
    let is_known = known.contains(&part);
    (!is_known).then(|| format!("`{first}` has no `{part}`{}", hint(nearest(part, known.iter().copied()))))
}

fn hint(near: Option<&str>) -> String {
    near.map_or_else(String::new, |near| format!(": did you mean `{near}`?"))
}

/// The names at their places. Inside `each` and `with` they belong to the item, which is known only when it is filled in.
fn collect(template: &Template, outer: Place, into: &mut Vec<(String, Place)>) {
    for (index, element) in template.elements.iter().enumerate() {
        let place = template.mapping.get(index).map_or(outer, |found| (found.0, found.1));
        match element {
            TemplateElement::Expression(call) | TemplateElement::HtmlExpression(call) => called(call, place, into),
            TemplateElement::HelperBlock(block) => {
                parameters(block, place, into);
                if matches!(block.name.as_name(), Some("if" | "unless")) {
                    for inner in block.template.iter().chain(&block.inverse) {
                        collect(inner, place, into);
                    }
                }
            }
            _ => {}
        }
    }
}

fn called(call: &HelperTemplate, place: Place, into: &mut Vec<(String, Place)>) {
    if call.params.is_empty() && call.hash.is_empty() {
        into.extend(call.name.as_name().map(|name| (name.to_owned(), place)));
    }
    parameters(call, place, into);
}

fn parameters(call: &HelperTemplate, place: Place, into: &mut Vec<(String, Place)>) {
    for parameter in call.params.iter().chain(call.hash.values()) {
        match parameter {
            Parameter::Name(_) | Parameter::Path(_) => {
                into.extend(parameter.as_name().map(|name| (name.to_owned(), place)));
            }
            Parameter::Subexpression(inner) => {
                if let TemplateElement::Expression(inner) = inner.as_element() {
                    called(inner, place, into);
                }
            }
            _ => {}
        }
    }
}
