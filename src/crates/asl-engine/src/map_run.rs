//! Distributed Map: a map run, whose items are worked on by child executions that somebody else runs.
//!
//! The run's parent writes nothing of single items. Which of them begin and end, and so how many may run at once and
//! how many may fail, is decided here.

use std::collections::VecDeque;
use std::sync::Arc;

use asl::{ItemBatcher, Json, QueryLanguage, Setting, Transformation};
use serde_json::{Value, json};

use crate::enter::{After, plain, source_of, unexpected_type};
use crate::event::{Event, EventId};
use crate::execution::{Active, Doing, Effect, Execution, Failure, MapRunFacts, MapRunLimits, TaskId, ThreadId};
use crate::fail::Trouble;

/// A map run under way.
#[derive(Debug)]
pub(crate) struct MapRun {
    pub(crate) task: TaskId,
    arn: Arc<str>,
    facts: MapRunFacts,
    started: EventId,
    /// What each child works on, and how many items that is.
    inputs: Vec<(Json, usize)>,
    outputs: Vec<Option<Json>>,
    waiting: VecDeque<usize>,
    running: Vec<bool>,
    done: usize,
    at_once: usize,
    items: usize,
    failed_items: usize,
    tolerated: Tolerated,
    flatten: bool,
}

impl MapRun {
    /// Whether the child that works on this input is under way.
    fn runs(&self, index: usize) -> bool {
        self.running.get(index) == Some(&true)
    }
}

/// `MaxConcurrency`: 0 sets no limit.
fn at_once(limit: u64) -> usize {
    usize::try_from(limit).ok().filter(|limit| *limit > 0).unwrap_or(usize::MAX)
}

/// How many items may fail.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Tolerated {
    pub(crate) count: Option<u64>,
    pub(crate) percentage: Option<f64>,
}

impl Tolerated {
    /// Whether so many failures of so many items are too many. Without any setting, one is.
    pub(crate) fn is_exceeded(self, failed: usize, items: usize) -> bool {
        #[expect(clippy::cast_precision_loss, reason = "counts of items are far below 2^53")]
        let percentage = if items == 0 { 0.0 } else { failed as f64 * 100.0 / items as f64 };
        match (self.count, self.percentage) {
            (None, None) => failed > 0,
            (count, most) => {
                count.is_some_and(|count| failed as u64 > count) || most.is_some_and(|most| percentage > most)
            }
        }
    }

    pub(crate) fn failure() -> Failure {
        Failure::new("States.ExceedToleratedFailureThreshold", "The specified tolerated failure threshold was exceeded")
    }
}

impl Execution {
    pub(crate) fn start_run(
        &mut self,
        id: ThreadId,
        active: &mut Active,
        map: &asl::Map,
        items: Vec<Json>,
        limit: u64,
    ) -> Result<After, Trouble> {
        let tolerated = self.tolerated(active, map)?;
        if let Some(reader) = &map.item_reader {
            let resource = reader.get("Resource").and_then(Value::as_str).unwrap_or_default();
            return Err(Trouble::raised(
                "States.ItemReaderFailed",
                format!("There is nothing here that {resource} could read from: give the items as the state's input."),
            ));
        }
        let flatten = match &map.result_writer {
            None => false,
            Some(writer) => {
                if let Some(resource) = &writer.resource {
                    return Err(Trouble::raised(
                        "States.ResultWriterFailed",
                        format!("There is nothing here that {resource} could write to: leave ResultWriter out."),
                    ));
                }
                writer.transformation == Transformation::Flatten
            }
        };
        let total = items.len();
        let inputs = match &map.item_batcher {
            None => items.into_iter().map(|item| (item, 1)).collect(),
            Some(batcher) => self.batches(active, batcher, items)?,
        };
        let previous = self.thread(id).map_or(active.entered, |thread| thread.previous);
        let label = map.label.clone().unwrap_or_else(|| self.chance.uuid());
        let arn: Arc<str> = Arc::from(format!(
            "{}/{label}:{}",
            self.facts.machine_arn.split('/').next().unwrap_or_default().replacen(":stateMachine:", ":mapRun:", 1),
            self.chance.uuid()
        ));
        active.task = TaskId(self.next_task);
        self.next_task += 1;
        let started = self.record(previous, Event::MapRunStarted { arn: Arc::clone(&arn) });
        if self.ended.is_some() {
            return Ok(After::Moved);
        }
        self.set_previous(id, started);
        self.tasks.insert(active.task, id);
        let facts = MapRunFacts {
            task: active.task,
            state: Arc::clone(&active.state.name),
            label,
            arn: arn.to_string(),
            items: total,
            children: inputs.len(),
            max_concurrency: limit,
            tolerated_count: tolerated.count.unwrap_or(0),
            tolerated_percentage: tolerated.percentage.unwrap_or(0.0),
        };
        self.effects.push(Effect::StartMapRun(facts.clone()));
        let mut run = Box::new(MapRun {
            task: active.task,
            arn,
            facts,
            started,
            outputs: vec![None; inputs.len()],
            running: vec![false; inputs.len()],
            waiting: (0..inputs.len()).collect(),
            inputs,
            done: 0,
            at_once: at_once(limit),
            items: total,
            failed_items: 0,
            tolerated,
            flatten,
        });
        if run.inputs.is_empty() {
            return self.run_succeeded(id, active, *run);
        }
        self.start_items(&mut run);
        active.doing = Doing::Run(run);
        Ok(After::Waits)
    }

    /// Starts children as long as there is room.
    fn start_items(&mut self, run: &mut MapRun) {
        let mut under_way = run.inputs.len() - run.waiting.len() - run.done;
        while under_way < run.at_once
            && let Some(index) = run.waiting.pop_front()
        {
            self.start_item(run, index);
            under_way += 1;
        }
    }

    fn start_item(&mut self, run: &mut MapRun, index: usize) {
        run.running[index] = true;
        let (name, (input, items)) = (self.chance.uuid(), run.inputs[index].clone());
        self.effects.push(Effect::StartItem { task: run.task, index, name, input, items });
    }

    /// `ToleratedFailureCount` and `ToleratedFailurePercentage`.
    pub(crate) fn tolerated(&mut self, active: &Active, map: &asl::Map) -> Result<Tolerated, Trouble> {
        let mut tolerated = Tolerated::default();
        if let Some(setting) = &map.tolerated_count {
            let count: i64 = self.number_setting(active, "ToleratedFailureCount", setting, "integer")?;
            let count = u64::try_from(count)
                .map_err(|_| self.out_of_range(active, "ToleratedFailureCount cannot be negative."))?;
            tolerated.count = Some(count);
        }
        if let Some(setting) = &map.tolerated_percentage {
            let percentage: f64 = self.number_setting(active, "ToleratedFailurePercentage", setting, "float")?;
            if !(0.0..=100.0).contains(&percentage) {
                return Err(self.out_of_range(active, "ToleratedFailurePercentage must be between 0 and 100."));
            }
            tolerated.percentage = Some(percentage);
        }
        Ok(tolerated)
    }

    #[expect(clippy::unused_self, reason = "beside its siblings")]
    fn out_of_range(&self, active: &Active, cause: &str) -> Trouble {
        match active.state.language {
            QueryLanguage::JsonPath => Trouble::runtime(cause),
            QueryLanguage::Jsonata => Trouble::query(None, cause),
        }
    }

    /// A number, also as text, which AWS takes as well.
    fn number_setting<T: std::str::FromStr>(
        &mut self,
        active: &Active,
        name: &str,
        setting: &Setting,
        kind: &str,
    ) -> Result<T, Trouble> {
        let value = self.any_setting(active, name, setting)?;
        plain(&value).parse().map_err(|_| match setting {
            Setting::Path(path) => Trouble::runtime(format!(
                "The {name}Path field refers to value \"{}\" which is not a valid {kind}: {}",
                plain(&value),
                source_of(path)
            )),
            Setting::Query(query) if !value.is_number() => unexpected_type(query.source(), name, "number", &value),
            _ => Trouble::query(Some(name.to_owned()), format!("The {name} field is not a valid {kind}: {value}")),
        })
    }

    /// Packs items into the inputs of fewer children, by number and by size.
    pub(crate) fn batches(
        &mut self,
        active: &Active,
        batcher: &ItemBatcher,
        items: Vec<Json>,
    ) -> Result<Vec<(Json, usize)>, Trouble> {
        let limit = |execution: &mut Self, name: &str, setting: &Option<Setting>| match setting {
            None => Ok(usize::MAX),
            Some(setting) => execution
                .whole_setting(active, name, setting)
                .map(|limit| usize::try_from(limit).ok().filter(|limit| *limit > 0).unwrap_or(usize::MAX)),
        };
        let most_items = limit(self, "MaxItemsPerBatch", &batcher.max_items)?;
        let most_bytes = limit(self, "MaxInputBytesPerBatch", &batcher.max_bytes)?;
        let batch_input = match &batcher.batch_input {
            None => None,
            Some(template) => {
                let input = active.input.clone();
                Some(self.template(active, "ItemBatcher/BatchInput", template, input.value(), None, None)?)
            }
        };
        let packed = |batch: Vec<Json>| {
            let count = batch.len();
            let items: Vec<Value> = batch.into_iter().map(Json::into_value).collect();
            let input = match &batch_input {
                Some(shared) => json!({"BatchInput": shared, "Items": items}),
                None => json!({"Items": items}),
            };
            (Json::from(input), count)
        };
        // What stands around the items of a batch.
        let frame = packed(Vec::new()).0.text().len();
        let (mut batches, mut batch, mut bytes) = (Vec::new(), Vec::new(), frame);
        for item in items {
            let size = item.text().len() + 1;
            if !batch.is_empty() && (batch.len() == most_items || bytes.saturating_add(size) > most_bytes) {
                batches.push(packed(std::mem::take(&mut batch)));
                bytes = frame;
            }
            bytes = bytes.saturating_add(size);
            batch.push(item);
        }
        if !batch.is_empty() {
            batches.push(packed(batch));
        }
        Ok(batches)
    }

    fn take_run(
        &mut self,
        task: TaskId,
        is_meant: impl FnOnce(&MapRun) -> bool,
    ) -> Option<(ThreadId, Box<Active>, Box<MapRun>)> {
        let id = *self.tasks.get(&task)?;
        let mut active = self.take_active(id)?;
        match std::mem::replace(&mut active.doing, Doing::Nothing) {
            Doing::Run(run) if is_meant(&run) => Some((id, active, run)),
            other => {
                active.doing = other;
                self.put_active(id, active);
                None
            }
        }
    }

    /// New limits: they hold for what is started and what fails from now on.
    pub(crate) fn run_updated(&mut self, task: TaskId, limits: MapRunLimits) {
        let Some((id, mut active, mut run)) = self.take_run(task, |_| true) else { return };
        if let Some(limit) = limits.max_concurrency {
            run.at_once = at_once(limit);
        }
        run.tolerated.count = limits.tolerated_count.or(run.tolerated.count);
        run.tolerated.percentage = limits.tolerated_percentage.or(run.tolerated.percentage);
        self.start_items(&mut run);
        active.doing = Doing::Run(run);
        self.put_active(id, active);
    }

    pub(crate) fn item_succeeded(&mut self, task: TaskId, index: usize, output: Json) {
        let Some((id, active, mut run)) = self.take_run(task, |run| run.runs(index)) else { return };
        run.outputs[index] = Some(output);
        self.item_over(id, active, run, index);
    }

    pub(crate) fn item_failed(&mut self, task: TaskId, index: usize) {
        let Some((id, mut active, mut run)) = self.take_run(task, |run| run.runs(index)) else { return };
        run.failed_items += run.inputs[index].1;
        if !run.tolerated.is_exceeded(run.failed_items, run.items) {
            self.item_over(id, active, run, index);
            return;
        }
        let failure = Tolerated::failure();
        self.tasks.remove(&task);
        self.effects.push(Effect::CancelTask(task));
        self.effects.push(Effect::EndMapRun { task, failed: true });
        let failed = self.record(run.started, Event::MapRunFailed(failure.clone()));
        self.set_previous(id, failed);
        active.ran = Some(run);
        self.fail_state(id, active, failed, failure, true);
    }

    fn item_over(&mut self, id: ThreadId, mut active: Box<Active>, mut run: Box<MapRun>, index: usize) {
        run.running[index] = false;
        run.done += 1;
        self.start_items(&mut run);
        if run.done < run.inputs.len() {
            active.doing = Doing::Run(run);
            self.put_active(id, active);
            return;
        }
        match self.run_succeeded(id, &mut active, *run) {
            Ok(_) => self.ready.push_back(id),
            Err(trouble) => self.in_trouble(id, active, trouble),
        }
    }

    fn run_succeeded(&mut self, id: ThreadId, active: &mut Active, run: MapRun) -> Result<After, Trouble> {
        self.tasks.remove(&run.task);
        self.effects.push(Effect::EndMapRun { task: run.task, failed: false });
        let succeeded = self.record(run.started, Event::MapRunSucceeded);
        self.record(succeeded, Event::MapStateSucceeded);
        // As recorded: the exit follows from the run's end in a first state, from its start in a later one.
        self.set_previous(id, if active.entered_previous == 0 { succeeded } else { run.started });
        let outputs: Vec<Json> = run.outputs.into_iter().flatten().collect();
        let outputs = if run.flatten {
            let each = outputs.into_iter().map(Json::into_value);
            each.flat_map(|output| match output {
                Value::Array(values) => values,
                other => vec![other],
            })
            .map(Json::from)
            .collect()
        } else {
            outputs
        };
        self.finish_result(id, active, crate::containers::joined(outputs))
    }

    /// Nobody waits for the run any more.
    pub(crate) fn abort_run(&mut self, run: &MapRun) {
        self.tasks.remove(&run.task);
        self.effects.push(Effect::CancelTask(run.task));
        self.effects.push(Effect::EndMapRun { task: run.task, failed: true });
    }

    /// Goes on with a run that failed: what did not succeed is done again.
    pub(crate) fn redrive_run(&mut self, id: ThreadId, mut active: Box<Active>, mut run: Box<MapRun>) {
        let previous = self.thread(id).map_or(active.entered, |thread| thread.previous);
        let event = Event::MapRunRedriven { arn: Arc::clone(&run.arn), count: self.redrives };
        run.started = self.record(previous, event);
        self.set_previous(id, run.started);
        self.tasks.insert(run.task, id);
        self.effects.push(Effect::RedriveMapRun(run.facts.clone()));
        run.waiting = (0..run.outputs.len()).filter(|index| run.outputs[*index].is_none()).collect();
        run.running.fill(false);
        run.failed_items = 0;
        run.done = run.outputs.len() - run.waiting.len();
        self.start_items(&mut run);
        active.doing = Doing::Run(run);
        self.put_active(id, active);
    }
}
