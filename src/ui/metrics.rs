//! Metrics as charts: the machine's in a grid, the functions' in a table of small ones.
//!
//! Where room is short, the charts first lose their time axis, then become a line each, then the last of them go; of the
//! table the last columns go, and its rows scroll.

use jiff::tz::TimeZone;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;

use super::text::{clean, cut, duration};
use super::theme::Theme;
use crate::app::metrics::{Chart, Metrics, Row, Tone};
use crate::facts::{ExecutionStatus, Millis, Periods, Unit};

/// Columns of the narrowest chart.
const CELL: u16 = 26;
/// The most charts side by side.
const MOST_BESIDE: u16 = 4;
/// Rows of the highest chart: a higher one tells no more.
const HIGHEST: u16 = 10;
/// Lines of a chart that can be read, and of the room from which on none is smaller.
const READABLE: u16 = 5;
const ROOMY: u16 = 20;
/// Columns of the narrowest small chart in the table, with its number.
const COLUMN: u16 = 14;
/// Columns of a number, with the blanks around it.
const NUMBER: u16 = 8;
/// Columns of a chart's title, where it stands in one line with it.
const TITLE: u16 = 13;

pub(super) fn draw(metrics: &Metrics, zone: &TimeZone, theme: &Theme, area: Rect, buffer: &mut Buffer) {
    if area.is_empty() {
        return;
    }
    let Some(shown) = metrics.shown else {
        Span::styled(cut("Loading…", usize::from(area.width)), theme.dim).render(area, buffer);
        return;
    };
    head(metrics, shown, zone, theme, Rect { height: 1, ..area }, buffer);
    let plan = plan(area.width, area.height, metrics.charts.len(), metrics.functions.len());
    let charts = usize::from(plan.beside) * usize::from(plan.rows);
    for (place, chart) in metrics.charts.iter().take(charts).enumerate() {
        let cell = plan.cell(area, place);
        match cell.height {
            0 => {}
            1 => line(chart, theme, cell, buffer),
            _ => full(chart, shown, zone, theme, cell, buffer),
        }
    }
    let height = plan.table;
    table(metrics, theme, Rect { y: area.bottom() - height, height, ..area }, buffer);
}

/// Where charts and table go, below the head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Plan {
    /// Charts side by side.
    beside: u16,
    /// Rows of charts.
    rows: u16,
    /// Lines of a chart.
    height: u16,
    /// Lines of the table, with its head.
    table: u16,
}

fn plan(width: u16, height: u16, charts: usize, functions: usize) -> Plan {
    let count = |number: usize| u16::try_from(number).unwrap_or(u16::MAX);
    let body = height.saturating_sub(1);
    let beside = (width / CELL).min(MOST_BESIDE).min(count(charts)).max(1);
    let rows = count(charts.div_ceil(usize::from(beside)));
    // The table gets half of the room, and what the charts leave over: where there is room, they stay what one can read.
    let least = if body < ROOMY { 1 } else { READABLE };
    let most = (body / 2).max(body.saturating_sub(rows.saturating_mul(least)));
    let table = if functions == 0 { 0 } else { count(functions).saturating_add(1).min(most) };
    // A head alone tells nothing.
    let table = if table < 2 { 0 } else { table };
    let room = body - table;
    let rows = rows.min(room);
    let height = match room / rows.max(1) {
        0..=2 => 1,
        high => high.min(HIGHEST),
    };
    Plan { beside, rows, height, table }
}

impl Plan {
    /// The place of a chart, with a free column to its right.
    fn cell(&self, area: Rect, place: usize) -> Rect {
        let place = u16::try_from(place).unwrap_or(u16::MAX);
        let beside = self.beside.max(1);
        let left = |column: u16| {
            let left = u32::from(area.width) * u32::from(column) / u32::from(beside);
            area.x + u16::try_from(left).unwrap_or(area.width)
        };
        let column = place % beside;
        let y = area.y.saturating_add(1).saturating_add((place / beside).saturating_mul(self.height));
        let width = (left(column + 1) - left(column)).saturating_sub(1);
        Rect { x: left(column), y, width, height: self.height }.intersection(area)
    }
}

/// The window, its times, and what was counted in it.
fn head(metrics: &Metrics, shown: Periods, zone: &TimeZone, theme: &Theme, area: Rect, buffer: &mut Buffer) {
    let totals = &metrics.totals;
    let window = format!("{} by {}", metrics.window.as_str(), metrics.window.period());
    let times = format!("  {}-{}", time(shown.from, zone), time(shown.to, zone));
    let mut spans = vec![Span::styled(window, theme.title), Span::styled(times, theme.dim)];
    for (name, value, is_bad) in [
        ("started", totals.started, false),
        ("succeeded", totals.succeeded, false),
        ("failed", totals.failed, true),
        ("invocations", totals.invocations, false),
        ("errors", totals.errors, true),
        ("throttles", totals.throttles, true),
    ] {
        let style = if is_bad && value > 0.0 { theme.error } else { Style::new() };
        spans.push(Span::styled(format!("  {name} "), theme.dim));
        spans.push(Span::styled(number(Some(value), Unit::Count), style));
    }
    Line::from(spans).render(area, buffer);
}

/// A chart in one line: title, bars, number.
fn line(chart: &Chart, theme: &Theme, area: Rect, buffer: &mut Buffer) {
    let title = TITLE.min(area.width);
    Span::raw(cut(chart.title, usize::from(title).saturating_sub(1))).render(Rect { width: title, ..area }, buffer);
    let rest = Rect { x: area.x + title, width: area.width - title, ..area };
    small(chart, theme, rest, buffer);
}

/// A chart with its last and largest value above it, and its times below where there is room.
fn full(chart: &Chart, shown: Periods, zone: &TimeZone, theme: &Theme, area: Rect, buffer: &mut Buffer) {
    let top = Rect { height: 1, ..area };
    Span::styled(cut(chart.title, usize::from(area.width)), theme.title).render(top, buffer);
    let (last, most) = (number(chart.last, chart.unit), number(chart.most, chart.unit));
    let room = usize::from(area.width).saturating_sub(chart.title.len() + 1);
    let facts = [format!("last {last}  max {most}"), format!("max {most}"), String::new()];
    let fitting = facts.into_iter().find(|facts| facts.len() <= room).unwrap_or_default();
    Line::styled(fitting, theme.dim).right_aligned().render(top, buffer);
    let axis = u16::from(area.height >= 4);
    let plot = Rect { y: area.y + 1, height: area.height.saturating_sub(1 + axis), ..area };
    bars(chart, theme, plot, buffer);
    if axis == 1 {
        let bottom = Rect { y: area.bottom() - 1, height: 1, ..area };
        Span::styled(time(shown.from, zone), theme.dim).render(bottom, buffer);
        Line::styled(time(shown.to, zone), theme.dim).right_aligned().render(bottom, buffer);
    }
}

/// Bars and the number that stands for them.
fn small(chart: &Chart, theme: &Theme, area: Rect, buffer: &mut Buffer) {
    let told = NUMBER.min(area.width);
    bars(chart, theme, Rect { width: area.width - told, ..area }, buffer);
    let value = chart.number();
    let is_bad = chart.tone == Tone::Badly && value.is_some_and(|value| value > 0.0);
    let style = if is_bad { theme.error } else { Style::new() };
    let place = Rect { x: area.right() - told, width: told.saturating_sub(1), ..area };
    Line::styled(number(value, chart.unit), style).right_aligned().render(place, buffer);
}

/// The functions that fit, a row each.
fn table(metrics: &Metrics, theme: &Theme, area: Rect, buffer: &mut Buffer) {
    let Some(rows) = usize::from(area.height).checked_sub(1).filter(|rows| *rows > 0) else { return };
    let functions = &metrics.functions;
    let first = metrics.scroll.min(functions.len().saturating_sub(rows));
    let longest = functions.iter().map(|row| row.name.chars().count()).max().unwrap_or_default();
    let name = u16::try_from(longest.clamp(8, 24) + 1).unwrap_or_default().min(area.width / 3);
    let rest = area.width - name;
    let count = functions.first().map_or(1, |row| row.charts.len());
    let columns = (rest / COLUMN).min(u16::try_from(count).unwrap_or(u16::MAX)).max(1);
    let place = |column: u16, y: u16| {
        let left =
            |column: u16| u16::try_from(u32::from(rest) * u32::from(column) / u32::from(columns)).unwrap_or(rest);
        Rect { x: area.x + name + left(column), y, width: left(column + 1) - left(column), height: 1 }
    };
    let head = if functions.len() > rows {
        format!("{}-{} of {}", first + 1, first + rows, functions.len())
    } else {
        "function".to_owned()
    };
    Span::styled(cut(&head, usize::from(name)), theme.dim).render(Rect { height: 1, width: name, ..area }, buffer);
    if let Some(row) = functions.first() {
        for (chart, column) in row.charts.iter().zip(0..columns) {
            Span::styled(chart.title, theme.dim).render(place(column, area.y), buffer);
        }
    }
    for (Row { name: of, charts }, y) in functions.iter().skip(first).zip(area.top() + 1..area.bottom()) {
        let text = cut(&clean(of), usize::from(name).saturating_sub(1));
        Span::raw(text).render(Rect { y, height: 1, width: name, ..area }, buffer);
        for (chart, column) in charts.iter().zip(0..columns) {
            small(chart, theme, place(column, y), buffer);
        }
    }
}

/// The values as bars from the bottom up. A dot is a 0, and a gap is what nobody knows.
fn bars(chart: &Chart, theme: &Theme, area: Rect, buffer: &mut Buffer) {
    let style = match chart.tone {
        Tone::Amount | Tone::Time => theme.field,
        Tone::Well => theme.execution(ExecutionStatus::Succeeded).1,
        Tone::Badly => theme.execution(ExecutionStatus::Failed).1,
    };
    let most = chart.most.unwrap_or_default();
    for (column, x) in (area.left()..area.right()).enumerate() {
        let Some(value) = largest(&chart.values, column, usize::from(area.width)) else { continue };
        if value <= 0.0 || most <= 0.0 {
            put(theme.sign("·", "."), theme.dim, (x, area.bottom().saturating_sub(1)), area, buffer);
            continue;
        }
        let eighths = (value / most * f64::from(area.height) * 8.0).round().max(1.0) as u32;
        for (row, y) in (area.top()..area.bottom()).rev().enumerate() {
            let below = u32::try_from(row).unwrap_or(u32::MAX).saturating_mul(8);
            match eighths.saturating_sub(below).min(8) {
                0 => break,
                filled => put(level(theme, filled), style, (x, y), area, buffer),
            }
        }
    }
}

/// The largest value of the periods that fall into a column; where there are more columns than periods, each has several.
fn largest(values: &[Option<f64>], column: usize, columns: usize) -> Option<f64> {
    let from = (column * values.len()).checked_div(columns)?;
    let to = ((column + 1) * values.len()).checked_div(columns)?.max(from + 1);
    values.get(from..to)?.iter().flatten().copied().reduce(f64::max)
}

fn put(symbol: &str, style: Style, at: (u16, u16), area: Rect, buffer: &mut Buffer) {
    if area.contains(at.into())
        && let Some(cell) = buffer.cell_mut(at)
    {
        cell.set_symbol(symbol).set_style(style);
    }
}

/// So many eighths of a cell, from 1 to 8.
fn level(theme: &Theme, filled: u32) -> &'static str {
    match filled {
        0 | 1 => theme.sign("▁", "."),
        2 => theme.sign("▂", "."),
        3 => theme.sign("▃", ":"),
        4 => theme.sign("▄", ":"),
        5 => theme.sign("▅", "-"),
        6 => theme.sign("▆", "="),
        7 => theme.sign("▇", "+"),
        _ => theme.sign("█", "#"),
    }
}

/// A value in at most six letters.
fn number(value: Option<f64>, unit: Unit) -> String {
    match (value, unit) {
        (None, _) => "-".to_owned(),
        (Some(millis), Unit::Millis) => duration(millis.round() as i64),
        (Some(count), Unit::Count) if count < 10_000.0 => format!("{count:.0}"),
        (Some(count), Unit::Count) if count < 999_950.0 => format!("{:.1}k", count / 1e3),
        (Some(count), Unit::Count) => format!("{:.1}M", count / 1e6),
    }
}

fn time(at: Millis, zone: &TimeZone) -> String {
    let at = jiff::Timestamp::from_millisecond(at).unwrap_or_default();
    at.to_zoned(zone.clone()).strftime("%H:%M").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::{Metric, Series, Statistic};

    #[test]
    fn charts_and_table_share_the_room() {
        // Width, height, charts, functions; beside, rows, height of a chart, lines of the table.
        let cases = [
            (52, 8, 5, 5, (2, 3, 1, 4)),
            (76, 15, 5, 5, (2, 3, 1, 6)),
            (118, 20, 5, 5, (4, 2, 6, 6)),
            (198, 56, 5, 5, (4, 2, 10, 6)),
            (198, 56, 8, 100, (4, 2, 5, 45)),
            (52, 8, 5, 0, (2, 3, 1, 0)),
            (20, 3, 5, 5, (1, 2, 1, 0)),
            (20, 1, 5, 5, (1, 0, 1, 0)),
            (0, 0, 0, 0, (1, 0, 1, 0)),
        ];
        for (width, height, charts, functions, (beside, rows, high, table)) in cases {
            let plan = plan(width, height, charts, functions);
            let expected = Plan { beside, rows, height: high, table };
            assert_eq!(plan, expected, "{width} {height} {charts} {functions}");
            let area = Rect { x: 3, y: 2, width, height };
            for place in 0..usize::from(beside * rows) {
                let cell = plan.cell(area, place);
                assert_eq!(cell, cell.intersection(area), "{place} of {width} {height}");
                assert!(cell.bottom() <= area.bottom() - table, "{place} of {width} {height}");
            }
        }
    }

    fn chart(values: &[Option<f64>], unit: Unit) -> Chart {
        let known = || values.iter().flatten().copied();
        Chart {
            title: "Started",
            unit,
            tone: Tone::Amount,
            values: values.to_vec(),
            last: known().next_back(),
            most: known().reduce(f64::max),
            total: known().fold(0.0, |sum, value| sum + value),
        }
    }

    fn rows(buffer: &Buffer) -> Vec<String> {
        let area = buffer.area;
        let row = |y: u16| (area.left()..area.right()).map(|x| buffer[(x, y)].symbol()).collect::<String>();
        (area.top()..area.bottom()).map(|y| row(y).trim_end().to_owned()).collect()
    }

    #[test]
    fn bars_stand_on_the_bottom() {
        let values = [Some(0.0), Some(1.0), None, Some(4.0)];
        let cases: [(u16, u16, &[&str]); 4] =
            [(4, 1, &["·▂ █"]), (4, 2, &["   █", "·▄ █"]), (8, 1, &["··▂▂  ██"]), (2, 1, &["▂█"])];
        for (width, height, expected) in cases {
            let area = Rect::new(0, 0, width, height);
            let mut buffer = Buffer::empty(area);
            bars(&chart(&values, Unit::Count), &Theme::dark(), area, &mut buffer);
            assert_eq!(rows(&buffer), expected, "{width} x {height}");
        }
    }

    #[test]
    fn numbers_are_short() {
        let cases = [
            (None, Unit::Count, "-"),
            (Some(0.0), Unit::Count, "0"),
            (Some(9_999.0), Unit::Count, "9999"),
            (Some(12_345.0), Unit::Count, "12.3k"),
            (Some(999_999.0), Unit::Count, "1.0M"),
            (Some(12.4), Unit::Millis, "12ms"),
            (Some(61_000.0), Unit::Millis, "1m01s"),
        ];
        for (value, unit, expected) in cases {
            assert_eq!(number(value, unit), expected);
        }
    }

    #[test]
    fn every_size_can_be_drawn() {
        let mut metrics = Metrics::default();
        let area = Rect::new(0, 0, 40, 4);
        let mut buffer = Buffer::empty(area);
        draw(&metrics, &TimeZone::UTC, &Theme::dark(), area, &mut buffer);
        assert_eq!(rows(&buffer)[0], "Loading…");
        // 2026-01-01T12:00:30Z.
        let now = 1_767_268_830_000;
        let periods = metrics.window.periods(now);
        let one = |name: Metric, of: &str, statistic: Statistic, value: f64| Series {
            name,
            of: of.to_owned(),
            statistic,
            unit: name.unit(),
            points: vec![(periods.from, value)],
        };
        let series: Vec<Series> = ["pay", "validate-order\u{1b}", "ship"]
            .into_iter()
            .flat_map(|of| {
                [one(Metric::Invocations, of, Statistic::Sum, 7.0), one(Metric::Errors, of, Statistic::Sum, 2.0)]
            })
            .chain([one(Metric::ExecutionsStarted, "arn:m", Statistic::Sum, 7.0)])
            .collect();
        metrics.take(periods, &series, now);
        for (width, height) in [(0, 0), (1, 1), (3, 2), (20, 3), (52, 8), (78, 16), (118, 30), (248, 76)] {
            let area = Rect::new(0, 0, width, height);
            let mut buffer = Buffer::empty(area);
            draw(&metrics, &TimeZone::UTC, &Theme::dark(), area, &mut buffer);
            let rows = rows(&buffer);
            if width >= 52 {
                assert!(rows[0].starts_with("1h by 1m  11:01-12:01  started 7"), "{rows:?}");
                assert!(rows.iter().any(|row| row.starts_with("Started")), "{rows:?}");
                assert!(rows.iter().any(|row| row.starts_with("validate-order ")), "{rows:?}");
            }
            if height >= 30 {
                assert!(rows[1].contains("last 0  max 7"), "{rows:?}");
            }
        }
    }
}
