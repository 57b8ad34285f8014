//! The rows that lines take in the channels between ranks.

use std::collections::BTreeSet;

use super::{Net, NetKey, Plan};

/// Up to how many nets a channel's tracks are weighed against each other: that takes the third power of them.
const WEIGHED: usize = 48;

/// How many crossings more there are with this net above the other than below it.
fn crossings(net: &Net, other: &Net) -> i64 {
    let inside = |columns: &BTreeSet<usize>, (left, right): (usize, usize)| {
        i64::try_from(columns.range(left + 1..right.max(left + 1)).count()).unwrap_or(i64::MAX / 4)
    };
    let (span, other_span) = (net.span(), other.span());
    // Above: what comes down to the other passes this one's track, and what goes down from this one the other's.
    let above = inside(&other.upper, span) + inside(&net.lower, other_span);
    let below = inside(&net.upper, other_span) + inside(&other.lower, span);
    above - below
}

impl Plan<'_> {
    /// Gives each net of a channel a track, so that where one comes down in the column in which another goes on, it
    /// turns off above it, and nets of one track stay apart.
    pub(super) fn assign_tracks(&mut self) {
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
                let ready = |net: &usize| above[*net].iter().all(|other| placed[*other].is_some());
                // Of those that may be next: the one whose being above the others crosses them least.
                let cost = |net: usize| -> i64 {
                    if keys.len() > WEIGHED {
                        return 0;
                    }
                    let upper = &channel.nets[&keys[net]];
                    let of = |other: &usize| crossings(upper, &channel.nets[&keys[*other]]);
                    left.iter().filter(|other| **other != net).map(of).sum()
                };
                let next = (0..left.len()).filter(|at| ready(&left[*at])).min_by_key(|at| (cost(left[*at]), *at));
                let Some(position) = next else {
                    // They wait for each other: one of their edges has to go another way.
                    let edges = left.iter().flat_map(|net| channel.nets[&keys[*net]].edges.iter().copied()).collect();
                    channel.tangled.push(edges);
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
                    channel.tangled.push(net.edges.clone());
                }
            }
        }
    }
}
