//! Makes data fit after something was found wrong in it, so that what else is wrong can be found too.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value as Json;

use super::misfit::Misfit;

/// What was told of and mended so far, by paths as written.
#[derive(Default)]
pub(super) struct Mender {
    told: BTreeSet<Vec<String>>,
    /// The numbers of items that were left out, by the path of their list.
    left_out: BTreeMap<Vec<String>, BTreeSet<usize>>,
}

impl Mender {
    /// Whether a misfit only follows from one that was told of, and its path as it was written.
    pub(super) fn look(&mut self, misfit: &Misfit, path: &[String]) -> (bool, Vec<String>) {
        let as_written = self.as_written(path);
        let mut about = as_written.clone();
        if let Misfit::Missing(key) = misfit {
            about.push(key.clone());
        }
        (!self.told.insert(about), as_written)
    }

    /// Makes the data fit; what was mended once and still does not fit is left out together with what is around it.
    /// Answers whether that is possible.
    pub(super) fn mend(&mut self, json: &mut Json, misfit: &Misfit, path: &[String], told: bool) -> bool {
        let around = path.split_last().map_or(&[][..], |(_, around)| around);
        match misfit {
            Misfit::Missing(_) if told => self.leave_out(json, path),
            Misfit::Missing(key) => put(json, path, key, Json::String(String::new())),
            Misfit::UnknownKey { key, .. } => {
                let value = take(json, around, key);
                let meant = misfit.meant().map(str::to_owned);
                if let (Some(meant), Some(value)) = (meant, value) {
                    put(json, around, &meant, value);
                }
                true
            }
            _ if told => self.leave_out(json, around),
            Misfit::UnknownWord { .. } | Misfit::Kind { .. } | Misfit::Other(_) => self.replace(json, misfit, path),
        }
    }

    /// Puts in what was probably meant: the nearest word, or the same as text.
    fn replace(&mut self, json: &mut Json, misfit: &Misfit, path: &[String]) -> bool {
        let Some(value) = at(json, path) else { return false };
        let meant = misfit.meant().map(str::to_owned);
        let same = match value {
            Json::Bool(_) | Json::Number(_) => Some(value.to_string()),
            Json::Null | Json::String(_) | Json::Array(_) | Json::Object(_) => None,
        };
        match meant.or(same) {
            Some(text) => *value = Json::String(text),
            None => return self.leave_out(json, path),
        }
        true
    }

    fn leave_out(&mut self, json: &mut Json, path: &[String]) -> bool {
        let Some((last, around)) = path.split_last() else { return false };
        let written = self.as_written(path);
        match at(json, around) {
            Some(Json::Object(entries)) => entries.remove(last).is_some(),
            Some(Json::Array(items)) => match last.parse::<usize>() {
                Ok(number) if number < items.len() => {
                    items.remove(number);
                    let (number, list) = written.split_last().expect("a path as written is as long as the path");
                    let number = number.parse().expect("a list's item has a number");
                    self.left_out.entry(list.to_vec()).or_default().insert(number)
                }
                Ok(_) | Err(_) => false,
            },
            Some(Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_)) | None => false,
        }
    }

    /// A path in what is left, as it was before items were left out.
    fn as_written(&self, path: &[String]) -> Vec<String> {
        let mut written: Vec<String> = Vec::new();
        for word in path {
            let number = self.left_out.get(&written).and_then(|gone| {
                let mut number = word.parse::<usize>().ok()?;
                for gone in gone {
                    number += usize::from(*gone <= number);
                }
                Some(number.to_string())
            });
            written.push(number.unwrap_or_else(|| word.clone()));
        }
        written
    }
}

/// What a path leads to.
pub(super) fn at<'j>(json: &'j mut Json, path: &[String]) -> Option<&'j mut Json> {
    path.iter().try_fold(json, |at, word| match at {
        Json::Object(entries) => entries.get_mut(word),
        Json::Array(items) => word.parse::<usize>().ok().and_then(|number| items.get_mut(number)),
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => None,
    })
}

/// Puts an entry in, unless there is one already.
fn put(json: &mut Json, path: &[String], key: &str, value: Json) -> bool {
    let Some(Json::Object(entries)) = at(json, path) else { return false };
    entries.entry(key).or_insert(value);
    true
}

fn take(json: &mut Json, path: &[String], key: &str) -> Option<Json> {
    at(json, path)?.as_object_mut()?.remove(key)
}
