//! What histories fold to.

use super::*;

/// `id<previous Type name? index?`, one event each.
fn run(script: &str) -> Run {
    let mut run = Run::default();
    run.absorb(script.lines().filter(|line| !line.trim().is_empty()).map(|line| {
        let mut words = line.split_whitespace();
        let (id, previous) = words.next().unwrap().split_once('<').unwrap();
        let type_name = words.next().unwrap();
        let name = words.next().filter(|word| *word != "-").map(ToOwned::to_owned);
        let extra = words.next();
        let kind = EventKind::of(type_name);
        let fails = matches!(kind, EventKind::TaskFailed | EventKind::MapRunFailed | EventKind::ExecutionFailed);
        let id: i64 = id.parse().unwrap();
        HistoryEvent {
            error: if fails { name.clone() } else { None },
            name: if fails { None } else { name },
            index: extra.and_then(|index| index.parse().ok()),
            length: extra.and_then(|length| length.parse().ok()),
            resource: (kind == EventKind::MapRunStarted).then(|| "arn:aws:states:r:1:mapRun:m/l:u".to_owned()),
            ..HistoryEvent::new(id, previous.parse().unwrap(), id * 10, type_name)
        }
    }));
    run
}

fn check(script: &str, expected: &[(&str, VisitStatus)]) {
    let run = run(script);
    let found: Vec<(&str, VisitStatus)> = run.visits.iter().map(|visit| (visit.state.as_str(), visit.status)).collect();
    assert_eq!(found, expected);
}

#[test]
fn a_task_that_is_tried_again_and_caught() {
    use VisitStatus as S;
    let script = "
        1<0 ExecutionStarted
        2<0 TaskStateEntered Pay
        3<2 TaskScheduled
        4<3 TaskStarted
        5<4 TaskFailed Unavailable
        6<5 TaskScheduled
        7<6 TaskStarted
        8<7 TaskFailed Declined
        9<8 TaskStateExited Pay
        10<9 FailStateEntered Failed
        11<10 ExecutionFailed Declined";
    check(script, &[("Pay", S::Caught), ("Failed", S::Failed)]);
    let run = run(script);
    assert_eq!(run.visits[0].attempts.len(), 2);
    assert_eq!(run.visits[0].attempts[0].error.as_deref(), Some("Unavailable"));
    assert_eq!(run.taken.keys().collect::<Vec<_>>(), [&("Pay".to_owned(), "Failed".to_owned())]);
}

#[test]
fn while_it_backs_off_it_is_retrying() {
    use VisitStatus as S;
    check(
        "1<0 ExecutionStarted
         2<0 TaskStateEntered Pay
         3<2 TaskScheduled
         4<3 TaskStarted
         5<4 TaskFailed Unavailable",
        &[("Pay", S::Retrying)],
    );
}

#[test]
fn iterations_interleave() {
    use VisitStatus as S;
    let script = "
        1<0 ExecutionStarted
        2<0 MapStateEntered M
        3<2 MapStateStarted - 2
        4<3 MapIterationStarted M 0
        5<3 MapIterationStarted M 1
        6<4 TaskStateEntered T
        7<6 TaskScheduled
        8<5 TaskStateEntered T
        9<8 TaskScheduled
        10<7 TaskStarted
        11<9 TaskStarted
        12<11 TaskSucceeded
        13<12 TaskStateExited T
        14<13 MapIterationSucceeded M 1
        15<10 TaskFailed Boom
        16<15 MapIterationFailed M 0
        17<15 TaskStateAborted
        18<15 MapStateFailed
        19<18 ExecutionFailed Boom";
    check(script, &[("M", S::Failed), ("T", S::Failed), ("T", S::Succeeded)]);
    let run = run(script);
    assert_eq!(run.visits[1].iteration, Some(0));
    assert_eq!(run.visits[0].items, Some(Items { total: 2, done: 1, failed: 1, running: 0 }));
    assert_eq!(run.status_of("T"), Some(S::Failed));
}

/// The items of a distributed Map are in no event here: its end follows from its run.
#[test]
fn a_map_run_fails_is_caught_and_is_redriven() {
    use VisitStatus as S;
    let failed = "
        1<0 ExecutionStarted
        2<0 MapStateEntered M
        3<2 MapStateStarted - 2
        4<3 MapRunStarted
        5<4 MapRunFailed TooMany
        6<5 MapStateFailed";
    check(
        &format!("{failed}\n7<6 MapStateExited M\n8<7 SucceedStateEntered S"),
        &[("M", S::Caught), ("S", S::Running)],
    );
    let ended = format!("{failed}\n7<6 ExecutionFailed TooMany");
    check(&ended, &[("M", S::Failed)]);
    assert_eq!(run(&ended).visits[0].error.as_deref(), Some("TooMany"));
    let redriven = format!("{ended}\n8<7 ExecutionRedriven\n9<8 MapRunRedriven");
    check(&redriven, &[("M", S::Running)]);
    let succeeded = format!("{redriven}\n10<9 MapRunSucceeded\n11<10 MapStateSucceeded\n12<10 MapStateExited M");
    check(&succeeded, &[("M", S::Succeeded)]);
    assert_eq!(run(&succeeded).visits[0].left_at, Some(120));
}

/// A redrive goes on in what had failed.
#[test]
fn a_redriven_task_is_under_way_again() {
    use VisitStatus as S;
    let script = "
        1<0 ExecutionStarted
        2<0 ParallelStateEntered P
        3<2 ParallelStateStarted
        4<3 TaskStateEntered T
        5<4 TaskScheduled
        6<5 TaskStarted
        7<6 TaskFailed Boom
        8<3 WaitStateEntered W
        9<7 WaitStateAborted
        10<7 ParallelStateFailed
        11<10 ExecutionFailed Boom
        12<11 ExecutionRedriven
        13<12 TaskScheduled
        14<12 WaitStateEntered W";
    check(script, &[("P", S::Running), ("T", S::Running), ("W", S::Running)]);
    let ended = "
        15<13 TaskSucceeded
        16<15 TaskStateExited T
        17<14 WaitStateExited W
        18<17 ParallelStateSucceeded
        19<17 ParallelStateExited P";
    check(&format!("{script}{ended}"), &[("P", S::Succeeded), ("T", S::Succeeded), ("W", S::Succeeded)]);
}

#[test]
fn what_runs_when_it_is_stopped_is_aborted() {
    use VisitStatus as S;
    check(
        "1<0 ExecutionStarted
         2<0 ParallelStateEntered P
         3<2 ParallelStateStarted
         4<3 WaitStateEntered A
         5<3 PassStateEntered B
         6<5 PassStateExited B
         7<6 ExecutionAborted",
        &[("P", S::Aborted), ("A", S::Aborted), ("B", S::Succeeded)],
    );
}
