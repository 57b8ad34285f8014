//! Which rule of `Retry` and `Catch` took an error, or why none did.
//!
//! Never matches by itself: [`asl::matches_error`] does, and the first rule that it finds counts, as in the engine.

use std::fmt;

use asl::{Catcher, Kind, Retrier, State, matches_error};

/// What the rules made of an error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RuleMatch {
    /// A Retrier names the error.
    Retrier {
        /// Which, from 0 as in `Retry[0]`.
        index: usize,
        /// Its `ErrorEquals`.
        errors: Vec<String>,
        /// How many retries it allows.
        allowed: u64,
        /// How many of them had been made when the error came.
        used: u64,
    },
    /// A Catcher names the error.
    Catcher {
        /// Which, from 0 as in `Catch[0]`.
        index: usize,
        /// Its `ErrorEquals`.
        errors: Vec<String>,
        /// Where it leads.
        next: String,
    },
    /// No rule took it.
    None {
        /// A sentence that says why not.
        why: String,
    },
}

impl RuleMatch {
    /// Whether a Retrier named the error and allowed no further retry.
    pub const fn is_exhausted(&self) -> bool {
        matches!(self, Self::Retrier { allowed, used, .. } if *used >= *allowed)
    }
}

impl fmt::Display for RuleMatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Retrier { index, errors, allowed: 0, .. } => {
                write!(f, "Retry[{index}] ({}) allows no retry", errors.join(", "))
            }
            Self::Retrier { index, errors, allowed, used } => {
                let noun = if *allowed == 1 { "retry" } else { "retries" };
                let end = if self.is_exhausted() { "exhausted" } else { "not exhausted" };
                write!(f, "Retry[{index}] ({}) allows {allowed} {noun}, {used} used: {end}", errors.join(", "))
            }
            Self::Catcher { index, errors, next } => {
                write!(f, "Catch[{index}] ({}) leads to {next}", errors.join(", "))
            }
            Self::None { why } => f.write_str(why),
        }
    }
}

/// What `Retry` makes of the last of the errors that a state failed with, oldest first. The state is `None` when the
/// definition is not known, and `Some(None)` when it has no such state.
pub(super) fn retry(state: Option<Option<&State>>, errors: &[&str]) -> RuleMatch {
    let Some((error, earlier)) = errors.split_last() else { return none("nothing failed") };
    let state = match known(state) {
        Ok(state) => state,
        Err(unknown) => return unknown,
    };
    let rules = state.kind.retry();
    match rules.iter().enumerate().find(|(_, retrier)| matches_error(&retrier.errors, error)) {
        Some((index, retrier)) => RuleMatch::Retrier {
            index,
            errors: retrier.errors.clone(),
            allowed: retrier.max_attempts,
            used: used(rules, earlier, index),
        },
        None => unmatched(state, "Retry", rules.iter().map(|retrier| retrier.errors.as_slice()).collect(), error),
    }
}

/// What `Catch` makes of an error.
pub(super) fn catch(state: Option<Option<&State>>, error: &str) -> RuleMatch {
    let state = match known(state) {
        Ok(state) => state,
        Err(unknown) => return unknown,
    };
    let rules: &[Catcher] = state.kind.catch();
    match rules.iter().enumerate().find(|(_, catcher)| matches_error(&catcher.errors, error)) {
        Some((index, catcher)) => {
            RuleMatch::Catcher { index, errors: catcher.errors.clone(), next: catcher.next.to_string() }
        }
        None => unmatched(state, "Catch", rules.iter().map(|catcher| catcher.errors.as_slice()).collect(), error),
    }
}

fn known(state: Option<Option<&State>>) -> Result<&State, RuleMatch> {
    match state {
        None => Err(none("the definition is not known")),
        Some(None) => Err(none("the definition has no such state")),
        Some(Some(state)) => Ok(state),
    }
}

fn none(why: &str) -> RuleMatch {
    RuleMatch::None { why: why.to_owned() }
}

/// How many retries of a Retrier the earlier errors have used. Each was followed by another try: of a rule that allowed
/// it, or after a redrive, which lets all Retriers count from nothing again.
fn used(rules: &[Retrier], earlier: &[&str], index: usize) -> u64 {
    let mut counts = vec![0; rules.len()];
    for error in earlier {
        let rule = rules.iter().zip(&mut counts).find(|(retrier, _)| matches_error(&retrier.errors, error));
        match rule {
            Some((retrier, count)) if *count < retrier.max_attempts => *count += 1,
            _ => counts.fill(0),
        }
    }
    counts.get(index).copied().unwrap_or_default()
}

/// Why none of the rules took the error.
fn unmatched(state: &State, field: &str, rules: Vec<&[String]>, error: &str) -> RuleMatch {
    let can_have_rules = matches!(state.kind, Kind::Task(_) | Kind::Parallel(_) | Kind::Map(_));
    let why = if !can_have_rules {
        format!("a {} state has no {field}", state.kind.type_name())
    } else if rules.is_empty() {
        format!("the state has no {field}")
    } else if !matches_error(&["States.ALL".to_owned()], error) {
        format!("no {field} takes {error}, not even by States.ALL")
    } else {
        let mut names: Vec<&str> = Vec::new();
        for name in rules.into_iter().flatten() {
            if !names.contains(&name.as_str()) {
                names.push(name);
            }
        }
        let wide = if names.contains(&"States.TaskFailed") {
            format!(", and States.TaskFailed does not stand for {error}")
        } else {
            String::new()
        };
        format!("no {field} names {error}, only {}{wide}", names.join(", "))
    };
    RuleMatch::None { why }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MACHINE: &str = r#"{"StartAt": "Pay", "States": {
        "Pay": {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "End": true,
            "Retry": [
                {"ErrorEquals": ["Unavailable", "Throttled"], "MaxAttempts": 2},
                {"ErrorEquals": ["Never"], "MaxAttempts": 0},
                {"ErrorEquals": ["States.TaskFailed"], "MaxAttempts": 1}],
            "Catch": [
                {"ErrorEquals": ["Declined"], "Next": "No"},
                {"ErrorEquals": ["States.TaskFailed"], "Next": "No"}]},
        "All": {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "End": true,
            "Retry": [{"ErrorEquals": ["States.ALL"]}], "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "No"}]},
        "Bare": {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "End": true},
        "No": {"Type": "Fail"}}}"#;

    fn check(state: &str, errors: &[&str], retried: &str, caught: &str) {
        let machine = asl::read(MACHINE).0.unwrap();
        let state = Some(machine.state(state).map(|state| &**state));
        assert_eq!(retry(state, errors).to_string(), retried, "{errors:?}");
        assert_eq!(catch(state, errors.last().unwrap()).to_string(), caught, "{errors:?}");
    }

    #[test]
    fn the_first_rule_that_names_the_error_takes_it() {
        let first = "Retry[0] (Unavailable, Throttled) allows 2 retries";
        let wide = "Catch[1] (States.TaskFailed) leads to No";
        check("Pay", &["Unavailable"], &format!("{first}, 0 used: not exhausted"), wide);
        check("Pay", &["Unavailable", "Throttled"], &format!("{first}, 1 used: not exhausted"), wide);
        check("Pay", &["Unavailable", "Throttled", "Unavailable"], &format!("{first}, 2 used: exhausted"), wide);
        check(
            "Pay",
            &["Unavailable", "Declined"],
            "Retry[2] (States.TaskFailed) allows 1 retry, 0 used: not exhausted",
            "Catch[0] (Declined) leads to No",
        );
        check("Pay", &["Never"], "Retry[1] (Never) allows no retry", wide);
        check(
            "All",
            &["States.DataLimitExceeded"],
            "Retry[0] (States.ALL) allows 3 retries, 0 used: not exhausted",
            "Catch[0] (States.ALL) leads to No",
        );
    }

    #[test]
    fn a_redrive_lets_rules_count_anew() {
        let errors = ["Throttled", "Throttled", "Throttled", "Throttled"];
        let expected = "Retry[0] (Unavailable, Throttled) allows 2 retries, 0 used: not exhausted";
        check("Pay", &errors, expected, "Catch[1] (States.TaskFailed) leads to No");
    }

    #[test]
    fn a_sentence_says_why_no_rule_took_it() {
        check(
            "Pay",
            &["States.Timeout"],
            "no Retry names States.Timeout, only Unavailable, Throttled, Never, States.TaskFailed, and States.TaskFailed does not stand for States.Timeout",
            "no Catch names States.Timeout, only Declined, States.TaskFailed, and States.TaskFailed does not stand for States.Timeout",
        );
        check(
            "All",
            &["States.Runtime"],
            "no Retry takes States.Runtime, not even by States.ALL",
            "no Catch takes States.Runtime, not even by States.ALL",
        );
        check("Bare", &["Boom"], "the state has no Retry", "the state has no Catch");
        check("No", &["Boom"], "a Fail state has no Retry", "a Fail state has no Catch");
        check("Elsewhere", &["Boom"], "the definition has no such state", "the definition has no such state");
        assert_eq!(catch(None, "Boom").to_string(), "the definition is not known");
    }
}
