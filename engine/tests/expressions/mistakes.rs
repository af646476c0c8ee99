//! What the author of a wrong expression is told, and where.

use duban_engine::value::Type;

use crate::host::{evaluate, mistakes};

/// The text at fault, the message and the help of the only mistake.
fn only(text: &str, wanted: &Type) -> (String, String, String) {
    let mistakes = mistakes(text, wanted);
    assert_eq!(mistakes.len(), 1, "{text}: {mistakes:#?}");
    let mistake = &mistakes[0];
    (text[mistake.span.clone()].to_owned(), mistake.message.clone(), mistake.help.clone().unwrap_or_default())
}

fn assert_told(text: &str, place: &str, message: &str, help: &str) {
    assert_eq!(only(text, &Type::Any), (place.to_owned(), message.to_owned(), help.to_owned()), "{text}");
}

#[test]
fn an_unknown_field_is_told_with_the_nearest_one() {
    assert_told("not(urgnet)", "urgnet", "there is no field `urgnet`", "did you mean `urgent`?");
    assert_told("承办单未 = \"x\"", "承办单未", "there is no field `承办单未`", "did you mean `承办单位`?");
    let wrong = "some answer in assist satisfies anwser.agrees";
    assert_told(wrong, "anwser", "there is no field `anwser`", "did you mean `answer`?");
}

#[test]
fn an_unknown_property_is_told_with_the_nearest_one() {
    let wrong = "every a in assist satisfies a.agree";
    assert_told(wrong, "agree", "a context has no `agree`", "did you mean `agrees`?");
    assert_told("opened.yaer = 1", "yaer", "a date and time has no `yaer`", "did you mean `year`?");
    assert_told("returns.x", "x", "a number has no `x`", "");
}

#[test]
fn a_word_that_is_none_of_the_choices_is_told_wherever_it_is_compared() {
    let help = "did you mean `written`?";
    assert_told("method = \"writen\"", "\"writen\"", "there is no choice `writen`", help);
    assert_told("\"writen\" = method", "\"writen\"", "there is no choice `writen`", help);
    assert_told("method in [\"phone\", \"writen\"]", "\"writen\"", "there is no choice `writen`", help);
    assert_told("method in (\"phone\", \"writen\")", "\"writen\"", "there is no choice `writen`", help);
    let unlike = "it is one of `written`, `phone`, `sms`";
    assert_told("method = \"letter\"", "\"letter\"", "there is no choice `letter`", unlike);
    let choice = Type::Choice(crate::host::names(&["yes", "no"]));
    let (place, ..) = only("if urgent then \"yes\" else \"nope\"", &choice);
    assert_eq!(place, "\"nope\"");
}

#[test]
fn operands_of_wrong_kinds_are_told() {
    assert_told("returns + \"1\"", "returns + \"1\"", "`+` cannot take a number and a text", "");
    assert_told("opened + returns", "opened + returns", "`+` cannot take a date and time and a number", "");
    assert_told("returns = \"2\"", "returns = \"2\"", "`=` cannot compare a number with a text", "");
    assert_told("urgent < true", "urgent < true", "`<` cannot compare a boolean with a boolean", "");
    assert_told("-urgent", "urgent", "`-` cannot take a boolean", "");
    let list = "`=` cannot compare a list of units with a text";
    let help = "ask `list contains(…)`, `count(…)` or `some … satisfies …` of a list";
    assert_told("assisting_units = \"a\"", "assisting_units = \"a\"", list, help);
}

#[test]
fn a_condition_must_be_true_or_false() {
    assert_told(
        "if returns then 1 else 2",
        "returns",
        "the condition of `if` must be true or false, this is a number",
        "",
    );
    assert_told("urgent and returns", "returns", "each side of `and` must be true or false, this is a number", "");
    let (place, message, _) = only("returns + 1", &Type::Boolean);
    assert_eq!(
        (place.as_str(), message.as_str()),
        ("returns + 1", "a condition must be true or false, this is a number")
    );
    let (_, message, _) = only("urgent", &Type::Number);
    assert_eq!(message, "a number is needed here, this is a boolean");
}

#[test]
fn calls_are_checked_for_name_number_and_kind_of_arguments() {
    assert_told("cuont(assist)", "cuont", "there is no function `cuont`", "did you mean `count`?");
    assert_told("count()", "count()", "`count` cannot take 0 arguments", "it is `count(list)`");
    assert_told("count(lead_unit)", "lead_unit", "`count` needs a list as its list, this is a unit", "");
    assert_told(
        "abs(n: urgent)",
        "urgent",
        "`abs` needs a number or a duration of days and time or a duration of years and months as its n, this is a boolean",
        "",
    );
    assert_told("abs(number: 1)", "abs(number: 1)", "`abs` has no parameter `number`", "it is `abs(n)`");
    assert_told("count", "count", "`count` is a function and needs its arguments", "write `count(…)`");
    assert_told(
        "list contains(assisting_units, 3)",
        "3",
        "`list contains` needs a unit as its element, this is a number",
        "",
    );
    assert_told("date(\"2026-13-01\")", "date(\"2026-13-01\")", "`2026-13-01` is not a date", "");
    assert_told("@\"soon\"", "@\"soon\"", "`soon` is no date, time or duration", "");
    let (_, message, _) = only("matches(instruction, \"(\")", &Type::Any);
    assert!(message.starts_with("the pattern cannot be read: "), "{message}");
}

#[test]
fn words_of_the_host_are_checked_against_its_list() {
    assert_told("visits(sign-of) > 1", "sign-of", "there is no step `sign-of`", "did you mean `sign-off`?");
    assert_told(
        "in(\"review\")",
        "\"review\"",
        "there is no step `review`",
        "it is one of `triage`, `sign-off`, `on-site`",
    );
    assert_told("last(submit).who", "who", "a context has no `who`", "");
    assert_told("visits()", "visits()", "`visits` cannot take 0 arguments", "it is `visits(step)`");
    assert_told(
        "add_working_days(returns)",
        "returns",
        "`add_working_days` needs a date and time as its date, this is a number",
        "",
    );
}

#[test]
fn mistakes_of_grammar_are_told_at_their_place() {
    assert_told(
        "urgent adn urgent",
        "urgent adn urgent",
        "`adn urgent` after `urgent` has no meaning",
        "did you mean `and`?",
    );
    assert_told("urgent && urgent", "&", "`&` has no meaning here", "write `and`, `or`");
    assert_told("(urgent", "", "expected `)`, found the end", "");
    assert_told("if urgent then 1", "", "expected `else`, found the end", "");
    assert_told("\"water", "\"water", "the text has no closing quote", "");
    assert_told("", "", "there is no expression", "");
    assert_told("method = 'phone'", "'", "`'` has no meaning here", "texts stand in double quotes");
    assert_told("function(x) x", "function", "an expression cannot define functions", "");
    assert_told("1 +", "", "expected a value, found the end", "");
}

#[test]
fn all_mistakes_of_an_expression_are_told_at_once() {
    let found = mistakes("urgnet and retruns > 1 and method = \"fax\"", &Type::Boolean);

    let messages: Vec<&str> = found.iter().map(|mistake| mistake.message.as_str()).collect();
    let expected = ["there is no field `urgnet`", "there is no field `retruns`", "there is no choice `fax`"];
    assert_eq!(messages, expected);
}

#[test]
fn names_may_be_chinese_or_hold_blanks_and_hyphens() {
    assert_eq!(evaluate("承办单位 = \"裕华区\"").to_string(), "true");
    assert_eq!(evaluate("12 * Monthly Salary").to_string(), "120");
    assert_eq!(evaluate("sign-off - 1").to_string(), "6");
    assert_eq!(evaluate("visits(sign-off) + visits(\"on-site\")").to_string(), "1");
    assert_eq!(evaluate("in(triage) and returns in (1, 2)").to_string(), "true");
    assert_eq!(evaluate("last(submit).by").to_string(), "li");
}
