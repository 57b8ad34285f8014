//! Leaving a state badly: retry, catch, or let the failure go up.

use std::sync::Arc;

use asl::{Json, Next, QueryLanguage, StateName, matches_error};
use serde_json::{Value, json};

use crate::event::{Event, EventId, StateKind};
use crate::execution::{Active, Doing, Execution, Failure, Purpose, ThreadId};
use crate::redrive::Wreck;
use crate::test_state::Verdict;

/// Something in a state that has no value, before anybody outside was asked.
#[derive(Clone, Debug)]
pub(crate) struct Trouble {
    failure: Failure,
    /// The cause is told with the state and the event that entered it.
    prefixed: bool,
    sort: Sort,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Sort {
    /// A JSONPath that leads nowhere and the like: `States.Runtime`, without an event of its own.
    Runtime,
    /// A JSONata expression: written as `EvaluationFailed`.
    Query { location: Option<String> },
    /// An error of the state itself.
    Raised,
}

impl Trouble {
    pub(crate) fn runtime(cause: impl Into<String>) -> Self {
        Self { failure: Failure::new("States.Runtime", cause), prefixed: true, sort: Sort::Runtime }
    }

    pub(crate) fn query(location: Option<String>, cause: impl Into<String>) -> Self {
        let failure = Failure::new("States.QueryEvaluationError", cause);
        Self { failure, prefixed: true, sort: Sort::Query { location } }
    }

    pub(crate) fn raised(error: &str, cause: String) -> Self {
        Self { failure: Failure::new(error, cause), prefixed: false, sort: Sort::Raised }
    }

    /// The failure as it is.
    pub(crate) fn of(failure: Failure) -> Self {
        Self { failure, prefixed: false, sort: Sort::Raised }
    }

    pub(crate) fn prefixed(self) -> Self {
        Self { prefixed: true, ..self }
    }

    /// The failure as it is told of the state, and what kind it is of.
    fn told(self, active: &Active) -> (Failure, Sort) {
        let Self { mut failure, prefixed, sort } = self;
        if prefixed {
            let cause = failure.cause.unwrap_or_default();
            failure.cause = Some(format!(
                "An error occurred while executing the state '{}' (entered at the event id #{}). {cause}",
                active.state.name, active.entered
            ));
        }
        (failure, sort)
    }

    pub(crate) fn cause(&self) -> String {
        self.failure.cause.clone().unwrap_or_default()
    }
}

impl Execution {
    pub(crate) fn in_trouble(&mut self, id: ThreadId, active: Box<Active>, trouble: Trouble) {
        let (failure, sort) = trouble.told(&active);
        let (state, entered) = (&active.state, active.entered);
        let previous = self.thread(id).map_or(entered, |thread| thread.previous);
        match sort {
            Sort::Query { location } => {
                let kind = StateKind::of(&state.kind);
                // As recorded: Pass and Map skip their own StateEntered here, others do not.
                let skips = previous == entered && matches!(kind, StateKind::Pass | StateKind::Map);
                let from = if skips { active.entered_previous } else { previous };
                let event =
                    Event::EvaluationFailed { state: Arc::clone(&state.name), location, failure: failure.clone() };
                let failed = self.record(from, event);
                self.fail_state(id, active, failed, failure, true);
            }
            Sort::Runtime => self.fail_state(id, active, previous, failure, false),
            Sort::Raised => self.fail_state(id, active, previous, failure, true),
        }
    }

    /// The state failed; `at` is the event that says so. `ends_container` tells whether a Map or Parallel writes its
    /// own failure, which it does not for a path that leads nowhere.
    pub(crate) fn fail_state(
        &mut self,
        id: ThreadId,
        mut active: Box<Active>,
        at: EventId,
        failure: Failure,
        ends_container: bool,
    ) {
        let error = failure.error.clone().unwrap_or_default();
        let state = Arc::clone(&active.state);
        let retrier = state.kind.retry().iter().enumerate().find(|(_, retrier)| matches_error(&retrier.errors, &error));
        if let Some((index, retrier)) = retrier {
            self.trace_retrier(index, retrier, active.retries[index]);
        }
        if let Some((index, retrier)) = retrier
            && active.retries[index] < retrier.max_attempts
        {
            if self.trace.is_some() {
                self.test_over(Verdict::Retriable, failure);
                return;
            }
            active.retries[index] += 1;
            active.retry_count += 1;
            let mut seconds = retrier.delay_seconds(active.retries[index]);
            if retrier.full_jitter {
                seconds *= self.chance.unit();
            }
            #[expect(clippy::cast_possible_truncation, reason = "a delay is at most a year")]
            let due = self.now.saturating_add((seconds * 1000.0).round() as i64);
            self.set_previous(id, at);
            active.doing = Doing::BackingOff(self.set_timer(due, Purpose::Retry(id)));
            self.put_active(id, active);
            return;
        }
        if self.trace.is_some() && !state.kind.catch().iter().any(|catcher| matches_error(&catcher.errors, &error)) {
            self.test_over(Verdict::Failed, failure);
            return;
        }
        let at = match (&state.kind, ends_container) {
            (asl::Kind::Map(_), true) => self.record(at, Event::MapStateFailed),
            (asl::Kind::Parallel(_), true) => self.record(at, Event::ParallelStateFailed),
            _ => at,
        };
        let catcher = state.kind.catch().iter().enumerate().find(|(_, catcher)| matches_error(&catcher.errors, &error));
        if let Some((index, catcher)) = catcher {
            self.trace_catcher(index, &failure);
            self.set_previous(id, at);
            match self.caught(id, &mut active, (index, catcher), &failure) {
                Ok(()) => self.ready.push_back(id),
                // A catcher whose own expressions fail is not caught by itself.
                Err(trouble) => {
                    let (failure, sort) = trouble.told(&active);
                    if self.trace.is_some() {
                        self.test_over(Verdict::Failed, failure);
                        return;
                    }
                    let at = match sort {
                        Sort::Query { location } => {
                            let (state, failure) = (Arc::clone(&state.name), failure.clone());
                            self.record(at, Event::EvaluationFailed { state, location, failure })
                        }
                        Sort::Runtime | Sort::Raised => at,
                    };
                    self.leave_failed(id, at, failure, StateKind::of(&state.kind), active);
                }
            }
            return;
        }
        self.leave_failed(id, at, failure, StateKind::of(&state.kind), active);
    }

    fn caught(
        &mut self,
        id: ThreadId,
        active: &mut Active,
        (index, catcher): (usize, &asl::Catcher),
        failure: &Failure,
    ) -> Result<(), Trouble> {
        let error_output = error_output(failure);
        let json = Json::from(error_output.clone());
        let output = match active.state.language {
            QueryLanguage::JsonPath => self.place_result(active, &catcher.result_path, &json)?,
            QueryLanguage::Jsonata => match &catcher.output {
                Some(template) => {
                    let input = active.raw_input.clone();
                    let field = format!("Catch[{index}]/Output");
                    self.template(active, &field, template, input.value(), None, Some(&error_output))?.into()
                }
                None => json.clone(),
            },
        };
        let field = format!("Catch[{index}]/Assign");
        let assigned = self.assign(active, &field, catcher.assign.as_ref(), &json, Some(&error_output))?;
        self.leave(id, active, output, assigned, &Next::State(Arc::clone(&catcher.next))).map(|_| ())
    }

    /// Nobody caught it: the thread ends, and so does what it belongs to.
    fn leave_failed(&mut self, id: ThreadId, at: EventId, failure: Failure, kind: StateKind, active: Box<Active>) {
        let Some(thread) = self.remove(id) else { return };
        let parent = thread.parent;
        let wreck = (!self.facts.express).then(|| Wreck::of(thread, active));
        self.over(parent, at, failure, kind, wreck);
    }

    /// The same for a state that was not begun, or is its own failure: it is entered again in case of a redrive.
    pub(crate) fn leave_entered(
        &mut self,
        id: ThreadId,
        at: EventId,
        failure: Failure,
        kind: StateKind,
        entered: (StateName, Json),
    ) {
        let Some(thread) = self.remove(id) else { return };
        let parent = thread.parent;
        let wreck = Wreck::entering(thread, entered.0, entered.1);
        self.over(parent, at, failure, kind, Some(wreck));
    }

    fn over(
        &mut self,
        parent: Option<(ThreadId, usize)>,
        at: EventId,
        failure: Failure,
        kind: StateKind,
        wreck: Option<Wreck>,
    ) {
        match parent {
            None => {
                self.wreck = wreck.map(Box::new);
                self.end_failed(at, failure);
            }
            Some((parent, index)) => self.child_failed(parent, index, at, failure, kind, wreck),
        }
    }

    /// The delay is over.
    pub(crate) fn retry(&mut self, id: ThreadId) {
        if let Some(mut active) = self.take_active(id) {
            active.doing = Doing::Nothing;
            self.begin_again(id, active);
            self.ready.push_back(id);
        }
    }
}

/// What a catcher sees. An error without a cause has an empty one; without either, both are null.
fn error_output(failure: &Failure) -> Value {
    match (&failure.error, &failure.cause) {
        (None, None) => json!({"Error": null, "Cause": null}),
        (error, cause) => {
            json!({"Error": error.as_deref().unwrap_or_default(), "Cause": cause.as_deref().unwrap_or_default()})
        }
    }
}
