//! Which module of a crate needs which, and where that goes round in a circle.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::sources::{code_of, rust_files};

/// A module by the names on the way to it; the crate's root has none.
type Module = Vec<String>;

/// Modules of one folder that need each other in a circle, as sentences. What a module needs counts for the one of the
/// folder that it lies in; that it needs the module around it, or one inside it, is no circle: they are one.
pub fn circles(folder: &str) -> Vec<String> {
    let files = rust_files(Path::new(folder));
    let modules: BTreeMap<Module, String> =
        files.iter().map(|file| (module_of(file.strip_prefix(folder).unwrap_or(file)), code_of(file))).collect();
    circles_among(&modules)
}

/// The same for modules with their code.
pub fn circles_among(modules: &BTreeMap<Module, String>) -> Vec<String> {
    let mut needs: BTreeMap<Module, BTreeSet<Module>> = BTreeMap::new();
    for (module, code) in modules {
        for path in paths(code) {
            let Some(other) = resolve(module, &path, modules) else { continue };
            let common = module.iter().zip(&other).take_while(|(one, other)| one == other).count();
            if common < module.len() && common < other.len() {
                let part = |of: &Module| of.iter().take(common + 1).cloned().collect::<Module>();
                needs.entry(part(module)).or_default().insert(part(&other));
            }
        }
    }
    let pairs = needs.iter().flat_map(|(module, others)| others.iter().map(move |other| (module, other)));
    let round = pairs.filter(|(module, other)| module < other && leads(&needs, other, module));
    round.map(|(module, other)| format!("`{}` and `{}` need each other", module.join("::"), other.join("::"))).collect()
}

/// Whether one module needs another, perhaps through more of them.
fn leads(needs: &BTreeMap<Module, BTreeSet<Module>>, from: &Module, to: &Module) -> bool {
    let (mut seen, mut next) = (BTreeSet::new(), vec![from]);
    while let Some(module) = next.pop() {
        if module == to {
            return true;
        }
        if seen.insert(module) {
            next.extend(needs.get(module).into_iter().flatten());
        }
    }
    false
}

fn module_of(file: &Path) -> Module {
    let mut names: Module = file.iter().map(|name| name.to_string_lossy().trim_end_matches(".rs").to_owned()).collect();
    if names.last().is_some_and(|name| matches!(name.as_str(), "mod" | "lib" | "main")) {
        names.pop();
    }
    names
}

/// The module that a path leads into.
fn resolve(from: &Module, path: &[String], modules: &BTreeMap<Module, String>) -> Option<Module> {
    let (first, rest) = path.split_first()?;
    let mut whole = match first.as_str() {
        "crate" => Module::new(),
        "self" => from.clone(),
        "super" => from[..from.len().checked_sub(1)?].to_vec(),
        _ => return None,
    };
    for name in rest {
        match name.as_str() {
            "super" => _ = whole.pop(),
            name => whole.push(name.to_owned()),
        }
    }
    while !modules.contains_key(&whole) {
        whole.pop()?;
    }
    Some(whole)
}

/// All paths in a module's code that begin at the crate, here, or around here; of a `use` each that it names.
fn paths(code: &str) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    for start in ["crate::", "super::", "self::"] {
        for (at, _) in code.match_indices(start) {
            let is_whole = !code[..at].ends_with(|before: char| before.is_alphanumeric() || "_:".contains(before));
            if is_whole {
                tree(&code[at..], &Vec::new(), &mut found);
            }
        }
    }
    found
}

/// The paths of a tree as `a::{b, c::d}`, each behind `around`; answers what follows the tree.
fn tree<'c>(code: &'c str, around: &Module, found: &mut Vec<Module>) -> &'c str {
    let (mut path, mut rest) = (around.clone(), code);
    loop {
        let word: String = rest.chars().take_while(|letter| letter.is_alphanumeric() || *letter == '_').collect();
        rest = &rest[word.len()..];
        path.extend((!word.is_empty()).then_some(word));
        let Some(more) = rest.strip_prefix("::") else { break };
        rest = more;
        let Some(mut inside) = rest.strip_prefix('{') else { continue };
        loop {
            inside = tree(inside.trim_start(), &path, found).trim_start();
            match inside.strip_prefix(',') {
                Some(more) if !more.trim_start().starts_with('}') => inside = more,
                Some(more) => return more.trim_start().trim_start_matches('}'),
                None => return inside.strip_prefix('}').unwrap_or(inside),
            }
        }
    }
    found.push(path);
    // Another name for it says nothing of where it is.
    match rest.strip_prefix(" as ") {
        Some(renamed) => renamed.trim_start_matches(|letter: char| letter.is_alphanumeric() || letter == '_'),
        None => rest,
    }
}
