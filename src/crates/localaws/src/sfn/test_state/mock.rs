//! Whether a mocked result has the shape of the service's answer.
//!
//! `shapes.json` holds the output shapes of the services that are called most, as AWS's own models give them; members
//! begin with a capital, as Step Functions writes them. A result of any other service is taken as it is.

use std::sync::LazyLock;

use asl::Resource;
use indexmap::IndexMap;
use serde::Deserialize;
use serde_json::Value;

#[derive(Deserialize)]
struct Table {
    services: IndexMap<String, IndexMap<String, usize>>,
    shapes: Vec<Shape>,
}

#[derive(Deserialize)]
struct Shape {
    #[serde(rename = "t")]
    kind: Kind,
    #[serde(rename = "m", default)]
    members: IndexMap<String, usize>,
    #[serde(rename = "r", default)]
    required: Vec<String>,
    #[serde(rename = "e")]
    element: Option<usize>,
    #[serde(rename = "v", default)]
    values: Vec<String>,
    min: Option<f64>,
    max: Option<f64>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Structure,
    List,
    Map,
    String,
    Number,
    Boolean,
    /// A shape that holds itself.
    Any,
}

static TABLE: LazyLock<Option<Table>> = LazyLock::new(|| {
    serde_json::from_str(include_str!("shapes.json"))
        .inspect_err(|error| tracing::error!(%error, "shapes.json is unreadable"))
        .ok()
});

/// The first thing in which a mocked result is not what the resource answers. `STRICT` asks for all that the service
/// always answers, `PRESENT` looks at what is there, `NONE` at nothing.
pub(super) fn check(resource: &Resource, result: &Value, mode: &str) -> Result<(), String> {
    let (Some(table), Resource::Integration { service, action, .. }, false) = (&*TABLE, resource, mode == "NONE")
    else {
        return Ok(());
    };
    let service = match service.strip_prefix("aws-sdk:").unwrap_or(service) {
        "states" => "sfn",
        "events" => "eventbridge",
        service => service,
    };
    match table.services.get(service).and_then(|operations| operations.get(action)) {
        Some(shape) => table.check(*shape, "", result, mode == "STRICT"),
        None => Ok(()),
    }
}

impl Table {
    fn check(&self, shape: usize, name: &str, value: &Value, strict: bool) -> Result<(), String> {
        let Some(shape) = self.shapes.get(shape) else { return Ok(()) };
        let fault = |problem: &str| Err(format!("Field '{name}' {problem}"));
        let too_small = |size: f64| shape.min.is_some_and(|min| size < min);
        let too_large = |size: f64| shape.max.is_some_and(|max| size > max);
        match (shape.kind, value) {
            (Kind::Structure, Value::Object(fields)) => {
                if let Some(missing) = shape.required.iter().find(|name| strict && !fields.contains_key(*name)) {
                    return Err(format!("Required field '{missing}' is missing"));
                }
                shape.members.iter().try_for_each(|(name, member)| match fields.get(name) {
                    Some(value) => self.check(*member, name, value, strict),
                    None => Ok(()),
                })
            }
            (Kind::Structure | Kind::Map, value) if !value.is_object() => fault("must be an object"),
            (Kind::Map, Value::Object(fields)) => match shape.element {
                Some(element) => fields.iter().try_for_each(|(name, value)| self.check(element, name, value, strict)),
                None => Ok(()),
            },
            (Kind::List, Value::Array(values)) => match shape.element {
                Some(element) => values.iter().try_for_each(|value| self.check(element, name, value, strict)),
                None => Ok(()),
            },
            (Kind::List, _) => fault("must be an array"),
            (Kind::String, Value::String(text)) => {
                #[expect(clippy::cast_precision_loss, reason = "lengths are far below 2^53")]
                let length = text.chars().count() as f64;
                if !shape.values.is_empty() && !shape.values.contains(text) {
                    fault("is not an expected value")
                } else if too_small(length) {
                    fault("is smaller than the minimum length")
                } else if too_large(length) {
                    fault("exceeds the maximum length")
                } else {
                    Ok(())
                }
            }
            (Kind::String, _) => fault("must be a string"),
            (Kind::Number, Value::Number(number)) => {
                let number = number.as_f64().unwrap_or_default();
                if too_small(number) {
                    fault("is less than the minimum value")
                } else if too_large(number) {
                    fault("exceeds the maximum value")
                } else {
                    Ok(())
                }
            }
            (Kind::Number, _) => fault("must be a number"),
            (Kind::Boolean, value) if !value.is_boolean() => fault("must be a boolean"),
            _ => Ok(()),
        }
    }
}
