//! Mocked integrations: answers from a file that stand in for services, in the format of AWS Step Functions Local.
//!
//! ```json
//! {"StateMachines": {"Machine": {"TestCases": {"Case": {"State": "Response"}}}},
//!  "MockedResponses": {"Response": {"0": {"Return": {}}, "1-2": {"Throw": {"Error": "E", "Cause": "C"}}}}}
//! ```
//!
//! An execution started with `stateMachineArn#Case` takes its answers from that case; states that the case does not
//! name are run as ever. <https://docs.aws.amazon.com/step-functions/latest/dg/sfn-local-mock-cfg-file.html>

use std::collections::HashMap;

use asl::Json;
use asl_engine::Failure;
use serde::Deserialize;
use serde_json::Value;

/// A mock file, read.
#[derive(Clone, Debug, Default)]
pub struct Mocks {
    /// By machine and test case: the responses of its states.
    cases: HashMap<(String, String), HashMap<String, Vec<Answer>>>,
}

/// What stands in for a call, from one attempt to another.
#[derive(Clone, Debug)]
struct Answer {
    first: u64,
    last: u64,
    outcome: Result<Json, Failure>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct File {
    state_machines: HashMap<String, Machine>,
    #[serde(default)]
    mocked_responses: HashMap<String, HashMap<String, Outcome>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Machine {
    test_cases: HashMap<String, HashMap<String, String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
enum Outcome {
    Return(Value),
    Throw(Thrown),
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Thrown {
    error: String,
    cause: Option<String>,
}

impl Mocks {
    /// Reads a mock file.
    ///
    /// # Errors
    /// What is wrong with it, and where.
    pub fn read(text: &str) -> Result<Self, String> {
        let file: File = serde_json::from_str(text).map_err(|error| error.to_string())?;
        let mut responses = HashMap::new();
        for (name, outcomes) in file.mocked_responses {
            let mut answers = Vec::new();
            for (attempts, outcome) in outcomes {
                let (first, last) = range(&attempts)
                    .ok_or_else(|| format!("MockedResponses.{name}: \"{attempts}\" is neither \"N\" nor \"N-M\""))?;
                let outcome = match outcome {
                    Outcome::Return(value) => Ok(Json::from(value)),
                    Outcome::Throw(Thrown { error, cause }) => Err(Failure { error: Some(error), cause }),
                };
                answers.push(Answer { first, last, outcome });
            }
            responses.insert(name, answers);
        }
        let mut cases = HashMap::new();
        for (machine, Machine { test_cases }) in file.state_machines {
            for (case, states) in test_cases {
                let mut answers = HashMap::new();
                for (state, response) in states {
                    let known = responses.get(&response).ok_or_else(|| {
                        format!("{machine}.{case}.{state}: there is no mocked response \"{response}\"")
                    })?;
                    answers.insert(state, known.clone());
                }
                cases.insert((machine.clone(), case), answers);
            }
        }
        Ok(Self { cases })
    }

    pub(crate) fn has_case(&self, machine: &str, case: &str) -> bool {
        self.cases.contains_key(&(machine.to_owned(), case.to_owned()))
    }

    /// What stands in for the state's call, if anything; `attempt` counts the calls of the state in the whole execution,
    /// from 0.
    pub(crate) fn answer(&self, machine: &str, case: &str, state: &str, attempt: u64) -> Option<Result<Json, Failure>> {
        let answers = self.cases.get(&(machine.to_owned(), case.to_owned()))?.get(state)?;
        let answer = answers.iter().find(|answer| (answer.first..=answer.last).contains(&attempt));
        Some(answer.map_or_else(
            || {
                let cause = format!("The mock file has no answer of {state} for the attempt {attempt}");
                Err(Failure::new("LocalCloud.NoMockedResponse", cause))
            },
            |answer| answer.outcome.clone(),
        ))
    }
}

fn range(text: &str) -> Option<(u64, u64)> {
    match text.split_once('-') {
        None => text.parse().ok().map(|attempt| (attempt, attempt)),
        Some((first, last)) => Some((first.parse().ok()?, last.parse().ok()?)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = r#"{"StateMachines": {"M": {"TestCases": {"Flaky": {"Pay": "Flaky"}}}},
        "MockedResponses": {"Flaky": {"0-1": {"Throw": {"Error": "Busy", "Cause": "later"}}, "2": {"Return": {"ok": true}}}}}"#;

    #[test]
    fn attempts_find_their_answer() {
        let mocks = Mocks::read(FILE).unwrap();
        let answer = |attempt| mocks.answer("M", "Flaky", "Pay", attempt).unwrap();
        assert_eq!(answer(1), Err(Failure::new("Busy", "later")));
        assert_eq!(answer(2).unwrap().text().as_ref(), r#"{"ok":true}"#);
        assert_eq!(answer(3).unwrap_err().error.unwrap(), "LocalCloud.NoMockedResponse");
        assert!(mocks.answer("M", "Flaky", "Ship", 0).is_none());
    }

    #[test]
    fn a_bad_file_is_refused_by_its_place() {
        for (text, part) in [
            ("{", "EOF"),
            (r#"{"StateMachines": {"M": {"TestCases": {"C": {"S": "R"}}}}}"#, "M.C.S"),
            (r#"{"StateMachines": {}, "MockedResponses": {"R": {"x": {"Return": 1}}}}"#, "MockedResponses.R"),
            (r#"{"StateMachines": {}, "MockedResponses": {"R": {"0": {"Yield": 1}}}}"#, "Yield"),
        ] {
            let problem = Mocks::read(text).unwrap_err();
            assert!(problem.contains(part), "{problem}");
        }
    }
}
