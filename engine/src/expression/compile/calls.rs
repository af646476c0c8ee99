//! Calls: which form of a function fits, whether the arguments are of the right kinds, and in which order they go.

use std::ops::Range;

use super::{Compiler, Typed, constant};
use crate::expression::functions::{self, Asks, Form, Function};
use crate::expression::mistake::Wrong;
use crate::expression::node::Node;
use crate::expression::syntax::{Argument, Syntax, Tree, Written};
use crate::expression::{Accepts, Parameter, Signature};
use crate::ids::Name;
use crate::nearest::nearest;
use crate::value::{Type, Value};

/// For each parameter the argument that stands for it, by its index.
type Order = Vec<Option<usize>>;

impl Compiler<'_> {
    pub(super) fn call(&mut self, name: &Written, arguments: &[Argument], span: &Range<usize>) -> Typed {
        if let Some(signature) = self.names.function(&name.text) {
            return self.host_call(name, &signature, arguments, span);
        }
        if let Some(function) = functions::find(&name.text) {
            return self.native_call(function, arguments, span);
        }
        let of_host = self.names.functions();
        let known = functions::all().map(|function| function.name).chain(of_host.iter().map(Name::as_str));
        let near = match name.text.as_str() {
            "today" => Some("date(now())".to_owned()),
            written => nearest(written, known).map(str::to_owned),
        };
        // What a function of the case takes are no values: steps and actions.
        if !of_host.iter().any(|known| near.as_deref() == Some(known.as_str())) {
            arguments.iter().for_each(|argument| _ = self.tree(&argument.tree));
        }
        self.lost(&name.span, Wrong::UnknownFunction { name: name.text.clone(), near })
    }

    fn host_call(
        &mut self,
        name: &Written,
        signature: &Signature,
        arguments: &[Argument],
        span: &Range<usize>,
    ) -> Typed {
        let parameters: Vec<&str> = signature.parameters.iter().map(|parameter| &*parameter.name).collect();
        let required = signature.parameters.iter().filter(|parameter| !parameter.optional).count();
        let order = match arrange(&parameters, required, false, arguments) {
            Ok(order) => order,
            Err(fault) => {
                let takes = takes(&name.text, &parameters, required, false);
                return self.lost(span, fault.wrong(&name.text, takes, arguments));
            }
        };
        let mut nodes = Vec::with_capacity(order.len());
        for (parameter, index) in signature.parameters.iter().zip(order) {
            nodes.push(match index {
                Some(index) => self.host_argument(&name.text, parameter, &arguments[index].tree),
                None => Node::Constant(Value::Null),
            });
        }
        (Node::Host(signature.function, nodes.into()), signature.result.clone())
    }

    fn host_argument(&mut self, function: &str, parameter: &Parameter, tree: &Tree) -> Node {
        match &parameter.accepts {
            Accepts::Word { of, words } => self.word(of, words, tree),
            Accepts::Value(kind) => {
                let (node, given) = self.tree(tree);
                if !kind.accepts(&given) {
                    let (function, parameter) = (function.to_owned(), parameter.name.to_string());
                    let wanted = kind.to_string();
                    self.wrong(&tree.span, Wrong::ArgumentKind { function, parameter, wanted, given });
                }
                self.check_choices(kind, tree);
                node
            }
        }
    }

    /// One of the host's words, bare or in quotes.
    fn word(&mut self, of: &Name, words: &[Name], tree: &Tree) -> Node {
        let word = match &tree.syntax {
            Syntax::Word(word) | Syntax::Name(word) => word.clone(),
            Syntax::Constant(Value::Text(word)) => word.to_string(),
            _ => String::new(),
        };
        if !words.iter().any(|known| *known == *word) {
            let near = nearest(&word, words.iter().map(|known| &**known)).map(str::to_owned);
            self.wrong(
                &tree.span,
                Wrong::UnknownWord { of: of.to_string(), word: word.clone(), near, all: words.to_vec() },
            );
        }
        Node::Constant(Value::from(word))
    }

    fn native_call(&mut self, function: &'static Function, arguments: &[Argument], span: &Range<usize>) -> Typed {
        let typed: Vec<Typed> = arguments.iter().map(|argument| self.tree(&argument.tree)).collect();
        let kinds: Vec<Type> = typed.iter().map(|(_, kind)| kind.clone()).collect();
        let arranged: Vec<(&Form, Result<Order, Fault>)> =
            function.forms.iter().map(|form| (form, arrange_form(form, arguments))).collect();
        let fitting = arranged.iter().filter_map(|(form, order)| order.as_ref().ok().map(|order| (*form, order)));
        let mut fitting = fitting.peekable();
        let Some(first) = fitting.peek().copied() else {
            let takes: Vec<String> = function.forms.iter().map(|form| form_takes(function.name, form)).collect();
            let fault = arranged.into_iter().find_map(|(_, order)| order.err()).unwrap_or(Fault::Count);
            return self.lost(span, fault.wrong(function.name, takes.join(" or "), arguments));
        };
        let Some((form, order)) = fitting.find(|(form, order)| wrong_argument(form, order, &kinds).is_none()) else {
            return self.wrong_kind(function, first, arguments, &kinds);
        };
        let order = order.clone();
        self.check_words(function, &kinds, arguments);
        self.native_node(function, form, &order, typed, span)
    }

    fn wrong_kind(
        &mut self,
        function: &Function,
        (form, order): (&Form, &Order),
        arguments: &[Argument],
        kinds: &[Type],
    ) -> Typed {
        let Some((place, index)) = wrong_argument(form, order, kinds) else {
            return (Node::Constant(Value::Null), Type::Any);
        };
        let (parameter, wants) = form.parameters[place.min(form.parameters.len() - 1)];
        let wrong = Wrong::ArgumentKind {
            function: function.name.to_owned(),
            parameter: parameter.to_owned(),
            wanted: wants.words(kinds),
            given: kinds[index].clone(),
        };
        self.lost(&arguments[index].tree.span, wrong)
    }

    /// Choices that a list can never contain.
    fn check_words(&mut self, function: &Function, kinds: &[Type], arguments: &[Argument]) {
        let asks_for_item = matches!(function.name, "list contains" | "index of");
        if let ([_, element], Some(Type::List(item)), true) = (arguments, kinds.first(), asks_for_item) {
            self.check_choices(item, &element.tree);
        }
    }

    /// The call with its arguments in order, or its value if they are constants.
    fn native_node(
        &mut self,
        function: &Function,
        form: &Form,
        order: &Order,
        typed: Vec<Typed>,
        span: &Range<usize>,
    ) -> Typed {
        let kinds: Vec<Type> =
            order.iter().map(|index| index.map_or(Type::Null, |index| typed[index].1.clone())).collect();
        let mut given: Vec<Option<Node>> = typed.into_iter().map(|(node, _)| Some(node)).collect();
        let nodes: Vec<Node> = order
            .iter()
            .map(|index| index.and_then(|index| given[index].take()).unwrap_or(Node::Constant(Value::Null)))
            .collect();
        let result = form.gives.kind(&kinds);
        let Some(value) = constant::fold(form.native, &nodes) else {
            return (self.pattern_or_call(function, form, nodes, span), result);
        };
        if value.is_null() {
            if let Some(wrong) = unreadable(function, &nodes) {
                self.wrong(span, wrong);
            }
            return (Node::Constant(Value::Null), result);
        }
        let kind = Type::of(&value);
        (Node::Constant(value), kind)
    }
}

impl Compiler<'_> {
    /// A call whose pattern, if it has a constant one, is read already.
    fn pattern_or_call(&mut self, function: &Function, form: &Form, nodes: Vec<Node>, span: &Range<usize>) -> Node {
        let constant = |place: usize| nodes.get(place).and_then(Node::constant);
        let asks = Asks::of(function.name);
        let flags = match asks.and_then(|asks| nodes.get(asks.flags_place())) {
            None => Some(""),
            Some(flags) => flags.constant().and_then(Value::as_text).map(|flags| flags.as_str()),
        };
        let (Some(asks), Some(Value::Text(pattern)), Some(flags)) = (asks, constant(1), flags) else {
            return Node::Call(form.native, nodes.into());
        };
        match functions::read_pattern(pattern, flags) {
            Ok(pattern) => Node::Pattern { asks, pattern: Box::new(pattern), arguments: nodes.into() },
            Err(reason) => {
                self.wrong(span, Wrong::Pattern(reason));
                Node::Constant(Value::Null)
            }
        }
    }
}

/// The mistake that a written date or the like is none.
fn unreadable(function: &Function, nodes: &[Node]) -> Option<Wrong> {
    let what = match function.name {
        "date" => "a date",
        "time" => "a time",
        "date and time" => "a date and time",
        "duration" => "a duration",
        "range" => "a range",
        _ => return None,
    };
    let [Node::Constant(Value::Text(text))] = nodes else { return None };
    Some(Wrong::NotWritten { what, text: text.to_string() })
}

/// Why arguments do not fit parameters.
enum Fault {
    Count,
    Unknown(String),
    Missing(String),
    Repeated(String),
}

impl Fault {
    fn wrong(self, function: &str, takes: String, arguments: &[Argument]) -> Wrong {
        let function = function.to_owned();
        match self {
            Self::Count => Wrong::ArgumentCount { function, takes, given: arguments.len() },
            Self::Unknown(parameter) => Wrong::UnknownParameter { function, parameter, takes },
            Self::Missing(parameter) => Wrong::MissingParameter { function, parameter },
            Self::Repeated(parameter) => Wrong::RepeatedName(parameter),
        }
    }
}

fn arrange_form(form: &Form, arguments: &[Argument]) -> Result<Order, Fault> {
    let parameters: Vec<&str> = form.parameters.iter().map(|(name, _)| *name).collect();
    arrange(&parameters, form.required, form.repeats, arguments)
}

/// Puts arguments in the order of the parameters: all by position or all by name.
fn arrange(parameters: &[&str], required: usize, repeats: bool, arguments: &[Argument]) -> Result<Order, Fault> {
    if arguments.iter().all(|argument| argument.parameter.is_none()) {
        let is_fit = arguments.len() >= required && (repeats || arguments.len() <= parameters.len());
        return if is_fit { Ok((0..arguments.len()).map(Some).collect()) } else { Err(Fault::Count) };
    }
    let mut order: Order = vec![None; parameters.len()];
    for (index, argument) in arguments.iter().enumerate() {
        let Some(written) = &argument.parameter else {
            return Err(Fault::Count);
        };
        let place = parameters.iter().position(|parameter| *parameter == written.text);
        let place = place.ok_or_else(|| Fault::Unknown(written.text.clone()))?;
        if order[place].replace(index).is_some() {
            return Err(Fault::Repeated(written.text.clone()));
        }
    }
    if let Some(missing) = order.iter().take(required).position(Option::is_none) {
        return Err(Fault::Missing(parameters[missing].to_owned()));
    }
    while order.last().is_some_and(Option::is_none) {
        order.pop();
    }
    Ok(order)
}

/// The place and index of the first argument of a wrong kind.
fn wrong_argument(form: &Form, order: &Order, kinds: &[Type]) -> Option<(usize, usize)> {
    order.iter().enumerate().find_map(|(place, index)| {
        let index = (*index)?;
        let (_, wants) = form.parameters[place.min(form.parameters.len() - 1)];
        if wants.accepts(&kinds[index], kinds) { None } else { Some((place, index)) }
    })
}

fn form_takes(function: &str, form: &Form) -> String {
    let parameters: Vec<&str> = form.parameters.iter().map(|(name, _)| *name).collect();
    takes(function, &parameters, form.required, form.repeats)
}

/// How a function is called: "`substring(string, start position, [length])`".
fn takes(function: &str, parameters: &[&str], required: usize, repeats: bool) -> String {
    let mut shown: Vec<String> = Vec::new();
    for (place, parameter) in parameters.iter().enumerate() {
        shown.push(if place < required { (*parameter).to_owned() } else { format!("[{parameter}]") });
    }
    if repeats {
        shown.push("…".to_owned());
    }
    format!("`{function}({})`", shown.join(", "))
}
