//! A window over the panes, and a text that is edited in one.
//!
//! Never knows what a window is for, and never moves the terminal's cursor: it says where the cursor belongs.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, BorderType, Clear, Widget};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::text::{clean, cut};
use super::theme::Theme;
use crate::app::editor::Editor;

/// Draws a box of about that size, border included, in the middle of the area, and answers what is inside.
pub(super) fn window(theme: &Theme, title: &str, size: (u16, u16), area: Rect, buffer: &mut Buffer) -> Rect {
    let (width, height) = (size.0.min(area.width.saturating_sub(2)), size.1.min(area.height.saturating_sub(2)));
    let window = Rect { x: area.x + (area.width - width) / 2, y: area.y + (area.height - height) / 2, width, height };
    let title = cut(&clean(title), usize::from(width).saturating_sub(4));
    let block = Block::bordered()
        .border_type(BorderType::Rounded)
        .border_style(theme.focused)
        .title(Line::styled(format!(" {title} "), theme.title));
    let inner = block.inner(window);
    Clear.render(window, buffer);
    block.render(window, buffer);
    inner
}

/// So many hundredths of a length.
pub(super) fn share(length: u16, hundredths: u16) -> u16 {
    u16::try_from(u32::from(length) * u32::from(hundredths) / 100).unwrap_or(length)
}

/// The row of an area, counted from 0; empty where the area ends before.
pub(super) fn row(area: Rect, index: usize) -> Rect {
    match u16::try_from(index) {
        Ok(index) if index < area.height => Rect { y: area.y + index, height: 1, ..area },
        _ => Rect { height: 0, ..area },
    }
}

/// The first of so many things to show so that the chosen one is in view.
pub(super) fn first_shown(chosen: usize, length: usize, rows: usize) -> usize {
    chosen.saturating_sub(rows / 2).min(length.saturating_sub(rows))
}

/// Draws a text with the place of its cursor in view, and answers where that is.
pub(super) fn editor(editor: &Editor, area: Rect, buffer: &mut Buffer) -> Option<Position> {
    if area.is_empty() {
        return None;
    }
    let (width, height) = (usize::from(area.width), usize::from(area.height));
    let (row_of_cursor, column) = editor.cursor();
    let before: String = editor.lines().get(row_of_cursor)?.chars().take(column).collect();
    // As many characters before the cursor as leave a column for it.
    let mut used = 0;
    let fitting = before.chars().rev().take_while(|c| {
        used += columns(*c);
        used < width
    });
    let left = column.saturating_sub(fitting.count());
    let top = row_of_cursor.saturating_sub(height.saturating_sub(1));
    for (index, line) in editor.lines().iter().skip(top).take(height).enumerate() {
        // No more is looked at of a long line than could be seen of it.
        let seen: String = line.chars().skip(left).take(4 * width).collect();
        Span::raw(cut(&clean(&seen), width)).render(row(area, index), buffer);
    }
    let seen: String = before.chars().skip(left).collect();
    let x = clean(&seen).width().min(width.saturating_sub(1));
    Some(Position {
        x: area.x + u16::try_from(x).unwrap_or(0),
        y: area.y + u16::try_from(row_of_cursor.saturating_sub(top)).unwrap_or(0),
    })
}

/// The columns that a character takes once the text is cleaned.
fn columns(c: char) -> usize {
    if c == '\t' { 1 } else { c.width().unwrap_or(0) }
}

/// The rows of a buffer as texts, for tests.
#[cfg(test)]
pub(super) fn screen(buffer: &Buffer) -> Vec<String> {
    let area = buffer.area;
    let text = |y: u16| -> String { (area.left()..area.right()).map(|x| buffer[(x, y)].symbol()).collect() };
    (area.top()..area.bottom()).map(|y| text(y).trim_end().to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::editor::Edit;

    /// A text, where its cursor is put, what is seen of it on four columns and two rows, and where the cursor is there.
    fn check(text: &str, cursor: (usize, usize), expected: [&str; 2], at: (u16, u16)) {
        let mut editor_of = Editor::new(text);
        editor_of.go_to(cursor.0, cursor.1);
        let area = Rect::new(0, 0, 4, 2);
        let mut buffer = Buffer::empty(area);
        let position = editor(&editor_of, area, &mut buffer);
        assert_eq!(screen(&buffer), expected, "{text} {cursor:?}");
        assert_eq!(position, Some(Position { x: at.0, y: at.1 }), "{text} {cursor:?}");
    }

    #[test]
    fn the_cursor_is_always_in_view() {
        check("", (0, 0), ["", ""], (0, 0));
        check("abc", (0, 3), ["abc", ""], (3, 0));
        check("abcdef", (0, 0), ["abc…", ""], (0, 0));
        check("abcdef", (0, 6), ["def", ""], (3, 0));
        check("abcdef", (0, 4), ["bcd…", ""], (3, 0));
        check("a\nb\nc", (2, 1), ["b", "c"], (1, 1));
        check("日本語", (0, 3), ["語", ""], (2, 0));
    }

    #[test]
    fn an_editor_without_room_is_not_drawn() {
        let mut buffer = Buffer::empty(Rect::new(0, 0, 4, 2));
        let mut text = Editor::new("a");
        text.apply(Edit::End);
        assert_eq!(editor(&text, Rect::new(0, 0, 0, 2), &mut buffer), None);
    }

    #[test]
    fn what_is_chosen_is_in_view() {
        for (chosen, length, rows, expected) in
            [(0, 10, 4, 0), (5, 10, 4, 3), (9, 10, 4, 6), (2, 3, 10, 0), (0, 0, 0, 0), (9, 10, 0, 9)]
        {
            assert_eq!(first_shown(chosen, length, rows), expected, "{chosen} {length} {rows}");
        }
    }
}
