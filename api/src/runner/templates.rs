//! The templates of a library, ready to be filled in.

use std::collections::BTreeMap;
use std::io::Write;
use std::sync::Arc;

use duban_engine::library::Library;
use handlebars::{Handlebars, RenderError, no_escape};
use serde_json::Value as Json;

use crate::template;

/// Templates that can be filled in, by process and name; those for all are under the empty process.
#[derive(Debug)]
pub struct Templates {
    read: Handlebars<'static>,
    texts: BTreeMap<String, Arc<str>>,
}

/// One template.
pub struct Found<'a> {
    templates: &'a Templates,
    name: String,
    /// As it was written.
    pub text: &'a str,
}

impl Templates {
    /// The templates of a library, and what is wrong with those that cannot be read, by their names.
    pub fn of(library: &Library) -> (Self, BTreeMap<String, String>) {
        let mut read = Handlebars::new();
        // These are plain texts; whoever shows them as HTML escapes them there.
        read.register_escape_fn(no_escape);
        // The log never has the value of a field in it.
        read.unregister_helper("log");
        let texts = library.templates.iter().map(|((process, name), text)| (key(process, name), Arc::clone(text)));
        let mut texts: BTreeMap<String, Arc<str>> = texts.collect();
        let mut wrong = BTreeMap::new();
        for (name, one) in template::read_all(texts.iter().map(|(name, text)| (name.clone(), &**text))) {
            match one {
                Ok(template) => read.register_template(&name, template),
                Err(template::Mistake { line, column, message }) => {
                    wrong.insert(name, format!("{line}:{column}: {message}"));
                }
            }
        }
        texts.retain(|name, _| !wrong.contains_key(name));
        (Self { read, texts }, wrong)
    }

    /// The template of a process, or else the one for all.
    pub fn find(&self, process: &str, template: &str) -> Option<Found<'_>> {
        let names = [key(process, template), key("", template)];
        names.into_iter().find_map(|name| {
            let text = self.texts.get(&name)?;
            Some(Found { templates: self, name, text })
        })
    }
}

impl Found<'_> {
    /// Fills it in.
    pub fn fill(&self, facts: &Json, into: impl Write) -> Result<(), RenderError> {
        self.templates.read.render_to_write(&self.name, facts, into)
    }
}

fn key(process: &str, template: &str) -> String {
    format!("{process}/{template}")
}
