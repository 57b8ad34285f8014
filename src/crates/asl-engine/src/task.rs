//! Task states: scheduling, and every answer.
//!
//! ```text
//! schedule ─▶ Scheduled ─ (end of the step, or a worker) ─▶ Started ─ submitted ─▶ Submitted
//!                │                                            │                      │
//!                └───────────── succeeded, failed, timed out ─┴──────────────────────┘
//! ```
//!
//! An answer for a task that nobody waits for any more (it timed out, its Map was aborted) changes nothing.

use std::sync::Arc;

use asl::{Json, Kind, Pattern, Resource};
use serde_json::Value;

use crate::enter::{After, unexpected_type};
use crate::event::{Event, EventId, Scheduled, StateKind};
use crate::execution::{
    Active, Doing, Effect, Execution, Failure, Invocation, MAX_NESTING, MAX_PAYLOAD, Purpose, Step, TaskId, ThreadId,
    TimerId, TokenParts, seconds_later,
};
use crate::fail::Trouble;
use crate::redrive::Wreck;
use crate::test_state::Stage;

/// A task under way.
#[derive(Debug)]
pub(crate) struct Running {
    pub(crate) task: TaskId,
    timeout: Option<TimerId>,
    /// The timer, and the seconds that the heart may pause.
    heartbeat: Option<(TimerId, u64)>,
    pub(crate) names: Names,
}

/// An activity's task that is not scheduled yet.
#[derive(Debug)]
pub(crate) struct Finding {
    names: Names,
    payload: Json,
    scheduled: Scheduled,
}

/// How the events of a task name it.
#[derive(Clone, Debug)]
pub(crate) enum Names {
    /// A function by its ARN.
    Function { arn: Arc<str> },
    /// An activity.
    Activity { arn: Arc<str> },
    /// A service integration.
    Service { service: Arc<str>, action: Arc<str> },
}

impl Names {
    fn of(resource: &Resource) -> Self {
        match resource {
            Resource::Function { arn } | Resource::Other(arn) => Self::Function { arn: Arc::from(arn.as_str()) },
            Resource::Activity { arn } => Self::Activity { arn: Arc::from(arn.as_str()) },
            Resource::Integration { service, action, pattern, .. } => {
                let suffix = match pattern {
                    Pattern::RequestResponse => "",
                    Pattern::Sync => ".sync",
                    Pattern::Sync2 => ".sync:2",
                    Pattern::WaitForTaskToken => ".waitForTaskToken",
                };
                Self::Service { service: Arc::from(service.as_str()), action: Arc::from(format!("{action}{suffix}")) }
            }
        }
    }

    fn scheduled(&self, region: &str, payload: &Json, scheduled: Scheduled) -> Event {
        let text = Arc::clone(payload.text());
        match self {
            Self::Function { arn } => {
                Event::LambdaFunctionScheduled { resource: Arc::clone(arn), input: text, scheduled }
            }
            Self::Activity { arn } => Event::ActivityScheduled { resource: Arc::clone(arn), input: text, scheduled },
            Self::Service { service, action } => Event::TaskScheduled {
                service: Arc::clone(service),
                action: Arc::clone(action),
                region: Arc::from(region),
                parameters: text,
                scheduled,
            },
        }
    }

    fn started(&self, worker: Option<String>) -> Event {
        match self {
            Self::Function { .. } => Event::LambdaFunctionStarted,
            Self::Activity { .. } => Event::ActivityStarted { worker },
            Self::Service { service, action } => {
                Event::TaskStarted { service: Arc::clone(service), action: Arc::clone(action) }
            }
        }
    }

    fn succeeded(&self, output: &Json) -> Event {
        let output = Arc::clone(output.text());
        match self {
            Self::Function { .. } => Event::LambdaFunctionSucceeded { output },
            Self::Activity { .. } => Event::ActivitySucceeded { output },
            Self::Service { service, action } => {
                Event::TaskSucceeded { service: Arc::clone(service), action: Arc::clone(action), output }
            }
        }
    }

    fn failed(&self, failure: Failure) -> Event {
        match self {
            Self::Function { .. } => Event::LambdaFunctionFailed(failure),
            Self::Activity { .. } => Event::ActivityFailed(failure),
            Self::Service { service, action } => {
                Event::TaskFailed { service: Arc::clone(service), action: Arc::clone(action), failure }
            }
        }
    }

    fn timed_out(&self, failure: Failure) -> Event {
        match self {
            Self::Function { .. } => Event::LambdaFunctionTimedOut(failure),
            Self::Activity { .. } => Event::ActivityTimedOut(failure),
            Self::Service { service, action } => {
                Event::TaskTimedOut { service: Arc::clone(service), action: Arc::clone(action), failure }
            }
        }
    }
}

impl Execution {
    /// Evaluates what the task is called with and schedules it.
    pub(crate) fn schedule(&mut self, id: ThreadId, active: &mut Active, task: &asl::Task) -> Result<After, Trouble> {
        active.task = TaskId(self.next_task);
        self.next_task += 1;
        let waits_for_token =
            matches!(&task.resource, Resource::Integration { pattern: Pattern::WaitForTaskToken, .. });
        let waits_for_token = waits_for_token || matches!(&task.resource, Resource::Activity { .. });
        active.token = waits_for_token.then(|| {
            let parts =
                TokenParts { execution: self.facts.arn.clone(), task: active.task.0, nonce: self.chance.bits() };
            parts.encode()
        });
        let input = active.input.clone();
        let payload: Json = match &task.arguments {
            Some(template) => {
                let field = match active.state.language {
                    asl::QueryLanguage::JsonPath => "Parameters",
                    asl::QueryLanguage::Jsonata => "Arguments",
                };
                self.template(active, field, template, input.value(), None, None)?.into()
            }
            None => input.clone(),
        };
        self.trace_stage(&active.state, Stage::AfterParameters, &payload);
        if payload.is_deeper_than(MAX_NESTING) {
            return Err(Trouble::runtime(format!("A value is nested deeper than {MAX_NESTING} levels.")));
        }
        if payload.text().len() > MAX_PAYLOAD {
            let cause = format!(
                "The state/task '{}' has an input with a size exceeding the maximum number of bytes service limit.",
                active.state.name
            );
            return Err(Trouble::raised("States.DataLimitExceeded", cause));
        }
        let timeout = match &task.timeout {
            Some(setting) => Some(self.whole_setting_from(1, active, "TimeoutSeconds", setting)?),
            None => None,
        };
        let heartbeat = match &task.heartbeat {
            Some(setting) => Some(self.whole_setting_from(1, active, "HeartbeatSeconds", setting)?),
            None => None,
        };
        let role_arn = match &task.credentials {
            Some(template) => {
                let credentials = self.template(active, "Credentials", template, input.value(), None, None)?;
                match credentials.get("RoleArn") {
                    None => None,
                    Some(Value::String(role)) => Some(role.clone()),
                    Some(other) => return Err(no_role(template, other)),
                }
            }
            None => None,
        };
        let names = Names::of(&task.resource);
        let scheduled = Scheduled { timeout, heartbeat, role_arn };
        self.tasks.insert(active.task, id);
        if let Resource::Activity { arn } = &task.resource {
            // AWS schedules nothing for an activity that is not there, and only the outside knows.
            self.effects.push(Effect::FindActivity { task: active.task, arn: arn.clone() });
            active.doing = Doing::Finding(Box::new(Finding { names, payload, scheduled }));
            return Ok(After::Waits);
        }
        self.record_scheduled(id, active, task, names, payload, scheduled)
    }

    fn record_scheduled(
        &mut self,
        id: ThreadId,
        active: &mut Active,
        task: &asl::Task,
        names: Names,
        payload: Json,
        scheduled: Scheduled,
    ) -> Result<After, Trouble> {
        let Scheduled { timeout, heartbeat, .. } = scheduled;
        let previous = self.thread(id).map_or(active.entered, |thread| thread.previous);
        let region = self.facts.region.clone();
        let event = names.scheduled(&region, &payload, scheduled);
        let scheduled = self.record(previous, event);
        // The event may have been the last one that fits: then nothing is to be done any more.
        if self.ended.is_some() {
            return Ok(After::Moved);
        }
        self.set_previous(id, scheduled);
        let of_activity = matches!(task.resource, Resource::Activity { .. });
        let running = Running {
            task: active.task,
            timeout: timeout.map(|seconds| self.set_timer(seconds_later(self.now, seconds), Purpose::Timeout(id))),
            heartbeat: heartbeat.map(|seconds| {
                // An activity starts, and its heart with it, when a worker asks for it; all else at the end of this step.
                let timer = self.reserve_timer();
                if !of_activity {
                    self.set_reserved(timer, seconds_later(self.now, seconds), Purpose::Heartbeat(id));
                }
                (timer, seconds)
            }),
            names,
        };
        if !of_activity {
            self.starting.push((id, active.task));
        }
        let calls = self.calls.entry(Arc::clone(&active.state.name)).or_default();
        let calls_before = *calls;
        *calls += 1;
        self.effects.push(Effect::Invoke(Invocation {
            task: active.task,
            state: Arc::clone(&active.state.name),
            calls_before,
            token: active.token.clone(),
            resource: task.resource.clone(),
            payload,
        }));
        active.doing = Doing::Task(running);
        Ok(After::Waits)
    }

    /// Whether an activity is there is known: its task is scheduled, or the state fails.
    pub(crate) fn activity_found(&mut self, task: TaskId, exists: bool) {
        let Some(&id) = self.tasks.get(&task) else { return };
        let Some(mut active) = self.take_active(id) else { return };
        let state = Arc::clone(&active.state);
        let (Kind::Task(work), Doing::Finding(finding)) =
            (&state.kind, std::mem::replace(&mut active.doing, Doing::Nothing))
        else {
            self.put_active(id, active);
            return;
        };
        let Finding { names, payload, scheduled } = *finding;
        let begun = if exists {
            self.record_scheduled(id, &mut active, work, names, payload, scheduled)
        } else {
            self.tasks.remove(&task);
            Err(Trouble::runtime(format!("The activity {} does not exist.", work.resource.as_str())))
        };
        match begun {
            Ok(After::Waits) => self.put_active(id, active),
            Ok(After::Moved) => {}
            Err(trouble) => self.in_trouble(id, active, trouble),
        }
    }

    /// The scheduled work starts.
    pub(crate) fn begin_scheduled(&mut self, id: ThreadId, task: TaskId) {
        // It may have been aborted within the step that scheduled it.
        if self.tasks.get(&task) != Some(&id) {
            return;
        }
        if let Some((names, previous)) = self.names_of(id) {
            let started = self.record(previous, names.started(None));
            self.set_previous(id, started);
        }
    }

    pub(crate) fn task_started(&mut self, task: TaskId, worker: Option<String>) {
        let Some(&id) = self.tasks.get(&task) else { return };
        if let Some((names, previous)) = self.names_of(id) {
            let started = self.record(previous, names.started(worker));
            self.set_previous(id, started);
        }
        // For an activity the heart begins to beat now.
        // <https://docs.aws.amazon.com/step-functions/latest/dg/state-task.html>
        let Some(active) = self.take_active(id) else { return };
        if let Doing::Task(Running { heartbeat: Some((timer, seconds)), .. }) = &active.doing {
            self.set_reserved(*timer, seconds_later(self.now, *seconds), Purpose::Heartbeat(id));
        }
        self.put_active(id, active);
    }

    pub(crate) fn task_submitted(&mut self, task: TaskId, output: Json) {
        let Some(&id) = self.tasks.get(&task) else { return };
        if let Some((Names::Service { service, action }, previous)) = self.names_of(id) {
            let event = Event::TaskSubmitted { service, action, output: Arc::clone(output.text()) };
            let submitted = self.record(previous, event);
            self.set_previous(id, submitted);
        }
    }

    pub(crate) fn task_succeeded(&mut self, task: TaskId, output: Json) {
        if output.is_deeper_than(MAX_NESTING) {
            let cause = format!("The result is nested deeper than {MAX_NESTING} levels.");
            return self.task_failed(task, Failure::new("States.TaskFailed", cause));
        }
        if output.text().len() > MAX_PAYLOAD {
            let Some(&id) = self.tasks.get(&task) else { return };
            let name = match self.names_of(id) {
                Some((Names::Function { arn } | Names::Activity { arn }, _)) => arn.to_string(),
                Some((Names::Service { service, action }, _)) => format!("{service}:{action}"),
                None => return,
            };
            let cause = format!(
                "The state/task '{name}' returned a result with a size exceeding the maximum number of bytes service limit."
            );
            return self.task_failed(task, Failure::new("States.DataLimitExceeded", cause));
        }
        let Some((id, mut active, running)) = self.end_task(task) else { return };
        let previous = self.thread(id).map_or(active.entered, |thread| thread.previous);
        let succeeded = self.record(previous, running.names.succeeded(&output));
        self.set_previous(id, succeeded);
        match self.finish_result(id, &mut active, output) {
            Ok(_) => self.ready.push_back(id),
            Err(trouble) => self.in_trouble(id, active, trouble),
        }
    }

    pub(crate) fn task_failed(&mut self, task: TaskId, failure: Failure) {
        let Some((id, active, running)) = self.end_task(task) else { return };
        let previous = self.thread(id).map_or(active.entered, |thread| thread.previous);
        let failed = self.record(previous, running.names.failed(failure.clone()));
        self.set_previous(id, failed);
        self.fail_state(id, active, failed, failure, true);
    }

    /// The tasks of these threads took too long.
    pub(crate) fn tasks_timed_out(&mut self, threads: &[ThreadId], error: &str) {
        let told: Vec<(ThreadId, EventId)> = threads.iter().filter_map(|id| self.tell_timed_out(*id, error)).collect();
        for (id, timed_out) in told {
            // The failure of an earlier one may have taken the thread with it.
            if self.thread(id).is_some_and(|thread| thread.previous == timed_out)
                && let Some(active) = self.take_active(id)
            {
                self.fail_state(id, active, timed_out, Failure::named(error), true);
            }
        }
    }

    /// Ends a task that took too long, and says so.
    fn tell_timed_out(&mut self, id: ThreadId, error: &str) -> Option<(ThreadId, EventId)> {
        let task = match self.thread(id).map(|thread| &thread.step) {
            Some(Step::In(active)) => active.task,
            _ => return None,
        };
        let (id, active, running) = self.end_task(task)?;
        self.effects.push(Effect::CancelTask(task));
        let previous = self.thread(id).map_or(active.entered, |thread| thread.previous);
        let timed_out = self.record(previous, running.names.timed_out(Failure::named(error)));
        self.set_previous(id, timed_out);
        self.put_active(id, active);
        Some((id, timed_out))
    }

    pub(crate) fn heartbeat(&mut self, task: TaskId) {
        let Some(&id) = self.tasks.get(&task) else { return };
        let Some(mut active) = self.take_active(id) else { return };
        if let Doing::Task(running) = &mut active.doing
            && let Some((timer, seconds)) = running.heartbeat
        {
            self.cancel_timer(timer);
            let timer = self.set_timer(seconds_later(self.now, seconds), Purpose::Heartbeat(id));
            running.heartbeat = Some((timer, seconds));
        }
        self.put_active(id, active);
    }

    /// Takes a task and its timers out of the books.
    fn end_task(&mut self, task: TaskId) -> Option<(ThreadId, Box<Active>, Running)> {
        let id = self.tasks.remove(&task)?;
        let mut active = self.take_active(id)?;
        match std::mem::replace(&mut active.doing, Doing::Nothing) {
            Doing::Task(running) => {
                self.forget_timers(&running);
                Some((id, active, running))
            }
            other => {
                active.doing = other;
                self.put_active(id, active);
                None
            }
        }
    }

    fn forget_timers(&mut self, running: &Running) {
        for timer in running.timeout.into_iter().chain(running.heartbeat.map(|(timer, _)| timer)) {
            self.cancel_timer(timer);
        }
    }

    /// Gives up what a state does: its task, its timer, its children. Writes what AWS writes of it, and answers what is
    /// left of it, in case of a redrive.
    pub(crate) fn abort(&mut self, id: ThreadId, at: u64) -> Option<Wreck> {
        let Some(mut active) = self.take_active(id) else {
            let mut thread = self.remove(id)?;
            return match std::mem::replace(&mut thread.step, Step::Busy) {
                Step::Between { next, input } => Some(Wreck::entering(thread, next, input)),
                _ => None,
            };
        };
        match std::mem::replace(&mut active.doing, Doing::Nothing) {
            Doing::Task(running) => {
                self.tasks.remove(&running.task);
                self.effects.push(Effect::CancelTask(running.task));
                self.forget_timers(&running);
            }
            Doing::Waiting(timer) | Doing::BackingOff(timer) => self.cancel_timer(timer),
            Doing::Children(mut children) => {
                let wrecks = self.abort_children(&mut children, at, None);
                active.wrecked = Some((children, wrecks));
            }
            Doing::Run(run) => {
                self.abort_run(&run);
                active.ran = Some(run);
            }
            Doing::Finding(_) => drop(self.tasks.remove(&active.task)),
            Doing::Selecting(_) | Doing::Nothing => {}
        }
        let kind = StateKind::of(&active.state.kind);
        if matches!(active.state.kind, Kind::Task(_) | Kind::Wait(_) | Kind::Map(_) | Kind::Parallel(_)) {
            self.record(at, Event::StateAborted { kind });
        }
        let thread = self.remove(id)?;
        Some(Wreck::of(thread, active))
    }

    fn names_of(&mut self, id: ThreadId) -> Option<(Names, u64)> {
        let thread = self.thread(id)?;
        match &thread.step {
            Step::In(active) => match &active.doing {
                Doing::Task(running) => Some((running.names.clone(), thread.previous)),
                _ => None,
            },
            _ => None,
        }
    }
}

/// What is told of a role that is no string.
fn no_role(credentials: &asl::Template, found: &Value) -> Trouble {
    let query = match credentials {
        asl::Template::Object(fields) => fields.iter().find_map(|field| match &field.value {
            asl::Template::Query(query) if field.name == "RoleArn" => Some(query),
            _ => None,
        }),
        _ => None,
    };
    match query {
        Some(query) => unexpected_type(query.source(), "Credentials/RoleArn", "string", found),
        None => Trouble::runtime(format!("The field 'RoleArn' of the Credentials must be a string but was: {found}")),
    }
}
