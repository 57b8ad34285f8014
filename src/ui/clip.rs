//! The list of what can be copied, with the beginning of each.
//!
//! Where room is short the texts are cut, and their sizes left out; the labels stay.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;
use unicode_width::UnicodeWidthStr;

use super::text::{clean, cut};
use super::theme::Theme;
use super::window::{first_shown, row, share, window};
use crate::app::clip::{Clip, Copyable};

/// The most columns of a label.
const LABEL: usize = 42;

pub(super) fn draw(clip: &Clip, theme: &Theme, area: Rect, buffer: &mut Buffer) {
    let height = u16::try_from(clip.items().len() + 2).unwrap_or(u16::MAX);
    let inner = window(theme, "Copy", (share(area.width, 80).max(70), height), area, buffer);
    let longest = clip.items().iter().map(|item| item.label.width()).max().unwrap_or_default();
    let rows = usize::from(inner.height);
    let first = first_shown(clip.chosen(), clip.items().len(), rows);
    for (index, item) in clip.items().iter().enumerate().skip(first).take(rows) {
        let place = row(inner, index - first);
        let is_chosen = index == clip.chosen();
        line(item, is_chosen, longest.min(LABEL), theme, place).render(place, buffer);
        if is_chosen {
            buffer.set_style(place, theme.chosen);
        }
    }
}

fn line(item: &Copyable, is_chosen: bool, label: usize, theme: &Theme, area: Rect) -> Line<'static> {
    let width = usize::from(area.width);
    let sign = if is_chosen { "> " } else { "  " };
    let name = format!("{sign}{:<label$}  ", cut(item.label, label));
    // The first line of a text may be all of it, and long.
    let beginning: String = item.text.chars().take_while(|c| !matches!(c, '\n' | '\r')).take(4 * width).collect();
    let size = if beginning.len() < item.text.len() { size(item.text.len()) } else { String::new() };
    let room = width.saturating_sub(name.width());
    let size = if size.len() + 24 <= room { size } else { String::new() };
    let shown = cut(&clean(&beginning), room.saturating_sub(size.len() + 1));
    let between = " ".repeat(room.saturating_sub(shown.width() + size.len()));
    Line::from(vec![
        Span::styled(name, theme.field),
        Span::raw(shown),
        Span::raw(between),
        Span::styled(size, theme.dim),
    ])
}

/// A size in few letters: `12 B`, `3.4 kB`, `5.6 MB`.
fn size(bytes: usize) -> String {
    match bytes {
        0..1_000 => format!("{bytes} B"),
        1_000..1_000_000 => format!("{}.{} kB", bytes / 1_000, bytes % 1_000 / 100),
        _ => format!("{}.{} MB", bytes / 1_000_000, bytes % 1_000_000 / 100_000),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::window::screen;

    #[test]
    fn each_stands_with_its_beginning_and_the_size_of_more() {
        let items = vec![
            Copyable { label: "value", text: "short".into() },
            Copyable { label: "input", text: format!("{{\n{}}}", "x".repeat(1_250)) },
            Copyable { label: "execution ARN", text: "arn\u{1b}[31m:aws".into() },
        ];
        let mut clip = Clip::new(items).unwrap();
        clip.step(1);
        let area = Rect::new(0, 0, 80, 24);
        let mut buffer = Buffer::empty(area);
        draw(&clip, &Theme::dark(), area, &mut buffer);
        let rows = screen(&buffer);
        for expected in ["  value          short", "> input          {", "1.2 kB", "  execution ARN  arn[31m:aws"] {
            assert!(rows.iter().any(|row| row.contains(expected)), "{expected}: {rows:#?}");
        }
        for (width, height) in [(0, 0), (2, 2), (10, 4), (250, 80)] {
            let area = Rect::new(0, 0, width, height);
            draw(&clip, &Theme::dark(), area, &mut Buffer::empty(area));
        }
    }

    #[test]
    fn sizes_are_short() {
        for (bytes, expected) in [(0, "0 B"), (999, "999 B"), (1_250, "1.2 kB"), (5_650_000, "5.6 MB")] {
            assert_eq!(size(bytes), expected);
        }
    }
}
