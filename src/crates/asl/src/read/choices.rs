//! Reads the rules of a Choice state and their conditions.

use std::sync::Arc;

use serde_json::Value;

use super::flow::MAX_DEPTH;
use super::settings::{Sees, only_in};
use super::{Fields, Reader};
use crate::choice::{self, Condition, Operand, Operator};
use crate::jsonata::{Query, enclosed};
use crate::machine::{Kind, QueryLanguage, Rule};
use crate::path::Path;
use crate::template::HALF_ENCLOSED;

/// What may stand beside a test: the first of it in any, the others in a rule.
const BESIDE: [&str; 4] = ["Comment", "Next", "Assign", "Output"];

impl Reader {
    pub(super) fn choice(&mut self, fields: &Fields, language: QueryLanguage, place: &str) -> Kind {
        let default = self.text(fields, "Default", place).map(Arc::from);
        let rules = match fields.get("Choices") {
            Some(Value::Array(rules)) => {
                if rules.is_empty() {
                    self.schema("Value cannot be empty", &format!("{place}/Choices"));
                }
                let mut read = Vec::new();
                for (index, rule) in rules.iter().enumerate() {
                    let place = format!("{place}/Choices[{index}]");
                    let Value::Object(fields) = rule else {
                        self.schema("Expected value of type Object", &place);
                        continue;
                    };
                    let next = self.text(fields, "Next", &place);
                    if !fields.contains_key("Next") {
                        self.required(&["Next"], &place);
                    }
                    if language == QueryLanguage::JsonPath && fields.contains_key("Output") {
                        self.schema(only_in(language, "Output", QueryLanguage::Jsonata), &place);
                    }
                    let condition = self.condition(fields, language, &place, true);
                    let assign = self.assign(Sees::Nothing, fields, language, &place);
                    let output =
                        fields.get("Output").map(|value| self.template(value, language, &format!("{place}/Output")));
                    if let Some(next) = next {
                        // A rule whose condition is not understood leads where it leads, and never applies.
                        let condition = condition.unwrap_or_else(|| Condition::Or(Vec::new()));
                        read.push(Rule { condition, next: Arc::from(next), assign, output });
                    }
                }
                read
            }
            Some(_) => {
                self.schema("Expected value of type Array", &format!("{place}/Choices"));
                Vec::new()
            }
            None => {
                self.required(&["Choices"], place);
                Vec::new()
            }
        };
        Kind::Choice { rules, default }
    }

    fn condition(&mut self, fields: &Fields, language: QueryLanguage, place: &str, top: bool) -> Option<Condition> {
        const WAYS: [&str; 5] = ["And", "Or", "Not", "Variable", "Condition"];
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            self.depth -= 1;
            self.schema(format!("Conditions are nested deeper than {MAX_DEPTH}"), place);
            return None;
        }
        let given: Vec<&str> = WAYS.into_iter().filter(|way| fields.contains_key(*way)).collect();
        let condition = if let [way] = given.as_slice() {
            self.one_condition(way, fields, language, place, top)
        } else {
            let message = "The object must have only one of the following fields, [And, Or, Not, Variable, Condition]";
            self.schema(message, place);
            None
        };
        self.depth -= 1;
        condition
    }

    fn one_condition(
        &mut self,
        way: &str,
        fields: &Fields,
        language: QueryLanguage,
        place: &str,
        top: bool,
    ) -> Option<Condition> {
        if way != "Variable" {
            let beside = if top { &BESIDE[..] } else { &BESIDE[..1] };
            self.only(fields, &[&[way], beside].concat(), place);
        }
        if way == "Condition" {
            if language == QueryLanguage::JsonPath {
                self.schema(only_in(language, way, QueryLanguage::Jsonata), place);
                return None;
            }
            let place = format!("{place}/Condition");
            return match fields.get(way)? {
                Value::String(text) => match enclosed(text).map(Query::parse) {
                    Some(Ok(query)) => {
                        self.check_sight(Sees::Nothing, &query, &place);
                        Some(Condition::Query(query))
                    }
                    Some(Err(problem)) => {
                        self.query_fault(&problem, &place);
                        None
                    }
                    None => {
                        self.schema(HALF_ENCLOSED, &place);
                        None
                    }
                },
                // A literal true or false decides for ever.
                Value::Bool(truth) => Query::parse(&truth.to_string()).ok().map(Condition::Query),
                _ => {
                    self.schema("Expected value of type [STRING]", &place);
                    None
                }
            };
        }
        if language == QueryLanguage::Jsonata {
            self.schema(only_in(language, way, QueryLanguage::JsonPath), place);
            return None;
        }
        match way {
            "And" | "Or" => {
                let Some(Value::Array(inner)) = fields.get(way) else {
                    self.schema("Expected value of type Array", &format!("{place}/{way}"));
                    return None;
                };
                if inner.is_empty() {
                    self.schema("Value cannot be empty", &format!("{place}/{way}"));
                }
                let conditions = inner
                    .iter()
                    .enumerate()
                    .filter_map(|(index, inner)| self.nested(inner, language, &format!("{place}/{way}[{index}]")))
                    .collect();
                Some(if way == "And" { Condition::And(conditions) } else { Condition::Or(conditions) })
            }
            "Not" => {
                let inner = self.nested(fields.get("Not")?, language, &format!("{place}/Not"))?;
                Some(Condition::Not(Box::new(inner)))
            }
            _ => self.comparison(fields, place, top),
        }
    }

    fn nested(&mut self, value: &Value, language: QueryLanguage, place: &str) -> Option<Condition> {
        match value {
            Value::Object(fields) => self.condition(fields, language, place, false),
            _ => {
                self.schema("Expected value of type Object", place);
                None
            }
        }
    }

    fn comparison(&mut self, fields: &Fields, place: &str, top: bool) -> Option<Condition> {
        let variable = self.reference(fields, "Variable", place);
        let mut found = Vec::new();
        for (name, value) in fields {
            let beside = if top { &BESIDE[..] } else { &BESIDE[..1] };
            if name == "Variable" || beside.contains(&name.as_str()) {
                continue;
            }
            match Operator::parse(name) {
                Some(operator) => found.push((name, value, operator)),
                None => self.schema(format!("Field '{name}' is not supported"), place),
            }
        }
        let [(name, value, (operator, by_path))] = found.as_slice() else {
            if found.is_empty() {
                self.schema("A comparison operator is required", place);
            } else {
                let names: Vec<&str> = found.iter().map(|(name, ..)| name.as_str()).collect();
                self.schema(format!("There should only be one of the following fields: [{}]", names.join(", ")), place);
            }
            return None;
        };
        let operand = if *by_path {
            Operand::Path(self.reference(fields, name, place)?)
        } else {
            let (fits, kind) = match operator {
                Operator::Order(choice::Kind::Numeric, _) => (value.is_number(), "Number"),
                Operator::Order(choice::Kind::Boolean, _) | Operator::Is(_) => (value.is_boolean(), "Boolean"),
                Operator::Order(..) | Operator::StringMatches => (value.is_string(), "[STRING]"),
            };
            if !fits {
                self.schema(format!("Expected value of type {kind}"), &format!("{place}/{name}"));
            }
            Operand::Literal((*value).clone())
        };
        Some(Condition::Compare { variable: variable?, operator: *operator, operand })
    }

    /// A path of a comparison.
    fn reference(&mut self, fields: &Fields, name: &str, place: &str) -> Option<Path> {
        let at = format!("{place}/{name}");
        match fields.get(name)? {
            Value::String(text) if !text.starts_with('$') => {
                self.schema("Value is not a Reference Path: Reference path didn't start with '$'", &at);
                None
            }
            Value::String(text) => match Path::parse(text) {
                Ok(path) => Some(path),
                Err(_) => {
                    self.schema("Value is not a Reference Path", &at);
                    None
                }
            },
            _ => {
                self.schema("Expected value of type [STRING]", &at);
                None
            }
        }
    }
}
