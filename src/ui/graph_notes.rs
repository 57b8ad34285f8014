//! What the border of a state's box tells beside its status: how often it was entered, for how long it has been
//! running, which retry comes when.
//!
//! It words what a run knows; it finds no room and draws nothing.

use asl::{Kind, Next, Retrier};

use super::text::duration;
use super::theme::Theme;
use crate::app::run::{Attempt, Items, Run, Visit, VisitStatus};
use crate::facts::Millis;

/// How often a state was entered, if more than once.
pub(super) fn times(run: &Run, state: &str) -> Option<String> {
    let times = run.visits_to(state).count();
    (times > 1).then(|| format!("×{times}"))
}

/// For how long the state has been running, or which retry comes when.
pub(super) fn progress(run: &Run, machine: Option<&asl::Machine>, state: &str, now: Millis) -> Option<String> {
    let visit = run.visits_to(state).rev().find(|visit| visit.left_at.is_none())?;
    match visit.status {
        VisitStatus::Running => Some(duration(now - visit.entered_at)),
        VisitStatus::Retrying => {
            let rules = machine.and_then(|machine| machine.state(state)).map(|state| state.kind.retry())?;
            retry(visit, rules, now)
        }
        _ => None,
    }
}

/// `retry 2/3 1.4s`; jitter may make it sooner: `≤1.4s`.
fn retry(visit: &Visit, rules: &[Retrier], now: Millis) -> Option<String> {
    let error = visit.error.as_deref()?;
    let rule = rules.iter().find(|rule| asl::matches_error(&rule.errors, error))?;
    let by_rule =
        |attempt: &&Attempt| attempt.error.as_deref().is_some_and(|error| asl::matches_error(&rule.errors, error));
    let count = u64::try_from(visit.attempts.iter().filter(by_rule).count()).ok().filter(|count| *count > 0)?;
    if count > rule.max_attempts {
        return None;
    }
    let failed_at = visit.attempts.last().and_then(|attempt| attempt.ended_at)?;
    #[expect(clippy::cast_possible_truncation, reason = "a delay is at most a year and a day")]
    let due = failed_at + (rule.delay_seconds(count) * 1000.0) as Millis;
    let when = match (due > now, rule.full_jitter) {
        (false, _) => String::new(),
        (true, false) => format!(" {}", duration(due - now)),
        (true, true) => format!(" ≤{}", duration(due - now)),
    };
    Some(format!("retry {count}/{}{when}", rule.max_attempts))
}

/// How many branches of a Parallel are done, in the visit that was last.
pub(super) fn branches(run: &Run, machine: Option<&asl::Machine>, state: &str, sign: &str) -> Option<String> {
    let machine = machine?;
    let Kind::Parallel(parallel) = &machine.state(state)?.kind else { return None };
    let visit = run.last_visit_to(state)?;
    let ends = |name: &str| {
        machine.state(name).is_some_and(|state| state.next == Next::End || matches!(state.kind, Kind::Succeed))
    };
    let is_done =
        |inner: &&Visit| inner.parent == Some(visit) && inner.status == VisitStatus::Succeeded && ends(&inner.state);
    // What a retried Parallel did before counts no twice.
    let done = run.visits.iter().skip(visit).filter(is_done).count().min(parallel.branches.len());
    Some(format!(" {sign} {done}/{} ", parallel.branches.len()))
}

/// The items of a Map in words, the longest first: done of all, with those that failed and those that run. Of a map run's
/// items this history tells only how many there are.
pub(super) fn items(theme: &Theme, items: Items, is_map_run: bool, sign: &str) -> [String; 2] {
    if is_map_run {
        return [format!(" {sign} {} items ", items.total), format!(" {sign} {} ", items.total)];
    }
    let brief = format!(" {sign} {}/{} ", items.done, items.total);
    let mut long = brief.clone();
    for (status, count) in [(VisitStatus::Failed, items.failed), (VisitStatus::Running, items.running)] {
        if count > 0 {
            let (sign, _) = theme.visit(Some(status));
            long += &format!("{sign}{count} ");
        }
    }
    [long, brief]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_map_run_s_items_only_their_number_is_told() {
        let check = |items: Items, is_map_run: bool, expected: [&str; 2]| {
            assert_eq!(super::items(&Theme::dark(), items, is_map_run, "✓"), expected);
        };
        check(Items { total: 4, done: 3, failed: 1, running: 0 }, false, [" ✓ 3/4 ✗1 ", " ✓ 3/4 "]);
        check(Items { total: 4, ..Items::default() }, true, [" ✓ 4 items ", " ✓ 4 "]);
    }
}
