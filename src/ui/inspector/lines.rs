//! A row as lines of the screen: without control characters, what is searched for marked, broken where the pane ends.
//!
//! Takes of a text no more than has room, so that a long one costs no more than a short one.

use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};
use unicode_width::UnicodeWidthChar;

use crate::ui::text::clean;

/// Cells of no width that a row may have beside those that fill its lines: marks over letters, line breaks.
const BESIDE: usize = 64;

/// The text of a row, a character a cell.
pub(super) struct Cells {
    cells: Vec<Cell>,
    most: usize,
}

#[derive(Clone, Copy)]
struct Cell {
    c: char,
    width: usize,
    style: Style,
}

impl Cells {
    /// Nothing yet; at most what fills so many columns.
    pub(super) fn new(columns: usize) -> Self {
        Self { cells: Vec::new(), most: columns.saturating_add(BESIDE) }
    }

    /// Goes on with a text, which may have line breaks.
    pub(super) fn push(&mut self, text: &str, style: Style) {
        for (index, line) in text.split('\n').enumerate() {
            let room = self.most.saturating_sub(self.cells.len());
            if room == 0 {
                return;
            }
            if index > 0 {
                self.cells.push(Cell { c: '\n', width: 0, style });
            }
            // Twice the room, as some of it may be cleaned away.
            let end = line.char_indices().nth(room.saturating_mul(2)).map_or(line.len(), |(end, _)| end);
            let cleaned = clean(line.get(..end).unwrap_or_default());
            self.cells.extend(cleaned.chars().map(|c| Cell { c, width: c.width().unwrap_or(0), style }));
        }
    }

    /// Goes on with so many blanks.
    pub(super) fn blanks(&mut self, count: usize) {
        let blank = Cell { c: ' ', width: 1, style: Style::new() };
        self.cells.extend(std::iter::repeat_n(blank, count));
    }

    /// Marks a text wherever it stands, without regard to case.
    pub(super) fn mark(&mut self, needle: &str) {
        let wanted: Vec<char> = needle.chars().flat_map(char::to_lowercase).collect();
        if wanted.is_empty() {
            return;
        }
        let lowered: Vec<(char, usize)> = self
            .cells
            .iter()
            .enumerate()
            .flat_map(|(index, cell)| cell.c.to_lowercase().map(move |c| (c, index)))
            .collect();
        let mut at = 0;
        while let Some(window) = lowered.get(at..at + wanted.len()) {
            if !window.iter().map(|(c, _)| c).eq(&wanted) {
                at += 1;
                continue;
            }
            for (_, index) in window {
                if let Some(cell) = self.cells.get_mut(*index) {
                    // Under the cursor all is reversed on some terminals.
                    cell.style = cell.style.add_modifier(Modifier::REVERSED | Modifier::UNDERLINED);
                }
            }
            at += wanted.len();
        }
    }

    /// At least one and at most `most` lines of that width. Those after the first are indented; what does not fit is
    /// cut.
    pub(super) fn broken(&self, indent: usize, width: usize, most: usize) -> Vec<Line<'static>> {
        let indent = indent.min(width / 2);
        let mut lines = Vec::new();
        let mut rest = self.cells.as_slice();
        loop {
            let (indent, room) = if lines.is_empty() { (0, width) } else { (indent, width - indent) };
            let (line, left) = split(rest, room);
            match left {
                Some(left) if lines.len() + 1 < most => {
                    lines.push(spans(line, indent, false));
                    rest = left;
                }
                Some(_) => {
                    // The last line is cut where it ends, not at a blank before.
                    let line = rest.split(|cell| cell.c == '\n').next().unwrap_or_default();
                    lines.push(spans(shortened(line, room), indent, true));
                    return lines;
                }
                None => {
                    lines.push(spans(line, indent, false));
                    return lines;
                }
            }
        }
    }
}

/// The cells that fit, and those that are left if there are any: broken at a line break, else after a blank if one is
/// beyond the first third.
fn split(cells: &[Cell], room: usize) -> (&[Cell], Option<&[Cell]>) {
    let mut used = 0;
    for (index, cell) in cells.iter().enumerate() {
        if cell.c == '\n' {
            return parted(cells, index, index + 1);
        }
        used += cell.width;
        // A character that is wider than the room is taken all the same: the lines have to come to an end.
        if used > room && index > 0 {
            if cell.c == ' ' {
                return parted(cells, index, index + 1);
            }
            let blank = cells.iter().take(index).rposition(|cell| cell.c == ' ').filter(|blank| *blank > index / 3);
            return blank.map_or_else(|| parted(cells, index, index), |blank| parted(cells, blank, blank + 1));
        }
    }
    (cells, None)
}

fn parted(cells: &[Cell], end: usize, start: usize) -> (&[Cell], Option<&[Cell]>) {
    (cells.get(..end).unwrap_or(cells), cells.get(start..).filter(|left| !left.is_empty()))
}

/// The cells that leave a column free.
fn shortened(cells: &[Cell], room: usize) -> &[Cell] {
    let mut used = 0;
    let fits = |cell: &Cell| {
        used += cell.width;
        used < room
    };
    let end = cells.iter().copied().take_while(fits).count();
    cells.get(..end).unwrap_or_default()
}

fn spans(cells: &[Cell], indent: usize, is_cut: bool) -> Line<'static> {
    let mut spans = Vec::new();
    if indent > 0 {
        spans.push(Span::raw(" ".repeat(indent)));
    }
    for alike in cells.chunk_by(|one, other| one.style == other.style) {
        let style = alike.first().map_or_else(Style::new, |cell| cell.style);
        spans.push(Span::styled(alike.iter().map(|cell| cell.c).collect::<String>(), style));
    }
    if is_cut {
        spans.push(Span::raw("…"));
    }
    Line::from(spans)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, indent: usize, width: usize, most: usize, expected: &[&str]) {
        let mut cells = Cells::new(width * most);
        cells.push(text, Style::new());
        let lines: Vec<String> = cells.broken(indent, width, most).iter().map(ToString::to_string).collect();
        assert_eq!(lines, expected, "{text}");
    }

    #[test]
    fn rows_are_broken_where_the_pane_ends() {
        check("short", 2, 10, 3, &["short"]);
        check("", 2, 10, 3, &[""]);
        check("exactly so", 2, 10, 3, &["exactly so"]);
        check("the quick brown fox", 2, 10, 3, &["the quick", "  brown", "  fox"]);
        check("the quick brown fox jumps over", 2, 10, 2, &["the quick", "  brown f…"]);
        check("abcdefghijklmno", 2, 10, 3, &["abcdefghij", "  klmno"]);
        check("one\ntwo\r\n\u{1b}[31mthree", 0, 10, 3, &["one", "two", "[31mthree"]);
        check("one\ntwo", 0, 10, 1, &["one…"]);
        check("日本語日本語", 1, 5, 3, &["日本", " 語日", " 本語"]);
        check("日本", 0, 1, 3, &["日", "本"]);
    }

    #[test]
    fn a_long_text_costs_no_more_than_a_short_one() {
        let mut cells = Cells::new(30);
        cells.push(&"x".repeat(1_000_000), Style::new());
        cells.push(&"\n".repeat(1_000_000), Style::new());
        assert!(cells.cells.len() < 300, "{}", cells.cells.len());
    }

    #[test]
    fn what_is_searched_for_is_marked() {
        let mut cells = Cells::new(100);
        cells.push("Ünder ünd UND", Style::new());
        cells.mark("ÜND");
        let marked: String = cells.cells.iter().filter(|cell| cell.style != Style::new()).map(|cell| cell.c).collect();
        assert_eq!(marked, "Ündünd");
        cells.mark("");
    }
}
