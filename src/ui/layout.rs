//! Where the panes go, and what is at a place of the screen. By the size and the user's shares alone, so that nothing
//! jumps while the program runs.

use ratatui::layout::{Position, Rect};

use crate::app::Pane;
use crate::app::mouse::{Divider, Hit};
use crate::app::settings::Shares;

/// From this size on all panes stand side by side; below it the focused one beside the list.
const ALL_PANES: (u16, u16) = (110, 30);

// What each pane keeps, whatever the shares say.
const GRAPH_LEAST: u16 = 40;
const LISTS_LEAST: u16 = 27;
const INSPECTOR_LEAST: u16 = 24;
/// What is left of the graph: both of the above, and the drawer below them needs it too.
const REST_LEAST: u16 = 54;
const DRAWER_LEAST: u16 = 8;
const TOP_LEAST: u16 = 12;
const LIST_LEAST: u16 = 4;

/// Panes with their places.
type Panes = Vec<(Pane, Rect)>;

/// The places of everything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Placed {
    pub(super) header: Rect,
    pub(super) panes: Vec<(Pane, Rect)>,
    /// What can be taken hold of to move a divider; where two meet, the first counts.
    pub(super) dividers: Vec<(Divider, Rect)>,
    pub(super) footer: Rect,
}

/// Places the panes. Of those that share the drawer, the focused one is seen, or else `drawer`.
pub(super) fn place(area: Rect, focus: Pane, drawer: Pane, zoomed: bool, shares: Shares) -> Placed {
    let body = body(area);
    let header = Rect { height: body.y - area.y, ..area };
    let footer = Rect { y: body.bottom(), height: area.bottom() - body.bottom(), ..area };
    let drawer = if is_drawer(focus) { focus } else { drawer };
    let (panes, dividers) = if zoomed {
        (vec![(focus, body)], Vec::new())
    } else if is_large(area) {
        all(body, drawer, shares)
    } else {
        (two(body, focus), Vec::new())
    };
    Placed { header, panes, dividers, footer }
}

/// Whether the pane shares the drawer at the bottom with others.
pub(super) const fn is_drawer(pane: Pane) -> bool {
    matches!(pane, Pane::Logs | Pane::Timeline | Pane::Events | Pane::Metrics)
}

const fn is_large(area: Rect) -> bool {
    area.width >= ALL_PANES.0 && area.height >= ALL_PANES.1
}

/// What is between header and footer, a row each.
fn body(area: Rect) -> Rect {
    let header = area.height.min(1);
    Rect { y: area.y + header, height: area.height.saturating_sub(2), ..area }
}

/// The sizes that the shares come to.
struct Sizes {
    /// The width of the graph.
    graph: u16,
    /// The width of the lists.
    lists: u16,
    /// The height of the executions.
    executions: u16,
    /// The height of the drawer.
    drawer: u16,
}

impl Sizes {
    fn of(body: Rect, shares: Shares) -> Self {
        let graph = between(share(body.width, shares.graph), GRAPH_LEAST, body.width.saturating_sub(REST_LEAST));
        let rest = body.width.saturating_sub(graph);
        let drawer = between(share(body.height, shares.logs), DRAWER_LEAST, body.height.saturating_sub(TOP_LEAST));
        let top = body.height.saturating_sub(drawer);
        let lists = between(share(rest, shares.lists), LISTS_LEAST, rest.saturating_sub(INSPECTOR_LEAST));
        let executions = between(nearest(top, shares.executions), LIST_LEAST, top.saturating_sub(LIST_LEAST));
        Self { graph, lists, executions, drawer }
    }
}

/// The graph has the whole height: it is what is tall. Beside it the lists, the inspector, and the drawer below both.
fn all(body: Rect, drawer: Pane, shares: Shares) -> (Panes, Vec<(Divider, Rect)>) {
    let sizes = Sizes::of(body, shares);
    let (rest, graph) = beside(body, body.width.saturating_sub(sizes.graph));
    let (top, bottom) = above(rest, rest.height.saturating_sub(sizes.drawer));
    let (lists, inspector) = beside(top, sizes.lists);
    let (executions, orders) = above(lists, sizes.executions);
    let panes = vec![
        (Pane::Executions, executions),
        (Pane::Orders, orders),
        (Pane::Graph, graph),
        (Pane::Inspector, inspector),
        (drawer, bottom),
    ];
    // Side by side both borders can be held; of those above each other only the upper one, since the lower has a title.
    let sides = |right: Rect| Rect { x: right.x.saturating_sub(1), width: 2, ..right };
    let under = |lower: Rect| Rect { y: lower.y.saturating_sub(1), height: 1, ..lower };
    let dividers = vec![
        (Divider::Graph, sides(graph)),
        (Divider::Drawer, under(bottom)),
        (Divider::Lists, sides(inspector)),
        (Divider::Executions, under(orders)),
    ];
    (panes, dividers)
}

/// The list of executions beside the focused pane; those of the drawer need the whole width, and an order its details.
fn two(body: Rect, focus: Pane) -> Vec<(Pane, Rect)> {
    if is_drawer(focus) {
        let (list, pane) = above(body, 6);
        return vec![(Pane::Executions, list), (focus, pane)];
    }
    let (list, pane) = beside(body, 30);
    if focus == Pane::Orders {
        let (orders, inspector) = above(pane, nearest(pane.height, 40));
        return vec![(Pane::Executions, list), (Pane::Orders, orders), (Pane::Inspector, inspector)];
    }
    let other = if focus == Pane::Executions { Pane::Graph } else { focus };
    vec![(Pane::Executions, list), (other, pane)]
}

/// Two parts, the left one so wide.
fn beside(area: Rect, width: u16) -> (Rect, Rect) {
    let width = width.min(area.width);
    (Rect { width, ..area }, Rect { x: area.x + width, width: area.width - width, ..area })
}

/// Two parts, the upper one so high.
fn above(area: Rect, height: u16) -> (Rect, Rect) {
    let height = height.min(area.height);
    (Rect { height, ..area }, Rect { y: area.y + height, height: area.height - height, ..area })
}

/// So many hundredths of a length.
fn share(length: u16, hundredths: u16) -> u16 {
    u16::try_from(u32::from(length) * u32::from(hundredths) / 100).unwrap_or(length)
}

/// The same, to the nearest.
fn nearest(length: u16, hundredths: u16) -> u16 {
    u16::try_from((u32::from(length) * u32::from(hundredths) + 50) / 100).unwrap_or(length)
}

/// The value within bounds; where they contradict each other, the lower one.
const fn between(value: u16, least: u16, most: u16) -> u16 {
    let value = if value < most { value } else { most };
    if value > least { value } else { least }
}

impl Placed {
    /// What is at a place of the screen.
    pub(super) fn hit(&self, column: u16, row: u16) -> Option<Hit> {
        let at = Position::new(column, row);
        if self.header.contains(at) {
            return Some(Hit::Header);
        }
        if self.footer.contains(at) {
            return Some(Hit::Footer(column - self.footer.x));
        }
        if let Some((divider, _)) = self.dividers.iter().find(|(_, area)| area.contains(at)) {
            return Some(Hit::Divider(*divider));
        }
        let (pane, area) = self.panes.iter().find(|(_, area)| area.contains(at)).copied()?;
        let inside = Rect {
            x: area.x + 1,
            y: area.y + 1,
            width: area.width.saturating_sub(2),
            height: area.height.saturating_sub(2),
        };
        Some(if inside.contains(at) {
            Hit::Pane { pane, row: row - inside.y, column: column - inside.x, rows: inside.height }
        } else {
            Hit::Border(pane)
        })
    }
}

/// The shares after a divider was moved to a place of the screen, as near to it as the panes beside it allow.
pub(super) fn dragged(shares: Shares, divider: Divider, to: Position, area: Rect) -> Shares {
    // The terminal may have become smaller while the divider was held.
    if !is_large(area) {
        return shares;
    }
    let body = body(area);
    let sizes = Sizes::of(body, shares);
    let rest = body.width.saturating_sub(sizes.graph);
    let top = body.height.saturating_sub(sizes.drawer);
    let (right, below) = (to.x.saturating_sub(body.x), to.y.saturating_add(1).saturating_sub(body.y));
    match divider {
        Divider::Graph => {
            let width = body.width.saturating_sub(right);
            let width = between(width, GRAPH_LEAST, body.width.saturating_sub(REST_LEAST));
            Shares { graph: hundredths(width, body.width), ..shares }
        }
        Divider::Lists => {
            let width = between(right, LISTS_LEAST, rest.saturating_sub(INSPECTOR_LEAST));
            Shares { lists: hundredths(width, rest), ..shares }
        }
        Divider::Drawer => {
            let height = body.height.saturating_sub(below);
            let height = between(height, DRAWER_LEAST, body.height.saturating_sub(TOP_LEAST));
            Shares { logs: hundredths(height, body.height), ..shares }
        }
        Divider::Executions => {
            let height = between(below, LIST_LEAST, top.saturating_sub(LIST_LEAST));
            Shares { executions: hundredths(height, top), ..shares }
        }
    }
}

/// The share that comes nearest to so much of a length, within what can be set.
fn hundredths(part: u16, length: u16) -> u16 {
    let (part, length) = (u32::from(part), u32::from(length).max(1));
    let (least, most) = Shares::BOUNDS;
    between(u16::try_from((part * 100 + length / 2) / length).unwrap_or(most), least, most)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZES: [(u16, u16); 8] =
        [(60, 18), (80, 24), (109, 40), (110, 30), (120, 40), (160, 50), (200, 60), (250, 80)];

    fn screen((width, height): (u16, u16)) -> Rect {
        Rect::new(0, 0, width, height)
    }

    #[test]
    fn the_panes_fill_the_screen_and_none_covers_another() {
        let odd = [
            Shares::default(),
            Shares { graph: 10, lists: 90, executions: 90, logs: 90 },
            Shares { graph: 90, lists: 10, executions: 10, logs: 10 },
        ];
        for size in SIZES {
            for shares in odd {
                for focus in Pane::ALL {
                    for zoomed in [false, true] {
                        let area = screen(size);
                        let placed = place(area, focus, Pane::Timeline, zoomed, shares);
                        let parts = placed.panes.iter().map(|(_, area)| *area).chain([placed.header, placed.footer]);
                        let parts: Vec<Rect> = parts.collect();
                        let covered: u32 = parts.iter().map(|part| part.area()).sum();
                        assert_eq!(covered, area.area(), "{size:?} {focus:?} {shares:?}");
                        for (index, part) in parts.iter().enumerate() {
                            assert_eq!(part.intersection(area), *part, "{size:?} {focus:?}");
                            assert!(
                                parts[index + 1..].iter().all(|other| !part.intersects(*other)),
                                "{size:?} {focus:?}"
                            );
                        }
                        assert!(placed.panes.iter().any(|(pane, _)| *pane == focus), "{size:?} {focus:?}");
                        assert!(placed.panes.iter().all(|(_, pane)| pane.width >= 24 && pane.height >= 4), "{size:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn sizes_come_from_the_shares() {
        // Screen; widths of graph and lists, heights of executions and drawer.
        let cases = [
            ((110, 30), (56, 27, 11, 8)),
            ((120, 40), (61, 27, 16, 9)),
            ((200, 60), (102, 41, 24, 15)),
            ((250, 80), (127, 51, 32, 20)),
        ];
        for (size, expected) in cases {
            let placed = place(screen(size), Pane::Graph, Pane::Logs, false, Shares::default());
            let of = |pane: Pane| placed.panes.iter().find(|(of, _)| *of == pane).map(|(_, area)| *area).unwrap();
            let (executions, drawer) = (of(Pane::Executions), of(Pane::Logs));
            let found = (of(Pane::Graph).width, executions.width, executions.height, drawer.height);
            assert_eq!(found, expected, "{size:?}");
        }
    }

    #[test]
    fn the_drawer_shows_what_was_focused_last() {
        let cases = [
            ((120, 40), Pane::Graph, Pane::Events, Pane::Events),
            ((120, 40), Pane::Metrics, Pane::Events, Pane::Metrics),
            ((80, 24), Pane::Timeline, Pane::Logs, Pane::Timeline),
        ];
        for (size, focus, drawer, expected) in cases {
            let placed = place(screen(size), focus, drawer, false, Shares::default());
            let (pane, area) = placed.panes.last().copied().unwrap();
            assert_eq!((pane, area.bottom()), (expected, size.1 - 1), "{size:?} {focus:?}");
            assert!(size.0 > 100 || area.width == size.0);
        }
    }

    #[test]
    fn a_place_of_the_screen_is_something() {
        let large = place(screen((120, 40)), Pane::Graph, Pane::Logs, false, Shares::default());
        let small = place(screen((80, 24)), Pane::Graph, Pane::Logs, false, Shares::default());
        let inside = |pane, row, column, rows| Some(Hit::Pane { pane, row, column, rows });
        let cases = [
            (&large, (0, 0), Some(Hit::Header)),
            (&large, (7, 39), Some(Hit::Footer(7))),
            (&large, (120, 5), None),
            (&large, (5, 40), None),
            // The executions: 27 by 16 from row 1 on.
            (&large, (0, 1), Some(Hit::Border(Pane::Executions))),
            (&large, (1, 2), inside(Pane::Executions, 0, 0, 14)),
            (&large, (25, 15), inside(Pane::Executions, 13, 24, 14)),
            (&large, (5, 16), Some(Hit::Divider(Divider::Executions))),
            (&large, (5, 17), Some(Hit::Border(Pane::Orders))),
            (&large, (26, 5), Some(Hit::Divider(Divider::Lists))),
            (&large, (27, 5), Some(Hit::Divider(Divider::Lists))),
            (&large, (28, 5), inside(Pane::Inspector, 3, 0, 27)),
            // The drawer: 9 rows from row 30 on.
            (&large, (5, 29), Some(Hit::Divider(Divider::Drawer))),
            (&large, (5, 30), Some(Hit::Border(Pane::Logs))),
            (&large, (5, 31), inside(Pane::Logs, 0, 4, 7)),
            // The graph begins at column 59.
            (&large, (58, 29), Some(Hit::Divider(Divider::Graph))),
            (&large, (59, 20), Some(Hit::Divider(Divider::Graph))),
            (&large, (60, 2), inside(Pane::Graph, 0, 0, 36)),
            (&large, (60, 1), Some(Hit::Border(Pane::Graph))),
            (&small, (29, 5), Some(Hit::Border(Pane::Executions))),
            (&small, (31, 5), inside(Pane::Graph, 3, 0, 20)),
        ];
        for (placed, (column, row), expected) in cases {
            assert_eq!(placed.hit(column, row), expected, "{column} {row}");
        }
    }

    #[test]
    fn a_divider_goes_where_it_is_drawn_to() {
        use Divider::{Drawer, Executions, Graph, Lists};
        // Along which axis it moves.
        let across = |divider: Divider| matches!(divider, Graph | Lists);
        for size in SIZES.into_iter().filter(|size| is_large(screen(*size))) {
            for divider in [Graph, Lists, Executions, Drawer] {
                for to in (0..=300).step_by(7) {
                    let area = screen(size);
                    let shares = dragged(Shares::default(), divider, Position::new(to, to), area);
                    let (least, most) = Shares::BOUNDS;
                    for share in [shares.graph, shares.lists, shares.executions, shares.logs] {
                        assert!((least..=most).contains(&share), "{shares:?}");
                    }
                    let placed = place(area, Pane::Graph, Pane::Logs, false, shares);
                    let (_, found) = placed.dividers.iter().find(|(of, _)| *of == divider).copied().unwrap();
                    let (found, length) = if across(divider) { (found.x + 1, size.0) } else { (found.y, size.1) };
                    // A hundredth may be more than a cell.
                    let (low, high) = reach(divider, area);
                    let wanted = to.clamp(low, high);
                    assert!(found.abs_diff(wanted) <= length / 100 + 1, "{divider:?} {size:?} to {to}: {found}");
                }
            }
        }
        let small = screen((80, 24));
        assert_eq!(dragged(Shares::default(), Graph, Position::new(9, 9), small), Shares::default());
    }

    /// How far a divider can go, if the others are where they are without a configuration.
    fn reach(divider: Divider, area: Rect) -> (u16, u16) {
        let body = body(area);
        let sizes = Sizes::of(body, Shares::default());
        let (rest, top) = (body.width - sizes.graph, body.height - sizes.drawer);
        let (least, most) = Shares::BOUNDS;
        let within =
            |length: u16, low: u16, high: u16| (low.max(share(length, least)), high.min(nearest(length, most)));
        match divider {
            Divider::Graph => within(body.width, REST_LEAST, body.width - GRAPH_LEAST),
            Divider::Lists => within(rest, LISTS_LEAST, rest - INSPECTOR_LEAST),
            Divider::Drawer => within(body.height, TOP_LEAST, body.height - DRAWER_LEAST),
            Divider::Executions => within(top, LIST_LEAST, top - LIST_LEAST),
        }
    }
}
