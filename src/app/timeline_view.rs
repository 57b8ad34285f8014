//! What is looked at of a run's timeline: its bars, the chosen one, the stretch of time that is seen, the instant.
//!
//! Bars are made when there are new events or, while the run goes on, when time did; never for a picture. It knows no
//! cell: how many rows were seen it is told.

use super::replay::Scrubber;
use super::run::{Run, VisitStatus};
use super::timeline::{Bar, Span, bars};
use crate::facts::{Arn, EventKind, Millis};

/// The shortest stretch that is looked at, in milliseconds.
const SHORTEST: Millis = 20;
/// What may lie between two marks of a scale: how many of which unit, in milliseconds.
const STEPS: [(Millis, &[Millis]); 5] = [
    (1, &[1, 2, 5, 10, 20, 50, 100, 200, 500]),
    (1_000, &[1, 2, 5, 10, 15, 30]),
    (60_000, &[1, 2, 5, 10, 15, 30]),
    (3_600_000, &[1, 2, 3, 6, 12]),
    (DAY, &[1, 2, 7]),
];
const DAY: Millis = 86_400_000;

/// A bar, and where its visit stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The bar.
    pub bar: Bar,
    /// How the visit went.
    pub status: VisitStatus,
    /// Whether it goes on.
    pub is_open: bool,
}

/// The timeline of one execution.
#[derive(Clone, Debug)]
pub struct TimelineView {
    execution: Option<Arn>,
    rows: Vec<Row>,
    /// What the rows were made of.
    made: Option<Made>,
    /// The whole run.
    span: Option<Span>,
    /// What is seen of it; `None` for all.
    window: Option<Span>,
    /// The instant that is looked at, unless it is the last one.
    cursor: Option<Millis>,
    chosen: usize,
    first: usize,
    /// How many rows were seen in the last picture.
    height: usize,
    widest: usize,
}

/// What bars depend on: a run that is over does not change with time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Made {
    events: usize,
    until: Option<Millis>,
}

impl Default for TimelineView {
    fn default() -> Self {
        Self {
            execution: None,
            rows: Vec::new(),
            made: None,
            span: None,
            window: None,
            cursor: None,
            chosen: 0,
            first: 0,
            height: 1,
            widest: 0,
        }
    }
}

impl TimelineView {
    /// A bar for every visit, in order.
    pub fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// The stretch of time that is seen. `None` before the first event.
    pub fn window(&self) -> Option<Span> {
        self.window.or(self.span)
    }

    /// From when on times are counted: the start of the run.
    pub fn start(&self) -> Option<Millis> {
        self.span.map(|span| span.from)
    }

    /// The instant that is looked at, if that is not the last one.
    pub fn cursor(&self) -> Option<Millis> {
        self.cursor
    }

    /// The row that is chosen.
    pub fn chosen(&self) -> usize {
        self.chosen
    }

    /// The visit of the chosen row, among those of the run.
    pub fn visit(&self) -> Option<usize> {
        self.rows.get(self.chosen).map(|row| row.bar.visit)
    }

    /// The characters of the longest name with its indentation, see [`Row::indent`] and [`Row::iteration`].
    pub fn widest(&self) -> usize {
        self.widest
    }

    /// The first of so many rows, so that the chosen one is among them.
    pub fn first(&self, height: usize) -> usize {
        first(self.first, self.chosen, height, self.rows.len())
    }

    /// Takes in that a picture was drawn with so many rows.
    pub fn drawn(&mut self, height: usize) {
        self.height = height.max(1);
        self.first = self.first(self.height);
    }

    /// Takes in the run. While an earlier instant is looked at, the scrubber tells only what had happened until then:
    /// the bars of the whole run are kept, and the instant becomes the cursor.
    pub fn refresh(&mut self, execution: &Arn, scrubber: &Scrubber, now: Millis) {
        if self.execution.as_ref() != Some(execution) {
            *self = Self { execution: Some(execution.clone()), height: self.height, ..Self::default() };
        }
        let run = scrubber.run();
        let is_last = scrubber.position() == scrubber.len();
        let instant = run.events.last().map(|event| event.at);
        if is_last {
            self.make(run, now);
        } else if self.made.is_none() {
            self.make(run, instant.unwrap_or(now));
        }
        self.cursor = if is_last { None } else { instant.or(self.start()) };
        if let Some(cursor) = self.cursor {
            self.reveal(cursor);
        }
    }

    /// Chooses so many rows further down, or up; `isize::MIN` and `isize::MAX` lead to the first and the last.
    pub fn move_by(&mut self, by: isize) {
        self.choose_row(self.chosen.saturating_add_signed(by));
    }

    /// Chooses a row; beyond the last one, that.
    pub fn choose_row(&mut self, row: usize) {
        self.chosen = row.min(self.rows.len().saturating_sub(1));
        self.first = self.first(self.height);
        if let (Some(bar), Some(window)) = (self.chosen_bar(), self.window)
            && (bar.to < window.from || bar.from > window.to)
        {
            self.reveal(bar.from);
        }
    }

    /// Chooses the row of a visit, if there is one.
    pub fn choose_visit(&mut self, visit: usize) {
        if let Some(row) = self.rows.iter().position(|row| row.bar.visit == visit) {
            self.choose_row(row);
        }
    }

    /// Shows half as much time: around the instant that is looked at, or else around what is seen of the chosen bar.
    /// Whether it could be seen from nearer.
    pub fn zoom_in(&mut self) -> bool {
        let Some(window) = self.window() else { return false };
        let length = length(window) / 2;
        if length < SHORTEST {
            return false;
        }
        // The instant in the middle of it all keeps its place on the screen.
        let at = self.middle(window);
        let from = at.saturating_sub(at.saturating_sub(window.from) / 2);
        self.look_at(Span { from, to: from.saturating_add(length) });
        true
    }

    /// Shows twice as much time, at most all.
    pub fn zoom_out(&mut self) {
        let Some(window) = self.window() else { return };
        let at = self.middle(window);
        let from = at.saturating_sub(at.saturating_sub(window.from).saturating_mul(2));
        self.look_at(Span { from, to: from.saturating_add(length(window).saturating_mul(2)) });
    }

    /// Looks so many quarters of what is seen later, or earlier.
    pub fn pan(&mut self, quarters: i64) {
        let Some(window) = self.window else { return };
        let by = (length(window) / 4).max(1).saturating_mul(quarters);
        self.look_at(Span { from: window.from.saturating_add(by), to: window.to.saturating_add(by) });
    }

    /// The marks of a scale for what is seen: round times since the start of the run, in milliseconds, so many at the
    /// most and one more.
    pub fn ticks(&self, most: usize) -> Vec<Millis> {
        let (Some(window), Some(start)) = (self.window(), self.start()) else { return Vec::new() };
        let (from, to) = (window.from.saturating_sub(start).max(0), window.to.saturating_sub(start));
        let step = step(length(window), most);
        let mut ticks = Vec::new();
        let mut at = from.saturating_add(step - 1) / step * step;
        while at <= to && ticks.len() <= most {
            ticks.push(at);
            at = at.saturating_add(step);
        }
        ticks
    }

    fn make(&mut self, run: &Run, now: Millis) {
        let is_over = run.events.last().is_some_and(|event| is_end(event.kind));
        let made = Made { events: run.events.len(), until: (!is_over).then_some(now) };
        if self.made == Some(made) {
            return;
        }
        let chosen = self.visit();
        let rows = bars(run, now).into_iter().filter_map(|bar| Row::of(bar, run));
        (self.rows, self.made) = (rows.collect(), Some(made));
        self.widest = self.rows.iter().map(Row::width).max().unwrap_or_default();
        let again = chosen.and_then(|visit| self.rows.iter().position(|row| row.bar.visit == visit));
        self.chosen = again.unwrap_or(self.chosen).min(self.rows.len().saturating_sub(1));
        self.first = self.first(self.height);
        let before = std::mem::replace(&mut self.span, Span::of(run, now));
        // Whoever looks at the end sees what comes.
        if let (Some(window), Some(before), Some(span)) = (self.window, before, self.span)
            && window.to >= before.to
        {
            let by = span.to.saturating_sub(before.to);
            self.look_at(Span { from: window.from.saturating_add(by), to: span.to });
        }
    }

    /// The time of the chosen bar.
    fn chosen_bar(&self) -> Option<Span> {
        let segments = &self.rows.get(self.chosen)?.bar.segments;
        Some(Span { from: segments.first()?.from, to: segments.last()?.to })
    }

    /// Around which instant of what is seen it is zoomed.
    fn middle(&self, window: Span) -> Millis {
        let bar = self.chosen_bar().unwrap_or(window);
        let (from, to) = (bar.from.max(window.from), bar.to.min(window.to));
        let (from, to) = if from <= to { (from, to) } else { (window.from, window.to) };
        let middle = from.saturating_add(to.saturating_sub(from) / 2);
        self.cursor.unwrap_or(middle).max(window.from).min(window.to)
    }

    /// Moves what is seen, if an instant is not in it.
    fn reveal(&mut self, at: Millis) {
        if let Some(window) = self.window
            && (at < window.from || at > window.to)
        {
            let length = length(window);
            let from = at.saturating_sub(length / 2);
            self.look_at(Span { from, to: from.saturating_add(length) });
        }
    }

    /// Looks at a stretch, moved so that it is of the run; at all, if it is as long.
    fn look_at(&mut self, wanted: Span) {
        let Some(span) = self.span else { return };
        let length = length(wanted);
        self.window = if length >= self::length(span) {
            None
        } else {
            let from = wanted.from.min(span.to.saturating_sub(length)).max(span.from);
            Some(Span { from, to: from.saturating_add(length) })
        };
    }
}

impl Row {
    fn of(bar: Bar, run: &Run) -> Option<Self> {
        let visit = run.visits.get(bar.visit)?;
        Some(Self { bar, status: visit.status, is_open: visit.left_at.is_none() })
    }

    /// The columns before its name: two for each Map or Parallel around it.
    pub fn indent(&self) -> usize {
        self.bar.depth.saturating_mul(2)
    }

    /// The Map iteration that it belongs to, as it stands behind the name: `[3]`.
    pub fn iteration(&self) -> String {
        self.bar.iteration.map(|iteration| format!("[{iteration}]")).unwrap_or_default()
    }

    fn width(&self) -> usize {
        self.indent() + self.bar.state.chars().count() + self.iteration().len()
    }
}

fn is_end(kind: EventKind) -> bool {
    use EventKind as K;
    matches!(kind, K::ExecutionSucceeded | K::ExecutionFailed | K::ExecutionAborted | K::ExecutionTimedOut)
}

fn length(span: Span) -> Millis {
    span.to.saturating_sub(span.from).max(0)
}

/// The first row to show: as before, unless the chosen one would not be seen.
fn first(before: usize, chosen: usize, height: usize, rows: usize) -> usize {
    let height = height.max(1);
    before.min(chosen).max((chosen + 1).saturating_sub(height)).min(rows.saturating_sub(height))
}

/// The shortest round step of which so many at the most make up a length.
fn step(length: Millis, most: usize) -> Millis {
    let most = Millis::try_from(most).unwrap_or(Millis::MAX).max(1);
    let days = || (length / most / DAY).saturating_add(1).saturating_mul(DAY);
    steps().find(|step| length / step <= most).unwrap_or_else(days)
}

/// The shortest first.
fn steps() -> impl Iterator<Item = Millis> {
    STEPS.into_iter().flat_map(|(unit, counts)| counts.iter().map(move |count| unit * count))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::script::{events, run};

    /// It goes on: A of 100 ms, a Map with two iterations from 100 on, of which one has ended.
    const LIVE: &str = "
        1<0 0 ExecutionStarted
        2<0 0 PassStateEntered name=A
        3<2 100 PassStateExited name=A
        4<3 100 MapStateEntered name=Each
        5<4 100 MapStateStarted length=2
        6<5 100 MapIterationStarted name=Each index=0
        7<5 100 MapIterationStarted name=Each index=1
        8<6 100 WaitStateEntered name=W
        9<7 100 WaitStateEntered name=W
        10<8 300 WaitStateExited name=W
        11<10 300 MapIterationSucceeded name=Each index=0";
    const REST: &str = "
        12<9 700 WaitStateExited name=W
        13<12 700 MapIterationSucceeded name=Each index=1
        14<13 700 MapStateSucceeded
        15<13 700 MapStateExited name=Each
        16<15 800 ExecutionSucceeded";

    fn arn() -> Arn {
        Arn("it".into())
    }

    fn view_of(scrubber: &Scrubber, now: Millis) -> TimelineView {
        let mut view = TimelineView::default();
        view.refresh(&arn(), scrubber, now);
        view.drawn(3);
        view
    }

    /// Each row as `state[iteration] until`, with a `>` while it goes on.
    fn shown(view: &TimelineView) -> Vec<String> {
        let row = |row: &Row| {
            let until = row.bar.segments.last().map(|segment| segment.to).unwrap();
            let open = if row.is_open { ">" } else { "" };
            format!("{}{} {until}{open}", row.bar.state, row.iteration())
        };
        view.rows().iter().map(row).collect()
    }

    fn window(view: &TimelineView) -> (Millis, Millis) {
        view.window().map(|window| (window.from, window.to)).unwrap()
    }

    #[test]
    fn it_grows_with_time_until_the_run_is_over() {
        let mut scrubber = Scrubber::new(run(LIVE));
        let mut view = view_of(&scrubber, 400);
        assert_eq!(shown(&view), ["A 100", "Each 400>", "W[0] 300", "W[1] 400>"]);
        assert_eq!((window(&view), view.cursor(), view.widest()), ((0, 400), None, 6));
        view.refresh(&arn(), &scrubber, 500);
        assert_eq!((shown(&view)[1].as_str(), window(&view)), ("Each 500>", (0, 500)));
        scrubber.extend(events(REST));
        scrubber.seek(usize::MAX);
        for now in [900, 5_000] {
            view.refresh(&arn(), &scrubber, now);
            assert_eq!(shown(&view), ["A 100", "Each 700", "W[0] 300", "W[1] 700"]);
            assert_eq!(window(&view), (0, 800));
        }
        // Another execution begins from nothing.
        view.move_by(2);
        view.refresh(&Arn("other".into()), &Scrubber::new(Run::default()), 900);
        assert_eq!((view.rows().len(), view.chosen(), view.visit(), view.window()), (0, 0, None, None));
        view.zoom_in();
        view.zoom_out();
        view.pan(1);
        view.move_by(1);
        assert_eq!((view.ticks(9), view.first(5)), (Vec::new(), 0));
    }

    #[test]
    fn an_earlier_instant_is_a_cursor_over_all_that_is_known() {
        let mut scrubber = Scrubber::new(run(&format!("{LIVE}{REST}")));
        let mut view = view_of(&scrubber, 900);
        let all = shown(&view);
        scrubber.seek(10);
        view.refresh(&arn(), &scrubber, 900);
        assert_eq!((view.cursor(), shown(&view)), (Some(300), all.clone()));
        scrubber.seek(0);
        view.refresh(&arn(), &scrubber, 900);
        assert_eq!((view.cursor(), shown(&view)), (Some(0), all.clone()));
        scrubber.seek(usize::MAX);
        view.refresh(&arn(), &scrubber, 900);
        assert_eq!((view.cursor(), shown(&view)), (None, all));
        // Nothing else is known when it is met in the middle.
        scrubber.seek(10);
        let view = view_of(&scrubber, 900);
        assert_eq!(shown(&view), ["A 100", "Each 300>", "W[0] 300", "W[1] 300>"]);
    }

    #[test]
    fn the_chosen_row_stays_in_view() {
        let mut view = view_of(&Scrubber::new(run(LIVE)), 400);
        assert_eq!((view.chosen(), view.visit(), view.first(3)), (0, Some(0), 0));
        view.move_by(isize::MAX);
        assert_eq!((view.chosen(), view.first(3)), (3, 1));
        view.move_by(-1);
        assert_eq!((view.chosen(), view.first(3)), (2, 1), "it need not scroll");
        assert_eq!(view.first(1), 2);
        view.choose_visit(3);
        assert_eq!(view.visit(), Some(3));
        view.choose_visit(99);
        assert_eq!(view.visit(), Some(3));
    }

    #[test]
    fn the_choice_stays_when_rows_come_before_it() {
        let mut scrubber = Scrubber::new(run("
            1<0 0 ExecutionStarted
            2<0 0 ParallelStateEntered name=P
            3<2 0 ParallelStateStarted
            4<3 0 MapStateEntered name=M
            5<3 0 WaitStateEntered name=B"));
        let mut view = view_of(&scrubber, 5);
        view.choose_visit(2);
        assert_eq!((view.chosen(), view.visit()), (2, Some(2)));
        scrubber.extend(events(
            "
            6<4 10 MapStateStarted length=1
            7<6 10 MapIterationStarted name=M index=0
            8<7 10 PassStateEntered name=T",
        ));
        scrubber.seek(usize::MAX);
        view.refresh(&arn(), &scrubber, 20);
        assert_eq!(shown(&view), ["P 20>", "M 20>", "T[0] 20>", "B 20>"]);
        assert_eq!((view.chosen(), view.visit(), view.first(3)), (3, Some(2), 1));
    }

    #[test]
    fn time_is_zoomed_around_what_is_looked_at() {
        let mut scrubber = Scrubber::new(run(&format!("{LIVE}{REST}")));
        let mut view = view_of(&scrubber, 900);
        // Around the middle of A, 50.
        view.zoom_in();
        assert_eq!(window(&view), (25, 425));
        view.zoom_in();
        assert_eq!(window(&view), (44, 244));
        // The whole Map, as far as it is seen: from 100 to 244.
        view.move_by(1);
        view.zoom_in();
        assert_eq!(window(&view), (108, 208));
        // A bar that is not seen is brought into view.
        view.move_by(-1);
        assert_eq!(window(&view), (0, 100));
        for _ in 0..9 {
            view.zoom_in();
        }
        let (from, to) = window(&view);
        assert!(to - from >= SHORTEST && from <= 50 && to >= 50, "{from} {to}");
        for _ in 0..9 {
            view.zoom_out();
        }
        assert_eq!(window(&view), (0, 800));
        // An instant counts more than the chosen bar, and stays in view.
        scrubber.seek(10);
        view.refresh(&arn(), &scrubber, 900);
        view.zoom_in();
        assert_eq!(window(&view), (150, 550));
        scrubber.seek(14);
        view.refresh(&arn(), &scrubber, 900);
        assert_eq!(window(&view), (400, 800));
        view.pan(-2);
        assert_eq!(window(&view), (200, 600));
        view.pan(-99);
        assert_eq!(window(&view), (0, 400));
    }

    #[test]
    fn whoever_looks_at_the_end_sees_what_comes() {
        let scrubber = Scrubber::new(run(LIVE));
        let mut view = view_of(&scrubber, 800);
        view.choose_visit(3);
        view.zoom_in();
        view.pan(99);
        assert_eq!(window(&view), (400, 800));
        view.refresh(&arn(), &scrubber, 900);
        assert_eq!(window(&view), (500, 900));
        view.pan(-1);
        view.refresh(&arn(), &scrubber, 1_000);
        assert_eq!(window(&view), (400, 800));
    }

    #[test]
    fn scales_have_round_marks() {
        let cases: [(Millis, usize, Millis); 9] = [
            (0, 5, 1),
            (9, 5, 2),
            (10_000, 10, 1_000),
            (12_000, 10, 2_000),
            (60_000, 5, 15_000),
            (600_000, 10, 60_000),
            (86_400_000, 8, 10_800_000),
            (900 * DAY, 10, 91 * DAY),
            (Millis::MAX, 0, Millis::MAX),
        ];
        for (length, most, expected) in cases {
            assert_eq!(step(length, most), expected, "{length} {most}");
        }
        assert!(steps().is_sorted());
        let mut view = view_of(&Scrubber::new(run(&format!("{LIVE}{REST}"))), 900);
        assert_eq!(view.ticks(8), [0, 100, 200, 300, 400, 500, 600, 700, 800]);
        assert_eq!(view.ticks(3), [0, 500]);
        view.zoom_in();
        assert_eq!(view.ticks(4), [100, 200, 300, 400]);
    }
}
