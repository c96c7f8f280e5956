//! A Fourier transform against the direct sum, and against the theorems it must obey.

use isotypic_group::{DirectFourier, GroupFourier};
use num_complex::Complex64;

/// Checks forward and inverse transform against [`DirectFourier`], that one undoes the other, Parseval's
/// identity and the convolution theorem.
///
/// # Panics
/// Where a promise is broken.
pub fn assert_transform_agrees(transform: &dyn GroupFourier) {
    let group = transform.group();
    let order = group.order();
    let direct = DirectFourier::new(group.clone()).expect("irreps are known");
    assert_eq!(transform.irreps(), direct.irreps(), "{group}: slots");
    let function =
        |phase: f64| -> Vec<f64> { (0..order).map(|u| (1.3 * u as f64 + phase).sin() + 0.1).collect() };
    let (f, h) = (function(0.2), function(1.9));
    let forward = |transform: &dyn GroupFourier, values: &[f64]| {
        let mut coefficients = vec![Complex64::new(f64::NAN, f64::NAN); transform.coefficients_len()];
        transform.forward(values, &mut coefficients);
        coefficients
    };
    let (fast, slow) = (forward(transform, &f), forward(&direct, &f));
    let tolerance = 1e-14 * order as f64;
    let labels = transform
        .irreps()
        .iter()
        .flat_map(|slot| std::iter::repeat_n(&slot.label, slot.dimension * slot.dimension));
    for ((fast, slow), label) in fast.iter().zip(&slow).zip(labels) {
        assert!((fast - slow).norm() < tolerance, "{group}: forward at {label}: {fast} and {slow}");
    }

    let mut back = vec![f64::NAN; order];
    transform.inverse(&fast, &mut back);
    let mut plain = vec![f64::NAN; order];
    direct.inverse(&fast, &mut plain);
    for u in 0..order {
        assert!(
            (back[u] - f[u]).abs() < 1e-13,
            "{group}: inverse of forward at {u}: {} and {}",
            back[u],
            f[u]
        );
        assert!((back[u] - plain[u]).abs() < 1e-13, "{group}: inverse at {u}: {} and {}", back[u], plain[u]);
    }

    // Not those of a real function: the inverse is linear all the same.
    let any: Vec<Complex64> = (0..fast.len()).map(|i| Complex64::cis(0.7 * (i * i) as f64)).collect();
    transform.inverse(&any, &mut back);
    direct.inverse(&any, &mut plain);
    for u in 0..order {
        let difference = (back[u] - plain[u]).abs();
        assert!(
            difference < 1e-13,
            "{group}: inverse of any coefficients at {u}: {} and {}",
            back[u],
            plain[u]
        );
    }

    let mut offset = 0;
    let mut energy = 0.0;
    for slot in transform.irreps() {
        let squares = slot.dimension * slot.dimension;
        let norm: f64 = fast[offset..offset + squares].iter().map(Complex64::norm_sqr).sum();
        energy += (slot.weight * slot.dimension) as f64 * norm / order as f64;
        offset += squares;
    }
    let expected: f64 = f.iter().map(|value| value * value).sum();
    assert!((energy - expected).abs() < 1e-13 * expected, "{group}: Parseval: {energy} and {expected}");

    let convolution: Vec<f64> = group
        .elements()
        .map(|u| group.elements().map(|v| f[v] * h[group.multiply(group.inverse(v), u)]).sum())
        .collect();
    let (left, right) = (forward(transform, &convolution), forward(transform, &h));
    let mut offset = 0;
    for slot in transform.irreps() {
        let d = slot.dimension;
        for (i, j) in (0..d).flat_map(|i| (0..d).map(move |j| (i, j))) {
            let product: Complex64 =
                (0..d).map(|k| fast[offset + i * d + k] * right[offset + k * d + j]).sum();
            let found = left[offset + i * d + j];
            assert!(
                (found - product).norm() < tolerance * order as f64,
                "{group}: convolution at {}: {found} and {product}",
                slot.label
            );
        }
        offset += d * d;
    }
}
