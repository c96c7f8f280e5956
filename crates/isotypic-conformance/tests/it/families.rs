//! What the batteries run on.

use isotypic_group::FiniteGroup;
use proptest::prelude::*;

/// Cyclic groups of even, odd and prime order, products, and dihedral groups.
pub(crate) fn groups() -> impl Strategy<Value = FiniteGroup> {
    let abelian = prop_oneof![
        proptest::collection::vec(1usize..=12, 1),
        proptest::collection::vec(1usize..=4, 2),
        proptest::collection::vec(2usize..=3, 3),
    ]
    .prop_map(|factors| FiniteGroup::abelian(&factors).expect("small factors make a group"));
    let dihedral = (1usize..=6).prop_map(|n| FiniteGroup::dihedral(n).expect("a small polygon"));
    prop_oneof![3 => abelian, 1 => dihedral]
}
