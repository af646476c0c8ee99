//! Results of scenarios as JUnit XML, which every build server reads.

use std::fmt::Write as _;
use std::time::Duration;

use duban_engine::diagnostic::{Sources, render};

use super::played::Run;

/// All runs as one suite: a process is a class, a scenario a case.
pub(super) fn report(runs: &[Run], sources: &Sources, took: Duration) -> String {
    let failed = runs.iter().filter(|run| !run.has_passed()).count();
    let mut xml = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let seconds = took.as_secs_f64();
    put(&mut xml, format_args!("<testsuites tests=\"{}\" failures=\"{failed}\" time=\"{seconds:.6}\">\n", runs.len()));
    put(
        &mut xml,
        format_args!(
            "  <testsuite name=\"duban\" tests=\"{}\" failures=\"{failed}\" errors=\"0\" skipped=\"0\" time=\"{seconds:.6}\">\n",
            runs.len()
        ),
    );
    for run in runs {
        let (name, class, file) = (escape(&run.played.name), escape(&run.played.process), escape(&run.place));
        let seconds = run.took.as_secs_f64();
        put(
            &mut xml,
            format_args!("    <testcase classname=\"{class}\" name=\"{name}\" file=\"{file}\" time=\"{seconds:.6}\""),
        );
        let Some(first) = run.played.failures.first() else {
            xml.push_str("/>\n");
            continue;
        };
        let text = escape(&render(&run.played.failures, sources, false));
        let (code, message) = (escape(first.code), escape(&first.message));
        put(
            &mut xml,
            format_args!(">\n      <failure type=\"{code}\" message=\"{message}\">{text}</failure>\n    </testcase>\n"),
        );
    }
    xml.push_str("  </testsuite>\n</testsuites>\n");
    xml
}

fn put(xml: &mut String, line: std::fmt::Arguments<'_>) {
    xml.write_fmt(line).expect("writing to a string cannot fail");
}

/// Text for XML 1.0, which has no way to write most control characters.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\n' | '\t' => escaped.push(letter),
            '\u{fffe}' | '\u{ffff}' => escaped.push('\u{fffd}'),
            letter if letter.is_control() => escaped.push('\u{fffd}'),
            letter => escaped.push(letter),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::escape;

    #[test]
    fn what_xml_cannot_say_is_replaced() {
        assert_eq!(escape("a<b & \"c\"\u{1b}[31m\n"), "a&lt;b &amp; &quot;c&quot;\u{fffd}[31m\n");
    }
}
