//! Every fast transform against the direct sum, and the theorems both obey.

use isotypic_group::{
    AbelianFourier, CyclicFourier, DirectFourier, FiniteGroup, FourierPlanner, FourierScratch, GroupFourier,
};
use num_complex::Complex64;
use proptest::prelude::*;

const GROUPS: [&[usize]; 14] = [
    &[1],
    &[2],
    &[3],
    &[7],
    &[16],
    &[28],
    &[64],
    &[101],
    &[4, 6],
    &[28, 28],
    &[2, 3, 5],
    &[5, 1],
    &[1, 4],
    &[2, 2, 3, 2],
];

/// Numbers without symmetry, in (-1, 1).
fn signal(len: usize, seed: u64) -> Vec<f64> {
    let mut state = seed;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 11) as f64 / (1u64 << 52) as f64 - 1.0
    };
    (0..len).map(|_| next()).collect()
}

fn forward(transform: &dyn GroupFourier, values: &[f64]) -> Vec<Complex64> {
    let mut coefficients = vec![Complex64::new(f64::NAN, f64::NAN); transform.coefficients_len()];
    transform.forward(values, &mut coefficients);
    coefficients
}

fn inverse(transform: &dyn GroupFourier, coefficients: &[Complex64]) -> Vec<f64> {
    let mut values = vec![f64::NAN; transform.group().order()];
    transform.inverse(coefficients, &mut values);
    values
}

fn assert_close(actual: &[f64], expected: &[f64], tolerance: f64) {
    assert_eq!(actual.len(), expected.len());
    for (a, e) in actual.iter().zip(expected) {
        assert!((a - e).abs() <= tolerance, "{a} is not {e}");
    }
}

/// The transforms that exist for a product, and the planner's choice.
fn fast_transforms(factors: &[usize]) -> Vec<Box<dyn GroupFourier>> {
    let mut transforms: Vec<Box<dyn GroupFourier>> = vec![Box::new(AbelianFourier::new(factors).unwrap())];
    if let [n] = factors {
        transforms.push(Box::new(CyclicFourier::new(*n).unwrap()));
    }
    transforms
}

#[test]
fn fast_transforms_equal_the_direct_sum_in_both_directions() {
    for factors in GROUPS {
        let direct = DirectFourier::new(FiniteGroup::abelian(factors).unwrap()).unwrap();
        let values = signal(direct.group().order(), 7);
        let expected = forward(&direct, &values);
        // Any coefficients, real irreps with an imaginary part included, not only those of a function.
        let parts = signal(2 * expected.len(), 8);
        let arbitrary: Vec<_> = parts.chunks(2).map(|c| Complex64::new(c[0], c[1])).collect();
        let expected_values = inverse(&direct, &arbitrary);
        for fast in fast_transforms(factors) {
            assert_eq!(fast.irreps(), direct.irreps());
            let norm = values.len() as f64;
            for (a, e) in forward(fast.as_ref(), &values).iter().zip(&expected) {
                assert!((a - e).norm() <= 1e-15 * norm.max(10.0), "{factors:?}: {a} is not {e}");
            }
            assert_close(&inverse(fast.as_ref(), &arbitrary), &expected_values, 1e-14);
        }
    }
}

#[test]
fn inverse_undoes_forward() {
    for factors in GROUPS {
        let group = FiniteGroup::abelian(factors).unwrap();
        let values = signal(group.order(), 3);
        let mut transforms = fast_transforms(factors);
        transforms.push(Box::new(DirectFourier::new(group).unwrap()));
        for transform in transforms {
            let coefficients = forward(transform.as_ref(), &values);
            assert_close(&inverse(transform.as_ref(), &coefficients), &values, 1e-13);
        }
    }
}

#[test]
fn coefficients_of_real_irreps_are_exactly_real_and_the_first_is_the_sum() {
    for factors in GROUPS {
        let group = FiniteGroup::abelian(factors).unwrap();
        let values = signal(group.order(), 5);
        let mut transforms = fast_transforms(factors);
        transforms.push(Box::new(DirectFourier::new(group).unwrap()));
        for transform in transforms {
            let coefficients = forward(transform.as_ref(), &values);
            assert!((coefficients[0].re - values.iter().sum::<f64>()).abs() < 1e-12);
            for (slot, coefficient) in transform.irreps().iter().zip(&coefficients) {
                assert!(!slot.is_real || coefficient.im.to_bits() == 0, "{}", slot.label);
            }
        }
    }
}

#[test]
fn a_delta_transforms_to_the_characters() {
    let group = FiniteGroup::abelian(&[4, 6]).unwrap();
    let irreps = group.irreps().unwrap();
    let transform = AbelianFourier::new(&[4, 6]).unwrap();
    for g in group.elements() {
        let mut delta = vec![0.0; group.order()];
        delta[g] = 1.0;
        for (slot, coefficient) in transform.irreps().iter().zip(forward(&transform, &delta)) {
            assert!((coefficient - irreps[slot.irrep].character(g)).norm() < 1e-15);
        }
    }
}

#[test]
fn one_scratch_serves_transforms_of_any_size() {
    let mut scratch = FourierScratch::new();
    for factors in GROUPS.iter().chain(GROUPS.iter().rev()) {
        for transform in fast_transforms(factors) {
            let values = signal(transform.group().order(), 11);
            let mut coefficients = vec![Complex64::ZERO; transform.coefficients_len()];
            transform.forward_with_scratch(&values, &mut coefficients, &mut scratch);
            assert_eq!(coefficients, forward(transform.as_ref(), &values));
            let mut back = vec![0.0; values.len()];
            transform.inverse_with_scratch(&coefficients, &mut back, &mut scratch);
            assert_eq!(back, inverse(transform.as_ref(), &coefficients));
        }
    }
}

#[test]
#[should_panic(expected = "expected 4 values, got 3")]
fn values_of_the_wrong_length_panic() {
    forward(&CyclicFourier::new(4).unwrap(), &[0.0; 3]);
}

#[test]
#[should_panic(expected = "expected 3 coefficients, got 4")]
fn coefficients_of_the_wrong_length_panic() {
    CyclicFourier::new(4).unwrap().forward(&[0.0; 4], &mut [Complex64::ZERO; 4]);
}

proptest! {
    #[test]
    fn convolution_becomes_multiplication(
        factors in prop::collection::vec(1usize..7, 1..4), seed in any::<u64>()
    ) {
        let group = FiniteGroup::abelian(&factors).unwrap();
        let transform = FourierPlanner::new().plan(&group).unwrap();
        let (f, h) = (signal(group.order(), seed), signal(group.order(), !seed));
        let convolution: Vec<f64> = group
            .elements()
            .map(|u| group.elements().map(|v| f[v] * h[group.multiply(group.inverse(v), u)]).sum())
            .collect();
        let product: Vec<_> = forward(transform.as_ref(), &f)
            .iter()
            .zip(forward(transform.as_ref(), &h))
            .map(|(a, b)| a * b)
            .collect();
        for (a, e) in inverse(transform.as_ref(), &product).iter().zip(&convolution) {
            prop_assert!((a - e).abs() < 1e-12);
        }
    }

    #[test]
    fn parsevals_identity_holds_with_weights(
        factors in prop::collection::vec(1usize..9, 1..4), seed in any::<u64>()
    ) {
        let group = FiniteGroup::abelian(&factors).unwrap();
        let transform = FourierPlanner::new().plan(&group).unwrap();
        let values = signal(group.order(), seed);
        let energy: f64 = values.iter().map(|v| v * v).sum();
        let weighted: f64 = transform
            .irreps()
            .iter()
            .zip(forward(transform.as_ref(), &values))
            .map(|(slot, c)| (slot.weight * slot.dimension) as f64 * c.norm_sqr())
            .sum();
        prop_assert!((weighted / group.order() as f64 - energy).abs() <= 1e-13 * energy);
    }
}
