//! `job`: work for a program, with retries and a lease.

use jiff::SignedDuration;

use crate::checker::Checker;
use crate::clauses::effects::{Destination, fields_of, write};
use crate::event::{Cause, Edge, Ending, Event, Fields, Job};
use crate::formula::Operand;
use crate::ids::{Name, VisitId};
use crate::moment::{Moment, Target, Work};
use crate::time::SpanUnit;
use crate::value::Type;
use crate::yaml::Node;

/// The timer of a job that is to be tried again.
pub const RETRY_TIMER: u16 = 0;

/// The wait before the second try; each further one waits twice as long.
const RETRY_FIRST: SignedDuration = SignedDuration::from_secs(10);

/// How often the wait doubles at most: about three hours.
const RETRY_DOUBLINGS_MAX: u16 = 10;

/// A step that waits for a program.
#[derive(Clone, Debug)]
pub struct JobStep {
    /// What workers fetch by, or `http`.
    pub topic: Name,
    /// The method and address of a request.
    pub request: Option<(Name, Operand)>,
    /// What the program is given.
    pub with: Vec<(Name, Operand)>,
    /// What comes back: our field, and its name in the answer.
    pub take: Vec<(Destination, Name)>,
    /// How many tries in all.
    pub tries: u16,
    /// How long a worker may hold it without a sign of life.
    pub lease_seconds: u32,
    /// Where the case goes when all tries failed.
    pub failed: Option<(Target, u32)>,
}

impl JobStep {
    /// Queues the job.
    pub fn go(&self, moment: &mut Moment<'_>, visit: VisitId) {
        let fields = fields_of(moment, visit, &self.with);
        let request = self.request.as_ref().map(|(method, address)| {
            let address = address.name(&moment.place(visit)).map_or_else(String::new, |text| text.to_string());
            (method.clone(), address)
        });
        let topic = self.topic.clone();
        let job = Job { topic, request, fields, tries: self.tries, lease_seconds: self.lease_seconds };
        moment.emit(Event::JobQueued { visit, job });
    }

    /// The program did it.
    pub fn finish(&self, moment: &mut Moment<'_>, visit: VisitId, fields: &Fields) {
        moment.emit(Event::JobDone { visit });
        let values = self.take.iter().map(|(to, theirs)| (to.clone(), fields.get(theirs).cloned().unwrap_or_default()));
        write(moment, visit, values.collect());
        moment.first([Work::Finish { visit, how: Ending::Done }]);
    }

    /// A try failed: again later, elsewhere, or an administrator is needed.
    pub fn fail(&self, moment: &mut Moment<'_>, visit: VisitId, step: &Name, reason: &str) {
        let left = moment.visit(visit).and_then(|visit| visit.job.as_ref()).map_or(0, |(_, left)| *left);
        let tries_left = left.saturating_sub(1);
        let doublings = self.tries.saturating_sub(left).min(RETRY_DOUBLINGS_MAX);
        let wait = (0..doublings).fold(RETRY_FIRST, |wait, _| wait.saturating_add(wait));
        let retry = (tries_left > 0).then(|| moment.now + wait);
        moment.emit(Event::JobFailed { visit, reason: reason.to_owned(), tries_left, retry });
        match (retry, &self.failed) {
            (Some(at), _) => moment.emit(Event::TimerSet { visit, timer: RETRY_TIMER, at }),
            (None, Some((target, line))) => {
                let cause = Cause::new(Edge::Failed, step, *line);
                moment.first([Work::Move { from: visit, target: *target, how: Ending::Left, cause }]);
            }
            (None, None) => {
                let text = format!("the job of `{step}` failed {} time(s): {reason}", self.tries);
                moment.emit(Event::IncidentRaised { visit, text });
            }
        }
    }

    /// The wait is over: queues the same job once more.
    pub fn retry(moment: &mut Moment<'_>, visit: VisitId) {
        if let Some((job, _)) = moment.visit(visit).and_then(|visit| visit.job.clone()) {
            moment.emit(Event::JobQueued { visit, job });
        }
    }
}

/// How often a job is tried when the definition does not say.
const TRIES: u16 = 3;

/// More tries than this last longer than a day.
const TRIES_MAX: u32 = 20;

/// How long a worker may hold a job when the definition does not say.
const LEASE_SECONDS: u32 = 300;

impl JobStep {
    /// Reads `job`.
    pub fn check(checker: &mut Checker<'_>, node: &Node) -> Option<Self> {
        let mut keys = checker.keys(node, "the job")?;
        let worker = keys.take("worker").and_then(|topic| checker.text(topic, "`worker`"));
        let http = keys.take("http").map(|http| Self::check_http(checker, http));
        if keys.has("worker") == keys.has("http") {
            let message = "a job says either `worker: TOPIC` or `http: {method: …, url: …}`";
            checker.error(node.span, "job-for-nobody", message);
        }
        let with = keys.take("with").map(|with| checker.check_with(with, None)).unwrap_or_default();
        let take = keys.take("take").map(|take| checker.check_take(take)).unwrap_or_default();
        let tries = keys.take("tries").and_then(|node| checker.integer(node, 1..=TRIES_MAX));
        let lease = keys.take("lease").and_then(|lease| check_lease(checker, lease));
        let failed_node = keys.take("failed");
        let failed = failed_node.and_then(|node| checker.target(node).map(|target| (target, checker.line(node.span))));
        keys.finish(checker);
        let (topic, request) = match (worker, http) {
            (Some(topic), None) => (topic, None),
            (None, Some(request)) => (Name::new("http"), Some(request?)),
            (None, None) | (Some(_), Some(_)) => return None,
        };
        let tries = tries.and_then(|tries| u16::try_from(tries).ok()).unwrap_or(TRIES);
        let lease_seconds = lease.unwrap_or(LEASE_SECONDS);
        Some(Self { topic, request, with, take, tries, lease_seconds, failed })
    }

    fn check_http(checker: &mut Checker<'_>, node: &Node) -> Option<(Name, Operand)> {
        let mut keys = checker.keys(node, "`http`")?;
        let methods = [("GET", "GET"), ("POST", "POST"), ("PUT", "PUT"), ("PATCH", "PATCH"), ("DELETE", "DELETE")];
        let method = keys.take("method").and_then(|method| checker.word(method, &methods)).unwrap_or("POST");
        let address = keys.require("url", checker).and_then(|url| checker.operand(url, &Type::Text));
        keys.finish(checker);
        Some((Name::new(method), address?))
    }
}

fn check_lease(checker: &mut Checker<'_>, node: &Node) -> Option<u32> {
    let span = checker.span(node, "`lease`")?;
    let unit_seconds = match span.unit() {
        SpanUnit::Seconds => 1,
        SpanUnit::Minutes => 60,
        SpanUnit::Hours => 3_600,
        SpanUnit::Days
        | SpanUnit::Weeks
        | SpanUnit::Months
        | SpanUnit::Years
        | SpanUnit::WorkingDays
        | SpanUnit::WorkingHours => {
            checker.error(node.span, "bad-time", "a lease is counted in seconds, minutes or hours");
            return None;
        }
    };
    Some(span.count().saturating_mul(unit_seconds))
}
