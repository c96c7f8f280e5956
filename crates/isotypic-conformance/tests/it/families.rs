//! What the batteries run on.

use isotypic_group::FiniteGroup;
use proptest::prelude::*;

/// Cyclic groups of even, odd and prime order, and products.
pub(crate) fn groups() -> impl Strategy<Value = FiniteGroup> {
    prop_oneof![
        proptest::collection::vec(1usize..=12, 1),
        proptest::collection::vec(1usize..=4, 2),
        proptest::collection::vec(2usize..=3, 3),
    ]
    .prop_map(|factors| FiniteGroup::abelian(&factors).expect("small factors make a group"))
}
