//! Why an action cannot be done now.
//!
//! Decides by plain facts, so that the help, the palette and the footer say the same, and whoever acts can ask first.
//! Never asks the cloud and does nothing.

use super::keymap::Intent;
use super::model::Pane;
use super::test_state::Testable;
use crate::facts::ExecutionStatus;

/// What decides what can be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Situation {
    /// The pane that keys go to.
    pub pane: Pane,
    /// Whether everything that changes something in the cloud is refused.
    pub is_read_only: bool,
    /// Whether that is because it is production.
    pub is_production: bool,
    /// Whether an exported execution is shown, without a cloud.
    pub is_replay: bool,
    /// Whether the cloud is not AWS's own: the embedded one, or one at another endpoint.
    pub is_embedded: bool,
    /// Whether it was reached by a profile, a region or an endpoint.
    pub is_elsewhere: bool,
    /// The execution that is looked at.
    pub watch: Option<Watched>,
    /// The state that is chosen.
    pub state: Option<ChosenState>,
    /// Whether a state machine is drawn.
    pub has_graph: bool,
    /// Whether the state machine calls functions.
    pub has_functions: bool,
    /// How many executions are listed.
    pub executions: usize,
    /// How many are marked.
    pub marks: usize,
    /// How many of them run.
    pub marked_running: usize,
    /// How many of them have ended otherwise than well.
    pub marked_failed: usize,
    /// Whether the execution that is looked at is one of them.
    pub is_watch_marked: bool,
    /// Whether an order is chosen in the list of orders.
    pub has_chosen_order: bool,
    /// Whether there is a table of orders.
    pub has_orders: bool,
    /// Whether a marked order, the one that is looked at, or the chosen state waits for somebody.
    pub has_waiting: bool,
    /// How many places match what was searched for; `None` if nothing was.
    pub matches: Option<usize>,
    /// Whether a line of the logs as shown is an error.
    pub has_log_errors: bool,
    /// Whether a text is being edited.
    pub is_editing: bool,
    /// Whether the environment names an editor.
    pub has_editor: bool,
}

/// What decides of the execution that is looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Watched {
    /// Where it stands; `None` while that is not known.
    pub status: Option<ExecutionStatus>,
    /// Whether its machine is an Express one.
    pub is_express: bool,
    /// Whether Step Functions says that it can be redriven; `None` where it was not asked.
    pub is_redrivable: Option<bool>,
    /// Whether its input is known.
    pub has_input: bool,
    /// Whether it is of a machine that can be started.
    pub has_machine: bool,
    /// Whether it handles an order.
    pub has_order: bool,
    /// Whether it is known which execution started it.
    pub has_parent: bool,
    /// How many of its events are known.
    pub events: usize,
    /// How many states failed in it, as of the moment that is shown.
    pub failures: usize,
    /// Whether the moment that is shown is the one of the first event, or before it.
    pub at_first_event: bool,
    /// Whether it is the one of the last event so far.
    pub at_live_end: bool,
}

/// What decides of the state that is chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChosenState {
    /// Whether it can be tested alone.
    pub testable: Testable,
    /// Whether it is a Map or Parallel, or inside of one.
    pub is_in_container: bool,
    /// Whether it has started an execution.
    pub has_child: bool,
    /// How many iterations the Map has that it is, or is inside of; 0 without one.
    pub iterations: usize,
}

impl Default for Situation {
    /// Of a dashboard that knows nothing yet.
    fn default() -> Self {
        Self {
            pane: Pane::Executions,
            is_read_only: false,
            is_production: false,
            is_replay: false,
            is_embedded: false,
            is_elsewhere: false,
            watch: None,
            state: None,
            has_graph: false,
            has_functions: false,
            executions: 0,
            marks: 0,
            marked_running: 0,
            marked_failed: 0,
            is_watch_marked: false,
            has_chosen_order: false,
            has_orders: true,
            has_waiting: false,
            matches: None,
            has_log_errors: false,
            is_editing: false,
            has_editor: false,
        }
    }
}

/// Why the intent is off, as it follows a colon; `None` where it can be done.
pub fn why_off(intent: Intent, facts: &Situation) -> Option<&'static str> {
    possible(intent, facts).err()
}

/// Whether it changes something in the cloud. A test of a state runs it for real, so it changes what the state changes.
pub const fn changes(intent: Intent) -> bool {
    matches!(
        intent,
        Intent::NewOrder
            | Intent::Again
            | Intent::Approve
            | Intent::Reject
            | Intent::Stop
            | Intent::Redrive
            | Intent::TestState
    )
}

/// Nothing, or why not.
type Answer = Result<(), &'static str>;

fn possible(intent: Intent, facts: &Situation) -> Answer {
    if changes(intent) {
        changing(facts)?;
    }
    match intent {
        // Ways of the dashboard itself are always open. Where there is nothing to move in, nothing moves.
        Intent::Quit
        | Intent::Suspend
        | Intent::ZoomIn
        | Intent::ZoomOut
        | Intent::Help
        | Intent::Palette
        | Intent::Back
        | Intent::NextPane
        | Intent::PreviousPane
        | Intent::ZoomPane
        | Intent::Grow
        | Intent::Shrink
        | Intent::Up
        | Intent::Down
        | Intent::PageUp
        | Intent::PageDown
        | Intent::First
        | Intent::Last
        | Intent::Copy
        | Intent::Times
        | Intent::Mouse
        | Intent::Level
        | Intent::Filter
        | Intent::Fields
        | Intent::WrapLines
        | Intent::PlainLines
        | Intent::Send
        | Intent::Confirm => Ok(()),
        Intent::Focus(number) => must((1..=Pane::ALL.len()).contains(&usize::from(number)), "there is no such pane"),
        Intent::Follow => must(!facts.is_replay, "an exported execution does not go on"),

        Intent::NewOrder => Ok(()),
        Intent::Again => {
            must(watched(facts)?.has_input, "its input is not known")?;
            must(watched(facts)?.has_machine, "a Map alone starts such an execution")
        }
        Intent::Approve | Intent::Reject => {
            must(facts.has_waiting, "nothing waits for somebody here: choose such an order or state")
        }
        Intent::Stop => {
            if facts.marks > 0 {
                return must(facts.marked_running > 0, "none of the marked executions runs");
            }
            stop(watched(facts)?)
        }
        Intent::Redrive => {
            if facts.marks > 0 {
                return must(facts.marked_failed > 0, "none of the marked executions has failed");
            }
            redrive(watched(facts)?)
        }
        Intent::TestState => {
            let state = facts.state.ok_or("no state is chosen")?;
            state.testable.why_not().map_or(Ok(()), Err)
        }

        Intent::FirstCause | Intent::NextFailure => {
            must(history(facts)?.failures > 0, "nothing has failed in this execution")
        }
        Intent::EventBack | Intent::StateBack => must(!history(facts)?.at_first_event, "this is the first event"),
        Intent::EventForward | Intent::StateForward | Intent::Live => {
            must(!history(facts)?.at_live_end, "this is the last event so far")
        }
        Intent::Export => history(facts).map(|_| ()),
        Intent::Console => {
            must(!facts.is_embedded, "this cloud has no AWS console")?;
            watched(facts).map(|_| ())
        }

        Intent::Density
        | Intent::Fit
        | Intent::Minimap
        | Intent::PanUp
        | Intent::PanDown
        | Intent::PanLeft
        | Intent::PanRight => must(facts.has_graph, "no state machine is drawn"),
        Intent::MoveLeft | Intent::MoveRight | Intent::AlongWay | Intent::BackAlongWay => {
            must(facts.state.is_some(), "no state is chosen")
        }
        Intent::Collapse => {
            must(facts.state.ok_or("no state is chosen")?.is_in_container, "the state is in no Map and no Parallel")
        }
        Intent::Iteration => match facts.state.ok_or("no state is chosen")?.iterations {
            0 => Err("the state is in no Map that has iterations"),
            1 => Err("there is one iteration only"),
            _ => Ok(()),
        },

        Intent::Mark => match facts.pane {
            Pane::Executions => must(facts.executions > 0, "there are no executions"),
            Pane::Inspector => Ok(()),
            Pane::Graph | Pane::Orders | Pane::Logs | Pane::Timeline | Pane::Events | Pane::Metrics => {
                Err("executions are marked, and rows of the inspector folded")
            }
        },
        Intent::Compare => compare(facts),
        Intent::Fleet => {
            must(!facts.is_replay, "there is the one exported execution only")?;
            must(facts.executions > 0, "there are no executions")
        }
        Intent::Other if facts.pane == Pane::Orders => must(facts.has_chosen_order, "no order is chosen"),
        Intent::Other => {
            must(facts.has_orders, "there is no table of orders here")?;
            must(watched(facts)?.has_order, "this execution handles no order")
        }
        Intent::Open => match facts.pane {
            Pane::Executions => must(facts.executions > 0, "there are no executions"),
            Pane::Graph => must(facts.state.is_some(), "no state is chosen"),
            Pane::Orders => must(facts.has_chosen_order, "no order is chosen"),
            Pane::Inspector | Pane::Logs | Pane::Timeline | Pane::Events | Pane::Metrics => Ok(()),
        },

        Intent::Search => match facts.pane {
            Pane::Executions | Pane::Graph | Pane::Inspector | Pane::Logs | Pane::Events => Ok(()),
            Pane::Orders => must(facts.has_orders, "there is no table of orders here"),
            Pane::Timeline | Pane::Metrics => Err("nothing can be searched in this pane"),
        },
        Intent::NextMatch | Intent::PreviousMatch => match facts.matches {
            None => Err("nothing was searched for"),
            Some(0) => Err("nothing matches"),
            Some(_) => Ok(()),
        },
        Intent::Scope => watched(facts).map(|_| ()),
        Intent::NextError | Intent::PreviousError => must(facts.has_log_errors, "no line of the logs is an error"),

        Intent::Editor => {
            must(facts.is_editing, "nothing is being edited")?;
            must(facts.has_editor, "neither VISUAL nor EDITOR is set")
        }
        Intent::Machines => must(!facts.is_replay, "a file has one state machine"),
        Intent::LiveTail => {
            must(!facts.is_replay, "an exported execution does not go on")?;
            must(
                !facts.is_elsewhere || !facts.is_embedded,
                "live tails have an address of their own, not this endpoint's",
            )?;
            must(facts.has_functions, "the state machine calls no function by name")
        }
        Intent::Versions => must(!facts.is_replay, "a file has one state machine"),
        Intent::Child => {
            must(!facts.is_replay, "a file has one execution")?;
            must(facts.state.is_some_and(|state| state.has_child), "the state has started no execution")
        }
        Intent::Parent => {
            must(!facts.is_replay, "a file has one execution")?;
            must(watched(facts)?.has_parent, "no execution is known to have started this one")
        }
        Intent::Unlock => {
            must(!facts.is_replay, "an exported execution is shown, there is no cloud")?;
            must(facts.is_read_only, "changes are allowed here")?;
            must(facts.is_production, "it was asked for, by --read-only or the configuration: start without it")
        }
        Intent::Places => {
            must(!facts.is_replay, "an exported execution is shown, there is no cloud")?;
            must(facts.is_elsewhere, "the embedded cloud is one place: --profile or --region is for AWS")
        }
        Intent::Calls => must(!facts.is_replay, "no cloud is called"),
    }
}

fn must(holds: bool, why_not: &'static str) -> Answer {
    if holds { Ok(()) } else { Err(why_not) }
}

/// Whether the cloud may be changed at all.
fn changing(facts: &Situation) -> Answer {
    must(!facts.is_replay, "an exported execution is shown, there is no cloud")?;
    must(!facts.is_read_only, "the dashboard is read-only")
}

fn watched(facts: &Situation) -> Result<&Watched, &'static str> {
    facts.watch.as_ref().ok_or("no execution is looked at")
}

/// The execution, if something of its history is known.
fn history(facts: &Situation) -> Result<&Watched, &'static str> {
    let watch = watched(facts)?;
    must(watch.events > 0, "its history is not known yet")?;
    Ok(watch)
}

/// `StopExecution` is for standard machines alone.
fn stop(watch: &Watched) -> Answer {
    must(!watch.is_express, "an Express execution cannot be stopped")?;
    match watch.status {
        Some(ExecutionStatus::Running | ExecutionStatus::PendingRedrive) => Ok(()),
        Some(
            ExecutionStatus::Succeeded | ExecutionStatus::Failed | ExecutionStatus::TimedOut | ExecutionStatus::Aborted,
        ) => Err("this execution has ended"),
        None => Err("where it stands is not known yet"),
    }
}

/// As Step Functions says which executions can be redriven:
/// <https://docs.aws.amazon.com/step-functions/latest/dg/redrive-executions.html>.
fn redrive(watch: &Watched) -> Answer {
    must(!watch.is_express, "an Express execution cannot be redriven")?;
    match watch.status {
        Some(ExecutionStatus::Running) => Err("this execution runs"),
        Some(ExecutionStatus::PendingRedrive) => Err("it is about to be redriven"),
        Some(ExecutionStatus::Succeeded) => Err("this execution succeeded"),
        Some(ExecutionStatus::Failed | ExecutionStatus::TimedOut | ExecutionStatus::Aborted) => {
            must(watch.is_redrivable != Some(false), "Step Functions says that it can no longer be redriven")
        }
        None => Err("where it stands is not known yet"),
    }
}

/// Two that are marked, or one that is and the one that is looked at.
fn compare(facts: &Situation) -> Answer {
    match facts.marks {
        2 => Ok(()),
        1 if facts.watch.is_some() && !facts.is_watch_marked => Ok(()),
        0 | 1 => Err("two are compared: mark another execution"),
        _ => Err("two are compared: more are marked"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn watch(status: ExecutionStatus) -> Watched {
        Watched {
            status: Some(status),
            events: 3,
            has_input: true,
            has_machine: true,
            at_first_event: true,
            ..Watched::default()
        }
    }

    fn of(status: ExecutionStatus, change: impl FnOnce(&mut Watched)) -> Situation {
        let mut watch = watch(status);
        change(&mut watch);
        Situation { watch: Some(watch), ..Situation::default() }
    }

    fn with(change: impl FnOnce(&mut Situation)) -> Situation {
        let mut situation = Situation { watch: Some(watch(ExecutionStatus::Running)), ..Situation::default() };
        change(&mut situation);
        situation
    }

    fn state(testable: Testable, is_in_container: bool, iterations: usize) -> Option<ChosenState> {
        Some(ChosenState { testable, is_in_container, has_child: false, iterations })
    }

    fn check(facts: &Situation, cases: &[(Intent, Option<&str>)]) {
        for (intent, expected) in cases {
            assert_eq!(why_off(*intent, facts), *expected, "{intent:?} {facts:?}");
        }
    }

    #[test]
    fn a_dashboard_that_knows_nothing_says_what_is_missing() {
        check(
            &Situation::default(),
            &[
                (Intent::Help, None),
                (Intent::NewOrder, None),
                (Intent::Again, Some("no execution is looked at")),
                (Intent::Stop, Some("no execution is looked at")),
                (Intent::FirstCause, Some("no execution is looked at")),
                (Intent::TestState, Some("no state is chosen")),
                (Intent::Compare, Some("two are compared: mark another execution")),
                (Intent::NextMatch, Some("nothing was searched for")),
                (Intent::Editor, Some("nothing is being edited")),
                (Intent::Focus(8), None),
                (Intent::Focus(9), Some("there is no such pane")),
                (Intent::Focus(0), Some("there is no such pane")),
            ],
        );
    }

    #[test]
    fn nothing_is_changed_where_nothing_may_be() {
        let changing = [
            Intent::NewOrder,
            Intent::Again,
            Intent::Approve,
            Intent::Reject,
            Intent::Stop,
            Intent::Redrive,
            Intent::TestState,
        ];
        let read_only = with(|facts| facts.is_read_only = true);
        let replay = with(|facts| facts.is_replay = true);
        for intent in changing {
            check(&read_only, &[(intent, Some("the dashboard is read-only"))]);
            check(&replay, &[(intent, Some("an exported execution is shown, there is no cloud"))]);
        }
        check(&read_only, &[(Intent::Copy, None), (Intent::Export, None), (Intent::EventForward, None)]);
    }

    #[test]
    fn where_an_execution_stands_decides_what_can_be_done_to_it() {
        use ExecutionStatus as S;
        let express = of(S::Failed, |watch| watch.is_express = true);
        let too_old = of(S::Failed, |watch| watch.is_redrivable = Some(false));
        let unknown = of(S::Failed, |watch| watch.status = None);
        let cases = [
            (of(S::Running, |_| ()), None, Some("this execution runs")),
            (of(S::Succeeded, |_| ()), Some("this execution has ended"), Some("this execution succeeded")),
            (of(S::Failed, |_| ()), Some("this execution has ended"), None),
            (of(S::TimedOut, |_| ()), Some("this execution has ended"), None),
            (of(S::Aborted, |_| ()), Some("this execution has ended"), None),
            (of(S::PendingRedrive, |_| ()), None, Some("it is about to be redriven")),
            (too_old, Some("this execution has ended"), Some("Step Functions says that it can no longer be redriven")),
            (express, Some("an Express execution cannot be stopped"), Some("an Express execution cannot be redriven")),
            (unknown, Some("where it stands is not known yet"), Some("where it stands is not known yet")),
        ];
        for (facts, stop, redrive) in cases {
            check(&facts, &[(Intent::Stop, stop), (Intent::Redrive, redrive)]);
        }
    }

    #[test]
    fn time_has_two_ends() {
        let first = of(ExecutionStatus::Running, |_| ());
        let last = of(ExecutionStatus::Running, |watch| {
            (watch.at_first_event, watch.at_live_end, watch.failures) = (false, true, 1);
        });
        let empty = of(ExecutionStatus::Running, |watch| watch.events = 0);
        check(
            &first,
            &[
                (Intent::EventBack, Some("this is the first event")),
                (Intent::Live, None),
                (Intent::NextFailure, Some("nothing has failed in this execution")),
            ],
        );
        check(
            &last,
            &[
                (Intent::StateBack, None),
                (Intent::StateForward, Some("this is the last event so far")),
                (Intent::Live, Some("this is the last event so far")),
                (Intent::FirstCause, None),
            ],
        );
        check(
            &empty,
            &[
                (Intent::EventBack, Some("its history is not known yet")),
                (Intent::Export, Some("its history is not known yet")),
            ],
        );
    }

    #[test]
    fn what_is_chosen_and_marked_decides() {
        let cases: Vec<(Situation, Intent, Option<&str>)> = vec![
            (with(|facts| facts.marks = 2), Intent::Compare, None),
            (with(|facts| facts.marks = 1), Intent::Compare, None),
            (
                with(|facts| (facts.marks, facts.is_watch_marked) = (1, true)),
                Intent::Compare,
                Some("two are compared: mark another execution"),
            ),
            (with(|facts| facts.marks = 3), Intent::Compare, Some("two are compared: more are marked")),
            (with(|facts| facts.state = state(Testable::Yes, false, 0)), Intent::TestState, None),
            (
                with(|facts| facts.state = state(Testable::Container, true, 1)),
                Intent::TestState,
                Testable::Container.why_not(),
            ),
            (
                with(|facts| facts.state = state(Testable::Yes, true, 1)),
                Intent::Iteration,
                Some("there is one iteration only"),
            ),
            (with(|facts| facts.state = state(Testable::Yes, true, 2)), Intent::Iteration, None),
            (
                with(|facts| facts.state = state(Testable::Yes, false, 0)),
                Intent::Collapse,
                Some("the state is in no Map and no Parallel"),
            ),
            (with(|facts| facts.has_waiting = true), Intent::Approve, None),
            (with(|_| ()), Intent::Approve, Some("nothing waits for somebody here: choose such an order or state")),
            (with(|_| ()), Intent::Other, Some("this execution handles no order")),
            (with(|facts| facts.pane = Pane::Orders), Intent::Other, Some("no order is chosen")),
            (with(|facts| facts.pane = Pane::Metrics), Intent::Search, Some("nothing can be searched in this pane")),
            (with(|facts| facts.matches = Some(0)), Intent::PreviousMatch, Some("nothing matches")),
            (with(|facts| facts.matches = Some(3)), Intent::PreviousMatch, None),
            (with(|facts| facts.is_embedded = true), Intent::Console, Some("this cloud has no AWS console")),
            (with(|facts| facts.is_editing = true), Intent::Editor, Some("neither VISUAL nor EDITOR is set")),
        ];
        for (facts, intent, expected) in cases {
            check(&facts, &[(intent, expected)]);
        }
    }
}
