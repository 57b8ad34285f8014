//! Parallel and Map: starting their children, and what becomes of them.

use std::collections::VecDeque;
use std::sync::Arc;

use asl::{Flow, Json, StateName};
use serde_json::{Value, json};

use crate::context::Item;
use crate::enter::{After, invalid_path, template_trouble, unexpected_type};
use crate::event::{Event, EventId, StateKind};
use crate::execution::{Active, Doing, Execution, Failure, MAX_NESTING, ThreadId};
use crate::fail::Trouble;
use crate::redrive::Wreck;

/// The branches or iterations of a state.
#[derive(Debug)]
pub(crate) struct Children {
    /// The thread of each child that runs, by its index.
    running: Vec<Option<ThreadId>>,
    /// The output of each child that is done, by its index.
    outputs: Vec<Option<Json>>,
    done: usize,
    /// Items that have not started yet, with their index.
    waiting: VecDeque<(usize, Json)>,
    map: Option<MapFacts>,
}

#[derive(Debug)]
struct MapFacts {
    name: StateName,
    processor: Arc<Flow>,
    items: Vec<Json>,
}

/// A Map's items on their way to its iterations.
#[derive(Debug)]
pub(crate) struct Selecting {
    items: Vec<Json>,
    /// They were the fields of an object.
    keyed: bool,
    /// How many iterations run at once; 0 for all.
    limit: u64,
    /// What the iterations get, of as many items as were selected from.
    inputs: VecDeque<(usize, Json)>,
}

impl Execution {
    pub(crate) fn start_branches(
        &mut self,
        id: ThreadId,
        active: &mut Active,
        parallel: &asl::Parallel,
    ) -> Result<After, Trouble> {
        if self.trace.is_some() {
            return self.test_parallel(id, active, parallel);
        }
        let input = active.input.clone();
        let branch_input: Json = match &parallel.arguments {
            Some(template) => {
                let field = match active.state.language {
                    asl::QueryLanguage::JsonPath => "Parameters",
                    asl::QueryLanguage::Jsonata => "Arguments",
                };
                self.template(active, field, template, input.value(), None, None)?.into()
            }
            None => input,
        };
        let previous = self.thread(id).map_or(active.entered, |thread| thread.previous);
        let started = self.record(previous, Event::ParallelStateStarted);
        self.set_previous(id, started);
        let mut children = Children {
            running: Vec::new(),
            outputs: vec![None; parallel.branches.len()],
            done: 0,
            waiting: VecDeque::new(),
            map: None,
        };
        for (index, branch) in parallel.branches.iter().enumerate() {
            let variables = Arc::clone(&active.variables);
            let (flow, item) = (Arc::clone(branch), active.item.clone());
            let child = self.spawn(Some((id, index)), flow, variables, item, started, branch_input.clone());
            children.running.push(Some(child));
            self.ready.push_back(child);
        }
        active.doing = Doing::Children(Box::new(children));
        Ok(After::Waits)
    }

    pub(crate) fn start_map(&mut self, id: ThreadId, active: &mut Active, map: &asl::Map) -> Result<After, Trouble> {
        if self.trace.is_some() {
            return self.test_map(id, active, map);
        }
        // What an ItemReader reads is told by who runs the map; here there is nothing it could read.
        let (items, keyed) = if map.item_reader.is_some() { (Vec::new(), false) } else { self.items(active, map)? };
        let limit = match &map.max_concurrency {
            Some(setting) => self.whole_setting(active, "MaxConcurrency", setting)?,
            None => 0,
        };
        let previous = self.thread(id).map_or(active.entered, |thread| thread.previous);
        let started = self.record(previous, Event::MapStateStarted { length: items.len() });
        self.set_previous(id, started);
        if items.is_empty() && !map.distributed {
            self.record(started, Event::MapStateSucceeded);
            return self.finish_result(id, active, Value::Array(Vec::new()).into());
        }
        let mut selecting = Box::new(Selecting { items, keyed, limit, inputs: VecDeque::new() });
        if map.item_selector.is_some() && !selecting.items.is_empty() {
            active.doing = Doing::Selecting(selecting);
            return Ok(After::Waits);
        }
        selecting.inputs = selecting.items.iter().cloned().enumerate().collect();
        self.start_iterations(id, active, map, *selecting)
    }

    /// Selects from a Map's next item; after the last, the iterations start.
    pub(crate) fn select_next(&mut self, id: ThreadId, mut active: Box<Active>) {
        let state = Arc::clone(&active.state);
        let (asl::Kind::Map(map), Doing::Selecting(mut selecting)) =
            (&state.kind, std::mem::replace(&mut active.doing, Doing::Nothing))
        else {
            return self.put_active(id, active);
        };
        let begun = match self.select(&active, map, &mut selecting) {
            Err(trouble) => Err(trouble),
            Ok(()) if selecting.inputs.len() < selecting.items.len() => {
                active.doing = Doing::Selecting(selecting);
                Ok(After::Waits)
            }
            Ok(()) => self.start_iterations(id, &mut active, map, *selecting),
        };
        self.begun(id, active, begun);
    }

    /// What `ItemSelector` makes of the next item.
    fn select(&mut self, active: &Active, map: &asl::Map, selecting: &mut Selecting) -> Result<(), Trouble> {
        let index = selecting.inputs.len();
        let (Some(item), Some(template)) = (selecting.items.get(index), &map.item_selector) else { return Ok(()) };
        let input = active.input.clone();
        let item = about(index, item.value(), selecting.keyed, map.distributed);
        let selected: Json = self
            .scoped_item(active, input.value(), None, None, Some(item), |scope, chance| {
                template.evaluate(scope, chance)
            })
            .map_err(|failed| template_trouble("ItemSelector", &failed))?
            .into();
        if selected.is_deeper_than(MAX_NESTING) {
            return Err(Trouble::runtime(format!("A value is nested deeper than {MAX_NESTING} levels.")));
        }
        selecting.inputs.push_back((index, selected));
        Ok(())
    }

    /// What `ItemSelector` makes of all items.
    pub(crate) fn select_all(
        &mut self,
        active: &Active,
        map: &asl::Map,
        items: Vec<Json>,
        keyed: bool,
    ) -> Result<Vec<Json>, Trouble> {
        let mut selecting = Selecting { items, keyed, limit: 0, inputs: VecDeque::new() };
        for _ in 0..selecting.items.len() {
            self.select(active, map, &mut selecting)?;
        }
        Ok(selecting.inputs.into_iter().map(|(_, input)| input).collect())
    }

    fn start_iterations(
        &mut self,
        id: ThreadId,
        active: &mut Active,
        map: &asl::Map,
        selected: Selecting,
    ) -> Result<After, Trouble> {
        let Selecting { items, limit, inputs, .. } = selected;
        if map.distributed {
            let inputs = inputs.into_iter().map(|(_, input)| input).collect();
            return self.start_run(id, active, map, inputs, limit);
        }
        let started = self.thread(id).map_or(active.entered, |thread| thread.previous);
        let name = Arc::clone(&active.state.name);
        let at_once = match usize::try_from(limit) {
            Ok(limit) if limit > 0 => limit.min(items.len()),
            _ => items.len(),
        };
        let mut children = Box::new(Children {
            running: vec![None; items.len()],
            outputs: vec![None; items.len()],
            done: 0,
            waiting: inputs,
            map: Some(MapFacts { name, processor: Arc::clone(&map.processor), items }),
        });
        for _ in 0..at_once {
            self.start_iteration(id, active, &mut children, started);
        }
        active.doing = Doing::Children(children);
        Ok(After::Waits)
    }

    /// The items, and whether they were the fields of an object, which a distributed Map takes as pairs.
    /// <https://docs.aws.amazon.com/step-functions/latest/dg/input-output-itemspath.html>
    pub(crate) fn items(&mut self, active: &Active, map: &asl::Map) -> Result<(Vec<Json>, bool), Trouble> {
        let pairs = |fields: serde_json::Map<String, Value>| {
            let pairs = fields.into_iter().map(|(key, value)| Json::from(json!({"Key": key, "Value": value})));
            (pairs.collect(), true)
        };
        let input = active.input.clone();
        let list = if let Some(template) = &map.items {
            let value = self.template(active, "Items", template, input.value(), None, None)?;
            match (value, template) {
                (Value::Array(values), _) => values,
                (Value::Object(fields), _) if map.distributed => return Ok(pairs(fields)),
                (other, asl::Template::Query(query)) => {
                    return Err(unexpected_type(query.source(), "Items", "array", &other));
                }
                (other, _) => {
                    return Err(Trouble::query(
                        Some("Items".into()),
                        format!("Items must be an array but was: {other}"),
                    ));
                }
            }
        } else {
            let value = match &map.items_path {
                Some(path) => self
                    .scoped(active, input.value(), None, None, |scope, _| scope.select(path))
                    .map_err(|error| invalid_path(path.source(), &error))?,
                None => input.value().clone(),
            };
            match (value, active.state.language) {
                (Value::Array(values), _) => values,
                (Value::Object(fields), _) if map.distributed => return Ok(pairs(fields)),
                (other, asl::QueryLanguage::Jsonata) => {
                    return Err(Trouble::query(None, format!("Map state input must be an array but was: {other}")));
                }
                (_, asl::QueryLanguage::JsonPath) => {
                    let path = map.items_path.as_ref().map_or("$", |path| path.source());
                    return Err(Trouble::runtime(format!("Reference path \"{path}\" must point to array.")));
                }
            }
        };
        Ok((list.into_iter().map(Json::from).collect(), false))
    }

    fn start_iteration(&mut self, id: ThreadId, active: &Active, children: &mut Children, previous: EventId) {
        let Some(map) = &children.map else { return };
        let Some((index, input)) = children.waiting.pop_front() else { return };
        let event = Event::MapIterationStarted { name: Arc::clone(&map.name), index };
        let item = Some((index, map.items[index].clone()));
        let flow = Arc::clone(&map.processor);
        let started = self.record(previous, event);
        let child = self.spawn(Some((id, index)), flow, Arc::clone(&active.variables), item, started, input);
        children.running[index] = Some(child);
        self.ready.push_back(child);
    }

    /// A branch or iteration came to its end; `last` is its last event.
    pub(crate) fn child_succeeded(&mut self, parent: ThreadId, index: usize, last: EventId, output: Json) {
        let Some(mut active) = self.take_active(parent) else { return };
        let Doing::Children(mut children) = std::mem::replace(&mut active.doing, Doing::Nothing) else {
            self.put_active(parent, active);
            return;
        };
        children.running[index] = None;
        children.outputs[index] = Some(output);
        children.done += 1;
        let succeeded = match &children.map {
            Some(map) => {
                let event = Event::MapIterationSucceeded { name: Arc::clone(&map.name), index };
                self.record(last, event)
            }
            None => last,
        };
        if !children.waiting.is_empty() {
            self.start_iteration(parent, &active, &mut children, last);
        }
        if children.done < children.outputs.len() {
            active.doing = Doing::Children(children);
            self.put_active(parent, active);
            return;
        }
        let event = if children.map.is_some() { Event::MapStateSucceeded } else { Event::ParallelStateSucceeded };
        self.record(succeeded, event);
        // As recorded: the exit follows from the last event inside, not from the success.
        self.set_previous(parent, succeeded);
        let outputs = children.outputs.into_iter().flatten().collect::<Vec<_>>();
        match self.finish_result(parent, &mut active, joined(outputs)) {
            Ok(_) => self.ready.push_back(parent),
            Err(trouble) => self.in_trouble(parent, active, trouble),
        }
    }

    /// A branch or iteration failed, in a state of `kind`; `at` is the event that says so.
    pub(crate) fn child_failed(
        &mut self,
        parent: ThreadId,
        index: usize,
        at: EventId,
        failure: Failure,
        kind: StateKind,
        wreck: Option<Wreck>,
    ) {
        let Some(mut active) = self.take_active(parent) else { return };
        let Doing::Children(mut children) = std::mem::replace(&mut active.doing, Doing::Nothing) else {
            self.put_active(parent, active);
            return;
        };
        children.running[index] = None;
        if let Some(map) = &children.map {
            let event = Event::MapIterationFailed { name: Arc::clone(&map.name), index };
            self.record(at, event);
        }
        if kind == StateKind::Task {
            self.record(at, Event::StateAborted { kind });
        }
        let mut wrecks = self.abort_children(&mut children, at, Some(index));
        wrecks.extend(wreck.map(|wreck| (index, wreck)));
        active.wrecked = Some((children, wrecks));
        self.set_previous(parent, at);
        self.fail_state(parent, active, at, failure, true);
    }

    /// Gives up all children that run, but the one that failed by itself; what is left of them, in case of a redrive.
    pub(crate) fn abort_children(
        &mut self,
        children: &mut Children,
        at: EventId,
        failed: Option<usize>,
    ) -> Vec<(usize, Wreck)> {
        let mut wrecks = Vec::new();
        for (index, child) in children.running.iter().enumerate() {
            let Some(child) = child.filter(|_| Some(index) != failed) else { continue };
            if let Some(map) = &children.map {
                let event = Event::MapIterationAborted { name: Arc::clone(&map.name), index };
                self.record(at, event);
            }
            wrecks.extend(self.abort(child, at).map(|wreck| (index, wreck)));
        }
        children.running.fill(None);
        wrecks
    }
}

impl Children {
    /// The children that run, by their index.
    pub(crate) fn running_threads(&self) -> impl Iterator<Item = (usize, ThreadId)> {
        self.running.iter().enumerate().filter_map(|(index, child)| Some((index, (*child)?)))
    }

    pub(crate) fn set_running(&mut self, index: usize, child: ThreadId) {
        self.running[index] = Some(child);
    }
}

/// What the context object tells of an item; of a pair, the key and the value apart.
fn about(index: usize, item: &Value, keyed: bool, distributed: bool) -> Item<'_> {
    Item {
        index,
        key: item["Key"].as_str().filter(|_| keyed),
        value: if keyed { &item["Value"] } else { item },
        source: distributed.then_some("STATE_DATA"),
    }
}

/// The list of the outputs. Each is spliced in as its own text, so that what nothing transformed stays as it was.
pub(crate) fn joined(outputs: Vec<Json>) -> Json {
    let raw = outputs.iter().any(|output| output.text().contains(": ") || output.text().contains(", "));
    if raw {
        let texts: Vec<&str> = outputs.iter().map(|output| output.text().as_ref()).collect();
        if let Ok(json) = Json::parse(&format!("[{}]", texts.join(","))) {
            return json;
        }
    }
    Value::Array(outputs.into_iter().map(Json::into_value).collect()).into()
}
