//! Compound layered drawings of graphs on a grid of character cells.
//!
//! [`draw`] turns a [`Graph`] into a [`Drawing`]: boxes, lines and labels, each cell knowing what it belongs to. What is
//! inside a container is drawn first, and takes part in the drawing around it as one box; no edge leaves its scope.
//! Within a scope: ranks by network simplex over the edges' weights, order by barycenters and transposition from several
//! starts, columns by network simplex again, begun where Brandes and Köpf would put them, and orthogonal routing in the
//! channels between the ranks. Edges that go back, and those marked as detours, run in lanes at the sides, which all
//! detours to one target share; they leave a box through its side where nothing is in the way. A box that one detour
//! alone leads to, and nothing from, stands beside where that comes from. Of several ways to rank, to order and to lay
//! the lanes, the one with fewest crossings and bends is drawn, the smaller one of equals.
//!
//! Where lines cross, the vertical one stays whole; a junction always is a true one. The same graph gives the same
//! drawing. Knows nothing of state machines, colours or terminals; never fails and never panics.

mod canvas;
mod coordinates;
mod layers;
mod order;
mod route;
mod simplex;

pub use canvas::{Cell, Drawing, Ink, Rect};
pub use route::MAX_LABEL;

/// A scope to be drawn.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Graph {
    /// What is drawn as boxes.
    pub nodes: Vec<Node>,
    /// What is drawn as lines.
    pub edges: Vec<Edge>,
    /// The node that comes first.
    pub start: Option<usize>,
}

/// A box.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Node {
    /// What stands in it. Columns are kept free for `badge`.
    pub label: String,
    /// Columns to keep free behind the label, for a status that comes and goes.
    pub badge: usize,
    /// What is inside: one graph a branch. A node with something inside is a container.
    pub inside: Vec<Graph>,
    /// How whoever draws knows it again.
    pub key: usize,
}

/// A line from a node to another (or itself) of its scope.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Edge {
    /// Index of a node.
    pub from: usize,
    /// Index of a node.
    pub to: usize,
    /// What is written beside its beginning.
    pub label: String,
    /// Whether it is a way out of the ordinary: dashed, and in a lane.
    pub detour: bool,
    /// How much shorter and straighter it is to be than others: 0 is as 1.
    pub weight: u32,
    /// How whoever draws knows it again.
    pub key: usize,
}

/// How large the boxes are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Zoom {
    /// Three rows a box.
    #[default]
    Full,
    /// One row a box.
    Compact,
    /// One cell a box: its label should be a sign.
    Dots,
}

/// The characters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Charset {
    /// Box-drawing characters.
    #[default]
    Unicode,
    /// Nothing but ASCII.
    Ascii,
}

/// How a drawing is drawn.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Style {
    pub(crate) zoom: Zoom,
    /// ASCII has one character for all corners and junctions, so unrelated ones need more room between them.
    pub(crate) charset: Charset,
}

/// Draws a graph. Edges that name nodes that are not there are left out.
pub fn draw(graph: &Graph, zoom: Zoom, charset: Charset) -> Drawing {
    route::draw_scope(graph, Style { zoom, charset }).finish(charset)
}

/// The columns that a text takes on a terminal.
pub(crate) fn columns(text: &str) -> usize {
    unicode_width::UnicodeWidthStr::width(text)
}

/// The text cut to so many columns.
pub(crate) fn cut(text: &str, most: usize, charset: Charset) -> String {
    if columns(text) <= most {
        return text.to_owned();
    }
    let sign = if charset == Charset::Ascii { "..." } else { "…" };
    let mut kept = String::new();
    let mut used = columns(sign);
    for c in text.chars() {
        let width = unicode_width::UnicodeWidthChar::width(c).unwrap_or(0);
        if used + width > most {
            break;
        }
        used += width;
        kept.push(c);
    }
    kept + sign
}

#[cfg(test)]
mod tests;
