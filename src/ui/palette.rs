//! The palette: a line to type into, and what is found with it.
//!
//! What is cut first where room is short: the reason why an action is off, then its title; never its keys.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;

use super::text::{clean, cut};
use super::theme::Theme;
use super::window::{editor, first_shown, row, share, window};
use crate::app::palette::{Found, Palette};

/// The least and the most rows of the window.
const ROWS: (u16, u16) = (8, 26);
/// The least columns of the window, where the screen has them.
const COLUMNS: u16 = 56;

/// Draws the palette, and answers where the cursor belongs.
pub(super) fn draw(palette: &Palette, theme: &Theme, area: Rect, buffer: &mut Buffer) -> Option<Position> {
    // By the size of the screen alone, so that the window stays where it is while one types.
    let size = (share(area.width, 60).max(COLUMNS), share(area.height, 70).clamp(ROWS.0, ROWS.1));
    let inner = window(theme, "Do, or go to", size, area, buffer);
    let line = row(inner, 0);
    Span::styled(": ", theme.key).render(line, buffer);
    let prompt = line.width.min(2);
    let field = Rect { x: line.x + prompt, width: line.width - prompt, ..line };
    let cursor = editor(palette.text(), field, buffer);
    let list = Rect { y: inner.y + inner.height.min(2), height: inner.height.saturating_sub(2), ..inner };
    if palette.found().is_empty() {
        let text = "Nothing is called so: no action, state, state machine or execution.";
        Span::styled(cut(text, usize::from(list.width)), theme.dim).render(row(list, 0), buffer);
    }
    let rows = usize::from(list.height);
    let first = first_shown(palette.chosen(), palette.found().len(), rows);
    for (index, found) in palette.found().iter().enumerate().skip(first).take(rows) {
        let place = row(list, index - first);
        found_row(palette, found, index == palette.chosen(), theme, place, buffer);
    }
    cursor
}

fn found_row(palette: &Palette, found: &Found, is_chosen: bool, theme: &Theme, area: Rect, buffer: &mut Buffer) {
    let (title, off, right) = match (palette.entry(found), palette.target(found)) {
        (Some(entry), _) => (entry.title, entry.off, Span::styled(entry.keys.as_str(), theme.key)),
        (None, Some(target)) => (target.label.as_str(), None, Span::styled(target.kind.word(), theme.dim)),
        (None, None) => return,
    };
    let plain = if off.is_some() { theme.dim } else { Style::new() };
    let width = usize::from(area.width);
    let room = width.saturating_sub(right.width() + 3);
    let mut spans = vec![Span::raw(if is_chosen { "> " } else { "  " })];
    spans.extend(marked(title, &found.matched, plain, plain.add_modifier(Modifier::UNDERLINED | Modifier::BOLD), room));
    let used: usize = spans.iter().map(Span::width).sum();
    if let Some(why) = off {
        let left = (room + 2).saturating_sub(used);
        spans.push(Span::styled(cut(&format!(": {why}"), left), theme.dim));
    }
    let used: usize = spans.iter().map(Span::width).sum();
    spans.push(Span::raw(" ".repeat(width.saturating_sub(used + right.width()))));
    spans.push(right);
    Line::from(spans).render(area, buffer);
    if is_chosen {
        buffer.set_style(area, theme.chosen);
    }
}

/// A text in so many columns, with the characters that match marked.
fn marked(text: &str, matched: &[usize], plain: Style, mark: Style, room: usize) -> Vec<Span<'static>> {
    let cleaned = clean(text);
    // Where something was left out, the places are no longer those of the text that was searched.
    let matched = if cleaned.chars().count() == text.chars().count() { matched } else { &[] };
    let mut spans: Vec<Span<'static>> = Vec::new();
    let mut run = String::new();
    let mut is_marked = false;
    for (index, c) in cut(&cleaned, room).chars().enumerate() {
        let matches = matched.binary_search(&index).is_ok();
        if matches != is_marked && !run.is_empty() {
            spans.push(Span::styled(std::mem::take(&mut run), if is_marked { mark } else { plain }));
        }
        is_marked = matches;
        run.push(c);
    }
    if !run.is_empty() {
        spans.push(Span::styled(run, if is_marked { mark } else { plain }));
    }
    spans
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::editor::Edit;
    use crate::app::keymap::Intent;
    use crate::app::palette::{Entry, Target};
    use crate::ui::window::screen;

    #[test]
    fn parts_that_match_stand_out() {
        let (plain, mark) = (Style::new(), Style::new().add_modifier(Modifier::BOLD));
        /// A title, the characters that match, the columns, and what is seen with whether it stands out.
        type Case = (&'static str, &'static [usize], usize, &'static [(&'static str, bool)]);
        let cases: [Case; 5] = [
            ("ProcessPayment", &[7, 8, 9], 20, &[("Process", false), ("Pay", true), ("ment", false)]),
            ("ProcessPayment", &[7, 8, 9], 10, &[("Process", false), ("Pa…", true)]),
            ("zoom", &[0, 1, 2, 3], 20, &[("zoom", true)]),
            ("a\u{1b}b", &[1], 20, &[("ab", false)]),
            ("", &[], 20, &[]),
        ];
        for (text, matched, room, expected) in cases {
            let spans = marked(text, matched, plain, mark, room);
            let found: Vec<(&str, bool)> =
                spans.iter().map(|span| (span.content.as_ref(), span.style == mark)).collect();
            assert_eq!(found, expected, "{text:?}");
        }
    }

    #[test]
    fn what_is_found_stands_with_its_keys_and_why_it_is_off() {
        let entries = vec![
            Entry { intent: Intent::NewOrder, title: "new order", keys: "n".into(), off: None },
            Entry { intent: Intent::Stop, title: "stop it", keys: "S".into(), off: Some("this execution has ended") },
        ];
        let mut palette = Palette::new(entries, vec![Target::state("Stop\u{1b}ped")]);
        let area = Rect::new(0, 0, 58, 12);
        let mut buffer = Buffer::empty(area);
        let cursor = draw(&palette, &Theme::dark(), area, &mut buffer);
        let rows = screen(&buffer);
        assert!(rows.iter().any(|row| row.contains("> new order") && row.ends_with("n│")), "{rows:#?}");
        assert!(rows.iter().any(|row| row.contains("  stop it: this execution has ended")), "{rows:#?}");
        assert!(cursor.is_some_and(|cursor| cursor.x == 4), "{cursor:?}");

        "stop".chars().for_each(|c| palette.edit(Edit::Insert(c)));
        let mut buffer = Buffer::empty(area);
        draw(&palette, &Theme::dark(), area, &mut buffer);
        let rows = screen(&buffer);
        assert!(rows.iter().any(|row| row.contains(": stop")), "{rows:#?}");
        assert!(rows.iter().any(|row| row.contains("Stopped") && row.ends_with("state│")), "{rows:#?}");

        "qqq".chars().for_each(|c| palette.edit(Edit::Insert(c)));
        let mut buffer = Buffer::empty(area);
        draw(&palette, &Theme::dark(), area, &mut buffer);
        assert!(screen(&buffer).iter().any(|row| row.contains("Nothing is called so")));
    }

    #[test]
    fn no_screen_is_too_small_to_draw_on() {
        let palette = Palette::new(Vec::new(), Vec::new());
        for (width, height) in [(0, 0), (1, 1), (3, 3), (5, 2), (250, 80)] {
            let area = Rect::new(0, 0, width, height);
            draw(&palette, &Theme::dark(), area, &mut Buffer::empty(area));
        }
    }
}
