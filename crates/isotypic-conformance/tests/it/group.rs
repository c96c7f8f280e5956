//! Groups against the axioms, transforms against the direct one.

use isotypic_conformance::{
    assert_characters_are_complete, assert_group_axioms, assert_irreps_are_complete, assert_transform_agrees,
};
use isotypic_group::{DirectFourier, FiniteGroup, FourierPlanner};
use num_complex::Complex64;

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

/// $N ⋊ H$ with $H$ cyclic; `images` are those of the generators of $N$ under the generator of $H$.
fn extension(normal: &[usize], complement: usize, images: &[usize]) -> FiniteGroup {
    let normal = FiniteGroup::abelian(normal).unwrap();
    let factors = normal.cyclic_factors().unwrap().to_vec();
    let apply = |n: usize| {
        let (mut rest, mut image) = (n, 0);
        for (&order, &generator) in factors.iter().zip(images).rev() {
            image = normal.multiply(image, normal.power(generator, (rest % order) as i64));
            rest /= order;
        }
        image
    };
    let generator = |j: usize| if factors[j] == 1 { 0 } else { factors[j + 1..].iter().product() };
    let generators: Vec<usize> = (0..factors.len()).map(generator).collect();
    let rows: Vec<_> =
        std::iter::successors(Some(generators), |row| Some(row.iter().map(|&n| apply(n)).collect()))
            .take(complement)
            .collect();
    FiniteGroup::semidirect_product(&normal, &FiniteGroup::cyclic(complement).unwrap(), &rows).unwrap()
}

/// Semidirect products: p4 and p4m, Frobenius groups, all actions of C2 on C8, dicyclic groups, complements that are
/// not cyclic.
fn semidirect() -> Vec<FiniteGroup> {
    let (c2, c3) = (FiniteGroup::cyclic(2).unwrap(), FiniteGroup::cyclic(3).unwrap());
    let (klein, d3) = (FiniteGroup::abelian(&[2, 2]).unwrap(), FiniteGroup::dihedral(3).unwrap());
    let mut groups = vec![
        // S4: the six permutations of the three elements of order two.
        FiniteGroup::semidirect_product(
            &klein,
            &d3,
            &[vec![2, 1], vec![1, 3], vec![3, 2], vec![1, 2], vec![3, 1], vec![2, 3]],
        )
        .unwrap(),
        // The Klein group, the first factor of which inverts.
        FiniteGroup::semidirect_product(&c3, &klein, &[vec![1], vec![1], vec![2], vec![2]]).unwrap(),
        // The complement is a symmetric group; even permutations keep, odd ones invert.
        FiniteGroup::semidirect_product(
            &c3,
            &FiniteGroup::symmetric(3).unwrap(),
            &[1, 2, 2, 1, 1, 2].map(|image| vec![image]),
        )
        .unwrap(),
        // A trivial action.
        FiniteGroup::semidirect_product(&c2, &d3, &vec![vec![1]; 6]).unwrap(),
        extension(&[7], 3, &[2]),
        extension(&[5], 4, &[2]),
        extension(&[3, 3], 4, &[1, 6]),
        extension(&[3, 3], 4, &[6, 2]),
        extension(&[3], 4, &[2]),
        extension(&[5], 4, &[4]),
        extension(&[3], 8, &[2]),
        extension(&[4], 4, &[3]),
        extension(&[2, 4], 2, &[4, 5]),
        extension(&[1, 3], 2, &[0, 2]),
    ];
    groups.extend([1, 3, 5, 7].map(|power| extension(&[8], 2, &[power])));
    groups.extend([1, 2, 3, 4].map(|n| FiniteGroup::p4(n).unwrap()));
    groups.extend([1, 2, 3].map(|n| FiniteGroup::p4m(n).unwrap()));
    groups
}

/// Direct products that are not abelian, of two and three factors.
fn products() -> Vec<FiniteGroup> {
    let dicyclic = || extension(&[3], 4, &[2]);
    let dihedral = |n| FiniteGroup::dihedral(n).unwrap();
    let cyclic = |n| FiniteGroup::cyclic(n).unwrap();
    let product = |factors: &[FiniteGroup]| {
        let (first, rest) = factors.split_first().unwrap();
        rest.iter().fold(first.clone(), |product, factor| product.direct_product(factor).unwrap())
    };
    vec![
        product(&[dihedral(3), cyclic(4)]),
        product(&[cyclic(4), dihedral(3)]),
        product(&[dihedral(4), dihedral(3)]),
        product(&[dihedral(4), cyclic(2), cyclic(3)]),
        product(&[cyclic(3), dihedral(3), cyclic(3)]),
        product(&[extension(&[7], 3, &[2]), cyclic(3)]),
        product(&[dicyclic(), cyclic(3)]),
        product(&[cyclic(5), dicyclic()]),
        product(&[dihedral(3), dicyclic()]),
        // Two quaternionic factors make real irreps.
        product(&[dicyclic(), dicyclic()]),
        product(&[FiniteGroup::quaternion(), FiniteGroup::quaternion()]),
    ]
}

#[test]
fn every_group_satisfies_the_axioms() {
    for group in all().into_iter().chain(semidirect()).chain(products()) {
        assert_group_axioms(&group);
    }
}

#[test]
fn every_group_knows_all_its_irreps() {
    for group in all().into_iter().chain(semidirect()).chain(products()) {
        assert_irreps_are_complete(&group);
    }
}

#[test]
fn every_transform_agrees_with_the_direct_one() {
    let planner = FourierPlanner::new();
    for group in all().into_iter().chain(semidirect()).chain(products()) {
        assert_transform_agrees(&*planner.plan(&group).unwrap());
        assert_transform_agrees(&DirectFourier::new(group).unwrap());
    }
}

/// Groups of a few hundred elements.
fn larger() -> Vec<FiniteGroup> {
    let named = ["p4:7", "p4m:4", "p4m:5", "p4m:6", "dihedral:8*cyclic:12", "p4:2*dihedral:5"];
    let mut groups = named.map(|spec| FiniteGroup::parse(spec).unwrap()).to_vec();
    // Three triangles that change places: the conjugates of some orbits are reached by elements of order three.
    let moved = |h: usize, j: usize| if h < 3 { (j + h) % 3 } else { (3 - j + h) % 3 };
    let images: Vec<_> = (0..6).map(|h| (0..3).map(|j| [9, 3, 1][moved(h, j)]).collect()).collect();
    let (normal, complement) = (FiniteGroup::abelian(&[3; 3]).unwrap(), FiniteGroup::dihedral(3).unwrap());
    groups.push(FiniteGroup::semidirect_product(&normal, &complement, &images).unwrap());
    groups
}

#[test]
fn larger_groups_know_their_irreps_and_transforms() {
    let planner = FourierPlanner::new();
    for group in larger() {
        assert_characters_are_complete(&group);
        assert_transform_agrees(&*planner.plan(&group).unwrap());
    }
}

#[test]
fn the_transform_of_six_thousand_turned_and_shifted_pictures_returns() {
    let group = FiniteGroup::p4m(28).unwrap();
    let transform = FourierPlanner::new().plan(&group).unwrap();
    let values: Vec<f64> = group.elements().map(|g| (1.3 * g as f64).sin()).collect();
    let mut coefficients = vec![Complex64::ZERO; transform.coefficients_len()];
    transform.forward(&values, &mut coefficients);
    // By the definition, for one slot of each dimension.
    let irreps = group.irreps().unwrap();
    let (mut offset, mut seen) = (0, Vec::new());
    for slot in transform.irreps() {
        let squares = slot.dimension * slot.dimension;
        if !seen.contains(&slot.dimension) {
            seen.push(slot.dimension);
            let (mut sum, mut matrix) = (vec![Complex64::ZERO; squares], vec![Complex64::ZERO; squares]);
            for (g, value) in values.iter().enumerate() {
                irreps[slot.irrep].write_matrix(g, &mut matrix);
                sum.iter_mut().zip(&matrix).for_each(|(sum, entry)| *sum += value * entry);
            }
            for (plain, fast) in sum.iter().zip(&coefficients[offset..]) {
                assert!((plain - fast).norm() < 1e-10, "{}: {plain} and {fast}", slot.label);
            }
        }
        offset += squares;
    }
    assert_eq!(seen, [1, 2, 4, 8]);
    let mut back = vec![0.0; group.order()];
    transform.inverse(&coefficients, &mut back);
    assert!(back.iter().zip(&values).all(|(a, b)| (a - b).abs() < 1e-13));
}
