//! When each state ran, backed off and waited: the bars of a Gantt chart, in milliseconds.
//!
//! Never knows a cell or a colour, and reads no clock: what still runs, runs until the `now` that it is told.

use super::run::{Attempt, Run, Visit, VisitStatus};
use super::tries::{Starts, event, rounds};
use crate::facts::{EventKind, Millis};

/// The time of one visit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bar {
    /// The visit, among those of the run.
    pub visit: usize,
    /// The state's name.
    pub state: String,
    /// How many Maps and Parallels are around it.
    pub depth: usize,
    /// The Map iteration that it belongs to.
    pub iteration: Option<usize>,
    /// What it did when: in order, without gaps, at least one.
    pub segments: Vec<Segment>,
}

/// A part of a bar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Segment {
    /// What it did.
    pub kind: SegmentKind,
    /// From when on.
    pub from: Millis,
    /// Until when; the same as `from` for what took no measurable time.
    pub to: Millis,
}

/// What a state does at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SegmentKind {
    /// It works, or what is inside of it does.
    Running,
    /// A try has failed and the next one is not yet due.
    BackingOff,
    /// It waits: in a Wait state, for a task token to be sent back, for a worker to take an activity.
    Waiting,
    /// It works on a try that fails in the end.
    Failed,
}

/// A stretch of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// Its start.
    pub from: Millis,
    /// Its end.
    pub to: Millis,
}

impl Span {
    /// From the first event of a run to its end, or to `now` if it goes on. `None` before the first event.
    pub fn of(run: &Run, now: Millis) -> Option<Self> {
        use EventKind as K;
        let (first, last) = (run.events.first()?, run.events.last()?);
        let over = matches!(
            last.kind,
            K::ExecutionSucceeded | K::ExecutionFailed | K::ExecutionAborted | K::ExecutionTimedOut
        );
        let to = if over { last.at } else { last.at.max(now) };
        Some(Self { from: first.at, to: to.max(first.at) })
    }
}

/// A bar for every visit, in the order of entry, with what is inside of a Map or Parallel below it.
pub fn bars(run: &Run, now: Millis) -> Vec<Bar> {
    let starts = Starts::of(run);
    let mut inside: Vec<Vec<usize>> = vec![Vec::new(); run.visits.len()];
    let mut next: Vec<(usize, usize)> = Vec::new();
    // What is pushed last is taken first.
    for (index, visit) in run.visits.iter().enumerate().rev() {
        match visit.parent.and_then(|parent| inside.get_mut(parent)) {
            Some(inside) => inside.push(index),
            None => next.push((index, 0)),
        }
    }
    let mut bars = Vec::new();
    while let Some((index, depth)) = next.pop() {
        let Some(visit) = run.visits.get(index) else { continue };
        bars.push(Bar {
            visit: index,
            state: visit.state.clone(),
            depth,
            iteration: visit.iteration,
            segments: segments(run, &starts, index, visit, now),
        });
        next.extend(inside.get(index).into_iter().flatten().map(|inner| (*inner, depth + 1)));
    }
    bars
}

/// A piece of work within a visit.
struct Work {
    from: Millis,
    /// When it was no longer only offered; `None` if it has not been taken yet.
    taken: Option<Millis>,
    to: Option<Millis>,
    failed: bool,
    /// What is waited for.
    waits: Waits,
}

#[derive(Clone, Copy)]
enum Waits {
    No,
    /// For a worker, before the work is taken.
    Before,
    /// For a token, from then on.
    After,
}

fn segments(run: &Run, starts: &Starts, index: usize, visit: &Visit, now: Millis) -> Vec<Segment> {
    let from = visit.entered_at;
    let mut strip = Strip { at: from, end: visit.left_at.unwrap_or(now).max(from), segments: Vec::new() };
    let mut works: Vec<Work> = visit.attempts.iter().map(work).collect();
    if works.is_empty() {
        works = containers_work(run, starts, index, visit);
    }
    let mut between = SegmentKind::Running;
    for (number, work) in works.iter().enumerate() {
        strip.until(work.from, between);
        // Only what failed is tried again, whatever its error was called.
        let failed = work.failed || number + 1 < works.len();
        let to = work.to.unwrap_or(strip.end);
        match work.waits {
            _ if failed => strip.until(to, SegmentKind::Failed),
            Waits::No => strip.until(to, SegmentKind::Running),
            Waits::Before => {
                strip.until(work.taken.unwrap_or(to), SegmentKind::Waiting);
                strip.until(to, SegmentKind::Running);
            }
            Waits::After => {
                strip.until(work.taken.unwrap_or(to), SegmentKind::Running);
                strip.until(to, SegmentKind::Waiting);
            }
        }
        between = if failed { SegmentKind::BackingOff } else { SegmentKind::Running };
    }
    let rest = match visit.status {
        _ if works.is_empty() => alone(run, visit),
        // It backs off, or did so when it was given up.
        VisitStatus::Retrying | VisitStatus::Aborted => between,
        _ => SegmentKind::Running,
    };
    strip.until(strip.end, rest);
    if strip.segments.is_empty() {
        let kind = if works.iter().any(|work| work.failed) { SegmentKind::Failed } else { rest };
        strip.segments.push(Segment { kind, from, to: from });
    }
    strip.segments
}

fn work(attempt: &Attempt) -> Work {
    let resource = attempt.resource.as_deref().unwrap_or_default();
    let waits = if resource.ends_with(".waitForTaskToken") {
        Waits::After
    } else if resource.contains(":activity:") {
        Waits::Before
    } else {
        Waits::No
    };
    Work {
        from: attempt.scheduled_at,
        taken: attempt.started_at,
        to: attempt.ended_at,
        failed: attempt.error.is_some(),
        waits,
    }
}

/// The rounds of a Map or Parallel.
fn containers_work(run: &Run, starts: &Starts, index: usize, visit: &Visit) -> Vec<Work> {
    let rounds = rounds(run, starts, None, index);
    let works = rounds.into_iter().map(|round| Work {
        from: round.started_at,
        taken: None,
        to: round.duration.map(|took| round.started_at.saturating_add(took)),
        failed: round.error.is_some() || visit.status == VisitStatus::Failed,
        waits: Waits::No,
    });
    works.collect()
}

/// What a state does that has nothing to try.
fn alone(run: &Run, visit: &Visit) -> SegmentKind {
    let type_name = event(run, visit.entered).map(|entered| entered.type_name.as_str());
    if visit.error.is_some() || visit.status == VisitStatus::Failed {
        SegmentKind::Failed
    } else if type_name == Some("WaitStateEntered") {
        SegmentKind::Waiting
    } else {
        SegmentKind::Running
    }
}

/// Segments one after the other, from `at` to at most `end`.
struct Strip {
    at: Millis,
    end: Millis,
    segments: Vec<Segment>,
}

impl Strip {
    fn until(&mut self, to: Millis, kind: SegmentKind) {
        let to = to.min(self.end);
        // Clocks of a service may be a little apart: what seems to end before it began took no time.
        if to <= self.at {
            return;
        }
        match self.segments.last_mut() {
            Some(last) if last.kind == kind => last.to = to,
            _ => self.segments.push(Segment { kind, from: self.at, to }),
        }
        self.at = to;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::script::run;

    /// Each bar as `depth state[iteration] R0-10 B10-20`.
    fn check(script: &str, now: Millis, expected: &[&str]) {
        let run = run(script);
        let bars = bars(&run, now);
        let found: Vec<String> = bars.iter().map(text).collect();
        assert_eq!(found, expected);
        for bar in bars {
            assert!(bar.segments.windows(2).all(|pair| pair[0].to == pair[1].from && pair[0].kind != pair[1].kind));
        }
    }

    fn text(bar: &Bar) -> String {
        let iteration = bar.iteration.map(|index| format!("[{index}]")).unwrap_or_default();
        let mut text = format!("{} {}{iteration}", bar.depth, bar.state);
        for segment in &bar.segments {
            let letter = match segment.kind {
                SegmentKind::Running => 'R',
                SegmentKind::BackingOff => 'B',
                SegmentKind::Waiting => 'W',
                SegmentKind::Failed => 'F',
            };
            text.push_str(&format!(" {letter}{}-{}", segment.from, segment.to));
        }
        text
    }

    #[test]
    fn a_task_runs_fails_and_backs_off() {
        let script = "
            1<0 0 ExecutionStarted
            2<0 0 TaskStateEntered name=Pay
            3<2 5 TaskScheduled
            4<3 20 TaskFailed error=Boom
            5<4 120 TaskScheduled
            6<5 140 TaskSucceeded
            7<6 150 TaskStateExited name=Pay
            8<7 150 PassStateEntered name=Done
            9<8 150 PassStateExited name=Done";
        check(script, 900, &["0 Pay R0-5 F5-20 B20-120 R120-150", "0 Done R150-150"]);
    }

    #[test]
    fn what_goes_on_lasts_until_now() {
        let backing_off = "
            1<0 0 ExecutionStarted
            2<0 0 TaskStateEntered name=Pay
            3<2 0 TaskScheduled
            4<3 20 TaskFailed error=Boom";
        check(backing_off, 90, &["0 Pay F0-20 B20-90"]);
        check("1<0 0 ExecutionStarted\n2<0 7 WaitStateEntered name=W", 90, &["0 W W7-90"]);
        // A clock that is behind.
        check("1<0 0 ExecutionStarted\n2<0 7 PassStateEntered name=P", 3, &["0 P R7-7"]);
    }

    #[test]
    fn what_waits_for_others() {
        let token = "resource=lambda:invoke.waitForTaskToken";
        let script = format!(
            "1<0 0 ExecutionStarted
             2<0 0 TaskStateEntered name=Ask
             3<2 0 TaskScheduled {token}
             4<3 4 TaskStarted
             5<4 9 TaskSubmitted
             6<5 400 TaskSucceeded
             7<6 400 TaskStateExited name=Ask
             8<7 400 TaskStateEntered name=Work
             9<8 400 ActivityScheduled resource=arn:aws:states:us-east-1:1:activity:pack
             10<9 450 ActivityStarted
             11<10 460 ActivityTimedOut error=States.Timeout
             12<11 500 ActivityScheduled resource=arn:aws:states:us-east-1:1:activity:pack
             13<12 550 ActivityStarted
             14<13 580 ActivitySucceeded"
        );
        check(&script, 600, &["0 Ask R0-4 W4-400", "0 Work F400-460 B460-500 W500-550 R550-600"]);
    }

    #[test]
    fn what_is_inside_stands_below_what_is_around() {
        let script = "
            1<0 0 ExecutionStarted
            2<0 0 MapStateEntered name=Each
            3<2 0 MapStateStarted length=2
            4<3 0 MapIterationStarted name=Each index=0
            5<3 0 MapIterationStarted name=Each index=1
            6<4 1 PassStateEntered name=A
            7<5 2 PassStateEntered name=A
            8<7 3 PassStateExited name=A
            9<8 3 WaitStateEntered name=B
            10<6 4 PassStateExited name=A
            11<10 4 MapIterationSucceeded name=Each index=0
            12<9 9 WaitStateExited name=B
            13<12 9 MapIterationSucceeded name=Each index=1
            14<13 9 MapStateSucceeded
            15<13 9 MapStateExited name=Each
            16<15 9 SucceedStateEntered name=End";
        check(script, 9, &["0 Each R0-9", "1 A[0] R1-4", "1 A[1] R2-3", "1 B[1] W3-9", "0 End R9-9"]);
    }

    #[test]
    fn a_container_that_is_tried_again() {
        let script = "
            1<0 0 ExecutionStarted
            2<0 0 ParallelStateEntered name=P
            3<2 0 ParallelStateStarted
            4<3 0 TaskStateEntered name=T
            5<4 1 TaskScheduled
            6<5 5 TaskFailed error=Boom
            7<6 105 ParallelStateStarted
            8<7 105 TaskStateEntered name=T
            9<8 106 TaskScheduled
            10<9 110 TaskFailed error=Boom
            11<10 110 ParallelStateFailed
            12<11 110 ExecutionFailed error=Boom";
        let bars = bars(&run(script), 900);
        assert_eq!(bars.first().map(text).unwrap(), "0 P F0-5 B5-105 F105-110");
        assert_eq!(bars.last().map(text).unwrap(), "1 T R105-106 F106-110");
    }

    #[test]
    fn a_span_ends_with_the_run() {
        let script = "1<0 10 ExecutionStarted\n2<0 20 PassStateEntered name=P";
        assert_eq!(Span::of(&run(script), 90), Some(Span { from: 10, to: 90 }));
        assert_eq!(Span::of(&run(script), 5), Some(Span { from: 10, to: 20 }));
        let over = format!("{script}\n3<2 30 ExecutionAborted");
        assert_eq!(Span::of(&run(&over), 90), Some(Span { from: 10, to: 30 }));
        assert_eq!(Span::of(&Run::default(), 90), None);
    }
}
