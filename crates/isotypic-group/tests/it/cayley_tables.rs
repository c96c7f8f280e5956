//! Groups by all their products, and tables that are none.

use isotypic_group::{FiniteGroup, MAX_TABLE_ORDER};
use ndarray::{Array2, array};

fn table_of(group: &FiniteGroup) -> Array2<usize> {
    Array2::from_shape_fn((group.order(), group.order()), |(g, h)| group.multiply(g, h))
}

#[test]
fn a_table_multiplies_as_its_group_and_has_its_characters() {
    for group in [
        FiniteGroup::symmetric(4).unwrap(),
        FiniteGroup::quaternion(),
        FiniteGroup::cyclic(12).unwrap(),
        FiniteGroup::tetrahedral(),
    ] {
        let copy = FiniteGroup::from_cayley_table(&table_of(&group)).unwrap();
        for (g, h) in group.elements().flat_map(|g| group.elements().map(move |h| (g, h))) {
            assert_eq!(copy.multiply(g, h), group.multiply(g, h));
        }
        assert!(group.elements().all(|g| copy.inverse(g) == group.inverse(g)));
        assert_eq!(copy.conjugacy_classes(), group.conjugacy_classes());
        // The same characters in some order.
        let characters = |group: &FiniteGroup| {
            let table = group.character_table().unwrap();
            let rounded = |value: f64| (value * 1e9).round() as i64;
            let rows = table.values().rows().into_iter();
            let mut rows: Vec<Vec<_>> =
                rows.map(|row| row.iter().map(|z| (rounded(z.re), rounded(z.im))).collect()).collect();
            rows.sort();
            rows
        };
        assert_eq!(characters(&copy), characters(&group), "{group}");
    }
    assert_eq!(FiniteGroup::from_cayley_table(&array![[0]]).unwrap().order(), 1);
}

fn refusal(table: &Array2<usize>) -> String {
    let error = FiniteGroup::from_cayley_table(table).unwrap_err();
    assert!(error.hint().is_some(), "{error}");
    error.to_string()
}

#[test]
fn the_triple_that_breaks_associativity_is_named_and_real() {
    // Five elements, each its own inverse: rows and columns are permutations, but no group has them.
    let table = array![[0, 1, 2, 3, 4], [1, 0, 3, 4, 2], [2, 4, 0, 1, 3], [3, 2, 4, 0, 1], [4, 3, 1, 2, 0]];
    let message = refusal(&table);
    let numbers: Vec<usize> =
        message.split(|c: char| !c.is_ascii_digit()).filter_map(|digits| digits.parse().ok()).collect();
    let [g, h, k, left, ..] = numbers[..] else { panic!("{message}") };
    assert_eq!(table[[table[[g, h]], k]], left, "{message}");
    assert_ne!(table[[table[[g, h]], k]], table[[g, table[[h, k]]]], "{message}");
}

#[test]
fn one_wrong_pair_of_products_in_a_large_table_is_found() {
    let mut table = table_of(&FiniteGroup::dihedral(30).unwrap());
    // Exchange two entries of one row: it still lists every element once.
    table.swap([17, 40], [17, 55]);
    assert!(refusal(&table).starts_with("cayley table: ("));
}

#[test]
fn what_is_no_table_is_refused() {
    assert_eq!(
        refusal(&array![[0, 1, 2], [1, 2, 0]]),
        format!("cayley table: expected as many rows as columns, from 1 to {MAX_TABLE_ORDER}, got 2 × 3")
    );
    assert!(refusal(&Array2::zeros((0, 0))).ends_with("got 0 × 0"));
    assert_eq!(refusal(&array![[0, 1], [1, 2]]), "cayley table: 1·1 is 2, outside a group of order 2");
    let swapped = FiniteGroup::from_cayley_table(&array![[1, 0], [0, 1]]).unwrap_err();
    assert_eq!(swapped.to_string(), "cayley table: element 0 is not the identity");
    assert_eq!(swapped.hint().unwrap(), "element 1 is; list it first");
    assert_eq!(refusal(&array![[0, 1], [0, 1]]), "cayley table: element 0 is not the identity");
    assert_eq!(refusal(&array![[0, 1], [1, 1]]), "cayley table, row 1: 1·0 and 1·1 are both 1");
}
