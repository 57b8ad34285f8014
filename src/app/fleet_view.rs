//! What is looked at of all executions: since when, and which state or group of failures.
//!
//! It counts nothing, see [`Fleet`]; a choice stays with what was chosen while the counts change.

use std::collections::HashMap;
use std::sync::Arc;

use super::fleet::{Fleet, Group};
use crate::facts::Millis;

/// How long ago an execution may have ended to be counted. Those that run are counted always.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Window {
    /// A quarter of an hour.
    Quarter,
    /// An hour.
    Hour,
    /// Six hours.
    SixHours,
    /// A day.
    #[default]
    Day,
    /// However long.
    Ever,
}

impl Window {
    /// All of them, the narrowest first.
    pub const ALL: [Self; 5] = [Self::Quarter, Self::Hour, Self::SixHours, Self::Day, Self::Ever];

    /// In milliseconds; `None` for however long. What [`Fleet::of`] takes.
    pub const fn millis(self) -> Option<Millis> {
        match self {
            Self::Quarter => Some(900_000),
            Self::Hour => Some(3_600_000),
            Self::SixHours => Some(21_600_000),
            Self::Day => Some(86_400_000),
            Self::Ever => None,
        }
    }

    /// In few letters.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Quarter => "15m",
            Self::Hour => "1h",
            Self::SixHours => "6h",
            Self::Day => "24h",
            Self::Ever => "all",
        }
    }

    fn stepped(self, by: isize) -> Self {
        let at = Self::ALL.iter().position(|window| *window == self).unwrap_or_default();
        Self::ALL.get(at.saturating_add_signed(by)).copied().unwrap_or(self)
    }
}

/// What can be chosen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Spot {
    /// A state, by its name.
    State(Arc<str>),
    /// Executions that failed alike.
    Failures {
        /// Where the error arose; `None` before the first state.
        state: Option<Arc<str>>,
        /// The error's name.
        error: String,
        /// The cause that they share.
        cause: String,
    },
}

impl Spot {
    fn of(group: &Group) -> Self {
        Self::Failures { state: group.state.clone(), error: group.error.clone(), cause: group.cause.clone() }
    }
}

/// The view of all executions: first the states, then the groups of failures.
#[derive(Clone, Debug, Default)]
pub struct FleetView {
    window: Window,
    /// In the order of the definition.
    states: Vec<Arc<str>>,
    /// The groups, as the fleet has them.
    failures: Vec<Spot>,
    at: usize,
}

impl FleetView {
    /// Since when executions are counted.
    pub fn window(&self) -> Window {
        self.window
    }

    /// Counts those that ended longer ago, too. Whether there is such a window; then the fleet has to be counted anew.
    pub fn widen(&mut self) -> bool {
        self.look_through(self.window.stepped(1))
    }

    /// Counts only those that ended lately. Whether there is such a window; then the fleet has to be counted anew.
    pub fn narrow(&mut self) -> bool {
        self.look_through(self.window.stepped(-1))
    }

    /// The states that some execution entered, in the definition's order; then those that it does not know.
    pub fn states(&self) -> &[Arc<str>] {
        &self.states
    }

    /// Which row is chosen: of the states and, behind them, of the groups.
    pub fn at(&self) -> usize {
        self.at
    }

    /// What is chosen, if there is anything.
    pub fn chosen(&self) -> Option<Spot> {
        let state = self.states.get(self.at).map(|state| Spot::State(Arc::clone(state)));
        state.or_else(|| self.failures.get(self.at.checked_sub(self.states.len())?).cloned())
    }

    /// The state that is chosen, or in which the chosen failures arose: the one to show in the graph.
    pub fn state(&self) -> Option<Arc<str>> {
        match self.chosen()? {
            Spot::State(state) => Some(state),
            Spot::Failures { state, .. } => state,
        }
    }

    /// Takes in counts. `definition` has the names of the states in its order. What was chosen stays chosen, as long as
    /// it is counted.
    pub fn refresh(&mut self, fleet: &Fleet, definition: &[String]) {
        let chosen = self.chosen();
        let ranks: HashMap<&str, usize> =
            definition.iter().enumerate().map(|(rank, state)| (state.as_str(), rank)).collect();
        self.states = fleet.states.iter().map(|counts| Arc::clone(&counts.state)).collect();
        self.states.sort_by_key(|state| ranks.get(&**state).copied().unwrap_or(usize::MAX));
        self.failures = fleet.groups.iter().map(Spot::of).collect();
        let again = chosen.and_then(|chosen| self.place_of(&chosen));
        self.at = again.unwrap_or(self.at).min(self.len().saturating_sub(1));
    }

    /// Chooses so many rows further down, or up; `isize::MIN` and `isize::MAX` lead to the first and the last.
    pub fn move_by(&mut self, by: isize) {
        self.at = self.at.saturating_add_signed(by).min(self.len().saturating_sub(1));
    }

    /// Chooses a state, as one does in the graph. Whether any execution entered it.
    pub fn choose_state(&mut self, state: &str) -> bool {
        let place = self.states.iter().position(|known| **known == *state);
        self.at = place.unwrap_or(self.at);
        place.is_some()
    }

    /// The query that means the executions behind what is chosen: those that went through a state, or that failed there
    /// with that error. Names are meant whole. Empty where nothing is chosen.
    pub fn query_for(&self) -> String {
        match self.chosen() {
            None => String::new(),
            Some(Spot::State(state)) => format!("state:={}", quoted(&state)),
            Some(Spot::Failures { state, error, .. }) => {
                let failed = match state {
                    Some(state) => format!("failed:={}", quoted(&state)),
                    // No state failed at all.
                    None => "!failed:*".to_owned(),
                };
                format!("{failed} error:={}", quoted(&error))
            }
        }
    }

    fn look_through(&mut self, window: Window) -> bool {
        let is_other = window != self.window;
        self.window = window;
        is_other
    }

    fn len(&self) -> usize {
        self.states.len() + self.failures.len()
    }

    fn place_of(&self, spot: &Spot) -> Option<usize> {
        match spot {
            Spot::State(state) => self.states.iter().position(|known| known == state),
            Spot::Failures { .. } => {
                self.failures.iter().position(|known| known == spot).map(|at| self.states.len() + at)
            }
        }
    }
}

/// A value as a query reads it, in quotes where it needs them.
fn quoted(value: &str) -> String {
    let is_plain = !value.is_empty()
        && !value.starts_with('=')
        && !value.contains(|c: char| c.is_whitespace() || matches!(c, ',' | '"'));
    if is_plain { value.to_owned() } else { format!("\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\"")) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::fleet::StateCounts;
    use crate::app::index::Entry;
    use crate::app::query::Query;
    use crate::facts::{Arn, ExecutionStatus, ExecutionSummary};

    /// A fleet of states, and of groups as `state error`; a state `-` is none.
    fn fleet(states: &[&str], groups: &[&str]) -> Fleet {
        let counts = |state: &&str| StateCounts {
            state: Arc::from(*state),
            now: 1,
            passed: 0,
            failures: 0,
            p50: None,
            p95: None,
        };
        let group = |text: &&str| {
            let (state, error) = text.split_once(' ').unwrap();
            Group {
                state: Some(state).filter(|state| *state != "-").map(Arc::from),
                error: error.to_owned(),
                cause: String::new(),
                count: 1,
                newest: Arn("x".into()),
                last_at: 0,
            }
        };
        Fleet {
            states: states.iter().map(counts).collect(),
            groups: groups.iter().map(group).collect(),
            executions: 1,
            unread: 0,
        }
    }

    fn definition() -> Vec<String> {
        ["Take", "Pay", "Done"].map(ToOwned::to_owned).to_vec()
    }

    #[test]
    fn windows_are_widened_and_narrowed_to_their_ends() {
        let mut view = FleetView::default();
        let mut labels = vec![view.window().label()];
        while view.widen() {
            labels.push(view.window().label());
        }
        while view.narrow() {
            labels.push(view.window().label());
        }
        assert_eq!(labels, ["24h", "all", "24h", "6h", "1h", "15m"]);
        let widths = Window::ALL.map(|window| window.millis().unwrap_or(Millis::MAX));
        assert!(widths.is_sorted());
    }

    #[test]
    fn a_choice_stays_with_what_was_chosen() {
        let mut view = FleetView::default();
        assert_eq!((view.chosen(), view.state(), view.query_for()), (None, None, String::new()));
        view.move_by(5);
        view.refresh(&fleet(&["Done", "Old", "Pay", "Take"], &["Pay Declined", "- Bad"]), &definition());
        let names: Vec<&str> = view.states().iter().map(|state| &**state).collect();
        assert_eq!(names, ["Take", "Pay", "Done", "Old"]);
        assert_eq!(view.state().as_deref(), Some("Take"));
        assert!(view.choose_state("Done") && !view.choose_state("Nowhere"));
        assert_eq!(view.at(), 2);
        view.refresh(&fleet(&["Done", "Take"], &["Pay Declined"]), &definition());
        assert_eq!((view.at(), view.state().as_deref()), (1, Some("Done")));
        view.move_by(1);
        assert_eq!((view.at(), view.state().as_deref()), (2, Some("Pay")));
        // Another group comes before it.
        view.refresh(&fleet(&["Done", "Take"], &["Take Boom", "Pay Declined"]), &definition());
        assert_eq!((view.at(), view.state().as_deref()), (3, Some("Pay")));
        view.move_by(isize::MAX);
        assert_eq!(view.at(), 3);
        // It is counted no more.
        view.refresh(&fleet(&["Done"], &[]), &definition());
        assert_eq!((view.at(), view.state().as_deref()), (0, Some("Done")));
        view.move_by(isize::MIN);
        view.refresh(&Fleet::default(), &definition());
        assert_eq!((view.at(), view.chosen()), (0, None));
    }

    /// Whether the query for what is chosen means an execution that went through these states.
    fn check(chosen: usize, query: &str, states: &[&str], failed: Option<(&str, &str)>, expected: bool) {
        let mut view = FleetView::default();
        view.refresh(&fleet(&["Pay", "Wait, \"long\""], &["Pay Declined", "- States.Runtime"]), &[]);
        view.move_by(isize::try_from(chosen).unwrap());
        assert_eq!(view.query_for(), query);
        let parsed = Query::parse(query);
        assert!(parsed.problems.is_empty(), "{query}: {:?}", parsed.problems);
        let entry = Entry {
            states: states.iter().map(|state| Arc::from(*state)).collect(),
            failed_state: failed.map(|(state, _)| state.to_owned()).filter(|state| !state.is_empty()),
            error: failed.map(|(_, error)| Arc::from(error)),
            ..Entry::of(ExecutionSummary {
                arn: Arn("x".into()),
                name: "x".into(),
                status: ExecutionStatus::Failed,
                started_at: 0,
                stopped_at: Some(1),
                through: None,
            })
        };
        assert_eq!(parsed.matches(&entry, 2), expected, "{query} {states:?} {failed:?}");
    }

    #[test]
    fn what_is_chosen_opens_its_executions_and_no_others() {
        check(0, "state:=Pay", &["Pay"], None, true);
        check(0, "state:=Pay", &["PayLater"], None, false);
        check(1, r#"state:="Wait, \"long\"""#, &["Pay", "Wait, \"long\""], None, true);
        check(1, r#"state:="Wait, \"long\"""#, &["Wait"], None, false);
        check(2, "failed:=Pay error:=Declined", &["Pay"], Some(("Pay", "Declined")), true);
        check(2, "failed:=Pay error:=Declined", &["Pay"], Some(("Pay", "DeclinedTwice")), false);
        check(2, "failed:=Pay error:=Declined", &["Pay"], Some(("PayLater", "Declined")), false);
        check(3, "!failed:* error:=States.Runtime", &[], Some(("", "States.Runtime")), true);
        check(3, "!failed:* error:=States.Runtime", &["Pay"], Some(("Pay", "States.Runtime")), false);
    }

    #[test]
    fn any_name_is_quoted_so_that_it_reads() {
        let cases = [
            ("States.ALL", "States.ALL"),
            ("a:b*", "a:b*"),
            ("", "\"\""),
            ("=x", "\"=x\""),
            ("a b\\", "\"a b\\\\\""),
            ("größe", "größe"),
        ];
        for (value, expected) in cases {
            assert_eq!(quoted(value), expected);
        }
    }
}
