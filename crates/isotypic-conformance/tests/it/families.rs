//! What the batteries run on.

use isotypic_group::FiniteGroup;
use proptest::prelude::*;

/// Cyclic groups of even, odd and prime order, their products, dihedral and other groups.
pub(crate) fn groups() -> impl Strategy<Value = FiniteGroup> {
    let abelian = prop_oneof![
        proptest::collection::vec(1usize..=12, 1),
        proptest::collection::vec(1usize..=4, 2),
        proptest::collection::vec(2usize..=3, 3),
    ]
    .prop_map(|factors| FiniteGroup::abelian(&factors).expect("small factors make a group"));
    let dihedral = (1usize..=6).prop_map(|n| FiniteGroup::dihedral(n).expect("a small polygon"));
    let others = proptest::sample::select(vec![
        FiniteGroup::symmetric(3),
        FiniteGroup::alternating(4),
        Ok(FiniteGroup::quaternion()),
        FiniteGroup::p4(2),
        FiniteGroup::dihedral(3).and_then(|group| group.direct_product(&FiniteGroup::cyclic(3)?)),
    ])
    .prop_map(|group| group.expect("a small group"));
    prop_oneof![3 => abelian, 1 => dihedral, 2 => others]
}
