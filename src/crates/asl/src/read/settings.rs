//! Reads what stands in a state's fields: paths, templates, settings, and the rules of `Retry` and `Catch`.

use std::sync::Arc;

use serde_json::Value;

use super::{Fields, Reader};
use crate::finding::Code;
use crate::intrinsic::Expression;
use crate::jsonata::{Query, enclosed, half_enclosed};
use crate::machine::{Catcher, DocumentPath, QueryLanguage, Retrier, Setting};
use crate::path::Path;
use crate::template::{HALF_ENCLOSED, Template};

/// The most characters of a variable's name.
const MAX_NAME: usize = 80;

/// The fields of a rule of `Retry`.
const RETRIER: &[&str] =
    &["Comment", "ErrorEquals", "IntervalSeconds", "MaxAttempts", "BackoffRate", "MaxDelaySeconds", "JitterStrategy"];
/// The fields of a rule of `Catch`.
const CATCHER: &[&str] = &["Comment", "ErrorEquals", "Next", "ResultPath", "Assign", "Output"];

/// What is told of a field of the other language.
pub(super) fn only_in(language: QueryLanguage, field: &str, other: impl std::fmt::Display) -> String {
    format!(
        "The QueryLanguage is set to '{language}', but field '{field}' is only supported for the '{other}' QueryLanguage"
    )
}

/// What an expression can see beside the state's input, the context and the variables.
/// <https://docs.aws.amazon.com/step-functions/latest/dg/transforming-data.html#transforming-data-states-variable>
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sees {
    /// Nothing more.
    Nothing,
    /// `$states.result`.
    Result,
    /// `$states.errorOutput`.
    ErrorOutput,
}

impl Reader {
    pub(super) fn path(&mut self, fields: &Fields, name: &str, place: &str) -> Option<Path> {
        let at = format!("{place}/{name}");
        match fields.get(name)? {
            Value::String(text) => match Path::parse(text) {
                Ok(path) => Some(path),
                Err(_) => {
                    self.schema("Value must be a valid JSONPath.", &at);
                    None
                }
            },
            _ => {
                self.schema("Expected value of type [STRING]", &at);
                None
            }
        }
    }

    pub(super) fn document_path(&mut self, fields: &Fields, name: &str, place: &str) -> DocumentPath {
        match fields.get(name) {
            None => DocumentPath::Whole,
            Some(Value::Null) => DocumentPath::Empty,
            Some(Value::String(text)) if text == "$" => DocumentPath::Whole,
            Some(_) => self.path(fields, name, place).map_or(DocumentPath::Whole, DocumentPath::Path),
        }
    }

    /// A template whose expressions see nothing but the input.
    pub(super) fn template(&mut self, value: &Value, language: QueryLanguage, place: &str) -> Template {
        self.template_that(Sees::Nothing, value, language, place)
    }

    pub(super) fn template_that(
        &mut self,
        sees: Sees,
        value: &Value,
        language: QueryLanguage,
        place: &str,
    ) -> Template {
        let mut faults = Vec::new();
        match language {
            QueryLanguage::JsonPath => {
                let template = Template::json_path(value, &mut faults);
                for (mut keys, _) in faults {
                    let key = keys.pop().unwrap_or_default();
                    let container = keys.iter().fold(place.to_owned(), |place, key| format!("{place}/{key}"));
                    self.schema(
                        format!("The value for the field '{key}' must be a valid JSONPath or a valid intrinsic function call"),
                        &container,
                    );
                }
                template
            }
            QueryLanguage::Jsonata => {
                let template = Template::jsonata(value, &mut faults);
                for (keys, problem) in faults {
                    let at = keys.iter().fold(place.to_owned(), |place, key| {
                        if key.starts_with('[') { format!("{place}{key}") } else { format!("{place}/{key}") }
                    });
                    self.query_fault(&problem, &at);
                }
                template.each_query(place, &mut |at, query| self.check_sight(sees, query, at));
                template
            }
        }
    }

    /// Reports what an expression names of `$states` and cannot see.
    pub(super) fn check_sight(&mut self, sees: Sees, query: &Query, place: &str) {
        if let Some(name) = query.bare_reference() {
            let message = format!("Reference to '{name}' at the top level is not supported.");
            self.put(Code::UnsupportedJsonataExpression, message, Some(place.to_owned()));
        }
        for (field, seen) in [("result", Sees::Result), ("errorOutput", Sees::ErrorOutput)] {
            if sees != seen && query.names_state_field(field) {
                let message = format!("The variable '$states.{field}' is not available in this field.");
                self.put(Code::UnsupportedJsonataExpression, message, Some(place.to_owned()));
            }
        }
    }

    /// Reports the fields of an object that are none of these.
    pub(super) fn only(&mut self, fields: &Fields, known: &[&str], place: &str) {
        for field in fields.keys().filter(|field| !known.contains(&field.as_str())) {
            self.schema(format!("Field '{field}' is not supported"), place);
        }
    }

    /// One of a few names, the first of which stands for none.
    pub(super) fn one_of<'a>(&mut self, value: Option<&Value>, names: &[&'a str], place: &str) -> &'a str {
        let given = value.map(|value| names.iter().find(|name| value == **name));
        match given {
            None => names[0],
            Some(Some(name)) => name,
            Some(None) => {
                self.schema(format!("Value should be one of the following: [{}]", names.join(", ")), place);
                names[0]
            }
        }
    }

    /// AWS gives the parser's sentence without its code.
    pub(super) fn query_fault(&mut self, problem: &str, place: &str) {
        let message = match problem.split_once(": ") {
            Some((code, message)) if code.len() == 5 && code.starts_with(['S', 'T', 'D']) => message,
            _ => problem,
        };
        self.put(Code::InvalidJsonataExpression, message, Some(place.to_owned()));
    }

    pub(super) fn assign(
        &mut self,
        sees: Sees,
        fields: &Fields,
        language: QueryLanguage,
        place: &str,
    ) -> Option<Template> {
        let at = format!("{place}/Assign");
        let value = fields.get("Assign")?;
        let Value::Object(variables) = value else {
            self.schema("Expected value of type Object", &at);
            return None;
        };
        for name in variables.keys() {
            let name = name.strip_suffix(".$").filter(|_| language == QueryLanguage::JsonPath).unwrap_or(name);
            if name == "states" {
                self.put(Code::ReservedVariableName, "Cannot assign to reserved variable '$states'.", Some(at.clone()));
            } else if name.is_empty()
                || name.starts_with(|c: char| c.is_numeric())
                || crate::path::name_end(name) < name.len()
            {
                let message = format!("Invalid variable name '{name}': the variable name contains invalid characters.");
                self.put(Code::InvalidVariableName, message, Some(at.clone()));
            } else if name.chars().count() > MAX_NAME {
                let message =
                    format!("Invalid variable name '{name}': the variable name exceeds {MAX_NAME} characters.");
                self.put(Code::InvalidVariableName, message, Some(at.clone()));
            }
        }
        Some(self.template_that(sees, value, language, &at))
    }

    /// A whole number in one of its forms: literal, `…Path`, or JSONata.
    pub(super) fn setting(
        &mut self,
        fields: &Fields,
        name: &str,
        language: QueryLanguage,
        place: &str,
        least: u64,
        most: u64,
    ) -> Option<Setting> {
        if let Some(setting) = self.path_form(fields, name, place) {
            return Some(setting);
        }
        let value = fields.get(name)?;
        match self.query_form(value, name, language, place) {
            Some(setting) => setting,
            None => self
                .in_range(value, &format!("{place}/{name}"), least, most)
                .map(|number| Setting::Fixed(number.into())),
        }
    }

    /// `ToleratedFailurePercentage`: need not be whole.
    pub(super) fn percentage(&mut self, fields: &Fields, language: QueryLanguage, place: &str) -> Option<Setting> {
        let name = "ToleratedFailurePercentage";
        if let Some(setting) = self.path_form(fields, name, place) {
            return Some(setting);
        }
        let value = fields.get(name)?;
        if let Some(setting) = self.query_form(value, name, language, place) {
            return setting;
        }
        match value.as_f64() {
            Some(number) if (0.0..=100.0).contains(&number) => Some(Setting::Fixed(value.clone())),
            Some(number) => {
                let message = if number < 0.0 { "Minimum value is 0" } else { "Maximum value is 100" };
                self.schema(message, &format!("{place}/{name}"));
                None
            }
            None => {
                self.schema("Expected value of type Number", &format!("{place}/{name}"));
                None
            }
        }
    }

    /// A text in one of its forms: literal, `…Path`, or JSONata.
    pub(super) fn text_setting(
        &mut self,
        fields: &Fields,
        name: &str,
        language: QueryLanguage,
        place: &str,
    ) -> Option<Setting> {
        if let Some(setting) = self.path_form(fields, name, place) {
            return Some(setting);
        }
        let value = fields.get(name)?;
        if let Some(setting) = self.query_form(value, name, language, place) {
            return setting;
        }
        if value.is_string() {
            Some(Setting::Fixed(value.clone()))
        } else {
            self.schema("Expected value of type [STRING]", &format!("{place}/{name}"));
            None
        }
    }

    fn path_form(&mut self, fields: &Fields, name: &str, place: &str) -> Option<Setting> {
        let name_path = format!("{name}Path");
        let value = fields.get(&name_path)?;
        if fields.contains_key(name) {
            self.schema(format!("There should only be one of the following fields: [{name}, {name_path}]"), place);
        }
        // Calls stand where texts do.
        let takes_calls = matches!(name, "Error" | "Cause");
        let read = value.as_str().and_then(|text| Expression::parse(text).ok());
        let read = read.filter(|read| takes_calls || matches!(read, Expression::Path(_)));
        if read.is_none() {
            self.schema("Value must be a valid JSONPath.", &format!("{place}/{name_path}"));
        }
        read.map(Setting::Path)
    }

    /// `Some(None)` is an expression that cannot be read: it was reported.
    #[expect(clippy::option_option, reason = "not an expression, a bad one and a good one are three things")]
    fn query_form(
        &mut self,
        value: &Value,
        name: &str,
        language: QueryLanguage,
        place: &str,
    ) -> Option<Option<Setting>> {
        let text = value.as_str().filter(|_| language == QueryLanguage::Jsonata)?;
        let place = format!("{place}/{name}");
        if half_enclosed(text) {
            self.query_fault(HALF_ENCLOSED, &place);
            return Some(None);
        }
        Some(match Query::parse(enclosed(text)?) {
            Ok(query) => {
                self.check_sight(Sees::Nothing, &query, &place);
                Some(Setting::Query(query))
            }
            Err(problem) => {
                self.query_fault(&problem, &place);
                None
            }
        })
    }

    pub(super) fn retry(&mut self, fields: &Fields, place: &str) -> Vec<Retrier> {
        let mut retriers = Vec::new();
        for (fields, place, last) in self.rules(fields, "Retry", place) {
            let errors = self.errors(&fields, &place, last);
            let backoff_rate = match fields.get("BackoffRate").map(Value::as_f64) {
                None => 2.0,
                Some(Some(rate)) if rate >= 1.0 => rate,
                Some(_) => {
                    self.schema("Minimum value is 1", &format!("{place}/BackoffRate"));
                    2.0
                }
            };
            self.only(&fields, RETRIER, &place);
            let jitter =
                self.one_of(fields.get("JitterStrategy"), &["NONE", "FULL"], &format!("{place}/JitterStrategy"));
            retriers.push(Retrier {
                errors,
                interval_seconds: self.whole(&fields, "IntervalSeconds", &place, 0, 99_999_999).unwrap_or(1),
                max_attempts: self.whole(&fields, "MaxAttempts", &place, 0, 99_999_999).unwrap_or(3),
                backoff_rate,
                max_delay_seconds: self.whole(&fields, "MaxDelaySeconds", &place, 1, 31_622_400),
                full_jitter: jitter == "FULL",
            });
        }
        retriers
    }

    pub(super) fn catch(&mut self, fields: &Fields, language: QueryLanguage, place: &str) -> Vec<Catcher> {
        let mut catchers = Vec::new();
        for (fields, place, last) in self.rules(fields, "Catch", place) {
            let errors = self.errors(&fields, &place, last);
            let next = self.text(&fields, "Next", &place);
            if !fields.contains_key("Next") {
                self.required(&["Next"], &place);
            }
            self.only(&fields, CATCHER, &place);
            let (other, field) = match language {
                QueryLanguage::JsonPath => (QueryLanguage::Jsonata, "Output"),
                QueryLanguage::Jsonata => (QueryLanguage::JsonPath, "ResultPath"),
            };
            if fields.contains_key(field) {
                self.schema(only_in(language, field, other), &place);
            }
            let result_path = self.result_path(&fields, &place);
            let sees = Sees::ErrorOutput;
            let assign = self.assign(sees, &fields, language, &place);
            let output =
                fields.get("Output").map(|value| self.template_that(sees, value, language, &format!("{place}/Output")));
            if let Some(next) = next {
                catchers.push(Catcher { errors, next: Arc::from(next), result_path, assign, output });
            }
        }
        catchers
    }

    /// The objects of a list of rules, each with its place and whether it is the last.
    fn rules(&mut self, fields: &Fields, name: &str, place: &str) -> Vec<(Fields, String, bool)> {
        match fields.get(name) {
            None => Vec::new(),
            Some(Value::Array(rules)) => {
                let mut read = Vec::new();
                for (index, rule) in rules.iter().enumerate() {
                    let place = format!("{place}/{name}[{index}]");
                    match rule {
                        Value::Object(fields) => read.push((fields.clone(), place, index + 1 == rules.len())),
                        _ => self.schema("Expected value of type Object", &place),
                    }
                }
                read
            }
            Some(_) => {
                self.schema("Expected value of type Array", &format!("{place}/{name}"));
                Vec::new()
            }
        }
    }

    fn errors(&mut self, fields: &Fields, place: &str, last: bool) -> Vec<String> {
        let at = format!("{place}/ErrorEquals");
        let Some(value) = fields.get("ErrorEquals") else {
            self.required(&["ErrorEquals"], place);
            return Vec::new();
        };
        let names: Option<Vec<String>> =
            value.as_array().and_then(|names| names.iter().map(|name| name.as_str().map(ToOwned::to_owned)).collect());
        let Some(names) = names else {
            self.schema("Expected value of type Array", &at);
            return Vec::new();
        };
        if names.is_empty() {
            self.schema("Value cannot be empty", &at);
        }
        if let Some(index) = names.iter().position(|name| name == "States.ALL")
            && (names.len() > 1 || !last)
        {
            self.schema("States.ALL must appear alone and at end of list", &format!("{at}[{index}]"));
        }
        names
    }
}
