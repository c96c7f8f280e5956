//! The group axioms, on random groups and elements.

use isotypic_group::FiniteGroup;
use proptest::prelude::*;

/// A product of up to three cyclic groups with three of its elements.
fn group_and_elements() -> impl Strategy<Value = (FiniteGroup, usize, usize, usize)> {
    prop::collection::vec(1usize..12, 1..4).prop_flat_map(|factors| {
        let group = FiniteGroup::abelian(&factors).unwrap();
        let elements = group.elements();
        (Just(group), elements.clone(), elements.clone(), elements)
    })
}

proptest! {
    #[test]
    fn multiplication_is_associative_and_closed((group, g, h, k) in group_and_elements()) {
        let left = group.multiply(group.multiply(g, h), k);
        prop_assert_eq!(left, group.multiply(g, group.multiply(h, k)));
        prop_assert!(group.elements().contains(&left));
    }

    #[test]
    fn identity_and_inverse_do_what_they_say((group, g, h, _) in group_and_elements()) {
        let e = group.identity();
        prop_assert_eq!(group.multiply(g, e), g);
        prop_assert_eq!(group.multiply(e, g), g);
        prop_assert_eq!(group.multiply(group.inverse(g), g), e);
        let product = group.multiply(g, h);
        prop_assert_eq!(group.inverse(product), group.multiply(group.inverse(h), group.inverse(g)));
    }

    #[test]
    fn products_commute_exactly_when_the_group_says_so((group, g, h, _) in group_and_elements()) {
        prop_assert!(group.is_abelian());
        prop_assert_eq!(group.multiply(g, h), group.multiply(h, g));
    }

    #[test]
    fn powers_are_repeated_products((group, g, _, _) in group_and_elements(), exponent in 0i64..40) {
        let mut expected = group.identity();
        for _ in 0..exponent {
            expected = group.multiply(expected, g);
        }
        prop_assert_eq!(group.power(g, exponent), expected);
        prop_assert_eq!(group.power(g, -exponent), group.inverse(expected));
    }

    #[test]
    fn the_order_of_an_element_is_its_first_trivial_power((group, g, _, _) in group_and_elements()) {
        let mut power = g;
        let mut order = 1;
        while power != group.identity() {
            power = group.multiply(power, g);
            order += 1;
        }
        prop_assert_eq!(group.element_order(g), order);
    }
}
