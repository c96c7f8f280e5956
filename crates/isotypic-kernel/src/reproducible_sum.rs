//! Sums whose value does not depend on the order of the terms, bit for bit.
//!
//! Each term is split against two large constants into multiples of two quanta, $v = h_1 + h_2 + r$, so coarse
//! that the sums of the $h_1$ and of the $h_2$ are exact in `f64`; the rest $r$ is below $2^{2k-103}$ of the bound on the terms
//! for $2^k$ terms and is dropped (the pre-rounding of Demmel & Nguyen 2013, two levels). Pooling over all pairs of positions uses it,
//! so that the kernel of $(x, y)$ equals that of $(y, x)$ although the pairs come in another order.

use std::marker::PhantomData;

use fearless_simd::prelude::*;

use crate::real::Real;

/// The larger number of lanes of the two types.
const MOST_LANES: usize = f32::LANES;

/// Running sums of [`Real::LANES`] lanes, in `f64` whatever the type of the terms.
#[derive(Debug, Clone)]
pub(crate) struct ReproducibleSum<T: Real> {
    anchors: [[f64; MOST_LANES]; 2],
    sums: [[f64; MOST_LANES]; 2],
    terms: PhantomData<T>,
}

impl<T: Real> ReproducibleSum<T> {
    /// Sums of up to `terms` values of at most `bounds[lane]` in magnitude.
    pub(crate) fn new(bounds: &[f64], terms: usize) -> Self {
        let bits = (usize::BITS - terms.leading_zeros()).max(1);
        let ratio = f64::exp2(f64::from(bits) - 51.0);
        let mut anchors = [[0.0; MOST_LANES]; 2];
        for (lane, &bound) in bounds.iter().enumerate() {
            let bound = next_power_of_two(bound);
            // An anchor of 1.5·2⁵² quanta: adding a term rounds it to a multiple of the quantum.
            anchors[0][lane] = 1.5 * f64::exp2(52.0) * ratio * bound;
            anchors[1][lane] = anchors[0][lane] * ratio;
        }
        Self { anchors, sums: [[0.0; MOST_LANES]; 2], terms: PhantomData }
    }

    /// Adds the terms of lanes `start..start + T::Native::<S>::LEN`.
    #[inline(always)]
    pub(crate) fn add<S: Simd>(&mut self, simd: S, start: usize, terms: T::Native<S>) {
        let anchors = vectors_at(simd, &self.anchors, start);
        let mut sums = vectors_at(simd, &self.sums, start);
        add_vector::<S, T>(&anchors, &mut sums, terms);
        store_vectors::<S>(&sums, &mut self.sums, start);
    }

    /// Adds [`Real::LANES`] terms of each of some positions, one per lane.
    #[inline(always)]
    pub(crate) fn add_all<S: Simd>(&mut self, simd: S, terms: &[T]) {
        let length = T::Native::<S>::LEN;
        for start in (0..T::LANES).step_by(length) {
            let anchors = vectors_at(simd, &self.anchors, start);
            // In registers until the last position.
            let mut sums = vectors_at(simd, &self.sums, start);
            for lanes in terms.chunks_exact(T::LANES) {
                let terms = T::Native::<S>::from_slice(simd, &lanes[start..start + length]);
                add_vector::<S, T>(&anchors, &mut sums, terms);
            }
            store_vectors::<S>(&sums, &mut self.sums, start);
        }
    }

    /// The sums, one per lane.
    pub(crate) fn totals(&self) -> Vec<f64> {
        (0..T::LANES).map(|lane| self.sums[0][lane] + self.sums[1][lane]).collect()
    }
}

/// Of one vector of terms, in double precision: on both levels, up to two vectors, of which narrow terms need both.
type Vectors<S> = [[<S as Simd>::f64s; 2]; 2];

/// The numbers of the lanes from `start` on.
#[inline(always)]
fn vectors_at<S: Simd>(simd: S, numbers: &[[f64; MOST_LANES]; 2], start: usize) -> Vectors<S> {
    let [first, second] = [start, start + S::f64s::LEN].map(|start| start..start + S::f64s::LEN);
    let [one, two] = numbers;
    [
        [S::f64s::from_slice(simd, &one[first.clone()]), S::f64s::from_slice(simd, &one[second.clone()])],
        [S::f64s::from_slice(simd, &two[first]), S::f64s::from_slice(simd, &two[second])],
    ]
}

/// Puts vectors back where they come from.
#[inline(always)]
fn store_vectors<S: Simd>(vectors: &Vectors<S>, numbers: &mut [[f64; MOST_LANES]; 2], start: usize) {
    for (vectors, numbers) in vectors.iter().zip(numbers) {
        for (part, vector) in vectors.iter().enumerate() {
            let start = start + part * S::f64s::LEN;
            vector.store_slice(&mut numbers[start..start + S::f64s::LEN]);
        }
    }
}

/// Adds what is left of each term on either level.
#[inline(always)]
fn add_vector<S: Simd, T: Real>(anchors: &Vectors<S>, sums: &mut Vectors<S>, terms: T::Native<S>) {
    T::widen(
        terms,
        #[inline(always)]
        |offset, mut rest| {
            let part = offset / S::f64s::LEN;
            for (anchors, sums) in anchors.iter().zip(sums.iter_mut()) {
                let rounded = (rest + anchors[part]) - anchors[part];
                rest -= rounded;
                sums[part] += rounded;
            }
        },
    );
}

/// The smallest power of two above `bound`; 0 for 0.
fn next_power_of_two(bound: f64) -> f64 {
    if bound > 0.0 { f64::exp2(bound.log2().floor() + 1.0) } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use fearless_simd::{Level, dispatch};

    use super::*;

    #[inline(always)]
    fn add_all<S: Simd>(simd: S, sum: &mut ReproducibleSum<f64>, terms: &[f64]) {
        let lanes: Vec<f64> = terms.iter().flat_map(|&term| [term; f64::LANES]).collect();
        sum.add_all(simd, &lanes);
    }

    #[test]
    fn any_order_gives_the_same_bits_and_a_correctly_rounded_sum() {
        let mut terms: Vec<f64> = (0..10_000).map(|i| (f64::from(i) * 0.7391).sin() * 3.0).collect();
        let exact: f64 = {
            // Integers of 2⁻⁴⁰ steps add without error.
            terms.iter().map(|t| (t * f64::exp2(60.0)).round() as i128).sum::<i128>() as f64
                * f64::exp2(-60.0)
        };
        let mut totals = Vec::new();
        for _ in 0..3 {
            let mut sum = ReproducibleSum::<f64>::new(&[3.0; f64::LANES], terms.len());
            dispatch!(Level::new(), simd => add_all(simd, &mut sum, &terms));
            totals.push(sum.totals()[3]);
            terms.rotate_left(3_333);
            terms.reverse();
        }
        assert_eq!(totals[0].to_bits(), totals[1].to_bits());
        assert_eq!(totals[0].to_bits(), totals[2].to_bits());
        assert!((totals[0] - exact).abs() <= 1e-13, "{} against {exact}", totals[0]);
    }

    #[test]
    fn zero_bound_means_zero_sum() {
        let mut sum = ReproducibleSum::<f64>::new(&[0.0; f64::LANES], 5);
        dispatch!(Level::new(), simd => add_all(simd, &mut sum, &[0.0; 5]));
        assert_eq!(sum.totals(), vec![0.0; f64::LANES]);
    }
}
