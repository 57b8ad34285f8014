//! The list of executions: a table, and above it the query.
//!
//! Which columns there are depends on the width alone, so that nothing jumps while rows come and go. Where room is
//! short the order goes first, then the start, the state, the duration and the status; the name stays and is cut.

use jiff::tz::TimeZone;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;

use super::cells::{Times, aligned_right, below, padded, row, sign};
use super::text::{cut, duration};
use super::theme::Theme;
use crate::app::executions::{ExecutionsList, ROOMY, Row};
use crate::app::mouse::first_row;
use crate::app::settings::{Column, Settings, TimeStyle, Zone};
use crate::facts::Millis;

/// What goes where room is short, in this order.
const GIVEN_UP: [Column; 5] = [Column::Order, Column::Started, Column::State, Column::Duration, Column::Status];
/// How wide columns become where there is more room than all of them need, one after the other.
const GROWTH: [(Column, usize); 6] = [
    (Column::Name, 16),
    (Column::State, 22),
    (Column::Order, 16),
    (Column::Name, 44),
    (Column::State, 40),
    (Column::Order, 44),
];

/// A column with its width.
type Placed = (Column, usize);

/// Draws, and answers which row is the first.
pub(super) fn draw(
    list: &ExecutionsList,
    now: Millis,
    zone: &TimeZone,
    settings: &Settings,
    theme: &Theme,
    area: Rect,
    buffer: &mut Buffer,
) -> usize {
    let width = usize::from(area.width);
    let is_roomy = area.height >= ROOMY;
    let mut rest = area;
    if let Some(asked) = list.asked() {
        for line in asked_for(&asked.text, asked.problem.as_deref(), list.rows().len(), is_roomy, width, theme) {
            line.render(Rect { height: rest.height.min(1), ..rest }, buffer);
            rest = below(rest, 1);
        }
    }
    if list.rows().is_empty() {
        let text = match (list.is_loaded(), list.asked()) {
            (_, Some(_)) => "None matches: Esc shows all.",
            (true, None) => "No executions yet: n starts one.",
            (false, None) => "Loading…",
        };
        Span::styled(cut(text, width), theme.dim).render(rest, buffer);
        return 0;
    }
    let times = Times { now, zone, style: settings.times };
    // Marks have a column of their own, as soon as there is one.
    let has_marks = !list.marked().is_empty();
    let columns = placed(&settings.columns, width.saturating_sub(usize::from(has_marks)), settings.times);
    if is_roomy {
        head(&columns, has_marks, settings, theme).render(Rect { height: rest.height.min(1), ..rest }, buffer);
        rest = below(rest, 1);
    }
    let rows = usize::from(rest.height);
    let first = first_row(list.top(), list.place(), list.rows().len(), rows);
    for (index, execution) in list.rows().iter().enumerate().skip(first).take(rows) {
        let Some(area) = row(rest, index - first) else { break };
        let mark = has_marks.then(|| list.is_marked(&execution.summary.arn));
        line(execution, &columns, mark, times, theme).render(area, buffer);
        if Some(index) == list.place() {
            buffer.set_style(area, theme.chosen);
        }
    }
    first
}

/// A query with the number of rows that it means, and what in it does not read. Where there is one row for both, that
/// is what has to be read.
pub(super) fn asked_for(
    text: &str,
    problem: Option<&str>,
    found: usize,
    is_roomy: bool,
    width: usize,
    theme: &Theme,
) -> Vec<Line<'static>> {
    let count = if width < 24 { found.to_string() } else { format!("{found} found") };
    let asked_for = Line::from(vec![
        Span::styled("/", theme.key),
        Span::raw(padded(text, width.saturating_sub(count.len() + 2))),
        Span::styled(format!(" {count}"), theme.dim),
    ]);
    let problem = problem.map(|problem| padded(&format!("! {problem}"), width));
    let problem = problem.map(|problem| Line::styled(problem, theme.error));
    match problem {
        None => vec![asked_for],
        Some(problem) if is_roomy => vec![asked_for, problem],
        Some(problem) => vec![problem],
    }
}

/// The columns that fit, with their widths.
fn placed(wanted: &[Column], room: usize, style: TimeStyle) -> Vec<Placed> {
    let mut columns: Vec<Placed> = wanted.iter().map(|column| (*column, least(*column, style))).collect();
    for given_up in GIVEN_UP {
        if columns.len() < 2 || needed(&columns) <= room {
            break;
        }
        columns.retain(|(column, _)| *column != given_up);
    }
    // What was given up for a wider one may have room now.
    for given_up in GIVEN_UP.into_iter().rev().filter(|column| wanted.contains(column)) {
        let width = least(given_up, style);
        if !columns.is_empty()
            && columns.iter().all(|(column, _)| *column != given_up)
            && needed(&columns) + 1 + width <= room
        {
            columns.push((given_up, width));
            columns.sort_by_key(|(column, _)| wanted.iter().position(|known| known == column));
        }
    }
    for (grown, to) in GROWTH {
        let spare = room.saturating_sub(needed(&columns));
        if let Some((_, width)) = columns.iter_mut().find(|(column, _)| *column == grown) {
            *width = to.min(*width + spare).max(*width);
        }
    }
    if let [(_, width)] = columns.as_mut_slice() {
        *width = room.min(*width);
    }
    columns
}

/// The columns that a column needs to be of use.
const fn least(column: Column, style: TimeStyle) -> usize {
    match column {
        Column::Status => 1,
        Column::Name | Column::Order => 12,
        Column::State => 14,
        Column::Started => Times::columns(style),
        Column::Duration => 6,
    }
}

/// With a blank between any two.
fn needed(columns: &[Placed]) -> usize {
    columns.iter().map(|(_, width)| *width).sum::<usize>() + columns.len().saturating_sub(1)
}

fn head(columns: &[Placed], has_marks: bool, settings: &Settings, theme: &Theme) -> Line<'static> {
    let names = columns.iter().map(|(column, width)| match column {
        Column::Status => padded("", *width),
        Column::Name => padded("name", *width),
        Column::Order => padded("order", *width),
        Column::State => padded("state", *width),
        Column::Started if settings.times == TimeStyle::Absolute && settings.zone == Zone::Utc => {
            padded("started UTC", *width)
        }
        Column::Started => padded("started", *width),
        Column::Duration => aligned_right("took", *width),
    });
    let names = names.collect::<Vec<_>>().join(" ");
    Line::styled(format!("{}{names}", if has_marks { " " } else { "" }), theme.field)
}

/// A row; `mark` says whether it is marked, where there are marks.
fn line(row: &Row, columns: &[Placed], mark: Option<bool>, times: Times<'_>, theme: &Theme) -> Line<'static> {
    let mut spans = Vec::with_capacity(2 * columns.len());
    if let Some(is_marked) = mark {
        spans.push(Span::styled(if is_marked { sign(theme, "◆", "*") } else { " " }, theme.key));
    }
    for (index, (column, width)) in columns.iter().enumerate() {
        if index > 0 {
            spans.push(Span::raw(" "));
        }
        spans.push(cell(row, *column, *width, times, theme));
    }
    Line::from(spans)
}

fn cell(row: &Row, column: Column, width: usize, times: Times<'_>, theme: &Theme) -> Span<'static> {
    let summary = &row.summary;
    let (sign, style) = theme.execution(summary.status);
    match column {
        Column::Status => Span::styled(padded(sign, width), style),
        Column::Name => Span::raw(padded(&summary.name, width)),
        Column::Order => Span::raw(padded(row.order.as_deref().unwrap_or_default(), width)),
        Column::State => Span::styled(padded(row.state.as_deref().unwrap_or_default(), width), style),
        Column::Started => Span::styled(padded(&times.told(summary.started_at), width), theme.dim),
        Column::Duration => {
            let took = summary.stopped_at.unwrap_or(times.now).saturating_sub(summary.started_at);
            Span::styled(aligned_right(&duration(took), width), theme.dim)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::executions::Sources;
    use crate::app::index::Index;
    use crate::app::query::Query;
    use crate::app::run::Run;
    use crate::facts::{Arn, ExecutionStatus, ExecutionSummary};
    use crate::ui::cells::seen::{events, lines};

    /// 2026-01-01T12:00:00Z.
    const NOW: Millis = 1_767_268_800_000;

    fn summary(name: &str, status: ExecutionStatus, ago: Millis) -> ExecutionSummary {
        let started_at = NOW - ago;
        ExecutionSummary {
            arn: Arn(name.to_owned()),
            name: name.to_owned(),
            status,
            started_at,
            stopped_at: status.is_over().then_some(started_at + 1_234),
            through: None,
        }
    }

    /// A list of one execution that runs and two that are over.
    fn list(text: &str) -> ExecutionsList {
        let executions = [
            summary("ord-2", ExecutionStatus::Running, 10_000),
            summary("ord-1", ExecutionStatus::Failed, 3_600_000),
            summary("batch", ExecutionStatus::Succeeded, 90_000_000),
        ];
        let mut index = Index::default();
        index.note_summaries(&executions);
        let mut run = Run::default();
        run.absorb(events("1<0 0 ExecutionStarted\n2<0 0 TaskStateEntered ProcessPayment"));
        index.note_run(&executions[0].arn, &run);
        let mut list = ExecutionsList::default();
        let query = Query::parse(text);
        list.refresh(Sources {
            executions: &executions,
            is_loaded: true,
            index: &index,
            query: &query,
            text,
            now: NOW,
        });
        list
    }

    fn picture(list: &ExecutionsList, settings: &Settings, width: u16, height: u16) -> Vec<String> {
        let area = Rect::new(0, 0, width, height);
        let mut buffer = Buffer::empty(area);
        draw(list, NOW, &TimeZone::UTC, settings, &Theme::dark(), area, &mut buffer);
        lines(&buffer)
    }

    #[test]
    fn which_columns_there_are_depends_on_the_width() {
        use Column as C;
        let all = Settings::default().columns;
        let cases: [(usize, &[Placed]); 8] = [
            (8, &[(C::Name, 8)]),
            (14, &[(C::Status, 1), (C::Name, 12)]),
            (25, &[(C::Status, 1), (C::Name, 16), (C::Duration, 6)]),
            (34, &[(C::Status, 1), (C::Name, 13), (C::Started, 11), (C::Duration, 6)]),
            (38, &[(C::Status, 1), (C::Name, 14), (C::State, 14), (C::Duration, 6)]),
            (50, &[(C::Status, 1), (C::Name, 14), (C::State, 14), (C::Started, 11), (C::Duration, 6)]),
            (61, &[(C::Status, 1), (C::Name, 12), (C::Order, 12), (C::State, 14), (C::Started, 11), (C::Duration, 6)]),
            (90, &[(C::Status, 1), (C::Name, 29), (C::Order, 16), (C::State, 22), (C::Started, 11), (C::Duration, 6)]),
        ];
        for (room, expected) in cases {
            let placed = placed(&all, room, TimeStyle::Absolute);
            assert_eq!(placed, expected, "{room}");
            assert!(needed(&placed) <= room);
        }
        assert_eq!(placed(&[C::State, C::Started], 20, TimeStyle::Relative), [(C::State, 20)]);
        assert!(placed(&[], 20, TimeStyle::Relative).is_empty());
    }

    #[test]
    fn rows_have_a_head_where_there_is_room() {
        let settings = Settings { zone: Zone::Utc, ..Settings::default() };
        let expected = [
            "  name         order        state          started UTC   took",
            "▶ ord-2        ord-2        ProcessPayment 11:59:50     10.0s",
            "✗ ord-1        ord-1                       11:00:00      1.2s",
            "✓ batch                                    2025-12-31    1.2s",
        ];
        assert_eq!(picture(&list(""), &settings, 61, 6)[..4], expected);
        assert_eq!(picture(&list(""), &settings, 61, 4)[..3], expected[1..]);
        let relative = Settings { times: TimeStyle::Relative, ..settings };
        let expected = "▶ ord-2        ord-2        ProcessPayment 10.0s ago   10.0s";
        assert_eq!(picture(&list(""), &relative, 60, 2)[0], expected);
    }

    #[test]
    fn marks_have_a_sign() {
        let mut list = list("");
        list.choose_row(1);
        list.toggle_mark();
        let columns = vec![Column::Status, Column::Name, Column::Duration];
        let settings = Settings { columns, ..Settings::default() };
        let expected =
            ["   name           took", " ▶ ord-2         10.0s", "◆✗ ord-1          1.2s", " ✓ batch          1.2s"];
        assert_eq!(picture(&list, &settings, 22, 6)[..4], expected);
        // The column of marks comes before the duration.
        assert_eq!(picture(&list, &settings, 21, 6)[2], "◆✗ ord-1");
    }

    #[test]
    fn a_query_tells_what_it_means_and_what_does_not_read() {
        let settings = Settings::default();
        let seen = picture(&list("status:failed"), &settings, 30, 6);
        assert_eq!(seen[0], "/status:failed         1 found");
        assert!(seen[1].starts_with("  name") && seen[2].starts_with("✗ ord-1"), "{seen:?}");
        assert_eq!(picture(&list("status:failed"), &settings, 20, 6)[0], "/status:failed     1");
        let seen = picture(&list("ord colour:x"), &settings, 30, 6);
        assert_eq!(seen[..2], ["/ord colour:x          2 found", "! there is no field colour: t…"]);
        let seen = picture(&list("ord colour:x"), &settings, 30, 4);
        assert!(seen[0].starts_with("! there is") && seen[1].starts_with("▶ ord-2"), "{seen:?}");
        let seen = picture(&list("name:nowhere"), &settings, 30, 6);
        assert_eq!(seen[..2], ["/name:nowhere          0 found", "None matches: Esc shows all."]);
    }

    #[test]
    fn the_chosen_row_is_in_view_and_no_size_does_harm() {
        let mut list = list("");
        list.choose_row(2);
        assert!(picture(&list, &Settings::default(), 25, 1)[0].starts_with("✓ batch"));
        for (width, height) in [(0, 0), (1, 1), (3, 9), (30, 0), (250, 2)] {
            picture(&list, &Settings::default(), width, height);
        }
        let empty = ExecutionsList::default();
        assert_eq!(picture(&empty, &Settings::default(), 20, 1), ["Loading…"]);
    }
}
