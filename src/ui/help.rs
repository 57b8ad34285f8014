//! The help: every key by where it holds, and why it is off where it is.
//!
//! In two columns where the screen is wide. Where room is short, what a key does is cut; its name never is.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;
use unicode_width::UnicodeWidthStr;

use super::text::cut;
use super::theme::Theme;
use super::window::{row, window};
use crate::app::keymap::{BINDINGS, Keymap, Mode};
use crate::app::off::{Situation, why_off};

/// The most columns of the window.
const MOST: u16 = 160;
/// From so many columns on there are two.
const WIDE: u16 = 100;
/// What is left between two columns.
const GAP: u16 = 2;
/// Columns that the names of keys have.
const KEYS: usize = 12;

/// The keys of a mode.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Section {
    title: &'static str,
    rows: Vec<Row>,
}

/// A key.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Row {
    keys: String,
    help: &'static str,
    off: Option<&'static str>,
}

/// Draws the help, scrolled by so many lines, and answers how many it could be scrolled by.
pub(super) fn draw(
    keymap: &Keymap,
    situation: &Situation,
    scroll: usize,
    theme: &Theme,
    area: Rect,
    buffer: &mut Buffer,
) -> usize {
    let width = MOST.min(area.width.saturating_sub(2));
    let inside = width.saturating_sub(2);
    let column = if inside >= WIDE { (inside - GAP) / 2 } else { inside };
    let sections = help_lines(keymap, situation);
    let parts: Vec<Vec<Line<'static>>> =
        sections.iter().map(|section| lines(section, usize::from(column), theme)).collect();
    let columns = if inside >= WIDE { balanced(parts) } else { vec![parts.concat()] };
    let total = columns.iter().map(Vec::len).max().unwrap_or_default();
    let height = u16::try_from(total + 2).unwrap_or(u16::MAX).min(area.height.saturating_sub(2));
    let rows = usize::from(height.saturating_sub(2));
    let most = total.saturating_sub(rows);
    let first = scroll.min(most);
    let title = if most > 0 {
        format!("Keys, lines {} to {} of {total}", first + 1, (first + rows).min(total))
    } else {
        "Keys".to_owned()
    };
    let inner = window(theme, &title, (width, height), area, buffer);
    for (lines, x) in columns.iter().zip([inner.x, inner.x.saturating_add(column + GAP)]) {
        let place = Rect { x, width: column.min(inner.right().saturating_sub(x)), ..inner };
        for (index, line) in lines.iter().skip(first).take(rows).enumerate() {
            line.render(row(place, index), buffer);
        }
    }
    most
}

/// The keys by their modes, in the order of the table. Those of the help itself stand in the footer.
pub(super) fn help_lines(keymap: &Keymap, situation: &Situation) -> Vec<Section> {
    let mut modes: Vec<Mode> = Vec::new();
    for binding in BINDINGS.iter().filter(|binding| binding.mode != Mode::Help) {
        if !modes.contains(&binding.mode) {
            modes.push(binding.mode);
        }
    }
    let sections = modes.into_iter().map(|mode| {
        let bindings = BINDINGS.iter().filter(|binding| binding.mode == mode);
        let rows = bindings.map(|binding| Row {
            keys: keymap.shown(binding),
            help: binding.help,
            off: why_off(binding.intent, situation),
        });
        Section { title: mode.title(), rows: rows.filter(|row| !row.keys.is_empty()).collect() }
    });
    sections.filter(|section| !section.rows.is_empty()).collect()
}

fn lines(section: &Section, width: usize, theme: &Theme) -> Vec<Line<'static>> {
    let mut lines = vec![Line::styled(section.title, theme.title)];
    for Row { keys, help, off } in &section.rows {
        let keys = format!("  {keys:<KEYS$} ");
        let room = width.saturating_sub(keys.width());
        let Some(why) = off else {
            lines.push(Line::from(vec![Span::styled(keys, theme.key), Span::raw(cut(help, room))]));
            continue;
        };
        let indent = " ".repeat(keys.width());
        let why = format!("off: {why}");
        // Beside it where there is room for it, or else below.
        if help.width() + 2 + why.width() <= room {
            lines.push(Line::styled(format!("{keys}{help}  {why}"), theme.dim));
        } else {
            lines.push(Line::styled(format!("{keys}{}", cut(help, room)), theme.dim));
            lines.push(Line::styled(format!("{indent}  {}", cut(&why, room.saturating_sub(2))), theme.dim));
        }
    }
    lines.push(Line::default());
    lines
}

/// The sections in two columns, as equally long as they can be without one being torn apart.
fn balanced(parts: Vec<Vec<Line<'static>>>) -> Vec<Vec<Line<'static>>> {
    let total: usize = parts.iter().map(Vec::len).sum();
    let longest = |split: &usize| {
        let left: usize = parts.iter().take(*split).map(Vec::len).sum();
        left.max(total - left)
    };
    // Of two that are as good the left one is the longer.
    let split = (0..=parts.len()).rev().min_by_key(longest).unwrap_or_default();
    let mut left = parts;
    let right = left.split_off(split);
    vec![left.concat(), right.concat()]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::keymap::Intent;
    use crate::ui::window::screen;

    fn shown(situation: &Situation, width: u16, height: u16, scroll: usize) -> (String, usize) {
        let area = Rect::new(0, 0, width, height);
        let mut buffer = Buffer::empty(area);
        let most = draw(&Keymap::default(), situation, scroll, &Theme::dark(), area, &mut buffer);
        (screen(&buffer).join("\n"), most)
    }

    #[test]
    fn a_key_that_is_off_says_why() {
        let read_only = Situation { is_read_only: true, ..Situation::default() };
        for (situation, is_off) in [(Situation::default(), false), (read_only, true)] {
            let sections = help_lines(&Keymap::default(), &situation);
            let row = sections.iter().flat_map(|section| &section.rows).find(|row| row.help == "new order");
            let expected = is_off.then_some("the dashboard is read-only");
            assert_eq!(row.and_then(|row| row.off), expected);
            let (text, _) = shown(&situation, 80, 200, 0);
            assert_eq!(text.contains("off: the dashboard is read-only"), is_off, "{text}");
        }
    }

    #[test]
    fn every_key_can_be_reached_at_every_size() {
        for (width, height) in [(80, 24), (120, 40), (200, 60), (250, 80)] {
            let (_, most) = shown(&Situation::default(), width, height, 0);
            let pages: String =
                (0..=most).map(|scroll| shown(&Situation::default(), width, height, scroll).0).collect();
            for binding in BINDINGS.iter().filter(|binding| binding.mode != Mode::Help) {
                // Of a long help its beginning is enough.
                let beginning: String = binding.help.chars().take(20).collect();
                assert!(pages.contains(&beginning), "{width}x{height}: {beginning}");
            }
            let (beyond, again) = shown(&Situation::default(), width, height, usize::MAX);
            assert_eq!((again, beyond), (most, shown(&Situation::default(), width, height, most).0));
        }
    }

    #[test]
    fn columns_are_balanced_and_sections_whole() {
        let part = |length: usize| vec![Line::raw("x"); length];
        let cases: [(&[usize], [usize; 2]); 5] =
            [(&[10, 4, 5], [10, 9]), (&[3, 3, 10], [6, 10]), (&[7], [7, 0]), (&[], [0, 0]), (&[1, 9, 1], [10, 1])];
        for (lengths, expected) in cases {
            let columns = balanced(lengths.iter().map(|length| part(*length)).collect());
            let found: Vec<usize> = columns.iter().map(Vec::len).collect();
            assert_eq!(found, expected, "{lengths:?}");
        }
    }

    #[test]
    fn no_screen_is_too_small_to_draw_on() {
        for (width, height) in [(0, 0), (1, 1), (3, 3), (10, 4)] {
            shown(&Situation::default(), width, height, 0);
        }
        assert!(help_lines(&Keymap::default(), &Situation::default()).len() > 1);
        assert_eq!(why_off(Intent::Help, &Situation::default()), None);
    }
}
