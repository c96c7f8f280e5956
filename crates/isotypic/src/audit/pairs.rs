//! The choice of pairs of seeds from different classes.

use std::collections::BTreeSet;

use isotypic_data::Labels;

use super::settings::PairSelection;
use crate::Error;

/// Pairs of an audit that says nothing about them.
pub(crate) const DEFAULT_PAIRS: usize = 36;

/// The pairs of an audit, in order, as indices into the dataset.
pub(crate) fn select(
    selection: &PairSelection,
    seed: u64,
    labels: &Labels,
) -> Result<Vec<(usize, usize)>, Error> {
    match selection {
        PairSelection::List(pairs) => {
            check(pairs, labels)?;
            Ok(pairs.clone())
        }
        PairSelection::Count(0) => {
            Err(Error::settings("pairs: expected at least 1, got 0", "pass `--pairs 12`"))
        }
        PairSelection::Count(count) => draw(*count, false, seed, labels),
        PairSelection::Default => draw(DEFAULT_PAIRS, true, seed, labels),
    }
}

fn check(pairs: &[(usize, usize)], labels: &Labels) -> Result<(), Error> {
    if pairs.is_empty() {
        return Err(Error::settings(
            "pairs: the list is empty",
            "give at least one pair of indices into the dataset",
        ));
    }
    for (at, &(a, b)) in pairs.iter().enumerate() {
        for index in [a, b] {
            if index >= labels.len() {
                return Err(Error::settings(
                    format!(
                        "pair {at}: index {index} is out of range, the dataset has {} items",
                        labels.len()
                    ),
                    "indices count from 0, in file order",
                ));
            }
        }
        if labels.indices()[a] == labels.indices()[b] {
            let class = labels.name(a).unwrap_or_default();
            return Err(Error::settings(
                format!("pair {at}: items {a} and {b} are of the same class `{class}`"),
                "the two seeds of a pair must be of different classes",
            ));
        }
    }
    Ok(())
}

/// Draws distinct pairs, uniformly among those of different classes; `up_to` of them if there are fewer.
fn draw(count: usize, up_to: bool, seed: u64, labels: &Labels) -> Result<Vec<(usize, usize)>, Error> {
    let classes = labels.indices();
    let sizes = (0..labels.classes().len()).map(|class| classes.iter().filter(|&&c| c == class).count());
    let n = classes.len();
    let available = (n * n - sizes.map(|size| size * size).sum::<usize>()) / 2;
    let count = if up_to { count.min(available) } else { count };
    if available == 0 {
        return Err(Error::settings(
            "pairs: all items are of one class",
            "give data with at least two classes",
        ));
    }
    if count > available {
        return Err(Error::settings(
            format!("pairs: {count} were asked for, but only {available} pairs have different classes"),
            format!("pass `--pairs {available}` or fewer"),
        ));
    }
    if 2 * count >= available {
        // Most pairs are wanted: list them all and shuffle.
        let mut all: Vec<(usize, usize)> = (0..n)
            .flat_map(|a| (a + 1..n).map(move |b| (a, b)))
            .filter(|&(a, b)| classes[a] != classes[b])
            .collect();
        let mut random = SplitMix64(seed);
        for i in 0..count {
            let j = i + random.below(all.len() - i);
            all.swap(i, j);
        }
        all.truncate(count);
        return Ok(all);
    }
    let (mut pairs, mut seen, mut random) = (Vec::new(), BTreeSet::new(), SplitMix64(seed));
    while pairs.len() < count {
        let (a, b) = (random.below(n), random.below(n));
        if classes[a] != classes[b] && seen.insert((a.min(b), a.max(b))) {
            pairs.push((a, b));
        }
    }
    Ok(pairs)
}

/// The generator of Steele, Lea & Flood 2014: small, and the same on every machine.
pub(crate) struct SplitMix64(pub(crate) u64);

impl SplitMix64 {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// Uniform in `0..bound` up to a bias of `bound`/2⁶⁴.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        ((u128::from(self.next()) * bound as u128) >> 64) as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels() -> Labels {
        Labels::from_integers(&[0, 1, 2, 0, 1, 2, 0, 1, 2, 0]).unwrap()
    }

    #[test]
    fn drawn_pairs_are_distinct_and_of_different_classes() {
        let labels = labels();
        for count in [1, 5, 20, 33] {
            let pairs = select(&PairSelection::Count(count), 0, &labels).unwrap();
            let distinct: BTreeSet<_> = pairs.iter().map(|&(a, b)| (a.min(b), a.max(b))).collect();
            assert_eq!((pairs.len(), distinct.len()), (count, count));
            assert!(pairs.iter().all(|&(a, b)| labels.indices()[a] != labels.indices()[b]));
        }
    }

    #[test]
    fn the_seed_decides_the_pairs() {
        let draw = |seed| select(&PairSelection::Count(6), seed, &labels()).unwrap();
        assert_eq!(draw(3), draw(3));
        assert_ne!(draw(3), draw(4));
    }

    #[test]
    fn bad_pairs_are_named() {
        let message = |selection| select(&selection, 0, &labels()).unwrap_err().to_string();
        assert_eq!(
            message(PairSelection::List(vec![(0, 1), (2, 10)])),
            "pair 1: index 10 is out of range, the dataset has 10 items"
        );
        assert_eq!(
            message(PairSelection::List(vec![(0, 3)])),
            "pair 0: items 0 and 3 are of the same class `0`"
        );
        assert_eq!(
            message(PairSelection::Count(34)),
            "pairs: 34 were asked for, but only 33 pairs have different classes"
        );
        assert!(select(&PairSelection::Count(0), 0, &labels()).is_err());
        let one_class = Labels::from_integers(&[1, 1]).unwrap();
        assert!(select(&PairSelection::Default, 0, &one_class).is_err());
    }
}
