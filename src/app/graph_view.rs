//! How one looks at the graph: how large its boxes are, how far it is moved, and which box is beside which.
//!
//! Where the boxes are comes with each drawing; nothing is laid out here, and nothing here changes a layout.

use std::sync::Arc;

use super::run::Run;
use crate::facts::Millis;

/// For how long the way that was taken last is told from the others, in milliseconds.
const PULSE: Millis = 1_000;

/// How large the boxes are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Density {
    /// Three rows a state.
    #[default]
    Full,
    /// One row a state.
    Compact,
    /// One sign a state.
    Dots,
}

/// Where to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is its name")]
pub enum Direction {
    Up,
    Down,
    Left,
    Right,
}

/// A box of the drawing, in cells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The state that it stands for.
    pub state: String,
    /// Its left column.
    pub x: usize,
    /// Its upper row.
    pub y: usize,
    /// How many columns it has.
    pub width: usize,
    /// How many rows it has.
    pub height: usize,
}

/// What of a graph was in view as it was last drawn.
#[derive(Clone, Debug, Default)]
pub struct Drawn {
    /// How large the boxes were.
    pub density: Density,
    /// How far it could be moved, and was.
    pub pan: (isize, isize),
    /// Where the boxes were.
    pub places: Arc<[Place]>,
}

/// How one looks at the graph.
#[derive(Clone, Debug, Default)]
pub struct GraphView {
    /// How large the boxes are; `None` leaves it to the room there is.
    pub density: Option<Density>,
    /// Columns and rows that the view is moved from where the chosen state would put it; right and down are positive.
    pub pan: (isize, isize),
    /// Whether the map of all of it is there where only a part of it is seen; `None` where it hides no box.
    pub map: Option<bool>,
    /// When the way that was taken last was, if it was while one looked.
    pulse: Option<Millis>,
    drawn: Drawn,
}

impl GraphView {
    /// What was in view.
    pub fn drawn(&mut self, drawn: Drawn) {
        self.pan = drawn.pan;
        self.drawn = drawn;
    }

    /// From what fits, over each size, to what fits.
    pub fn next_density(&mut self) {
        self.resize(match self.density {
            None => Some(Density::Full),
            Some(Density::Full) => Some(Density::Compact),
            Some(Density::Compact) => Some(Density::Dots),
            Some(Density::Dots) => None,
        });
    }

    /// The next larger boxes than are seen, or smaller ones.
    pub fn zoom(&mut self, closer: bool) {
        self.resize(Some(match (self.density.unwrap_or(self.drawn.density), closer) {
            (Density::Full | Density::Compact, true) => Density::Full,
            (Density::Dots, true) | (Density::Full, false) => Density::Compact,
            (Density::Compact | Density::Dots, false) => Density::Dots,
        }));
    }

    /// As large as there is room for, around the chosen state.
    pub fn fit(&mut self) {
        self.resize(None);
    }

    /// The map always, never, or where it hides nothing; answers which, in words.
    pub fn next_map(&mut self) -> &'static str {
        let (map, text) = match self.map {
            None => (Some(true), "the map is always there"),
            Some(true) => (Some(false), "the map is never there"),
            Some(false) => (None, "the map is there where it hides no state"),
        };
        self.map = map;
        text
    }

    fn resize(&mut self, density: Option<Density>) {
        self.density = density;
        self.pan = (0, 0);
    }

    /// Moves the view; the next drawing says how far it came.
    pub fn pan_by(&mut self, columns: isize, rows: isize) {
        self.pan = (self.pan.0.saturating_add(columns), self.pan.1.saturating_add(rows));
    }

    /// The state whose box is the next one in a direction; `None` if there is none, or nothing was drawn yet.
    ///
    /// Down from a Map or Parallel leads inside of it, and up from its first state out of it.
    pub fn beside(&self, state: &str, direction: Direction) -> Option<&str> {
        let places = &self.drawn.places;
        let from = places.iter().find(|place| place.state == state)?;
        let costs = places.iter().filter_map(|place| Some((from.distance(place, direction)?, place)));
        costs.min_by_key(|(cost, _)| *cost).map(|(_, place)| place.state.as_str())
    }

    /// Notes that a way was taken while one looked, if one was.
    pub fn note_taken(&mut self, before: usize, run: &Run, now: Millis) {
        if run.taken.values().sum::<usize>() > before {
            self.pulse = Some(now);
        }
    }

    /// How far along the way that was taken last is, in percent, while it is told from the others.
    pub fn pulse(&self, now: Millis) -> Option<usize> {
        let since = now - self.pulse?;
        (0..PULSE).contains(&since).then(|| usize::try_from(since * 100 / PULSE).unwrap_or_default())
    }
}

impl Place {
    fn contains(&self, other: &Self) -> bool {
        let columns = self.x < other.x && other.x + other.width < self.x + self.width;
        columns && self.y < other.y && other.y + other.height <= self.y + self.height
    }

    /// How far another box is in a direction, if it is there at all: along it first, then across, then between the middles.
    /// A row counts as two columns, which is about how they look.
    fn distance(&self, other: &Self, direction: Direction) -> Option<(usize, usize)> {
        let (left, right) = ((self.x, self.x + self.width), (other.x, other.x + other.width));
        let (top, bottom) = ((self.y, self.y + self.height), (other.y, other.y + other.height));
        let (is_inside, is_around) = (self.contains(other), other.contains(self));
        // Between the near edges of two spans that do not overlap.
        let gap = |one: (usize, usize), other: (usize, usize)| {
            other.0.saturating_sub(one.1).max(one.0.saturating_sub(other.1))
        };
        let along = match direction {
            Direction::Down if is_inside => other.y - self.y,
            Direction::Down => bottom.0.checked_sub(top.1)?,
            Direction::Up if is_around => self.y - other.y,
            Direction::Up => top.0.checked_sub(bottom.1)?,
            Direction::Left => left.0.checked_sub(right.1)?,
            Direction::Right => right.0.checked_sub(left.1)?,
        };
        let middle = |span: (usize, usize)| span.0 + span.1;
        Some(match direction {
            Direction::Up | Direction::Down if is_inside || is_around => (along * 2, 0),
            Direction::Up | Direction::Down => (along * 2 + gap(left, right) * 2, middle(left).abs_diff(middle(right))),
            Direction::Left | Direction::Right => (along + gap(top, bottom) * 8, middle(top).abs_diff(middle(bottom))),
        })
    }
}

/// The state that follows another along a way, or leads to it: as the run went, or else as the definition has it first.
pub fn along(scope: &asl::graph::Scope, run: Option<&Run>, state: &str, forward: bool) -> Option<String> {
    if scope.nodes.iter().all(|node| node.name.as_ref() != state) {
        let inside = scope.nodes.iter().flat_map(|node| &node.inside);
        return inside.into_iter().find_map(|scope| along(scope, run, state, forward));
    }
    let mut ways = Vec::new();
    for edge in &scope.edges {
        let (here, there) = if forward { (&edge.from, &edge.to) } else { (&edge.to, &edge.from) };
        if here.as_ref() == state {
            ways.push((edge.from.to_string(), edge.to.to_string(), there.to_string()));
        }
    }
    let was_taken = |(from, to, _): &&(String, String, String)| {
        run.is_some_and(|run| run.taken.contains_key(&(from.clone(), to.clone())))
    };
    ways.iter().find(was_taken).or_else(|| ways.first()).map(|(_, _, there)| there.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Boxes as `name x y width height`.
    fn view(boxes: &[(&str, usize, usize, usize, usize)]) -> GraphView {
        let place = |(state, x, y, width, height): &(&str, usize, usize, usize, usize)| Place {
            state: (*state).to_owned(),
            x: *x,
            y: *y,
            width: *width,
            height: *height,
        };
        let mut view = GraphView::default();
        view.drawn(Drawn { places: boxes.iter().map(place).collect(), ..Drawn::default() });
        view
    }

    #[test]
    fn the_next_box_is_the_one_that_is_seen_there() {
        use Direction::{Down, Left, Right, Up};
        let view = view(&[
            ("Top", 10, 0, 10, 3),
            ("Low", 10, 6, 10, 3),
            ("Aside", 40, 6, 10, 3),
            ("Box", 5, 12, 40, 7),
            ("In", 8, 14, 10, 3),
            ("Beside", 25, 14, 10, 3),
            ("End", 10, 22, 10, 3),
        ]);
        let cases = [
            ("Top", Down, Some("Low")),
            ("Top", Up, None),
            ("Low", Right, Some("Aside")),
            ("Aside", Left, Some("Low")),
            ("Aside", Up, Some("Top")),
            ("Low", Down, Some("Box")),
            ("Box", Down, Some("In")),
            ("In", Right, Some("Beside")),
            ("In", Up, Some("Box")),
            ("In", Down, Some("End")),
            ("End", Up, Some("Box")),
            ("End", Down, None),
            ("Unknown", Down, None),
        ];
        for (from, direction, expected) in cases {
            assert_eq!(view.beside(from, direction), expected, "{from} {direction:?}");
        }
    }

    #[test]
    fn a_way_leads_as_the_run_went() {
        let definition = r#"{"StartAt":"A","States":{
            "A":{"Type":"Choice","Choices":[{"Variable":"$.x","IsPresent":true,"Next":"B"}],"Default":"M"},
            "B":{"Type":"Succeed"},
            "M":{"Type":"Parallel","End":true,"Branches":[{"StartAt":"C","States":{
                "C":{"Type":"Pass","Next":"D"},"D":{"Type":"Pass","End":true}}}]}}}"#;
        let scope = asl::read(definition).0.unwrap().graph();
        let mut run = Run::default();
        let check = |run: &Run, state: &str, forward: bool, expected: Option<&str>| {
            assert_eq!(along(&scope, Some(run), state, forward).as_deref(), expected, "{state} {forward}");
        };
        check(&run, "A", true, Some("B"));
        check(&run, "M", false, Some("A"));
        check(&run, "C", true, Some("D"));
        check(&run, "D", false, Some("C"));
        check(&run, "D", true, None);
        check(&run, "Unknown", true, None);
        run.taken.insert(("A".into(), "M".into()), 1);
        check(&run, "A", true, Some("M"));
    }

    #[test]
    fn sizes_come_one_after_the_other() {
        let mut view = GraphView::default();
        view.drawn(Drawn { density: Density::Compact, pan: (3, 4), ..Drawn::default() });
        assert_eq!(view.pan, (3, 4));
        view.zoom(true);
        assert_eq!((view.density, view.pan), (Some(Density::Full), (0, 0)));
        view.zoom(false);
        view.zoom(false);
        view.zoom(false);
        assert_eq!(view.density, Some(Density::Dots));
        view.next_density();
        assert_eq!(view.density, None);
    }
}
