//! When what may be asked: often what changes, seldom what does not, and next to never what the cloud refuses to be
//! asked so often.
//!
//! Only what is on the screen is asked again of itself. What the user orders done is never held back; a look that the
//! user wants is, for as long as its limits say, and the latest of one kind is the one that counts. Reads no clock and
//! asks nobody: it is told what is wished and what was answered, and says what may go out.
//!
//! The limits are those of an account and region, which others need too:
//! <https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html>,
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/cloudwatch_limits_cwl.html>.

use std::collections::HashMap;

use crate::app::settings::Poll;
use crate::app::{Cmd, Model, Msg, TaskKey};
use crate::facts::Millis;

/// How long nothing is asked after the first refusal. Each one that follows doubles it.
const FIRST_REFUSAL: Millis = 2_000;
/// The longest that it becomes.
const LONGEST_REFUSAL: Millis = 60_000;
/// Refusals that are counted: so many lead to the longest wait.
const MOST_REFUSALS: u32 = 6;
/// How often one looks all the same where somebody tells of every change.
const PRECAUTION: Millis = 60_000;
/// How often metrics are asked for at most: no period of theirs is shorter, and each is billed each time.
const METRICS: Millis = 60_000;

/// Why something is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Why {
    /// Whoever tells of changes says that there is one. The wishes are all that is on the screen.
    Told,
    /// It is time to look again. The wishes are all that is on the screen.
    Due,
    /// The user went somewhere, or an answer led on.
    Wanted,
}

/// What came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// Something that was not known.
    Changed,
    /// Nothing new.
    Same,
    /// It was asked too often.
    Throttled,
    /// It could not be answered.
    Failed,
}

/// The pace of all that is asked.
#[derive(Debug)]
pub(super) struct Pace {
    limits: Limits,
    rhythms: HashMap<TaskKey, Rhythm>,
}

/// How often each kind may be asked.
#[derive(Clone, Copy, Debug)]
struct Limits {
    poll: Poll,
    /// Whether somebody tells of every change, and nobody counts what is asked.
    is_told: bool,
}

/// The pace of one kind.
#[derive(Debug)]
struct Rhythm {
    /// Whether an answer is awaited.
    in_flight: bool,
    /// When it was asked last.
    asked: Option<Millis>,
    /// When the last answer came.
    answered: Option<Millis>,
    /// How long after an answer it is asked again.
    every: Millis,
    /// Refusals, less the answers since.
    refusals: u32,
    /// What waits until it may be asked.
    held: Option<Cmd>,
    /// Whether it is on the screen.
    is_seen: bool,
}

impl Pace {
    pub(super) fn new(poll: Poll, is_told: bool) -> Self {
        Self { limits: Limits { poll, is_told }, rhythms: HashMap::new() }
    }

    /// From now on somebody tells of changes, or nobody does any more.
    pub(super) fn set_told(&mut self, is_told: bool) {
        self.limits.is_told = is_told;
        self.stirred();
    }

    /// What of these wishes goes out now. What is not yet due is passed over, and what is wanted but may not be asked
    /// yet is kept for [`Self::released`].
    pub(super) fn admit(&mut self, wishes: Vec<Cmd>, why: Why, now: Millis) -> Vec<Cmd> {
        if why != Why::Wanted {
            self.rhythms.values_mut().for_each(|rhythm| rhythm.is_seen = false);
        }
        let mut admitted = Vec::new();
        for wish in wishes {
            // What changes something has no key, and is never held back.
            let Some(key) = wish.key() else {
                admitted.push(wish);
                continue;
            };
            let gap = self.limits.gap(&key);
            let rhythm = self.rhythm(key);
            rhythm.is_seen = true;
            let may = match why {
                Why::Told => rhythm.patient_until(),
                Why::Due => rhythm.due(),
                Why::Wanted => rhythm.wanted_from(gap),
            };
            if !rhythm.in_flight && may <= now {
                rhythm.ask(now);
                admitted.push(wish);
            } else if why != Why::Due {
                rhythm.held = Some(wish);
            }
        }
        admitted
    }

    /// What was held back and may be asked by now.
    pub(super) fn released(&mut self, now: Millis) -> Vec<Cmd> {
        let mut released = Vec::new();
        for (key, rhythm) in &mut self.rhythms {
            if !rhythm.in_flight
                && rhythm.wanted_from(self.limits.gap(key)) <= now
                && let Some(wish) = rhythm.held.take()
            {
                rhythm.ask(now);
                released.push(wish);
            }
        }
        released
    }

    /// Takes in what came of a look.
    pub(super) fn answered(&mut self, key: TaskKey, outcome: Outcome, now: Millis) {
        let (fastest, slowest) = self.limits.bounds(&key);
        let rhythm = self.rhythm(key);
        rhythm.in_flight = false;
        rhythm.answered = Some(now);
        let slower = rhythm.every.saturating_mul(2).clamp(fastest, slowest);
        (rhythm.every, rhythm.refusals) = match outcome {
            // What was refused is not asked at full pace again at once: each answer takes back one refusal.
            Outcome::Changed => (fastest, rhythm.refusals.saturating_sub(1)),
            Outcome::Same => (slower, rhythm.refusals.saturating_sub(1)),
            Outcome::Throttled => (slowest, (rhythm.refusals + 1).min(MOST_REFUSALS)),
            Outcome::Failed => (slower, rhythm.refusals),
        };
    }

    /// The user is there: what slowed down because nothing happened is asked at its full pace again.
    pub(super) fn stirred(&mut self) {
        for (key, rhythm) in &mut self.rhythms {
            (rhythm.every, _) = self.limits.bounds(key);
        }
    }

    /// Another cloud is asked from now on: what the other one refused or has not answered says nothing of it.
    pub(super) fn arrived(&mut self) {
        self.rhythms.clear();
    }

    /// When the next look is due, or something that was held back may be asked. May be past; `None` while all that is
    /// on the screen is being asked.
    pub(super) fn next(&self) -> Option<Millis> {
        let awaited = self.rhythms.iter().filter(|(_, rhythm)| !rhythm.in_flight);
        let next = awaited.filter_map(|(key, rhythm)| {
            let held = rhythm.held.as_ref().map(|_| rhythm.wanted_from(self.limits.gap(key)));
            let due = rhythm.is_seen.then(|| rhythm.due());
            held.into_iter().chain(due).min()
        });
        next.min()
    }

    /// What is asked less often because the cloud refused it, and how long is between two looks; the slowest of several.
    pub(super) fn slowed(&self) -> Option<(TaskKey, Millis)> {
        let refused = self.rhythms.iter().filter(|(_, rhythm)| rhythm.refusals > 0);
        let slowed = refused.map(|(key, rhythm)| (key, rhythm.every.max(patience(rhythm.refusals))));
        slowed.max_by_key(|(_, every)| *every).map(|(key, every)| (key.clone(), every))
    }

    fn rhythm(&mut self, key: TaskKey) -> &mut Rhythm {
        let (every, _) = self.limits.bounds(&key);
        self.rhythms.entry(key).or_insert_with(|| Rhythm::new(every))
    }
}

impl Limits {
    /// The shortest and the longest time between an answer and the next look.
    fn bounds(self, key: &TaskKey) -> (Millis, Millis) {
        if self.is_told {
            return (PRECAUTION, PRECAUTION);
        }
        let Poll { fastest, slowest } = self.poll;
        let slowest = slowest.max(fastest);
        // Looks at one kind take several calls, or calls of which an account has few: a query for each status of an
        // order; a search in each function's log group, of which CloudWatch allows five in a second.
        let times = match key {
            TaskKey::Metrics => return (fastest.max(METRICS), slowest.max(METRICS)),
            TaskKey::Executions | TaskKey::Order => 2,
            TaskKey::Orders => 3,
            TaskKey::Logs => 5,
            _ => 1,
        };
        (fastest.saturating_mul(times), slowest.saturating_mul(times))
    }

    /// How long after one look the user gets the next: whoever runs through a list with a key held down sees each row,
    /// and asks for some.
    fn gap(self, key: &TaskKey) -> Millis {
        if self.is_told {
            return 0;
        }
        match key {
            TaskKey::History | TaskKey::Order => 250,
            TaskKey::Executions | TaskKey::Orders | TaskKey::OlderOrders => 500,
            _ => 1_000,
        }
    }
}

impl Rhythm {
    fn new(every: Millis) -> Self {
        Self { in_flight: false, asked: None, answered: None, every, refusals: 0, held: None, is_seen: false }
    }

    fn ask(&mut self, now: Millis) {
        self.in_flight = true;
        self.asked = Some(now);
        self.held = None;
    }

    /// Until when nothing is asked because it was refused.
    fn patient_until(&self) -> Millis {
        match self.answered {
            Some(at) if self.refusals > 0 => at.saturating_add(patience(self.refusals)),
            _ => Millis::MIN,
        }
    }

    fn due(&self) -> Millis {
        let due = self.answered.map_or(Millis::MIN, |at| at.saturating_add(self.every));
        due.max(self.patient_until())
    }

    fn wanted_from(&self, gap: Millis) -> Millis {
        let from = self.asked.map_or(Millis::MIN, |at| at.saturating_add(gap));
        from.max(self.patient_until())
    }
}

/// How long nothing is asked after so many refusals.
fn patience(refusals: u32) -> Millis {
    match refusals {
        0 => 0,
        _ => FIRST_REFUSAL.saturating_mul(1 << (refusals.min(MOST_REFUSALS) - 1)).min(LONGEST_REFUSAL),
    }
}

/// What came of a look, by what is known before its answer is taken in. Whether it was refused, the answer does not say.
pub(super) fn outcome(model: &Model, message: &Msg) -> Outcome {
    fn of<T>(result: &Result<T, String>, is_new: impl FnOnce(&T) -> bool) -> Outcome {
        match result {
            Ok(found) if is_new(found) => Outcome::Changed,
            Ok(_) => Outcome::Same,
            Err(_) => Outcome::Failed,
        }
    }
    match message {
        Msg::Executions(result) => of(result, |found| *found != model.executions),
        // Only events that were not known are asked for.
        Msg::History { result, .. } => of(result, |found| !found.is_empty()),
        Msg::Orders { asked, result } => of(result, |page| model.orders.would_change(asked, page)),
        Msg::Order { result, .. } => of(&**result, |found| *found != model.order_facts),
        Msg::Logs(result) => of(result, |found| {
            let last = model.logs.all().next_back();
            found.iter().any(|line| last.is_none_or(|last| (line.at, &line.id) > (last.at, &last.id)))
        }),
        Msg::Identity(result) => of(result, |_| false),
        Msg::Machine { result, .. } => of(result, |_| false),
        _ => Outcome::Same,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::Arn;

    const POLL: Poll = Poll { fastest: 1_000, slowest: 5_000 };

    fn orders() -> Cmd {
        Cmd::FetchOrders { asked: crate::facts::OrdersAsked::default() }
    }

    fn history(name: &str) -> Cmd {
        Cmd::FetchHistory { execution: Arn(name.into()), after: 0 }
    }

    /// What happens when, and what is to be seen of it.
    enum Step {
        /// Wishes come, and so many of them go out.
        Wish(Why, Vec<Cmd>, usize),
        /// An answer comes.
        Answer(TaskKey, Outcome),
        /// The user presses a key.
        Stir,
        /// When the next look is.
        Next(Option<Millis>),
        /// What was held back and goes out.
        Released(Vec<Cmd>),
        /// What is told of throttling.
        Slowed(Option<(TaskKey, Millis)>),
    }
    use Outcome::{Changed, Failed, Same, Throttled};
    use Step::{Answer, Next, Released, Slowed, Stir, Wish};
    use Why::{Due, Told, Wanted};

    fn check(mut pace: Pace, steps: Vec<(Millis, Step)>) {
        for (number, (now, step)) in steps.into_iter().enumerate() {
            match step {
                Wish(why, wishes, expected) => {
                    assert_eq!(pace.admit(wishes, why, now).len(), expected, "step {number}");
                }
                Answer(key, outcome) => pace.answered(key, outcome, now),
                Stir => pace.stirred(),
                Next(expected) => assert_eq!(pace.next(), expected, "step {number}"),
                Released(expected) => assert_eq!(pace.released(now), expected, "step {number}"),
                Slowed(expected) => assert_eq!(pace.slowed(), expected, "step {number}"),
            }
        }
    }

    #[test]
    fn what_does_not_change_is_asked_less_and_less() {
        let look = || vec![history("a")];
        let steps = vec![
            (0, Wish(Due, look(), 1)),
            (0, Next(None)),
            // One is under way.
            (50, Wish(Due, look(), 0)),
            (100, Answer(TaskKey::History, Same)),
            (100, Next(Some(2_100))),
            (2_000, Wish(Due, look(), 0)),
            (2_100, Wish(Due, look(), 1)),
            (2_200, Answer(TaskKey::History, Same)),
            (2_200, Next(Some(6_200))),
            (6_200, Wish(Due, look(), 1)),
            (6_300, Answer(TaskKey::History, Failed)),
            (6_300, Next(Some(11_300))),
            (6_400, Stir),
            (6_400, Next(Some(7_300))),
            (11_300, Wish(Due, look(), 1)),
            (11_400, Answer(TaskKey::History, Changed)),
            (11_400, Next(Some(12_400))),
            (11_400, Slowed(None)),
        ];
        check(Pace::new(POLL, false), steps);
    }

    #[test]
    fn what_is_refused_is_left_alone_for_longer_and_longer() {
        let quick = Poll { fastest: 100, slowest: 200 };
        let look = || vec![history("a")];
        let mut steps = Vec::new();
        let mut now = 0;
        for wait in [2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000] {
            steps.extend([
                (now, Wish(Due, look(), 1)),
                (now, Answer(TaskKey::History, Throttled)),
                (now, Slowed(Some((TaskKey::History, wait)))),
                (now, Next(Some(now + wait))),
                // Not even what is wanted goes out before.
                (now + wait - 1, Wish(Wanted, look(), 0)),
            ]);
            now += wait;
        }
        for wait in [32_000, 16_000, 8_000, 4_000, 2_000] {
            steps.extend([
                (now, Wish(Due, look(), 1)),
                (now, Answer(TaskKey::History, Changed)),
                (now, Slowed(Some((TaskKey::History, wait)))),
                (now, Next(Some(now + wait))),
            ]);
            now += wait;
        }
        steps.extend([
            (now, Wish(Due, look(), 1)),
            (now, Answer(TaskKey::History, Changed)),
            (now, Slowed(None)),
            (now, Next(Some(now + 100))),
            // A refusal of one kind slows no other one.
            (now + 100, Wish(Due, vec![history("a"), orders()], 2)),
            (now + 100, Answer(TaskKey::History, Throttled)),
            (now + 100, Answer(TaskKey::Orders, Changed)),
            (now + 100, Wish(Wanted, vec![history("b")], 0)),
            (now + 400, Wish(Due, vec![history("b"), orders()], 1)),
            (now + 2_099, Released(vec![])),
            (now + 2_100, Released(vec![history("b")])),
        ]);
        check(Pace::new(quick, false), steps);
    }

    #[test]
    fn of_what_is_wanted_the_latest_counts() {
        let steps = vec![
            (0, Wish(Wanted, vec![history("a")], 1)),
            (10, Wish(Wanted, vec![history("b")], 0)),
            (20, Wish(Wanted, vec![history("c")], 0)),
            (30, Released(vec![])),
            (40, Answer(TaskKey::History, Changed)),
            (40, Next(Some(250))),
            (249, Released(vec![])),
            (250, Released(vec![history("c")])),
            (260, Released(vec![])),
            // What changes something waits for nothing.
            (
                260,
                Wish(
                    Wanted,
                    vec![Cmd::StartExecution {
                        request: 1,
                        machine: Arn("m".into()),
                        name: "o".into(),
                        input: "{}".into(),
                    }],
                    1,
                ),
            ),
        ];
        check(Pace::new(POLL, false), steps);
    }

    #[test]
    fn only_what_is_on_the_screen_is_asked_again() {
        let steps = vec![
            (0, Wish(Due, vec![Cmd::FetchExecutions, orders()], 2)),
            (0, Answer(TaskKey::Executions, Changed)),
            (0, Answer(TaskKey::Orders, Changed)),
            (0, Next(Some(2_000))),
            (2_000, Wish(Due, vec![orders()], 0)),
            (2_000, Next(Some(3_000))),
            (3_000, Wish(Due, vec![], 0)),
            (3_000, Next(None)),
        ];
        check(Pace::new(POLL, false), steps);
    }

    #[test]
    fn where_somebody_tells_of_changes_each_is_looked_at() {
        let look = || vec![history("a")];
        let steps = vec![
            (0, Wish(Told, look(), 1)),
            (1, Wish(Told, look(), 0)),
            (2, Answer(TaskKey::History, Same)),
            (2, Released(look())),
            (3, Answer(TaskKey::History, Same)),
            (4, Wish(Told, look(), 1)),
            (5, Answer(TaskKey::History, Same)),
            (5, Next(Some(60_005))),
            (6, Wish(Told, look(), 1)),
            (7, Answer(TaskKey::History, Throttled)),
            (8, Wish(Told, look(), 0)),
            (2_007, Released(look())),
        ];
        check(Pace::new(POLL, true), steps);
    }

    /// Looks at everything in a day, if each answer takes a tenth of a second.
    fn looks_in_a_day(outcome: Outcome) -> Vec<(TaskKey, usize)> {
        let all =
            || vec![history("a"), Cmd::FetchExecutions, orders(), Cmd::FetchLogs { since: 0, functions: Vec::new() }];
        let mut pace = Pace::new(Poll::default(), false);
        let mut looks: Vec<(TaskKey, usize)> = all().iter().filter_map(Cmd::key).map(|key| (key, 0)).collect();
        let mut now = 0;
        while now < 86_400_000 {
            for wish in pace.admit(all(), Due, now) {
                let key = wish.key().unwrap();
                looks.iter_mut().find(|(known, _)| *known == key).unwrap().1 += 1;
                pace.answered(key, outcome, now + 100);
            }
            now = pace.next().unwrap();
        }
        looks
    }

    #[test]
    fn a_day_is_no_call_storm() {
        // Each is the most for a day: one in so many seconds.
        let cases = [
            (Same, [(TaskKey::History, 5), (TaskKey::Executions, 10), (TaskKey::Orders, 15), (TaskKey::Logs, 25)]),
            (Changed, [(TaskKey::History, 1), (TaskKey::Executions, 2), (TaskKey::Orders, 3), (TaskKey::Logs, 5)]),
            (
                Throttled,
                [(TaskKey::History, 60), (TaskKey::Executions, 60), (TaskKey::Orders, 60), (TaskKey::Logs, 60)],
            ),
        ];
        for (outcome, expected) in cases {
            let looks = looks_in_a_day(outcome);
            for (key, seconds) in expected {
                let (_, found) = looks.iter().find(|(known, _)| *known == key).unwrap();
                // The first looks come sooner.
                assert!(*found <= 86_400 / seconds + 10, "{outcome:?} {key:?}: {found}");
                assert!(*found > 86_400 / seconds / 2, "{outcome:?} {key:?}: {found}");
            }
        }
    }
}
