//! Which known word was probably meant by another.

/// Longer words than this are not compared: nothing that is known is as long.
const LONGEST: usize = 40;

/// The known word that is nearest to `word`, if one is near enough to have been meant.
pub(super) fn nearest<'k>(word: &str, known: &[&'k str]) -> Option<&'k str> {
    let word: Vec<char> = word.chars().take(LONGEST + 1).flat_map(char::to_lowercase).collect();
    if word.len() > LONGEST {
        return None;
    }
    // A third of the letters may be wrong; of two letters one.
    let allowed = (word.len() / 3).max(1);
    let distances = known.iter().map(|known| (distance(&word, &known.chars().collect::<Vec<_>>()), *known));
    distances.filter(|(distance, _)| *distance <= allowed).min_by_key(|(distance, _)| *distance).map(|(_, known)| known)
}

/// How many letters have to be put in, left out, exchanged for another or for their neighbour to come from one word to
/// the other.
fn distance(from: &[char], to: &[char]) -> usize {
    let mut before: Vec<usize> = Vec::new();
    let mut above: Vec<usize> = (0..=to.len()).collect();
    for (row, of_from) in from.iter().enumerate() {
        let mut current = vec![row + 1];
        for (column, of_to) in to.iter().enumerate() {
            let at = |row: &[usize], column: usize| row.get(column).copied().unwrap_or(usize::MAX / 2);
            let exchanged = at(&above, column) + usize::from(of_from != of_to);
            let mut least = exchanged.min(at(&above, column + 1) + 1).min(at(&current, column) + 1);
            let crossed =
                row > 0 && column > 0 && from.get(row - 1) == Some(of_to) && to.get(column - 1) == Some(of_from);
            if crossed {
                least = least.min(at(&before, column - 1) + 1);
            }
            current.push(least);
        }
        before = std::mem::replace(&mut above, current);
    }
    above.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_what_was_meant() {
        let known = ["theme", "depth", "signs", "quit", "new-order", "up"];
        let cases = [
            ("theme", Some("theme")),
            ("Theme", Some("theme")),
            ("them", Some("theme")),
            ("tehme", Some("theme")),
            ("qiut", Some("quit")),
            ("new_order", Some("new-order")),
            ("neworder", Some("new-order")),
            ("pu", Some("up")),
            ("colour", None),
            ("", None),
            ("x", None),
        ];
        for (word, expected) in cases {
            assert_eq!(nearest(word, &known), expected, "{word}");
        }
        assert_eq!(nearest(&"theme".repeat(1000), &known), None);
    }
}
