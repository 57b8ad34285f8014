//! Which of several drawings of a scope is the best: the one of which there is least to see, in crossings, bends and size.

use std::collections::BTreeSet;

use super::ranking::{Ranking, Ranks};
use super::{Body, Plan};
use crate::canvas::Canvas;
use crate::{Graph, Style, Zoom};

/// Up to how many boxes a scope's drawing is searched for; larger ones are drawn as they come.
const SEARCHED: usize = 60;
/// Up to how many boxes lanes are tried on both sides: each lane doubles what there is to look at.
const SIDES_SEARCHED: usize = 26;
/// Up to how many lanes each is tried on both sides.
const LANES_TRIED: usize = 5;

/// What the columns of all plans of a scope may cost together, in steps of the network simplex.
const EFFORT: usize = 2_000_000;

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
    let plan = Search::new(graph, &boxes, &edges, style).best();
    for (body, inside) in boxes.iter_mut().zip(insides) {
        body.inside = inside;
    }
    plan.draw(boxes)
}

/// What a plan may be made like this or like that.
#[derive(Clone, Debug, Default)]
pub(super) struct Choice {
    /// Detours lead two ranks down.
    pub(super) long_detours: bool,
    /// Which of the orders within the ranks.
    pub(super) order: usize,
    /// The targets whose lane is at the left.
    pub(super) left: BTreeSet<usize>,
}

struct Search<'a, 'b> {
    graph: &'a Graph,
    boxes: &'b [Body],
    edges: &'b [usize],
    style: Style,
    /// With detours that are short.
    short: (Ranks, Ranking),
    /// With long ones, if there are any.
    long: Option<(Ranks, Ranking)>,
    /// What the columns of one plan may cost: they are found for each.
    effort: usize,
}

impl<'a, 'b> Search<'a, 'b> {
    fn new(graph: &'a Graph, boxes: &'b [Body], edges: &'b [usize], style: Style) -> Self {
        let ranking = |long| {
            let ranks = Ranks::find(graph, edges, long);
            let ranking = Ranking::make(graph, edges, &ranks, &BTreeSet::new());
            (ranks, ranking)
        };
        let has_detours = edges.iter().any(|edge| graph.edges[*edge].detour);
        let long = (has_detours && boxes.len() <= SEARCHED).then(|| ranking(true));
        let mut search = Self { graph, boxes, edges, style, short: ranking(false), long, effort: EFFORT };
        if boxes.len() <= SEARCHED {
            let orders = [Some(&search.short), search.long.as_ref()].into_iter().flatten();
            let plans = orders.map(|(_, ranking)| ranking.orders.len() << search.tried(ranking)).sum::<usize>();
            search.effort = EFFORT / plans.max(1);
        }
        search
    }

    /// Of how many lanes both sides are tried.
    fn tried(&self, ranking: &Ranking) -> usize {
        let targets: BTreeSet<usize> = ranking.detours.iter().map(|edge| self.graph.edges[*edge].to).collect();
        if self.boxes.len() > SIDES_SEARCHED { 0 } else { targets.len().min(LANES_TRIED) }
    }

    /// Tries what there is to choose and measures the drawings.
    fn best(&self) -> Plan<'a> {
        let mut best: Option<((bool, usize), Choice)> = None;
        let first = Choice::default();
        if self.boxes.len() > SEARCHED {
            return self.untangled(&first);
        }
        for long_detours in [false, true] {
            let Some((_, ranking)) = self.ranking(long_detours) else { continue };
            let targets: BTreeSet<usize> = ranking.detours.iter().map(|edge| self.graph.edges[*edge].to).collect();
            let lanes: Vec<usize> = targets.into_iter().take(self.tried(ranking)).collect();
            for order in 0..ranking.orders.len() {
                for sides in 0..1_usize << lanes.len() {
                    let is_left = |(bit, _): &(usize, &usize)| sides & (1 << bit) != 0;
                    let left = lanes.iter().enumerate().filter(is_left).map(|(_, lane)| *lane).collect();
                    let choice = Choice { long_detours, order, left };
                    let measured = self.measured(self.untangled(&choice), &choice);
                    if best.as_ref().is_none_or(|(least, _)| measured < *least) {
                        best = Some((measured, choice));
                    }
                }
            }
        }
        self.untangled(&best.map_or(first, |(_, choice)| choice))
    }

    fn ranking(&self, long_detours: bool) -> Option<&(Ranks, Ranking)> {
        if long_detours { self.long.as_ref() } else { Some(&self.short) }
    }

    /// How bad a drawing is: first whether lines lie on each other, then what there is to see, in rows.
    fn measured(&self, plan: Plan<'_>, choice: &Choice) -> (bool, usize) {
        // Signs alone are looked at for their shape, and have to be small.
        let crossing = if self.style.zoom == Zoom::Dots { 2 } else { 24 };
        let canvas = plan.draw(self.boxes.to_vec());
        let lines = canvas.crossings * crossing + canvas.bends;
        (canvas.conflict, lines + canvas.height + canvas.width / 4 + choice.left.len())
    }

    /// A set of tracks that cannot be ordered sends an edge into a lane, where there is always room; so this ends. The
    /// orders are others then, those with fewest crossings again first.
    fn untangled(&self, choice: &Choice) -> Plan<'a> {
        let Self { graph, boxes, edges, style, .. } = *self;
        let (ranks, first) = self.ranking(choice.long_detours).unwrap_or(&self.short);
        let mut in_lane: BTreeSet<usize> = BTreeSet::new();
        let mut again: Option<Ranking> = None;
        for round in 0_usize.. {
            let ranking = again.as_ref().unwrap_or(first);
            let plan = Plan::make(graph, boxes, ranking, choice, style, self.effort);
            let before = in_lane.len();
            in_lane.extend(plan.tangled(&in_lane, round >= GENTLE));
            if in_lane.len() == before {
                return plan;
            }
            again = Some(Ranking::make(graph, edges, ranks, &in_lane));
        }
        unreachable!("there are fewer edges than numbers")
    }
}

/// How often one edge of each tangle is sent into a lane, before all of them are: large graphs would try for long.
const GENTLE: usize = 12;
