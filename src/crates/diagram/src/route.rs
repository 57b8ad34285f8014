//! Lines: how the edges of one scope run between its boxes, and the drawing of it all.
//!
//! Between two ranks is a channel. An edge leaves the bottom of its box into the channel below and enters its target
//! from the channel above, with a head. An edge to the next rank stays in one channel; one that goes farther down has
//! a passage through each rank between. Edges that go back or are detours run in lanes to the right of all boxes: one
//! lane a target. In a channel, all that leads to one target is one net and shares one track.

use std::collections::{BTreeMap, BTreeSet};

use crate::canvas::{Canvas, Ink, Rect};
use crate::layers::{Item, Layers, back_edges, near, order, ranks};
use crate::{Graph, Node, Zoom, columns, cut};

/// The widest label beside an edge.
const MAX_LABEL: usize = 24;
/// The widest name in a box; longer ones are cut.
const MAX_NAME: usize = 40;
/// Columns between two boxes of a rank.
const GAP: usize = 3;

/// Draws one scope and all that is inside it.
pub(crate) fn draw_scope(graph: &Graph, zoom: Zoom) -> Canvas {
    let boxes: Vec<Body> = graph.nodes.iter().map(|node| Body::of(node, zoom)).collect();
    let edges: Vec<usize> = (0..graph.edges.len())
        .filter(|edge| {
            let edge = &graph.edges[*edge];
            edge.from < boxes.len() && edge.to < boxes.len()
        })
        .collect();
    // A set of tracks that cannot be ordered sends an edge into a lane, where there is always room; so this ends.
    let mut in_lane: BTreeSet<usize> = BTreeSet::new();
    loop {
        let plan = Plan::make(graph, &boxes, &edges, &in_lane);
        match plan.tangled() {
            Some(edge) if in_lane.insert(edge) => {}
            _ => return plan.draw(boxes),
        }
    }
}

/// A box before it has its place.
struct Body {
    key: usize,
    label: String,
    width: usize,
    height: usize,
    inside: Option<Canvas>,
    zoom: Zoom,
}

impl Body {
    fn of(node: &Node, zoom: Zoom) -> Self {
        let label = cut(&node.label, MAX_NAME);
        if node.inside.is_empty() {
            let height = if zoom == Zoom::Full { 3 } else { 1 };
            let width = (columns(&label) + node.badge + 4).max(5);
            return Self { key: node.key, label, width, height, inside: None, zoom };
        }
        let parts: Vec<Canvas> = node.inside.iter().map(|graph| draw_scope(graph, zoom)).collect();
        let height = parts.iter().map(|part| part.height).max().unwrap_or(0);
        let width: usize = parts.iter().map(|part| part.width).sum::<usize>() + parts.len().saturating_sub(1) * 3;
        let title = columns(&label) + node.badge + 6;
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
        Self { key: node.key, label, width, height, inside: Some(inside), zoom }
    }
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
    fn make(graph: &'a Graph, boxes: &[Body], edges: &[usize], in_lane: &BTreeSet<usize>) -> Self {
        let pairs: Vec<(usize, usize)> =
            edges.iter().map(|edge| (graph.edges[*edge].from, graph.edges[*edge].to)).collect();
        let back = back_edges(boxes.len(), &pairs, graph.start.filter(|start| *start < boxes.len()));
        let rank_of = ranks(boxes.len(), &pairs, &back);
        let mut straight = Vec::new();
        let mut detours = Vec::new();
        for (place, edge) in edges.iter().enumerate() {
            let (from, to) = pairs[place];
            let far = rank_of[to] > rank_of[from] + 1;
            if back[place] || in_lane.contains(edge) || (graph.edges[*edge].detour && far) {
                detours.push(*edge);
            } else {
                straight.push((*edge, from, to));
            }
        }
        let layers = order(rank_of, &straight);
        let mut leaving: Vec<Vec<usize>> = vec![Vec::new(); boxes.len()];
        for edge in edges {
            leaving[graph.edges[*edge].from].push(*edge);
        }
        let slots: Vec<Vec<usize>> =
            leaving.iter().map(|edges| edges.iter().map(|edge| slot(&graph.edges[*edge].label)).collect()).collect();
        let widths: Vec<usize> =
            boxes.iter().zip(&slots).map(|(body, slots)| body.width.max(slots.iter().sum::<usize>() + 3)).collect();
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

    fn item_width(&self, item: Item) -> usize {
        match item {
            Item::Node(node) => self.widths[node],
            Item::Passage(_) => 1,
        }
    }

    /// How far from the left of its box each edge will leave, by its index; and, behind those, where lines had best
    /// enter each node: above the way on, so that a chain of boxes hangs on one straight line.
    fn exit_offsets(&self, leaving: &[Vec<usize>], slots: &[Vec<usize>]) -> Anchors {
        let mut anchors = Anchors { exits: BTreeMap::new(), entries: Vec::new() };
        for (node, edges) in leaving.iter().enumerate() {
            let mut order: Vec<(bool, usize, usize)> = edges
                .iter()
                .zip(&slots[node])
                .map(|(edge, slot)| (self.graph.edges[*edge].detour, *edge, *slot))
                .collect();
            order.sort_unstable();
            let mut x = self.first_exit(node, &order.iter().map(|(.., slot)| *slot).collect::<Vec<_>>());
            let mut entry = self.widths[node] / 2;
            for (place, (detour, edge, slot)) in order.into_iter().enumerate() {
                if place == 0 && !detour {
                    entry = x;
                }
                anchors.exits.insert(edge, x);
                x += slot;
            }
            anchors.entries.push(entry);
        }
        anchors
    }

    /// One edge leaves from the middle; several share the width, their labels to the right of each.
    fn first_exit(&self, node: usize, slots: &[usize]) -> usize {
        let width = self.widths[node];
        match slots {
            [slot] if *slot <= width / 2 => width / 2,
            slots => 1 + width.saturating_sub(slots.iter().sum::<usize>() + 2) / 2,
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
                        let mut wishes = self.wishes(*item, rank, down, straight, &lefts, anchors);
                        wishes.sort_unstable();
                        wishes.get(wishes.len().saturating_sub(1) / 2).copied().unwrap_or(lefts[rank][place])
                    })
                    .collect();
                lefts[rank] = near(&wanted, &widths[rank], gap);
            }
        }
        let least = lefts.iter().flatten().copied().min().unwrap_or(0);
        self.lefts = lefts
            .into_iter()
            .map(|rank| rank.into_iter().map(|left| usize::try_from(left - least).unwrap_or(0)).collect())
            .collect();
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
            let mut order: Vec<(bool, usize, usize, usize)> = edges
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
                    (self.graph.edges[*edge].detour, towards, *edge, *slot)
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
        // Lanes begin to the right of all boxes and passages.
        let right = self
            .layers
            .ranks
            .iter()
            .zip(&self.lefts)
            .flat_map(|(rank, lefts)| rank.iter().zip(lefts).map(|(item, left)| left + self.item_width(*item)))
            .max()
            .unwrap_or(0);
        let mut targets: Vec<usize> = detours.iter().map(|edge| self.graph.edges[*edge].to).collect();
        targets.sort_by_key(|target| (self.layers.rank_of[*target], *target));
        targets.dedup();
        for (index, target) in targets.iter().enumerate() {
            self.lanes.insert(*target, right + 1 + index * 2);
        }
        self.width = right + if targets.is_empty() { 0 } else { targets.len() * 2 };
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
            if leaves == enters {
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
            let label = &self.graph.edges[route.edge].label;
            for (index, hop) in route.hops.iter().enumerate() {
                let channel = &mut self.channels[hop.channel];
                channel.labelled |= index == 0 && !label.is_empty();
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
                    others.insert(self.exits[edge]);
                }
            }
            let middle = left + anchors.entries[node];
            let range = left + 1..left + width.saturating_sub(1);
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

    /// An edge that has to go into a lane for the tracks of a channel to be possible.
    fn tangled(&self) -> Option<usize> {
        self.channels.iter().find_map(|channel| channel.tangled)
    }

    fn draw(self, mut boxes: Vec<Body>) -> Canvas {
        // Rows: for each channel its labels, tracks and heads; between them the ranks.
        let count = self.layers.ranks.len();
        let mut channel_tops = Vec::new();
        let mut rank_tops = Vec::new();
        let mut y = 0;
        for index in 0..=count {
            channel_tops.push(y);
            y += self.channels[index].height(index == count);
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
                None => canvas.node(rect, body.key, &body.label, body.zoom),
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
        for route in &self.routes {
            let edge = &self.graph.edges[route.edge];
            let from_rank = self.layers.rank_of[edge.from];
            let bottom = rank_tops[from_rank] + self.heights[edge.from] - 1;
            let mut corners = vec![(self.exits[&route.edge], bottom)];
            let mut net = None;
            for hop in &route.hops {
                let channel = &self.channels[hop.channel];
                let key = match hop.net {
                    NetKey::Lane(node) => NetKey::Into(node),
                    key => key,
                };
                net = net.or(Some(key));
                if let Some(track) = channel.nets[&hop.net].track {
                    let row = channel_tops[hop.channel] + usize::from(channel.labelled) + track;
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
            if !edge.label.is_empty() {
                let label = cut(&edge.label, MAX_LABEL);
                let y = channel_tops[from_rank + 1];
                canvas.text(self.exits[&route.edge] + 2, y, &label, Ink::EdgeLabel(edge.key));
            }
        }
        canvas
    }
}

impl Channel {
    fn height(&self, last: bool) -> usize {
        let heads = usize::from(self.nets.keys().any(|key| matches!(key, NetKey::Into(_))));
        let rows = usize::from(self.labelled) + self.tracks + heads;
        // The channels above the first and below the last rank are there only if something runs in them.
        if last || rows > 0 { rows } else { 0 }
    }
}

/// The columns that an edge takes along the bottom of its box.
fn slot(label: &str) -> usize {
    match columns(label).min(MAX_LABEL) {
        0 => 2,
        width => width + 3,
    }
}
