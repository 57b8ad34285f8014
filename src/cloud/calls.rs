//! Counts what is called: each request that goes out, by service and operation, and what became of it.
//!
//! It sits in the clients themselves, so that nothing that calls can forget it. Never changes a request or an answer,
//! never fails one, and never reads a clock but the SDK's own.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::UNIX_EPOCH;

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::Intercept;
use aws_smithy_runtime_api::client::interceptors::context::FinalizerInterceptorContextRef;
use aws_smithy_runtime_api::client::orchestrator::Metadata;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;

use aws_sdk_sfn::config::ConfigBag;

use super::Cloud;
use crate::facts::{CallCount, Millis};

/// The seconds that "just now" has.
const RECENT: i64 = 60;
/// Bytes of an answer that are looked at for an error's code, which stands in front or, with a short message, behind.
const LOOKED_AT: usize = 1024;

/// How the services say that there were too many calls.
/// <https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html>
const THROTTLES: [&str; 8] = [
    "Throttling",
    "ThrottledException",
    "RequestThrottled",
    "TooManyRequestsException",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "BandwidthLimitExceeded",
    "SlowDown",
];

impl Cloud {
    /// Every operation that was called, by service and name. `now` says which calls were in the last minute.
    pub fn calls(&self, now: Millis) -> Vec<CallCount> {
        self.calls.counts(now)
    }
}

/// The counts, shared by all clients of a [`Cloud`].
#[derive(Clone, Debug, Default)]
pub(super) struct Calls(Arc<Mutex<Vec<Counted>>>);

/// What became of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    Answered,
    Throttled,
    Failed,
}

#[derive(Debug)]
struct Counted {
    service: String,
    operation: String,
    calls: u64,
    throttled: u64,
    failed: u64,
    /// Each second of the last minute with its calls, at its place in the minute.
    seconds: [(i64, u64); 60],
}

impl Calls {
    fn note(&self, service: &str, operation: &str, outcome: Outcome, at: Millis) {
        let mut counted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let known = counted.iter().position(|one| one.operation == operation && one.service == service);
        let place = known.unwrap_or_else(|| {
            counted.push(Counted::new(service, operation));
            counted.len() - 1
        });
        if let Some(one) = counted.get_mut(place) {
            one.note(outcome, at.div_euclid(1000));
        }
    }

    fn counts(&self, now: Millis) -> Vec<CallCount> {
        let second = now.div_euclid(1000);
        let counted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut counts: Vec<CallCount> = counted.iter().map(|one| one.count(second)).collect();
        counts.sort_by(|left, right| (&left.service, &left.operation).cmp(&(&right.service, &right.operation)));
        counts
    }
}

impl Counted {
    fn new(service: &str, operation: &str) -> Self {
        let (service, operation) = (service.to_owned(), operation.to_owned());
        Self { service, operation, calls: 0, throttled: 0, failed: 0, seconds: [(i64::MIN, 0); 60] }
    }

    fn note(&mut self, outcome: Outcome, second: i64) {
        self.calls += 1;
        match outcome {
            Outcome::Answered => {}
            Outcome::Throttled => self.throttled += 1,
            Outcome::Failed => self.failed += 1,
        }
        let place = usize::try_from(second.rem_euclid(RECENT)).unwrap_or_default();
        if let Some(slot) = self.seconds.get_mut(place) {
            let before = if slot.0 == second { slot.1 } else { 0 };
            *slot = (second, before + 1);
        }
    }

    fn count(&self, now: i64) -> CallCount {
        // A clock that was set back does not hide what was called.
        let is_recent = |second: i64| second > now.saturating_sub(RECENT);
        CallCount {
            service: self.service.clone(),
            operation: self.operation.clone(),
            calls: self.calls,
            throttled: self.throttled,
            failed: self.failed,
            last_minute: self.seconds.iter().filter(|(second, _)| is_recent(*second)).map(|(_, calls)| calls).sum(),
        }
    }
}

impl Intercept for Calls {
    fn name(&self) -> &'static str {
        "Calls"
    }

    // After each attempt and not after each call: what the SDK repeats of itself counts against the same limits.
    fn read_after_attempt(
        &self,
        context: &FinalizerInterceptorContextRef<'_>,
        components: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if let (Some(of), Some(outcome)) = (config.load::<Metadata>(), outcome(context)) {
            let at = components.time_source().unwrap_or_default().now().duration_since(UNIX_EPOCH).unwrap_or_default();
            self.note(of.service(), of.name(), outcome, Millis::try_from(at.as_millis()).unwrap_or(Millis::MAX));
        }
        Ok(())
    }
}

/// What became of an attempt; `None` if nothing was sent, as without credentials.
fn outcome(context: &FinalizerInterceptorContextRef<'_>) -> Option<Outcome> {
    let failed = match context.output_or_error() {
        Some(Err(error)) => Some(error),
        _ => None,
    };
    let Some(response) = context.response() else {
        return failed.filter(|error| error.is_connector_error() || error.is_timeout_error()).map(|_| Outcome::Failed);
    };
    if failed.is_none() && response.status().is_success() {
        return Some(Outcome::Answered);
    }
    let header = response.headers().get("x-amzn-errortype").unwrap_or_default();
    let body = response.body().bytes().unwrap_or_default();
    Some(if is_throttle(response.status().as_u16(), header, body) { Outcome::Throttled } else { Outcome::Failed })
}

fn is_throttle(status: u16, header: &str, body: &[u8]) -> bool {
    let code = code(body);
    status == 429 || THROTTLES.iter().any(|name| header.contains(name) || code.contains(name))
}

/// The code of an error, roughly: what stands at its place in JSON, CBOR or XML. The message may name anything.
fn code(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body.get(..LOOKED_AT).unwrap_or(body));
    let rest = ["__type", "<Code>"].into_iter().find_map(|mark| text.split_once(mark)).map(|(_, rest)| rest);
    let is_of_code = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '.' | '#' | ':' | '_');
    let begin = |c: &char| !c.is_ascii_alphanumeric();
    rest.unwrap_or_default().chars().skip_while(begin).take_while(is_of_code).take(100).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_are_counted_by_operation() {
        use Outcome::{Answered, Failed, Throttled};
        let calls = Calls::default();
        for (service, operation, outcome, at) in [
            ("SFN", "ListExecutions", Answered, 1_000),
            ("SFN", "ListExecutions", Throttled, 30_000),
            ("SFN", "ListExecutions", Answered, 30_500),
            ("SFN", "GetExecutionHistory", Failed, 30_500),
            ("CloudWatch Logs", "FilterLogEvents", Answered, 59_999),
        ] {
            calls.note(service, operation, outcome, at);
        }
        let counts = |now: Millis| -> Vec<(String, [u64; 4])> {
            let counts = calls.counts(now).into_iter();
            counts.map(|one| (one.operation, [one.calls, one.throttled, one.failed, one.last_minute])).collect()
        };
        let cases = [(59_999, [1, 1, 3]), (61_000, [1, 1, 2]), (90_999, [1, 0, 0]), (500_000, [0, 0, 0])];
        for (now, [logs, history, list]) in cases {
            let expected = [
                ("FilterLogEvents".to_owned(), [1, 0, 0, logs]),
                ("GetExecutionHistory".to_owned(), [1, 0, 1, history]),
                ("ListExecutions".to_owned(), [3, 1, 0, list]),
            ];
            assert_eq!(counts(now), expected, "{now}");
        }
        // The place of a second that is past is used again.
        calls.note("SFN", "ListExecutions", Answered, 90_000);
        assert_eq!(counts(90_000)[2].1, [4, 1, 0, 1]);
    }

    #[test]
    fn throttling_is_told_in_each_protocol() {
        let cbor = b"\xbf\x66__type\x73ThrottlingException\x67message\x6dRate exceeded\xff".as_slice();
        let cases: [(u16, &str, &[u8], bool); 9] = [
            (400, "", br#"{"__type":"com.amazonaws.swf#ThrottlingException","message":"Rate exceeded"}"#, true),
            (400, "", br#"{"message":"Rate exceeded","__type":"ThrottlingException"}"#, true),
            (400, "", br#"{"__type":"x#ProvisionedThroughputExceededException"}"#, true),
            (400, "", b"<ErrorResponse><Error><Code>Throttling</Code></Error></ErrorResponse>", true),
            (400, "", cbor, true),
            (429, "", b"", true),
            (400, "TooManyRequestsException:http://x", b"{}", true),
            (400, "", br#"{"__type":"StateMachineDoesNotExist","message":"machine:ThrottlingTest"}"#, false),
            (500, "", b"\xff\xfe", false),
        ];
        for (status, header, body, expected) in cases {
            assert_eq!(is_throttle(status, header, body), expected, "{}", String::from_utf8_lossy(body));
        }
    }
}
