//! The logs: one stream over all functions, and how many lines there are over time.
//!
//! Draws what is in view and nothing else, so that a frame costs the same however many lines there are.

mod bars;

use std::ops::Range;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;

use super::numbers::{grouped, offset};
use super::painted::{Painted, Shape};
use super::text::{clean, cut};
use super::theme::Theme;
use crate::app::logs::{Entry, Level, LogBuffer, Scope};
use crate::facts::Millis;

/// From this height on the first row tells how many lines there are over time.
const WITH_BARS: u16 = 8;
/// From this width on times have milliseconds and names have room.
const WIDE: usize = 100;
/// Below this width functions are not named.
const NARROW: usize = 56;
/// The least columns of a message beside what stands before it; with fewer, what is broken goes below that.
const BESIDE: usize = 32;
/// The most columns of a filter in the title.
const SAID: usize = 24;

/// How times are told.
#[derive(Clone, Copy, Debug)]
pub(super) struct Times<'a> {
    /// The zone of times of day.
    pub(super) zone: &'a jiff::tz::TimeZone,
    /// Where times are told from; `None` tells times of day.
    pub(super) since: Option<Millis>,
}

/// Draws, and answers how many rows there are for lines. What was written after `past` had not been yet, and is dim.
pub(super) fn draw(
    logs: &LogBuffer,
    times: Times<'_>,
    past: Option<Millis>,
    theme: &Theme,
    area: Rect,
    buffer: &mut Buffer,
) -> usize {
    let bars = u16::from(area.height >= WITH_BARS);
    let lines = Rect { y: area.y + bars, height: area.height - bars, ..area };
    let rows = usize::from(lines.height);
    if logs.shown_len() == 0 {
        let text = cut(&nothing(logs), usize::from(area.width));
        Span::styled(text, theme.dim).render(Rect { height: area.height.min(1), ..area }, buffer);
        return rows;
    }
    if bars > 0 {
        bars::draw(logs, times, theme, Rect { height: bars, ..area }, buffer);
    }
    let style = LineStyle { logs, times, theme, width: usize::from(area.width) };
    let (drawn, skipped) = if logs.view().wrap { style.broken(rows) } else { (style.cut(rows), 0) };
    let marked = logs.marked();
    let all = drawn.into_iter().flat_map(|(position, rows)| rows.into_iter().map(move |row| (position, row)));
    for ((position, row), y) in all.skip(skipped).zip(lines.top()..lines.bottom()) {
        let row_area = Rect { y, height: 1, ..lines };
        row.render(row_area, buffer);
        let at = logs.at(position).map(|entry| entry.line.at);
        if past.is_some_and(|past| at.is_some_and(|at| at > past)) {
            buffer.set_style(row_area, theme.dim);
        }
        if marked == Some(position) {
            buffer.set_style(row_area, theme.chosen);
        }
    }
    rows
}

/// What the title says of the lines: the scope, what they are filtered and searched by, how many of them there are,
/// and whether new ones are followed.
pub(super) fn note(logs: &LogBuffer) -> String {
    let view = logs.view();
    let mut parts = vec![match &view.scope {
        Scope::All => "all".to_owned(),
        Scope::Execution(_) => "this execution".to_owned(),
        Scope::State(scope) => cut(&clean(&scope.state), SAID),
    }];
    parts.extend(view.function.as_ref().map(|function| cut(&clean(function), SAID)));
    parts.extend(view.level.map(|level| match level {
        Level::Error => "ERROR".to_owned(),
        least => format!("{}+", least.word()),
    }));
    if !view.filter.trim().is_empty() {
        parts.push(cut(&clean(view.filter.trim()), SAID));
    }
    parts.push(match (logs.shown_len(), logs.len()) {
        (shown, all) if shown == all => grouped(all),
        (shown, all) => format!("{}/{}", grouped(shown), grouped(all)),
    });
    if !view.needle.is_empty() {
        parts.push(format!("/{} {}", cut(&clean(&view.needle), SAID), grouped(logs.matches())));
    }
    parts.push(match logs.from_end() {
        0 if logs.is_following() => "follow".to_owned(),
        0 => "held".to_owned(),
        back => format!("{} back", grouped(back)),
    });
    parts.extend(view.plain.then(|| "plain".to_owned()));
    parts.extend(view.wrap.then(|| "wrap".to_owned()));
    parts.join("  ")
}

/// Why no line is shown.
fn nothing(logs: &LogBuffer) -> String {
    let view = logs.view();
    let has_filter = !view.filter.trim().is_empty() || view.level.is_some() || view.function.is_some();
    match (logs.is_empty(), has_filter, &view.scope) {
        (true, ..) => "No log lines.".to_owned(),
        (false, true, _) => format!("None of {} lines passes the filter.", grouped(logs.len())),
        (false, false, Scope::State(scope)) => format!("No log lines of {}.", clean(&scope.state)),
        (false, false, _) => "No log lines of this execution.".to_owned(),
    }
}

impl Times<'_> {
    /// The time of a line.
    fn of(self, at: Millis, is_wide: bool) -> String {
        match self.since {
            Some(since) if is_wide => format!("{:>12}", offset(at.saturating_sub(since))),
            Some(since) => format!("{:>9}", offset(at.saturating_sub(since))),
            None => self.formatted(at, if is_wide { "%H:%M:%S%.3f" } else { "%H:%M:%S" }),
        }
    }

    /// The time of an end of what stretches to `other`.
    fn brief(self, at: Millis, other: Millis) -> String {
        const DAY: u64 = 86_400_000;
        match self.since {
            Some(since) => offset(at.saturating_sub(since)),
            None => self.formatted(at, if at.abs_diff(other) < DAY { "%H:%M:%S" } else { "%m-%d %H:%M" }),
        }
    }

    fn formatted(self, at: Millis, format: &str) -> String {
        let time = jiff::Timestamp::from_millisecond(at).unwrap_or_default();
        time.to_zoned(self.zone.clone()).strftime(format).to_string()
    }
}

/// What lines are drawn by.
struct LineStyle<'a> {
    logs: &'a LogBuffer,
    times: Times<'a>,
    theme: &'a Theme,
    width: usize,
}

/// The rows of a line, and which of the lines that are shown it is.
type Drawn = (usize, Vec<Line<'static>>);

impl LineStyle<'_> {
    /// The lines in view, a row each.
    fn cut(&self, rows: usize) -> Vec<Drawn> {
        let window = self.logs.window(rows);
        let lines = window.clone().zip(self.logs.shown(window.start, window.len()));
        lines.map(|(position, entry)| (position, self.rows(entry, 1, " "))).collect()
    }

    /// The lines in view, each with all of its rows, and how many rows at the top have no room. The last line in view
    /// stands at the bottom; where there is room left, those below it do.
    fn broken(&self, rows: usize) -> (Vec<Drawn>, usize) {
        let end = self.logs.end().max(1);
        let (mut drawn, mut used) = (Vec::new(), 0);
        let first = end.saturating_sub(rows);
        for (position, entry) in (first..end).rev().zip(self.logs.shown(first, end - first).rev()) {
            if used >= rows {
                break;
            }
            let lines = self.rows(entry, rows, "\n");
            used += lines.len();
            drawn.push((position, lines));
        }
        drawn.reverse();
        for (position, entry) in (end..).zip(self.logs.shown(end, rows.saturating_sub(used))) {
            if used >= rows {
                break;
            }
            let lines = self.rows(entry, rows - used, "\n");
            used += lines.len();
            drawn.push((position, lines));
        }
        (drawn, used.saturating_sub(rows))
    }

    /// Time, function, level and what the line tells.
    fn rows(&self, entry: &Entry, most: usize, joint: &str) -> Vec<Line<'static>> {
        let theme = self.theme;
        let mut line = Painted::default();
        line.push(&self.times.of(entry.line.at, self.width >= WIDE), theme.dim);
        let after_time = line.len();
        if self.width >= NARROW {
            let room = if self.width >= WIDE { 19 } else { 15 };
            line.push(&format!(" {:<room$}", cut(&clean(entry.function()), room)), theme.dim);
        }
        // What is searched for may stand where the row is cut.
        let (mark, style) = if entry.is_found() { ("*", theme.waiting) } else { (" ", theme.dim) };
        line.push(mark, style);
        let word = entry.level().word();
        line.push(&format!("{word:<5} "), theme.level(word));
        let head: usize = unicode_width::UnicodeWidthStr::width(line.behind(0));
        let indent = if self.width >= head + BESIDE { head } else { 2.min(self.width / 4) };
        let shape = Shape { width: self.width, indent, most };
        self.tell(entry, &mut line, shape, joint);
        let highlights = self.logs.highlights().iter();
        let found = highlights.flat_map(|needle| needle.all(line.behind(after_time)));
        let found: Vec<Range<usize>> = found.map(|range| range.start + after_time..range.end + after_time).collect();
        let highlight = theme.waiting.add_modifier(Modifier::BOLD | Modifier::UNDERLINED);
        line.rows(shape, found, highlight)
    }

    fn tell(&self, entry: &Entry, line: &mut Painted, shape: Shape, joint: &str) {
        let theme = self.theme;
        let usual = if entry.level() == Level::Platform { theme.dim } else { Style::new() };
        let told = entry.told(self.logs.view());
        let mut gap = "";
        for part in [&told.order, &told.text] {
            if !part.is_empty() {
                line.push(gap, usual);
                line.push_outside(part, usual, shape, joint);
                gap = "  ";
            }
        }
        for (name, value) in &told.fields {
            line.push(gap, usual);
            line.push_outside(name, theme.field, shape, " ");
            line.push("=", theme.field);
            line.push_outside(value, usual, shape, joint);
            gap = " ";
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;
    use ratatui::style::Color;

    use super::*;
    use crate::app::logs::LogsView;
    use crate::config::{Colours, Depth, Signs};
    use crate::facts::LogLine;
    use crate::ui::theme::Variables;

    fn logs(messages: &[&str]) -> LogBuffer {
        let mut logs = LogBuffer::default();
        let lines = (0_i64..).zip(messages).map(|(at, message)| LogLine {
            id: at.to_string(),
            group: "/aws/lambda/process-payment".into(),
            stream: "s".into(),
            at: at * 1_000,
            message: (*message).to_owned(),
        });
        logs.add(lines.collect());
        logs
    }

    fn drawn(logs: &LogBuffer, since: Option<Millis>, theme: &Theme, (width, height): (u16, u16)) -> Buffer {
        let mut buffer = Buffer::empty(Rect::new(0, 0, width, height));
        let area = buffer.area;
        draw(logs, Times { zone: &TimeZone::UTC, since }, None, theme, area, &mut buffer);
        buffer
    }

    fn texts(buffer: &Buffer) -> Vec<String> {
        let row = |y: u16| (0..buffer.area.width).map(|x| buffer[(x, y)].symbol()).collect::<String>();
        (0..buffer.area.height).map(|y| row(y).trim_end().to_owned()).collect()
    }

    fn check(logs: &LogBuffer, size: (u16, u16), expected: &[&str]) {
        assert_eq!(texts(&drawn(logs, None, &Theme::dark(), size)), expected);
    }

    const LINES: [&str; 3] = [
        "START RequestId: 11111111-1111-4111-8111-111111111111",
        r#"{"level":"ERROR","message":"declined:\u001b[2J no money","error":"Declined","span":{"orderId":"ord-1"}}"#,
        "printed\nin two lines",
    ];

    #[test]
    fn lines_are_cut_where_room_ends() {
        check(
            &logs(&LINES),
            (70, 4),
            &[
                "00:00:00 process-payment       START RequestId: 11111111-1111-4111-81…",
                "00:00:01 process-payment ERROR ord-1  declined:[2J no money  error=De…",
                "00:00:02 process-payment       printed in two lines",
                "",
            ],
        );
        check(
            &logs(&LINES),
            (50, 2),
            &["00:00:01 ERROR ord-1  declined:[2J no money  erro…", "00:00:02       printed in two lines"],
        );
        check(&logs(&LINES), (0, 0), &[]);
        check(&LogBuffer::default(), (20, 2), &["No log lines.", ""]);
        let wide = texts(&drawn(&logs(&LINES[2..]), Some(-1_500), &Theme::dark(), (100, 1)));
        assert_eq!(wide, ["     +1.500s process-payment           printed in two lines"]);
    }

    #[test]
    fn long_lines_are_broken_when_wanted() {
        let mut logs = logs(&LINES);
        logs.look(|view| view.wrap = true);
        check(
            &logs,
            (64, 4),
            &[
                "00:00:01 process-payment ERROR ord-1  declined:[2J no money  err",
                "                               or=Declined",
                "00:00:02 process-payment       printed",
                "                               in two lines",
            ],
        );
        // The line at the bottom is seen from its start, and what does not fit goes at the top.
        logs.scroll_by(-1);
        check(&logs, (64, 1), &["00:00:01 process-payment ERROR ord-1  declined:[2J no money  er…"]);
        logs.scroll_by(-1);
        check(
            &logs,
            (64, 3),
            &[
                "00:00:00 process-payment       START RequestId: 11111111-1111-41",
                "                               11-8111-111111111111",
                "00:00:01 process-payment ERROR ord-1  declined:[2J no money  er…",
            ],
        );
    }

    #[test]
    fn lines_over_time_stand_above_where_there_is_room() {
        let messages: Vec<&str> = (0..12).map(|at| if at == 3 { "ERROR" } else { "x" }).collect();
        let logs = logs(&messages);
        assert_eq!(texts(&drawn(&logs, None, &Theme::dark(), (12, 8)))[0], "████████████");
        let with_times = texts(&drawn(&logs, None, &Theme::dark(), (60, 8)));
        assert!(with_times[0].starts_with("00:00:00 █ ") && with_times[0].ends_with("█ 00:00:11"), "{with_times:?}");
        let red = drawn(&logs, None, &Theme::dark(), (12, 8));
        assert_eq!((red[(3, 0)].fg, red[(2, 0)].fg), (Color::Red, Color::DarkGray));
        for (depth, signs) in [(Depth::Plain, Signs::Unicode), (Depth::True, Signs::Ascii)] {
            let colours = Colours { depth: Some(depth), signs: Some(signs), ..Colours::default() };
            let theme = Theme::of(&colours, &Variables::default());
            assert_eq!(texts(&drawn(&logs, None, &theme, (12, 8)))[0].chars().nth(3), Some('!'));
        }
    }

    #[test]
    fn what_is_searched_for_is_seen() {
        let mut logs = logs(&LINES);
        logs.look(|view| view.needle = "error=decl".into());
        let buffer = drawn(&logs, None, &Theme::dark(), (90, 3));
        let texts = texts(&buffer);
        assert_eq!(&texts[1][..31], "00:00:01 process-payment*ERROR ");
        let at = u16::try_from(texts[1].find("error=Declined").unwrap()).unwrap();
        let is_lit = |x: u16| buffer[(x, 1)].modifier.contains(Modifier::UNDERLINED);
        assert_eq!((at - 1..at + 11).map(is_lit).filter(|lit| *lit).count(), 10);
        assert!(!is_lit(at - 1) && is_lit(at) && is_lit(at + 9));
        logs.next_match(false);
        let buffer = drawn(&logs, None, &Theme::dark(), (90, 3));
        assert!(buffer[(89, 1)].modifier.contains(Modifier::REVERSED));
        assert!(!buffer[(89, 0)].modifier.contains(Modifier::REVERSED));
    }

    #[test]
    fn the_title_says_what_is_shown() {
        let mut logs = logs(&LINES);
        let mut check = |change: fn(&mut LogsView), expected: &str| {
            logs.look(change);
            assert_eq!(note(&logs), expected);
        };
        check(|_| {}, "all  3  follow");
        check(|view| view.level = Some(Level::Warn), "all  WARN+  1/3  follow");
        check(|view| view.level = Some(Level::Error), "all  ERROR  1/3  follow");
        check(|view| view.level = None, "all  3  follow");
        check(|view| view.filter = "two\u{1b} lines".into(), "all  two lines  0/3  follow");
        check(|view| view.filter = "lines".into(), "all  lines  1/3  follow");
        check(|view| view.filter.clear(), "all  3  follow");
        check(|view| view.needle = "ord-1".into(), "all  3  /ord-1 1  follow");
        check(|view| view.plain = true, "all  3  /ord-1 1  follow  plain");
        check(|view| (view.plain, view.wrap) = (false, true), "all  3  /ord-1 1  follow  wrap");
        check(|view| view.scope = Scope::Execution("x".into()), "this execution  0/3  /ord-1 0  follow  wrap");
        check(|view| (view.scope, view.wrap) = (Scope::All, false), "all  3  /ord-1 1  follow");
        logs.next_match(false);
        assert_eq!(note(&logs), "all  3  /ord-1 1  1 back");
        logs.look(|view| view.function = Some("process-payment".into()));
        assert_eq!(note(&logs), "all  process-payment  3  /ord-1 1  1 back");
        logs.to_end();
        logs.look(|view| view.needle = "lines".into());
        logs.next_match(false);
        assert_eq!(note(&logs), "all  process-payment  3  /lines 1  held");
    }
}
