//! Small generating sets, and what they generate.

use crate::abelian;
use crate::finite_group::{Family, FiniteGroup};

/// A generating set of the group; empty for the trivial one.
pub(crate) fn of(group: &FiniteGroup) -> Vec<usize> {
    match group.family() {
        Family::Abelian(abelian) => {
            let factors = abelian.factors();
            let unit = |factor| {
                let mut position = vec![0; factors.len()];
                position[factor] = 1;
                abelian::index(factors, &position)
            };
            (0..factors.len()).filter(|&factor| factors[factor] > 1).map(unit).collect()
        }
        // r, unless it is the identity, and s
        Family::Dihedral(dihedral) if dihedral.turns() == 1 => vec![1],
        Family::Dihedral(dihedral) => vec![1, dihedral.turns()],
        Family::Symmetric(symmetric) => symmetric.generators(),
        Family::Polyhedral(polyhedral) => polyhedral.generators(),
        // i and j
        Family::Quaternion => vec![2, 4],
        _ => greedy(group, group.elements()),
    }
}

/// Those of `candidates` that are not products of the ones before them.
pub(crate) fn greedy(group: &FiniteGroup, candidates: impl IntoIterator<Item = usize>) -> Vec<usize> {
    let mut chosen = Vec::new();
    let mut reached = closure(group, &chosen);
    for candidate in candidates {
        if !reached[candidate] {
            chosen.push(candidate);
            reached = closure(group, &chosen);
        }
    }
    chosen
}

/// Which elements are products of the given ones.
pub(crate) fn closure(group: &FiniteGroup, generators: &[usize]) -> Vec<bool> {
    let mut reached = vec![false; group.order()];
    reached[group.identity()] = true;
    let mut frontier = vec![group.identity()];
    while let Some(element) = frontier.pop() {
        for &generator in generators {
            let product = group.multiply(element, generator);
            if !reached[product] {
                reached[product] = true;
                frontier.push(product);
            }
        }
    }
    reached
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn generators_generate_and_are_few() {
        let groups = [
            FiniteGroup::abelian(&[1, 4, 1, 3]),
            FiniteGroup::cyclic(1),
            FiniteGroup::dihedral(1),
            FiniteGroup::dihedral(7),
            Ok(FiniteGroup::quaternion()),
            Ok(FiniteGroup::octahedral()),
            Ok(FiniteGroup::icosahedral()),
            FiniteGroup::from_permutations(&[vec![1, 2, 3, 4, 5, 6, 0], vec![0, 2, 4, 6, 1, 3, 5]]),
        ];
        let symmetric = (1..=7).flat_map(|n| [FiniteGroup::symmetric(n), FiniteGroup::alternating(n)]);
        for group in groups.into_iter().chain(symmetric) {
            let group = group.unwrap();
            assert!(closure(&group, group.generators()).iter().all(|&reached| reached), "{group}");
            assert!(group.generators().len() <= 2, "{group}: {:?}", group.generators());
            assert!(!group.generators().contains(&0), "{group}");
        }
    }
}
