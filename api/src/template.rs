//! A template as it is accepted: Handlebars that can neither include, nor nest without end, nor loop in a loop.

mod names;

use std::collections::BTreeMap;
use std::thread;

use duban_engine::diagnostic::{Diagnostic, Severity, Source, Sources, Span};
use duban_engine::library::Library;
use duban_engine::nearest::nearest;
use handlebars::template::{HelperTemplate, Parameter, Template, TemplateElement};

/// How large a template may be: several printed pages.
const BYTES_MAX: usize = 64 * 1024;

/// How many brackets of all kinds may open, so that the parser, which calls itself for each, stays within its stack.
const OPENINGS_MAX: usize = 4_000;

/// The stack of the thread that parses; measured with the innermost of [`OPENINGS_MAX`]. Only what is used is taken.
const STACK_BYTES: usize = 256 * 1024 * 1024;

/// How deep blocks, the links of an else-chain, and calls in calls may nest.
const DEPTH_MAX: usize = 16;

/// The blocks that a template may have.
const BLOCKS: [&str; 4] = ["if", "unless", "each", "with"];

/// The calls that a template may have.
const CALLS: [&str; 11] = ["lookup", "eq", "ne", "gt", "gte", "lt", "lte", "and", "or", "not", "len"];

/// What is wrong with a template, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// The line, from 1.
    pub line: usize,
    /// The character of the line, from 1.
    pub column: usize,
    /// A sentence without a full stop.
    pub message: String,
}

/// A line and a column.
type Place = (usize, usize);

/// Reads templates by their names.
pub fn read_all<'a>(texts: impl IntoIterator<Item = (String, &'a str)>) -> BTreeMap<String, Result<Template, Mistake>> {
    let texts: Vec<(String, &str)> = texts.into_iter().collect();
    let broken = || Mistake { line: 1, column: 1, message: "this template cannot be read".to_owned() };
    thread::scope(|scope| {
        // A thread for all; should one of them end it, the others are read on threads of their own.
        let all = || texts.iter().map(|(name, text)| (name.clone(), read(text))).collect();
        let deep = || thread::Builder::new().stack_size(STACK_BYTES);
        let together = deep().spawn_scoped(scope, all).ok().and_then(|reading| reading.join().ok());
        together.unwrap_or_else(|| {
            let alone = texts.iter().map(|(name, text)| {
                let reading = deep().spawn_scoped(scope, || read(text)).ok();
                let read = reading.and_then(|reading| reading.join().ok());
                (name.clone(), read.unwrap_or_else(|| Err(broken())))
            });
            alone.collect()
        })
    })
}

/// What is wrong with the templates among these files, each at its place; their texts are added to the sources. What they name
/// is looked up in a library, when the rest of the files makes one.
pub fn check(files: &BTreeMap<String, Vec<u8>>, library: Option<&Library>, sources: &mut Sources) -> Vec<Diagnostic> {
    let written = files.iter().filter(|(path, _)| is_template(path));
    let read: Vec<Source> = written.map(|(path, bytes)| Source::new(path.clone(), bytes)).collect();
    let found = read_all(read.iter().map(|source| (source.name.clone(), &*source.text)));
    let mut diagnostics = Vec::new();
    for source in read {
        let mistakes = match found.get(&source.name) {
            Some(Err(mistake)) => vec![mistake.clone()],
            Some(Ok(template)) => {
                library.map(|library| names::unknown(&source.name, template, library)).unwrap_or_default()
            }
            None => Vec::new(),
        };
        let bytes: Vec<u32> = mistakes.iter().map(|mistake| byte_of(&source.text, mistake)).collect();
        if mistakes.is_empty() {
            continue;
        }
        let id = sources.add(source);
        diagnostics.extend(mistakes.into_iter().zip(bytes).map(|(mistake, byte)| {
            Diagnostic::new(Severity::Error, Span::new(id, byte, byte), "template", mistake.message)
        }));
    }
    diagnostics
}

fn is_template(path: &str) -> bool {
    let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
    path.ends_with(".hbs") && (folder == "templates" || folder.ends_with("/templates"))
}

fn byte_of(text: &str, mistake: &Mistake) -> u32 {
    let line: usize = text.split_inclusive('\n').take(mistake.line.saturating_sub(1)).map(str::len).sum();
    let rest = text.get(line..).unwrap_or_default();
    let in_line = rest.char_indices().nth(mistake.column.saturating_sub(1)).map_or(rest.len(), |(byte, _)| byte);
    u32::try_from(line + in_line).unwrap_or(u32::MAX)
}

fn read(text: &str) -> Result<Template, Mistake> {
    let whole = |message: String| Mistake { line: 1, column: 1, message };
    if text.len() > BYTES_MAX {
        return Err(whole(format!("a template has {BYTES_MAX} bytes at most")));
    }
    if text.matches(['{', '(', '[']).count() > OPENINGS_MAX {
        return Err(whole(format!("a template has {OPENINGS_MAX} brackets at most")));
    }
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let template = Template::compile(text).map_err(|error| {
        if let Some(mistake) = unclosed(text) {
            return mistake;
        }
        let (line, column) = error.pos().unwrap_or((1, 1));
        let reason = error.reason().to_string();
        // The reason draws the place over several lines; the last says what was expected there.
        let last = reason.lines().rev().find_map(|line| line.trim().strip_prefix("= "));
        let message = last.map_or_else(|| reason.clone(), |expected| format!("this is not Handlebars: {expected}"));
        Mistake { line, column, message }
    })?;
    walk(&template, (1, 1), DEPTH_MAX, false)?;
    Ok(template)
}

/// The block that is not closed, or closed by another name, in a text that cannot be read.
fn unclosed(text: &str) -> Option<Mistake> {
    let mut open: Vec<(&str, usize)> = Vec::new();
    let ends = |rest: &str| rest.find(|letter: char| !letter.is_alphanumeric()).unwrap_or(rest.len());
    for (at, _) in text.match_indices("{{") {
        let inside = text[at + 2..].trim_start_matches(['{', '~']);
        if let Some(rest) = inside.strip_prefix('#') {
            open.push((&rest[..ends(rest)], at));
        } else if let Some(rest) = inside.strip_prefix('/') {
            let name = &rest[..ends(rest)];
            match open.pop() {
                Some((opened, _)) if opened == name => {}
                Some((opened, _)) => {
                    return Some(mistake_at(
                        text,
                        at,
                        format!("`{{{{/{name}}}}}` closes `{{{{#{opened} …}}}}`: write `{{{{/{opened}}}}}`"),
                    ));
                }
                None => return Some(mistake_at(text, at, format!("`{{{{/{name}}}}}` closes nothing"))),
            }
        }
    }
    let (name, at) = open.pop()?;
    Some(mistake_at(text, at, format!("`{{{{#{name} …}}}}` is not closed: write `{{{{/{name}}}}}` where it ends")))
}

fn mistake_at(text: &str, at: usize, message: String) -> Mistake {
    let before = &text[..at];
    let line = before.rfind('\n').map_or(0, |line| line + 1);
    Mistake { line: 1 + before.matches('\n').count(), column: 1 + text[line..at].chars().count(), message }
}

/// Walks a template that stands at a place; the parser gives the links of an else-chain none of their own.
fn walk(template: &Template, outer: Place, depth_left: usize, is_in_loop: bool) -> Result<(), Mistake> {
    for (index, element) in template.elements.iter().enumerate() {
        let place = template.mapping.get(index).map_or(outer, |found| (found.0, found.1));
        let at = |message: String| Mistake { line: place.0, column: place.1, message };
        match element {
            TemplateElement::RawString(_) | TemplateElement::Comment(_) => {}
            TemplateElement::Expression(call) | TemplateElement::HtmlExpression(call) => {
                check_call(call, depth_left).map_err(at)?;
            }
            TemplateElement::HelperBlock(block) => {
                let name = block.name.as_name().unwrap_or_default();
                known(name, &BLOCKS).map_err(at)?;
                let is_loop = name == "each";
                if is_loop && is_in_loop {
                    return Err(at("an `each` cannot be inside another one".to_owned()));
                }
                let depth_left = depth_left.checked_sub(1).ok_or_else(|| at(too_deep()))?;
                check_parameters(block, depth_left).map_err(at)?;
                for inner in block.template.iter().chain(&block.inverse) {
                    walk(inner, place, depth_left, is_in_loop || is_loop)?;
                }
            }
            _ => return Err(at("a template cannot include another one or define one: write the text here".to_owned())),
        }
    }
    Ok(())
}

/// What stands alone is the name of a value; with anything behind it, it is a call.
fn check_call(call: &HelperTemplate, depth_left: usize) -> Result<(), String> {
    if call.params.is_empty() && call.hash.is_empty() {
        return if let Parameter::Subexpression(inner) = &call.name {
            check_inner(inner.as_element(), depth_left)
        } else {
            Ok(())
        };
    }
    known(call.name.as_name().unwrap_or_default(), &CALLS)?;
    check_parameters(call, depth_left)
}

fn check_parameters(call: &HelperTemplate, depth_left: usize) -> Result<(), String> {
    for parameter in call.params.iter().chain(call.hash.values()) {
        if let Parameter::Subexpression(inner) = parameter {
            check_inner(inner.as_element(), depth_left)?;
        }
    }
    Ok(())
}

fn check_inner(element: &TemplateElement, depth_left: usize) -> Result<(), String> {
    let depth_left = depth_left.checked_sub(1).ok_or_else(too_deep)?;
    match element {
        TemplateElement::Expression(call) => check_call(call, depth_left),
        _ => Err("only a call can stand in brackets".to_owned()),
    }
}

fn known(name: &str, names: &[&str]) -> Result<(), String> {
    if names.contains(&name) {
        return Ok(());
    }
    let hint = nearest(name, names.iter().copied()).map(|near| format!("did you mean `{near}`?"));
    let hint = hint.unwrap_or_else(|| format!("there are {}", names.join(", ")));
    Err(format!("there is no `{}` here: {hint}", name.chars().take(40).collect::<String>()))
}

fn too_deep() -> String {
    format!("this nests deeper than {DEPTH_MAX}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> Option<(usize, usize, String)> {
        let read = read_all([("one".to_owned(), text)]).remove("one").expect("it was read");
        read.err().map(|mistake| (mistake.line, mistake.column, mistake.message))
    }

    #[test]
    fn what_the_documentation_shows_is_accepted() {
        let texts = [
            "subject: 即将到期：{{subject}}\n{{case.number}}（{{step.title}}）将于 {{due}} 到期。",
            "{{#if due}}时限{{due}}{{else}}无时限{{/if}}{{#unless urgent}}普通{{/unless}}",
            "{{#each case}}{{@key}}={{this}} {{/each}}{{#with case}}{{number}}{{/with}}",
            "{{#if (and (eq channel \"phone\") (not urgent))}}{{{content}}}{{/if}}{{len subject}}{{lookup case 'number'}}",
            "{{!-- a {{#if}} in a comment --}}plain \\{{text}}",
            "{{#if a}}1{{else if b}}2{{else}}3{{/if}}",
        ];
        for text in texts {
            assert_eq!(refused(text), None, "{text}");
        }
    }

    #[test]
    fn what_includes_defines_or_logs_is_refused_with_its_place() {
        for (text, line, column) in [
            ("a\n  {{#*inline \"a\"}}{{> a}}{{/inline}}{{> a}}", 2, 3),
            ("{{> other}}", 1, 1),
            ("{{#if a}}\n{{> other}}{{/if}}", 2, 1),
            ("{{#> layout}}x{{/layout}}", 1, 1),
            ("{{* decorate}}", 1, 1),
            ("{{log phone}}", 1, 1),
            ("{{#if a}}x{{else if (log b)}}y{{/if}}", 1, 1),
            ("{{lookup case (log phone)}}", 1, 1),
            ("{{{{raw}}}} {{x}} {{{{/raw}}}}", 1, 1),
            ("{{#each @root}}{{#if a}}{{#each @root}}{{/each}}{{/if}}{{/each}}", 1, 25),
            ("{{#if words}}never closed", 1, 1),
            ("一\n二{{#if a}}{{#each b}}{{/if}}{{/each}}", 2, 22),
            ("a{{/if}}", 1, 2),
            ("{{#fi a}}{{/fi}}", 1, 1),
        ] {
            let found = refused(text);
            assert_eq!(
                found.as_ref().map(|(line, column, _)| (*line, *column)),
                Some((line, column)),
                "{text} {found:?}"
            );
        }
    }

    #[test]
    fn no_depth_reaches_the_end_of_the_stack() {
        let texts = [
            "{{#if a}}".repeat(2_000),
            format!("{}{}", "{{#if a}}".repeat(1_900), "{{/if}}".repeat(1_900)),
            format!("{{{{#if a}}}}{}{{{{/if}}}}", "{{else if b}}".repeat(1_900)),
            format!("{{{{len {}a{}}}}}", "(not ".repeat(3_900), ")".repeat(3_900)),
            format!("{{{{len {}{}}}}}", "[".repeat(3_900), "]".repeat(3_900)),
            format!("{{{{len {}1{}}}}}", "{\"a\":".repeat(3_900), "}".repeat(3_900)),
            "{".repeat(60_000),
            "x".repeat(BYTES_MAX + 1),
        ];
        for text in texts {
            assert!(refused(&text).is_some(), "{}", &text[..40]);
        }
    }
}
