//! What the batteries run on.

use isotypic_group::FiniteGroup;
use proptest::prelude::*;

/// Cyclic groups of even, odd and prime order, products, dihedral groups, and some with complex and quaternionic irreps of
/// dimension two and more.
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
        FiniteGroup::parse("dihedral:3*cyclic:3"),
        FiniteGroup::parse("p4m:1*flip"),
        Ok(dicyclic()),
    ])
    .prop_map(|group| group.expect("a small group"));
    prop_oneof![3 => abelian, 1 => dihedral, 2 => others]
}

/// C3⋊C4, in which the generator of C4 inverts; one irrep is quaternionic.
fn dicyclic() -> FiniteGroup {
    let cyclic = |n| FiniteGroup::cyclic(n).expect("a small order");
    let images: Vec<_> = [1, 2, 1, 2].map(|image| vec![image]).to_vec();
    FiniteGroup::semidirect_product(&cyclic(3), &cyclic(4), &images).expect("inversion is an automorphism")
}
