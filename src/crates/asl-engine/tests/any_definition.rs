//! Whatever definition reading accepts runs on whatever input without a panic, and ends or waits; its journal replayed
//! gives the same history.
//!
//! The definitions are made of fields that fit, nearly fit and do not fit, so that a good part of them is accepted.

use std::collections::BTreeMap;
use std::sync::Arc;

use asl_engine::{Effect, Execution, Facts, Failure, HistoryEvent, Input, Stamped, TaskId, TimerId};
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Map, Value, json};

const NAMES: [&str; 4] = ["A", "B", "C", "D"];
const PATHS: [&str; 9] =
    ["$", "$.a", "$.b.c", "$['a'][0]", "$..a", "$.list[*]", "$.list[?(@.a > 1)]", "$$.State.Name", "$v"];
const ERRORS: [&str; 5] = ["Bust", "States.TaskFailed", "States.Timeout", "Boom", "States.Permissions"];
const INTRINSICS: [&str; 8] = [
    "States.Format('{}-{}', $.a, 1)",
    "States.JsonToString($)",
    "States.StringToJson($.a)",
    "States.MathAdd($.a, 1)",
    "States.ArrayRange(1, 9, 3)",
    "States.ArrayGetItem($.list, $.a)",
    "States.UUID()",
    "States.Hash($.a, 'SHA-1')",
];
const QUERIES: [&str; 9] = [
    "{% $states.input.a + 1 %}",
    "{% $states.result %}",
    "{% $sum($states.input.list) %}",
    "{% $states.context.State.Name %}",
    "{% $v %}",
    "{% $states.input.list[a > 1] %}",
    "{% $random() < 2 %}",
    "{% $partition($states.input.list, 2) %}",
    "{% $f := function($n) { $f($n) } %}",
];

/// JSON of a few shapes that the paths above find something in, or not.
fn document() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-3_i64..5).prop_map(Value::from),
        Just(json!(1.5)),
        select(vec!["", "x", "1", "2026-01-01T00:00:00Z", "{\"a\":1}"]).prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        let list = prop::collection::vec(inner.clone(), 0..4).prop_map(Value::Array);
        let fields = prop::collection::vec((select(vec!["a", "b", "c", "list"]), inner), 0..4);
        prop_oneof![
            list,
            fields.prop_map(|fields| {
                Value::Object(fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
            })
        ]
    })
}

fn one_of(texts: &'static [&'static str]) -> BoxedStrategy<Value> {
    select(texts).prop_map(Value::from).boxed()
}

/// A payload template: some of its fields are evaluated.
fn template(jsonata: bool) -> BoxedStrategy<Value> {
    if jsonata {
        let inside = one_of(&QUERIES).prop_map(|query| json!({"a": query, "list": [query, 1]}));
        return prop_oneof![fields_only(), inside, one_of(&QUERIES)].boxed();
    }
    let path = one_of(&PATHS).prop_map(|path| json!({"p.$": path, "q": 1}));
    prop_oneof![fields_only(), path, one_of(&INTRINSICS).prop_map(|call| json!({"a.$": call}))].boxed()
}

fn fields_only() -> BoxedStrategy<Value> {
    document().prop_map(|value| json!({"a": value})).boxed()
}

/// A whole number, or what may evaluate to one.
fn whole(jsonata: bool) -> BoxedStrategy<Value> {
    let number = (1_i64..4).prop_map(Value::from);
    if jsonata { prop_oneof![number, one_of(&QUERIES)].boxed() } else { number.boxed() }
}

/// Any of these fields, each with a value that may fit.
fn fields(known: Fields) -> BoxedStrategy<Map<String, Value>> {
    let each: Vec<_> = known
        .into_iter()
        .map(|(name, value)| prop::option::weighted(0.25, value).prop_map(move |value| Some((name.to_owned(), value?))))
        .collect();
    each.prop_map(|fields| fields.into_iter().flatten().collect()).boxed()
}

type Fields = Vec<(&'static str, BoxedStrategy<Value>)>;

/// Fields of every state in the language.
fn common(jsonata: bool) -> Fields {
    let assign = ("Assign", template(jsonata).prop_map(|value| json!({"v": value})).boxed());
    if jsonata {
        return vec![assign, ("Output", template(jsonata))];
    }
    vec![
        assign,
        ("InputPath", prop_oneof![one_of(&PATHS), Just(Value::Null)].boxed()),
        ("OutputPath", prop_oneof![one_of(&PATHS), Just(Value::Null)].boxed()),
    ]
}

/// Fields of states that have a result of their own.
fn results(jsonata: bool) -> Fields {
    if jsonata {
        return vec![("Arguments", template(jsonata))];
    }
    vec![
        ("ResultPath", prop_oneof![one_of(&["$", "$.r", "$.a.b", "$.list[0]"]), Just(Value::Null)].boxed()),
        ("Parameters", template(jsonata)),
        ("ResultSelector", template(jsonata)),
    ]
}

fn rules() -> Fields {
    let names = || prop::collection::vec(select(ERRORS.to_vec()), 1..3);
    let retry = (names(), 0_i64..3, 1_i64..3).prop_map(|(errors, most, interval)| {
        json!([{"ErrorEquals": errors, "MaxAttempts": most, "IntervalSeconds": interval, "JitterStrategy": "FULL"},
               {"ErrorEquals": ["States.ALL"], "MaxAttempts": 1}])
    });
    let caught =
        (names(), select(NAMES.to_vec())).prop_map(|(errors, next)| json!([{"ErrorEquals": errors, "Next": next}]));
    vec![("Retry", retry.boxed()), ("Catch", caught.boxed())]
}

/// How a Wait waits: one field of four.
fn wait(jsonata: bool) -> BoxedStrategy<Value> {
    let timestamp = one_of(&["2026-01-01T00:00:00Z", "2020-01-01T00:00:00Z"]);
    let fixed = prop_oneof![
        whole(jsonata).prop_map(|seconds| json!({"Seconds": seconds})),
        timestamp.prop_map(|timestamp| json!({"Timestamp": timestamp}))
    ];
    if jsonata {
        return fixed.boxed();
    }
    let by_path = (one_of(&PATHS), select(vec!["SecondsPath", "TimestampPath"]))
        .prop_map(|(path, field)| Value::Object(Map::from_iter([(field.to_owned(), path)])));
    prop_oneof![fixed, by_path].boxed()
}

fn choice(jsonata: bool) -> BoxedStrategy<Value> {
    let rule = if jsonata {
        (one_of(&QUERIES), select(NAMES.to_vec()))
            .prop_map(|(query, next)| json!({"Condition": query, "Next": next}))
            .boxed()
    } else {
        prop_oneof![
            (one_of(&PATHS), 0_i64..3, select(NAMES.to_vec()))
                .prop_map(|(path, value, next)| json!({"Variable": path, "NumericGreaterThan": value, "Next": next})),
            (one_of(&PATHS), select(NAMES.to_vec()))
                .prop_map(|(path, next)| json!({"Not": {"Variable": path, "IsPresent": true}, "Next": next})),
        ]
        .boxed()
    };
    (prop::collection::vec(rule, 1..3), prop::option::of(select(NAMES.to_vec())), fields(common(jsonata)))
        .prop_map(|(rules, default, mut state)| {
            state.remove("Output");
            state.insert("Type".into(), "Choice".into());
            state.insert("Choices".into(), rules.into());
            state.extend(default.map(|default| ("Default".to_owned(), json!(default))));
            Value::Object(state)
        })
        .boxed()
}

/// A state that ends.
fn last(jsonata: bool) -> BoxedStrategy<Value> {
    let fail = if jsonata {
        vec![("Error", one_of(&QUERIES)), ("Cause", one_of(&QUERIES))]
    } else {
        vec![("Error", one_of(&["Boom"])), ("CausePath", one_of(&["$.a", "States.JsonToString($)"]))]
    };
    let with_type = |kind: &'static str, state: BoxedStrategy<Map<String, Value>>| {
        state.prop_map(move |mut state| {
            state.insert("Type".into(), kind.into());
            state.remove("Assign");
            Value::Object(state)
        })
    };
    prop_oneof![with_type("Succeed", fields(common(jsonata))), with_type("Fail", fields(fail))].boxed()
}

fn state(jsonata: bool, inner: Option<BoxedStrategy<Value>>) -> BoxedStrategy<Value> {
    let way = prop_oneof![
        select(NAMES.to_vec()).prop_map(|next| ("Next".to_owned(), json!(next))),
        Just(("End".to_owned(), json!(true)))
    ];
    let of = |kind: &'static str, fixed: BoxedStrategy<Value>, mut more: Fields| {
        more.extend(common(jsonata));
        (fields(more), fixed, way.clone())
            .prop_map(move |(mut state, fixed, way)| {
                state.insert("Type".into(), kind.into());
                state.extend(fixed.as_object().cloned().unwrap_or_default());
                state.extend([way]);
                Value::Object(state)
            })
            .boxed()
    };
    let nothing = || Just(json!({})).boxed();
    let with = |more: Fields| [more, results(jsonata), rules()].into_iter().flatten().collect::<Fields>();
    let lambda = Just(json!({"Resource": "arn:aws:lambda:us-east-1:000000000000:function:f"})).boxed();
    let name = if jsonata { "Arguments" } else { "Parameters" };
    let token = if jsonata {
        json!({"FunctionName": "f", "Payload": "{% $states.context.Task.Token %}"})
    } else {
        json!({"FunctionName": "f", "Payload": {"token.$": "$$.Task.Token"}})
    };
    let token = Just(json!({"Resource": "arn:aws:states:::lambda:invoke.waitForTaskToken", name: token})).boxed();
    let task = || vec![("TimeoutSeconds", Just(json!(9)).boxed()), ("HeartbeatSeconds", Just(json!(3)).boxed())];
    let pass = if jsonata {
        nothing()
    } else {
        prop_oneof![nothing(), document().prop_map(|result| json!({"Result": result}))].boxed()
    };
    let mut kinds = vec![
        of("Pass", pass, Vec::new()),
        of("Task", lambda, with(task())),
        of("Task", token, with(task())),
        of("Wait", wait(jsonata), Vec::new()),
        choice(jsonata),
        last(jsonata),
    ];
    if let Some(inner) = inner {
        let mut settings =
            vec![("ItemSelector", template(jsonata)), ("MaxConcurrency", whole(jsonata)), ("Label", one_of(&["l"]))];
        settings.push(if jsonata { ("Items", one_of(&QUERIES)) } else { ("ItemsPath", one_of(&PATHS)) });
        let results: Fields =
            results(jsonata).into_iter().filter(|(name, _)| !["Parameters", "Arguments"].contains(name)).collect();
        settings.extend(results.into_iter().chain(rules()));
        kinds.push(
            (of("Map", nothing(), settings), inner.clone(), any::<bool>())
                .prop_map(|(mut state, mut inner, distributed)| {
                    inner["ProcessorConfig"] = if distributed {
                        json!({"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"})
                    } else {
                        json!({"Mode": "INLINE"})
                    };
                    if let (false, Some(fields)) = (distributed, state.as_object_mut()) {
                        fields.remove("Label");
                    }
                    state["ItemProcessor"] = inner;
                    state
                })
                .boxed(),
        );
        kinds.push(
            (of("Parallel", nothing(), with(Vec::new())), prop::collection::vec(inner, 1..3))
                .prop_map(|(mut state, branches)| {
                    let branches = branches.into_iter().enumerate();
                    state["Branches"] = branches.map(|(index, branch)| named(&branch, &index.to_string())).collect();
                    state
                })
                .boxed(),
        );
    }
    proptest::strategy::Union::new(kinds).boxed()
}

/// A machine of states that may go to each other.
fn machine(jsonata: bool, depth: u32) -> BoxedStrategy<Value> {
    let inner = (depth > 0).then(|| machine(jsonata, depth - 1));
    prop::collection::vec(state(jsonata, inner), NAMES.len())
        .prop_map(move |states| {
            let states: Map<String, Value> = NAMES
                .iter()
                .zip(states)
                .map(|(name, mut state)| {
                    for field in ["ItemProcessor", "Branches"] {
                        if let Some(inside) = state.get_mut(field) {
                            *inside = named(inside, &format!("in {name}"));
                        }
                    }
                    ((*name).to_owned(), state)
                })
                .collect();
            named(&json!({"StartAt": "A", "States": states}), &depth.to_string())
        })
        .boxed()
}

/// State names must differ within a whole definition: `more` is put behind all of these.
fn named(machine: &Value, more: &str) -> Value {
    match machine {
        Value::Array(values) => values.iter().map(|value| named(value, more)).collect(),
        Value::Object(fields) => Value::Object(
            fields
                .iter()
                .map(|(name, value)| match (name.as_str(), value) {
                    ("Next" | "StartAt" | "Default", Value::String(state)) => {
                        (name.clone(), format!("{state} {more}").into())
                    }
                    ("States", Value::Object(states)) => {
                        let states =
                            states.iter().map(|(state, value)| (format!("{state} {more}"), named(value, more)));
                        (name.clone(), Value::Object(states.collect()))
                    }
                    _ => (name.clone(), named(value, more)),
                })
                .collect(),
        ),
        other => other.clone(),
    }
}

/// Only the states that `StartAt` leads to are kept: reading refuses all others.
fn pruned(machine: &mut Value) {
    let mut reached = Vec::new();
    let mut next: Vec<String> = machine["StartAt"].as_str().map(ToOwned::to_owned).into_iter().collect();
    while let Some(name) = next.pop() {
        if reached.contains(&name) {
            continue;
        }
        let state = &machine["States"][&name];
        let rules = ["Choices", "Catch"].into_iter().flat_map(|field| state[field].as_array().into_iter().flatten());
        let ways = rules.map(|rule| &rule["Next"]).chain([&state["Next"], &state["Default"]]);
        next.extend(ways.filter_map(Value::as_str).map(ToOwned::to_owned));
        reached.push(name);
    }
    let Some(states) = machine["States"].as_object_mut() else { return };
    states.retain(|name, _| reached.contains(name));
    for state in states.values_mut() {
        if state.get("ItemProcessor").is_some() {
            pruned(&mut state["ItemProcessor"]);
        }
        state.get_mut("Branches").and_then(Value::as_array_mut).into_iter().flatten().for_each(pruned);
    }
}

struct World {
    execution: Execution,
    events: Vec<HistoryEvent>,
    inputs: Vec<Stamped>,
    tasks: Vec<TaskId>,
    timers: BTreeMap<(i64, u64), TimerId>,
    later: Vec<Input>,
    ended: bool,
    now: i64,
    pace: Pace,
}

/// When steps are paused, and what comes in before they go on.
#[derive(Clone, Copy)]
enum Pace {
    Never,
    /// After so many states; nothing comes in between.
    AtOnce(u64),
    /// After so many states; whatever else can happen happens first.
    Late(u64),
}

impl Pace {
    fn goes_on(self) -> impl FnMut() -> bool {
        let mut left = match self {
            Self::Never => u64::MAX,
            Self::AtOnce(states) | Self::Late(states) => states,
        };
        move || {
            left -= 1;
            left > 0
        }
    }
}

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

impl World {
    fn begin(execution: Execution, pace: Pace) -> Self {
        let mut world = Self {
            execution,
            events: Vec::new(),
            inputs: Vec::new(),
            tasks: Vec::new(),
            timers: BTreeMap::new(),
            later: Vec::new(),
            ended: false,
            now: 1_767_225_600_000,
            pace,
        };
        let effects = world.execution.begin(&mut pace.goes_on());
        world.follow(effects);
        while matches!(pace, Pace::AtOnce(_)) && world.execution.paused().is_some() {
            world.go_on();
        }
        world
    }

    fn follow(&mut self, effects: Vec<Effect>) {
        self.take(effects);
        if let Some(after) = self.execution.paused() {
            self.inputs.push(Stamped { at: self.now, input: Input::Paused { after } });
        }
    }

    fn take(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::Record(event) => self.events.push(event),
                Effect::Invoke(work) => self.tasks.push(work.task),
                Effect::SetTimer { timer, at } => drop(self.timers.insert((at, timer.0), timer)),
                Effect::CancelTimer(timer) => self.timers.retain(|_, known| *known != timer),
                Effect::GiveUpQuery(query) => {
                    self.inputs.push(Stamped { at: self.now, input: Input::QueryGivenUp { query } });
                }
                Effect::CancelTask(task) => self.tasks.retain(|known| *known != task),
                Effect::FindActivity { task, .. } => self.later.push(Input::ActivityFound { task, exists: true }),
                Effect::StartItem { task, index, input, .. } => {
                    let fails = index % 3 == 2;
                    self.later.push(if fails {
                        Input::ItemFailed { task, index }
                    } else {
                        Input::ItemSucceeded { task, index, output: input }
                    });
                }
                Effect::StartMapRun(_) | Effect::RedriveMapRun(_) | Effect::EndMapRun { .. } => {}
                Effect::End(_) => {
                    assert!(!self.ended, "it ends once");
                    self.ended = true;
                }
            }
        }
    }

    fn tell(&mut self, input: Input) {
        let stamped = Stamped { at: self.now, input };
        self.inputs.push(stamped.clone());
        let effects = self.execution.step_while(stamped, &mut self.pace.goes_on());
        self.follow(effects);
        while matches!(self.pace, Pace::AtOnce(_)) && self.execution.paused().is_some() {
            self.go_on();
        }
    }

    fn go_on(&mut self) {
        let stamped = Stamped { at: self.now, input: Input::GoOn };
        self.inputs.push(stamped.clone());
        let effects = self.execution.step_while(stamped, &mut self.pace.goes_on());
        self.follow(effects);
    }

    /// Answers what is asked, well, badly or not at all, and lets time pass.
    fn run(&mut self, answers: &[(u8, Value)]) {
        for turn in 0..120 {
            if self.ended {
                return;
            }
            if !self.later.is_empty() {
                let input = self.later.remove(0);
                self.tell(input);
            } else if !self.tasks.is_empty() {
                let task = self.tasks.remove(0);
                let (how, value) = &answers[turn % answers.len()];
                match how % 4 {
                    0 => self.tell(Input::TaskFailed { task, failure: Failure::new("Boom", value.to_string()) }),
                    1 => {
                        self.tasks.push(task);
                        self.tell(Input::Heartbeat { task });
                    }
                    _ => self.tell(Input::TaskSucceeded { task, output: value.clone().into() }),
                }
            } else if let Some(((at, _), timer)) = self.timers.pop_first() {
                self.now = self.now.max(at);
                self.tell(Input::TimerFired { timer });
            } else if self.execution.paused().is_some() {
                self.now += 1;
                self.go_on();
            } else {
                return;
            }
        }
    }

    /// Whether something can still come: a timer, or an answer.
    fn waits(&self) -> bool {
        let paused = self.execution.paused().is_some();
        paused || !self.timers.is_empty() || !self.later.is_empty() || !self.tasks.is_empty()
    }
}

/// The first event in which two histories differ.
fn difference(one: &[HistoryEvent], other: &[HistoryEvent]) -> Option<String> {
    let at = (0..one.len().max(other.len())).find(|index| one.get(*index) != other.get(*index))?;
    Some(format!("{:?} and {:?}", one.get(at), other.get(at)))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn what_is_accepted_runs(
        mut definition in any::<bool>().prop_flat_map(|jsonata| {
            machine(jsonata, 1).prop_map(move |mut machine| {
                machine["QueryLanguage"] = if jsonata { "JSONata" } else { "JSONPath" }.into();
                machine
            })
        }),
        input in document(),
        answers in prop::collection::vec((any::<u8>(), document()), 1..4),
        pause in 1_u64..4,
    ) {
        pruned(&mut definition);
        let (Some(machine), findings) = asl::read(&definition.to_string()) else { return Ok(()) };
        if findings.iter().any(|finding| finding.severity == asl::Severity::Error) {
            return Ok(());
        }
        let machine = Arc::new(machine);
        let run = |pace| {
            let execution = Execution::new(Arc::clone(&machine), facts(&input)).expect("what is accepted starts");
            let mut world = World::begin(execution, pace);
            world.run(&answers);
            world
        };
        let world = run(Pace::Never);
        prop_assert!(world.ended || world.waits());
        let paused = run(Pace::AtOnce(pause));
        let is_one_thread = !["Map", "Parallel"].iter().any(|kind| definition.to_string().contains(kind));
        if is_one_thread {
            // Where nothing comes in between, nobody sees that it was paused.
            prop_assert_eq!(difference(&paused.events, &world.events), None);
        }
        for world in [world, paused, run(Pace::Late(pause))] {
            let ids: Vec<u64> = world.events.iter().map(|event| event.id).collect();
            prop_assert_eq!(ids, (1..=world.events.len() as u64).collect::<Vec<_>>());
            for event in &world.events {
                prop_assert!(event.previous < event.id);
            }
            let journal = serde_json::to_string(&world.inputs).unwrap();
            let journal: Vec<Stamped> = serde_json::from_str(&journal).unwrap();
            let mut again = Execution::again(Arc::clone(&machine), facts(&input), &journal).expect("it starts again");
            let mut effects = again.begin(&mut || true);
            for stamped in journal {
                effects.extend(again.step(stamped));
            }
            let events: Vec<_> = effects.into_iter().filter_map(|effect| match effect {
                Effect::Record(event) => Some(event),
                _ => None,
            }).collect();
            prop_assert_eq!(difference(&events, &world.events), None);
        }
    }
}
