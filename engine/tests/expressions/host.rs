//! A host with the fields of an appeal, as the procedures have them.

use std::borrow::Cow;
use std::collections::BTreeMap;

use duban_engine::expression::{Accepts, Expression, HostFunction, Mistake, Names, Parameter, Scope, Signature, Slot};
use duban_engine::ids::Name;
use duban_engine::value::{Type, Value};

/// Fields with their types and values.
pub struct Host(Vec<(&'static str, Type, Value)>);

const VISITS: HostFunction = HostFunction(1);
const IS_IN: HostFunction = HostFunction(2);
const LAST: HostFunction = HostFunction(3);
const ADD_WORKING_DAYS: HostFunction = HostFunction(4);

pub fn names(words: &[&str]) -> Vec<Name> {
    words.iter().map(|word| Name::new(word)).collect()
}

fn context<T>(entries: Vec<(&str, T)>) -> BTreeMap<Name, T> {
    entries.into_iter().map(|(key, value)| (Name::new(key), value)).collect()
}

pub fn evaluate(text: &str) -> Value {
    let host = Host::appeal();
    let expression = Expression::compile(text, &host, &Type::Any);
    expression.unwrap_or_else(|mistakes| panic!("{text}: {mistakes:#?}")).evaluate(&host)
}

pub fn mistakes(text: &str, wanted: &Type) -> Vec<Mistake> {
    match Expression::compile(text, &Host::appeal(), wanted) {
        Ok(expression) => panic!("{text} compiles: {expression:?}"),
        Err(mistakes) => mistakes,
    }
}

impl Host {
    pub fn appeal() -> Self {
        let item = Type::Context(context(vec![("unit", Type::Unit), ("agrees", Type::Boolean)]));
        let agrees =
            |unit: &str, agrees: Value| Value::from(context(vec![("unit", Value::text(unit)), ("agrees", agrees)]));
        Self(vec![
            ("urgent", Type::Boolean, Value::from(true)),
            ("returns", Type::Number, Value::from(2)),
            ("method", Type::Choice(names(&["written", "phone", "sms"])), Value::text("written")),
            ("category", Type::Choice(names(&["water", "heating", "lighting"])), Value::text("water")),
            ("lead_unit", Type::Unit, Value::text("yuhua-district")),
            ("assisting_units", Type::list(Type::Unit), Value::from(vec![Value::text("a"), Value::text("b")])),
            ("required_by", Type::DateTime, Value::Null),
            ("opened", Type::DateTime, Value::from(jiff::Timestamp::UNIX_EPOCH)),
            ("instruction", Type::Text, Value::Null),
            ("承办单位", Type::Unit, Value::text("裕华区")),
            ("Monthly Salary", Type::Number, Value::from(10)),
            ("sign-off", Type::Number, Value::from(7)),
            ("anything", Type::Any, Value::text("x")),
            ("assist", Type::list(item), Value::from(vec![agrees("a", Value::from(true)), agrees("b", Value::Null)])),
        ])
    }
}

impl Names for Host {
    fn lookup(&self, name: &str) -> Option<(Slot, Type)> {
        let index = self.0.iter().position(|(known, _, _)| *known == name)?;
        Some((Slot(u32::try_from(index).ok()?), self.0[index].1.clone()))
    }

    fn function(&self, name: &str) -> Option<Signature> {
        let step = Accepts::Word { of: Name::new("step"), words: names(&["triage", "sign-off", "on-site"]) };
        let action = Accepts::Word { of: Name::new("action"), words: names(&["submit", "refuse"]) };
        let one = |name: &str, accepts| Parameter { name: Name::new(name), accepts, optional: false };
        let (function, parameters, result) = match name {
            "visits" => (VISITS, vec![one("step", step)], Type::Number),
            "in" => (IS_IN, vec![one("step", step)], Type::Boolean),
            "last" => {
                let entries = context(vec![("by", Type::Person), ("at", Type::DateTime)]);
                (LAST, vec![one("action", action)], Type::Context(entries))
            }
            "add_working_days" => {
                let date = one("date", Accepts::Value(Type::DateTime));
                let days = Parameter { optional: true, ..one("days", Accepts::Value(Type::Number)) };
                (ADD_WORKING_DAYS, vec![date, days], Type::DateTime)
            }
            _ => return None,
        };
        Some(Signature { function, parameters, result })
    }

    fn all(&self) -> Vec<Name> {
        self.0.iter().map(|(name, _, _)| Name::new(name)).collect()
    }
}

impl Scope for Host {
    fn get(&self, slot: Slot) -> Cow<'_, Value> {
        Cow::Borrowed(&self.0[slot.0 as usize].2)
    }

    fn call(&self, function: HostFunction, arguments: &[Value]) -> Value {
        match function {
            VISITS => Value::from(i64::from(arguments[0] == Value::text("sign-off"))),
            IS_IN => Value::from(arguments[0] == Value::text("triage")),
            LAST => Value::from(context(vec![("by", Value::text("li")), ("at", Value::Null)])),
            ADD_WORKING_DAYS => Value::from(arguments.len() as i64),
            HostFunction(unknown) => panic!("no function {unknown}"),
        }
    }
}
