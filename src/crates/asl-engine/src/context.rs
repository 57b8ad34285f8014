//! The context object (`$$`, `$states.context`), made only when an expression looks at it.
//!
//! <https://docs.aws.amazon.com/step-functions/latest/dg/input-output-contextobject.html>

use std::cell::OnceCell;
use std::fmt;

use asl::{Context, Json};
use serde_json::{Map, Value, json};

use crate::execution::{Active, Execution, Facts};

/// `Map.Item`: an item, and where it comes from.
#[derive(Clone, Copy)]
pub(crate) struct Item<'a> {
    pub(crate) index: usize,
    /// Of an item that was a field of an object.
    pub(crate) key: Option<&'a str>,
    pub(crate) value: &'a Value,
    /// Told of the items of a distributed Map alone.
    pub(crate) source: Option<&'static str>,
}

/// What the context object is made from.
pub(crate) struct LazyContext<'a> {
    facts: &'a Facts,
    input: &'a Json,
    active: &'a Active,
    /// The item of the iteration that is about to start, for `ItemSelector`.
    item: Option<Item<'a>>,
    redrives: u64,
    redriven_at: Option<i64>,
    express: bool,
    /// Given instead of the real one, in a test of one state.
    given: Option<&'a Value>,
    made: OnceCell<Value>,
}

impl fmt::Debug for LazyContext<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LazyContext").field("state", &self.active.state.name).finish_non_exhaustive()
    }
}

impl<'a> LazyContext<'a> {
    pub(crate) fn new(execution: &'a Execution, active: &'a Active) -> Self {
        Self {
            facts: &execution.facts,
            input: &execution.input,
            active,
            item: None,
            redrives: execution.redrives,
            redriven_at: execution.redriven_at,
            express: execution.is_express(),
            given: execution.given_context(),
            made: OnceCell::new(),
        }
    }

    pub(crate) fn with_item(self, item: Item<'a>) -> Self {
        Self { item: Some(item), ..self }
    }

    fn make(&self) -> Value {
        let mut context = match self.given {
            Some(given) => given.as_object().cloned().unwrap_or_default(),
            None => self.make_own(),
        };
        let own = self.active.item.as_ref();
        let own = own.map(|(index, item)| Item { index: *index, key: None, value: item.value(), source: None });
        if let Some(Item { index, key, value, source }) = self.item.or(own) {
            let mut item = json!({"Index": index, "Value": value});
            if let Some(key) = key {
                item["Key"] = key.into();
            }
            if let Some(source) = source {
                item["Source"] = source.into();
            }
            context.insert("Map".into(), json!({"Item": item}));
        }
        if let (Some(token), None) = (&self.active.token, self.given) {
            context.insert("Task".into(), json!({"Token": token}));
        }
        Value::Object(context)
    }

    fn make_own(&self) -> Map<String, Value> {
        let Facts { arn, name, role_arn, started_at, machine_arn, machine_name, .. } = self.facts;
        let mut execution = json!({
            "Id": arn,
            "Input": self.input.value(),
            "StartTime": iso(*started_at),
            "Name": name,
            "RoleArn": role_arn,
        });
        if !self.express {
            execution["RedriveCount"] = self.redrives.into();
            if let Some(at) = self.redriven_at {
                execution["RedriveTime"] = iso(at).into();
            }
        }
        let state = &self.active.state;
        let mut entered = json!({"Name": state.name.as_ref(), "EnteredTime": iso(self.active.entered_at)});
        if matches!(state.kind, asl::Kind::Task(_) | asl::Kind::Map(_) | asl::Kind::Parallel(_)) {
            entered["RetryCount"] = self.active.retry_count.into();
        }
        let mut context = Map::new();
        context.insert("Execution".into(), execution);
        context.insert("StateMachine".into(), json!({"Id": machine_arn, "Name": machine_name}));
        context.insert("State".into(), entered);
        context
    }
}

impl Context for LazyContext<'_> {
    fn value(&self) -> &Value {
        self.made.get_or_init(|| self.make())
    }
}

/// ISO 8601 in UTC with milliseconds.
pub(crate) fn iso(millis: i64) -> String {
    jiff::Timestamp::from_millisecond(millis).unwrap_or_default().strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}
