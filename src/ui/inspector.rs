//! The inspector: all that is known of the chosen state, or of the chosen order.
//!
//! Draws the rows that fit, and works out for those alone how many lines they take. A row takes up to three lines, that
//! of the cursor as many as it needs. In a narrow pane the times of log lines go first, then the causes of tries, then
//! half of the indentation.

mod lines;

use std::collections::VecDeque;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Line;
use ratatui::widgets::Widget;

use self::lines::Cells;
use super::text::duration;
use super::theme::Theme;
use crate::app::inspector::{Drawn, Inspector, InspectorRow, Moment, Outcome, RowKind, Tone};
use crate::app::run::VisitStatus;
use crate::app::tree::{self, Bracket, RowValue};
use crate::facts::Millis;

/// The most lines of a row that the cursor is not on.
const LINES: usize = 3;
/// Below this width indentation is halved, and names of facts stand in no column.
const NARROW: usize = 40;
/// From this width on log lines have their times.
const TIMED: usize = 45;
/// From this width on a try has its cause in its row, and the reason of a status stands beside it.
const WIDE: usize = 60;
/// The columns of the names of facts.
const NAMES: usize = 9;

/// Draws, and answers what was in view. `time` writes a time of day.
pub(super) fn draw(
    inspector: &Inspector,
    focused: bool,
    time: &dyn Fn(Millis) -> String,
    theme: &Theme,
    area: Rect,
    buffer: &mut Buffer,
) -> Drawn {
    let (width, height) = (usize::from(area.width), usize::from(area.height));
    if width == 0 || height == 0 {
        return Drawn::default();
    }
    let painter = Painter { theme, time, needle: inspector.search_text(), width, height };
    let shown = in_view(inspector, &painter, focused);
    let mut y = area.y;
    let mut heights = Vec::with_capacity(shown.rows.len());
    for (index, lines) in shown.rows.into_iter().enumerate() {
        let top = y;
        for line in lines {
            if y >= area.bottom() {
                break;
            }
            line.render(Rect { y, height: 1, ..area }, buffer);
            y += 1;
        }
        if focused && shown.first + index == inspector.cursor() {
            buffer.set_style(Rect { y: top, height: y - top, ..area }, theme.chosen);
        }
        heights.push(usize::from(y - top));
    }
    Drawn { first: shown.first, heights }
}

/// The rows in view, as lines.
struct InView {
    first: usize,
    rows: VecDeque<Vec<Line<'static>>>,
}

/// Chooses the rows: from the first that the inspector asks for, or as near to it as lets the cursor's row be seen.
fn in_view(inspector: &Inspector, painter: &Painter<'_>, focused: bool) -> InView {
    let (cursor, height) = (inspector.cursor(), painter.height);
    let lines = |row: &InspectorRow, index: usize| painter.lines(row, focused && index == cursor);
    let mut first = inspector.first().min(cursor).max((cursor + 1).saturating_sub(height));
    let until_cursor = inspector.rows(first, cursor + 1 - first);
    let mut rows: VecDeque<Vec<Line<'static>>> =
        (first..).zip(&until_cursor).map(|(index, row)| lines(row, index)).collect();
    let mut used: usize = rows.iter().map(Vec::len).sum();
    // Rows at the top make room for that of the cursor.
    while used > height && rows.len() > 1 {
        used -= rows.pop_front().map_or(0, |row| row.len());
        first += 1;
    }
    for (index, row) in (cursor + 1..).zip(inspector.rows(cursor + 1, height.saturating_sub(used))) {
        if used >= height {
            break;
        }
        let row = lines(&row, index);
        used += row.len();
        rows.push_back(row);
    }
    // Room that is left at the bottom is for rows above.
    while used < height
        && let Some(above) = first.checked_sub(1)
        && let Some(row) = inspector.rows(above, 1).first()
    {
        let row = lines(row, above);
        if used + row.len() > height {
            break;
        }
        used += row.len();
        rows.push_front(row);
        first = above;
    }
    InView { first, rows }
}

struct Painter<'a> {
    theme: &'a Theme,
    time: &'a dyn Fn(Millis) -> String,
    needle: &'a str,
    width: usize,
    height: usize,
}

impl Painter<'_> {
    fn lines(&self, row: &InspectorRow, is_cursor: bool) -> Vec<Line<'static>> {
        let most = if is_cursor { self.height } else { LINES.min(self.height) };
        let mut cells = Cells::new(self.width.saturating_mul(most));
        let indent = self.write(&row.kind, is_cursor, &mut cells);
        if row.is_match {
            cells.mark(self.needle);
        }
        cells.broken(indent, self.width, most)
    }

    /// Writes a row, and answers how far it is indented where it goes on.
    fn write(&self, row: &RowKind, is_cursor: bool, cells: &mut Cells) -> usize {
        let (theme, dim, plain, step) = (self.theme, self.theme.dim, Style::new(), self.step());
        match row {
            RowKind::Status { status, took, visit, visits, iteration, folded } => {
                self.fold(*folded, cells);
                let (sign, style) = theme.visit(*status);
                match status {
                    Some(status) => cells.push(&format!("{sign} {}", status.word()), style),
                    None => cells.push("not reached", dim),
                }
                if let Some(took) = took {
                    cells.push(&format!("  {}", duration(*took)), plain);
                }
                if *visits > 1 {
                    cells.push(&format!("  visit {visit} of {visits}"), dim);
                }
                if let Some(iteration) = iteration {
                    cells.push(&format!("  item {iteration}"), dim);
                }
                2
            }
            RowKind::Order { status, folded } => {
                self.fold(*folded, cells);
                let (sign, style) = theme.order(*status);
                cells.push(&format!("{sign} {status}"), style);
                2
            }
            RowKind::Heading { title, folded, note } => {
                self.fold(*folded, cells);
                cells.push(title, theme.title);
                if !note.is_empty() {
                    cells.push(&format!("  {note}"), dim);
                }
                2
            }
            RowKind::Fact { name, value, tone } => {
                cells.blanks(step);
                let mut indent = step;
                if !name.is_empty() {
                    let columns = if self.width < NARROW { 0 } else { NAMES };
                    cells.push(&format!("{name:<columns$} "), theme.field);
                    indent += columns + 1;
                }
                cells.push(value, self.tone(*tone));
                indent
            }
            RowKind::Tree(row) => self.tree(row, cells),
            RowKind::Try { number, waited, took, outcome, cause, .. } => {
                cells.blanks(step);
                cells.push(&format!("{number} "), plain);
                let (status, word) = match outcome {
                    Outcome::Running => (VisitStatus::Running, "running"),
                    Outcome::Succeeded => (VisitStatus::Succeeded, "ok"),
                    Outcome::Failed(error) => (VisitStatus::Failed, error.as_str()),
                    Outcome::GivenUp => (VisitStatus::Aborted, "given up"),
                };
                let (sign, style) = theme.visit(Some(status));
                cells.push(&format!("{sign} {word}"), style);
                cells.push(&format!(" {}", duration(*took)), plain);
                if let Some(waited) = waited {
                    cells.push(&format!(" after {}", duration(*waited)), dim);
                }
                if let Some(cause) = cause.as_ref().filter(|_| is_cursor || self.width >= WIDE) {
                    cells.push(&format!("  {cause}"), dim);
                }
                step * 2
            }
            RowKind::Step { moment, at, status, reason } => {
                cells.blanks(step);
                if let Some(moment) = moment {
                    let word = match moment {
                        Moment::Before => "before",
                        Moment::Within => "within",
                        Moment::After => "after",
                    };
                    cells.push(&format!("{word:<7}"), dim);
                }
                if let Some(at) = at {
                    cells.push(&format!("{} ", (self.time)(*at)), dim);
                }
                let (sign, style) = theme.order(*status);
                cells.push(&format!("{sign} {status}"), style);
                let apart = if self.width < WIDE { "\n" } else { "  " };
                cells.push(&format!("{apart}{reason}"), plain);
                step * 2
            }
            RowKind::Log { at, level, text, .. } => {
                cells.blanks(step);
                if self.width >= TIMED {
                    cells.push(&format!("{} ", (self.time)(*at)), dim);
                }
                if !level.is_empty() {
                    cells.push(&format!("{level:<5} "), theme.level(level));
                }
                cells.push(text, if level.is_empty() { dim } else { plain });
                step * 2
            }
            RowKind::Event { id, type_name, offset, tone } => {
                cells.blanks(step);
                cells.push(&format!("{id:>4} "), dim);
                cells.push(type_name, self.tone(*tone));
                cells.push(&format!("  +{}", duration(*offset)), dim);
                step * 2
            }
        }
    }

    fn tree(&self, row: &tree::Row, cells: &mut Cells) -> usize {
        let (dim, plain, step) = (self.theme.dim, Style::new(), self.step());
        // However deep it is, half of the pane is left for what it says.
        let indent = step.saturating_mul(row.depth.saturating_add(1)).min(self.width / 2);
        cells.blanks(indent);
        if let Some(key) = &row.key {
            cells.push(key, self.theme.field);
            cells.push(": ", dim);
        }
        match &row.value {
            RowValue::Open { bracket, count, folded, opened } => {
                let (open, close) = brackets(*bracket);
                if *opened {
                    // It stands in a string.
                    cells.push("\"", dim);
                }
                match count {
                    0 => cells.push(&format!("{open}{close}"), plain),
                    count if *folded => {
                        cells.push(open, plain);
                        cells.push(&format!("… {count}"), dim);
                        cells.push(close, plain);
                    }
                    _ => cells.push(open, plain),
                }
            }
            RowValue::Close { bracket } => cells.push(brackets(*bracket).1, plain),
            RowValue::Text(text) if row.path.starts_with('$') => {
                cells.push("\"", dim);
                cells.push(text, plain);
                cells.push("\"", dim);
            }
            RowValue::Text(text) | RowValue::Number(text) => cells.push(text, plain),
            RowValue::Bool(value) => cells.push(if *value { "true" } else { "false" }, plain),
            RowValue::Null => cells.push("null", dim),
        }
        indent.saturating_add(step)
    }

    fn fold(&self, folded: bool, cells: &mut Cells) {
        cells.push(self.theme.fold(folded), self.theme.dim);
        cells.push(" ", Style::new());
    }

    fn tone(&self, tone: Tone) -> Style {
        match tone {
            Tone::Plain => Style::new(),
            Tone::Dim => self.theme.dim,
            Tone::Good => self.theme.visit(Some(VisitStatus::Succeeded)).1,
            Tone::Bad => self.theme.error,
            Tone::Waiting => self.theme.waiting,
        }
    }

    /// The columns that a level is indented by.
    fn step(&self) -> usize {
        if self.width < NARROW { 1 } else { 2 }
    }
}

const fn brackets(bracket: Bracket) -> (&'static str, &'static str) {
    match bracket {
        Bracket::Object => ("{", "}"),
        Bracket::Array => ("[", "]"),
    }
}
