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

/// Ranks the nodes by the longest way to them over the edges that do not go back.
pub(crate) fn ranks(nodes: usize, edges: &[(usize, usize)], back: &[bool]) -> Vec<usize> {
    let mut waiting = vec![0_usize; nodes];
    for ((_, to), _) in edges.iter().zip(back).filter(|(_, back)| !**back) {
        waiting[*to] += 1;
    }
    let mut outgoing: Vec<Vec<usize>> = vec![Vec::new(); nodes];
    for ((from, to), _) in edges.iter().zip(back).filter(|(_, back)| !**back) {
        outgoing[*from].push(*to);
    }
    let mut rank = vec![0; nodes];
    let mut open: std::collections::VecDeque<usize> = (0..nodes).filter(|node| waiting[*node] == 0).collect();
    while let Some(node) = open.pop_front() {
        for to in &outgoing[node] {
            rank[*to] = rank[*to].max(rank[node] + 1);
            waiting[*to] -= 1;
            if waiting[*to] == 0 {
                open.push_back(*to);
            }
        }
    }
    rank
}

/// Puts nodes and passages into their ranks, in the order with fewest crossings that a few sweeps find.
pub(crate) fn order(rank_of: Vec<usize>, straight: &[(usize, usize, usize)]) -> Layers {
    let count = rank_of.iter().max().map_or(0, |last| last + 1);
    let mut ranks: Vec<Vec<Item>> = vec![Vec::new(); count];
    for (node, rank) in rank_of.iter().enumerate() {
        ranks[*rank].push(Item::Node(node));
    }
    for (edge, from, to) in straight {
        for rank in ranks.iter_mut().take(rank_of[*to]).skip(rank_of[*from] + 1) {
            rank.push(Item::Passage(*edge));
        }
    }
    let mut layers = Layers { ranks, rank_of };
    let mut best = layers.ranks.clone();
    let mut fewest = usize::MAX;
    for sweep in 0..8 {
        let crossings = (1..count).map(|rank| crossings(&layers, rank, straight)).sum();
        if crossings < fewest {
            fewest = crossings;
            best.clone_from(&layers.ranks);
        }
        if fewest == 0 {
            break;
        }
        let down = sweep % 2 == 0;
        for step in 1..count {
            let (rank, other) = if down { (step, step - 1) } else { (count - 1 - step, count - step) };
            sort_by_neighbours(&mut layers, rank, other, straight);
        }
    }
    layers.ranks = best;
    layers
}

/// The items that an item is joined with in a rank beside its own, by their places there.
fn neighbours(layers: &Layers, item: Item, other: usize, straight: &[(usize, usize, usize)]) -> Vec<usize> {
    let place = |wanted: Item| layers.ranks[other].iter().position(|item| *item == wanted);
    let far_end = |edge: usize, node: usize| {
        if layers.rank_of[node] == other { Item::Node(node) } else { Item::Passage(edge) }
    };
    straight
        .iter()
        .filter_map(|(edge, from, to)| {
            let (low, high) = (layers.rank_of[*from], layers.rank_of[*to]);
            if other < low || other > high {
                return None;
            }
            let joined = match item {
                Item::Passage(passing) => passing == *edge,
                Item::Node(node) => node == *from || node == *to,
            };
            if !joined {
                return None;
            }
            let towards = match item {
                Item::Node(node) if node == *from && other == low + 1 => far_end(*edge, *to),
                Item::Node(node) if node == *to && other + 1 == high => far_end(*edge, *from),
                Item::Passage(_) if other == low => Item::Node(*from),
                Item::Passage(_) if other == high => Item::Node(*to),
                Item::Passage(_) => Item::Passage(*edge),
                Item::Node(_) => return None,
            };
            place(towards)
        })
        .collect()
}

fn sort_by_neighbours(layers: &mut Layers, rank: usize, other: usize, straight: &[(usize, usize, usize)]) {
    let items = layers.ranks[rank].clone();
    let mut weighed: Vec<(f64, usize, Item)> = items
        .iter()
        .enumerate()
        .map(|(place, item)| {
            let joined = neighbours(layers, *item, other, straight);
            #[expect(clippy::cast_precision_loss, reason = "places are small numbers")]
            let weight = if joined.is_empty() {
                place as f64
            } else {
                joined.iter().sum::<usize>() as f64 / joined.len() as f64
            };
            (weight, place, *item)
        })
        .collect();
    weighed.sort_by(|left, right| left.0.total_cmp(&right.0).then(left.1.cmp(&right.1)));
    layers.ranks[rank] = weighed.into_iter().map(|(.., item)| item).collect();
}

fn crossings(layers: &Layers, rank: usize, straight: &[(usize, usize, usize)]) -> usize {
    let lines: Vec<(usize, usize)> = layers.ranks[rank]
        .iter()
        .enumerate()
        .flat_map(|(place, item)| {
            neighbours(layers, *item, rank - 1, straight).into_iter().map(move |above| (above, place))
        })
        .collect();
    let mut count = 0;
    for (index, (above, below)) in lines.iter().enumerate() {
        count += lines[index + 1..]
            .iter()
            .filter(|(other_above, other_below)| {
                (above < other_above && below > other_below) || (above > other_above && below < other_below)
            })
            .count();
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
