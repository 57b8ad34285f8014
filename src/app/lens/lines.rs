//! Which request a try of a task was, and what it has logged.
//!
//! Never picks one of several requests by chance: where nothing tells them apart, the lines of all are kept and no
//! request is named.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::app::logs::{Request, request_of_line};
use crate::app::model::request_of;
use crate::app::run::{Attempt, Run};
use crate::facts::{Arn, LogLine, Millis};

/// How late after the end of a try its function may seem to begin, in milliseconds: its log has another clock.
const LATE: Millis = 2_000;

/// The try whose lines are looked for.
pub(super) struct Wanted<'a> {
    /// What its lines may call the execution.
    pub(super) names: Vec<String>,
    pub(super) attempt: &'a Attempt,
    /// When the next try was made.
    pub(super) until: Option<Millis>,
    /// What the lines of this try say and those of others do not: its error and message.
    pub(super) clues: Vec<&'a str>,
}

/// What lines may call an execution: its name, and the order that it handles.
pub(super) fn names(execution: &Arn, run: &Run) -> Vec<String> {
    let input = run.events.first().and_then(|event| event.input.as_deref());
    let input: Option<Value> = input.and_then(|input| serde_json::from_str(input).ok());
    let order = input.as_ref().and_then(|input| input.get("orderId")).and_then(Value::as_str);
    let names = [Some(execution.name()), order].into_iter().flatten().filter(|name| !name.is_empty());
    names.map(ToOwned::to_owned).collect()
}

impl Wanted<'_> {
    /// The request's id, if it is known, and the lines.
    pub(super) fn find(&self, logs: &[&LogLine]) -> (Option<String>, Vec<LogLine>) {
        if let Some(request) = named_request(self.attempt) {
            let lines = of_request(&request, logs);
            return (Some(request), lines);
        }
        let Some(function) = function_of(self.attempt) else { return (None, Vec::new()) };
        let own: Vec<(&LogLine, Option<Request>)> = logs
            .iter()
            .filter(|line| line.group.rsplit('/').next() == Some(&function))
            .map(|line| (*line, request_of_line(&line.message)))
            .collect();
        // Clocks differ a little: only where no request began during the try are those looked at that began after it.
        let requests = [0, LATE].map(|late| self.requests(&own, late));
        let requests = requests.into_iter().find(|requests| !requests.is_empty()).unwrap_or_default();
        match self.narrowed(&requests, &own) {
            Some(request) => {
                let request = request.to_string();
                let lines = of_request(&request, logs);
                (Some(request), lines)
            }
            None => {
                let belongs = |(line, request): &&(&LogLine, Option<Request>)| match request {
                    Some(request) => requests.contains(request),
                    None => self.is_in_time(line.at, LATE) && self.is_named_in(line),
                };
                (None, own.iter().filter(belongs).map(|(line, _)| (*line).clone()).collect())
            }
        }
    }

    /// The requests of which a line names the execution, and that began during the try or so late after it: the function
    /// may be called again right after it, by another state.
    fn requests(&self, own: &[(&LogLine, Option<Request>)], late: Millis) -> BTreeSet<Request> {
        let mut began: BTreeMap<Request, Millis> = BTreeMap::new();
        let mut naming: BTreeSet<Request> = BTreeSet::new();
        for (line, request) in own {
            let Some(request) = *request else { continue };
            let first = began.entry(request).or_insert(line.at);
            *first = (*first).min(line.at);
            if self.is_named_in(line) {
                naming.insert(request);
            }
        }
        naming.retain(|request| began.get(request).is_some_and(|at| self.is_in_time(*at, late)));
        naming
    }

    /// The one request, or the only one of several whose lines tell of the error.
    fn narrowed(&self, requests: &BTreeSet<Request>, own: &[(&LogLine, Option<Request>)]) -> Option<Request> {
        let only = |requests: Vec<Request>| match requests.as_slice() {
            [one] => Some(*one),
            _ => None,
        };
        let tells = |request: &Request| {
            let mut lines = own.iter().filter(|(_, of)| of.as_ref() == Some(request));
            lines.any(|(line, _)| self.clues.iter().any(|clue| !clue.is_empty() && line.message.contains(clue)))
        };
        only(requests.iter().copied().collect()).or_else(|| only(requests.iter().copied().filter(tells).collect()))
    }

    fn is_named_in(&self, line: &LogLine) -> bool {
        self.names.iter().any(|name| mentions(&line.message, name))
    }

    /// Whether it was during the try or so late after it, and before the next one.
    fn is_in_time(&self, at: Millis, late: Millis) -> bool {
        let ended = self.attempt.ended_at.map_or(Millis::MAX, |ended| ended.saturating_add(late));
        at >= self.attempt.scheduled_at && at <= ended && self.until.is_none_or(|until| at < until)
    }
}

/// The request that the cause or the result of a try names.
pub(in crate::app) fn named_request(attempt: &Attempt) -> Option<String> {
    let cause = attempt.cause.as_deref().unwrap_or_default();
    let document: Option<Value> = serde_json::from_str(cause).ok();
    let said = document.as_ref().and_then(|document| document.get("requestId")).and_then(Value::as_str);
    let output: Option<Value> = attempt.output.as_deref().and_then(|output| serde_json::from_str(output).ok());
    let answered = output.as_ref().and_then(|output| output.pointer("/SdkResponseMetadata/RequestId"));
    let after = |words: &str| cause.split_once(words).map(|(_, rest)| first_id(rest));
    let named = [
        said,
        request_of(cause),
        after("Request ID: "),
        cause.split_once(" Task timed out after ").and_then(|(before, _)| before.rsplit([' ', '"']).next()),
        answered.and_then(Value::as_str),
    ];
    named.into_iter().flatten().find(|id| is_request(id)).map(ToOwned::to_owned)
}

/// The letters, digits and hyphens at the start of a text.
fn first_id(text: &str) -> &str {
    let end = text.find(|c: char| !c.is_ascii_alphanumeric() && c != '-').unwrap_or(text.len());
    text.get(..end).unwrap_or_default()
}

/// Whether a text can be a request's id: Lambda's are UUIDs, those of DynamoDB 52 letters and digits.
fn is_request(id: &str) -> bool {
    (16..=64).contains(&id.len()) && first_id(id) == id
}

/// The function that a try called, without its version.
pub(in crate::app) fn function_of(attempt: &Attempt) -> Option<String> {
    let resource = attempt.resource.as_deref()?;
    if resource.starts_with("arn:") && resource.contains(":function:") {
        return function_name(resource);
    }
    if !resource.contains("lambda") {
        return None;
    }
    let parameters: Value = serde_json::from_str(attempt.parameters.as_deref()?).ok()?;
    function_name(parameters.get("FunctionName")?.as_str()?)
}

/// The name in a name, a partial ARN or an ARN.
fn function_name(function: &str) -> Option<String> {
    let name = function.split_once(":function:").map_or(function, |(_, name)| name);
    name.split(':').next().filter(|name| !name.is_empty()).map(ToOwned::to_owned)
}

/// Whether a message names something, and not something longer that has its name in it.
fn mentions(message: &str, name: &str) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_');
    !name.is_empty()
        && message.match_indices(name).any(|(at, _)| {
            let before = message.get(..at).and_then(|before| before.chars().next_back());
            let after = message.get(at + name.len()..).and_then(|after| after.chars().next());
            !before.is_some_and(is_part) && !after.is_some_and(is_part)
        })
}

/// The lines of a request: those that say that they are its own, and those between its START and END that name none. A
/// line that quotes its id in what it says is not one of them.
fn of_request(request: &str, logs: &[&LogLine]) -> Vec<LogLine> {
    let id = Request::parse(request);
    let is_own = |line: &LogLine| match id {
        Some(_) => line.message.contains(request) && request_of_line(&line.message) == id,
        None => line.message.contains(request),
    };
    let names = |line: &LogLine, word: &str| line.message.starts_with(word) && line.message.contains(request);
    let mut kept: BTreeSet<usize> = BTreeSet::new();
    for (index, line) in logs.iter().enumerate() {
        if is_own(line) {
            kept.insert(index);
        }
        if !names(line, "START RequestId: ") {
            continue;
        }
        let mut between = Vec::new();
        let stream = logs.iter().enumerate().skip(index + 1).filter(|(_, other)| is_same_stream(line, other));
        for (index, other) in stream {
            if names(other, "END RequestId: ") {
                kept.extend(between);
                break;
            }
            // A sandbox serves one request at a time; where another is served too, nothing tells whose a line is.
            if request_of_line(&other.message).is_some_and(|of| Some(of) != id) {
                break;
            }
            between.push(index);
        }
    }
    kept.into_iter().filter_map(|index| logs.get(index)).map(|line| (*line).clone()).collect()
}

fn is_same_stream(one: &LogLine, other: &LogLine) -> bool {
    one.group == other.group && one.stream == other.stream
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: &str = "11111111-1111-4111-8111-111111111111";
    const B: &str = "22222222-2222-4222-8222-222222222222";

    fn attempt() -> Attempt {
        Attempt {
            resource: Some("lambda:invoke".into()),
            parameters: Some(r#"{"FunctionName":"arn:aws:lambda:us-east-1:1:function:pay:live"}"#.into()),
            scheduled_at: 1_000,
            ended_at: Some(2_000),
            error: Some("Declined".into()),
            ..Attempt::default()
        }
    }

    /// `at function|stream|message`, a line each; `A` and `B` stand for requests.
    fn logs(script: &str) -> Vec<LogLine> {
        let lines = script.lines().map(str::trim).filter(|line| !line.is_empty());
        lines
            .enumerate()
            .map(|(index, line)| {
                let mut parts = line.splitn(4, '|');
                let mut part = || parts.next().unwrap().to_owned();
                LogLine {
                    at: part().parse().unwrap(),
                    group: format!("/aws/lambda/{}", part()),
                    stream: part(),
                    message: part().replace("<A>", A).replace("<B>", B),
                    id: index.to_string(),
                }
            })
            .collect()
    }

    /// Which request, and the numbers of the lines.
    fn check(attempt: &Attempt, until: Option<Millis>, script: &str, request: Option<&str>, expected: &[&str]) {
        let logs = logs(script);
        let names = vec!["run-1".to_owned(), "ord-1".to_owned()];
        let wanted = Wanted { names, attempt, until, clues: vec!["Declined", "no money"] };
        let (found, lines) = wanted.find(&logs.iter().collect::<Vec<_>>());
        assert_eq!(found.as_deref(), request);
        assert_eq!(lines.iter().map(|line| line.id.as_str()).collect::<Vec<_>>(), expected);
    }

    #[test]
    fn lines_that_share_a_request_with_one_that_names_the_execution() {
        let script = r#"
            900|pay|s|{"execution":"run-1","requestId":"<B>"}
            1010|pay|s|START RequestId: <A> Version: $LATEST
            1020|pay|s|{"execution":"arn:x:run-1","requestId":"<A>"}
            1030|ship|s|{"execution":"run-1"}
            1040|pay|s|said by print
            1050|pay|s|END RequestId: <A>
            3900|pay|s|REPORT RequestId: <A> Duration: 3 ms
            3950|pay|s|{"execution":"run-10"}"#;
        check(&attempt(), None, script, Some(A), &["1", "2", "4", "5", "6"]);
    }

    #[test]
    fn of_two_requests_the_one_that_tells_the_error() {
        let script = r#"
            1010|pay|s|ord-1 RequestId: <A>
            1011|pay|s|ord-1 RequestId: <B>
            1012|pay|s|RequestId: <B> no money left"#;
        check(&attempt(), None, script, Some(B), &["1", "2"]);
        let alike = r#"
            1010|pay|s|ord-1 RequestId: <A>
            1011|pay|s|ord-1 RequestId: <B>
            1012|pay|s|RequestId: <B> fine
            1013|pay|s|of somebody else"#;
        check(&attempt(), None, alike, None, &["0", "1", "2"]);
        // The later one belongs to the try after it.
        let later = r#"
            1010|pay|s|ord-1 RequestId: <A>
            2500|pay|s|ord-1 RequestId: <B>"#;
        check(&attempt(), Some(2_500), later, Some(A), &["0"]);
    }

    #[test]
    fn the_clock_of_the_log_is_late() {
        let script = r#"
            2003|pay|s|START RequestId: <A> Version: 1
            2003|pay|s|ord-1 RequestId: <A> Declined
            2004|pay|s|START RequestId: <B> Version: 1
            2005|pay|s|ord-1 RequestId: <B> voided"#;
        check(&attempt(), None, script, Some(A), &["0", "1"]);
    }

    #[test]
    fn the_function_is_called_again_right_after() {
        // The state timed out; the one that its Catch leads to calls the same function, and the first call logs on.
        let script = r#"
            1010|pay|s|START RequestId: <A> Version: 1
            1020|pay|s|ord-1 RequestId: <A>
            2100|pay|t|START RequestId: <B> Version: 1
            2110|pay|t|ord-1 RequestId: <B>
            9000|pay|s|ord-1 RequestId: <A> gave up
            9001|ship|s|{"requestId":"<B>","message":"quotes RequestId: <A>"}"#;
        check(&attempt(), None, script, Some(A), &["0", "1", "4"]);
    }

    #[test]
    fn lines_of_several_requests_in_one_stream_are_not_mixed_up() {
        let script = r#"
            1010|pay|s|START RequestId: <A>
            1011|pay|s|ord-1 RequestId: <A>
            1012|pay|s|whose is it
            1013|pay|s|START RequestId: <B>
            1014|pay|s|END RequestId: <A>"#;
        check(&attempt(), None, script, Some(A), &["0", "1", "4"]);
    }

    #[test]
    fn a_request_that_is_named_needs_no_guess() {
        let script = r#"
            9000|other|t|RequestId: <A> found anywhere
            1010|pay|s|ord-1 RequestId: <B>"#;
        let causes = [
            format!(r#"{{"errorMessage":"x","requestId":"{A}"}}"#),
            format!(r#"{{"errorMessage":"RequestId: {A} Error: Task timed out after 3.00 seconds"}}"#),
            format!(r#"{{"errorMessage":"2026-01-01T00:00:00.000Z {A} Task timed out after 3.00 seconds"}}"#),
            format!("Function not found: x (Service: AWSLambda; Status Code: 404; Request ID: {A}; Proxy: null)"),
        ];
        for cause in causes {
            check(&Attempt { cause: Some(cause.into()), ..attempt() }, None, script, Some(A), &["0"]);
        }
        let output = format!(r#"{{"Payload":1,"SdkResponseMetadata":{{"RequestId":"{A}"}}}}"#);
        check(&Attempt { output: Some(output.into()), ..attempt() }, None, script, Some(A), &["0"]);
        let odd = r#"{"errorMessage":"x","requestId":"<<id>>"}"#.to_owned();
        check(&Attempt { cause: Some(odd.into()), ..attempt() }, None, script, Some(B), &["1"]);
    }

    #[test]
    fn functions_are_named_in_many_ways() {
        let function = "arn:aws:lambda:us-east-1:1:function:pay:3";
        let cases = [
            (function, None, Some("pay")),
            ("lambda:invoke", Some(r#"{"FunctionName":"pay"}"#), Some("pay")),
            ("lambda:invoke.waitForTaskToken", Some(r#"{"FunctionName":"1:function:pay:live"}"#), Some("pay")),
            ("aws-sdk:lambda:invoke", Some(r#"{"FunctionName":"myfunction:live"}"#), Some("myfunction")),
            ("lambda:invoke", Some("{"), None),
            ("dynamodb:putItem", Some(r#"{"FunctionName":"pay"}"#), None),
            ("arn:aws:states:us-east-1:1:activity:pack", None, None),
        ];
        for (resource, parameters, expected) in cases {
            let parameters = parameters.map(ToOwned::to_owned);
            let attempt = Attempt {
                resource: Some(resource.to_owned()),
                parameters: parameters.map(Into::into),
                ..Attempt::default()
            };
            assert_eq!(function_of(&attempt).as_deref(), expected, "{resource}");
        }
    }

    #[test]
    fn names_are_whole_words() {
        let cases = [("x ord-1.", true), ("ord-1", true), ("ord-12", false), ("xord-1", false), ("ord-12 ord-1", true)];
        for (message, expected) in cases {
            assert_eq!(mentions(message, "ord-1"), expected, "{message}");
        }
        assert!(!mentions("anything", ""));
    }
}
