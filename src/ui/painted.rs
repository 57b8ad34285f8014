//! A text in several styles, brought into rows: cut at the end of the row or broken into more of them.

use std::ops::Range;

use ratatui::style::Style;
use ratatui::text::{Line, Span};
use unicode_width::UnicodeWidthChar;

use super::text::clean;

/// The most bytes of a text for each column that it may fill: letters have four at most, and marks may follow them.
const BYTES: usize = 8;

/// A text with the styles of its parts. A line break in it begins a new row.
#[derive(Debug, Default)]
pub(super) struct Painted {
    text: String,
    /// Where each part ends, and its style.
    parts: Vec<(usize, Style)>,
}

/// The rows that a text may fill.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shape {
    /// How many columns they have.
    pub(super) width: usize,
    /// How many columns all but the first leave free on the left.
    pub(super) indent: usize,
    /// How many there may be.
    pub(super) most: usize,
}

impl Shape {
    /// How many bytes of a text can matter.
    pub(super) fn bytes(self) -> usize {
        self.width.saturating_mul(self.most).saturating_mul(BYTES)
    }
}

impl Painted {
    /// Appends what is clean already.
    pub(super) fn push(&mut self, text: &str, style: Style) {
        if !text.is_empty() {
            self.text.push_str(text);
            self.parts.push((self.text.len(), style));
        }
    }

    /// Appends what comes from outside, cleaned, and no more of it than there can be room for. What stands between its
    /// lines becomes `joint`.
    pub(super) fn push_outside(&mut self, text: &str, style: Style, shape: Shape, joint: &str) {
        let room = shape.bytes().saturating_sub(self.text.len());
        let text = text.get(..text.floor_char_boundary(room)).unwrap_or_default();
        for (number, line) in text.lines().enumerate() {
            if number > 0 {
                self.push(joint, style);
            }
            self.push(&clean(line), style);
        }
    }

    /// How many bytes there are.
    pub(super) fn len(&self) -> usize {
        self.text.len()
    }

    /// The text from a byte on.
    pub(super) fn behind(&self, start: usize) -> &str {
        self.text.get(start..).unwrap_or_default()
    }

    /// The rows. What has no room is cut, with `…` where something is missing. `highlighted` are ranges of bytes.
    pub(super) fn rows(
        &self,
        shape: Shape,
        mut highlighted: Vec<Range<usize>>,
        highlight: Style,
    ) -> Vec<Line<'static>> {
        highlighted.sort_unstable_by_key(|range| range.start);
        let mut highlighted = highlighted.into_iter().peekable();
        let mut parts = self.parts.iter().peekable();
        let (mut rows, mut row) = (Vec::new(), Row::default());
        let mut lit = 0;
        for (at, c) in self.text.char_indices() {
            while parts.next_if(|(end, _)| *end <= at).is_some() {}
            while let Some(range) = highlighted.next_if(|range| range.start <= at) {
                lit = lit.max(range.end);
            }
            let columns = c.width().unwrap_or(0);
            if c == '\n' || row.columns + columns > shape.width {
                if rows.len() + 1 >= shape.most {
                    row.cut(shape.width);
                    break;
                }
                rows.push(std::mem::take(&mut row).line());
                row.push_blanks(shape.indent);
                if c == '\n' {
                    continue;
                }
            }
            let style = parts.peek().map_or_else(Style::new, |(_, style)| *style);
            row.push(c, columns, if at < lit { style.patch(highlight) } else { style });
        }
        rows.push(row.line());
        rows
    }
}

/// A row that is being filled.
#[derive(Debug, Default)]
struct Row {
    spans: Vec<Span<'static>>,
    columns: usize,
}

impl Row {
    fn push(&mut self, c: char, columns: usize, style: Style) {
        self.columns += columns;
        match self.spans.last_mut() {
            Some(span) if span.style == style => span.content.to_mut().push(c),
            _ => self.spans.push(Span::styled(c.to_string(), style)),
        }
    }

    fn push_blanks(&mut self, blanks: usize) {
        if blanks > 0 {
            self.columns += blanks;
            self.spans.push(Span::raw(" ".repeat(blanks)));
        }
    }

    /// Marks that something is missing, in place of the last letter where there is no room for more.
    fn cut(&mut self, width: usize) {
        if self.columns >= width
            && let Some(span) = self.spans.last_mut()
        {
            span.content.to_mut().pop();
        }
        let style = self.spans.last().map_or_else(Style::new, |span| span.style);
        self.spans.push(Span::styled("…", style));
    }

    fn line(self) -> Line<'static> {
        Line::from(self.spans)
    }
}

#[cfg(test)]
mod tests {
    use ratatui::style::Color;

    use super::*;

    fn check(text: &str, shape: (usize, usize, usize), joint: &str, expected: &[&str]) {
        let (width, indent, most) = shape;
        let shape = Shape { width, indent, most };
        let mut painted = Painted::default();
        painted.push_outside(text, Style::new(), shape, joint);
        let rows = painted.rows(shape, Vec::new(), Style::new());
        let rows: Vec<String> = rows.iter().map(ToString::to_string).collect();
        assert_eq!(rows, expected, "{text:?}");
    }

    #[test]
    fn rows_are_cut_or_broken() {
        check("abcdef", (6, 0, 1), " ", &["abcdef"]);
        check("abcdefg", (6, 0, 1), " ", &["abcde…"]);
        check("abcdefg", (6, 2, 9), "\n", &["abcdef", "  g"]);
        check("abcdefghijk", (6, 2, 2), "\n", &["abcdef", "  ghi…"]);
        check("ab\r\ncd", (6, 1, 9), "\n", &["ab", " cd"]);
        check("ab\ncd", (6, 1, 1), " ", &["ab cd"]);
        check("ab\ncd\nef", (6, 1, 2), "\n", &["ab", " cd…"]);
        check("日本語", (5, 0, 1), " ", &["日本…"]);
        check("日本語", (4, 0, 1), " ", &["日…"]);
        check("a\u{1b}[2Jb\tc", (9, 0, 1), " ", &["a[2Jb c"]);
        check("", (5, 0, 1), " ", &[""]);
        check("abc", (0, 0, 1), " ", &[""]);
        check("日", (1, 0, 3), "\n", &["", "日"]);
        check(&"x".repeat(1_000_000), (3, 0, 1), " ", &["xx…"]);
    }

    #[test]
    fn what_is_highlighted_crosses_parts_and_rows() {
        let shape = Shape { width: 4, indent: 0, most: 9 };
        let (plain, red) = (Style::new(), Style::new().fg(Color::Red));
        let mut painted = Painted::default();
        painted.push("abc", plain);
        painted.push("def", red);
        let lit = Style::new().bg(Color::Blue);
        let rows = painted.rows(shape, vec![4..5, 2..4], lit);
        let styled: Vec<Vec<(&str, Style)>> =
            rows.iter().map(|row| row.spans.iter().map(|span| (&*span.content, span.style)).collect()).collect();
        let red_lit = red.patch(lit);
        assert_eq!(styled, [vec![("ab", plain), ("c", lit), ("d", red_lit)], vec![("e", red_lit), ("f", red)]]);
    }
}
