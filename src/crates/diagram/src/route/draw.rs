//! The drawing of a plan: rows for ranks and channels, then boxes, lines and labels.

use std::collections::{BTreeMap, BTreeSet};

use super::{Body, Channel, NetKey, Plan, Side, label_of};
use crate::canvas::{Canvas, Ink, Rect, short};
use crate::layers::Item;
use crate::{Charset, columns};

impl Plan<'_> {
    /// Whether a label stands above a box of one row in the first rank.
    fn labels_above_first(&self) -> bool {
        let sides = self.side_exits.keys().chain(self.beside.values());
        let labelled = sides.filter(|edge| !self.graph.edges[**edge].label.is_empty());
        labelled
            .map(|edge| self.graph.edges[*edge].from)
            .any(|node| self.layers.rank_of[node] == 0 && self.heights[node] == 1)
    }

    pub(super) fn draw(self, mut boxes: Vec<Body>) -> Canvas {
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
                None if !body.container => canvas.node(rect, body.key, &body.label, body.badge, body.zoom),
                None => canvas.container(rect, body.key, &body.label),
                Some(inside) => {
                    canvas.container(rect, body.key, &body.label);
                    let x = rect.x + 2 + (rect.width - 4 - inside.width) / 2;
                    canvas.place(inside, x, rect.y + 1);
                }
            }
        }
        let nets: BTreeMap<NetKey, u32> = self
            .channels
            .iter()
            .flat_map(|channel| channel.nets.keys().copied())
            .chain(self.side_entries.keys().map(|node| NetKey::Into(*node)))
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
                canvas.text(begin + 2, above, &label, Ink::EdgeLabel(short(self.graph.edges[*edge].key)));
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
                None => NetKey::Into(edge.to),
            };
            let by_lane = route.hops.last().is_none_or(|hop| hop.to_lane);
            if let (Some(side), true) = (self.side_entries.get(&edge.to), by_lane) {
                let (left, row) = (self.left_of(edge.to), row_of(edge.to));
                let beside = if *side == Side::Left { left.saturating_sub(1) } else { left + self.widths[edge.to] };
                corners.push((self.lanes[&edge.to], row));
                corners.push((beside, row));
            }
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
                    canvas.text(x, y, &label, Ink::EdgeLabel(short(edge.key)));
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
