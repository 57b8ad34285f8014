//! The live graph: the drawing of the machine with the run painted over it.
//!
//! A status changes colours and badges, never the place of a box.

use std::collections::HashMap;
use std::sync::Arc;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use ratatui::text::Span;
use ratatui::widgets::Widget;

use diagram::Ink;
use unicode_width::UnicodeWidthStr;

use super::graph::Plan;
use super::text::cut;
use super::theme::Theme;
use super::{Drawings, Views, fleet, graph_notes, minimap};
use crate::app::Model;
use crate::app::fleet::Fleet;
use crate::app::graph_view::{Density, Drawn};
use crate::app::run::{Run, Visit, VisitStatus};

/// Columns that each box keeps free for its badge: a blank and a sign, with how often where all executions are drawn.
pub(super) const BADGE: usize = 3;

/// Draws the graph, and answers what of it was in view; `None` without one.
pub(super) fn draw(model: &Model, views: &Views, area: Rect, buffer: &mut Buffer) -> Option<Drawn> {
    let theme = &views.theme;
    if !views.drawings.are_of(model) || views.drawings.full.states.is_empty() {
        let drawable = model.known.as_ref().is_none_or(|known| known.machine.is_some());
        let text = if drawable { "Loading…" } else { "The definition cannot be drawn." };
        Span::styled(cut(text, usize::from(area.width)), theme.dim).render(area, buffer);
        return None;
    }
    let (density, plan) = plan(model, views, area);
    let empty = Run::default();
    let run = model.run().unwrap_or(&empty);
    let view = Viewport::over(plan, model.state.as_deref(), model.graph.pan, area);
    let drawn = Drawn { density, pan: view.pan, places: Arc::clone(&plan.places) };
    if let Some(fleet) = &model.fleet {
        paint_fleet(theme, plan, fleet, model.state.as_deref(), &view, area, buffer);
        let style = |state: &str| fleet::badge(theme, fleet, state).map_or(theme.dim, |(_, style)| style);
        minimap::draw(theme, plan, &view, model.graph.map, &style, area, buffer);
        return Some(drawn);
    }
    let iteration = model.iteration;
    let status = |state: &str| theme.visit(run.status_in(state, iteration)).1;
    paint_cells(theme, plan, &status, model.state.as_deref(), &view, area, buffer);
    paint_ways(plan, run, &view, area, buffer);
    if let Some(along) = model.graph.pulse(model.now) {
        paint_pulse(theme, plan, run, along, &view, area, buffer);
    }
    paint_badges(theme, plan, run, iteration, &view, area, buffer);
    let machine = model.known.as_ref().and_then(|known| known.machine.as_deref());
    for (key, rect) in plan.drawing.boxes.iter().filter(|(_, rect)| rect.height >= 3) {
        let Some(state) = plan.states.get(*key) else { continue };
        let (sign, style) = theme.visit(run.status_in(state, iteration));
        let right = rect.x + rect.width - 1;
        if let Some(note) = graph_notes::branches(run, machine, state, sign)
            && is_free(plan, right, rect.y, &note)
        {
            paint_text(&note, (right - note.width(), rect.y), style, &view, area, buffer);
        }
        if rect.height > 3 {
            continue;
        }
        let notes = [
            (rect.y, graph_notes::progress(run, machine, state, model.moment())),
            (rect.y + 2, graph_notes::times(run, state)),
        ];
        for (y, note) in notes {
            let Some(note) = note else { continue };
            let note = format!(" {note} ");
            if is_free(plan, right, y, &note) {
                paint_text(&note, (right - note.width(), y), style, &view, area, buffer);
            }
        }
    }
    minimap::draw(theme, plan, &view, model.graph.map, &status, area, buffer);
    Some(drawn)
}

/// The drawing that is shown in an area, and how large its boxes are.
fn plan<'a>(model: &Model, views: &'a Views, area: Rect) -> (Density, &'a Plan) {
    let Drawings { full, compact, narrow, dots, .. } = &views.drawings;
    // As much as fits, unless the user says otherwise: three rows a state, one row, one row without words on the lines.
    let (width, height) = (usize::from(area.width), usize::from(area.height));
    let fits = |plan: &&Plan| plan.drawing.width <= width && plan.drawing.height <= height;
    match model.graph.density {
        Some(Density::Full) => (Density::Full, full),
        Some(Density::Compact) => (Density::Compact, compact),
        Some(Density::Dots) => (Density::Dots, dots),
        None if fits(&full) => (Density::Full, full),
        // Where nothing fits: what can be read without moving sideways.
        None if fits(&compact) || (!fits(&narrow) && compact.drawing.width <= width) => (Density::Compact, compact),
        None => (Density::Compact, narrow),
    }
}

/// The state whose box is at a place of the screen; where one is inside of another, the inner one.
pub(super) fn state_at(model: &Model, views: &Views, area: Rect, (column, row): (u16, u16)) -> Option<String> {
    if !views.drawings.are_of(model) {
        return None;
    }
    let (_, plan) = plan(model, views, area);
    let view = Viewport::over(plan, model.state.as_deref(), model.graph.pan, area);
    let x = (usize::from(column.checked_sub(area.x)?) + view.left).checked_sub(view.indent)?;
    let y = usize::from(row.checked_sub(area.y)?) + view.top;
    let is_in = |rect: &diagram::Rect| {
        (rect.x..rect.x + rect.width).contains(&x) && (rect.y..rect.y + rect.height).contains(&y)
    };
    let boxes = plan.drawing.boxes.iter().filter(|(_, rect)| is_in(rect));
    let (key, _) = boxes.min_by_key(|(_, rect)| rect.width * rect.height)?;
    plan.states.get(*key).cloned()
}

/// Whether nothing but border would be covered by a text that ends before the column `right`.
fn is_free(plan: &Plan, right: usize, y: usize, text: &str) -> bool {
    let Some(row) = plan.drawing.rows.get(y) else { return false };
    let Some(cells) = right.checked_sub(text.width()).and_then(|left| row.get(left..right)) else { return false };
    cells.iter().all(|cell| matches!(cell.ink, Ink::Border(_)) && matches!(cell.symbol, Some('─' | '━' | '═')))
}

fn paint_text(text: &str, at: (usize, usize), style: Style, view: &Viewport, area: Rect, buffer: &mut Buffer) {
    for (offset, c) in text.chars().enumerate() {
        if let Some(target) = view.cell((at.0 + offset, at.1), area).and_then(|place| buffer.cell_mut(place)) {
            target.set_char(c).set_style(style);
        }
    }
}

/// Which part of the drawing is seen.
pub(super) struct Viewport {
    pub(super) left: usize,
    pub(super) top: usize,
    /// Columns by which a drawing that is narrower than the pane is moved to its middle.
    indent: usize,
    /// How far it is moved from where the chosen state puts it.
    pan: (isize, isize),
}

impl Viewport {
    /// With the chosen state in the middle of its height. Sideways the boxes come before the lines around them, and the
    /// view moves no further than the chosen one needs.
    fn over(plan: &Plan, state: Option<&str>, pan: (isize, isize), area: Rect) -> Self {
        let (width, height) = (usize::from(area.width), usize::from(area.height));
        let boxes = &plan.drawing.boxes;
        let key = plan.states.iter().position(|name| Some(name.as_str()) == state);
        let chosen = boxes.iter().find(|(of, _)| Some(*of) == key).map(|(_, rect)| rect);
        let within = |start: usize, room: usize, length: usize| start.min(length.saturating_sub(room));
        let first = boxes.iter().map(|(_, rect)| rect.x).min().unwrap_or_default();
        let last = boxes.iter().map(|(_, rect)| rect.x + rect.width).max().unwrap_or_default();
        let mut left = ((first + last) / 2).saturating_sub(width / 2);
        let mut top = 0;
        if let Some(rect) = chosen {
            // A box that is wider than the pane is seen from its left.
            left = left.max((rect.x + rect.width).saturating_sub(width)).min(rect.x);
            top = (rect.y + rect.height / 2).saturating_sub(height / 2);
        }
        let base = (within(left, width, plan.drawing.width), within(top, height, plan.drawing.height));
        let left = within(base.0.saturating_add_signed(pan.0), width, plan.drawing.width);
        let top = within(base.1.saturating_add_signed(pan.1), height, plan.drawing.height);
        let moved = |to: usize, from: usize| to.cast_signed() - from.cast_signed();
        Self {
            left,
            top,
            pan: (moved(left, base.0), moved(top, base.1)),
            indent: width.saturating_sub(plan.drawing.width) / 2,
        }
    }

    /// Where on the screen the first cell of the drawing is, or would be.
    pub(super) fn origin(&self, area: Rect) -> (isize, isize) {
        let at =
            |start: u16, indent: usize, first: usize| (usize::from(start) + indent).cast_signed() - first.cast_signed();
        (at(area.x, self.indent, self.left), at(area.y, 0, self.top))
    }

    /// Where a cell of the drawing is on the screen, if it is seen.
    fn cell(&self, (x, y): (usize, usize), area: Rect) -> Option<(u16, u16)> {
        let column = x.checked_sub(self.left)? + self.indent;
        let row = y.checked_sub(self.top)?;
        let (column, row) = (u16::try_from(column).ok()?, u16::try_from(row).ok()?);
        (column < area.width && row < area.height).then_some((area.x + column, area.y + row))
    }
}

/// The whole drawing as a run stands in it.
pub fn picture(theme: &Theme, plan: &Plan, run: &Run) -> Buffer {
    let side = |length: usize| u16::try_from(length).unwrap_or(u16::MAX);
    let area = Rect::new(0, 0, side(plan.drawing.width), side(plan.drawing.height));
    let mut buffer = Buffer::empty(area);
    let view = Viewport { left: 0, top: 0, indent: 0, pan: (0, 0) };
    let status = |state: &str| theme.visit(run.status_of(state)).1;
    paint_cells(theme, plan, &status, None, &view, area, &mut buffer);
    paint_ways(plan, run, &view, area, &mut buffer);
    paint_badges(theme, plan, run, None, &view, area, &mut buffer);
    buffer
}

fn paint_cells(
    theme: &Theme,
    plan: &Plan,
    status: &dyn Fn(&str) -> Style,
    chosen: Option<&str>,
    view: &Viewport,
    area: Rect,
    buffer: &mut Buffer,
) {
    // Of the states that are seen, each is asked for once.
    let mut styles: HashMap<u32, (Style, bool)> = HashMap::new();
    let mut style_of = |key: u32| {
        *styles.entry(key).or_insert_with(|| {
            let state = usize::try_from(key).ok().and_then(|key| plan.states.get(key)).map(String::as_str);
            let style = state.map_or(theme.dim, status);
            (style, state.is_some() && state == chosen)
        })
    };
    for (y, row) in plan.drawing.rows.iter().enumerate().skip(view.top).take(usize::from(area.height)) {
        for (x, cell) in row.iter().enumerate().skip(view.left) {
            let Some(place) = view.cell((x, y), area) else { break };
            let style = match cell.ink {
                Ink::Blank | Ink::Line | Ink::Divider => theme.dim,
                Ink::EdgeLabel(_) => theme.dim.add_modifier(Modifier::ITALIC),
                Ink::Border(key) => style_of(key).0,
                Ink::Label(key) => match style_of(key) {
                    (style, true) => style.add_modifier(Modifier::REVERSED),
                    (style, false) => style,
                },
            };
            if let Some(target) = buffer.cell_mut(place) {
                target.set_char(cell.symbol.unwrap_or(' ')).set_style(style);
            }
        }
    }
}

/// All executions: how many are in each state, and how many failed there.
fn paint_fleet(
    theme: &Theme,
    plan: &Plan,
    all: &Fleet,
    chosen: Option<&str>,
    view: &Viewport,
    area: Rect,
    buffer: &mut Buffer,
) {
    let status = |state: &str| fleet::badge(theme, all, state).map_or(theme.dim, |(_, style)| style);
    paint_cells(theme, plan, &status, chosen, view, area, buffer);
    for (key, rect) in &plan.drawing.boxes {
        let Some((text, style)) = plan.states.get(*key).and_then(|state| fleet::badge(theme, all, state)) else {
            continue;
        };
        // In the border, where there is one; else where the status of a run would stand, and as much as has room there.
        let right = rect.x + rect.width - 1;
        let framed = format!(" {text} ");
        if rect.height > 1 && is_free(plan, right, rect.y, &framed) {
            paint_text(&framed, (right - framed.width(), rect.y), style, view, area, buffer);
        } else {
            let brief = brief(&text, if rect.width > BADGE { BADGE } else { 1 });
            paint_text(
                &brief,
                (right.saturating_sub(brief.width()), rect.y + rect.height / 2),
                style,
                view,
                area,
                buffer,
            );
        }
    }
}

/// As much of a badge as has room: of two numbers the last, which tells of failures; of one that is too long, that
/// there are more. The table beside has them.
fn brief(text: &str, room: usize) -> String {
    let fitting = [Some(text), text.rsplit(' ').next()].into_iter().flatten().find(|text| text.width() <= room);
    let sign = || text.rsplit(' ').next().and_then(|last| last.chars().next());
    let more = if room > 1 { "+" } else { "" };
    fitting.map_or_else(|| sign().map(|sign| format!("{sign}{more}")).unwrap_or_default(), ToOwned::to_owned)
}

/// Ways that were taken are bright.
fn paint_ways(plan: &Plan, run: &Run, view: &Viewport, area: Rect, buffer: &mut Buffer) {
    for (key, path) in &plan.drawing.paths {
        let Some(way) = plan.edges.get(*key).filter(|way| run.taken.contains_key(*way)) else { continue };
        // Two edges may join the same states; the shorter word is Next, and both are lit only if nothing tells them apart.
        let style = if run.last_taken.as_ref() == Some(way) {
            Style::new().add_modifier(Modifier::BOLD)
        } else {
            Style::reset()
        };
        // The first cell is the border of the box that the edge leaves.
        for cell in path.iter().skip(1) {
            let Some(target) = view.cell(*cell, area).and_then(|place| buffer.cell_mut(place)) else { continue };
            if plan.drawing.rows.get(cell.1).and_then(|row| row.get(cell.0)).is_some_and(|cell| cell.ink == Ink::Line) {
                target.set_style(style);
            }
        }
    }
}

/// The way that was taken last, for a moment: it lights up, and a stronger part of it goes along.
fn paint_pulse(theme: &Theme, plan: &Plan, run: &Run, along: usize, view: &Viewport, area: Rect, buffer: &mut Buffer) {
    let Some(way) = &run.last_taken else { return };
    let (_, style) = theme.visit(Some(VisitStatus::Running));
    for (_, path) in plan.drawing.paths.iter().filter(|(key, _)| plan.edges.get(*key) == Some(way)) {
        let head = path.len() * along / 100;
        for (at, cell) in path.iter().enumerate().skip(1) {
            let Some(target) = view.cell(*cell, area).and_then(|place| buffer.cell_mut(place)) else { continue };
            if plan.drawing.rows.get(cell.1).and_then(|row| row.get(cell.0)).is_some_and(|cell| cell.ink == Ink::Line) {
                let is_head = (head..head + path.len() / 4 + 1).contains(&at);
                target.set_style(if is_head { style.add_modifier(Modifier::REVERSED) } else { style });
            }
        }
    }
}

/// The sign of its status in each box; a Map also tells how many of its items are done.
fn paint_badges(
    theme: &Theme,
    plan: &Plan,
    run: &Run,
    iteration: Option<usize>,
    view: &Viewport,
    area: Rect,
    buffer: &mut Buffer,
) {
    for (key, rect) in &plan.drawing.boxes {
        if rect.y + rect.height < view.top || rect.y > view.top + usize::from(area.height) {
            continue;
        }
        let Some(state) = plan.states.get(*key) else { continue };
        let Some(status) = run.status_in(state, iteration) else { continue };
        let (sign, style) = theme.visit(Some(status));
        let visit = run.visits_to(state).next_back();
        let items = visit.and_then(|visit| visit.items);
        let is_map_run = visit.is_some_and(Visit::is_map_run);
        let (x, y, text) = match items {
            Some(items) => {
                let right = rect.x + rect.width - 1;
                let [long, brief] = graph_notes::items(theme, items, is_map_run, sign);
                let text = if is_free(plan, right, rect.y, &long) { long } else { brief };
                // A box that has no room for words has room for a sign.
                let text = if text.width() < rect.width { text } else { sign.to_owned() };
                (right.saturating_sub(text.width()), rect.y, text)
            }
            // A box that is a sign alone shows its status in its place.
            None => (
                (rect.x + rect.width / 2).max((rect.x + rect.width).saturating_sub(BADGE + 1)),
                rect.y + rect.height / 2,
                sign.to_owned(),
            ),
        };
        // A container without items, such as a Parallel, has its sign in the border.
        let y = if items.is_none() && rect.height > 3 { rect.y } else { y };
        paint_text(&text, (x, y), style, view, area, buffer);
    }
}
