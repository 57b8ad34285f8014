//! The timeline of a run: a bar for every visit, below a scale with the instant that is looked at.
//!
//! Only the rows that are seen are laid out. Bars end at an eighth of a cell where the terminal has such blocks. Names
//! take no more than 40 of 100 columns and are cut first; what a bar took stands behind it where there is room.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;
use unicode_width::UnicodeWidthStr;

use super::cells::{below, padded, row, sign};
use super::text::{clean, cut, duration};
use super::theme::Theme;
use crate::app::run::VisitStatus;
use crate::app::timeline::{Segment, SegmentKind, Span as Stretch};
use crate::app::timeline_view::{Row, TimelineView};
use crate::facts::Millis;

/// Parts of a cell.
const EIGHTHS: usize = 8;
/// Blocks from the left, by the eighths that they fill.
const LEFT: [&str; 8] = ["▏", "▎", "▍", "▌", "▋", "▊", "▉", "█"];
/// Columns between two marks of the scale, at the least.
const APART: usize = 12;
/// The columns that names take at the most, in hundredths.
const OF_NAMES: usize = 40;

/// Draws, and answers how many rows there was room for.
pub(super) fn draw(view: &TimelineView, theme: &Theme, area: Rect, buffer: &mut Buffer) -> usize {
    let area = area.intersection(buffer.area);
    let Some(window) = view.window().filter(|_| !view.rows().is_empty()) else {
        Span::styled(cut("Nothing has run yet.", usize::from(area.width)), theme.dim).render(area, buffer);
        return 0;
    };
    let width = usize::from(area.width);
    // A sign, a blank, the name, a blank.
    let names = (view.widest() + 3).min(width * OF_NAMES / 100);
    let scale = Scale { window, columns: width.saturating_sub(names) };
    let chart = Chart { view, theme, names, scale, cursor: view.cursor().and_then(|at| scale.column(at)) };
    if let Some(area) = row(area, 0) {
        chart.marks(area, buffer);
    }
    let area = below(area, 1);
    let height = usize::from(area.height);
    let first = view.first(height);
    for (index, bar) in view.rows().iter().enumerate().skip(first).take(height) {
        let Some(area) = row(area, index - first) else { break };
        chart.name(bar).render(area, buffer);
        if index == view.chosen() {
            let named = u16::try_from(names.saturating_sub(1)).unwrap_or(u16::MAX).min(area.width);
            buffer.set_style(Rect { width: named, ..area }, theme.chosen);
        }
        chart.bar(bar, area, buffer);
    }
    height
}

/// Where an instant is, in cells.
#[derive(Clone, Copy, Debug)]
struct Scale {
    window: Stretch,
    columns: usize,
}

impl Scale {
    /// How many eighths of cells lie before an instant; those that are not seen are at the ends.
    fn eighth(&self, at: Millis) -> usize {
        let length = i128::from(self.window.to) - i128::from(self.window.from);
        let all = i128::try_from(self.columns * EIGHTHS).unwrap_or_default();
        let share = (i128::from(at) - i128::from(self.window.from)) * all / length.max(1);
        usize::try_from(share.clamp(0, all)).unwrap_or_default()
    }

    /// The cell of an instant, if it is seen.
    fn column(&self, at: Millis) -> Option<usize> {
        let is_seen = at >= self.window.from && at <= self.window.to;
        let last = self.columns.checked_sub(1)?;
        is_seen.then(|| (self.eighth(at) / EIGHTHS).min(last))
    }

    /// The eighths that a segment fills, at least one; `None` if nothing of it is seen.
    fn filled(&self, segment: &Segment) -> Option<(usize, usize)> {
        if segment.to < self.window.from || segment.from > self.window.to || self.columns == 0 {
            return None;
        }
        let from = self.eighth(segment.from).min(self.columns * EIGHTHS - 1);
        Some((from, self.eighth(segment.to).max(from + 1)))
    }
}

/// What is in a cell.
#[derive(Clone, Copy, Debug)]
struct Fill {
    kind: SegmentKind,
    /// Eighths of its kind: what fills most of a cell shows in it.
    share: usize,
    /// The eighths that are filled, from and to.
    from: usize,
    to: usize,
    /// Whether a try ended badly here.
    failed: bool,
}

impl Fill {
    fn with(self, other: Self) -> Self {
        let (kind, share) = if other.share > self.share { (other.kind, other.share) } else { (self.kind, self.share) };
        let failed = self.failed || other.failed;
        Self { kind, share, from: self.from.min(other.from), to: self.to.max(other.to), failed }
    }
}

struct Chart<'a> {
    view: &'a TimelineView,
    theme: &'a Theme,
    names: usize,
    scale: Scale,
    /// The cell of the instant that is looked at.
    cursor: Option<usize>,
}

impl Chart<'_> {
    /// The scale: round times since the start, and the time of the instant that is looked at.
    fn marks(&self, area: Rect, buffer: &mut Buffer) {
        let start = self.view.start().unwrap_or_default();
        let instant = self.instant(start);
        for offset in self.view.ticks(self.scale.columns / APART) {
            let Some(column) = self.scale.column(start.saturating_add(offset)) else { continue };
            let text = format!("{}{}", sign(self.theme, "╷", "'"), since_start(offset));
            // The instant counts more, and has a blank on either side.
            let is_covered = instant
                .as_ref()
                .is_some_and(|(at, instant)| column <= at + instant.width() && *at <= column + text.width());
            if !is_covered {
                self.print(&text, column, self.theme.dim, area, buffer);
            }
        }
        if let Some((column, text)) = instant {
            self.print(&text, column, self.theme.key, area, buffer);
        }
    }

    /// The time of the instant that is looked at, with its line, and the column where that begins: behind the line if
    /// there is room, else before it.
    fn instant(&self, start: Millis) -> Option<(usize, String)> {
        let (column, at) = (self.cursor?, self.view.cursor()?);
        let text = duration(at.saturating_sub(start));
        let line = sign(self.theme, "│", "|");
        if column + 1 + text.len() <= self.scale.columns {
            return Some((column, format!("{line}{text}")));
        }
        Some((column.saturating_sub(text.len()), format!("{text}{line}")))
    }

    /// A text from a column of the chart on, as far as there is room.
    fn print(&self, text: &str, column: usize, style: Style, area: Rect, buffer: &mut Buffer) {
        if let Some(x) = self.place(column, area) {
            buffer.set_stringn(area.x + x, area.y, text, usize::from(area.width - x), style);
        }
    }

    /// Where a column of the chart is in an area, if it has so many.
    fn place(&self, column: usize, area: Rect) -> Option<u16> {
        u16::try_from(self.names + column).ok().filter(|x| *x < area.width)
    }

    /// `✓   Charge[3]`: of a long name as much as fits, the iteration whole.
    fn name(&self, bar: &Row) -> Line<'static> {
        let (sign, style) = self.theme.visit(Some(bar.status));
        let room = self.names.saturating_sub(3);
        // Deep inside, the name counts more than how deep that is.
        let indent = bar.indent().min(room / 3);
        let iteration = bar.iteration();
        let name = cut(&clean(&bar.bar.state), room.saturating_sub(indent + iteration.len()));
        let name = format!("{}{name}{iteration}", " ".repeat(indent));
        Line::from(vec![Span::styled(format!("{sign} "), style), Span::raw(padded(&name, room))])
    }

    fn bar(&self, bar: &Row, area: Rect, buffer: &mut Buffer) {
        let fills = self.fills(bar);
        let last = fills.iter().rposition(Option::is_some);
        let ends_at = bar.bar.segments.last().map(|segment| segment.to);
        let is_end_seen = ends_at.is_some_and(|at| at <= self.scale.window.to);
        for (column, fill) in fills.iter().enumerate() {
            let Some(x) = self.place(column, area) else { break };
            let Some(cell) = buffer.cell_mut((area.x + x, area.y)) else { break };
            let is_live_end = bar.is_open && is_end_seen && Some(column) == last;
            let (symbol, style) = match fill {
                Some(_) if is_live_end => self.theme.visit(Some(VisitStatus::Running)),
                Some(fill) => self.block(*fill, bar),
                None => (" ", Style::new()),
            };
            cell.set_symbol(symbol).set_style(self.around(column, fill.is_some(), style));
            if fill.is_none() && self.cursor == Some(column) {
                cell.set_symbol(sign(self.theme, "│", "|"));
            }
        }
        self.beside(bar, last, is_end_seen, area, buffer);
    }

    /// What stands beside a bar: how long it took; or where it is, if it is not seen.
    fn beside(&self, bar: &Row, last: Option<usize>, is_end_seen: bool, area: Rect, buffer: &mut Buffer) {
        let segments = &bar.bar.segments;
        let (Some(begin), Some(end)) = (segments.first(), segments.last()) else { return };
        let (text, column) = match last {
            Some(last) if is_end_seen => (format!(" {}", duration(end.to.saturating_sub(begin.from))), last + 1),
            Some(_) => return,
            None if end.to < self.scale.window.from => (sign(self.theme, "‹", "<").to_owned(), 0),
            None => (sign(self.theme, "›", ">").to_owned(), self.scale.columns.saturating_sub(1)),
        };
        let covers_cursor = self.cursor.is_some_and(|cursor| cursor >= column && cursor < column + text.width());
        if covers_cursor || column + text.width() > self.scale.columns {
            return;
        }
        self.print(&text, column, self.theme.dim, area, buffer);
    }

    /// What fills each cell of a bar.
    fn fills(&self, bar: &Row) -> Vec<Option<Fill>> {
        let mut fills: Vec<Option<Fill>> = vec![None; self.scale.columns];
        for segment in &bar.bar.segments {
            let Some((from, to)) = self.scale.filled(segment) else { continue };
            let is_end_seen = segment.to <= self.scale.window.to;
            let last = (to - 1) / EIGHTHS;
            for (column, cell) in fills.iter_mut().enumerate().take(last + 1).skip(from / EIGHTHS) {
                let start = column * EIGHTHS;
                let (from, to) = (from.max(start) - start, to.min(start + EIGHTHS) - start);
                let failed = segment.kind == SegmentKind::Failed && is_end_seen && column == last;
                let fill = Fill { kind: segment.kind, share: to - from, from, to, failed };
                *cell = Some(cell.map_or(fill, |before| before.with(fill)));
            }
        }
        fills
    }

    /// How a cell of a bar is shown.
    fn block(&self, fill: Fill, bar: &Row) -> (&'static str, Style) {
        let visit = |status| self.theme.visit(Some(status));
        if fill.failed {
            return visit(VisitStatus::Failed);
        }
        let style = match (fill.kind, bar.status) {
            (SegmentKind::Failed, _) => visit(VisitStatus::Failed).1,
            (SegmentKind::BackingOff, _) => visit(VisitStatus::Retrying).1,
            (SegmentKind::Waiting, _) => self.theme.waiting,
            // What is over looks as it went.
            (SegmentKind::Running, VisitStatus::Succeeded | VisitStatus::Aborted) => visit(bar.status).1,
            (SegmentKind::Running, _) => visit(VisitStatus::Running).1,
        };
        let symbol = match fill.kind {
            SegmentKind::BackingOff => sign(self.theme, "░", "."),
            SegmentKind::Waiting => sign(self.theme, "▒", "~"),
            SegmentKind::Running | SegmentKind::Failed => sign(self.theme, solid(fill.from, fill.to), "#"),
        };
        (symbol, style)
    }

    /// The style of a cell by where it is: behind the instant that is looked at all is dim, and in its line a bar is
    /// turned round.
    fn around(&self, column: usize, is_filled: bool, style: Style) -> Style {
        match self.cursor {
            Some(cursor) if column > cursor => self.theme.dim,
            Some(cursor) if column == cursor && is_filled => style.add_modifier(Modifier::REVERSED),
            Some(cursor) if column == cursor => self.theme.key,
            _ => style,
        }
    }
}

/// The block that fills a cell from one eighth to another. From the right there are fewer of them, and none that fills
/// only the middle.
fn solid(from: usize, to: usize) -> &'static str {
    let filled = to.saturating_sub(from);
    match filled {
        0..=2 if from > 0 && to >= EIGHTHS => "▕",
        3..=6 if from > 0 && to >= EIGHTHS => "▐",
        7 if from > 0 => "█",
        _ => LEFT.get(filled.saturating_sub(1)).copied().unwrap_or("█"),
    }
}

/// A round time since the start, as exact as it is: `0`, `250ms`, `1.5s`, `1m30s`, `2h`, `3d`.
fn since_start(offset: Millis) -> String {
    let (seconds, millis) = (offset / 1_000, offset % 1_000);
    if seconds == 0 {
        return if millis == 0 { "0".to_owned() } else { format!("{millis}ms") };
    }
    let mut text = String::new();
    for (count, unit) in [(seconds / 86_400, "d"), (seconds / 3_600 % 24, "h"), (seconds / 60 % 60, "m")] {
        if count > 0 {
            text.push_str(&format!("{count}{unit}"));
        }
    }
    match (seconds % 60, millis) {
        (0, 0) => {}
        (seconds, 0) => text.push_str(&format!("{seconds}s")),
        (seconds, millis) => {
            let fraction = format!("{millis:03}");
            text.push_str(&format!("{seconds}.{}s", fraction.trim_end_matches('0')));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::replay::Scrubber;
    use crate::app::run::Run;
    use crate::config::{Colours, Signs};
    use crate::facts::Arn;
    use crate::ui::cells::seen::{events, lines};
    use crate::ui::theme::Variables;

    /// A task that fails after 2 s and is tried again after 2 s, and a wait that goes on from the 6th second.
    const RETRIED: &str = "
        1<0 0 ExecutionStarted
        2<0 0 TaskStateEntered Pay
        3<2 0 TaskScheduled
        4<3 2000 TaskFailed Busy
        5<4 4000 TaskScheduled
        6<5 6000 TaskSucceeded
        7<6 6000 TaskStateExited Pay
        8<7 6000 WaitStateEntered Settle";

    fn scrubber(script: &str) -> Scrubber {
        let mut run = Run::default();
        run.absorb(events(script));
        Scrubber::new(run)
    }

    fn view(scrubber: &Scrubber, now: Millis) -> TimelineView {
        let mut view = TimelineView::default();
        view.refresh(&Arn("it".into()), scrubber, now);
        view
    }

    fn picture(view: &TimelineView, theme: &Theme, width: u16, height: u16) -> Vec<String> {
        let area = Rect::new(0, 0, width, height);
        let mut buffer = Buffer::empty(area);
        let rows = draw(view, theme, area, &mut buffer);
        assert!(rows <= usize::from(height));
        lines(&buffer)
    }

    #[test]
    fn bars_tell_what_was_done_when() {
        // Nine columns of names, and four a second.
        let view = view(&scrubber(RETRIED), 10_000);
        let expected = [
            "         ╷0                  ╷5s                ╷",
            "✓ Pay    ███████✗░░░░░░░░████████ 6.0s",
            "▶ Settle                         ▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▶",
        ];
        assert_eq!(picture(&view, &Theme::dark(), 49, 3), expected);
        let ascii = Colours { signs: Some(Signs::Ascii), ..Colours::default() };
        let expected = [
            "         '0                  '5s                '",
            "+ Pay    #######x........######## 6.0s",
            "> Settle                         ~~~~~~~~~~~~~~~>",
        ];
        assert_eq!(picture(&view, &Theme::of(&ascii, &Variables::default()), 49, 3), expected);
    }

    #[test]
    fn the_instant_is_a_line_with_its_time() {
        let mut scrubber = scrubber(RETRIED);
        let mut view = view(&scrubber, 10_000);
        scrubber.seek(5);
        view.refresh(&Arn("it".into()), &scrubber, 10_000);
        let seen = picture(&view, &Theme::dark(), 49, 3);
        assert_eq!(seen[0], "         ╷0              │4.0s                  ╷");
        assert_eq!(seen[1], "✓ Pay    ███████✗░░░░░░░░████████ 6.0s");
        assert_eq!(seen[2], "▶ Settle                 │       ▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▶");
    }

    #[test]
    fn cells_are_filled_by_eighths() {
        let cases =
            [(0, 8, "█"), (0, 1, "▏"), (0, 4, "▌"), (4, 8, "▐"), (7, 8, "▕"), (1, 8, "█"), (2, 5, "▍"), (0, 0, "▏")];
        for (from, to, expected) in cases {
            assert_eq!(solid(from, to), expected, "{from} {to}");
        }
        let scale = Scale { window: Stretch { from: 100, to: 200 }, columns: 10 };
        let segment = |from, to| Segment { kind: SegmentKind::Running, from, to };
        let cases = [
            (segment(100, 200), Some((0, 80))),
            (segment(0, 900), Some((0, 80))),
            (segment(150, 155), Some((40, 44))),
            (segment(150, 150), Some((40, 41))),
            (segment(200, 200), Some((79, 80))),
            (segment(Millis::MIN, Millis::MAX), Some((0, 80))),
            (segment(0, 99), None),
            (segment(201, 300), None),
        ];
        for (segment, expected) in cases {
            assert_eq!(scale.filled(&segment), expected, "{segment:?}");
        }
    }

    #[test]
    fn times_of_the_scale_are_exact() {
        let cases = [
            (0, "0"),
            (250, "250ms"),
            (1_000, "1s"),
            (1_500, "1.5s"),
            (90_000, "1m30s"),
            (75_250, "1m15.25s"),
            (7_200_000, "2h"),
            (90_000_000, "1d1h"),
        ];
        for (offset, expected) in cases {
            assert_eq!(since_start(offset), expected);
        }
    }

    #[test]
    fn what_is_not_seen_is_hinted_at_and_no_size_does_harm() {
        let scrubber = scrubber(RETRIED);
        let mut view = view(&scrubber, 10_000);
        view.choose_visit(1);
        view.zoom_in();
        view.pan(99);
        // From the 5th to the 10th second; then the last half of that.
        view.zoom_in();
        view.pan(99);
        let seen = picture(&view, &Theme::dark(), 49, 3);
        assert!(seen[1].starts_with("✓ Pay    ‹") && seen[2].ends_with('▶'), "{seen:?}");
        for (width, height) in [(0, 0), (1, 1), (3, 2), (12, 9), (250, 2)] {
            picture(&view, &Theme::dark(), width, height);
        }
        assert_eq!(picture(&TimelineView::default(), &Theme::dark(), 30, 2)[0], "Nothing has run yet.");
    }
}
