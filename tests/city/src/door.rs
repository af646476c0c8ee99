//! The way into the server, as the people of the city use it: HTTP, with a token for everybody.

use std::collections::BTreeMap;

use duban_engine::ids::{CaseId, Name, VisitId};
use serde_json::{Map, Value as Json, json};

use crate::client::{Answer, Client, Question, escaped};

/// What was filled in, by field.
pub type Filled = Map<String, Json>;

/// A command was not done: the code of why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused(pub String);

/// A line of a form.
#[derive(Clone, Debug, PartialEq)]
pub struct Blank {
    /// The field.
    pub name: String,
    /// Whether it has to be filled in.
    pub required: bool,
    /// What fits.
    pub fits: Fits,
}

/// What fits into a field.
#[derive(Clone, Debug, PartialEq)]
pub enum Fits {
    /// One line.
    Line,
    /// A text.
    Long,
    /// A telephone number.
    Phone,
    /// One of these keys.
    Choice(Vec<String>),
    /// A unit.
    Unit,
    /// A person.
    Person,
    /// A moment.
    DateTime,
    /// A number.
    Number,
    /// Yes or no.
    Boolean,
    /// Several of these.
    List(Box<Fits>),
    /// Something that the people of the city never fill in.
    Other,
}

/// An action that a person can take.
#[derive(Clone, Debug, PartialEq)]
pub struct Offer {
    /// Where.
    pub visit: VisitId,
    /// Which.
    pub action: Name,
    /// What it asks for.
    pub form: Vec<Blank>,
}

/// What a person does about a case.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Deed {
    /// Takes an action.
    Take(VisitId, Name),
    /// Takes a task from the pool.
    Claim(VisitId),
    /// Puts it back.
    Release(VisitId),
    /// Passes it on.
    HandOn(VisitId, Name),
    /// Asks a colleague.
    Delegate(VisitId, Name),
    /// Gives the colleague's answer.
    Answer(VisitId),
    /// Takes the last action back.
    Withdraw,
}

/// HTTP, with everybody's token.
#[derive(Debug)]
pub struct Door {
    /// The client.
    pub client: Client,
    /// The token of each person.
    pub people: BTreeMap<Name, String>,
    /// The token of the systems around.
    pub program: String,
}

impl Door {
    async fn post(&self, token: &str, key: &str, path: &str, body: &Json) -> Result<Json, Refused> {
        let question = Question { method: "POST", path, token, key: Some(key), body: Some(body) };
        done(self.client.ask(question).await)
    }

    fn token(&self, person: &Name) -> &str {
        self.people.get(person).map_or("", String::as_str)
    }
}

fn done(answer: std::io::Result<Answer>) -> Result<Json, Refused> {
    let Answer { status, body } = answer.map_err(|error| Refused(error.to_string()))?;
    if (200..300).contains(&status) {
        return Ok(body);
    }
    Err(Refused(body["code"].as_str().map_or_else(|| status.to_string(), str::to_owned)))
}

/// The case of an answer to a command.
pub fn case_of(answer: &Json) -> CaseId {
    answer["case"].as_str().and_then(|case| case.parse().ok()).expect("an answer to a command names its case")
}

impl Door {
    /// Opens a case for a person.
    ///
    /// # Errors
    /// The code of why not.
    pub async fn open(&self, key: &str, person: &Name, process: &str, fields: Filled) -> Result<CaseId, Refused> {
        let body = json!({"process": process, "fields": fields});
        Ok(case_of(&self.post(self.token(person), key, "/api/cases", &body).await?))
    }

    /// Sends a message as another system: to one case by its number, or for a case to begin with.
    ///
    /// # Errors
    /// The code of why not.
    pub async fn deliver(
        &self,
        key: &str,
        message: &str,
        to: Option<&Name>,
        fields: Filled,
    ) -> Result<Vec<CaseId>, Refused> {
        let body = json!({"to": to, "fields": fields});
        let path = format!("/api/messages/{}", escaped(message));
        let answer = self.post(&self.program, key, &path, &body).await?;
        Ok(answer["cases"].as_array().into_iter().flatten().map(case_of).collect())
    }

    /// What a person can do about a case.
    ///
    /// # Errors
    /// The code of why not.
    pub async fn offers(&self, case: CaseId, person: &Name) -> Result<Vec<Offer>, Refused> {
        let path = format!("/api/cases/{case}");
        let question = Question { method: "GET", path: &path, token: self.token(person), key: None, body: None };
        let view = done(self.client.ask(question).await)?;
        let actions = view["actions"].as_array().into_iter().flatten();
        Ok(actions.filter(|action| action["is_allowed"] == true).map(offer).collect())
    }

    /// Does something about a case.
    ///
    /// # Errors
    /// The code of why not.
    pub async fn act(
        &self,
        key: &str,
        case: CaseId,
        person: &Name,
        deed: &Deed,
        fields: Filled,
    ) -> Result<u32, Refused> {
        let verb = |visit: &VisitId, verb: &str| format!("/api/cases/{case}/tasks/{visit}/{verb}");
        let (path, body) = match deed {
            Deed::Take(visit, action) => (
                format!("/api/cases/{case}/actions/{}", escaped(action)),
                json!({"visit": visit, "fields": fields, "seal": "seal"}),
            ),
            Deed::Claim(visit) => (verb(visit, "claim"), json!({})),
            Deed::Release(visit) => (verb(visit, "release"), json!({})),
            Deed::HandOn(visit, to) => (verb(visit, "hand_on"), json!({"to": to})),
            Deed::Delegate(visit, to) => (verb(visit, "delegate"), json!({"to": to})),
            Deed::Answer(visit) => (verb(visit, "answer"), json!({})),
            Deed::Withdraw => (format!("/api/cases/{case}/withdraw"), json!({})),
        };
        let answer = self.post(self.token(person), key, &path, &body).await?;
        let sequence = answer["sequence"].as_u64().and_then(|sequence| u32::try_from(sequence).ok());
        Ok(sequence.expect("an answer to a command has a sequence"))
    }
}

/// An offer, with its form read from JSON Schema.
fn offer(json: &Json) -> Offer {
    let visit = json["visit"].as_u64().and_then(|visit| u32::try_from(visit).ok());
    let schema = &json["form"];
    let required: Vec<&str> = texts(&schema["required"]).collect();
    let form = texts(&schema["x-order"]).map(|name| Blank {
        name: name.to_owned(),
        required: required.contains(&name),
        fits: fits(&schema["properties"][name]),
    });
    Offer {
        visit: VisitId(visit.expect("an offer names its visit")),
        action: json["action"].as_str().expect("an offer names its action").into(),
        form: form.collect(),
    }
}

fn texts(list: &Json) -> impl Iterator<Item = &str> {
    list.as_array().into_iter().flatten().filter_map(Json::as_str)
}

fn fits(schema: &Json) -> Fits {
    if let Some(keys) = schema["oneOf"].as_array() {
        let keys = keys.iter().filter_map(|key| key["const"].as_str());
        return Fits::Choice(keys.map(str::to_owned).collect());
    }
    match (schema["type"].as_str(), schema["x-kind"].as_str()) {
        (Some("array"), _) => Fits::List(Box::new(fits(&schema["items"]))),
        (Some("boolean"), _) => Fits::Boolean,
        (Some("integer"), _) => Fits::Number,
        (Some("string"), Some("line")) => Fits::Line,
        (Some("string"), Some("long")) => Fits::Long,
        (Some("string"), Some("phone")) => Fits::Phone,
        (Some("string"), Some("unit")) => Fits::Unit,
        (Some("string"), Some("person")) => Fits::Person,
        (Some("string"), Some("datetime")) => Fits::DateTime,
        (Some("string"), None) => Fits::Line,
        (_, _) => Fits::Other,
    }
}

/// 64 bits from a text (FNV-1a).
pub fn fold(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}
