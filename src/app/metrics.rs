//! Metrics as charts: which window, in which periods, and what of it is drawn.
//!
//! Works out what the answers say when they come, so that drawing only looks. Reads no clock, fetches nothing, and
//! knows no cell: a chart is a list of values.

use std::collections::HashMap;

use serde_json::Value;

use crate::facts::{Metric, Millis, Periods, Series, Statistic, Unit};

/// The most periods of a chart; no window here has as many.
const MOST_PERIODS: usize = 1_000;
/// The most functions that are asked for: CloudWatch bills each of their metrics each time.
const MOST_FUNCTIONS: usize = 100;
/// How long an answer is good for. The running period grows, and CloudWatch is not asked more often than once a minute.
const FRESH: Millis = 60_000;

/// How far back one looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Window {
    /// An hour.
    #[default]
    Hour,
    /// Three hours.
    ThreeHours,
    /// Twelve hours.
    HalfDay,
    /// A day.
    Day,
}

impl Window {
    /// All of them, the shortest first.
    pub const ALL: [Self; 4] = [Self::Hour, Self::ThreeHours, Self::HalfDay, Self::Day];

    /// Its name on the screen.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Hour => "1h",
            Self::ThreeHours => "3h",
            Self::HalfDay => "12h",
            Self::Day => "1d",
        }
    }

    /// The name of its periods.
    pub const fn period(self) -> &'static str {
        match self {
            Self::Hour => "1m",
            Self::ThreeHours => "5m",
            Self::HalfDay => "15m",
            Self::Day => "30m",
        }
    }

    /// The next longer one; after the longest, the shortest.
    pub const fn next(self) -> Self {
        match self {
            Self::Hour => Self::ThreeHours,
            Self::ThreeHours => Self::HalfDay,
            Self::HalfDay => Self::Day,
            Self::Day => Self::Hour,
        }
    }

    /// Its periods at a time, the running one included. They begin at whole periods, as CloudWatch's own do.
    pub const fn periods(self, now: Millis) -> Periods {
        const MINUTE: Millis = 60_000;
        let (each, count) = match self {
            Self::Hour => (MINUTE, 60),
            Self::ThreeHours => (5 * MINUTE, 36),
            Self::HalfDay => (15 * MINUTE, 48),
            Self::Day => (30 * MINUTE, 48),
        };
        let to = now.div_euclid(each).saturating_add(1).saturating_mul(each);
        Periods { from: to.saturating_sub(count * each), to, each }
    }
}

/// What a chart tells of, which decides how it looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// How much there was.
    Amount,
    /// What went well.
    Well,
    /// What did not.
    Badly,
    /// How long it took.
    Time,
}

/// A metric over the window, a value a period.
#[derive(Clone, Debug, PartialEq)]
pub struct Chart {
    /// What it shows.
    pub title: &'static str,
    /// What its values count.
    pub unit: Unit,
    /// What it tells of.
    pub tone: Tone,
    /// A value a period, oldest first. What is counted is 0 where CloudWatch has nothing; a time is then not known.
    pub values: Vec<Option<f64>>,
    /// The last value that is known.
    pub last: Option<f64>,
    /// The largest.
    pub most: Option<f64>,
    /// All of them together.
    pub total: f64,
}

impl Chart {
    /// The number that stands for it: all that was counted, or the latest time.
    pub fn number(&self) -> Option<f64> {
        match self.unit {
            Unit::Count => Some(self.total),
            Unit::Millis => self.last,
        }
    }
}

/// A function with its charts, in the order of [`COLUMNS`].
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// The function's name.
    pub name: String,
    /// A chart a column.
    pub charts: Vec<Chart>,
}

/// What was counted over the whole window.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Totals {
    /// Executions that started.
    pub started: f64,
    /// Executions that succeeded.
    pub succeeded: f64,
    /// Executions that failed, timed out or were aborted.
    pub failed: f64,
    /// Invocations of all functions.
    pub invocations: f64,
    /// Those that failed.
    pub errors: f64,
    /// Those that were refused.
    pub throttles: f64,
}

/// What there is to chart.
type Charted = (&'static str, Metric, Statistic, Tone);

/// The machine's charts, the most telling first: where room is short, the last are not seen.
const CHARTS: [Charted; 8] = [
    ("Started", Metric::ExecutionsStarted, Statistic::Sum, Tone::Amount),
    ("Failed", Metric::ExecutionsFailed, Statistic::Sum, Tone::Badly),
    ("Duration p95", Metric::ExecutionTime, Statistic::P95, Tone::Time),
    ("Succeeded", Metric::ExecutionsSucceeded, Statistic::Sum, Tone::Well),
    ("Duration p50", Metric::ExecutionTime, Statistic::P50, Tone::Time),
    ("Timed out", Metric::ExecutionsTimedOut, Statistic::Sum, Tone::Badly),
    ("Aborted", Metric::ExecutionsAborted, Statistic::Sum, Tone::Badly),
    ("Throttled", Metric::ExecutionThrottled, Statistic::Sum, Tone::Badly),
];
/// Of the machine's charts, those that are there though nothing happened; the others only tell what is rare.
const ALWAYS: usize = 5;

/// A function's columns, the most telling first.
const COLUMNS: [Charted; 5] = [
    ("invocations", Metric::Invocations, Statistic::Sum, Tone::Amount),
    ("errors", Metric::Errors, Statistic::Sum, Tone::Badly),
    ("p95", Metric::Duration, Statistic::P95, Tone::Time),
    ("throttles", Metric::Throttles, Statistic::Sum, Tone::Badly),
    ("p50", Metric::Duration, Statistic::P50, Tone::Time),
];

/// The metrics of a machine and its functions.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Metrics {
    /// How far back one looks.
    pub window: Window,
    /// The periods that the charts show; `None` until an answer came.
    pub shown: Option<Periods>,
    /// The machine's charts.
    pub charts: Vec<Chart>,
    /// The functions, in the order in which they were asked for.
    pub functions: Vec<Row>,
    /// What was counted.
    pub totals: Totals,
    /// Functions that the table is scrolled by.
    pub scroll: usize,
    /// When the answer came.
    answered_at: Option<Millis>,
}

impl Metrics {
    /// What is to be asked now, if what is shown is not good any more.
    pub fn wanted(&self, now: Millis) -> Option<Periods> {
        let is_fresh = self.answered_at.is_some_and(|at| (at..at.saturating_add(FRESH)).contains(&now));
        (!is_fresh).then(|| self.window.periods(now))
    }

    /// Looks at another window. What is shown stays until its answer comes.
    pub fn choose(&mut self, window: Window) {
        self.window = window;
        self.answered_at = None;
    }

    /// What belongs to another machine is forgotten; the window stays.
    pub fn forget(&mut self) {
        *self = Self { window: self.window, ..Self::default() };
    }

    /// Takes an answer in. One to a window that nobody looks at any more changes nothing.
    pub fn take(&mut self, periods: Periods, series: &[Series], now: Millis) {
        let expected = self.window.periods(periods.from);
        if (periods.each, periods.to - periods.from) != (expected.each, expected.to - expected.from) {
            return;
        }
        self.answered_at = Some(now);
        self.shown = Some(periods);
        let is_of_machine = |series: &&Series| Metric::OF_MACHINE.contains(&series.name);
        let of_machine: Vec<&Series> = series.iter().filter(is_of_machine).collect();
        let charts = CHARTS.iter().map(|charted| chart(charted, &of_machine, periods)).enumerate();
        self.charts = charts.filter(|(at, chart)| *at < ALWAYS || chart.total > 0.0).map(|(_, chart)| chart).collect();
        self.functions = rows(series, periods);
        self.totals = totals(series);
        self.scroll = self.scroll.min(self.functions.len().saturating_sub(1));
    }

    /// Moves the table by so many functions.
    pub fn scroll_by(&mut self, by: isize) {
        let last = self.functions.len().saturating_sub(1);
        self.scroll = self.scroll.saturating_add_signed(by).min(last);
    }
}

fn rows(series: &[Series], periods: Periods) -> Vec<Row> {
    let mut names: Vec<&str> = Vec::new();
    let mut of: HashMap<&str, Vec<&Series>> = HashMap::new();
    for series in series.iter().filter(|series| Metric::OF_FUNCTION.contains(&series.name)) {
        of.entry(&series.of)
            .or_insert_with(|| {
                names.push(&series.of);
                Vec::new()
            })
            .push(series);
    }
    let row = |name: &str| {
        let own = of.get(name).map(Vec::as_slice).unwrap_or_default();
        Row { name: name.to_owned(), charts: COLUMNS.iter().map(|charted| chart(charted, own, periods)).collect() }
    };
    names.into_iter().map(row).collect()
}

fn chart((title, name, statistic, tone): &Charted, series: &[&Series], periods: Periods) -> Chart {
    let series = series.iter().find(|series| series.name == *name && series.statistic == *statistic);
    let unit = name.unit();
    let count = (periods.to - periods.from).checked_div(periods.each).unwrap_or_default();
    let count = usize::try_from(count).unwrap_or_default().min(MOST_PERIODS);
    let unknown = match unit {
        Unit::Count => Some(0.0),
        Unit::Millis => None,
    };
    let mut values = vec![unknown; count];
    for (at, value) in series.map(|series| series.points.as_slice()).unwrap_or_default() {
        let place = at.saturating_sub(periods.from).div_euclid(periods.each.max(1));
        if let Some(slot) = usize::try_from(place).ok().and_then(|place| values.get_mut(place)) {
            *slot = Some(*value);
        }
    }
    Chart {
        title,
        unit,
        tone: *tone,
        last: values.iter().rev().find_map(|value| *value),
        most: values.iter().flatten().copied().reduce(f64::max),
        total: sum(values.iter().flatten()),
        values,
    }
}

fn totals(series: &[Series]) -> Totals {
    let total = |names: &[Metric]| -> f64 {
        let counted = series.iter().filter(|series| names.contains(&series.name));
        sum(counted.flat_map(|series| &series.points).map(|(_, value)| value))
    };
    Totals {
        started: total(&[Metric::ExecutionsStarted]),
        succeeded: total(&[Metric::ExecutionsSucceeded]),
        failed: total(&[Metric::ExecutionsFailed, Metric::ExecutionsTimedOut, Metric::ExecutionsAborted]),
        invocations: total(&[Metric::Invocations]),
        errors: total(&[Metric::Errors]),
        throttles: total(&[Metric::Throttles]),
    }
}

/// The sum. Of nothing it is 0, and not the -0 that `Iterator::sum` has for it.
fn sum<'a>(values: impl Iterator<Item = &'a f64>) -> f64 {
    values.fold(0.0, |sum, value| sum + value)
}

/// The functions that a definition calls by name, in its order. Those whose names are found only when a state runs, and
/// placeholders of what is not deployed yet, are not among them.
pub fn functions(definition: &str) -> Vec<String> {
    let mut found = Vec::new();
    if let Ok(definition) = serde_json::from_str(definition) {
        look_for_functions(&definition, &mut found);
    }
    found.truncate(MOST_FUNCTIONS);
    found
}

/// As deep as the JSON is, which its reader bounds.
fn look_for_functions(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            if let Some(name) = fields.get("Resource").and_then(|resource| called(resource.as_str()?, fields))
                && !found.contains(&name)
            {
                found.push(name);
            }
            fields.values().for_each(|value| look_for_functions(value, found));
        }
        Value::Array(values) => values.iter().for_each(|value| look_for_functions(value, found)),
        _ => {}
    }
}

/// The function that a Task with this resource calls.
fn called(resource: &str, task: &serde_json::Map<String, Value>) -> Option<String> {
    if resource.contains(":function:") {
        return function_name(resource);
    }
    if !resource.contains(":lambda:") {
        return None;
    }
    let arguments = ["Parameters", "Arguments"].into_iter().find_map(|name| task.get(name))?;
    function_name(arguments.get("FunctionName")?.as_str()?)
}

/// The name in a name, a partial ARN or an ARN, each perhaps with a version.
fn function_name(function: &str) -> Option<String> {
    let name = function.split_once(":function:").map_or(function, |(_, name)| name);
    let name = name.split(':').next().unwrap_or_default();
    let is_name = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'));
    is_name.then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-01-01T12:00:30Z.
    const NOW: Millis = 1_767_268_830_000;

    fn series(name: Metric, of: &str, statistic: Statistic, points: &[(Millis, f64)]) -> Series {
        Series { name, of: of.to_owned(), statistic, unit: name.unit(), points: points.to_vec() }
    }

    #[test]
    fn a_window_ends_with_the_running_period() {
        let cases = [
            (Window::Hour, 60, 60_000, 30_000),
            (Window::ThreeHours, 36, 300_000, 270_000),
            (Window::HalfDay, 48, 900_000, 870_000),
            (Window::Day, 48, 1_800_000, 1_770_000),
        ];
        for (window, count, each, left) in cases {
            let periods = window.periods(NOW);
            assert_eq!((periods.to - NOW, periods.each), (left, each), "{window:?}");
            assert_eq!((periods.to - periods.from, periods.from % each), (count * each, 0), "{window:?}");
        }
        assert_eq!(Window::ALL.map(Window::next), [Window::ThreeHours, Window::HalfDay, Window::Day, Window::Hour]);
    }

    #[test]
    fn an_answer_becomes_charts() {
        let mut metrics = Metrics::default();
        let periods = metrics.wanted(NOW).unwrap();
        let minute = |number: i64| periods.from + number * 60_000;
        metrics.take(
            periods,
            &[
                series(Metric::ExecutionsStarted, "arn:m", Statistic::Sum, &[(minute(0), 2.0), (minute(59), 3.0)]),
                series(Metric::ExecutionsAborted, "arn:m", Statistic::Sum, &[(minute(5), 1.0)]),
                series(Metric::ExecutionTime, "arn:m", Statistic::P95, &[(minute(3), 900.0), (minute(9), 700.0)]),
                series(Metric::Invocations, "pay", Statistic::Sum, &[(minute(1), 4.0)]),
                series(Metric::Errors, "pay", Statistic::Sum, &[(minute(1), 1.0), (minute(90), 9.0)]),
                series(Metric::Invocations, "ship", Statistic::Sum, &[]),
            ],
            NOW,
        );
        let titles: Vec<&str> = metrics.charts.iter().map(|chart| chart.title).collect();
        assert_eq!(titles, ["Started", "Failed", "Duration p95", "Succeeded", "Duration p50", "Aborted"]);
        let told = |chart: &Chart| (chart.values.len(), chart.last, chart.most, chart.total);
        assert_eq!(told(&metrics.charts[0]), (60, Some(3.0), Some(3.0), 5.0));
        assert_eq!(told(&metrics.charts[1]), (60, Some(0.0), Some(0.0), 0.0));
        assert_eq!(told(&metrics.charts[2]), (60, Some(700.0), Some(900.0), 1600.0));
        assert_eq!(told(&metrics.charts[4]), (60, None, None, 0.0));
        assert_eq!((metrics.charts[0].number(), metrics.charts[2].number()), (Some(5.0), Some(700.0)));
        let rows: Vec<(&str, f64, f64)> =
            metrics.functions.iter().map(|row| (row.name.as_str(), row.charts[0].total, row.charts[1].total)).collect();
        // What lies outside of the window is no part of its chart.
        assert_eq!(rows, [("pay", 4.0, 1.0), ("ship", 0.0, 0.0)]);
        assert_eq!((metrics.totals.started, metrics.totals.failed), (5.0, 1.0));
    }

    #[test]
    fn it_is_asked_once_a_minute_and_answers_know_their_window() {
        let mut metrics = Metrics::default();
        let hour = metrics.wanted(NOW).unwrap();
        metrics.take(hour, &[], NOW);
        let cases = [(0, false), (59_999, false), (60_000, true), (-1, true)];
        for (later, expected) in cases {
            assert_eq!(metrics.wanted(NOW + later).is_some(), expected, "{later}");
        }
        metrics.choose(Window::Day);
        let day = metrics.wanted(NOW).unwrap();
        metrics.take(hour, &[series(Metric::Invocations, "late", Statistic::Sum, &[])], NOW);
        assert_eq!((metrics.shown, metrics.functions.len()), (Some(hour), 0));
        metrics.take(day, &[series(Metric::Invocations, "pay", Statistic::Sum, &[])], NOW);
        assert_eq!((metrics.shown, metrics.functions.len()), (Some(day), 1));
        metrics.scroll_by(9);
        assert_eq!(metrics.scroll, 0);
        metrics.forget();
        assert_eq!((metrics.window, metrics.shown), (Window::Day, None));
    }

    #[test]
    fn functions_are_found_wherever_they_are_called() {
        let check = |task: &str, expected: &[&str]| {
            let definition = format!(r#"{{"States":{{"M":{{"ItemProcessor":{{"States":{{"T":{task}}}}}}}}}}}"#);
            assert_eq!(functions(&definition), expected, "{task}");
        };
        check(r#"{"Resource":"arn:aws:lambda:us-east-1:1:function:pay:live"}"#, &["pay"]);
        let invoke = r#""Resource":"arn:aws:states:::lambda:invoke.waitForTaskToken""#;
        check(&format!(r#"{{{invoke},"Parameters":{{"FunctionName":"pay"}}}}"#), &["pay"]);
        check(&format!(r#"{{{invoke},"Arguments":{{"FunctionName":"1:function:pay:3"}}}}"#), &["pay"]);
        check(&format!(r#"{{{invoke},"Arguments":{{"FunctionName":"{{% $f %}}"}}}}"#), &[]);
        check(&format!(r#"{{{invoke},"Parameters":{{"FunctionName.$":"$.f"}}}}"#), &[]);
        check(&format!(r#"{{{invoke},"Parameters":{{"FunctionName":"${{PayFunction}}"}}}}"#), &[]);
        check(r#"{"Resource":"arn:aws:states:::dynamodb:getItem","Parameters":{"FunctionName":"pay"}}"#, &[]);
        check(r#"[{"Resource":"a:function:x"},{"Resource":"a:function:y"},{"Resource":"a:function:x"}]"#, &["x", "y"]);
        assert!(functions("no JSON").is_empty());
    }
}
