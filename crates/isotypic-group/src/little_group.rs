//! Subgroups of small structure, recognised by an isomorphism to a group whose irreps are known.

use crate::finite_group::{Family, FiniteGroup};

/// A subgroup of a group and the known group to which it is isomorphic.
#[derive(Clone, Debug)]
pub(crate) struct LittleGroup {
    group: FiniteGroup,
    /// The element of the large group for each element of `group`.
    members: Vec<usize>,
    /// The element of `group` for each element of the large group that is a member.
    within: Vec<Option<u32>>,
}

impl LittleGroup {
    /// Recognises the subgroup with the given members, which ascend.
    ///
    /// In this order: the whole group, cyclic groups, dihedral ones, direct products of cyclic groups. A mirror
    /// in a dihedral group is `dihedral(1)`, so that it has the irreps A1 and A2. `None` for anything else.
    pub(crate) fn recognise(large: &FiniteGroup, members: &[usize]) -> Option<Self> {
        let (group, members) = if members.len() == large.order() {
            (large.clone(), members.to_vec())
        } else {
            mirror(large, members)
                .or_else(|| cyclic(large, members))
                .or_else(|| dihedral(large, members))
                .or_else(|| abelian(large, members))?
        };
        let mut within = vec![None; large.order()];
        for (index, &member) in (0..).zip(&members) {
            within[member] = Some(index);
        }
        Some(Self { group, members, within })
    }

    /// The known group.
    pub(crate) fn group(&self) -> &FiniteGroup {
        &self.group
    }

    /// The elements of the large group, in the order of the known one.
    pub(crate) fn members(&self) -> &[usize] {
        &self.members
    }

    /// The element of the known group that a member is.
    ///
    /// # Panics
    /// When the element of the large group is no member.
    pub(crate) fn index_of(&self, member: usize) -> u32 {
        self.within[member].expect("the element is a member of the little group")
    }
}

type Isomorphism = Option<(FiniteGroup, Vec<usize>)>;

fn powers(large: &FiniteGroup, g: usize) -> Vec<usize> {
    std::iter::successors(Some(large.identity()), |&power| Some(large.multiply(power, g)))
        .take(large.element_order(g))
        .collect()
}

fn mirror(large: &FiniteGroup, members: &[usize]) -> Isomorphism {
    let Family::Dihedral(polygon) = large.family() else { return None };
    match members {
        &[identity, g] if g >= polygon.turns() => Some((FiniteGroup::dihedral(1).ok()?, vec![identity, g])),
        _ => None,
    }
}

fn cyclic(large: &FiniteGroup, members: &[usize]) -> Isomorphism {
    let generator = members.iter().find(|&&g| large.element_order(g) == members.len())?;
    Some((FiniteGroup::cyclic(members.len()).ok()?, powers(large, *generator)))
}

fn dihedral(large: &FiniteGroup, members: &[usize]) -> Isomorphism {
    let turns = members.len() / 2;
    // Of four elements with squares one any two will do.
    let rotation = *members.iter().find(|&&g| large.element_order(g) == turns)?;
    let rotations = powers(large, rotation);
    let inverts = |s: usize| {
        large.multiply(s, s) == large.identity()
            && large.multiply(large.multiply(s, rotation), s) == large.inverse(rotation)
    };
    let mirror = *members.iter().find(|&&g| !rotations.contains(&g) && inverts(g))?;
    let mirrors: Vec<_> = rotations.iter().map(|&r| large.multiply(r, mirror)).collect();
    Some((FiniteGroup::dihedral(turns).ok()?, [rotations, mirrors].concat()))
}

/// In an abelian group an element of the largest order among those whose powers meet the product so far only in the
/// identity generates a further direct factor.
fn abelian(large: &FiniteGroup, members: &[usize]) -> Isomorphism {
    let commute = |&g: &usize| members.iter().all(|&h| large.multiply(g, h) == large.multiply(h, g));
    if !members.iter().all(commute) {
        return None;
    }
    let (mut factors, mut product) = (Vec::new(), vec![large.identity()]);
    while product.len() < members.len() {
        let powers = members
            .iter()
            .map(|&g| powers(large, g))
            .filter(|powers| powers[1..].iter().all(|power| !product.contains(power)))
            .max_by_key(Vec::len)?;
        factors.push(powers.len());
        product = product.iter().flat_map(|&g| powers.iter().map(move |&h| large.multiply(g, h))).collect();
    }
    Some((FiniteGroup::abelian(&factors).ok()?, product))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn assert_isomorphic(large: &FiniteGroup, members: &[usize], expected: Option<&str>) {
        let little = LittleGroup::recognise(large, members);
        assert_eq!(little.as_ref().map(|little| little.group().name()).as_deref(), expected);
        let Some(little) = little else { return };
        assert_eq!(little.group().order(), members.len());
        for g in little.group().elements() {
            assert_eq!(little.index_of(little.members()[g]) as usize, g);
            for h in little.group().elements() {
                let product = large.multiply(little.members()[g], little.members()[h]);
                assert_eq!(little.members()[little.group().multiply(g, h)], product);
            }
        }
    }

    #[test]
    fn subgroups_of_a_dihedral_group_are_cyclic_or_dihedral() {
        let d4 = FiniteGroup::dihedral(4).unwrap();
        for (members, name) in [
            (&[0][..], "C1"),
            (&[0, 2], "C2"),
            (&[0, 5], "D1"),
            (&[0, 1, 2, 3], "C4"),
            (&[0, 2, 4, 6], "D2"),
            (&[0, 2, 5, 7], "D2"),
            (&[0, 1, 2, 3, 4, 5, 6, 7], "D4"),
        ] {
            assert_isomorphic(&d4, members, Some(name));
        }
        assert_isomorphic(&FiniteGroup::dihedral(6).unwrap(), &[0, 2, 4, 7, 9, 11], Some("D3"));
    }

    #[test]
    fn subgroups_of_abelian_groups_are_products_of_cyclic_ones() {
        let group = FiniteGroup::abelian(&[2, 4, 6]).unwrap();
        let members: Vec<_> = group.elements().filter(|g| g % 2 == 0).collect();
        assert_isomorphic(&group, &members, Some("C12×C2"));
    }

    #[test]
    fn other_subgroups_are_not_recognised() {
        let (d3, c3) = (FiniteGroup::dihedral(3).unwrap(), FiniteGroup::cyclic(3).unwrap());
        let group = d3.direct_product(&c3).unwrap().direct_product(&c3).unwrap();
        let members: Vec<_> = group.elements().filter(|g| g % 3 == 0).collect();
        assert_isomorphic(&group, &members, None);
    }
}
