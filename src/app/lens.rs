//! The failure lens: what went wrong in a visit to a state, which rules took the error, every try, and what the very
//! invocation that failed has logged.
//!
//! Never fetches anything and never matches rules by itself: whether a rule names an error, [`asl::matches_error`] says.
//! Where something cannot be known, such as which of several invocations a line belongs to, it is left open.

mod cause;
mod lines;
mod report;
mod rules;

use std::cmp::Reverse;

use super::run::{Run, VisitStatus};
use super::tries::{Failure, failure_of, tries};
use crate::facts::{Arn, LogLine, Millis};

pub use super::tries::Try;
pub use cause::Decoded;
pub(in crate::app) use lines::{function_of, named_request};
pub use rules::RuleMatch;

/// All that is known of a failure.
#[derive(Clone, Debug, PartialEq)]
pub struct Lens {
    /// The execution's name.
    pub execution: String,
    /// The state that failed.
    pub state: String,
    /// The visit, among those of the run.
    pub visit: usize,
    /// The Map iteration that it belongs to.
    pub iteration: Option<usize>,
    /// The error's name.
    pub error: String,
    /// Its cause.
    pub cause: Decoded,
    /// What `Retry` made of it.
    pub retry: RuleMatch,
    /// What `Catch` made of it.
    pub catch: RuleMatch,
    /// Every try, oldest first.
    pub attempts: Vec<Try>,
    /// The id of the request that failed, if it is known.
    pub request_id: Option<String>,
    /// What that request has logged; of several that it may have been, what all of them have.
    pub lines: Vec<LogLine>,
    /// What the tries before it have logged, by their numbers from 1: of the last few.
    pub earlier: Vec<(usize, Vec<LogLine>)>,
}

/// The most tries before the last one of which it is told what they logged.
const MOST_EARLIER: usize = 4;

/// The visits that failed, in the order in which they did. Of those that failed at one time the innermost come first,
/// and what was given up because of another failure comes last; so the first is the first cause.
pub fn failures(run: &Run) -> Vec<usize> {
    let mut holds_failure = vec![false; run.visits.len()];
    let mut failed = Vec::new();
    // What is inside was entered after what is around it.
    for (index, visit) in run.visits.iter().enumerate().rev() {
        let inside = holds_failure.get(index).copied().unwrap_or_default();
        let is_failed = visit.status == VisitStatus::Failed;
        // A Fail state writes no error; a container that failed without one only passes on what is inside.
        if visit.error.is_some() || (is_failed && !inside) {
            failed.push(index);
        }
        if (inside || visit.error.is_some() || is_failed)
            && let Some(around) = visit.parent.and_then(|parent| holds_failure.get_mut(parent))
        {
            *around = true;
        }
    }
    failed.sort_by_cached_key(|index| {
        let aborted = run.visits.get(*index).is_some_and(|visit| visit.status == VisitStatus::Aborted);
        (failed_at(run, *index), aborted, Reverse(depth(run, *index)), *index)
    });
    failed
}

/// What lines may call an execution, and the requests that it is known to have made.
pub fn known_by(execution: &Arn, run: &Run) -> (Vec<String>, Vec<String>) {
    let attempts = run.visits.iter().flat_map(|visit| &visit.attempts);
    (lines::names(execution, run), attempts.filter_map(named_request).collect())
}

/// The request that the last try of a visit was, if it is known, and what it has logged: for visits in which nothing
/// failed, of which there is no [`Lens`].
pub fn logged(execution: &Arn, run: &Run, logs: &[&LogLine], visit: usize) -> (Option<String>, Vec<LogLine>) {
    let last = run.visits.get(visit).and_then(|visit| visit.attempts.last());
    last.map_or_else(Default::default, |attempt| {
        lines::Wanted { names: lines::names(execution, run), attempt, until: None, clues: Vec::new() }.find(logs)
    })
}

impl Lens {
    /// Looks at a visit. `None` when there is no such visit, or nothing failed in it.
    pub fn of(
        execution: &Arn,
        run: &Run,
        machine: Option<&asl::Machine>,
        logs: &[&LogLine],
        visit: usize,
    ) -> Option<Self> {
        let visited = run.visits.get(visit)?;
        let attempts = tries(run, machine, visit);
        let failing = visited.attempts.iter().rposition(|attempt| attempt.error.is_some());
        // A state that failed and then succeeded keeps no error but that of its try.
        let of_attempt = || {
            let attempt = visited.attempts.get(failing?)?;
            Some(Failure { error: attempt.error.clone()?, cause: attempt.cause.clone() })
        };
        let Failure { error, cause } = failure_of(run, machine, visit).or_else(of_attempt)?;
        let cause = Decoded::of(cause.as_deref().unwrap_or_default());
        let mut errors: Vec<&str> = attempts.iter().filter_map(|one| one.error.as_deref()).collect();
        if errors.last() != Some(&error.as_str()) {
            errors.push(&error);
        }
        let state = machine.map(|machine| machine.state(&visited.state).map(|state| &**state));
        let (retry, catch) = (rules::retry(state, &errors), rules::catch(state, &error));
        let clues: Vec<&str> = [Some(error.as_str()), cause.message.as_deref()].into_iter().flatten().collect();
        // They are read from the execution's input, which may be long: once for all tries.
        let names = lines::names(execution, run);
        let logged = |at: usize, clues: Vec<&str>| {
            let attempt = visited.attempts.get(at)?;
            let until = visited.attempts.get(at + 1).map(|next| next.scheduled_at);
            Some(lines::Wanted { names: names.clone(), attempt, until, clues }.find(logs))
        };
        let last = failing.unwrap_or(visited.attempts.len().saturating_sub(1));
        let (request_id, lines) = logged(last, clues).unwrap_or_default();
        let earlier = (last.saturating_sub(MOST_EARLIER)..last)
            .filter_map(|at| {
                let clues = visited.attempts.get(at)?.error.as_deref().into_iter().collect();
                Some((at + 1, logged(at, clues)?.1))
            })
            .filter(|(_, lines)| !lines.is_empty())
            .collect();
        Some(Self {
            execution: execution.name().to_owned(),
            state: visited.state.clone(),
            visit,
            iteration: visited.iteration,
            cause,
            retry,
            catch,
            attempts,
            request_id,
            lines,
            earlier,
            error,
        })
    }
}

fn failed_at(run: &Run, visit: usize) -> Millis {
    let Some(visit) = run.visits.get(visit) else { return Millis::MAX };
    let of_attempt = visit.attempts.iter().rev().find(|attempt| attempt.error.is_some()).and_then(|last| last.ended_at);
    let at =
        if visit.status == VisitStatus::Aborted { visit.left_at.or(of_attempt) } else { of_attempt.or(visit.left_at) };
    at.unwrap_or(visit.entered_at)
}

fn depth(run: &Run, visit: usize) -> usize {
    let around = |visit: &usize| run.visits.get(*visit).and_then(|visit| visit.parent);
    std::iter::successors(Some(visit), around).count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::script::run;

    const DECLINED: &str = r#"cause={"errorMessage":"card`s~declined","errorType":"Declined","stackTrace":["a","b"]}"#;

    /// The states of the visits that failed, the first cause first.
    fn check(script: &str, expected: &[&str]) {
        let run = run(script);
        let found: Vec<&str> = failures(&run).into_iter().map(|visit| run.visits[visit].state.as_str()).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn the_first_cause_comes_first() {
        // The innermost of those that failed together.
        check(
            "1<0 0 ExecutionStarted
             2<0 0 MapStateEntered name=Each
             3<2 0 MapStateStarted length=1
             4<3 0 MapIterationStarted name=Each index=0
             5<4 1 TaskStateEntered name=T
             6<5 2 TaskScheduled
             7<6 9 TaskFailed error=Boom
             8<7 9 MapIterationFailed name=Each index=0
             9<7 9 MapStateFailed
             10<9 9 ExecutionFailed error=Boom",
            &["T", "Each"],
        );
        // One that was backing off when another failed was not the cause.
        check(
            "1<0 0 ExecutionStarted
             2<0 0 ParallelStateEntered name=P
             3<2 0 ParallelStateStarted
             4<3 0 TaskStateEntered name=A
             5<3 0 TaskStateEntered name=B
             6<4 1 TaskScheduled
             7<5 1 TaskScheduled
             8<6 2 TaskFailed error=Weak
             9<7 5 TaskFailed error=Strong
             10<9 5 ParallelStateFailed
             11<10 5 ExecutionFailed error=Strong",
            &["B", "P", "A"],
        );
        // What was caught on the way came before, and a Fail state writes no error of its own.
        check(
            "1<0 0 ExecutionStarted
             2<0 0 TaskStateEntered name=Pay
             3<2 1 TaskScheduled
             4<3 2 TaskFailed error=Declined
             5<4 3 TaskStateExited name=Pay
             6<5 4 FailStateEntered name=No
             7<6 4 ExecutionFailed error=OrderFailed",
            &["Pay", "No"],
        );
        // A Fail state inside of a Map, which passes on what is not written anywhere.
        check(
            "1<0 0 ExecutionStarted
             2<0 0 MapStateEntered name=Each
             3<2 0 MapStateStarted length=1
             4<3 0 MapIterationStarted name=Each index=0
             5<4 1 FailStateEntered name=No
             6<5 1 MapIterationFailed name=Each index=0
             7<5 1 MapStateFailed
             8<7 1 ExecutionFailed error=Boom",
            &["No", "Each"],
        );
        check("1<0 0 ExecutionStarted\n2<0 0 PassStateEntered name=P\n3<2 0 PassStateExited name=P", &[]);
    }

    fn machine() -> asl::Machine {
        let definition = r#"{"StartAt": "Pay", "States": {
            "Pay": {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "Next": "No",
                "Retry": [{"ErrorEquals": ["Declined"], "MaxAttempts": 1}],
                "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "No"}]},
            "No": {"Type": "Fail", "Error": "OrderFailed", "Cause": "nobody paid"}}}"#;
        asl::read(definition).0.unwrap()
    }

    fn paid_twice() -> Run {
        run(&format!(
            "1<0 0 ExecutionStarted input={{\"orderId\":\"ord-1\"}}
             2<0 0 TaskStateEntered name=Pay
             3<2 10 TaskScheduled resource=lambda:invoke parameters={{\"FunctionName\":\"pay\"}}
             4<3 110 TaskFailed error=Declined {DECLINED}
             5<4 1110 TaskScheduled resource=lambda:invoke parameters={{\"FunctionName\":\"pay\"}}
             6<5 1310 TaskFailed error=Declined {DECLINED}
             7<6 1310 TaskStateExited name=Pay
             8<7 1310 FailStateEntered name=No
             9<8 1310 ExecutionFailed error=OrderFailed cause=nobody~paid"
        ))
    }

    fn line(at: Millis, message: &str) -> LogLine {
        LogLine { id: at.to_string(), group: "/aws/lambda/pay".into(), stream: "s".into(), at, message: message.into() }
    }

    #[test]
    fn a_failure_with_its_rules_tries_and_lines() {
        let (first, second) = ("0a0a0a0a-0000-4000-8000-000000000000", "0b0b0b0b-0000-4000-8000-000000000000");
        let logs = [
            line(20, &format!("RequestId: {first} ord-1")),
            line(1120, &format!("RequestId: {second} ord-1 ``` declined\n")),
            line(1130, &format!("END RequestId: {second}")),
        ];
        let arn = Arn("arn:aws:states:us-east-1:1:execution:orders:run-1".into());
        let logs: Vec<&LogLine> = logs.iter().collect();
        let lens = Lens::of(&arn, &paid_twice(), Some(&machine()), &logs, 0).unwrap();
        assert_eq!((lens.error.as_str(), lens.cause.summary.as_str()), ("Declined", "card`s declined"));
        assert!(lens.retry.is_exhausted());
        assert_eq!(lens.catch.to_string(), "Catch[0] (States.ALL) leads to No");
        let tries: Vec<_> = lens.attempts.iter().map(|one| (one.started_at, one.duration, one.waited)).collect();
        assert_eq!(tries, [(10, Some(100), None), (1110, Some(200), Some(1000))]);
        assert_eq!(lens.request_id.as_deref(), Some(second));
        assert_eq!(lens.lines.len(), 2);

        let expected = format!(
            "# Pay failed with Declined

In execution `run-1`: card\\`s declined

## Cause

```json
{{
  \"errorMessage\": \"card`s declined\",
  \"errorType\": \"Declined\",
  \"stackTrace\": [
    \"a\",
    \"b\"
  ]
}}
```

## Stack trace

```text
a
b
```

## Rules

| Rule | What it made of the error |
|---|---|
| Retry | Retry\\[0\\] (Declined) allows 1 retry, 1 used: exhausted |
| Catch | Catch\\[0\\] (States.ALL) leads to No |

## Tries

| Try | Started | Waited before | Took | Error | Cause |
|---|---|---|---|---|---|
| 1 | t10 |  | 100 ms | `Declined` | card\\`s declined |
| 2 | t1110 | 1.000 s | 200 ms | `Declined` | card\\`s declined |

## Log

Request `{second}`

````text
t1120 RequestId: {second} ord-1 ``` declined
t1130 END RequestId: {second}
````
"
        );
        assert_eq!(lens.to_markdown(&|at| format!("t{at}")), expected);
    }

    #[test]
    fn states_that_try_nothing_and_visits_that_did_not_fail() {
        let (paid, machine) = (paid_twice(), machine());
        let arn = Arn("arn:aws:states:us-east-1:1:execution:orders:run-1".into());
        let lens = Lens::of(&arn, &paid, Some(&machine), &[], 1).unwrap();
        assert_eq!((lens.error.as_str(), lens.cause.summary.as_str()), ("OrderFailed", "nobody paid"));
        assert_eq!(lens.retry.to_string(), "a Fail state has no Retry");
        assert!(lens.attempts.is_empty() && lens.lines.is_empty());
        assert_eq!(Lens::of(&arn, &paid, None, &[], 7), None);
        let fine = run("1<0 0 ExecutionStarted\n2<0 0 PassStateEntered name=P");
        assert_eq!(Lens::of(&arn, &fine, None, &[], 0), None);
    }

    #[test]
    fn the_error_of_a_fail_state_inside_is_that_of_its_definition() {
        let run = run("1<0 0 ExecutionStarted
             2<0 0 MapStateEntered name=Each
             3<2 0 MapStateStarted length=1
             4<3 0 MapIterationStarted name=Each index=0
             5<4 1 FailStateEntered name=No
             6<5 1 MapIterationFailed name=Each index=0
             7<5 1 MapStateFailed
             8<7 1 MapStateExited name=Each");
        let arn = Arn("x".into());
        let lens = Lens::of(&arn, &run, Some(&machine()), &[], 1).unwrap();
        assert_eq!((lens.error.as_str(), lens.iteration), ("OrderFailed", Some(0)));
        assert_eq!(Lens::of(&arn, &run, None, &[], 1), None);
    }

    #[test]
    fn a_state_that_succeeded_after_all_shows_what_failed_before() {
        let run = run("1<0 0 ExecutionStarted
             2<0 0 TaskStateEntered name=Pay
             3<2 10 TaskScheduled
             4<3 20 TaskFailed error=Declined
             5<4 30 TaskScheduled
             6<5 40 TaskSucceeded output={}
             7<6 40 TaskStateExited name=Pay");
        let lens = Lens::of(&Arn("x".into()), &run, Some(&machine()), &[], 0).unwrap();
        assert_eq!(lens.retry.to_string(), "Retry[0] (Declined) allows 1 retry, 0 used: not exhausted");
        assert_eq!((lens.attempts.len(), lens.attempts[1].error.as_deref()), (2, None));
        assert!(failures(&run).is_empty());
    }
}
