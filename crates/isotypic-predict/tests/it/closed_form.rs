//! Two seeds of a cyclic group: the exact error in closed form.
//!
//! With hats for Fourier transforms over u and a = κ_AA, b = κ_BB, c = κ_AB (ridge in a(0) and b(0)):
//! ε_A = [(b̂₀ + ĉ₀) / (â₀b̂₀ − ĉ₀²)] / mean_k[b̂_k / (â_k b̂_k − |ĉ_k|²)], and ε_B with a and b exchanged.

use std::f64::consts::TAU;

use isotypic_gram::{GroupInvariantGram, Ridge};
use isotypic_predict::leave_one_out;
use ndarray::array;

use crate::circles::Circles;

/// Real and imaginary part of the transform of κ_st at frequency k, term by term.
fn hat(gram: &GroupInvariantGram, s: usize, t: usize, k: usize) -> (f64, f64) {
    let kernel = gram.orbit_kernel();
    let order = kernel.dim().2;
    (0..order).fold((0.0, 0.0), |(re, im), u| {
        let angle = TAU * ((k * u) % order) as f64 / order as f64;
        (re + kernel[[s, t, u]] * angle.cos(), im + kernel[[s, t, u]] * angle.sin())
    })
}

fn error(gram: &GroupInvariantGram, own: usize, other: usize, ridge: f64) -> f64 {
    let order = gram.orbit_kernel().dim().2;
    let blocks = |k: usize| {
        let (re, im) = hat(gram, own, other, k);
        (hat(gram, own, own, k).0 + ridge, hat(gram, other, other, k).0 + ridge, re, re * re + im * im)
    };
    let (a, b, c, squared) = blocks(0);
    let mean =
        (0..order).map(blocks).map(|(a, b, _, squared)| b / (a * b - squared)).sum::<f64>() / order as f64;
    (b + c) / (a * b - squared) / mean
}

#[test]
fn leave_one_out_is_the_closed_form_of_two_seeds() {
    for order in [1, 2, 5, 8, 12] {
        for start in [0.0, 0.3, 0.5] {
            let circles = Circles { order, seeds: vec![(1.0, 0.0), (0.6, start)] };
            let gram = circles.gram(f64::exp);
            let ridge = 1e-3;
            let result = leave_one_out(&gram, Ridge::Absolute(ridge), &array![[1.0], [-1.0]]).unwrap();
            let (first, second) = (error(&gram, 0, 1, ridge), error(&gram, 1, 0, ridge));
            assert!((result.errors[[0, 0]] / first - 1.0).abs() < 1e-11, "order {order}, start {start}");
            assert!((-result.errors[[1, 0]] / second - 1.0).abs() < 1e-11, "order {order}, start {start}");
            assert!((result.predictions[[0, 0]] - (1.0 - first)).abs() < 1e-11);
        }
    }
}
