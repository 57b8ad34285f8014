//! Which of several drawings of a scope is the best: fewest crossings, then the smaller one.

use std::collections::BTreeSet;

use super::ranking::Ranking;
use super::{Body, Plan};
use crate::canvas::Canvas;
use crate::{Graph, Style, Zoom};

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
    /// With detours that are short, and long.
    rankings: [Option<Ranking>; 2],
}

impl<'a, 'b> Search<'a, 'b> {
    fn new(graph: &'a Graph, boxes: &'b [Body], edges: &'b [usize], style: Style) -> Self {
        let ranking = |long| Ranking::make(graph, edges, &BTreeSet::new(), long);
        let has_detours = edges.iter().any(|edge| graph.edges[*edge].detour);
        let long = (has_detours && boxes.len() <= SEARCHED).then(|| ranking(true));
        Self { graph, boxes, edges, style, rankings: [Some(ranking(false)), long] }
    }

    /// Tries what there is to choose and measures the drawings.
    fn best(&self) -> Plan<'a> {
        let mut best: Option<((bool, usize), Choice)> = None;
        let short = Choice::default();
        if self.boxes.len() > SEARCHED {
            return self.untangled(&short);
        }
        for (long_detours, ranking) in [false, true].into_iter().zip(&self.rankings) {
            let Some(ranking) = ranking else { continue };
            for order in 0..ranking.orders.len() {
                let plain = Choice { long_detours, order, left: BTreeSet::new() };
                let mut measure = |choice: Choice| {
                    let plan = self.untangled(&choice);
                    let lanes: Vec<usize> = plan.lanes.keys().copied().collect();
                    let measured = self.measured(plan, &choice);
                    if best.as_ref().is_none_or(|(least, _)| measured < *least) {
                        best = Some((measured, choice));
                    }
                    lanes
                };
                let lanes = measure(plain.clone());
                let tried = if self.boxes.len() > SIDES_SEARCHED { 0 } else { lanes.len().min(LANES_TRIED) };
                for sides in 1..1_usize << tried {
                    let left = (0..tried).filter(|bit| sides & (1 << bit) != 0).map(|bit| lanes[bit]).collect();
                    measure(Choice { left, ..plain.clone() });
                }
            }
        }
        self.untangled(&best.map_or(short, |(_, choice)| choice))
    }

    /// How bad a drawing is: first whether lines lie on each other, then what there is to see, in rows.
    fn measured(&self, plan: Plan<'_>, choice: &Choice) -> (bool, usize) {
        // Signs alone are looked at for their shape, and have to be small.
        let crossing = if self.style.zoom == Zoom::Dots { 2 } else { 24 };
        let canvas = plan.draw(self.boxes.to_vec());
        let lines = canvas.crossings * crossing + canvas.bends;
        (canvas.conflict, lines + canvas.height + canvas.width / 4 + choice.left.len())
    }

    /// A set of tracks that cannot be ordered sends an edge into a lane, where there is always room; so this ends.
    fn untangled(&self, choice: &Choice) -> Plan<'a> {
        let Self { graph, boxes, edges, style, .. } = *self;
        let mut in_lane: BTreeSet<usize> = BTreeSet::new();
        let mut again: Option<Ranking> = None;
        for round in 0_usize.. {
            let known = again.as_ref().or(self.rankings[usize::from(choice.long_detours)].as_ref());
            let Some(ranking) = known else { unreachable!("what is chosen was ranked") };
            let plan = Plan::make(graph, boxes, ranking, &in_lane, choice, style);
            let before = in_lane.len();
            in_lane.extend(plan.tangled(&in_lane, round >= GENTLE));
            if in_lane.len() == before {
                return plan;
            }
            again = Some(Ranking::make(graph, edges, &in_lane, choice.long_detours));
        }
        unreachable!("there are fewer edges than numbers")
    }
}

/// How often one edge of each tangle is sent into a lane, before all of them are: large graphs would try for long.
const GENTLE: usize = 12;
