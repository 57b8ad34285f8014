//! Lines: how the edges of one scope run between its boxes, and the drawing of it all.
//!
//! Between two ranks is a channel. An edge leaves the bottom of its box into the channel below and enters its target
//! from the channel above, with a head. An edge to the next rank stays in one channel; one that goes farther down has
//! a passage through each rank between. Edges that go back or are detours run in lanes to the right of all boxes: one
//! lane a target. In a channel, all that leads to one target is one net and shares one track.

mod columns;
mod draw;
mod ranking;
mod search;
mod tracks;

use std::collections::{BTreeMap, BTreeSet};

use crate::canvas::Canvas;
use crate::layers::{Item, Layers};
use crate::{Charset, Graph, Node, Style, Zoom, columns, cut};
use ranking::Ranking;
use search::Choice;
pub(crate) use search::draw_scope;

/// The widest label beside an edge, in columns; longer ones are cut.
pub const MAX_LABEL: usize = 24;
/// The widest name in a box; longer ones are cut.
const MAX_NAME: usize = 40;
/// Columns between two boxes of a rank.
const GAP: usize = 3;
/// Columns between a line that passes and what stands beside it. ASCII has one sign for all corners, which need more.
const PASSAGE_GAP: usize = 2;

/// A box before it has its place.
#[derive(Clone)]
struct Body {
    key: usize,
    label: String,
    badge: usize,
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
            let badge = node.badge;
            return Self { key: node.key, label, badge, width, height, inside: None, container: false, zoom };
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
        Self { key: node.key, label, badge: node.badge, width, height, inside: Some(inside), container: true, zoom }
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
    /// The edges of lanes that leave their box through its side.
    side_exits: BTreeMap<usize, Side>,
    /// The nodes that their lane leads to from the side.
    side_entries: BTreeMap<usize, Side>,
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
    /// The edges that stand in each other's way, in sets of which one has to go another way.
    tangled: Vec<BTreeSet<usize>>,
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
    fn make(graph: &'a Graph, boxes: &[Body], ranking: &Ranking, choice: &Choice, style: Style, effort: usize) -> Self {
        let Ranking { straight, detours, beside, orders } = ranking;
        let layers = orders[choice.order.min(orders.len() - 1)].clone();
        let lane_sides: BTreeMap<usize, Side> = detours
            .iter()
            .map(|edge| graph.edges[*edge].to)
            .map(|target| (target, if choice.left.contains(&target) { Side::Left } else { Side::Right }))
            .collect();
        let side_exits = side_exits(graph, &layers, detours, &lane_sides, beside);
        let side_entries = side_entries(graph, &layers, &lane_sides, &side_exits, beside);
        let mut leaving: Vec<Vec<usize>> = vec![Vec::new(); boxes.len()];
        for edge in straight.iter().map(|(edge, ..)| edge).chain(detours) {
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
            side_entries,
            beside: beside.clone(),
            style,
            width: 0,
            layers,
        };
        let anchors = plan.exit_offsets(&leaving, &slots, detours);
        plan.place_columns(straight, &anchors, effort);
        plan.place_exits(&anchors);
        plan.route(straight, detours, &anchors);
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

    /// How far from the left of its box each edge leaves, by its index; and, behind those, where lines had best enter each
    /// node: above the way on, so that a chain of boxes hangs on one straight line.
    fn exit_offsets(&self, leaving: &[Vec<usize>], slots: &[Vec<usize>], detours: &[usize]) -> Anchors {
        let in_lanes: BTreeSet<usize> = detours.iter().copied().collect();
        let mut anchors = Anchors { exits: BTreeMap::new(), entries: Vec::new() };
        for (node, edges) in leaving.iter().enumerate() {
            // As what they lead to stands in the next rank; what runs in lanes leaves at their side.
            let next = self.layers.ranks.get(self.layers.rank_of[node] + 1).map_or(&[][..], Vec::as_slice);
            let place = |edge: usize| {
                let to = self.graph.edges[edge].to;
                if in_lanes.contains(&edge) {
                    return if self.lane_sides.get(&to) == Some(&Side::Left) { (0, 0) } else { (2, 0) };
                }
                let leads_to = [Item::Passage(edge), Item::Node(to)];
                (1, next.iter().position(|item| leads_to.contains(item)).unwrap_or(next.len()))
            };
            let mut order: Vec<((u8, usize), usize, usize)> =
                edges.iter().zip(&slots[node]).map(|(edge, slot)| (place(*edge), *edge, *slot)).collect();
            order.sort_unstable();
            let mut x = self.first_exit(node, &order.iter().map(|(.., slot)| *slot).collect::<Vec<_>>());
            let mut ways_on: Vec<(bool, usize)> = Vec::new();
            for ((side, _), edge, slot) in order {
                if side == 1 {
                    ways_on.push((self.graph.edges[edge].detour, x));
                }
                anchors.exits.insert(edge, x);
                x += slot;
            }
            // The ordinary ones before the detours.
            anchors.entries.push(ways_on.into_iter().min().map_or(self.widths[node] / 2, |(_, x)| x));
        }
        anchors
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

    fn left_of(&self, node: usize) -> usize {
        let rank = self.layers.rank_of[node];
        let place = self.layers.ranks[rank].iter().position(|item| *item == Item::Node(node));
        place.map_or(0, |place| self.lefts[rank][place])
    }

    fn passage(&self, rank: usize, edge: usize) -> usize {
        let place = self.layers.ranks[rank].iter().position(|item| *item == Item::Passage(edge));
        place.map_or(0, |place| self.lefts[rank][place])
    }

    fn place_exits(&mut self, anchors: &Anchors) {
        self.exits =
            anchors.exits.iter().map(|(edge, x)| (*edge, self.left_of(self.graph.edges[*edge].from) + x)).collect();
    }

    fn route(&mut self, straight: &[(usize, usize, usize)], detours: &[usize], anchors: &Anchors) {
        let count = self.layers.ranks.len();
        self.channels = (0..=count).map(|_| Channel::default()).collect();
        self.place_lanes(detours);
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
            let into = |hops: &mut Vec<Hop>| {
                if !self.side_entries.contains_key(&to) {
                    let net = NetKey::Into(to);
                    let to = entries[&to];
                    hops.push(Hop { channel: enters, from: lane, to, net, from_lane: true, to_lane: false });
                }
            };
            if self.side_exits.contains_key(edge) {
                into(&mut hops);
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
                into(&mut hops);
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

    /// Gives each lane its column: as near to the boxes that it passes as they and the other lanes leave room, the
    /// short ones first.
    fn place_lanes(&mut self, detours: &[usize]) {
        let apart: i64 = if self.style.charset == Charset::Ascii { 3 } else { 2 };
        // How far boxes, passages and the labels at their sides reach in each rank.
        let count = self.layers.ranks.len();
        let mut reach: Vec<(i64, i64)> = vec![(i64::MAX, i64::MIN); count];
        let signed = |x: usize| i64::try_from(x).unwrap_or(i64::MAX / 4);
        for (rank, (items, lefts)) in self.layers.ranks.iter().zip(&self.lefts).enumerate() {
            for (item, left) in items.iter().zip(lefts) {
                let width = if let Item::Node(node) = item { self.widths[*node] } else { 1 };
                reach[rank].0 = reach[rank].0.min(signed(*left));
                reach[rank].1 = reach[rank].1.max(signed(left + width));
            }
        }
        for (edge, side) in &self.side_exits {
            let node = self.graph.edges[*edge].from;
            let rank = self.layers.rank_of[node];
            let beyond = label_of(self.graph, *edge, self.style).map_or(0, |label| signed(columns(&label)) + 3);
            let left = signed(self.left_of(node));
            match side {
                Side::Left => reach[rank].0 = reach[rank].0.min(left - beyond),
                Side::Right => reach[rank].1 = reach[rank].1.max(left + signed(self.widths[node]) + beyond),
            }
        }
        // From the first to the last channel that a lane runs through.
        let mut spans: BTreeMap<usize, (usize, usize)> = BTreeMap::new();
        for edge in detours {
            let edge = &self.graph.edges[*edge];
            let (from, to) = (self.layers.rank_of[edge.from], self.layers.rank_of[edge.to]);
            let into = to + usize::from(self.side_entries.contains_key(&edge.to));
            let span = spans.entry(edge.to).or_insert((to, into));
            *span = (span.0.min(from), span.1.max(from + 1));
        }
        let mut targets: Vec<(usize, (usize, usize))> = spans.into_iter().collect();
        targets.sort_by_key(|(target, (top, bottom))| (bottom - top, self.layers.rank_of[*target], *target));
        let mut placed: Vec<(Side, (usize, usize), i64, usize)> = Vec::new();
        for (target, (top, bottom)) in targets {
            let side = self.lane_sides[&target];
            let passed = reach.iter().take((bottom + 1).min(count)).skip(top.saturating_sub(1));
            // Mirrored at the left: outward is always more.
            let mut x = match side {
                Side::Left => passed.map(|(left, _)| apart - left).max(),
                Side::Right => passed.map(|(_, right)| right + 1).max(),
            }
            .unwrap_or(0);
            let meets = |(at, (other_top, other_bottom), ..): &&(Side, (usize, usize), i64, usize)| {
                *at == side && !(bottom < *other_top || *other_bottom < top)
            };
            // Those that run beside it, from the boxes outward.
            let mut others: Vec<i64> = placed.iter().filter(meets).map(|(.., x, _)| *x).collect();
            others.sort_unstable();
            for other in others {
                if (x - other).abs() < apart {
                    x = other + apart;
                }
            }
            placed.push((side, (top, bottom), x, target));
        }
        let column = |side: Side, x: i64| if side == Side::Left { -x } else { x };
        let lanes = placed.iter().map(|(side, _, x, _)| column(*side, *x));
        let labels = reach.iter().map(|(left, _)| *left);
        let shift = lanes.chain(labels).min().map_or(0, |least| (-least).max(0));
        let moved = usize::try_from(shift).unwrap_or(0);
        self.lefts.iter_mut().flatten().for_each(|left| *left += moved);
        self.exits.values_mut().for_each(|x| *x += moved);
        for (side, _, x, target) in placed {
            self.lanes.insert(target, usize::try_from(column(side, x) + shift).unwrap_or(0));
        }
        let boxes_end = reach.iter().map(|(_, right)| right + shift).max().unwrap_or(0);
        let lanes_end = self.lanes.values().max().map_or(0, |x| x + 1);
        self.width = usize::try_from(boxes_end).unwrap_or(0).max(lanes_end);
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

    /// Edges that have to go into lanes for the tracks of their channels to be possible, besides those that do: one of
    /// each set at a time, because taking one out may be enough, or all of them.
    fn tangled(&self, in_lane: &BTreeSet<usize>, all: bool) -> Vec<usize> {
        let most = if all { usize::MAX } else { 1 };
        let sets = self.channels.iter().flat_map(|channel| &channel.tangled);
        sets.flat_map(|edges| edges.iter().rev().filter(|edge| !in_lane.contains(edge)).take(most)).copied().collect()
    }
}

/// The label of an edge as it is drawn, if it has one.
fn label_of(graph: &Graph, edge: usize, style: Style) -> Option<String> {
    let label = &graph.edges[edge].label;
    (!label.is_empty() && style.zoom != Zoom::Dots).then(|| cut(label, MAX_LABEL, style.charset))
}

/// The detours that can leave through the side of their box: those of boxes at the end of their rank, one lane a side.
fn side_exits(
    graph: &Graph,
    layers: &Layers,
    detours: &[usize],
    lane_sides: &BTreeMap<usize, Side>,
    beside: &BTreeMap<usize, usize>,
) -> BTreeMap<usize, Side> {
    let mut taken: BTreeSet<(usize, Side)> = BTreeSet::new();
    let mut exits = BTreeMap::new();
    for edge in detours {
        let (from, to) = (graph.edges[*edge].from, graph.edges[*edge].to);
        let side = lane_sides[&to];
        let rank = &layers.ranks[layers.rank_of[from]];
        let end = if side == Side::Left { rank.first() } else { rank.last() };
        let free = end == Some(&Item::Node(from)) && !(side == Side::Right && beside.contains_key(&from));
        // Into the channel right below, the way through the bottom is as short.
        let near = layers.rank_of[to] == layers.rank_of[from] + 1;
        // Two lines from one place would look like one.
        if free && !near && from != to && taken.insert((from, side)) {
            exits.insert(*edge, side);
        }
    }
    exits
}

/// The nodes that can be entered through their side: those at the end of their rank, where nothing leaves there.
fn side_entries(
    graph: &Graph,
    layers: &Layers,
    lane_sides: &BTreeMap<usize, Side>,
    side_exits: &BTreeMap<usize, Side>,
    beside: &BTreeMap<usize, usize>,
) -> BTreeMap<usize, Side> {
    let is_free = |node: usize, side: Side| {
        let rank = &layers.ranks[layers.rank_of[node]];
        let end = if side == Side::Left { rank.first() } else { rank.last() };
        let leaves = side_exits.iter().any(|(edge, at)| graph.edges[*edge].from == node && *at == side);
        end == Some(&Item::Node(node)) && !leaves && !(side == Side::Right && beside.contains_key(&node))
    };
    lane_sides.iter().filter(|(node, side)| is_free(**node, **side)).map(|(node, side)| (*node, *side)).collect()
}

/// The columns that an edge takes along the bottom of its box.
fn slot(label: &str) -> usize {
    match columns(label).min(MAX_LABEL) {
        0 => 2,
        width => width + 3,
    }
}
