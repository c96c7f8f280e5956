//! Subgroups, cosets and quotients against counting.

use isotypic_group::{FiniteGroup, GroupError, Subgroup};

#[test]
fn cosets_divide_the_group_evenly() {
    let group = FiniteGroup::symmetric(4).unwrap();
    for generators in [vec![], vec![1], vec![3], vec![6, 1], vec![7, 9]] {
        let subgroup = Subgroup::generated_by(&group, &generators);
        assert_eq!(subgroup.order() * subgroup.index(), 24);
        assert!(generators.iter().all(|&g| subgroup.contains(g)));
        for (cosets, is_left) in [(subgroup.left_cosets(), true), (subgroup.right_cosets(), false)] {
            assert_eq!(cosets.len(), subgroup.index());
            for (number, &first) in cosets.representatives().iter().enumerate() {
                let members: Vec<usize> = cosets.members(number).collect();
                let translate = |h: usize| match is_left {
                    true => group.multiply(first, h),
                    false => group.multiply(h, first),
                };
                let mut expected: Vec<usize> = subgroup.elements().iter().map(|&h| translate(h)).collect();
                expected.sort_unstable();
                assert_eq!((members[0], &members), (first, &expected));
            }
        }
        assert_eq!(subgroup.is_normal(), subgroup.left_cosets() == subgroup.right_cosets());
    }
}

#[test]
fn a_quotient_multiplies_cosets() {
    let group = FiniteGroup::symmetric(4).unwrap();
    let double_transpositions = Subgroup::generated_by(&group, &[7]).normal_closure();
    assert_eq!(double_transpositions.order(), 4);
    let (quotient, projection) = double_transpositions.quotient().unwrap();
    assert_eq!((quotient.order(), quotient.is_abelian()), (6, false));
    for (g, h) in group.elements().flat_map(|g| group.elements().map(move |h| (g, h))) {
        assert_eq!(quotient.multiply(projection[g], projection[h]), projection[group.multiply(g, h)]);
    }
    assert_eq!(quotient.irreps().unwrap().iter().map(|irrep| irrep.dimension).collect::<Vec<_>>(), [1, 1, 2]);
}

#[test]
fn one_dimensional_irreps_are_those_of_the_largest_abelian_quotient() {
    for group in [
        FiniteGroup::symmetric(5).unwrap(),
        FiniteGroup::alternating(4).unwrap(),
        FiniteGroup::icosahedral(),
        FiniteGroup::quaternion(),
        FiniteGroup::dihedral(6).unwrap(),
        FiniteGroup::dihedral(7).unwrap(),
        FiniteGroup::p4m(3).unwrap(),
        FiniteGroup::abelian(&[4, 6]).unwrap(),
    ] {
        let commutators = Subgroup::commutators(&group);
        let linear = group.irreps().unwrap().iter().filter(|irrep| irrep.dimension == 1).count();
        assert_eq!(commutators.index(), linear, "{group}");
        assert!(commutators.quotient().unwrap().0.is_abelian());
    }
}

#[test]
fn centers_are_the_classes_of_one_element() {
    for group in [FiniteGroup::quaternion(), FiniteGroup::dihedral(6).unwrap(), FiniteGroup::tetrahedral()] {
        let alone = group.conjugacy_classes().sizes().iter().filter(|&&size| size == 1).count();
        assert_eq!(Subgroup::center(&group).order(), alone, "{group}");
    }
}

#[test]
fn a_subgroup_is_a_group_of_its_own() {
    let group = FiniteGroup::octahedral();
    let stabiliser = Subgroup::generated_by(&group, &[1, 2]);
    let own = stabiliser.to_group().unwrap();
    let elements = stabiliser.elements();
    for (a, b) in own.elements().flat_map(|a| own.elements().map(move |b| (a, b))) {
        assert_eq!(elements[own.multiply(a, b)], group.multiply(elements[a], elements[b]));
    }
}

#[test]
fn what_is_no_subgroup_or_not_normal_is_named() {
    let group = FiniteGroup::symmetric(3).unwrap();
    assert_eq!(
        Subgroup::from_elements(&group, &[0, 1, 2]).unwrap_err(),
        GroupError::NotClosed { g: 1, h: 2, product: group.multiply(1, 2) }
    );
    assert!(matches!(Subgroup::from_elements(&group, &[]), Err(GroupError::NotClosed { .. })));
    assert_eq!(
        Subgroup::from_elements(&group, &[0, 6]).unwrap_err().to_string(),
        "element 6 is outside a group of order 6"
    );
    let listed = Subgroup::from_elements(&group, &[4, 0, 3, 3]).unwrap();
    assert_eq!(listed.elements(), [0, 3, 4]);
    let error = Subgroup::generated_by(&group, &[1]).quotient().unwrap_err();
    let GroupError::NotNormal { g, h, conjugate } = error else { panic!("{error}") };
    assert_eq!(group.multiply(group.multiply(g, h), group.inverse(g)), conjugate);
    assert!(error.to_string().starts_with("not a normal subgroup: it contains 1, but not "));
}
