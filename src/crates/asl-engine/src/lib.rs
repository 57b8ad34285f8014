//! An execution of a state machine.
//!
//! [`Execution::start`] and [`Execution::step`] are told what happened and answer, as a list of [`Effect`]s, what
//! should happen next: history to record, work to invoke, timers to set, the end. Never waits, never reads a clock,
//! never calls a function: time comes with every [`Input`], chance from the seed. The same inputs therefore give the
//! same history, which is how an execution survives a crash.
//!
//! Histories are those of AWS Step Functions, event for event:
//! <https://docs.aws.amazon.com/step-functions/latest/apireference/API_HistoryEvent.html>.

mod containers;
mod context;
mod enter;
mod event;
mod execution;
mod fail;
mod finish;
mod map_run;
mod redrive;
mod seam;
mod spell;
mod task;
mod test_state;

pub use event::{Event, EventId, HistoryEvent, Scheduled, StateKind};
pub use execution::{
    Broken, Effect, Ended, Execution, Facts, Failure, Input, Invocation, MAX_EVENTS, MAX_NESTING, MAX_PAYLOAD,
    MapRunFacts, MapRunLimits, Stamped, TaskId, TimerId, TokenParts,
};
pub use spell::history_text;
pub use test_state::{Mock, Probe, Settings, Tested, Verdict, test_state};
