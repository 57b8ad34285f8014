//! The events of the execution that is looked at, as a table.
//!
//! Draws the rows in view and nothing else. Events after the moment that is looked at are there too, only fainter.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;

use super::numbers::{grouped, offset};
use super::painted::{Painted, Shape};
use super::text::{clean, cut};
use super::theme::Theme;
use crate::app::events::{AllEvents, EventTable, Field, Found};
use crate::app::run::VisitStatus;
use crate::facts::{EventKind, HistoryEvent};

/// From this width on it is told when an event happened.
const WITH_TIME: usize = 48;
/// From this width on states stand in a column of their own.
const WITH_COLUMNS: usize = 90;
/// The columns of a type: the names of most have room.
const TYPE: usize = 23;
/// The columns of a state's name.
const STATE: usize = 22;
/// How many bytes of a document are shown before what was found in it.
const BEFORE: usize = 8;

/// Draws, and answers how many rows there are. So many events have `happened` by the moment that is looked at.
pub(super) fn draw(
    table: &EventTable,
    events: AllEvents<'_>,
    happened: usize,
    theme: &Theme,
    area: Rect,
    buffer: &mut Buffer,
) -> usize {
    let rows = usize::from(area.height);
    let Some(chosen) = table.row() else {
        let text = if events.is_empty() {
            "No events yet.".to_owned()
        } else {
            format!("None of {} events holds {}.", grouped(events.len()), clean(table.filter()))
        };
        let first = Rect { height: area.height.min(1), ..area };
        Span::styled(cut(&text, usize::from(area.width)), theme.dim).render(first, buffer);
        return rows;
    };
    let first = chosen.saturating_sub(rows / 2).min(table.shown_len().saturating_sub(rows));
    let style = RowStyle { table, events, theme, happened, width: usize::from(area.width) };
    for ((row, (index, found)), y) in (first..).zip(table.shown(first, rows)).zip(area.top()..area.bottom()) {
        let Some(event) = events.get(index) else { continue };
        let row_area = Rect { y, height: 1, ..area };
        style.row(event, index, found).render(row_area, buffer);
        if index >= happened {
            buffer.set_style(row_area, theme.dim);
        }
        if row == chosen {
            buffer.set_style(row_area, theme.chosen);
        }
    }
    rows
}

/// What the title says: how many events are shown, by what, and at which one the moment is that is looked at.
pub(super) fn note(table: &EventTable, events: AllEvents<'_>, happened: usize) -> String {
    let mut parts = Vec::new();
    if table.filter().is_empty() {
        parts.push(grouped(events.len()));
    } else {
        parts.push(cut(&clean(table.filter()), STATE));
        parts.push(format!("{}/{}", grouped(table.shown_len()), grouped(events.len())));
    }
    if happened < events.len() {
        parts.push(format!("at {} of {}", grouped(happened), grouped(events.len())));
    }
    parts.join("  ")
}

/// What rows are drawn by.
struct RowStyle<'a> {
    table: &'a EventTable,
    events: AllEvents<'a>,
    theme: &'a Theme,
    happened: usize,
    width: usize,
}

impl RowStyle<'_> {
    /// Whether the moment is here, id, time since the start, type, state, and what else there is room for.
    fn row(&self, event: &HistoryEvent, index: usize, found: Option<Found>) -> Line<'static> {
        let theme = self.theme;
        let shape = Shape { width: self.width, indent: 0, most: 1 };
        let mut row = Painted::default();
        let is_now = index + 1 == self.happened;
        let (sign, now) = if is_now { theme.visit(Some(VisitStatus::Running)) } else { (" ", theme.dim) };
        row.push(sign, now);
        let digits = self.events.len().to_string().len().max(3);
        row.push(&format!(" {:>digits$} ", event.id), theme.dim);
        if self.width >= WITH_TIME {
            let start = self.events.started_at().unwrap_or(event.at);
            row.push(&format!("{:>10} ", offset(event.at.saturating_sub(start))), theme.dim);
        }
        let before = row.len();
        let style = if fails(event.kind) { theme.error } else { Style::new() };
        row.push(&format!("{:<TYPE$} ", cut(&clean(&event.type_name), TYPE)), style);
        let state = cut(&clean(self.table.state(self.events, index).unwrap_or_default()), STATE);
        if self.width >= WITH_COLUMNS {
            row.push(&format!("{state:<STATE$} "), Style::new());
        } else if !state.is_empty() {
            row.push(&format!("{state} "), Style::new());
        }
        self.tell(event, found, &mut row, shape);
        let needle = self.table.needle();
        let highlighted = needle.into_iter().flat_map(|needle| needle.all(row.behind(before)));
        let highlighted = highlighted.map(|range| range.start + before..range.end + before).collect();
        let highlight = theme.waiting.add_modifier(Modifier::BOLD | Modifier::UNDERLINED);
        row.rows(shape, highlighted, highlight).into_iter().next().unwrap_or_default()
    }

    /// What the filter has found, where it is not to be seen yet; else the error, and what came out or went in.
    fn tell(&self, event: &HistoryEvent, found: Option<Found>, row: &mut Painted, shape: Shape) {
        let theme = self.theme;
        let is_hidden = |found: &Found| !matches!(found.field, Field::Type | Field::State | Field::Error);
        if let Some(found) = found.filter(is_hidden) {
            let text = found.field.of(event).unwrap_or_default();
            let at = usize::try_from(found.at).unwrap_or_default();
            let from = text.floor_char_boundary(at.saturating_sub(BEFORE));
            let dots = if from > 0 { "…" } else { "" };
            row.push(&format!("{} {dots}", found.field.word()), theme.field);
            row.push_outside(text.get(from..).unwrap_or_default(), theme.dim, shape, " ");
            return;
        }
        if let Some(error) = &event.error {
            row.push_outside(error, theme.error, shape, " ");
            row.push(" ", theme.error);
        }
        let usual = [Field::Cause, Field::Resource, Field::Output, Field::Parameters, Field::Input];
        if let Some(text) = usual.into_iter().find_map(|field| field.of(event)) {
            row.push_outside(text, theme.dim, shape, " ");
        }
    }
}

/// Whether something has failed with the event.
fn fails(kind: EventKind) -> bool {
    use EventKind as K;
    matches!(
        kind,
        K::TaskFailed
            | K::TaskTimedOut
            | K::ContainerFailed
            | K::IterationFailed
            | K::EvaluationFailed
            | K::ExecutionFailed
            | K::ExecutionTimedOut
    )
}

#[cfg(test)]
mod tests {
    use ratatui::style::Color;

    use super::*;
    use crate::app::run::Run;

    fn run() -> Run {
        let event = |id: i64, type_name: &str| HistoryEvent::new(id, id - 1, 10_000 + id * 250, type_name);
        let mut run = Run::default();
        run.absorb([
            HistoryEvent { input: Some(r#"{"orderId":"ord-1"}"#.into()), ..event(1, "ExecutionStarted") },
            HistoryEvent { name: Some("Pay".into()), ..event(2, "TaskStateEntered") },
            HistoryEvent { resource: Some("lambda:invoke".into()), ..event(3, "TaskScheduled") },
            HistoryEvent {
                error: Some("Declined".into()),
                cause: Some("{\"errorMessage\":\"a long text before: no \u{1b}money\"}".into()),
                ..event(4, "TaskFailed")
            },
            HistoryEvent { error: Some("Declined".into()), ..event(5, "ExecutionFailed") },
        ]);
        run
    }

    fn drawn(table: &EventTable, run: &Run, happened: usize, (width, height): (u16, u16)) -> Buffer {
        let mut buffer = Buffer::empty(Rect::new(0, 0, width, height));
        let area = buffer.area;
        draw(table, AllEvents::from(run), happened, &Theme::dark(), area, &mut buffer);
        buffer
    }

    fn check(table: &EventTable, run: &Run, happened: usize, size: (u16, u16), expected: &[&str]) {
        let buffer = drawn(table, run, happened, size);
        let row = |y: u16| (0..buffer.area.width).map(|x| buffer[(x, y)].symbol()).collect::<String>();
        let rows: Vec<String> = (0..buffer.area.height).map(|y| row(y).trim_end().to_owned()).collect();
        assert_eq!(rows, expected);
    }

    #[test]
    fn rows_tell_more_where_there_is_more_room() {
        let run = run();
        let mut table = EventTable::new();
        check(&table, &Run::default(), 0, (30, 1), &["No events yet."]);
        table.absorb(AllEvents::from(&run));
        check(
            &table,
            &run,
            5,
            (100, 6),
            &[
                r#"    1    +0.000s ExecutionStarted                               {"orderId":"ord-1"}"#,
                "    2    +0.250s TaskStateEntered        Pay",
                "    3    +0.500s TaskScheduled           Pay                    lambda:invoke",
                r#"    4    +0.750s TaskFailed              Pay                    Declined {"errorMessage":"a long te…"#,
                "▶   5    +1.000s ExecutionFailed                                Declined",
                "",
            ],
        );
        check(
            &table,
            &run,
            5,
            (40, 2),
            &["    4 TaskFailed              Pay Decli…", "▶   5 ExecutionFailed         Declined"],
        );
        check(&table, &run, 5, (0, 0), &[]);
    }

    #[test]
    fn what_is_found_and_what_is_to_come_is_seen() {
        let run = run();
        let events = AllEvents::from(&run);
        let mut table = EventTable::new();
        table.absorb(events);
        table.set_filter("no money", events);
        check(&table, &run, 3, (60, 1), &["None of 5 events holds no money."]);
        table.set_filter("before", events);
        check(
            &table,
            &run,
            4,
            (90, 1),
            &["▶   4    +0.750s TaskFailed              Pay                    cause …ng text before: no…"],
        );
        assert_eq!(note(&table, events, 3), "before  1/5  at 3 of 5");
        table.set_filter("", events);
        assert_eq!(note(&table, events, 5), "5");
        let buffer = drawn(&table, &run, 3, (60, 5));
        let colours = [buffer[(17, 1)].fg, buffer[(17, 3)].fg];
        assert_eq!(colours, [Color::Reset, Color::DarkGray]);
    }
}
