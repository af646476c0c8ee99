//! Which processes would have cases opened without end, and which have something to wait for in between.

use duban_engine::diagnostic::render;
use duban_engine::library::Library;

const AROUND: [(&str, &str); 2] = [
    ("calendar.yaml", "calendar: cn\ntimezone: Asia/Shanghai\nweek: [monday]\nhours: 09:00-12:00\n"),
    (
        "town.yaml",
        "duties: {clerk: 承办人}\nunits: {office: {title: 热线办}}\npeople: {li: {name: 李明, duties: {office: [clerk]}}}\n",
    ),
];

/// What an author is shown for processes, each from its `start:` on, called `a`, `b` and so on.
fn shown(processes: &[&str]) -> String {
    let around = AROUND.iter().map(|(path, text)| ((*path).to_owned(), text.as_bytes().to_vec()));
    let written = ('a'..='z').zip(processes).map(|(name, text)| {
        let text =
            format!("process: {name}\nfields: {{n: {{type: integer, default: 0}}, units: {{list: unit}}, t: {{type: datetime}}}}\n{text}");
        (format!("{name}.yaml"), text.into_bytes())
    });
    match Library::compile(&around.chain(written).collect::<Vec<_>>()) {
        Ok(library) => render(&library.warnings, &library.sources, false),
        Err(unsound) => render(&unsound.diagnostics, &unsound.sources, false),
    }
}

const TASK: &str = "{by: {unit: office, duty: clerk}, actions: {go: {goto: NEXT}}}";

/// The steps of a process that begins with the first of them and can close.
fn steps(lines: &[&str]) -> String {
    let first = lines[0].split(':').next().expect("a step has a name");
    let task = |next: &str| TASK.replace("NEXT", next);
    let lines: String = lines.iter().map(|line| format!("  {line}\n")).collect();
    let lines = lines.replace("TASK-THEN-OVER", &task("over")).replace("TASK-THEN-AGAIN", &task("again"));
    let lines = lines.replace("CLERK", "by: {unit: office, duty: clerk}, actions: {go: {goto: over}}");
    let lines = lines.replace("START", "start: {process: a}");
    let lines =
        lines.replace("TASK-THEN-END", &task("end")).replace("AGAIN", "{do: [{start: {process: a}}], goto: over}");
    format!("start: {{goto: {first}}}\nsteps:\n{lines}  over: {{close: over}}\n")
}

#[test]
fn what_may_be_passed_before_anything_waits_opens_cases_without_end() {
    let ways: [&[&str]; 21] = [
        &[
            "first: {do: [], goto: last}",
            "round: {repeat: {while: n < 3}, steps: {again: {do: [{start: {process: a}}]}, last: {do: []}}, goto: over}",
        ],
        &["again: AGAIN"],
        &["ask: {call: a, goto: over}"],
        &["ask: {call: b, goto: again}", "again: AGAIN"],
        &["skipped: {when: n > 0, job: {worker: w}, goto: again}", "again: AGAIN"],
        &["in: {steps: {first: {do: []}, again: AGAIN}, goto: over}"],
        &["in: {steps: {first: {do: [], goto: end}}, goto: again}", "again: AGAIN"],
        &["which: {choose: [{when: n > 0, goto: again}, {goto: over}]}", "again: AGAIN"],
        &["told: {decide: {inputs: [n], sets: [n], rules: [{if: ['-'], then: [1]}]}, goto: again}", "again: AGAIN"],
        &["ready: {wait: {when: n = 0}, goto: again}", "again: AGAIN"],
        &["both: {branches: {x: TASK-THEN-END, y: {steps: {again: {do: [{start: {process: a}}]}}}}, goto: over}"],
        &["one: {branches: {x: TASK-THEN-END, y: {do: []}}, join: any, goto: again}", "again: AGAIN"],
        &["all: {branches: {x: {do: []}, y: {when: n > 0, job: {worker: w}}}, goto: again}", "again: AGAIN"],
        &[
            "many: {each: {u: =units}, by: {unit: =u, duty: clerk}, actions: {go: {goto: end}}, goto: again}",
            "again: AGAIN",
        ],
        &["many: {each: {u: =units}, steps: {x: {do: [{start: {process: a}}]}}, goto: over}"],
        &["rest: {on_enter: [{start: {process: a}}], wait: {for: 1 hour}, goto: over}"],
        &["seen: {on_leave: [{start: {process: a}}], wait: {when: n = 0}, goto: over}"],
        &["in: {on_leave: [{start: {process: a}}], steps: {x: {do: [], goto: over}}}"],
        &[
            "one: {branches: {x: {on_leave: [{start: {process: a}}], wait: {for: 1 hour}}, y: {do: [], goto: over}}, goto: over}",
        ],
        &["wait: {on_enter: [{finish: {step: wait}}], wait: {for: 1 hour}, goto: again}", "again: AGAIN"],
        &[
            "set: {do: [{set: {n: 1}}]}",
            "rest: {listen: [{when: n = 2, start: {process: a}}], wait: {for: 1 hour}, goto: over}",
        ],
    ];
    let other = steps(&["once: {do: []}"]);

    let wrong: Vec<String> = ways
        .iter()
        .map(|way| (way, shown(&[&steps(way), &other])))
        .filter(|(_, shown)| shown.matches("error[").count() != 1 || !shown.contains("error[endless-opening]"))
        .map(|(way, shown)| format!("{way:?}:\n{shown}"))
        .collect();

    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_waits_in_between_may_open_the_next_case() {
    let ways: [&[&str]; 12] = [
        &["rest: {wait: {for: 1 hour}, goto: again}", "again: AGAIN"],
        &["rest: {wait: {message: m}, goto: again}", "again: AGAIN"],
        &["rest: {job: {worker: w}, goto: again}", "again: AGAIN"],
        &["rest: TASK-THEN-AGAIN", "again: AGAIN"],
        &["rest: {on_leave: [{start: {process: a}}], wait: {for: 1 hour}, goto: over}"],
        &["in: {on_leave: [{start: {process: a}}], steps: {rest: TASK-THEN-END}, goto: over}"],
        &["all: {branches: {x: TASK-THEN-END, y: {do: []}}, goto: again}", "again: AGAIN"],
        &["two: {branches: {x: TASK-THEN-END, y: {do: []}, z: TASK-THEN-END}, join: 2, goto: again}", "again: AGAIN"],
        &["ask: {call: b, goto: again}", "again: AGAIN"],
        &["ask: {call: c, goto: again}", "again: AGAIN"],
        &["over-there: {do: [{start: {process: b}}], goto: over}"],
        &["rest: {listen: [{when: n = 2, start: {process: a}}], wait: {for: 1 hour}, goto: over}"],
    ];
    let slow = steps(&["rest: TASK-THEN-OVER"]);
    let caller = steps(&["ask: {call: b, goto: over}"]);

    let wrong: Vec<String> = ways
        .iter()
        .map(|way| (way, shown(&[&steps(way), &slow, &caller])))
        .filter(|(_, shown)| !shown.is_empty())
        .map(|(way, shown)| format!("{way:?}:\n{shown}"))
        .collect();

    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_message_for_one_case_opens_none() {
    let process = |send: &str| {
        format!(
            "start: {{also: [{{message: asked}}], goto: told}}\nsteps:\n  told: {{do: [{{send: {send}}}]}}\n  over: {{close: over}}\n"
        )
    };

    let to_all = shown(&[&process("{message: asked, to_all: true}")]);
    let to_one = shown(&[&process("{message: asked, to: a-1}")]);

    assert!(to_all.contains("error[endless-opening]"), "{to_all}");
    assert_eq!(to_one, "");
}

#[test]
fn a_circle_of_several_processes_is_told_once_with_all_its_places() {
    let first = steps(&["once: {do: [{start: {process: b}}]}"]);
    let second = steps(&["ask: {call: c, goto: over}"]);
    let third = "start: {also: [{message: c.asked}], goto: told}\nsteps:\n  told: {do: [{send: {message: a.asked, to_all: true}}]}\n  over: {close: over}\n";
    let begun = first.replace("{goto:", "{also: [{message: a.asked}], goto:");

    let shown = shown(&[&begun, &second, third]);

    let wanted = "\
error[endless-opening]: a case of `a` has cases opened without end, before anybody can act: `a` starts `b`, `b` calls `c`, `c` sends `a.asked`, with which `a` begins
 --> a.yaml:5:33
  |
5 |   once: {do: [{start: {process: b}}]}
  |                                 ^
  |
 ::: b.yaml:5:15
  |
5 |   ask: {call: c, goto: over}
  |               - `b` calls `c`
  |
 ::: c.yaml:5:32
  |
5 |   told: {do: [{send: {message: a.asked, to_all: true}}]}
  |                                ------- `c` sends `a.asked`, with which `a` begins
  |
  = help: let a step wait for a person or a time in between
";
    assert_eq!(shown, wanted);
}

/// What is not shown as wanted, for each of some ways that a process may go beside these others.
fn not_as_wanted(ways: &[&[&str]], others: &[&str], is_wanted: impl Fn(&str) -> bool) -> String {
    let shown = ways.iter().map(|way| {
        let own = steps(way);
        (way, shown(&std::iter::once(own.as_str()).chain(others.iter().copied()).collect::<Vec<_>>()))
    });
    shown.filter(|(_, shown)| !is_wanted(shown)).map(|(way, shown)| format!("{way:?}:\n{shown}\n")).collect()
}

#[test]
fn a_rung_that_may_be_due_at_once_opens_cases_without_end() {
    let ways: [&[&str]; 13] = [
        &["rest: {CLERK, deadline: {until: =t, ladder: [{at: due, START}]}}"],
        &["rest: {CLERK, deadline: {until: '=now() + duration(\"-P1D\")', ladder: [{at: due, START}]}}"],
        &[
            "rest: {CLERK, deadline: {within: [{when: '\"a\" != \" and t > now() and \"', until: =t}], ladder: [{at: due, START}]}}",
        ],
        &["rest: {CLERK, deadline: {within: [{when: t > now() or n > 0, until: =t}], ladder: [{at: due, START}]}}"],
        &["rest: {CLERK, deadline: {within: [{when: t >= now(), until: =t}], ladder: [{at: due, START}]}}"],
        &["rest: {CLERK, deadline: {until: =t, ladder: [{at: 1 day after, START}]}}"],
        &["rest: {CLERK, deadline: {within: 1 day, ladder: [{at: 24 hours before, START}]}}"],
        &["rest: {CLERK, deadline: {within: 3 days, ladder: [{at: 1 working day before, START}]}}"],
        &["rest: {CLERK, deadline: {within: [{when: n > 0, is: 1 day}, {until: =t}], ladder: [{at: due, START}]}}"],
        &["rest: {CLERK, deadline: {within: [{when: t > now(), until: =t}], ladder: [{at: 1 day before, START}]}}"],
        &["rest: {CLERK, deadline: {until: =t, ladder: [{at: due, goto: again}]}}", "again: AGAIN"],
        &["in: {deadline: {until: =t, ladder: [{at: due, START}]}, steps: {rest: TASK-THEN-END}, goto: over}"],
        &["past: {wait: {until: =t}, goto: rest}", "rest: {CLERK, deadline: {until: =t, ladder: [{at: due, START}]}}"],
    ];

    let wrong = not_as_wanted(&ways, &[], |shown| {
        shown.matches("error[").count() == 1 && shown.contains("without end by a rung that may be due at once")
    });

    assert_eq!(wrong, "");
}

#[test]
fn a_rung_that_is_still_to_come_may_open_the_next_case() {
    let ways: [&[&str]; 13] = [
        &["rest: {CLERK, deadline: {within: 3 days, ladder: [{at: due, START}]}}"],
        &["rest: {CLERK, deadline: {within: [{when: t>now(), until: =t}], ladder: [{at: due, START}]}}"],
        &["rest: {CLERK, deadline: {within: [{when: now()<t, until: = t}], ladder: [{at: due, START}]}}"],
        &[
            "rest: {CLERK, deadline: {within: [{when: (n > 1 or n < 0) and (n > 2 and t > now()), until: =t}], ladder: [{at: due, START}]}}",
        ],
        &["rest: {CLERK, deadline: {until: '=duration(\"P1D\") + now()', ladder: [{at: due, START}]}}"],
        &[
            "rest: {CLERK, deadline: {within: [{when: t - duration(\"P1D\") > now(), until: '=t-duration(\"P1D\")'}], ladder: [{at: due, START}]}}",
        ],
        &["rest: {CLERK, deadline: {within: 3 days, ladder: [{at: 2 days before, START}]}}"],
        &["rest: {CLERK, deadline: {within: 30 days, ladder: [{at: 5 working days before, START}]}}"],
        &["rest: {CLERK, deadline: {within: 1 working day, ladder: [{at: 1 day after, goto: again}]}}", "again: AGAIN"],
        &["rest: {CLERK, deadline: {within: [{when: t > now(), until: =t}], ladder: [{at: due, START}]}}"],
        &["rest: {CLERK, deadline: {until: '=now() + duration(\"P1D\")', ladder: [{at: due, START}]}}"],
        &["rest: {CLERK, deadline: {until: =t, ladder: [{at: due, start: {process: b}}]}}"],
        &["in: {deadline: {until: =t, ladder: [{at: due, START}]}, steps: {x: {do: []}}, goto: over}"],
    ];
    let other = steps(&["rest: TASK-THEN-OVER"]);

    let wrong = not_as_wanted(&ways, &[&other], str::is_empty);

    assert_eq!(wrong, "");
}

#[test]
fn an_instant_that_may_be_past_does_not_hold_back_cases_that_open_several() {
    let ways: [&[&str]; 6] = [
        &["rest: {wait: {until: =t}}", "again: {do: [{START}, {START}], goto: over}"],
        &["rest: {on_leave: [{START}], wait: {until: =t}}", "again: AGAIN"],
        &["rest: {wait: {until: =t}}", "many: {each: {u: =units}, steps: {x: {do: [{START}]}}, goto: over}"],
        &["rest: {wait: {until: =t}}", "again: {repeat: {while: n < 3}, do: [{START}], goto: over}"],
        &["rest: {wait: {until: =t}}", "again: {do: [{START}, {start: {process: b}}], goto: over}"],
        &["rest: {do: [{start: {process: b}}, {start: {process: b}}], goto: over}"],
    ];
    let other = steps(&["rest: {wait: {until: =t}}", "answer: {do: [{START}], goto: over}"]);

    let wrong = not_as_wanted(&ways, &[&other], |shown| {
        shown.matches("error[").count() == 1 && shown.contains("has several like itself opened at once")
    });

    assert_eq!(wrong, "");
}

#[test]
fn cases_that_open_one_another_in_turn_may_catch_up_with_the_time() {
    let ways: [&[&str]; 4] = [
        &["rest: {wait: {until: =t}}", "again: AGAIN"],
        &["rest: {wait: {for: 1 hour}}", "again: {do: [{START}, {START}], goto: over}"],
        &["rest: {wait: {until: '=now() + duration(\"P1D\")'}}", "again: {do: [{START}, {START}], goto: over}"],
        &["rest: {wait: {until: =t}}", "again: {do: [{START}, {start: {process: b}}], goto: over}"],
    ];
    let other = steps(&["rest: TASK-THEN-OVER"]);

    let wrong = not_as_wanted(&ways, &[&other], str::is_empty);

    assert_eq!(wrong, "");
}

#[test]
fn an_author_sees_the_rung_or_the_places_that_open_cases_when_an_instant_is_past() {
    let by_rung = steps(&[
        "rest:",
        "  deadline: {until: =t, ladder: [{at: due, light: red, START}]}",
        "  by: {unit: office, duty: clerk}",
        "  actions: {go: {goto: over}}",
    ]);
    let several = steps(&["rest: {wait: {until: =t}}", "again: {do: [{START}, {START}], goto: over}"]);

    let shown = [shown(&[&by_rung]), shown(&[&several])].concat();

    let wanted = "\
error[endless-opening]: a case of `a` has cases opened without end by a rung that may be due at once: `a` starts `a`
 --> a.yaml:6:75
  |
6 |     deadline: {until: =t, ladder: [{at: due, light: red, start: {process: a}}]}
  |                                                                           ^
  |
  = help: let the limit be still to come, as `within: …` or `{when: x > now(), until: =x}`, and no rung be so far before it
error[endless-opening]: when an instant is past, each case of `a` has several like itself opened at once: `a` starts `a`, `a` starts `a`
 --> a.yaml:6:34
  |
6 |   again: {do: [{start: {process: a}}, {start: {process: a}}], goto: over}
  |                                  ^                      - `a` starts `a`
  |
  = help: open one of them, or wait with `for: …`, which is always to come
";
    assert_eq!(shown, wanted);
}
