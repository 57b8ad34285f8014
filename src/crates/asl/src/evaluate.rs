//! What expressions are evaluated in, and how evaluation fails.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use crate::json::Json;
use crate::path::{Path, Root, Selected};

/// Variables by name. Shared until somebody assigns.
pub type Variables = Arc<BTreeMap<String, Json>>;

/// The context object, which may be made only when somebody looks at it.
pub trait Context: std::fmt::Debug {
    /// The object.
    fn value(&self) -> &Value;
}

impl Context for Value {
    fn value(&self) -> &Value {
        self
    }
}

/// Everything that an expression of a state can see.
#[derive(Clone, Copy, Debug)]
pub struct Scope<'a> {
    /// `$` in JSONPath.
    pub input: &'a Value,
    /// `$states.input`: the state's raw input.
    pub state_input: &'a Value,
    /// `$$` and `$states.context`.
    pub context: &'a dyn Context,
    /// Variables.
    pub variables: &'a Variables,
    /// `$states.result`.
    pub result: Option<&'a Value>,
    /// `$states.errorOutput`.
    pub error_output: Option<&'a Value>,
    /// The time, in milliseconds since 1970, for `$now` and `$millis`.
    pub now: i64,
}

/// Why an expression has no value.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum EvaluationError {
    /// A path that selects nothing.
    #[error("the path {path} selects nothing")]
    NoResult {
        /// The path as written.
        path: String,
        /// The document it was applied to, compact.
        document: String,
        /// What Jayway says of it: `No results for path: $['a']`.
        reason: String,
    },
    /// A variable that nothing assigned.
    #[error("the variable ${0} has no value")]
    NoVariable(String),
    /// A path that selects more than a path may, or a template whose value would be larger than any may be.
    #[error("{of} makes more than a state can have")]
    TooLarge {
        /// The path or call as written; of a template, that it is one.
        of: String,
    },
    /// A path among the arguments of an intrinsic function that selects nothing.
    #[error(
        "The function '{call}' had the following error: The JsonPath argument for the field '{path}' could not be found in the input '{document}'"
    )]
    Argument {
        /// The call as it is written.
        call: Arc<str>,
        /// The path as written.
        path: String,
        /// The document it was applied to, compact.
        document: String,
    },
    /// A call of an intrinsic function failed.
    #[error("The function '{call}' had the following error: {problem}")]
    Intrinsic {
        /// The call as it is written.
        call: Arc<str>,
        /// What was wrong.
        problem: String,
    },
    /// A JSONata expression has no value.
    #[error("{0}")]
    Query(crate::jsonata::QueryError),
}

impl<'a> Scope<'a> {
    /// A scope with an input and nothing else.
    pub fn of_input(input: &'a Value) -> Self {
        static NOTHING: std::sync::LazyLock<Variables> = std::sync::LazyLock::new(Variables::default);
        Self {
            input,
            state_input: input,
            context: &Value::Null,
            variables: &NOTHING,
            result: None,
            error_output: None,
            now: 0,
        }
    }

    /// The same scope with another `$`.
    #[must_use]
    pub fn with_input(self, input: &'a Value) -> Self {
        Self { input, ..self }
    }

    /// What the path selects.
    ///
    /// # Errors
    /// When it selects nothing, or its variable is not there.
    pub fn select(&self, path: &Path) -> Result<Value, EvaluationError> {
        self.find(path)?.into_value().ok_or_else(|| {
            let document = match path.root() {
                Root::Input => Some(self.input),
                Root::Context => Some(self.context.value()),
                Root::Variable(name) => self.variables.get(name).map(Json::value),
            };
            let document = document.unwrap_or(&Value::Null);
            let reason = reason(path, document);
            EvaluationError::NoResult { path: path.source().to_owned(), document: document.to_string(), reason }
        })
    }

    /// What the path selects, nothing included.
    ///
    /// # Errors
    /// When its variable is not there.
    pub fn find(&self, path: &Path) -> Result<Selected, EvaluationError> {
        let selected = match path.root() {
            Root::Input => path.select(self.input),
            Root::Context => path.select(self.context.value()),
            Root::Variable(name) => match self.variables.get(name) {
                Some(json) => path.select(json.value()),
                None => return Err(EvaluationError::NoVariable(name.clone())),
            },
        };
        selected.map_err(|_| EvaluationError::TooLarge { of: path.source().to_owned() })
    }
}

/// What Jayway says of a path that selects nothing: whether its end is missing, or what leads there.
fn reason(path: &Path, document: &Value) -> String {
    use crate::path::Place;
    let places = path.as_reference().unwrap_or_default();
    let (mut here, mut way) = (Some(document), "$".to_owned());
    for (index, place) in places.iter().enumerate() {
        let object = here.is_some_and(Value::is_object);
        here = match place {
            Place::Name(name) => {
                way.push_str(&format!("['{name}']"));
                here.and_then(|value| value.get(name))
            }
            Place::Index(at) => {
                way.push_str(&format!("[{at}]"));
                here.and_then(|value| value.get(*at))
            }
        };
        if here.is_none() && object && index + 1 < places.len() {
            return format!("Missing property in path {way}");
        }
    }
    format!("No results for path: {way}")
}
