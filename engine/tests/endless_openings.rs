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
            format!("process: {name}\nfields: {{n: {{type: integer, default: 0}}, units: {{list: unit}}}}\n{text}");
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
fn a_circle_of_several_processes_is_told_once_with_all_its_places() {
    let first = steps(&["once: {do: [{start: {process: b}}]}"]);
    let second = steps(&["ask: {call: c, goto: over}"]);
    let third = "start: {also: [{message: c.asked}], goto: told}\nsteps:\n  told: {do: [{send: {message: a.asked}}]}\n  over: {close: over}\n";
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
5 |   told: {do: [{send: {message: a.asked}}]}
  |                                ------- `c` sends `a.asked`, with which `a` begins
  |
  = help: let a step wait for a person or a time in between
";
    assert_eq!(shown, wanted);
}
