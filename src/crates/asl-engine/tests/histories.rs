//! Histories: a definition, an input and what happens, against the events that AWS writes for it.

use std::collections::BTreeMap;
use std::sync::Arc;

use asl::Json;
use asl_engine::{Effect, Ended, Execution, Facts, Failure, HistoryEvent, Input, Stamped, TaskId, TimerId};
use proptest::prelude::*;
use serde_json::{Value, json};

fn facts(input: &Value) -> Facts {
    Facts {
        arn: "arn:aws:states:us-east-1:000000000000:execution:m:e".into(),
        name: "e".into(),
        machine_arn: "arn:aws:states:us-east-1:000000000000:stateMachine:m".into(),
        machine_name: "m".into(),
        role_arn: "arn:aws:iam::000000000000:role/r".into(),
        region: "us-east-1".into(),
        started_at: 1_767_225_600_000,
        input: input.to_string(),
        seed: 7,
        express: false,
        map_state: None,
    }
}

fn machine(definition: &Value) -> Arc<asl::Machine> {
    let (machine, findings) = asl::read(&definition.to_string());
    assert_eq!(findings, [], "{definition}");
    Arc::new(machine.unwrap())
}

/// A world around an execution: answers its tasks as told, lets time jump to the next timer.
struct World {
    execution: Execution,
    events: Vec<HistoryEvent>,
    inputs: Vec<Stamped>,
    tasks: Vec<(TaskId, String, Json)>,
    timers: BTreeMap<(i64, u64), TimerId>,
    /// What it is told next.
    later: Vec<Input>,
    ended: Option<Ended>,
    now: i64,
}

impl World {
    fn start(definition: &Value, input: &Value) -> Self {
        Self::of(Execution::start(machine(definition), facts(input)).unwrap())
    }

    fn again(mut execution: Execution) -> Self {
        let effects = execution.begin(&mut || true);
        Self::of((execution, effects))
    }

    fn of((execution, effects): (Execution, Vec<Effect>)) -> Self {
        let mut world = Self {
            execution,
            events: Vec::new(),
            inputs: Vec::new(),
            tasks: Vec::new(),
            timers: BTreeMap::new(),
            later: Vec::new(),
            ended: None,
            now: 1_767_225_600_000,
        };
        world.follow(effects);
        world
    }

    fn follow(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::Record(event) => self.events.push(event),
                Effect::Invoke(work) => self.tasks.push((work.task, work.state.to_string(), work.payload)),
                Effect::SetTimer { timer, at } => drop(self.timers.insert((at, timer.0), timer)),
                Effect::CancelTimer(timer) => self.timers.retain(|_, known| *known != timer),
                Effect::GiveUpQuery(query) => {
                    self.inputs.push(Stamped { at: self.now, input: Input::QueryGivenUp { query } });
                }
                Effect::CancelTask(task) => self.tasks.retain(|(known, ..)| *known != task),
                Effect::FindActivity { task, .. } => self.later.push(Input::ActivityFound { task, exists: true }),
                // The children of this world do nothing but hand their input on.
                Effect::StartItem { task, index, input, .. } => {
                    self.later.push(Input::ItemSucceeded { task, index, output: input });
                }
                Effect::StartMapRun(_) | Effect::RedriveMapRun(_) | Effect::EndMapRun { .. } => {}
                Effect::End(ended) => {
                    assert!(self.ended.is_none(), "it ends once");
                    self.ended = Some(ended);
                }
            }
        }
    }

    fn tell(&mut self, input: Input) {
        let stamped = Stamped { at: self.now, input };
        self.inputs.push(stamped.clone());
        let effects = self.execution.step(stamped);
        self.follow(effects);
    }

    /// Goes on until it ends, answering each task of a state with the next of its answers; silence lets timers fire.
    fn run(mut self, answers: &[(&str, &[Answer])]) -> Self {
        let mut used: BTreeMap<String, usize> = BTreeMap::new();
        for _ in 0..1000 {
            if self.ended.is_some() {
                break;
            }
            if !self.later.is_empty() {
                let input = self.later.remove(0);
                self.tell(input);
                continue;
            }
            if let Some((task, state, payload)) = (!self.tasks.is_empty()).then(|| self.tasks.remove(0)) {
                let count = used.entry(state.clone()).or_default();
                let of_state = answers.iter().find(|(name, _)| *name == state).map_or(&[][..], |(_, answers)| answers);
                let answer = of_state.get(*count).or(of_state.last()).unwrap_or(&Answer::Echo);
                *count += 1;
                match answer {
                    Answer::Echo => self.tell(Input::TaskSucceeded { task, output: payload }),
                    Answer::Ok(value) => self.tell(Input::TaskSucceeded { task, output: value.clone().into() }),
                    Answer::Error(error) => {
                        self.tell(Input::TaskFailed { task, failure: Failure::new(*error, "because") });
                    }
                    Answer::Silence => {}
                }
                continue;
            }
            let Some(((at, _), timer)) = self.timers.pop_first() else { break };
            self.now = self.now.max(at);
            self.tell(Input::TimerFired { timer });
        }
        self
    }

    fn lines(&self) -> Vec<String> {
        self.events
            .iter()
            .map(|event| {
                let value = event.to_value();
                let details = value
                    .as_object()
                    .unwrap()
                    .iter()
                    .find(|(name, _)| name.ends_with("Details"))
                    .map(|(_, details)| details.clone())
                    .unwrap_or_default();
                let text = |name: &str| {
                    details
                        .get(name)
                        .map(|value| format!(" {}", value.as_str().map_or(value.to_string(), ToOwned::to_owned)))
                };
                let shown: String =
                    ["name", "index", "length", "output", "error"].into_iter().filter_map(text).collect();
                format!("{}<{} {}{shown}", event.id, event.previous, value["type"].as_str().unwrap())
            })
            .collect()
    }
}

enum Answer {
    /// The payload itself.
    Echo,
    Ok(Value),
    Error(&'static str),
    /// Nothing: time goes on.
    Silence,
}

fn check(definition: Value, input: Value, answers: &[(&str, &[Answer])], expected: &str) {
    let world = World::start(&definition, &input).run(answers);
    let expected: Vec<&str> = expected.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    assert_eq!(world.lines(), expected, "\n{}", world.lines().join("\n"));
    replays(&definition, &input, &world);
}

/// The same inputs give the same history, event for event.
fn replays(definition: &Value, input: &Value, world: &World) {
    let journal = serde_json::to_string(&world.inputs).unwrap();
    let journal: Vec<Stamped> = serde_json::from_str(&journal).unwrap();
    let mut again = World::again(Execution::again(machine(definition), facts(input), &journal).unwrap());
    for stamped in journal {
        let effects = again.execution.step(stamped);
        again.follow(effects);
    }
    assert_eq!(again.events, world.events);
    assert_eq!(again.ended, world.ended);
    assert!(again.inputs.is_empty(), "what was given up is known");
}

#[test]
fn a_query_that_was_given_up_is_given_up_in_a_replay() {
    check(
        json!({"QueryLanguage": "JSONata", "StartAt": "A", "States": {
            "A": task(json!({"Arguments": "{% ($f := function($n) { $f($n + 1) }; $f(0)) %}",
                "Catch": [{"ErrorEquals": ["States.QueryEvaluationError"], "Next": "B"}]})),
            "B": task(json!({"Arguments": 1}))}}),
        json!(1),
        &[],
        r#"1<0 ExecutionStarted
           2<0 TaskStateEntered A
           3<2 EvaluationFailed States.QueryEvaluationError
           4<3 TaskStateExited A {"Error":"States.QueryEvaluationError","Cause":"An error occurred while executing the state 'A' (entered at the event id #2). The JSONata expression '($f := function($n) { $f($n + 1) }; $f(0))' specified for the field 'Arguments' threw an error during evaluation: Expression evaluation timeout: Check for infinite loop"}
           5<4 TaskStateEntered B
           6<5 LambdaFunctionScheduled
           7<6 LambdaFunctionStarted
           8<7 LambdaFunctionSucceeded 1
           9<8 TaskStateExited B 1
           10<9 ExecutionSucceeded 1"#,
    );
}

fn task(more: Value) -> Value {
    let mut task = json!({"Type": "Task", "Resource": "arn:aws:lambda:us-east-1:000000000000:function:f", "End": true});
    task.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    task
}

#[test]
fn a_straight_line() {
    check(
        json!({"StartAt": "A", "States": {
            "A": {"Type": "Pass", "Result": {"x": 1}, "ResultPath": "$.a", "Next": "B"},
            "B": {"Type": "Succeed", "OutputPath": "$.a.x"}}}),
        json!({"in": true}),
        &[],
        r#"1<0 ExecutionStarted
           2<0 PassStateEntered A
           3<2 PassStateExited A {"in":true,"a":{"x":1}}
           4<3 SucceedStateEntered B
           5<4 SucceedStateExited B 1
           6<5 ExecutionSucceeded 1"#,
    );
}

#[test]
fn retry_then_catch() {
    check(
        json!({"StartAt": "T", "States": {
            "T": task(json!({"End": null, "Next": "E", "Retry": [{"ErrorEquals": ["Flaky"], "MaxAttempts": 1}],
                "Catch": [{"ErrorEquals": ["States.ALL"], "ResultPath": "$.e", "Next": "F"}]})).as_object().map(|fields| {
                    fields.iter().filter(|(_, value)| !value.is_null()).map(|(name, value)| (name.clone(), value.clone())).collect::<Value>()
                }).unwrap(),
            "E": {"Type": "Succeed"},
            "F": {"Type": "Fail", "Error": "Ended", "CausePath": "$.e.Error"}}}),
        json!({}),
        &[("T", &[Answer::Error("Flaky")])],
        r#"1<0 ExecutionStarted
           2<0 TaskStateEntered T
           3<2 LambdaFunctionScheduled
           4<3 LambdaFunctionStarted
           5<4 LambdaFunctionFailed Flaky
           6<5 LambdaFunctionScheduled
           7<6 LambdaFunctionStarted
           8<7 LambdaFunctionFailed Flaky
           9<8 TaskStateExited T {"e":{"Error":"Flaky","Cause":"because"}}
           10<9 FailStateEntered F
           11<10 ExecutionFailed Ended"#,
    );
}

#[test]
fn a_task_that_takes_too_long() {
    check(
        json!({"StartAt": "T", "States": {"T": {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke",
            "Parameters": {"FunctionName": "f"}, "TimeoutSeconds": 5, "End": true}}}),
        json!({}),
        &[("T", &[Answer::Silence])],
        "1<0 ExecutionStarted
         2<0 TaskStateEntered T
         3<2 TaskScheduled
         4<3 TaskStarted
         5<4 TaskTimedOut States.Timeout
         6<5 ExecutionFailed States.Timeout",
    );
}

#[test]
fn a_map_one_by_one() {
    check(
        json!({"StartAt": "M", "States": {"M": {"Type": "Map", "ItemsPath": "$.list", "MaxConcurrency": 1, "End": true,
            "ItemProcessor": {"StartAt": "P", "States": {"P": {"Type": "Pass", "End": true}}}}}}),
        json!({"list": [7, 8]}),
        &[],
        "1<0 ExecutionStarted
         2<0 MapStateEntered M
         3<2 MapStateStarted 2
         4<3 MapIterationStarted M 0
         5<4 PassStateEntered P
         6<5 PassStateExited P 7
         7<6 MapIterationSucceeded M 0
         8<6 MapIterationStarted M 1
         9<8 PassStateEntered P
         10<9 PassStateExited P 8
         11<10 MapIterationSucceeded M 1
         12<11 MapStateSucceeded
         13<11 MapStateExited M [7,8]
         14<13 ExecutionSucceeded [7,8]",
    );
}

#[test]
fn a_map_that_fails_gives_up_its_other_iterations() {
    check(
        json!({"StartAt": "M", "States": {"M": {"Type": "Map", "End": true,
            "ItemProcessor": {"StartAt": "T", "States": {"T": task(json!({}))}}}}}),
        json!([1, 2, 3]),
        &[("T", &[Answer::Silence, Answer::Error("Boom"), Answer::Silence])],
        "1<0 ExecutionStarted
         2<0 MapStateEntered M
         3<2 MapStateStarted 3
         4<3 MapIterationStarted M 0
         5<3 MapIterationStarted M 1
         6<3 MapIterationStarted M 2
         7<4 TaskStateEntered T
         8<7 LambdaFunctionScheduled
         9<5 TaskStateEntered T
         10<9 LambdaFunctionScheduled
         11<6 TaskStateEntered T
         12<11 LambdaFunctionScheduled
         13<8 LambdaFunctionStarted
         14<10 LambdaFunctionStarted
         15<12 LambdaFunctionStarted
         16<14 LambdaFunctionFailed Boom
         17<16 MapIterationFailed M 1
         18<16 TaskStateAborted
         19<16 MapIterationAborted M 0
         20<16 TaskStateAborted
         21<16 MapIterationAborted M 2
         22<16 TaskStateAborted
         23<16 MapStateFailed
         24<23 ExecutionFailed Boom",
    );
}

#[test]
fn tasks_that_time_out_at_once_are_all_told_first() {
    check(
        json!({"StartAt": "M", "States": {"M": {"Type": "Map", "End": true,
            "ItemProcessor": {"StartAt": "T", "States": {"T": task(json!({"TimeoutSeconds": 5}))}}}}}),
        json!([1, 2]),
        &[("T", &[Answer::Silence, Answer::Silence])],
        "1<0 ExecutionStarted
         2<0 MapStateEntered M
         3<2 MapStateStarted 2
         4<3 MapIterationStarted M 0
         5<3 MapIterationStarted M 1
         6<4 TaskStateEntered T
         7<6 LambdaFunctionScheduled
         8<5 TaskStateEntered T
         9<8 LambdaFunctionScheduled
         10<7 LambdaFunctionStarted
         11<9 LambdaFunctionStarted
         12<10 LambdaFunctionTimedOut States.Timeout
         13<11 LambdaFunctionTimedOut States.Timeout
         14<12 MapIterationFailed M 0
         15<12 TaskStateAborted
         16<12 MapIterationAborted M 1
         17<12 TaskStateAborted
         18<12 MapStateFailed
         19<18 ExecutionFailed States.Timeout",
    );
}

#[test]
fn branches_join() {
    check(
        json!({"StartAt": "P", "States": {"P": {"Type": "Parallel", "End": true, "Branches": [
            {"StartAt": "A", "States": {"A": {"Type": "Pass", "Result": 1, "End": true}}},
            {"StartAt": "B", "States": {"B": {"Type": "Wait", "Seconds": 3, "End": true}}}]}}}),
        json!("x"),
        &[],
        r#"1<0 ExecutionStarted
           2<0 ParallelStateEntered P
           3<2 ParallelStateStarted
           4<3 PassStateEntered A
           5<4 PassStateExited A 1
           6<3 WaitStateEntered B
           7<6 WaitStateExited B "x"
           8<7 ParallelStateSucceeded
           9<7 ParallelStateExited P [1,"x"]
           10<9 ExecutionSucceeded [1,"x"]"#,
    );
}

#[test]
fn variables_and_jsonata() {
    check(
        json!({"QueryLanguage": "JSONata", "StartAt": "A", "States": {
            "A": {"Type": "Pass", "Assign": {"n": "{% $states.input.n + 1 %}"}, "Next": "C"},
            "C": {"Type": "Choice", "Choices": [{"Condition": "{% $n > 5 %}", "Next": "Big", "Output": {"was": "{% $n %}"}}], "Default": "Small"},
            "Big": {"Type": "Succeed"},
            "Small": {"Type": "Fail", "Error": "TooSmall"}}}),
        json!({"n": 5}),
        &[],
        r#"1<0 ExecutionStarted
           2<0 PassStateEntered A
           3<2 PassStateExited A {"n":5}
           4<3 ChoiceStateEntered C
           5<4 ChoiceStateExited C {"was":6}
           6<5 SucceedStateEntered Big
           7<6 SucceedStateExited Big {"was":6}
           8<7 ExecutionSucceeded {"was":6}"#,
    );
}

#[test]
fn an_expression_without_a_value() {
    let definition = json!({"QueryLanguage": "JSONata", "StartAt": "A", "States": {
        "A": {"Type": "Pass", "Output": {"x": "{% $states.input.nowhere %}"}, "End": true}}});
    check(
        definition.clone(),
        json!({}),
        &[],
        "1<0 ExecutionStarted
         2<0 PassStateEntered A
         3<0 EvaluationFailed States.QueryEvaluationError
         4<3 ExecutionFailed States.QueryEvaluationError",
    );
    let world = World::start(&definition, &json!({}));
    assert_eq!(
        world.events[2].to_value()["evaluationFailedEventDetails"],
        json!({
            "error": "States.QueryEvaluationError",
            "cause": "An error occurred while executing the state 'A' (entered at the event id #2). The JSONata expression '$states.input.nowhere' specified for the field 'Output/x' returned nothing (undefined).",
            "location": "Output/x",
            "state": "A",
        })
    );
}

#[test]
fn a_path_that_leads_nowhere() {
    let definition =
        json!({"StartAt": "A", "States": {"A": {"Type": "Pass", "Parameters": {"x.$": "$.y"}, "End": true}}});
    let world = World::start(&definition, &json!({"a": 1}));
    let expected = Failure::new(
        "States.Runtime",
        "An error occurred while executing the state 'A' (entered at the event id #2). The JSONPath '$.y' specified for the field 'x.$' could not be found in the input '{\"a\":1}'",
    );
    assert_eq!(world.ended, Some(Ended::Failed(expected)));
    assert_eq!(world.events.last().unwrap().previous, 2);
}

#[test]
fn a_stop_ends_everything_at_once() {
    let definition = json!({"StartAt": "W", "States": {"W": {"Type": "Wait", "Seconds": 100, "End": true}}});
    let mut world = World::start(&definition, &json!({}));
    world.tell(Input::Stop { failure: Failure::new("Enough", "said somebody") });
    assert_eq!(world.ended, Some(Ended::Aborted(Failure::new("Enough", "said somebody"))));
    assert!(world.timers.is_empty());
    let before = world.events.len();
    world.tell(Input::TimerFired { timer: TimerId(0) });
    assert_eq!(world.events.len(), before, "nothing follows the end");
}

#[test]
fn an_answer_that_comes_too_late_changes_nothing() {
    let definition = json!({"StartAt": "T", "States": {"T": {"Type": "Task", "TimeoutSeconds": 1, "End": true,
        "Resource": "arn:aws:states:::lambda:invoke", "Parameters": {"FunctionName": "f"}}}});
    let mut world = World::start(&definition, &json!({})).run(&[("T", &[Answer::Silence])]);
    let before = world.lines();
    world.tell(Input::TaskSucceeded { task: TaskId(0), output: json!(1).into() });
    assert_eq!(world.lines(), before);
}

#[test]
fn a_loop_ends_at_the_quota() {
    let definition = json!({"StartAt": "A", "States": {
        "A": {"Type": "Pass", "Next": "C"},
        "C": {"Type": "Choice", "Choices": [{"Variable": "$.x", "NumericEquals": 1, "Next": "A"}], "Default": "E"},
        "E": {"Type": "Succeed"}}});
    let world = World::start(&definition, &json!({"x": 1}));
    assert_eq!(world.events.len(), 25_000);
    assert!(matches!(world.ended, Some(Ended::Failed(_))));
}

proptest! {
    #[test]
    fn any_input_ends_or_waits(input in "[\\[\\]{}\":,a-c0-9]{0,40}", n in 0_i64..4) {
        let input: Value = serde_json::from_str(&input).unwrap_or(json!({"list": [n, n + 1], "n": n}));
        let definition = json!({"StartAt": "A", "States": {
            "A": {"Type": "Pass", "Parameters": {"x.$": "$"}, "Next": "C"},
            "C": {"Type": "Choice", "Choices": [{"Variable": "$.x.n", "IsPresent": true, "Next": "M"}], "Default": "F"},
            "M": {"Type": "Map", "ItemsPath": "$.x.list", "Next": "T",
                  "ItemProcessor": {"StartAt": "I", "States": {"I": {"Type": "Pass", "End": true}}}},
            "T": task(json!({"Retry": [{"ErrorEquals": ["States.ALL"], "JitterStrategy": "FULL"}]})),
            "F": {"Type": "Fail"}}});
        let world = World::start(&definition, &input).run(&[("T", &[Answer::Error("E"), Answer::Ok(json!(1))])]);
        prop_assert!(world.ended.is_some());
        let ids: Vec<u64> = world.events.iter().map(|event| event.id).collect();
        prop_assert_eq!(ids, (1..=world.events.len() as u64).collect::<Vec<_>>());
        replays(&definition, &input, &world);
    }
}

#[test]
fn a_distributed_map_takes_an_object_as_pairs() {
    let context = "$states.context.Map.Item";
    let definition = json!({"QueryLanguage": "JSONata", "StartAt": "M", "States": {"M": {"Type": "Map", "End": true,
        "Items": "{% $states.input %}",
        "ItemSelector": {"k": format!("{{% {context}.Key %}}"), "v": format!("{{% {context}.Value %}}"),
            "from": format!("{{% {context}.Source & $string({context}.Index) %}}")},
        "ItemProcessor": {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
            "StartAt": "A", "States": {"A": {"Type": "Succeed"}}}}}});
    let output = |world: World| match world.ended {
        Some(Ended::Succeeded(output)) => output.into_value(),
        other => panic!("{other:?}"),
    };
    let world = World::start(&definition, &json!({"a": 1, "b": {"c": 2}})).run(&[]);
    assert_eq!(
        output(world),
        json!([{"k": "a", "v": 1, "from": "STATE_DATA0"}, {"k": "b", "v": {"c": 2}, "from": "STATE_DATA1"}])
    );
    let mut plain = definition;
    plain["States"]["M"].as_object_mut().unwrap().remove("ItemSelector");
    let world = World::start(&plain, &json!({"a": 1})).run(&[]);
    assert_eq!(output(world), json!([{"Key": "a", "Value": 1}]));
}

#[test]
fn a_timeout_by_an_expression_is_a_positive_number() {
    for (value, told) in [
        ("'9'", "returned an unexpected result type. Expected 'number', but was 'string' for value: \"9\""),
        ("0", "The TimeoutSeconds field must be a whole number of at least 1, but was: 0"),
        ("1.5", "The TimeoutSeconds field must be a whole number of at least 1, but was: 1.5"),
    ] {
        let definition = json!({"QueryLanguage": "JSONata", "StartAt": "T",
            "States": {"T": task(json!({"TimeoutSeconds": format!("{{% {value} %}}")}))}});
        let world = World::start(&definition, &json!({}));
        let Some(Ended::Failed(failure)) = world.ended else { panic!("{value}: it failed") };
        assert_eq!(failure.error.as_deref(), Some("States.QueryEvaluationError"));
        assert!(failure.cause.as_deref().is_some_and(|cause| cause.ends_with(told)), "{failure:?}");
    }
}

#[test]
fn variables_have_limits() {
    let failure = |definition: Value, input: &Value| match World::start(&definition, input).ended {
        Some(Ended::Failed(failure)) => (failure.error.unwrap_or_default(), failure.cause.unwrap_or_default()),
        _ => Default::default(),
    };
    // Once for all that a state sets.
    let (error, cause) = failure(
        json!({"StartAt": "A", "States": {"A": {"Type": "Pass", "Assign": {"x.$": "$", "y.$": "$"}, "End": true}}}),
        &json!("x".repeat(150_000)),
    );
    assert_eq!(error, "States.DataLimitExceeded", "{cause}");
    // And for all that is kept: fifty of 250,000 bytes are more than 10 MiB.
    let mut states = serde_json::Map::new();
    for number in 0..50 {
        let next = if number == 49 { json!({"End": true}) } else { json!({"Next": format!("S{}", number + 1)}) };
        let mut state = json!({"Type": "Pass", "Assign": {format!("v{number}.$"): "$"}});
        state.as_object_mut().unwrap().extend(next.as_object().unwrap().clone());
        states.insert(format!("S{number}"), state);
    }
    let (error, cause) = failure(json!({"StartAt": "S0", "States": states}), &json!("x".repeat(250_000)));
    assert_eq!(error, "States.DataLimitExceeded", "{cause}");
    assert!(cause.contains("'S41'"), "{cause}");
}

/// AWS's quota, whatever the machine says.
#[test]
fn an_express_execution_has_five_minutes() {
    let wait =
        json!({"StartAt": "W", "TimeoutSeconds": 900, "States": {"W": {"Type": "Wait", "Seconds": 301, "End": true}}});
    for (express, expected) in
        [(true, Ended::TimedOut(Failure::default())), (false, Ended::Succeeded(json!({}).into()))]
    {
        let facts = Facts { express, ..facts(&json!({})) };
        let world = World::of(Execution::start(machine(&wait), facts).unwrap()).run(&[]);
        assert_eq!(world.ended, Some(expected), "express: {express}");
    }
}

/// In Jayway's words: whether the end is missing, or what leads there.
#[test]
fn a_path_that_leads_nowhere_says_where_it_stops() {
    for (path, told) in [
        ("$.a", "No results for path: $['a']"),
        ("$.a.b", "Missing property in path $['a']"),
        ("$.o.x.y", "Missing property in path $['o']['x']"),
        ("$.o.x", "No results for path: $['o']['x']"),
    ] {
        let definition = json!({"StartAt": "A", "States": {"A": {"Type": "Pass", "InputPath": path, "End": true}}});
        let Some(Ended::Failed(failure)) = World::start(&definition, &json!({"o": {}})).ended else { panic!("{path}") };
        let cause = failure.cause.unwrap_or_default();
        assert!(cause.ends_with(&format!("Invalid path '{path}' : {told}")), "{cause}");
    }
}

#[test]
fn what_fails_within_a_catcher_or_a_rule_is_told_with_its_place() {
    let failure = |definition: Value, answers: &[(&str, &[Answer])]| {
        let world = World::start(&definition, &json!({})).run(answers);
        let Some(Ended::Failed(failure)) = &world.ended else { panic!("it failed") };
        let evaluated = world.lines().iter().any(|line| line.contains("EvaluationFailed"));
        (failure.cause.clone().unwrap_or_default(), evaluated)
    };
    let (cause, evaluated) = failure(
        json!({"QueryLanguage": "JSONata", "StartAt": "A", "States": {"A": task(json!({"Catch": [
            {"ErrorEquals": ["States.ALL"], "Output": {"a": "{% $nope %}"}, "Next": "B"}]})), "B": {"Type": "Succeed"}}}),
        &[("A", &[Answer::Error("E")])],
    );
    assert_eq!(
        cause,
        "An error occurred while executing the state 'A' (entered at the event id #2). The JSONata expression '$nope' specified for the field 'Catch[0]/Output/a' returned nothing (undefined)."
    );
    assert!(evaluated);
    let (cause, _) = failure(
        json!({"QueryLanguage": "JSONata", "StartAt": "A", "States": {"A": {"Type": "Choice", "Choices": [
            {"Condition": "{% true %}", "Output": "{% $nope %}", "Next": "B"}]}, "B": {"Type": "Succeed"}}}),
        &[],
    );
    assert!(cause.contains("the field 'Choices[0]/Output' returned nothing"), "{cause}");
    let (cause, _) = failure(
        json!({"StartAt": "A", "States": {"A": {"Type": "Pass", "Parameters": {"r.$": "States.Array(1, $.nope)"}, "End": true}}}),
        &[],
    );
    assert!(
        cause.ends_with("The function 'States.Array(1, $.nope)' had the following error: The JsonPath argument for the field '$.nope' could not be found in the input '{}'"),
        "{cause}"
    );
}
