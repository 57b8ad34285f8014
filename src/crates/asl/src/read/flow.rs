//! Reads states: a `States` block, each state in it, and where they lead.

use std::collections::HashSet;
use std::sync::Arc;

use indexmap::IndexMap;
use serde_json::Value;

use super::settings::{Sees, only_in};
use super::{Fields, Reader, Workflow};
use crate::fields::{Standing, TYPES, standing};
use crate::finding::Code;
use crate::machine::{
    Flow, ItemBatcher, Kind, Map, Next, Parallel, QueryLanguage, Resource, ResultPath, ResultWriter, Setting, State,
    StateName, Task, Transformation, Wait,
};
use crate::path::Root;

/// AWS takes definitions of 1 MiB; no sensible one nests deeper, and the stack must hold.
pub(super) const MAX_DEPTH: usize = 32;
/// The most characters of a state's name.
const MAX_NAME: usize = 80;

impl Reader {
    pub(super) fn flow(&mut self, fields: &Fields, place: &str, top: bool) -> Option<Flow> {
        let missing: Vec<&str> = ["States", "StartAt"].into_iter().filter(|name| !fields.contains_key(*name)).collect();
        if !missing.is_empty() {
            self.required(&missing, place);
        }
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            self.schema(format!("States are nested deeper than {MAX_DEPTH}"), place);
            self.depth -= 1;
            return None;
        }
        let mut states = IndexMap::new();
        match fields.get("States") {
            Some(Value::Object(block)) => {
                for (name, value) in block {
                    let place = format!("{place}/States/{name}");
                    let name: StateName = Arc::from(name.as_str());
                    if name.chars().count() > MAX_NAME {
                        let message = "Invalid State name: State exceeds the 80-character limit allowed by the service";
                        self.put(Code::InvalidStateName, message, Some(place.clone()));
                    }
                    if !self.names.insert(Arc::clone(&name)) {
                        self.put(
                            Code::DuplicateStateName,
                            format!("Duplicate State name: {name}"),
                            Some(place.clone()),
                        );
                    }
                    match value {
                        Value::Object(fields) => {
                            if let Some(state) = self.state(&name, fields, &place) {
                                states.insert(name, Arc::new(state));
                            }
                        }
                        _ => self.schema("Expected value of type Object", &place),
                    }
                }
                if block.is_empty() {
                    self.schema("Value cannot be empty", &format!("{place}/States"));
                }
            }
            Some(_) => self.schema("Expected value of type Object", &format!("{place}/States")),
            None => {}
        }
        self.depth -= 1;
        let start_at = self.text(fields, "StartAt", place);
        let known = |name: &str| matches!(fields.get("States"), Some(Value::Object(block)) if block.contains_key(name));
        if let Some(start_at) = &start_at
            && fields.contains_key("States")
        {
            self.check_transitions(start_at, &states, known, place, top);
        }
        let start_at = start_at.map(Arc::from).or_else(|| states.keys().next().cloned())?;
        Some(Flow { start_at, states })
    }

    /// Dangling targets, then a missing end or states that nothing leads to, in AWS's order.
    fn check_transitions(
        &mut self,
        start_at: &str,
        states: &IndexMap<StateName, Arc<State>>,
        known: impl Fn(&str) -> bool,
        place: &str,
        top: bool,
    ) {
        let mut dangling = |target: &str, at: String| {
            if !known(target) {
                self.put(Code::MissingTransitionTarget, format!("Missing 'Next' target: {target}"), Some(at));
            }
        };
        dangling(start_at, format!("{place}/StartAt"));
        for state in states.values() {
            for (target, field) in targets(state) {
                dangling(&target, format!("{place}/States/{}/{field}", state.name));
            }
        }
        let ends = |state: &State| matches!(state.kind, Kind::Succeed | Kind::Fail { .. }) || state.next == Next::End;
        if top && !states.is_empty() && !states.values().any(|state| ends(state)) {
            self.put(Code::MissingEndState, "Workflow has no terminal state", None);
            return;
        }
        let mut reached: HashSet<StateName> = HashSet::new();
        let mut open: Vec<StateName> = vec![Arc::from(start_at)];
        while let Some(name) = open.pop() {
            if let Some(state) = states.get(&name)
                && reached.insert(name)
            {
                open.extend(targets(state).into_iter().map(|(target, _)| target));
            }
        }
        for name in states.keys().filter(|name| !reached.contains(*name)) {
            let message = format!("State \"{name}\" is not reachable.");
            self.put(Code::MissingTransitionTarget, message, Some(format!("{place}/States/{name}")));
        }
    }

    pub(super) fn state(&mut self, name: &StateName, fields: &Fields, place: &str) -> Option<State> {
        let kind = match fields.get("Type") {
            None => {
                self.required(&["Type"], place);
                return None;
            }
            Some(Value::String(kind)) if TYPES.contains(&kind.as_str()) => kind.as_str(),
            Some(_) => {
                let message = format!("The field 'Type' should have one of these values: [{}]", TYPES.join(", "));
                self.schema(message, &format!("{place}/Type"));
                return None;
            }
        };
        let own = self.language_of(fields, place);
        let language = own.unwrap_or(self.language);
        let downgraded = own == Some(QueryLanguage::JsonPath) && self.language == QueryLanguage::Jsonata;
        if downgraded {
            let message = "'QueryLanguage' can not be 'JSONPath' if set to 'JSONata' for whole state machine";
            self.schema(message, place);
        } else {
            self.check_fields(kind, language, fields, place);
        }
        let next = self.next(kind, fields, place);
        let (input_path, output_path) =
            (self.document_path(fields, "InputPath", place), self.document_path(fields, "OutputPath", place));
        let sees = if matches!(kind, "Task" | "Parallel" | "Map") { Sees::Result } else { Sees::Nothing };
        let assign = self.assign(sees, fields, language, place);
        let output =
            fields.get("Output").map(|value| self.template_that(sees, value, language, &format!("{place}/Output")));
        let comment = self.text(fields, "Comment", place);
        let kind = self.kind(kind, fields, language, place)?;
        Some(State { name: Arc::clone(name), comment, language, input_path, output_path, assign, output, next, kind })
    }

    fn check_fields(&mut self, kind: &str, language: QueryLanguage, fields: &Fields, place: &str) {
        for field in fields.keys() {
            match standing(kind, field, language == QueryLanguage::Jsonata) {
                Standing::Allowed => {}
                Standing::NotSupported => self.schema(format!("Field '{field}' is not supported"), place),
                Standing::OnlyIn(other) => self.schema(only_in(language, field, other), place),
            }
        }
    }

    fn next(&mut self, kind: &str, fields: &Fields, place: &str) -> Next {
        if matches!(kind, "Choice" | "Succeed" | "Fail") {
            return Next::Nowhere;
        }
        let ends = match fields.get("End") {
            None | Some(Value::Bool(false)) => false,
            Some(Value::Bool(true)) => true,
            Some(_) => {
                self.schema("Expected value of type Boolean", &format!("{place}/End"));
                true
            }
        };
        match (self.text(fields, "Next", place), ends) {
            (Some(_), true) => {
                self.schema("There should only be one of the following fields: [Next, End]", place);
                Next::End
            }
            (Some(next), false) => Next::State(Arc::from(next)),
            (None, true) => Next::End,
            (None, false) => {
                if !fields.contains_key("Next") {
                    self.schema("This object should have only one of the following fields: [Next, End]", place);
                }
                Next::Nowhere
            }
        }
    }

    fn kind(&mut self, kind: &str, fields: &Fields, language: QueryLanguage, place: &str) -> Option<Kind> {
        let template = |reader: &mut Self, name: &str| {
            fields.get(name).map(|value| reader.template(value, language, &format!("{place}/{name}")))
        };
        let arguments = |reader: &mut Self| template(reader, "Arguments").or_else(|| template(reader, "Parameters"));
        Some(match kind {
            "Pass" => Kind::Pass {
                result: fields.get("Result").cloned(),
                parameters: template(self, "Parameters"),
                result_path: self.result_path(fields, place),
            },
            "Task" => {
                let resource = match self.text(fields, "Resource", place) {
                    Some(resource) => {
                        let resource = Resource::parse(&resource);
                        self.check_resource(&resource, fields, language, place);
                        resource
                    }
                    None => {
                        if !fields.contains_key("Resource") {
                            self.required(&["Resource"], place);
                        }
                        Resource::Other(String::new())
                    }
                };
                if let Some(Value::Object(credentials)) = fields.get("Credentials")
                    && !credentials.contains_key("RoleArn")
                    && !credentials.contains_key("RoleArn.$")
                {
                    let message = "The field 'RoleArn' is required but was missing";
                    self.schema(message, &format!("{place}/Credentials"));
                }
                let timeout = self.setting(fields, "TimeoutSeconds", language, place, 1, 99_999_999);
                let heartbeat = self.setting(fields, "HeartbeatSeconds", language, place, 1, 99_999_999);
                if let (Some(Setting::Fixed(timeout)), Some(Setting::Fixed(heartbeat))) = (&timeout, &heartbeat)
                    && heartbeat.as_u64() > timeout.as_u64()
                {
                    // The language asks for less; definitions in use have the same.
                    self.schema("HeartbeatSeconds must not be greater than TimeoutSeconds", place);
                }
                Kind::Task(Box::new(Task {
                    resource,
                    arguments: arguments(self),
                    result_selector: template(self, "ResultSelector"),
                    result_path: self.result_path(fields, place),
                    timeout,
                    heartbeat,
                    credentials: template(self, "Credentials"),
                    retry: self.retry(fields, place),
                    catch: self.catch(fields, language, place),
                }))
            }
            "Choice" => self.choice(fields, language, place),
            // Whatever is wrong with its time has been said: the state is there all the same.
            "Wait" => Kind::Wait(
                self.wait(fields, language, place).unwrap_or_else(|| Wait::Seconds(Setting::Fixed(Value::from(0)))),
            ),
            "Succeed" => Kind::Succeed,
            "Fail" => Kind::Fail {
                error: self.text_setting(fields, "Error", language, place),
                cause: self.text_setting(fields, "Cause", language, place),
            },
            "Parallel" => {
                let branches = match fields.get("Branches") {
                    Some(Value::Array(branches)) => {
                        if branches.is_empty() {
                            self.schema("Value cannot be empty", &format!("{place}/Branches"));
                        }
                        branches
                            .iter()
                            .enumerate()
                            .filter_map(|(index, branch)| self.inner(branch, &format!("{place}/Branches[{index}]")))
                            .collect()
                    }
                    Some(_) => {
                        self.schema("Expected value of type Array", &format!("{place}/Branches"));
                        Vec::new()
                    }
                    None => {
                        self.required(&["Branches"], place);
                        Vec::new()
                    }
                };
                Kind::Parallel(Box::new(Parallel {
                    branches,
                    arguments: arguments(self),
                    result_selector: template(self, "ResultSelector"),
                    result_path: self.result_path(fields, place),
                    retry: self.retry(fields, place),
                    catch: self.catch(fields, language, place),
                }))
            }
            _ => self.map(fields, language, place)?,
        })
    }

    fn inner(&mut self, value: &Value, place: &str) -> Option<Arc<Flow>> {
        match value {
            Value::Object(fields) => self.flow(fields, place, false).map(Arc::new),
            _ => {
                self.schema("Expected value of type Object", place);
                None
            }
        }
    }

    fn map(&mut self, fields: &Fields, language: QueryLanguage, place: &str) -> Option<Kind> {
        let (field, processor) = match (fields.get("ItemProcessor"), fields.get("Iterator")) {
            (Some(processor), None) => ("ItemProcessor", processor),
            (None, Some(processor)) => ("Iterator", processor),
            (Some(processor), Some(_)) => {
                self.schema("There should only be one of the following fields: [ItemProcessor, Iterator]", place);
                ("ItemProcessor", processor)
            }
            (None, None) => {
                let message = "This object should have only one of the following fields: [ItemProcessor, Iterator]";
                self.schema(message, place);
                return None;
            }
        };
        let distributed = match processor.get("ProcessorConfig").and_then(|config| config.get("Mode")) {
            None => false,
            Some(Value::String(mode)) if mode == "INLINE" => false,
            Some(Value::String(mode)) if mode == "DISTRIBUTED" => true,
            Some(_) => {
                let message = "Value should be one of the following: [INLINE, DISTRIBUTED]";
                self.schema(message, &format!("{place}/{field}/ProcessorConfig/Mode"));
                false
            }
        };
        let config_place = format!("{place}/{field}/ProcessorConfig");
        if let ("ItemProcessor", Value::Object(processor)) = (field, processor) {
            let known = ["Comment", "ProcessorConfig", "QueryLanguage", "StartAt", "States"];
            self.only(processor, &known, &format!("{place}/{field}"));
        }
        if processor.get("QueryLanguage").is_some() {
            self.schema("Field 'QueryLanguage' is not supported", &format!("{place}/{field}"));
        }
        let execution_type = processor.pointer("/ProcessorConfig/ExecutionType");
        if distributed && execution_type.is_none() {
            self.required(&["ExecutionType"], &config_place);
        }
        let execution_type =
            self.one_of(execution_type, &["STANDARD", "EXPRESS"], &format!("{config_place}/ExecutionType"));
        if let Some(Value::Object(config)) = processor.get("ProcessorConfig") {
            self.only(config, &["Mode", "ExecutionType"], &config_place);
        }
        if distributed && self.workflow == Workflow::Express {
            let message = "The field 'Mode' with value 'DISTRIBUTED' is not supported inside 'EXPRESS' state machines";
            self.schema(message, &format!("{place}/{field}/ProcessorConfig/Mode"));
        }
        if !distributed {
            for field in ["ItemReader", "ItemBatcher", "ResultWriter"] {
                if fields.contains_key(field) {
                    let message =
                        format!("The field '{field}' is not supported when the field 'Mode' has value 'INLINE'");
                    self.schema(message, place);
                }
            }
        }
        let label = self.text(fields, "Label", place);
        if let Some(label) = &label {
            self.check_label(label, place);
        }
        let template = |reader: &mut Self, name: &str| {
            fields.get(name).map(|value| reader.template(value, language, &format!("{place}/{name}")))
        };
        let outer = self.workflow;
        if distributed && execution_type == "EXPRESS" {
            // What the children run is an Express workflow of its own.
            self.workflow = Workflow::Express;
        }
        let processor = self.inner(processor, &format!("{place}/{field}"));
        self.workflow = outer;
        Some(Kind::Map(Box::new(Map {
            processor: processor?,
            distributed,
            items_path: self.path(fields, "ItemsPath", place),
            items: template(self, "Items"),
            item_selector: template(self, "ItemSelector").or_else(|| template(self, "Parameters")),
            max_concurrency: self.setting(fields, "MaxConcurrency", language, place, 0, u64::from(u32::MAX)),
            tolerated_count: self.setting(fields, "ToleratedFailureCount", language, place, 0, u64::from(u32::MAX)),
            tolerated_percentage: self.percentage(fields, language, place),
            item_reader: self.item_reader(fields, language, place),
            item_batcher: self.item_batcher(fields, language, place),
            result_writer: self.result_writer(fields, place),
            express_children: execution_type == "EXPRESS",
            label,
            result_selector: template(self, "ResultSelector"),
            result_path: self.result_path(fields, place),
            retry: self.retry(fields, place),
            catch: self.catch(fields, language, place),
        })))
    }

    fn item_reader(&mut self, fields: &Fields, language: QueryLanguage, place: &str) -> Option<Value> {
        let reader = fields.get("ItemReader")?;
        let (others, other) = match language {
            QueryLanguage::JsonPath => ("Arguments", QueryLanguage::Jsonata),
            QueryLanguage::Jsonata => ("Parameters", QueryLanguage::JsonPath),
        };
        if reader.get(others).is_some() {
            self.schema(only_in(language, others, other), &format!("{place}/ItemReader"));
        }
        if reader.get("Resource").is_none() {
            self.required(&["Resource"], &format!("{place}/ItemReader"));
        }
        let both = ["MaxItems", "MaxItemsPath"];
        if both.iter().all(|field| reader.pointer(&format!("/ReaderConfig/{field}")).is_some()) {
            let message = format!("There should only be one of the following fields: [{}]", both.join(", "));
            self.schema(message, &format!("{place}/ItemReader/ReaderConfig"));
        }
        Some(reader.clone())
    }

    fn result_writer(&mut self, fields: &Fields, place: &str) -> Option<ResultWriter> {
        let writer = fields.get("ResultWriter")?;
        let config = |field: &str| writer.pointer(&format!("/WriterConfig/{field}"));
        let place = format!("{place}/ResultWriter/WriterConfig");
        self.one_of(config("OutputType"), &["JSON", "JSONL"], &format!("{place}/OutputType"));
        let known = ["COMPACT", "NONE", "FLATTEN"];
        let transformation = match self.one_of(config("Transformation"), &known, &format!("{place}/Transformation")) {
            "NONE" => Transformation::None,
            "FLATTEN" => Transformation::Flatten,
            _ => Transformation::Compact,
        };
        let resource = writer.get("Resource").and_then(Value::as_str).map(ToOwned::to_owned);
        Some(ResultWriter { resource, transformation })
    }

    fn item_batcher(&mut self, fields: &Fields, language: QueryLanguage, place: &str) -> Option<ItemBatcher> {
        let place = format!("{place}/ItemBatcher");
        let Value::Object(batcher) = fields.get("ItemBatcher")? else {
            self.schema("Expected value of type Object", &place);
            return None;
        };
        const LIMITS: [&str; 4] =
            ["MaxItemsPerBatch", "MaxItemsPerBatchPath", "MaxInputBytesPerBatch", "MaxInputBytesPerBatchPath"];
        self.only(batcher, &[&LIMITS[..], &["BatchInput"]].concat(), &place);
        if !LIMITS.iter().any(|field| batcher.contains_key(*field)) {
            let message = format!("This object should have one of the following fields: [{}]", LIMITS.join(", "));
            self.schema(message, &place);
        }
        if language == QueryLanguage::Jsonata {
            for field in LIMITS.iter().filter(|field| field.ends_with("Path") && batcher.contains_key(**field)) {
                self.schema(only_in(language, field, QueryLanguage::JsonPath), &place);
            }
        }
        Some(ItemBatcher {
            max_items: self.setting(batcher, "MaxItemsPerBatch", language, &place, 1, 99_999_999),
            max_bytes: self.setting(batcher, "MaxInputBytesPerBatch", language, &place, 1, 262_144),
            batch_input: batcher
                .get("BatchInput")
                .map(|value| self.template(value, language, &format!("{place}/BatchInput"))),
        })
    }

    fn wait(&mut self, fields: &Fields, language: QueryLanguage, place: &str) -> Option<Wait> {
        const FIELDS: [&str; 4] = ["SecondsPath", "Seconds", "TimestampPath", "Timestamp"];
        let given = FIELDS.iter().filter(|name| fields.contains_key(**name)).count();
        if given != 1 {
            let relation = if given == 0 { "This object should have only" } else { "There should only be" };
            self.schema(format!("{relation} one of the following fields: [{}]", FIELDS.join(", ")), place);
            return None;
        }
        if let Some(seconds) = self.setting(fields, "Seconds", language, place, 0, 99_999_999) {
            return Some(Wait::Seconds(seconds));
        }
        let timestamp = self.text_setting(fields, "Timestamp", language, place)?;
        if let Setting::Fixed(Value::String(text)) = &timestamp
            && (crate::choice::timestamp(text).is_none() || !text.ends_with('Z'))
        {
            self.schema("String does not match RFC3339 timestamp", &format!("{place}/Timestamp"));
        }
        Some(Wait::Timestamp(timestamp))
    }

    pub(super) fn result_path(&mut self, fields: &Fields, place: &str) -> ResultPath {
        match fields.get("ResultPath") {
            None => ResultPath::Replace,
            Some(Value::Null) => ResultPath::Discard,
            Some(Value::String(text)) if text == "$" => ResultPath::Replace,
            Some(_) => match self.path(fields, "ResultPath", place) {
                // Into the document alone: variables are set by Assign, and the context object by nobody.
                Some(path) if path.as_reference().is_none() || *path.root() != Root::Input => {
                    self.schema("Value is not a Reference Path", &format!("{place}/ResultPath"));
                    ResultPath::Replace
                }
                Some(path) => ResultPath::Into(path),
                None => ResultPath::Replace,
            },
        }
    }
}

/// Where a state may go on, with the field that says so.
fn targets(state: &State) -> Vec<(StateName, String)> {
    let mut targets = Vec::new();
    if let Next::State(next) = &state.next {
        targets.push((Arc::clone(next), "Next".to_owned()));
    }
    if let Kind::Choice { rules, default } = &state.kind {
        for (index, rule) in rules.iter().enumerate() {
            targets.push((Arc::clone(&rule.next), format!("Choices[{index}]/Next")));
        }
        targets.extend(default.iter().map(|default| (Arc::clone(default), "Default".to_owned())));
    }
    for (index, catcher) in state.kind.catch().iter().enumerate() {
        targets.push((Arc::clone(&catcher.next), format!("Catch[{index}]/Next")));
    }
    targets
}
