//! Layers without neighbours on one run of a displacement slice: what happens to a pair of positions depends on that pair
//! alone, in one input state or in several.

use fearless_simd::{Level, dispatch, prelude::*};
use fearless_simd_macros::simd;

use super::displacement::Run;
use super::slice::Slice;
use crate::pair_geometry::{differences_to_gaps, drop_out_gaps, gap_of_product, gaps_to_differences};
use crate::real::Real;
use crate::terms::Terms;

/// The terms of one state on both sides.
pub(super) type SidesOf<'a, T> = (&'a Terms<T>, &'a Terms<T>);

/// Weighted sums: $d = \sum_i w_i d_i$ and $\Theta = \sum_i w_i \Theta_i$, as covariances add where no two inputs are correlated.
pub(super) fn combine<T: Real>(
    level: Level,
    weights: &[f64],
    inputs: &[&Slice<T>],
    run: Run,
    output: &mut Slice<T>,
) {
    #[simd]
    fn add<S: Simd, T: Real>(simd: S, first: bool, weight: T, from: &[T], to: &mut [T]) {
        let length = T::Native::<S>::LEN;
        for (from, to) in from.chunks_exact(length).zip(to.chunks_exact_mut(length)) {
            let term = T::Native::<S>::from_slice(simd, from) * weight;
            let sum = if first { term } else { T::Native::<S>::from_slice(simd, to) + term };
            sum.store_slice(to);
        }
    }
    let at = run.range::<T>();
    let (mut first, mut first_ntk) = (true, true);
    for (&weight, input) in weights.iter().zip(inputs) {
        let weight = T::from_f64(weight);
        let (from, to) = (&input.difference[at.clone()], &mut output.difference[at.clone()]);
        dispatch!(level, simd => add(simd, first, weight, from, to));
        first = false;
        if input.has_ntk() && output.has_ntk() {
            let (from, to) = (&input.ntk[at.clone()], &mut output.ntk[at.clone()]);
            dispatch!(level, simd => add(simd, first_ntk, weight, from, to));
            first_ntk = false;
        }
    }
}

/// Products of independent inputs: $c = \prod_i c_i$, so $t \leftarrow t + t_i - t t_i$, and
/// $\Theta = \sum_i \Theta_i \prod_{j \ne i} c_j$.
///
/// `scratch` is overwritten.
pub(super) fn multiply<T: Real>(
    level: Level,
    inputs: &[(&Slice<T>, SidesOf<'_, T>)],
    after: SidesOf<'_, T>,
    run: Run,
    output: &mut Slice<T>,
    scratch: &mut Vec<T>,
) {
    let at = run.range::<T>();
    let zero = T::from_f64(0.0);
    output.difference[at.clone()].fill(zero); // gaps of the product of nothing
    if output.has_ntk() {
        output.ntk[at.clone()].fill(zero);
    }
    scratch.clear();
    scratch.resize(at.len(), T::from_f64(1.0));
    let mut gaps = vec![zero; at.len()];
    for &(input, (x, y)) in inputs {
        gaps.copy_from_slice(&input.difference[at.clone()]);
        if output.has_ntk() {
            let ntk = input.ntk.get(at.clone());
            let target = &mut output.ntk[at.clone()];
            dispatch!(level, simd => multiply_ntk(simd, run, (x, y), &gaps, ntk, scratch, target));
        }
        differences_to_gaps(level, run.ends(x, y), &mut gaps);
        for (total, &gap) in output.difference[at.clone()].iter_mut().zip(&gaps) {
            *total = gap_of_product(*total, gap);
        }
    }
    gaps_to_differences(level, run.ends(after.0, after.1), &mut output.difference[at]);
}

/// One more factor: $\Theta \leftarrow \Theta c_i + C \Theta_i$ and $C \leftarrow C c_i$.
#[simd]
fn multiply_ntk<S: Simd, T: Real>(
    simd: S,
    run: Run,
    (x, y): SidesOf<'_, T>,
    differences: &[T],
    input: Option<&[T]>,
    product: &mut [T],
    total: &mut [T],
) {
    for place in 0..run.length {
        for start in (0..T::LANES).step_by(T::Native::<S>::LEN) {
            let lanes = |position: usize| {
                let at = position * T::LANES + start;
                at..at + T::Native::<S>::LEN
            };
            let load =
                |values: &[T], position: usize| T::Native::<S>::from_slice(simd, &values[lanes(position)]);
            let variances = load(&y.variance, run.second + place) + x.variance[run.first + place];
            let covariance = (variances - load(differences, place)) * T::from_f64(0.5);
            let so_far = load(product, place);
            let mut ntk = load(total, place) * covariance;
            if let Some(input) = input {
                ntk = so_far.mul_add(load(input, place), ntk);
            }
            ntk.store_slice(&mut total[lanes(place)]);
            (so_far * covariance).store_slice(&mut product[lanes(place)]);
        }
    }
}

/// Changes of length alone: angles stay. `ntk_factors` multiply the tangent kernels from both sides.
pub(super) fn rescale<T: Real>(
    level: Level,
    input: &Slice<T>,
    before: SidesOf<'_, T>,
    after: SidesOf<'_, T>,
    ntk_factors: (&[T], &[T]),
    run: Run,
    output: &mut Slice<T>,
) {
    let at = run.range::<T>();
    let values = &mut output.difference[at.clone()];
    values.copy_from_slice(&input.difference[at.clone()]);
    differences_to_gaps(level, run.ends(before.0, before.1), values);
    gaps_to_differences(level, run.ends(after.0, after.1), values);
    if output.has_ntk() {
        let rows =
            output.ntk[at.clone()].chunks_exact_mut(T::LANES).zip(input.ntk[at].chunks_exact(T::LANES));
        for (place, (to, from)) in rows.enumerate() {
            let of_x = ntk_factors.0[run.first + place];
            let of_y = &ntk_factors.1[(run.second + place) * T::LANES..][..T::LANES];
            for ((to, &from), &of_y) in to.iter_mut().zip(from).zip(of_y) {
                *to = from * (of_x * of_y);
            }
        }
    }
}

/// Dropout with independent masks: variances grow by $1/r$ and covariances stay, so $t \leftarrow (1 - r) + rt$.
pub(super) fn drop_out<T: Real>(
    level: Level,
    keep_rate: f64,
    input: &Slice<T>,
    before: SidesOf<'_, T>,
    after: SidesOf<'_, T>,
    run: Run,
    output: &mut Slice<T>,
) {
    let at = run.range::<T>();
    let values = &mut output.difference[at.clone()];
    values.copy_from_slice(&input.difference[at.clone()]);
    differences_to_gaps(level, run.ends(before.0, before.1), values);
    drop_out_gaps(keep_rate, values);
    gaps_to_differences(level, run.ends(after.0, after.1), values);
    if output.has_ntk() {
        output.ntk[at.clone()].copy_from_slice(&input.ntk[at]);
    }
}
