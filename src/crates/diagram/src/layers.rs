//! Where the boxes of one scope go: ranks, order within a rank, columns.

/// Something that takes a place in a rank: a box, or the passage of a long edge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Item {
    /// A node, by its index.
    Node(usize),
    /// The edge of that index on its way through.
    Passage(usize),
}

/// The ranks with their items in order.
#[derive(Clone, Debug, Default)]
pub(crate) struct Layers {
    pub(crate) ranks: Vec<Vec<Item>>,
    /// The rank of each node.
    pub(crate) rank_of: Vec<usize>,
}

impl Layers {
    /// Puts an item into its rank right behind another of the same rank.
    pub(crate) fn put_behind(&mut self, item: Item, other: Item) {
        for rank in &mut self.ranks {
            let Some(at) = rank.iter().position(|known| *known == item) else { continue };
            rank.remove(at);
            let behind = rank.iter().position(|known| *known == other).map_or(rank.len(), |place| place + 1);
            rank.insert(behind, item);
            return;
        }
    }
}

/// Which edges go back, against the direction in which the nodes are first met from the start.
pub(crate) fn back_edges(nodes: usize, edges: &[(usize, usize)], start: Option<usize>) -> Vec<bool> {
    #[derive(Clone, Copy, PartialEq)]
    enum Seen {
        No,
        Open,
        Done,
    }
    let mut outgoing: Vec<Vec<usize>> = vec![Vec::new(); nodes];
    for (index, (from, _)) in edges.iter().enumerate() {
        outgoing[*from].push(index);
    }
    let mut seen = vec![Seen::No; nodes];
    let mut back = vec![false; edges.len()];
    for root in start.into_iter().chain(0..nodes) {
        if seen[root] != Seen::No {
            continue;
        }
        seen[root] = Seen::Open;
        // An explicit stack: a chain may be as long as a definition is large.
        let mut stack = vec![(root, 0)];
        while let Some((node, next)) = stack.last_mut() {
            let Some(&edge) = outgoing[*node].get(*next) else {
                seen[*node] = Seen::Done;
                stack.pop();
                continue;
            };
            *next += 1;
            let to = edges[edge].1;
            match seen[to] {
                Seen::No => {
                    seen[to] = Seen::Open;
                    stack.push((to, 0));
                }
                Seen::Open => back[edge] = true,
                Seen::Done => {}
            }
        }
    }
    back
}

/// Ranks the nodes by the longest way to them over the edges that do not go back, each of at least its length.
pub(crate) fn ranks(nodes: usize, edges: &[(usize, usize)], lengths: &[usize], back: &[bool]) -> Vec<usize> {
    let mut waiting = vec![0_usize; nodes];
    for ((_, to), _) in edges.iter().zip(back).filter(|(_, back)| !**back) {
        waiting[*to] += 1;
    }
    let mut outgoing: Vec<Vec<(usize, usize)>> = vec![Vec::new(); nodes];
    for (((from, to), length), _) in edges.iter().zip(lengths).zip(back).filter(|(_, back)| !**back) {
        outgoing[*from].push((*to, *length));
    }
    let mut rank = vec![0; nodes];
    let mut open: std::collections::VecDeque<usize> = (0..nodes).filter(|node| waiting[*node] == 0).collect();
    while let Some(node) = open.pop_front() {
        for (to, length) in &outgoing[node] {
            rank[*to] = rank[*to].max(rank[node] + length);
            waiting[*to] -= 1;
            if waiting[*to] == 0 {
                open.push_back(*to);
            }
        }
    }
    rank
}

/// Puts nodes and passages into their ranks, in the order with fewest crossings that a few sweeps find.
/// Passages begin at the left of the nodes or at their right.
pub(crate) fn order(rank_of: Vec<usize>, straight: &[(usize, usize, usize)], passages_left: bool) -> Layers {
    let count = rank_of.iter().max().map_or(0, |last| last + 1);
    let mut items: Vec<Item> = (0..rank_of.len()).map(Item::Node).collect();
    let mut ranks: Vec<Vec<usize>> = vec![Vec::new(); count];
    for (node, rank) in rank_of.iter().enumerate() {
        ranks[*rank].push(node);
    }
    // What each item is joined with in the rank above it and in the one below.
    let mut joined: Vec<[Vec<usize>; 2]> = vec![[Vec::new(), Vec::new()]; items.len()];
    for (edge, from, to) in straight {
        let mut last = *from;
        for rank in ranks.iter_mut().take(rank_of[*to]).skip(rank_of[*from] + 1) {
            let passage = items.len();
            items.push(Item::Passage(*edge));
            joined.push([vec![last], Vec::new()]);
            joined[last][1].push(passage);
            rank.push(passage);
            last = passage;
        }
        joined[last][1].push(*to);
        joined[*to][0].push(last);
    }
    if passages_left {
        // Stable: among themselves all stay as they are.
        ranks.iter_mut().for_each(|rank| rank.sort_by_key(|item| matches!(items[*item], Item::Node(_))));
    }
    let mut place = vec![0; items.len()];
    let settle = |rank: &[usize], place: &mut [usize]| {
        for (at, item) in rank.iter().enumerate() {
            place[*item] = at;
        }
    };
    ranks.iter().for_each(|rank| settle(rank, &mut place));
    let mut best = ranks.clone();
    let mut fewest = usize::MAX;
    for sweep in 0..8 {
        let crossings = (1..count).map(|rank| crossings(&ranks[rank], &joined, &place)).sum();
        if crossings < fewest {
            fewest = crossings;
            best.clone_from(&ranks);
        }
        if fewest == 0 {
            break;
        }
        let down = sweep % 2 == 0;
        for step in 1..count {
            let rank = if down { step } else { count - 1 - step };
            let towards = usize::from(!down);
            let mut weighed: Vec<(f64, usize, usize)> = ranks[rank]
                .iter()
                .map(|item| {
                    let others = &joined[*item][towards];
                    #[expect(clippy::cast_precision_loss, reason = "places are small numbers")]
                    let weight = if others.is_empty() {
                        place[*item] as f64
                    } else {
                        others.iter().map(|other| place[*other]).sum::<usize>() as f64 / others.len() as f64
                    };
                    (weight, place[*item], *item)
                })
                .collect();
            weighed.sort_by(|left, right| left.0.total_cmp(&right.0).then(left.1.cmp(&right.1)));
            ranks[rank] = weighed.into_iter().map(|(.., item)| item).collect();
            settle(&ranks[rank], &mut place);
        }
    }
    let ranks = best.into_iter().map(|rank| rank.into_iter().map(|item| items[item]).collect()).collect();
    Layers { ranks, rank_of }
}

/// How often the lines between a rank and the one above it cross.
fn crossings(rank: &[usize], joined: &[[Vec<usize>; 2]], place: &[usize]) -> usize {
    // The lines from left to right as they arrive; each crosses those before it that begin farther to the right.
    let mut begins: Vec<usize> = Vec::new();
    let mut count = 0;
    for item in rank {
        let mut above: Vec<usize> = joined[*item][0].iter().map(|other| place[*other]).collect();
        above.sort_unstable();
        for begin in &above {
            count += begins.len() - begins.partition_point(|known| known <= begin);
        }
        for begin in above {
            let at = begins.partition_point(|known| *known <= begin);
            begins.insert(at, begin);
        }
    }
    count
}

/// Places boxes of these widths, `gap` apart, as near as can be to the wanted left columns (least squares: the "pool
/// adjacent violators" of isotonic regression).
pub(crate) fn near(wanted: &[i64], widths: &[i64], gap: i64) -> Vec<i64> {
    let mut offset = 0;
    let mut blocks: Vec<(i64, i64)> = Vec::new();
    let mut offsets = Vec::new();
    for (wanted, width) in wanted.iter().zip(widths) {
        offsets.push(offset);
        blocks.push((wanted - offset, 1));
        offset += width + gap;
        while let [.., (sum_before, count_before), (sum, count)] = blocks.as_slice() {
            if sum_before * count <= sum * count_before {
                break;
            }
            let merged = (sum_before + sum, count_before + count);
            blocks.truncate(blocks.len() - 2);
            blocks.push(merged);
        }
    }
    let placed = blocks.iter().flat_map(|(sum, count)| {
        let at = sum.div_euclid(*count);
        std::iter::repeat_n(at, usize::try_from(*count).unwrap_or(0))
    });
    placed.zip(offsets).map(|(at, offset)| at + offset).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn boxes_stay_apart_and_near_to_where_they_want_to_be() {
        assert_eq!(near(&[0, 20], &[10, 10], 2), [0, 20]);
        assert_eq!(near(&[10, 10], &[10, 10], 2), [4, 16]);
        assert_eq!(near(&[30, 0], &[10, 10], 2), [9, 21]);
    }

    #[test]
    fn loops_have_one_way_back() {
        assert_eq!(back_edges(3, &[(0, 1), (1, 2), (2, 0), (1, 1)], Some(0)), [false, false, true, true]);
    }
}
