//! The way into the server, as the people of the city use it: the same load goes through HTTP or straight to the runner.

use std::future::Future;
use std::sync::Arc;

use duban::runner::{Message, Refusal, Runner, Submission};
use duban_engine::command::{Ask, StartedBy};
use duban_engine::event::{Actor, Fields};
use duban_engine::field::{Field, Shape};
use duban_engine::ids::{CaseId, Name, VisitId};
use duban_engine::moment::World;
use duban_engine::rejection::Rejection;
use duban_engine::value::{Type, Value};
use duban_engine::view;
use serde_json::{Map, Value as Json};

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

/// A way into the server. Every command carries a key.
pub trait Door: Send + Sync + 'static {
    /// Opens a case for a person.
    fn open(
        &self,
        key: &str,
        person: &Name,
        process: &str,
        fields: Filled,
    ) -> impl Future<Output = Result<CaseId, Refused>> + Send;

    /// Sends a message as another system: to one case by its number, or to whoever it may concern.
    fn deliver(
        &self,
        key: &str,
        message: &str,
        to: Option<&Name>,
        fields: Filled,
    ) -> impl Future<Output = Result<Vec<CaseId>, Refused>> + Send;

    /// What a person can do about a case.
    fn offers(&self, case: CaseId, person: &Name) -> impl Future<Output = Result<Vec<Offer>, Refused>> + Send;

    /// Does something about a case.
    fn act(
        &self,
        key: &str,
        case: CaseId,
        person: &Name,
        deed: &Deed,
        fields: Filled,
    ) -> impl Future<Output = Result<u32, Refused>> + Send;
}

/// Straight to the runner, without HTTP.
pub struct RunnerDoor {
    /// The runner.
    pub runner: Arc<Runner>,
}

impl Door for RunnerDoor {
    async fn open(&self, key: &str, person: &Name, process: &str, fields: Filled) -> Result<CaseId, Refused> {
        let (by, case) = (Actor::person(person), CaseId(u128::from(fold(key)) << 64 | u128::from(fold(process))));
        let submission = Submission::open(case, process.into(), by, StartedBy::Person, values(fields)).with_key(key);
        self.runner.submit(submission).await.map(|answer| answer.case).map_err(|refusal| refused(&refusal))
    }

    async fn deliver(
        &self,
        key: &str,
        message: &str,
        to: Option<&Name>,
        fields: Filled,
    ) -> Result<Vec<CaseId>, Refused> {
        let by = Actor::Message(message.into());
        let message = Message {
            name: message.into(),
            to: to.cloned(),
            fields: values(fields),
            by,
            key: key.to_owned(),
            fingerprint: None,
        };
        let answers = self.runner.deliver(&message).await.map_err(|refusal| refused(&refusal))?;
        Ok(answers.into_iter().map(|answer| answer.case).collect())
    }

    async fn offers(&self, case: CaseId, person: &Name) -> Result<Vec<Offer>, Refused> {
        let missing = || Refused("not_found".to_owned());
        let case = self.runner.case(case).await.map_err(|error| Refused(error.to_string()))?.ok_or_else(missing)?;
        let definition = self.runner.definitions().process(&case.process).ok_or_else(missing)?;
        let catalog = &definition.library.catalog;
        let world = World { organization: &catalog.organization, calendars: &catalog.calendars };
        let offers = view::offers(&definition.process, &world, &case, person, self.runner.clock().now());
        let allowed = offers.into_iter().filter(|offer| offer.refusal.is_none());
        let offers = allowed.map(|offer| {
            let entries = offer.rule.form.entries.iter();
            let form = entries.map(|entry| Blank {
                name: entry.field.name.to_string(),
                required: entry.required,
                fits: fits(&entry.field.shape, &entry.field),
            });
            Offer { visit: offer.visit, action: offer.action, form: form.collect() }
        });
        Ok(offers.collect())
    }

    async fn act(&self, key: &str, case: CaseId, person: &Name, deed: &Deed, fields: Filled) -> Result<u32, Refused> {
        let submission = Submission::new(case, Actor::person(person), ask(deed, fields)).with_key(key);
        self.runner.submit(submission).await.map(|answer| answer.sequence).map_err(|refusal| refused(&refusal))
    }
}

fn ask(deed: &Deed, fields: Filled) -> Ask {
    match deed.clone() {
        Deed::Take(visit, action) => {
            Ask::TakeAction { visit: Some(visit), action, fields: values(fields), seal: Some("seal".to_owned()) }
        }
        Deed::Claim(visit) => Ask::Claim { visit },
        Deed::Release(visit) => Ask::Release { visit },
        Deed::HandOn(visit, to) => Ask::HandOn { visit, to },
        Deed::Delegate(visit, to) => Ask::Delegate { visit, to },
        Deed::Answer(visit) => Ask::Answer { visit },
        Deed::Withdraw => Ask::Withdraw,
    }
}

fn values(fields: Filled) -> Fields {
    let read = |json: &Json| Value::from_plain_json(json, &Type::Any).expect("the city writes plain values");
    fields.iter().map(|(name, json)| (Name::new(name), read(json))).collect()
}

fn fits(shape: &Shape, field: &Field) -> Fits {
    match shape {
        Shape::Line => Fits::Line,
        Shape::Long => Fits::Long,
        Shape::Phone => Fits::Phone,
        Shape::Choice(choices) => Fits::Choice(choices.iter().map(|(key, _)| key.to_string()).collect()),
        Shape::Catalog(_, entries) => Fits::Choice(entries.keys().map(Name::to_string).collect()),
        Shape::Integer => Fits::Number,
        Shape::Plain => plain(&field.kind),
        Shape::List(_) => {
            let item = if let Type::List(item) = &field.kind { plain(item) } else { Fits::Other };
            Fits::List(Box::new(item))
        }
        Shape::Mail => Fits::Other,
    }
}

fn plain(kind: &Type) -> Fits {
    match kind {
        Type::Unit => Fits::Unit,
        Type::Person => Fits::Person,
        Type::DateTime => Fits::DateTime,
        Type::Number => Fits::Number,
        Type::Boolean => Fits::Boolean,
        Type::Text => Fits::Line,
        _ => Fits::Other,
    }
}

fn refused(refusal: &Refusal) -> Refused {
    let code = match refusal {
        Refusal::Rejected(rejection) => code(rejection),
        Refusal::NoSuchCase(_) => "not_found".to_owned(),
        other => other.to_string(),
    };
    Refused(code)
}

fn code(rejection: &Rejection) -> String {
    let json = serde_json::to_value(rejection).unwrap_or_default();
    json.get("code").and_then(Json::as_str).unwrap_or("unknown").to_owned()
}

/// 64 bits from a text (FNV-1a).
pub fn fold(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}
