//! What lists and tables share: texts in columns, lines in rows, signs, numbers and times.
//!
//! Knows nothing of what is listed, and reads no clock.

use jiff::tz::TimeZone;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Line;
use ratatui::widgets::Widget;
use unicode_width::UnicodeWidthStr;

use super::text::{clean, cut, duration};
use super::theme::Theme;
use crate::app::run::VisitStatus;
use crate::app::settings::TimeStyle;
use crate::facts::Millis;

/// A text from outside in exactly so many columns, at their left.
pub(super) fn padded(text: &str, columns: usize) -> String {
    let mut shown = cut(&clean(text), columns);
    shown.push_str(&" ".repeat(columns.saturating_sub(shown.width())));
    shown
}

/// A text from outside in exactly so many columns, at their right.
pub(super) fn aligned_right(text: &str, columns: usize) -> String {
    let shown = cut(&clean(text), columns);
    format!("{}{shown}", " ".repeat(columns.saturating_sub(shown.width())))
}

/// The sign that the terminal can show, as the theme's own signs tell.
pub(super) fn sign(theme: &Theme, unicode: &'static str, ascii: &'static str) -> &'static str {
    if theme.visit(Some(VisitStatus::Running)).0.is_ascii() { ascii } else { unicode }
}

/// A number in at most four letters: `999`, `1.2k`, `12k`, `3M`.
pub(super) fn short(count: usize) -> String {
    match count {
        0..=999 => count.to_string(),
        1_000..=9_999 => format!("{}.{}k", count / 1_000, count % 1_000 / 100),
        10_000..=999_999 => format!("{}k", count / 1_000),
        _ => format!("{}M", count / 1_000_000),
    }
}

/// A row of an area, if it has so many.
pub(super) fn row(area: Rect, index: usize) -> Option<Rect> {
    let index = u16::try_from(index).ok().filter(|index| *index < area.height)?;
    Some(Rect { y: area.y + index, height: 1, ..area })
}

/// What is left of an area below its first rows.
pub(super) fn below(area: Rect, rows: usize) -> Rect {
    let rows = u16::try_from(rows).unwrap_or(u16::MAX).min(area.height);
    Rect { y: area.y + rows, height: area.height - rows, ..area }
}

/// How times are told.
#[derive(Clone, Copy, Debug)]
pub(super) struct Times<'a> {
    /// The time.
    pub(super) now: Millis,
    /// The zone that they are shown in.
    pub(super) zone: &'a TimeZone,
    /// Whether as the time that has passed since.
    pub(super) style: TimeStyle,
}

impl Times<'_> {
    /// `3m05s ago`; or `12:00:00` of today, `07-01 12:00` of this year, `2025-07-01` before that.
    pub(super) fn told(&self, at: Millis) -> String {
        if self.style == TimeStyle::Relative {
            return format!("{} ago", duration(self.now.saturating_sub(at)));
        }
        let zoned = |at: Millis| jiff::Timestamp::from_millisecond(at).unwrap_or_default().to_zoned(self.zone.clone());
        let (at, now) = (zoned(at), zoned(self.now));
        let format = if at.date() == now.date() {
            "%H:%M:%S"
        } else if at.year() == now.year() {
            "%m-%d %H:%M"
        } else {
            "%Y-%m-%d"
        };
        at.strftime(format).to_string()
    }

    /// How many columns that takes at the most.
    pub(super) const fn columns(style: TimeStyle) -> usize {
        match style {
            TimeStyle::Relative => 10,
            TimeStyle::Absolute => 11,
        }
    }
}

/// Lines that can be scrolled: what is not seen is counted, and never made.
pub(super) struct Page<'a> {
    area: Rect,
    first: usize,
    lines: usize,
    buffer: &'a mut Buffer,
}

impl<'a> Page<'a> {
    /// A page that shows the lines from the first one on. One without height only counts.
    pub(super) fn new(area: Rect, first: usize, buffer: &'a mut Buffer) -> Self {
        Self { area, first, lines: 0, buffer }
    }

    /// How many lines there have been.
    pub(super) fn lines(&self) -> usize {
        self.lines
    }

    /// A line. It answers where it is seen, if it is.
    pub(super) fn line<'l>(&mut self, make: impl FnOnce() -> Line<'l>) -> Option<Rect> {
        let seen = self.lines.checked_sub(self.first).and_then(|index| row(self.area, index));
        if let Some(area) = seen {
            make().render(area, self.buffer);
        }
        self.lines += 1;
        seen
    }

    /// A line that is the chosen one, or not.
    pub(super) fn choosable<'l>(&mut self, chosen: Option<Style>, make: impl FnOnce() -> Line<'l>) {
        if let (Some(area), Some(style)) = (self.line(make), chosen) {
            self.buffer.set_style(area, style);
        }
    }

    /// Passes over so many lines, if none of them is seen.
    pub(super) fn passes(&mut self, lines: usize) -> bool {
        let is_before = self.lines.saturating_add(lines) <= self.first;
        let is_after = self.lines >= self.first.saturating_add(usize::from(self.area.height));
        let passes = is_before || is_after;
        if passes {
            self.lines = self.lines.saturating_add(lines);
        }
        passes
    }
}

/// What tests see of a picture, and show in it. Never part of the program.
#[cfg(test)]
pub(super) mod seen {
    use super::*;
    use crate::facts::{EventKind, HistoryEvent};

    /// The lines of a picture, without blanks at their ends.
    pub(in crate::ui) fn lines(buffer: &Buffer) -> Vec<String> {
        let area = buffer.area;
        let line = |y: u16| {
            let cells = (area.left()..area.right()).filter_map(|x| buffer.cell((x, y)));
            cells.map(|cell| cell.symbol()).collect::<String>().trim_end().to_owned()
        };
        (area.top()..area.bottom()).map(line).collect()
    }

    /// Events, each as `id<previous at Type name`; what failed has an error in the place of a name.
    pub(in crate::ui) fn events(script: &str) -> Vec<HistoryEvent> {
        script.lines().map(str::trim).filter(|line| !line.is_empty()).map(event).collect()
    }

    fn event(line: &str) -> HistoryEvent {
        let mut words = line.split_whitespace();
        let (id, previous) = words.next().unwrap().split_once('<').unwrap();
        let at = words.next().unwrap().parse().unwrap();
        let type_name = words.next().unwrap();
        let kind = EventKind::of(type_name);
        let word = words.next().map(ToOwned::to_owned);
        let is_failure = matches!(kind, EventKind::TaskFailed | EventKind::ExecutionFailed);
        let (name, error) = if is_failure { (None, word) } else { (word, None) };
        HistoryEvent {
            name,
            error,
            index: words.next().map(|index| index.parse().unwrap()),
            ..HistoryEvent::new(id.parse().unwrap(), previous.parse().unwrap(), at, type_name)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_take_exactly_their_columns() {
        let cases = [
            ("abc", 5, "abc  ", "  abc"),
            ("abcdef", 4, "abc…", "abc…"),
            ("日本", 5, "日本 ", " 日本"),
            ("日本語", 4, "日… ", " 日…"),
            ("a\u{1b}[1mb", 6, "a[1mb ", " a[1mb"),
            ("abc", 0, "", ""),
        ];
        for (text, columns, expected, expected_right) in cases {
            assert_eq!(padded(text, columns), expected, "{text}");
            assert_eq!(aligned_right(text, columns), expected_right, "{text}");
        }
    }

    #[test]
    fn numbers_are_short() {
        let cases = [(0, "0"), (999, "999"), (1_250, "1.2k"), (12_999, "12k"), (999_999, "999k"), (3_400_000, "3M")];
        for (count, expected) in cases {
            assert_eq!(short(count), expected);
        }
    }

    #[test]
    fn times_are_told_as_near_as_they_need() {
        // 2026-01-01T12:00:00Z.
        const NOW: Millis = 1_767_268_800_000;
        let ahead = TimeZone::fixed(jiff::tz::offset(2));
        let cases = [
            (TimeStyle::Relative, &TimeZone::UTC, NOW - 185_000, "3m05s ago"),
            (TimeStyle::Relative, &TimeZone::UTC, NOW + 5, "0ms ago"),
            (TimeStyle::Absolute, &TimeZone::UTC, NOW - 10_000, "11:59:50"),
            (TimeStyle::Absolute, &ahead, NOW - 10_000, "13:59:50"),
            (TimeStyle::Absolute, &TimeZone::UTC, NOW + 86_400_000, "01-02 12:00"),
            (TimeStyle::Absolute, &TimeZone::UTC, NOW - 86_400_000, "2025-12-31"),
            (TimeStyle::Absolute, &TimeZone::UTC, Millis::MAX, "1970-01-01"),
        ];
        for (style, zone, at, expected) in cases {
            let told = Times { now: NOW, zone, style }.told(at);
            assert_eq!(told, expected);
            assert!(told.len() <= Times::columns(style));
        }
    }

    #[test]
    fn a_page_makes_only_what_is_seen() {
        let area = Rect::new(0, 0, 4, 2);
        let mut buffer = Buffer::empty(area);
        let mut made = Vec::new();
        let mut page = Page::new(area, 3, &mut buffer);
        assert!(page.passes(2));
        assert!(!page.passes(4));
        for index in 2..6 {
            page.line(|| {
                made.push(index);
                Line::raw(format!("{index}"))
            });
        }
        assert!(page.passes(10));
        assert_eq!(page.lines(), 16);
        assert_eq!(made, [3, 4]);
        assert_eq!(seen::lines(&buffer), ["3", "4"]);
    }
}
