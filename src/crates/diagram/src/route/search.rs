//! Which of several drawings of a scope is the best: fewest crossings, then the smaller one.

use std::collections::BTreeSet;

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
    let best = best_choice(graph, &boxes, &edges, style);
    let plan = untangled(graph, &boxes, &edges, &best, style);
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
    /// Long edges pass their ranks at the left.
    pub(super) passages_left: bool,
    /// The targets whose lane is at the left.
    pub(super) left: BTreeSet<usize>,
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

/// How often one edge of each tangle is sent into a lane, before all of them are: large graphs would try for long.
const GENTLE: usize = 12;

/// A set of tracks that cannot be ordered sends an edge into a lane, where there is always room; so this ends.
fn untangled<'a>(graph: &'a Graph, boxes: &[Body], edges: &[usize], choice: &Choice, style: Style) -> Plan<'a> {
    let mut in_lane: BTreeSet<usize> = BTreeSet::new();
    for round in 0_usize.. {
        let plan = Plan::make(graph, boxes, edges, &in_lane, choice, style);
        let before = in_lane.len();
        in_lane.extend(plan.tangled(&in_lane, round >= GENTLE));
        if in_lane.len() == before {
            return plan;
        }
    }
    unreachable!("there are fewer edges than numbers")
}
