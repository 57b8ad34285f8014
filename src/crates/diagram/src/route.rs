//! Lines: how the edges of one scope run between its boxes, and the drawing of it all.
//!
//! Between two ranks is a channel. An edge leaves the bottom of its box into the channel below and enters its target
//! from the channel above, with a head. An edge to the next rank stays in one channel; one that goes farther down has
//! a passage through each rank between. Edges that go back or are detours run in lanes to the right of all boxes: one
//! lane a target. In a channel, all that leads to one target is one net and shares one track.

use std::collections::{BTreeMap, BTreeSet};

use crate::canvas::{Canvas, Ink, Rect};
use crate::layers::{Item, Layers, back_edges, near, order, ranks};
use crate::{Charset, Graph, Node, Style, Zoom, columns, cut};

/// The widest label beside an edge.
const MAX_LABEL: usize = 24;
/// The widest name in a box; longer ones are cut.
const MAX_NAME: usize = 40;
/// Columns between two boxes of a rank.
const GAP: usize = 3;

/// Up to how many boxes a scope's drawing is searched for; larger ones are drawn as they come.
const SEARCHED: usize = 60;
/// Up to how many boxes lanes are tried on both sides: each lane doubles what there is to look at.
const SIDES_SEARCHED: usize = 26;
/// Up to how many lanes each is tried on both sides.
const LANES_TRIED: usize = 5;

/// Draws one scope and all that is inside it.
pub(crate) fn draw_scope(graph: &Graph, style: Style) -> Canvas {
    let mut boxes: Vec<Body> = graph.nodes.iter().map(|node| Body::of(node, style)).collect();
    let edges: Vec<usize> = (0..graph.edges.len())
        .filter(|edge| {
            let edge = &graph.edges[*edge];
            edge.from < boxes.len() && edge.to < boxes.len()
        })
        .collect();
    let insides: Vec<Option<Canvas>> = boxes.iter_mut().map(|body| body.inside.take()).collect();
    let best = best_choice(graph, &boxes, &edges, style);
    let plan = untangled(graph, &boxes, &edges, &best, style);
    for (body, inside) in boxes.iter_mut().zip(insides) {
        body.inside = inside;
    }
    plan.draw(boxes)
}

/// What a plan may be made like this or like that.
#[derive(Clone, Debug, Default)]
struct Choice {
    /// Detours lead two ranks down.
    long_detours: bool,
    /// Long edges pass their ranks at the left.
    passages_left: bool,
    /// The targets whose lane is at the left.
    left: BTreeSet<usize>,
}

/// Tries what there is to choose and measures the drawings.
fn best_choice(graph: &Graph, boxes: &[Body], edges: &[usize], style: Style) -> Choice {
    let mut best = Choice::default();
    if boxes.len() > SEARCHED {
        return best;
    }
    // What a crossing is worth, in rows. Signs alone are looked at for their shape, and have to be small.
    let crossing = if style.zoom == Zoom::Dots { 2 } else { 24 };
    let measure = |choice: &Choice| {
        let canvas = untangled(graph, boxes, edges, choice, style).draw(boxes.to_vec());
        (canvas.conflict, canvas.crossings * crossing + canvas.height + canvas.width / 4 + choice.left.len())
    };
    let mut least = measure(&best);
    let has_detours = edges.iter().any(|edge| graph.edges[*edge].detour);
    for (long_detours, passages_left) in [(false, false), (false, true), (true, false), (true, true)] {
        if long_detours && !has_detours {
            break;
        }
        let plain = Choice { long_detours, passages_left, left: BTreeSet::new() };
        let lanes: Vec<usize> = untangled(graph, boxes, edges, &plain, style).lanes.keys().copied().collect();
        let tried = if boxes.len() > SIDES_SEARCHED { 0 } else { lanes.len().min(LANES_TRIED) };
        for sides in 0..1_usize << tried {
            let left = (0..tried).filter(|bit| sides & (1 << bit) != 0).map(|bit| lanes[bit]).collect();
            let choice = Choice { left, ..plain.clone() };
            let measured = measure(&choice);
            if measured < least {
                (best, least) = (choice, measured);
            }
        }
    }
    best
}

/// A set of tracks that cannot be ordered sends an edge into a lane, where there is always room; so this ends.
fn untangled<'a>(graph: &'a Graph, boxes: &[Body], edges: &[usize], choice: &Choice, style: Style) -> Plan<'a> {
    let mut in_lane: BTreeSet<usize> = BTreeSet::new();
    loop {
        let plan = Plan::make(graph, boxes, edges, &in_lane, choice, style);
        let tangled = plan.tangled();
        let before = in_lane.len();
        in_lane.extend(tangled);
        if in_lane.len() == before {
            return plan;
        }
    }
}

/// A box before it has its place.
#[derive(Clone)]
struct Body {
    key: usize,
    label: String,
    width: usize,
    height: usize,
    inside: Option<Canvas>,
    container: bool,
    zoom: Zoom,
}

impl Body {
    fn of(node: &Node, style: Style) -> Self {
        let zoom = style.zoom;
        let label = if zoom == Zoom::Dots && node.inside.is_empty() {
            node.label.chars().find(|c| columns(&c.to_string()) == 1).unwrap_or('?').to_string()
        } else {
            cut(&node.label, MAX_NAME + usize::from(style.charset == Charset::Ascii) * 2, style.charset)
        };
        if node.inside.is_empty() {
            let height = if zoom == Zoom::Full { 3 } else { 1 };
            let width = if zoom == Zoom::Dots { 1 } else { (columns(&label) + node.badge + 4).max(5) };
            return Self { key: node.key, label, width, height, inside: None, container: false, zoom };
        }
        let label = if zoom == Zoom::Dots { String::new() } else { label };
        let parts: Vec<Canvas> = node.inside.iter().map(|graph| draw_scope(graph, style)).collect();
        let height = parts.iter().map(|part| part.height).max().unwrap_or(0);
        let width: usize = parts.iter().map(|part| part.width).sum::<usize>() + parts.len().saturating_sub(1) * 3;
        let title = if label.is_empty() { 0 } else { columns(&label) + node.badge + 6 };
        let mut inside = Canvas::new(width.max(title.saturating_sub(4)), height);
        let mut x = (inside.width - width) / 2;
        let count = parts.len();
        for (index, part) in parts.into_iter().enumerate() {
            let part_width = part.width;
            inside.place(part, x, 0);
            x += part_width;
            if index + 1 < count {
                inside.divider(x + 1, 0..height);
            }
            x += 3;
        }
        let (width, height) = (inside.width + 4, inside.height + 2);
        Self { key: node.key, label, width, height, inside: Some(inside), container: true, zoom }
    }
}

/// A side of a box, or of a drawing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Side {
    Left,
    Right,
}

/// Where everything of a scope goes.
struct Plan<'a> {
    graph: &'a Graph,
    layers: Layers,
    /// The left column of each item of each rank.
    lefts: Vec<Vec<usize>>,
    widths: Vec<usize>,
    heights: Vec<usize>,
    /// The column at which an edge leaves its box.
    exits: BTreeMap<usize, usize>,
    routes: Vec<Route>,
    /// The nets of each channel.
    channels: Vec<Channel>,
    /// The column of the lane to each target that has one.
    lanes: BTreeMap<usize, usize>,
    /// The side at which each lane runs.
    lane_sides: BTreeMap<usize, Side>,
    /// The detours that leave their box through its side.
    side_exits: BTreeMap<usize, Side>,
    /// The boxes that stand beside the one that alone leads to them: the edge, by the box it comes from.
    beside: BTreeMap<usize, usize>,
    style: Style,
    width: usize,
}

/// Where lines leave and enter their boxes, in columns from the left of each.
struct Anchors {
    exits: BTreeMap<usize, usize>,
    entries: Vec<usize>,
}

/// The way of one edge.
struct Route {
    edge: usize,
    /// The channel and the net in it, for each channel that it runs through.
    hops: Vec<Hop>,
}

struct Hop {
    channel: usize,
    /// The column from which it comes (from above, or along a lane).
    from: usize,
    /// The column to which it goes.
    to: usize,
    /// What shares a track: the target, as a net of this channel.
    net: NetKey,
    from_lane: bool,
    to_lane: bool,
}

/// What makes two lines of a channel one net.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum NetKey {
    /// Into a node, from above.
    Into(usize),
    /// Through a passage of an edge.
    Through(usize),
    /// Towards the lane of a node.
    Lane(usize),
}

#[derive(Default)]
struct Channel {
    nets: BTreeMap<NetKey, Net>,
    /// Whether labels stand in its first row.
    labelled: bool,
    tracks: usize,
    tangled: Option<usize>,
}

#[derive(Clone, Default)]
struct Net {
    /// Columns that it joins from above.
    upper: BTreeSet<usize>,
    /// Columns that it joins from below.
    lower: BTreeSet<usize>,
    /// Columns of lanes that it joins.
    side: BTreeSet<usize>,
    edges: BTreeSet<usize>,
    track: Option<usize>,
}

impl Net {
    fn span(&self) -> (usize, usize) {
        let all = || self.upper.iter().chain(&self.lower).chain(&self.side).copied();
        (all().min().unwrap_or(0), all().max().unwrap_or(0))
    }

    fn is_straight(&self) -> bool {
        let (left, right) = self.span();
        left == right && self.side.is_empty()
    }
}

impl<'a> Plan<'a> {
    fn make(
        graph: &'a Graph,
        boxes: &[Body],
        edges: &[usize],
        in_lane: &BTreeSet<usize>,
        choice: &Choice,
        style: Style,
    ) -> Self {
        let pairs: Vec<(usize, usize)> =
            edges.iter().map(|edge| (graph.edges[*edge].from, graph.edges[*edge].to)).collect();
        let back = back_edges(boxes.len(), &pairs, graph.start.filter(|start| *start < boxes.len()));
        let goes_on: BTreeSet<usize> =
            edges.iter().filter(|edge| !graph.edges[**edge].detour).map(|edge| graph.edges[*edge].from).collect();
        let lengths: Vec<usize> = edges
            .iter()
            .map(|edge| {
                let edge = &graph.edges[*edge];
                if choice.long_detours && edge.detour && goes_on.contains(&edge.from) { 2 } else { 1 }
            })
            .collect();
        let mut rank_of = ranks(boxes.len(), &pairs, &lengths, &back);
        let beside = beside(graph, edges, boxes.len());
        for edge in beside.values() {
            rank_of[graph.edges[*edge].to] = rank_of[graph.edges[*edge].from];
        }
        let mut straight = Vec::new();
        let mut detours = Vec::new();
        for (place, edge) in edges.iter().enumerate() {
            let (from, to) = pairs[place];
            let far = rank_of[to] > rank_of[from] + 1;
            if beside.values().any(|known| known == edge) {
                continue;
            }
            if back[place] || in_lane.contains(edge) || (graph.edges[*edge].detour && far) {
                detours.push(*edge);
            } else {
                straight.push((*edge, from, to));
            }
        }
        let mut layers = order(rank_of, &straight, choice.passages_left);
        for (from, edge) in &beside {
            layers.put_behind(Item::Node(graph.edges[*edge].to), Item::Node(*from));
        }
        let lane_sides: BTreeMap<usize, Side> = detours
            .iter()
            .map(|edge| graph.edges[*edge].to)
            .map(|target| (target, if choice.left.contains(&target) { Side::Left } else { Side::Right }))
            .collect();
        let side_exits = side_exits(graph, &layers, &detours, &lane_sides, &beside);
        let mut leaving: Vec<Vec<usize>> = vec![Vec::new(); boxes.len()];
        for edge in straight.iter().map(|(edge, ..)| edge).chain(&detours) {
            if !side_exits.contains_key(edge) {
                leaving[graph.edges[*edge].from].push(*edge);
            }
        }
        for edges in &mut leaving {
            edges.sort_unstable();
        }
        let slots: Vec<Vec<usize>> = leaving
            .iter()
            .map(|edges| {
                edges.iter().map(|edge| slot(label_of(graph, *edge, style).as_deref().unwrap_or_default())).collect()
            })
            .collect();
        let border = match (style.zoom, style.charset) {
            (Zoom::Dots, _) => 0,
            (_, Charset::Unicode) => 3,
            (_, Charset::Ascii) => 5,
        };
        let widths: Vec<usize> = boxes
            .iter()
            .zip(&slots)
            .map(|(body, slots)| {
                let ports = slots.iter().sum::<usize>().saturating_sub(usize::from(border == 0));
                body.width.max(if slots.is_empty() { 1 } else { ports + border })
            })
            .collect();
        let heights: Vec<usize> = boxes.iter().map(|body| body.height).collect();
        let mut plan = Self {
            graph,
            lefts: Vec::new(),
            widths,
            heights,
            exits: BTreeMap::new(),
            routes: Vec::new(),
            channels: Vec::new(),
            lanes: BTreeMap::new(),
            lane_sides,
            side_exits,
            beside,
            style,
            width: 0,
            layers,
        };
        let anchors = plan.exit_offsets(&leaving, &slots);
        plan.place_columns(&straight, &anchors);
        plan.place_exits(&leaving, &slots);
        plan.route(&straight, &detours, &anchors);
        plan.assign_tracks();
        plan
    }

    /// What stands behind a box on the way to the one beside it: the line with its label and head.
    fn room_beside(&self, node: usize) -> usize {
        self.beside
            .get(&node)
            .map_or(0, |edge| label_of(self.graph, *edge, self.style).map_or(4, |label| columns(&label) + 4))
    }

    fn item_width(&self, item: Item) -> usize {
        match item {
            Item::Node(node) => self.widths[node] + self.room_beside(node).saturating_sub(GAP),
            Item::Passage(_) => 1,
        }
    }

    /// How far from the left of its box each edge will leave, by its index; and, behind those, where lines had best
    /// enter each node: above the way on, so that a chain of boxes hangs on one straight line.
    fn exit_offsets(&self, leaving: &[Vec<usize>], slots: &[Vec<usize>]) -> Anchors {
        let mut anchors = Anchors { exits: BTreeMap::new(), entries: Vec::new() };
        for (node, edges) in leaving.iter().enumerate() {
            let mut order: Vec<(u8, usize, usize)> =
                edges.iter().zip(&slots[node]).map(|(edge, slot)| (self.place_among(*edge), *edge, *slot)).collect();
            order.sort_unstable();
            let mut x = self.first_exit(node, &order.iter().map(|(.., slot)| *slot).collect::<Vec<_>>());
            let mut entry = self.widths[node] / 2;
            let mut is_first = true;
            for (place, edge, slot) in order {
                if place == 1 && std::mem::take(&mut is_first) {
                    entry = x;
                }
                anchors.exits.insert(edge, x);
                x += slot;
            }
            anchors.entries.push(entry);
        }
        anchors
    }

    /// Where an edge leaves among the others of its box: those to lanes at the left first, the detours last.
    fn place_among(&self, edge: usize) -> u8 {
        let edge = &self.graph.edges[edge];
        match (edge.detour, self.lane_sides.get(&edge.to)) {
            (true, Some(Side::Left)) => 0,
            (true, _) => 2,
            (false, _) => 1,
        }
    }

    /// One edge leaves from the middle; several share the width, their labels to the right of each.
    fn first_exit(&self, node: usize, slots: &[usize]) -> usize {
        let width = self.widths[node];
        if width < 3 || self.style.zoom == Zoom::Dots {
            return (width.saturating_sub(slots.iter().sum::<usize>())) / 2;
        }
        match slots {
            [slot] if *slot <= width / 2 => width / 2,
            slots => {
                // In ASCII a port beside the corner of its box would be one with it.
                let least = if self.style.charset == Charset::Ascii { 2 } else { 1 };
                (1 + width.saturating_sub(slots.iter().sum::<usize>() + 2) / 2).max(least)
            }
        }
    }

    fn place_columns(&mut self, straight: &[(usize, usize, usize)], anchors: &Anchors) {
        let signed = |number: usize| i64::try_from(number).unwrap_or(i64::MAX);
        let gap = signed(GAP);
        let widths: Vec<Vec<i64>> = self
            .layers
            .ranks
            .iter()
            .map(|rank| rank.iter().map(|item| signed(self.item_width(*item))).collect())
            .collect();
        let mut lefts: Vec<Vec<i64>> = widths.iter().map(|widths| near(&vec![0; widths.len()], widths, gap)).collect();
        let count = lefts.len();
        // Which edges there are at each rank: looking at all of them for every item would take long.
        let mut at_rank: Vec<Vec<(usize, usize, usize)>> = vec![Vec::new(); count];
        for edge in straight {
            for edges in &mut at_rank[self.layers.rank_of[edge.1]..=self.layers.rank_of[edge.2]] {
                edges.push(*edge);
            }
        }
        // Each item wants straight lines to what it is joined with. Sweeps go both ways, each looking at the rank that
        // was placed just before; the last goes down, so that a chain hangs straight from its beginning.
        for sweep in 0..9 {
            let down = sweep % 2 == 0;
            for step in 0..count {
                let rank = if down { step } else { count - 1 - step };
                let wanted: Vec<i64> = self.layers.ranks[rank]
                    .iter()
                    .enumerate()
                    .map(|(place, item)| {
                        let mut wishes = self.wishes(*item, rank, down, &at_rank[rank], &lefts, anchors);
                        wishes.sort_unstable();
                        wishes.get(wishes.len().saturating_sub(1) / 2).copied().unwrap_or(lefts[rank][place])
                    })
                    .collect();
                lefts[rank] = near(&wanted, &widths[rank], gap);
            }
        }
        self.close_up(&mut lefts, &widths, gap, straight);
        let least = lefts.iter().flatten().copied().min().unwrap_or(0);
        self.lefts = lefts
            .into_iter()
            .map(|rank| rank.into_iter().map(|left| usize::try_from(left - least).unwrap_or(0)).collect())
            .collect();
    }

    /// Moves what hangs together to the left, as far as what stands there leaves room: parts that no straight edge joins
    /// with the rest have nothing else that holds them.
    fn close_up(&self, lefts: &mut [Vec<i64>], widths: &[Vec<i64>], gap: i64, straight: &[(usize, usize, usize)]) {
        let nodes = self.widths.len();
        let mut part: Vec<usize> = (0..nodes).collect();
        fn root(part: &mut [usize], mut node: usize) -> usize {
            while part[node] != node {
                part[node] = part[part[node]];
                node = part[node];
            }
            node
        }
        for (_, from, to) in straight {
            let (from, to) = (root(&mut part, *from), root(&mut part, *to));
            part[from.max(to)] = from.min(to);
        }
        let from_of: BTreeMap<usize, usize> = straight.iter().map(|(edge, from, _)| (*edge, *from)).collect();
        let of: Vec<Vec<usize>> = self
            .layers
            .ranks
            .iter()
            .map(|rank| {
                let part_of = |item: &Item| match item {
                    Item::Node(node) => *node,
                    Item::Passage(edge) => from_of.get(edge).copied().unwrap_or(0),
                };
                rank.iter().map(|item| root(&mut part, part_of(item))).collect()
            })
            .collect();
        // How far each part could move, by what stands at the left of its items; nothing there holds nothing.
        let mut places: BTreeMap<usize, Vec<(usize, usize)>> = BTreeMap::new();
        for (rank, parts) in of.iter().enumerate() {
            for (place, part) in parts.iter().enumerate() {
                places.entry(*part).or_default().push((rank, place));
            }
        }
        // Twice: moving one part makes room for the next.
        for _ in 0..2 {
            for (part, items) in &places {
                let room = items.iter().filter(|(rank, place)| *place > 0 && of[*rank][place - 1] != *part).map(
                    |(rank, place)| lefts[*rank][*place] - lefts[*rank][place - 1] - widths[*rank][place - 1] - gap,
                );
                let room = match room.min() {
                    Some(room) => room,
                    // Nothing stands beside it: under what its lines come from.
                    None => self.way_back(*part, items, &of, lefts, widths),
                };
                if room > 0 {
                    for (rank, place) in items {
                        lefts[*rank][*place] -= room;
                    }
                }
            }
        }
    }

    /// How far a part that has nothing at its left is to move there: to the left end of all others if its lane is there,
    /// else until it ends where they do.
    fn way_back(
        &self,
        part: usize,
        items: &[(usize, usize)],
        of: &[Vec<usize>],
        lefts: &[Vec<i64>],
        widths: &[Vec<i64>],
    ) -> i64 {
        let places = |wanted: bool| {
            of.iter().enumerate().flat_map(move |(rank, parts)| {
                parts
                    .iter()
                    .enumerate()
                    .filter(move |(_, of)| (**of == part) == wanted)
                    .map(move |(place, _)| (rank, place))
            })
        };
        let left_end = |(rank, place): (usize, usize)| lefts[rank][place];
        let right_end = |(rank, place): (usize, usize)| lefts[rank][place] + widths[rank][place];
        let (Some(others_left), Some(others_right), Some(own_left), Some(own_right)) = (
            places(false).map(left_end).min(),
            places(false).map(right_end).max(),
            items.iter().copied().map(left_end).min(),
            items.iter().copied().map(right_end).max(),
        ) else {
            return 0;
        };
        let at_left = self.lane_sides.get(&part) == Some(&Side::Left);
        if at_left { own_left - others_left } else { (own_right - others_right).min(own_left - others_left) }
    }

    /// The left columns at which each line between the item and the rank above (or below) would be straight.
    fn wishes(
        &self,
        item: Item,
        rank: usize,
        above: bool,
        straight: &[(usize, usize, usize)],
        lefts: &[Vec<i64>],
        anchors: &Anchors,
    ) -> Vec<i64> {
        let rank_of = &self.layers.rank_of;
        let signed = |number: usize| i64::try_from(number).unwrap_or(0);
        let mut wishes = Vec::new();
        for (edge, from, to) in straight {
            let (low, high) = (rank_of[*from], rank_of[*to]);
            let at = |rank: usize| {
                if rank == low {
                    (Item::Node(*from), signed(anchors.exits[edge]))
                } else if rank == high {
                    (Item::Node(*to), signed(anchors.entries[*to]))
                } else {
                    (Item::Passage(*edge), 0)
                }
            };
            if rank < low || rank > high || at(rank).0 != item {
                continue;
            }
            let own = at(rank).1;
            let mut wish = |other: usize| {
                let (there, offset) = at(other);
                let place = self.layers.ranks[other].iter().position(|item| *item == there);
                wishes.extend(place.map(|place| lefts[other][place] + offset - own));
            };
            if above && rank > low {
                wish(rank - 1);
            }
            if !above && rank < high {
                wish(rank + 1);
            }
        }
        wishes
    }

    fn left_of(&self, node: usize) -> usize {
        let rank = self.layers.rank_of[node];
        let place = self.layers.ranks[rank].iter().position(|item| *item == Item::Node(node));
        place.map_or(0, |place| self.lefts[rank][place])
    }

    fn middle_of(&self, node: usize) -> usize {
        self.left_of(node) + self.widths[node] / 2
    }

    fn passage(&self, rank: usize, edge: usize) -> usize {
        let place = self.layers.ranks[rank].iter().position(|item| *item == Item::Passage(edge));
        place.map_or(0, |place| self.lefts[rank][place])
    }

    /// Edges leave side by side, those to the left first, the detours at the right.
    fn place_exits(&mut self, leaving: &[Vec<usize>], slots: &[Vec<usize>]) {
        for (node, edges) in leaving.iter().enumerate() {
            let mut order: Vec<(u8, usize, usize, usize)> = edges
                .iter()
                .zip(&slots[node])
                .map(|(edge, slot)| {
                    let to = self.graph.edges[*edge].to;
                    let far = self.layers.rank_of[to] > self.layers.rank_of[node] + 1;
                    let towards = if far && !self.graph.edges[*edge].detour {
                        self.passage(self.layers.rank_of[node] + 1, *edge)
                    } else {
                        self.middle_of(to)
                    };
                    (self.place_among(*edge), towards, *edge, *slot)
                })
                .collect();
            order.sort_unstable();
            let left = self.left_of(node);
            let mut x = left + self.first_exit(node, &order.iter().map(|(.., slot)| *slot).collect::<Vec<_>>());
            for (_, _, edge, slot) in order {
                self.exits.insert(edge, x);
                x += slot;
            }
        }
    }

    fn route(&mut self, straight: &[(usize, usize, usize)], detours: &[usize], anchors: &Anchors) {
        let count = self.layers.ranks.len();
        self.channels = (0..=count).map(|_| Channel::default()).collect();
        // The lanes of one side, by column from the boxes outward: the short ones near, and those that are over before
        // others begin in one column with them.
        let lanes_at = |side: Side, plan: &Self| {
            let mut spans: BTreeMap<usize, (usize, usize)> = BTreeMap::new();
            for edge in detours {
                let edge = &plan.graph.edges[*edge];
                if plan.lane_sides[&edge.to] == side {
                    let (from, to) = (plan.layers.rank_of[edge.from], plan.layers.rank_of[edge.to]);
                    let span = spans.entry(edge.to).or_insert((to, to));
                    *span = (span.0.min(from), span.1.max(from + 1));
                }
            }
            let mut targets: Vec<(usize, (usize, usize))> = spans.into_iter().collect();
            targets.sort_by_key(|(target, (top, bottom))| (bottom - top, plan.layers.rank_of[*target], *target));
            let mut columns: Vec<Vec<(usize, (usize, usize))>> = Vec::new();
            for (target, (top, bottom)) in targets {
                let free = |column: &Vec<(usize, (usize, usize))>| {
                    column.iter().all(|(_, (other_top, other_bottom))| bottom < *other_top || *other_bottom < top)
                };
                match columns.iter().position(free) {
                    Some(column) => columns[column].push((target, (top, bottom))),
                    None => columns.push(vec![(target, (top, bottom))]),
                }
            }
            columns.into_iter().map(|column| column.into_iter().map(|(target, _)| target).collect()).collect()
        };
        let apart = if self.style.charset == Charset::Ascii { 3 } else { 2 };
        // The columns that the labels at the sides need beyond their boxes.
        let beyond =
            |plan: &Self, edge: usize| label_of(plan.graph, edge, plan.style).map_or(0, |label| columns(&label) + 3);
        // Lanes at the left: everything moves to the right by what they take.
        let at_left: Vec<Vec<usize>> = lanes_at(Side::Left, self);
        if !at_left.is_empty() {
            let first = self.side_exits.iter().filter(|(_, side)| **side == Side::Left).map(|(edge, _)| {
                let left = self.left_of(self.graph.edges[*edge].from);
                (beyond(self, *edge) + 1).saturating_sub(left)
            });
            let shift = first.max().unwrap_or(0).max(1) + at_left.len() * apart;
            self.lefts.iter_mut().flatten().for_each(|left| *left += shift);
            self.exits.values_mut().for_each(|x| *x += shift);
            for (index, targets) in at_left.iter().enumerate() {
                for target in targets {
                    self.lanes.insert(*target, (at_left.len() - 1 - index) * apart);
                }
            }
        }
        // Lanes begin to the right of all boxes, passages and labels there.
        let boxes_end = self
            .layers
            .ranks
            .iter()
            .zip(&self.lefts)
            .flat_map(|(rank, lefts)| {
                rank.iter().zip(lefts).map(|(item, left)| match item {
                    Item::Node(node) => left + self.widths[*node],
                    Item::Passage(_) => left + 1,
                })
            })
            .max()
            .unwrap_or(0);
        let labels_end = self.side_exits.iter().filter(|(_, side)| **side == Side::Right).map(|(edge, _)| {
            let node = self.graph.edges[*edge].from;
            self.left_of(node) + self.widths[node] + beyond(self, *edge)
        });
        let right = labels_end.max().unwrap_or(0).max(boxes_end);
        let at_right: Vec<Vec<usize>> = lanes_at(Side::Right, self);
        for (index, targets) in at_right.iter().enumerate() {
            for target in targets {
                self.lanes.insert(*target, right + 1 + index * apart);
            }
        }
        self.width = right + if at_right.is_empty() { 0 } else { 2 + (at_right.len() - 1) * apart };
        let entries = self.place_entries(straight, detours, anchors);
        for (edge, from, to) in straight {
            let (low, high) = (self.layers.rank_of[*from], self.layers.rank_of[*to]);
            let mut x = self.exits[edge];
            let mut hops = Vec::new();
            for rank in low + 1..=high {
                let (next, net) = if rank == high {
                    (entries[to], NetKey::Into(*to))
                } else {
                    (self.passage(rank, *edge), NetKey::Through(*edge))
                };
                hops.push(Hop { channel: rank, from: x, to: next, net, from_lane: false, to_lane: false });
                x = next;
            }
            self.routes.push(Route { edge: *edge, hops });
        }
        for edge in detours {
            let (from, to) = (self.graph.edges[*edge].from, self.graph.edges[*edge].to);
            let (leaves, enters) = (self.layers.rank_of[from] + 1, self.layers.rank_of[to]);
            let lane = self.lanes[&to];
            let mut hops = Vec::new();
            if self.side_exits.contains_key(edge) {
                let net = NetKey::Into(to);
                hops.push(Hop { channel: enters, from: lane, to: entries[&to], net, from_lane: true, to_lane: false });
            } else if leaves == enters {
                let net = NetKey::Into(to);
                hops.push(Hop {
                    channel: enters,
                    from: self.exits[edge],
                    to: entries[&to],
                    net,
                    from_lane: false,
                    to_lane: false,
                });
            } else {
                let net = NetKey::Lane(to);
                hops.push(Hop {
                    channel: leaves,
                    from: self.exits[edge],
                    to: lane,
                    net,
                    from_lane: false,
                    to_lane: true,
                });
                let net = NetKey::Into(to);
                hops.push(Hop { channel: enters, from: lane, to: entries[&to], net, from_lane: true, to_lane: false });
            }
            self.routes.push(Route { edge: *edge, hops });
        }
        for route in &self.routes {
            let label = label_of(self.graph, route.edge, self.style).unwrap_or_default();
            for (index, hop) in route.hops.iter().enumerate() {
                let channel = &mut self.channels[hop.channel];
                channel.labelled |= index == 0 && !label.is_empty() && !self.side_exits.contains_key(&route.edge);
                let net = channel.nets.entry(hop.net).or_default();
                if hop.from_lane {
                    net.side.insert(hop.from)
                } else {
                    net.upper.insert(hop.from)
                };
                if hop.to_lane {
                    net.side.insert(hop.to)
                } else {
                    net.lower.insert(hop.to)
                };
                net.edges.insert(route.edge);
            }
        }
    }

    /// The column at which lines enter each node: straight below where one comes from, if that is free of others.
    fn place_entries(
        &self,
        straight: &[(usize, usize, usize)],
        detours: &[usize],
        anchors: &Anchors,
    ) -> BTreeMap<usize, usize> {
        let mut entries = BTreeMap::new();
        for node in 0..self.widths.len() {
            let rank = self.layers.rank_of[node];
            let (left, width) = (self.left_of(node), self.widths[node]);
            let mut own = Vec::new();
            let mut others: BTreeSet<usize> = BTreeSet::new();
            for (edge, from, to) in straight {
                let (low, high) = (self.layers.rank_of[*from], self.layers.rank_of[*to]);
                if rank <= low || rank > high {
                    continue;
                }
                let above = if rank == low + 1 { self.exits[edge] } else { self.passage(rank - 1, *edge) };
                if *to == node && rank == high {
                    own.push(above);
                } else {
                    others.insert(above);
                }
            }
            for edge in detours {
                if self.layers.rank_of[self.graph.edges[*edge].from] + 1 == rank && self.graph.edges[*edge].to != node {
                    others.extend(self.exits.get(edge));
                }
            }
            let middle = left + anchors.entries[node];
            let range = if width < 3 { left..left + width } else { left + 1..left + width - 1 };
            let mut wanted: Vec<usize> = own.iter().copied().filter(|x| range.contains(x)).collect();
            wanted.sort_by_key(|x| x.abs_diff(middle));
            let mut near_middle: Vec<usize> = range.collect();
            near_middle.sort_by_key(|x| x.abs_diff(middle));
            let free = wanted.into_iter().chain(near_middle).find(|x| !others.contains(x));
            entries.insert(node, free.unwrap_or(middle));
        }
        entries
    }

    /// Gives each net of a channel a track, so that where one comes down in the column in which another goes on, it
    /// turns off above it, and nets of one track stay apart.
    fn assign_tracks(&mut self) {
        for channel in &mut self.channels {
            let keys: Vec<NetKey> =
                channel.nets.keys().copied().filter(|key| !channel.nets[key].is_straight()).collect();
            // `above[i]` are the nets that have to turn off above net i.
            let above: Vec<Vec<usize>> = keys
                .iter()
                .map(|key| {
                    let lower = &channel.nets[key];
                    (0..keys.len())
                        .filter(|other| {
                            let upper = &channel.nets[&keys[*other]];
                            keys[*other] != *key && upper.upper.iter().any(|x| lower.lower.contains(x))
                        })
                        .collect()
                })
                .collect();
            let mut tracks: Vec<Vec<(usize, usize)>> = Vec::new();
            let mut placed: Vec<Option<usize>> = vec![None; keys.len()];
            let mut left: Vec<usize> = (0..keys.len()).collect();
            left.sort_by_key(|net| channel.nets[&keys[*net]].span());
            while !left.is_empty() {
                let ready = left.iter().position(|net| above[*net].iter().all(|other| placed[*other].is_some()));
                let Some(position) = ready else {
                    // They wait for each other: one of their edges has to go another way.
                    channel.tangled = left.iter().flat_map(|net| channel.nets[&keys[*net]].edges.iter().copied()).max();
                    break;
                };
                let net = left.remove(position);
                let least =
                    above[net].iter().filter_map(|other| placed[*other]).map(|track| track + 1).max().unwrap_or(0);
                let (from, to) = channel.nets[&keys[net]].span();
                let is_free = |track: &Vec<(usize, usize)>| track.iter().all(|(a, b)| to + 1 < *a || b + 1 < from);
                let track =
                    (least..tracks.len()).find(|track| is_free(&tracks[*track])).unwrap_or(tracks.len().max(least));
                while tracks.len() <= track {
                    tracks.push(Vec::new());
                }
                tracks[track].push((from, to));
                placed[net] = Some(track);
                if let Some(net) = channel.nets.get_mut(&keys[net]) {
                    net.track = Some(track);
                }
            }
            channel.tracks = tracks.len();
            // A straight net that another has to pass below in the same column is told by the columns alone: it is
            // drawn through, and crossed.
            for net in channel.nets.values() {
                let blocked = net.is_straight()
                    && channel.nets.values().any(|other| {
                        other.edges != net.edges
                            && (other.upper.intersection(&net.lower).next().is_some()
                                || other.lower.intersection(&net.upper).next().is_some())
                    });
                if blocked {
                    channel.tangled = channel.tangled.or_else(|| net.edges.iter().max().copied());
                }
            }
        }
    }

    /// Whether a label stands above a box of one row in the first rank.
    fn labels_above_first(&self) -> bool {
        let sides = self.side_exits.keys().chain(self.beside.values());
        let labelled = sides.filter(|edge| !self.graph.edges[**edge].label.is_empty());
        labelled
            .map(|edge| self.graph.edges[*edge].from)
            .any(|node| self.layers.rank_of[node] == 0 && self.heights[node] == 1)
    }

    /// Edges that have to go into lanes for the tracks of their channels to be possible: one of each channel at a time,
    /// because taking one out may be enough.
    fn tangled(&self) -> Vec<usize> {
        self.channels.iter().filter_map(|channel| channel.tangled).collect()
    }

    fn draw(self, mut boxes: Vec<Body>) -> Canvas {
        // Rows: for each channel its labels, tracks and heads; between them the ranks.
        let count = self.layers.ranks.len();
        let mut channel_tops = Vec::new();
        let mut rank_tops = Vec::new();
        let mut y = 0;
        for index in 0..=count {
            channel_tops.push(y);
            y += self.channels[index].height(index == count, self.style.charset);
            // What is written above the side of a box of one row needs a row there.
            if index == 0 && y == 0 && self.labels_above_first() {
                y = 1;
            }
            rank_tops.push(y);
            if index < count {
                let rank = &self.layers.ranks[index];
                y += rank
                    .iter()
                    .map(|item| if let Item::Node(node) = item { self.heights[*node] } else { 1 })
                    .max()
                    .unwrap_or(0);
            }
        }
        let mut canvas = Canvas::new(self.width, y);
        for (node, body) in boxes.iter_mut().enumerate() {
            let rank = self.layers.rank_of[node];
            let rect =
                Rect { x: self.left_of(node), y: rank_tops[rank], width: self.widths[node], height: body.height };
            match body.inside.take() {
                None if !body.container => canvas.node(rect, body.key, &body.label, body.zoom),
                None => canvas.container(rect, body.key, &body.label),
                Some(inside) => {
                    canvas.container(rect, body.key, &body.label);
                    let x = rect.x + 2 + (rect.width - 4 - inside.width) / 2;
                    canvas.place(inside, x, rect.y + 1);
                }
            }
        }
        let nets: BTreeMap<NetKey, usize> = self
            .channels
            .iter()
            .flat_map(|channel| channel.nets.keys().copied())
            .map(|key| match key {
                NetKey::Lane(node) => NetKey::Into(node),
                key => key,
            })
            .collect::<BTreeSet<_>>()
            .into_iter()
            .map(|key| (key, canvas.next_net()))
            .collect();
        let row_of = |node: usize| rank_tops[self.layers.rank_of[node]] + usize::from(self.heights[node] > 1);
        for (from, edge) in &self.beside {
            let row = row_of(*from);
            let (begin, end) = (self.left_of(*from) + self.widths[*from] - 1, self.left_of(self.graph.edges[*edge].to));
            let net = canvas.next_net();
            canvas.line(self.graph.edges[*edge].key, net, &[(begin, row), (end - 1, row)], true);
            if let (Some(label), Some(above)) = (label_of(self.graph, *edge, self.style), row.checked_sub(1)) {
                canvas.text(begin + 2, above, &label, Ink::EdgeLabel(self.graph.edges[*edge].key));
            }
        }
        for route in &self.routes {
            let edge = &self.graph.edges[route.edge];
            let from_rank = self.layers.rank_of[edge.from];
            let bottom = rank_tops[from_rank] + self.heights[edge.from] - 1;
            let side = self.side_exits.get(&route.edge);
            let mut corners = match side {
                None => vec![(self.exits[&route.edge], bottom)],
                Some(side) => {
                    let row = row_of(edge.from);
                    let left = self.left_of(edge.from);
                    let begin = if *side == Side::Left { left } else { left + self.widths[edge.from] - 1 };
                    vec![(begin, row), (self.lanes[&edge.to], row)]
                }
            };
            let mut net = None;
            for hop in &route.hops {
                let channel = &self.channels[hop.channel];
                let key = match hop.net {
                    NetKey::Lane(node) => NetKey::Into(node),
                    key => key,
                };
                net = net.or(Some(key));
                if let Some(track) = channel.nets[&hop.net].track {
                    let row = channel_tops[hop.channel] + channel.track_row(track, self.style.charset);
                    corners.push((hop.from, row));
                    corners.push((hop.to, row));
                }
                if !hop.to_lane {
                    let last = rank_tops[hop.channel];
                    let row = if matches!(hop.net, NetKey::Into(_)) { last - 1 } else { last };
                    corners.push((hop.to, row));
                }
            }
            // All of an edge is one net: the one that it ends in, which its passages belong to alone.
            let key = match route.hops.last().map(|hop| hop.net) {
                Some(NetKey::Lane(node)) => NetKey::Into(node),
                Some(key) => key,
                None => continue,
            };
            canvas.line(edge.key, nets[&key], &corners, edge.detour);
            if let Some(label) = label_of(self.graph, route.edge, self.style) {
                let (x, y) = match side {
                    None => (self.exits[&route.edge] + 2, Some(channel_tops[from_rank + 1])),
                    Some(side) => {
                        let left = self.left_of(edge.from);
                        let x = match side {
                            Side::Left => left.saturating_sub(columns(&label) + 1),
                            Side::Right => left + self.widths[edge.from] + 1,
                        };
                        (x, row_of(edge.from).checked_sub(1))
                    }
                };
                if let Some(y) = y {
                    canvas.text(x, y, &label, Ink::EdgeLabel(edge.key));
                }
            }
        }
        canvas
    }
}

impl Channel {
    /// The row of a track, from the top of the channel. In ASCII tracks keep a row between them, and one to what is
    /// above, because corners one above the other would be joined.
    fn track_row(&self, track: usize, charset: Charset) -> usize {
        match charset {
            Charset::Unicode => usize::from(self.labelled) + track,
            Charset::Ascii => 1 + track * 2,
        }
    }

    fn height(&self, last: bool, charset: Charset) -> usize {
        let heads = usize::from(self.nets.keys().any(|key| matches!(key, NetKey::Into(_))));
        let tracks = match (self.tracks, charset) {
            (0, _) => usize::from(self.labelled),
            (tracks, _) => self.track_row(tracks - 1, charset) + 1,
        };
        let heads = if charset == Charset::Ascii && self.tracks > 0 { heads * 2 } else { heads };
        // The channels above the first and below the last rank are there only if something runs in them.
        let rows = tracks + heads;
        if last || rows > 0 { rows } else { 0 }
    }
}

/// The label of an edge as it is drawn, if it has one.
fn label_of(graph: &Graph, edge: usize, style: Style) -> Option<String> {
    let label = &graph.edges[edge].label;
    (!label.is_empty() && style.zoom != Zoom::Dots).then(|| cut(label, MAX_LABEL, style.charset))
}

/// The boxes that can stand beside another: a single detour leads to each, and nothing from it. By the box that it
/// comes from: the edge.
fn beside(graph: &Graph, edges: &[usize], nodes: usize) -> BTreeMap<usize, usize> {
    let mut found = BTreeMap::new();
    for node in (0..nodes).filter(|node| graph.start != Some(*node) && graph.nodes[*node].inside.is_empty()) {
        let mut leading = edges.iter().filter(|edge| graph.edges[**edge].to == node);
        let (Some(edge), None) = (leading.next(), leading.next()) else { continue };
        let from = graph.edges[*edge].from;
        let ends = !edges.iter().any(|edge| graph.edges[*edge].from == node);
        if ends && from != node && graph.edges[*edge].detour && graph.nodes[from].inside.is_empty() {
            found.entry(from).or_insert(*edge);
        }
    }
    // A box beside another has none beside itself: it has no edges.
    found
}

/// The detours that can leave through the side of their box: those of boxes at the end of their rank, one lane a side.
fn side_exits(
    graph: &Graph,
    layers: &Layers,
    detours: &[usize],
    lane_sides: &BTreeMap<usize, Side>,
    beside: &BTreeMap<usize, usize>,
) -> BTreeMap<usize, Side> {
    let mut taken: BTreeMap<(usize, Side), usize> = BTreeMap::new();
    let mut exits = BTreeMap::new();
    for edge in detours {
        let (from, to) = (graph.edges[*edge].from, graph.edges[*edge].to);
        let side = lane_sides[&to];
        let rank = &layers.ranks[layers.rank_of[from]];
        let end = if side == Side::Left { rank.first() } else { rank.last() };
        let free = end == Some(&Item::Node(from)) && !(side == Side::Right && beside.contains_key(&from));
        // Into the channel right below, the way through the bottom is as short.
        let near = layers.rank_of[to] == layers.rank_of[from] + 1;
        if free && !near && from != to && *taken.entry((from, side)).or_insert(to) == to {
            exits.insert(*edge, side);
        }
    }
    exits
}

/// The columns that an edge takes along the bottom of its box.
fn slot(label: &str) -> usize {
    match columns(label).min(MAX_LABEL) {
        0 => 2,
        width => width + 3,
    }
}
