//! The grid: what stands in each cell, and what it belongs to.

use crate::{Charset, Zoom, columns};

/// A rectangle of cells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rect {
    /// Left column.
    pub x: usize,
    /// Top row.
    pub y: usize,
    /// Columns.
    pub width: usize,
    /// Rows.
    pub height: usize,
}

/// What a cell belongs to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Ink {
    /// Nothing.
    #[default]
    Blank,
    /// The border of a node, by its key.
    Border(u32),
    /// The label of a node, by its key.
    Label(u32),
    /// A line; which edges run here, [`Drawing::paths`] tells.
    Line,
    /// What is written beside an edge, by its key.
    EdgeLabel(u32),
    /// What keeps branches apart.
    Divider,
}

/// A cell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cell {
    /// What stands in it; nothing behind a wide character.
    pub symbol: Option<char>,
    /// What it belongs to.
    pub ink: Ink,
}

/// A finished drawing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Drawing {
    /// Columns.
    pub width: usize,
    /// Rows.
    pub height: usize,
    /// The rows, each of `width` cells.
    pub rows: Vec<Vec<Cell>>,
    /// Each node's box, by its key, containers before what is inside.
    pub boxes: Vec<(usize, Rect)>,
    /// The cells of each edge from its beginning to its head, by its key.
    pub paths: Vec<(usize, Vec<(usize, usize)>)>,
}

impl Drawing {
    /// The drawing as text, without blanks at the ends of its rows.
    pub fn to_text(&self) -> String {
        let mut text = String::new();
        for row in &self.rows {
            let line: String = row.iter().filter_map(|cell| cell.symbol).collect();
            text.push_str(line.trim_end());
            text.push('\n');
        }
        text
    }
}

const UP: u8 = 1;
const DOWN: u8 = 2;
const LEFT: u8 = 4;
const RIGHT: u8 = 8;
const VERTICAL: u8 = UP | DOWN;
const HORIZONTAL: u8 = LEFT | RIGHT;

/// A line in a cell: which net it belongs to and where it goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stroke {
    net: u32,
    arms: u8,
    dashed: bool,
    head: bool,
}

#[derive(Clone, Debug, Default)]
enum Mark {
    #[default]
    Blank,
    Stroke(Stroke),
    /// A border cell; `port` tells that a line leaves it downward (or comes from above).
    Border {
        key: u32,
        container: bool,
        arms: u8,
        port: u8,
    },
    Text {
        text: char,
        ink: Ink,
    },
    /// Behind a wide character.
    Covered(Ink),
    /// A side of a one-row box.
    Side {
        key: u32,
        right: bool,
    },
    Divider,
}

/// A drawing under way: strokes, not yet characters.
#[derive(Clone, Debug, Default)]
pub(crate) struct Canvas {
    pub(crate) width: usize,
    pub(crate) height: usize,
    marks: Vec<Mark>,
    boxes: Vec<(usize, Rect)>,
    paths: Vec<(usize, Vec<(usize, usize)>)>,
    /// Nets are numbered over a whole drawing, also over what is placed into it.
    nets: u32,
    /// Two lines that have nothing to do with each other met otherwise than in a crossing. Never, if routing is right.
    pub(crate) conflict: bool,
    /// How often lines that have nothing to do with each other cross.
    pub(crate) crossings: usize,
    /// In how many cells lines turn or join.
    pub(crate) bends: usize,
}

impl Canvas {
    pub(crate) fn new(width: usize, height: usize) -> Self {
        Self { width, height, marks: vec![Mark::Blank; width * height], ..Self::default() }
    }

    pub(crate) fn next_net(&mut self) -> u32 {
        self.nets += 1;
        self.nets - 1
    }

    fn at(&mut self, x: usize, y: usize) -> Option<&mut Mark> {
        if x < self.width { self.marks.get_mut(y * self.width + x) } else { None }
    }

    /// Writes text from (x, y) on.
    pub(crate) fn text(&mut self, x: usize, y: usize, text: &str, ink: Ink) {
        let mut x = x;
        for c in text.chars() {
            let width = unicode_width::UnicodeWidthChar::width(c).unwrap_or(0);
            if width == 0 {
                continue;
            }
            if let Some(mark) = self.at(x, y) {
                *mark = Mark::Text { text: c, ink };
            }
            if width == 2
                && let Some(mark) = self.at(x + 1, y)
            {
                *mark = Mark::Covered(ink);
            }
            x += width;
        }
    }

    /// Draws a node's box with its label in the middle of what the badge leaves.
    pub(crate) fn node(&mut self, rect: Rect, key: usize, label: &str, badge: usize, zoom: Zoom) {
        self.boxes.push((key, rect));
        let spare = rect.width.saturating_sub(columns(label) + badge + 4);
        let x = rect.x + 2 + spare / 2;
        let key = short(key);
        match zoom {
            Zoom::Full => {
                self.border(rect, key, false);
                self.text(x, rect.y + 1, label, Ink::Label(key));
            }
            Zoom::Compact => {
                // The whole row is the box's own: no line begins within it.
                self.text(rect.x, rect.y, &" ".repeat(rect.width), Ink::Label(key));
                if let Some(mark) = self.at(rect.x, rect.y) {
                    *mark = Mark::Side { key, right: false };
                }
                if let Some(mark) = self.at(rect.x + rect.width - 1, rect.y) {
                    *mark = Mark::Side { key, right: true };
                }
                self.text(x, rect.y, label, Ink::Label(key));
            }
            Zoom::Dots => {
                // Wider than its sign only for the lines that leave it.
                self.text(rect.x, rect.y, &"-".repeat(rect.width), Ink::Border(key));
                self.text(rect.x + rect.width / 2, rect.y, label, Ink::Label(key));
            }
        }
    }

    /// Draws a container's border with its title in it.
    pub(crate) fn container(&mut self, rect: Rect, key: usize, title: &str) {
        self.boxes.push((key, rect));
        let key = short(key);
        self.border(rect, key, true);
        if !title.is_empty() {
            self.text(rect.x + 2, rect.y, &format!(" {title} "), Ink::Label(key));
        }
    }

    fn border(&mut self, rect: Rect, key: u32, container: bool) {
        let (right, bottom) = (rect.x + rect.width - 1, rect.y + rect.height - 1);
        let put = |canvas: &mut Self, x, y, arms| {
            if let Some(mark) = canvas.at(x, y) {
                *mark = Mark::Border { key, container, arms, port: 0 };
            }
        };
        for x in rect.x + 1..right {
            put(self, x, rect.y, HORIZONTAL);
            put(self, x, bottom, HORIZONTAL);
        }
        for y in rect.y + 1..bottom {
            put(self, rect.x, y, VERTICAL);
            put(self, right, y, VERTICAL);
        }
        put(self, rect.x, rect.y, DOWN | RIGHT);
        put(self, right, rect.y, DOWN | LEFT);
        put(self, rect.x, bottom, UP | RIGHT);
        put(self, right, bottom, UP | LEFT);
    }

    pub(crate) fn divider(&mut self, x: usize, rows: std::ops::Range<usize>) {
        for y in rows {
            if let Some(mark) = self.at(x, y) {
                *mark = Mark::Divider;
            }
        }
    }

    /// Places a finished part.
    pub(crate) fn place(&mut self, part: Self, x: usize, y: usize) {
        self.conflict |= part.conflict;
        let shift = self.nets;
        self.nets += part.nets;
        for (index, mut mark) in part.marks.into_iter().enumerate() {
            if let Mark::Stroke(stroke) = &mut mark {
                stroke.net += shift;
            }
            let (from_x, from_y) = (index % part.width, index / part.width);
            if let (Some(to), false) = (self.at(x + from_x, y + from_y), matches!(mark, Mark::Blank)) {
                *to = mark;
            }
        }
        self.boxes
            .extend(part.boxes.into_iter().map(|(key, rect)| (key, Rect { x: rect.x + x, y: rect.y + y, ..rect })));
        self.paths.extend(
            part.paths
                .into_iter()
                .map(|(key, path)| (key, path.into_iter().map(|(from_x, from_y)| (from_x + x, from_y + y)).collect())),
        );
    }

    /// Draws an edge along corners: from the border of its source to the cell above its target, where its head goes.
    pub(crate) fn line(&mut self, key: usize, net: u32, corners: &[(usize, usize)], dashed: bool) {
        let mut path: Vec<(usize, usize)> = Vec::new();
        for pair in corners.windows(2) {
            let [(x1, y1), (x2, y2)] = [pair[0], pair[1]];
            let mut cell = (x1, y1);
            if path.last() != Some(&cell) {
                path.push(cell);
            }
            while cell != (x2, y2) {
                cell.0 = towards(cell.0, x2);
                cell.1 = towards(cell.1, y2);
                path.push(cell);
            }
        }
        for (index, cell) in path.iter().enumerate() {
            let mut arms = 0;
            if let Some(before) = index.checked_sub(1).and_then(|before| path.get(before)) {
                arms |= arm(*cell, *before);
            }
            if let Some(after) = path.get(index + 1) {
                arms |= arm(*cell, *after);
            }
            let head = index + 1 == path.len();
            self.stroke(*cell, Stroke { net, arms, dashed, head });
        }
        self.paths.push((key, path));
    }

    fn stroke(&mut self, (x, y): (usize, usize), stroke: Stroke) {
        let turns = |arms: u8| usize::from(arms & HORIZONTAL != 0 && arms & VERTICAL != 0);
        let (mut conflict, mut crossings, mut bends) = (false, 0, 0);
        if let Some(mark) = self.at(x, y) {
            match mark {
                Mark::Blank => {
                    *mark = Mark::Stroke(stroke);
                    bends = turns(stroke.arms);
                }
                Mark::Border { port, .. } => *port |= stroke.arms,
                Mark::Stroke(there) if there.net == stroke.net => {
                    bends = turns(there.arms | stroke.arms) - turns(there.arms);
                    there.arms |= stroke.arms;
                    there.head |= stroke.head;
                    there.dashed &= stroke.dashed;
                }
                Mark::Stroke(there) if there.arms == VERTICAL && stroke.arms == HORIZONTAL => crossings = 1,
                Mark::Stroke(there) if there.arms == HORIZONTAL && stroke.arms == VERTICAL => {
                    crossings = 1;
                    *there = stroke;
                }
                // A one-row box has no border to leave through: the line begins beside it.
                Mark::Text { .. } | Mark::Side { .. } | Mark::Covered(_) => {}
                Mark::Stroke(_) | Mark::Divider => conflict = true,
            }
        }
        self.conflict |= conflict;
        self.crossings += crossings;
        self.bends += bends;
    }

    pub(crate) fn finish(self, charset: Charset) -> Drawing {
        let rows = self
            .marks
            .chunks(self.width.max(1))
            .take(self.height)
            .map(|row| row.iter().map(|mark| cell(mark, charset)).collect())
            .collect();
        Drawing { width: self.width, height: self.height, rows, boxes: self.boxes, paths: self.paths }
    }
}

/// A key as cells keep it: there are many of them.
pub(crate) fn short(key: usize) -> u32 {
    u32::try_from(key).unwrap_or(u32::MAX)
}

fn towards(from: usize, to: usize) -> usize {
    match from.cmp(&to) {
        std::cmp::Ordering::Less => from + 1,
        std::cmp::Ordering::Equal => from,
        std::cmp::Ordering::Greater => from - 1,
    }
}

fn arm(cell: (usize, usize), other: (usize, usize)) -> u8 {
    if other.1 < cell.1 {
        UP
    } else if other.1 > cell.1 {
        DOWN
    } else if other.0 < cell.0 {
        LEFT
    } else {
        RIGHT
    }
}

fn cell(mark: &Mark, charset: Charset) -> Cell {
    let unicode = charset == Charset::Unicode;
    let (symbol, ink) = match mark {
        Mark::Blank => (' ', Ink::Blank),
        Mark::Text { ink: ink @ Ink::Border(_), .. } => (if unicode { '─' } else { '-' }, *ink),
        Mark::Text { text, ink } => (*text, *ink),
        Mark::Covered(ink) => return Cell { symbol: None, ink: *ink },
        Mark::Stroke(stroke) => (line_symbol(*stroke, charset), Ink::Line),
        Mark::Border { key, container, arms, port } => {
            (border_symbol(*arms, *port, *container, charset), Ink::Border(*key))
        }
        Mark::Side { key, right } => {
            let symbol = match (unicode, right) {
                (true, false) => '▐',
                (true, true) => '▌',
                (false, false) => '[',
                (false, true) => ']',
            };
            (symbol, Ink::Border(*key))
        }
        Mark::Divider => (if unicode { '╎' } else { '!' }, Ink::Divider),
    };
    Cell { symbol: Some(symbol), ink }
}

fn line_symbol(stroke: Stroke, charset: Charset) -> char {
    let ascii = charset == Charset::Ascii;
    if stroke.head {
        // Lines end on the top of their target, or at its side.
        return match (stroke.arms & HORIZONTAL, ascii) {
            (LEFT, false) if stroke.arms & UP == 0 => '▶',
            (LEFT, true) if stroke.arms & UP == 0 => '>',
            (RIGHT, false) if stroke.arms & UP == 0 => '◀',
            (RIGHT, true) if stroke.arms & UP == 0 => '<',
            (_, false) => '▼',
            (_, true) => 'v',
        };
    }
    match (stroke.arms, stroke.dashed, ascii) {
        (a, false, false) if a & HORIZONTAL == 0 => '│',
        (a, true, false) if a & HORIZONTAL == 0 => '┊',
        (a, false, true) if a & HORIZONTAL == 0 => '|',
        (a, true, true) if a & HORIZONTAL == 0 => ':',
        (a, false, false) if a & VERTICAL == 0 => '─',
        (a, true, false) if a & VERTICAL == 0 => '┄',
        (a, false, true) if a & VERTICAL == 0 => '-',
        (a, true, true) if a & VERTICAL == 0 => '.',
        (_, _, true) => '+',
        (a, ..) => match a {
            a if a == DOWN | RIGHT => '╭',
            a if a == DOWN | LEFT => '╮',
            a if a == UP | RIGHT => '╰',
            a if a == UP | LEFT => '╯',
            a if a == VERTICAL | RIGHT => '├',
            a if a == VERTICAL | LEFT => '┤',
            a if a == HORIZONTAL | DOWN => '┬',
            a if a == HORIZONTAL | UP => '┴',
            _ => '┼',
        },
    }
}

fn border_symbol(arms: u8, port: u8, container: bool, charset: Charset) -> char {
    if charset == Charset::Ascii {
        return match (container, port & VERTICAL, arms) {
            (_, p, HORIZONTAL) if p != 0 => '+',
            (true, _, HORIZONTAL) => '=',
            (true, ..) => '#',
            (false, _, HORIZONTAL) => '-',
            (false, _, VERTICAL) => '|',
            (false, ..) => '+',
        };
    }
    match (container, arms, port & VERTICAL) {
        (false, HORIZONTAL, DOWN) => '┬',
        (false, HORIZONTAL, UP) => '┴',
        (true, HORIZONTAL, DOWN) => '┬',
        (true, HORIZONTAL, UP) => '┴',
        (false, HORIZONTAL, _) => '─',
        (true, HORIZONTAL, _) => '━',
        (_, VERTICAL, _) if port & RIGHT != 0 => '├',
        (_, VERTICAL, _) if port & LEFT != 0 => '┤',
        (false, VERTICAL, _) => '│',
        (true, VERTICAL, _) => '┃',
        (false, a, _) if a == DOWN | RIGHT => '╭',
        (false, a, _) if a == DOWN | LEFT => '╮',
        (false, a, _) if a == UP | RIGHT => '╰',
        (false, ..) => '╯',
        (true, a, _) if a == DOWN | RIGHT => '┏',
        (true, a, _) if a == DOWN | LEFT => '┓',
        (true, a, _) if a == UP | RIGHT => '┗',
        (true, ..) => '┛',
    }
}
