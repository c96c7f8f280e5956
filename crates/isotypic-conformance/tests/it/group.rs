//! Groups against the axioms, transforms against the direct one.

use isotypic_conformance::{assert_group_axioms, assert_irreps_are_complete, assert_transform_agrees};
use isotypic_group::{DirectFourier, FiniteGroup, FourierPlanner};

fn all() -> Vec<FiniteGroup> {
    let cyclic = (1..=17).chain([28, 36]).map(|n| vec![n]);
    let products = [vec![1, 1], vec![2, 2], vec![4, 3], vec![3, 6], vec![7, 4], vec![2, 3, 4], vec![5, 1, 5]];
    let abelian = cyclic.chain(products).map(|factors| FiniteGroup::abelian(&factors).unwrap());
    let dihedral = (1..=9).chain([12]).map(|n| FiniteGroup::dihedral(n).unwrap());
    let named = [
        FiniteGroup::symmetric(1).unwrap(),
        FiniteGroup::symmetric(2).unwrap(),
        FiniteGroup::symmetric(3).unwrap(),
        FiniteGroup::symmetric(4).unwrap(),
        FiniteGroup::alternating(2).unwrap(),
        FiniteGroup::alternating(3).unwrap(),
        FiniteGroup::alternating(4).unwrap(),
        FiniteGroup::alternating(5).unwrap(),
        FiniteGroup::quaternion(),
        FiniteGroup::klein_four(),
        FiniteGroup::tetrahedral(),
        FiniteGroup::octahedral(),
        FiniteGroup::icosahedral(),
    ];
    abelian.chain(dihedral).chain(named).collect()
}

#[test]
fn every_group_satisfies_the_axioms() {
    for group in all() {
        assert_group_axioms(&group);
    }
}

#[test]
fn every_group_knows_all_its_irreps() {
    for group in all() {
        assert_irreps_are_complete(&group);
    }
}

#[test]
fn every_transform_agrees_with_the_direct_one() {
    let planner = FourierPlanner::new();
    for group in all() {
        assert_transform_agrees(&*planner.plan(&group).unwrap());
        assert_transform_agrees(&DirectFourier::new(group).unwrap());
    }
}
