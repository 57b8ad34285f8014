//! The map of a graph that is larger than its pane: all boxes as dots, and what of them is seen.
//!
//! Stands in a corner of the pane, where it hides no box. Reads a drawing and lays nothing out.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::widgets::{Block, BorderType, Clear, Widget};

use super::graph::Plan;
use super::graph_pane::Viewport;
use super::theme::Theme;
use crate::app::graph_view::Place;

/// The smallest pane that has room for it, in columns and rows.
const SMALLEST: (u16, u16) = (44, 16);
/// The most columns and rows that it has inside of its frame.
const LARGEST: (u16, u16) = (22, 10);
/// Dots of a cell: braille has two columns of four.
const DOTS: (usize, usize) = (2, 4);

/// Draws it, if the drawing is larger than the pane and the pane has room. `map` says whether it may hide boxes, or
/// may not be there; `None` is where it hides none.
pub(super) fn draw(
    theme: &Theme,
    plan: &Plan,
    view: &Viewport,
    map: Option<bool>,
    status: &dyn Fn(&str) -> Style,
    area: Rect,
    buffer: &mut Buffer,
) {
    let whole = (plan.drawing.width, plan.drawing.height);
    let seen = (usize::from(area.width), usize::from(area.height));
    // Of a drawing that is little larger than the pane a map says nothing.
    let percent = if map == Some(true) { 100 } else { 125 };
    let is_larger = whole.0 * 100 > seen.0 * percent || whole.1 * 100 > seen.1 * percent;
    if map == Some(false) || !is_larger || area.width < SMALLEST.0 || area.height < SMALLEST.1 {
        return;
    }
    let scale = Scale::of(whole, area);
    let Some(frame) = corner(scale.size, plan, view, map == Some(true), area) else { return };
    Clear.render(frame, buffer);
    let block = Block::bordered().border_type(BorderType::Rounded).border_style(theme.dim);
    let inside = block.inner(frame);
    block.render(frame, buffer);
    let plain = plain_height(plan);
    for place in plan.places.iter() {
        let columns = scale.dots(place.x, place.width, 0);
        let rows = scale.dots(place.y, place.height, 1);
        let style = status(&place.state);
        // Of a box that others are inside of, its frame is enough.
        let is_container = place.height > plain;
        for row in rows.clone() {
            for column in columns.clone() {
                let is_edge =
                    row == rows.start || row + 1 == rows.end || column == columns.start || column + 1 == columns.end;
                if !is_container || is_edge {
                    put(inside, (column, row), style, buffer);
                }
            }
        }
    }
    // What is seen of it stands between the stronger parts of the frame: no colour is needed to tell it.
    let columns = scale.cells(view.left, seen.0.min(whole.0), 0);
    let rows = scale.cells(view.top, seen.1.min(whole.1), 1);
    let (upright, level) = (theme.sign("┃", "#"), theme.sign("━", "#"));
    for y in rows.filter_map(|row| u16::try_from(row).ok()).filter(|row| *row < inside.height) {
        for x in [frame.x, frame.right() - 1] {
            buffer.set_string(x, inside.y + y, upright, theme.focused);
        }
    }
    for x in columns.filter_map(|column| u16::try_from(column).ok()).filter(|column| *column < inside.width) {
        for y in [frame.y, frame.bottom() - 1] {
            buffer.set_string(inside.x + x, y, level, theme.focused);
        }
    }
}

/// How many cells of the drawing are one dot.
struct Scale {
    /// Columns and rows of the map.
    size: (u16, u16),
    /// Of a dot, in cells of the drawing.
    per_dot: [usize; 2],
}

impl Scale {
    fn of(whole: (usize, usize), area: Rect) -> Self {
        let most = (LARGEST.0.min(area.width / 3), LARGEST.1.min(area.height / 3));
        let per_dot = [
            whole.0.div_ceil(usize::from(most.0) * DOTS.0).max(1),
            whole.1.div_ceil(usize::from(most.1) * DOTS.1).max(1),
        ];
        let cells = |length: usize, per_dot: usize, dots: usize| {
            u16::try_from(length.div_ceil(per_dot * dots)).unwrap_or(u16::MAX).max(1)
        };
        Self {
            size: (cells(whole.0, per_dot[0], DOTS.0).min(most.0), cells(whole.1, per_dot[1], DOTS.1).min(most.1)),
            per_dot,
        }
    }

    fn dots(&self, start: usize, length: usize, axis: usize) -> std::ops::Range<usize> {
        let per_dot = self.per_dot[axis];
        let first = start / per_dot;
        first..((start + length).div_ceil(per_dot)).max(first + 1)
    }

    fn cells(&self, start: usize, length: usize, axis: usize) -> std::ops::Range<usize> {
        let per_cell = self.per_dot[axis] * if axis == 0 { DOTS.0 } else { DOTS.1 };
        start / per_cell..(start + length).div_ceil(per_cell)
    }
}

/// The corner where it hides no box, the lower right one first. Where there is none, that one if it is to be seen at
/// all costs.
fn corner(size: (u16, u16), plan: &Plan, view: &Viewport, always: bool, area: Rect) -> Option<Rect> {
    let (width, height) = (size.0 + 2, size.1 + 2);
    let (left, right) = (area.x, area.right() - width);
    let (top, bottom) = (area.y, area.bottom() - height);
    let corners = [(right, bottom), (right, top), (left, bottom), (left, top)];
    let frames = corners.map(|(x, y)| Rect { x, y, width, height });
    let plain = plain_height(plan);
    let hides = |frame: &Rect, place: &Place| {
        let first = view.origin(area);
        let (x, y) = (place.x.cast_signed() + first.0, place.y.cast_signed() + first.1);
        let (to_x, to_y) = (x + place.width.cast_signed(), y + place.height.cast_signed());
        let is_beside = to_x <= isize_of(frame.x) || x >= isize_of(frame.right());
        let is_above = to_y <= isize_of(frame.y) || y >= isize_of(frame.bottom());
        !is_beside && !is_above && place.height <= plain
    };
    let free = frames.iter().find(|frame| plan.places.iter().all(|place| !hides(frame, place)));
    free.copied().or_else(|| always.then_some(frames[0]))
}

fn isize_of(cells: u16) -> isize {
    usize::from(cells).cast_signed()
}

/// The rows of a box that nothing is inside of.
fn plain_height(plan: &Plan) -> usize {
    plan.places.iter().map(|place| place.height).min().unwrap_or_default()
}

/// Sets a dot of a cell. <https://www.unicode.org/charts/PDF/U2800.pdf>
fn put(inside: Rect, (column, row): (usize, usize), style: Style, buffer: &mut Buffer) {
    let bits = [[0x01, 0x02, 0x04, 0x40], [0x08, 0x10, 0x20, 0x80]];
    let (Ok(x), Ok(y)) = (u16::try_from(column / DOTS.0), u16::try_from(row / DOTS.1)) else { return };
    if x >= inside.width || y >= inside.height {
        return;
    }
    let Some(cell) = buffer.cell_mut((inside.x + x, inside.y + y)) else { return };
    let before = cell.symbol().chars().next().map_or(0, |c| u32::from(c).wrapping_sub(0x2800));
    let before = if before > 0xff { 0 } else { before };
    let dots = char::from_u32(0x2800 + (before | bits[column % DOTS.0][row % DOTS.1])).unwrap_or(' ');
    cell.set_char(dots).set_style(style);
}
