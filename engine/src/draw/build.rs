//! From a process to the shapes of the scene: one for each step, and those where containers begin and end.

use std::collections::BTreeMap;

use super::scene::{Exit, Limit, Piece, ROOT, Scene, Sort};
use super::words::Words;
use crate::clauses::deadline::DeadlineRule;
use crate::ids::Name;
use crate::library::Library;
use crate::moment::StepId;
use crate::process::{Entrance, Process, Repeat, Step};
use crate::steps::Kind;
use crate::steps::gather::{Gather, Join};
use crate::steps::wait::Wait;

/// A scene being built.
pub struct Builder<'p> {
    /// The process.
    pub process: &'p Process,
    /// Its words.
    pub words: Words,
    /// What there is so far.
    pub scene: Scene,
    /// The shape of each step.
    pub shapes: Vec<usize>,
    /// Where `end` inside a container leads.
    pub ends: BTreeMap<usize, usize>,
    /// Where a container is done.
    pub finals: BTreeMap<usize, usize>,
}

impl<'p> Builder<'p> {
    /// The shapes of a process, with the one where its cases begin; no ways lead from one to another yet.
    pub fn with_shapes(process: &'p Process, library: &Library) -> (Self, usize) {
        let mut builder = Self {
            process,
            words: Words::of(process, library),
            scene: Scene::default(),
            shapes: vec![ROOT; process.steps.len()],
            ends: BTreeMap::new(),
            finals: BTreeMap::new(),
        };
        builder.add(id_of("Process.", &process.name), Sort::Stage, process.title.to_string(), None);
        let start = builder.start();
        let top: Vec<StepId> = builder.inside(None).collect();
        for id in top {
            builder.step(id, ROOT);
        }
        (builder, start)
    }

    /// The shape of a step.
    pub fn shape(&self, id: StepId) -> usize {
        self.shapes[usize::from(id.0)]
    }

    /// Adds a shape.
    pub fn add(&mut self, id: String, sort: Sort, title: String, parent: Option<usize>) -> usize {
        let at = self.scene.pieces.len();
        self.scene.pieces.push(Piece {
            id,
            step: None,
            sort,
            title,
            people: String::new(),
            limit: None,
            notes: Vec::new(),
            offers: Vec::new(),
            is_repeated: false,
            in_turn: false,
            parent,
            children: Vec::new(),
            exits: Vec::new(),
        });
        if let Some(parent) = parent {
            self.scene.pieces[parent].children.push(at);
        }
        at
    }

    fn inside(&self, around: Option<StepId>) -> impl Iterator<Item = StepId> + use<'_> {
        let numbered = (0u16..).map(StepId).zip(&self.process.steps);
        numbered.filter(move |(_, step)| step.parent == around).map(|(id, _)| id)
    }

    fn start(&mut self) -> usize {
        let start = &self.process.start;
        let at = self.add("Start".to_owned(), Sort::Start, "开始".to_owned(), Some(ROOT));
        self.scene.pieces[at].people = start.by.as_ref().map(|by| self.words.people(by)).unwrap_or_default();
        for entrance in &start.also {
            let said = match entrance {
                Entrance::Message(name) => format!("收到 {name}"),
                Entrance::Public(name) => format!("公众表单 {name}"),
                Entrance::Schedule(schedule) => format!("定时 {schedule}"),
            };
            self.scene.pieces[at].notes.push(said);
        }
        at
    }

    /// Adds a step with all that lies inside.
    fn step(&mut self, id: StepId, parent: usize) -> usize {
        let process = self.process;
        let step = process.step(id);
        let sort = sort_of(&step.kind);
        let at = self.add(id_of("Step.", &step.name), sort, step.title.to_string(), Some(parent));
        self.shapes[usize::from(id.0)] = at;
        self.scene.pieces[at].step = Some(step.name.clone());
        self.describe(at, step);
        match &step.kind {
            Kind::Stage(_) => self.fill(at, id, None),
            Kind::Parallel(parallel) => self.branches(at, id, &parallel.gather, true),
            Kind::Each(each) => self.items(at, each.body, &each.gather),
            Kind::Task(_)
            | Kind::Call(_)
            | Kind::Job(_)
            | Kind::Wait(_)
            | Kind::Choose(_)
            | Kind::Decide(_)
            | Kind::Do(_)
            | Kind::Close(_) => {}
        }
        at
    }

    /// An `each`: a card like its body's when that is simple, otherwise a container.
    fn items(&mut self, at: usize, body: StepId, gather: &Gather) {
        let process = self.process;
        let step = process.step(body);
        let piece = &mut self.scene.pieces[at];
        piece.is_repeated = true;
        piece.in_turn = gather.one_at_a_time;
        let join = join_words(gather, &self.words);
        if !matches!(gather.join, Join::All) {
            piece.notes.push(join);
        }
        let is_simple = !step.kind.is_scope() && gather.after_each.is_none();
        if is_simple {
            piece.sort = sort_of(&step.kind);
            self.shapes[usize::from(body.0)] = at;
            self.describe(at, step);
            return;
        }
        match &step.kind {
            Kind::Parallel(parallel) => {
                self.shapes[usize::from(body.0)] = at;
                self.describe(at, step);
                self.branches(at, body, &parallel.gather, gather.after_each.is_none());
                if let Some(after) = gather.after_each {
                    let join = self.finals[&at];
                    self.after(at, after);
                    let end = self.end(at);
                    self.finals.insert(join, end);
                    self.finals.insert(at, end);
                }
            }
            Kind::Stage(_) | Kind::Each(_) => {
                self.shapes[usize::from(body.0)] = at;
                self.describe(at, step);
                self.fill(at, body, gather.after_each);
            }
            Kind::Task(_)
            | Kind::Call(_)
            | Kind::Job(_)
            | Kind::Wait(_)
            | Kind::Choose(_)
            | Kind::Decide(_)
            | Kind::Do(_)
            | Kind::Close(_) => {
                self.begin(at);
                self.step(body, at);
                self.finish(at, gather.after_each);
            }
        }
    }

    fn begin(&mut self, at: usize) {
        let id = format!("{}.begin", self.scene.pieces[at].id);
        self.add(id, Sort::Inside, String::new(), Some(at));
    }

    fn end(&mut self, at: usize) -> usize {
        let id = format!("{}.end", self.scene.pieces[at].id);
        self.add(id, Sort::End, String::new(), Some(at))
    }

    /// The steps of a stage, one after the other.
    fn fill(&mut self, at: usize, id: StepId, after: Option<StepId>) {
        self.begin(at);
        let inside: Vec<StepId> = self.inside(Some(id)).collect();
        for inner in inside {
            self.step(inner, at);
        }
        self.finish(at, after);
    }

    fn finish(&mut self, at: usize, after: Option<StepId>) {
        let after_shape = after.map(|after| self.after(at, after));
        let end = self.end(at);
        self.ends.insert(at, after_shape.unwrap_or(end));
        self.finals.insert(at, end);
    }

    /// What follows each branch or item.
    fn after(&mut self, at: usize, after: StepId) -> usize {
        let shape = self.step(after, at);
        self.scene.pieces[shape].title = "每项结束之后".to_owned();
        shape
    }

    fn branches(&mut self, at: usize, id: StepId, gather: &Gather, has_own_end: bool) {
        let piece_id = self.scene.pieces[at].id.clone();
        let begins = if gather.one_at_a_time { "依次进行" } else { "同时进行" };
        self.add(format!("{piece_id}.fork"), Sort::Fork, begins.to_owned(), Some(at));
        let after = gather.after_each;
        let inside: Vec<StepId> = self.inside(Some(id)).filter(|inner| Some(*inner) != after).collect();
        for inner in inside {
            self.step(inner, at);
        }
        let after_shape = after.map(|after| self.after(at, after));
        let join = self.add(format!("{piece_id}.join"), Sort::Join, join_words(gather, &self.words), Some(at));
        self.ends.insert(at, after_shape.unwrap_or(join));
        self.finals.insert(at, join);
        debug_assert!(has_own_end || self.scene.pieces[at].is_repeated, "only items put more behind the join");
    }

    /// What a card says about its step.
    fn describe(&mut self, at: usize, step: &Step) {
        let words = &self.words;
        let mut notes = Vec::new();
        if let Some(when) = &step.when {
            notes.push(format!("仅当 {}", words.condition(when)));
        }
        if let Some(repeat) = &step.repeat {
            notes.push(match repeat {
                Repeat::While(formula) => format!("只要 {} 就重复", words.condition(formula)),
                Repeat::Until(formula) => format!("重复，直到 {}", words.condition(formula)),
            });
        }
        let mut people = String::new();
        match &step.kind {
            Kind::Task(task) => people = words.people(&task.by),
            Kind::Each(each) => {
                let pace = if each.gather.one_at_a_time { "逐一依次" } else { "各自同时" };
                notes.push(format!("{pace}：{}", words.operand(&each.items)));
            }
            Kind::Call(call) => notes.push(format!("流程 {}", words.process(&call.process))),
            Kind::Job(job) => notes.push(match &job.request {
                Some((method, _)) => format!("调用接口 {method}"),
                None => format!("程序 {}", job.topic),
            }),
            Kind::Wait(wait) => notes.push(match wait {
                Wait::Message { message, .. } => format!("等待消息 {message}"),
                Wait::For(span) => format!("等待{}", span.in_chinese()),
                Wait::Until(operand) => format!("等到 {}", words.operand(operand)),
                Wait::When(formula) => format!("等到 {}", words.condition(formula)),
            }),
            Kind::Decide(decide) => notes.push(format!("决策表，{}条规则", decide.rules.len())),
            Kind::Stage(_) | Kind::Parallel(_) | Kind::Choose(_) | Kind::Do(_) | Kind::Close(_) => {}
        }
        let limit = step.deadline.as_ref().map(|rule| limit_of(rule, words));
        let stays = step.actions.iter().filter(|action| action.hook.goto.is_none());
        let offers: Vec<String> = stays.map(|action| action.title.to_string()).collect();
        let piece = &mut self.scene.pieces[at];
        piece.notes.extend(notes);
        piece.offers.extend(offers);
        piece.limit = limit.or(piece.limit.take());
        if !people.is_empty() {
            piece.people = people;
        }
    }

    /// Adds a way out of a shape and answers its number. A name that is taken gets a number.
    pub fn exit(&mut self, at: usize, exit: Exit) -> usize {
        let exits = &mut self.scene.pieces[at].exits;
        let numbered = (2..).map(|number| format!("{}.{number}", exit.name));
        let mut names = std::iter::once(exit.name.clone()).chain(numbered);
        let free = names.find(|name| exits.iter().all(|known| known.name != *name));
        let name = free.expect("there are more numbers than exits");
        exits.push(Exit { name, ..exit });
        exits.len() - 1
    }
}

/// A word of ASCII for a process or a step, because many readers of BPMN take no other ids.
fn id_of(kind: &str, name: &Name) -> String {
    let letters = name.chars().map(|letter| match letter {
        '/' => ".".to_owned(),
        letter if letter.is_ascii() => letter.to_string(),
        letter => format!(".x{:X}", u32::from(letter)),
    });
    std::iter::once(kind.to_owned()).chain(letters).collect()
}

fn limit_of(rule: &DeadlineRule, words: &Words) -> Limit {
    let title = rule.title.as_ref().map(|title| format!("{title}：")).unwrap_or_default();
    let lamps = rule.ladder.iter().map(|rung| (rung.light, words.rung(rung))).collect();
    let in_full = format!("{title}{}", words.limits_in_full(rule));
    Limit { text: format!("{title}{}", words.limits(rule)), in_full, lamps }
}

fn join_words(gather: &Gather, words: &Words) -> String {
    match &gather.join {
        Join::All => "全部完成".to_owned(),
        Join::Any => "任一完成".to_owned(),
        Join::Count(count) => format!("{count}项完成"),
        Join::None => "不等待".to_owned(),
        Join::When(formula) => format!("完成条件：{}", words.condition(formula)),
    }
}

fn sort_of(kind: &Kind) -> Sort {
    match kind {
        Kind::Task(_) => Sort::Task,
        Kind::Stage(_) => Sort::Stage,
        Kind::Parallel(_) => Sort::Parallel,
        Kind::Each(_) => Sort::Each,
        Kind::Call(_) => Sort::Call,
        Kind::Job(_) => Sort::Job,
        Kind::Wait(_) => Sort::Wait,
        Kind::Choose(_) => Sort::Choose,
        Kind::Decide(_) => Sort::Decide,
        Kind::Do(_) => Sort::Do,
        Kind::Close(_) => Sort::Close,
    }
}
