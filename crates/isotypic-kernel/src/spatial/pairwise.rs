//! Layers without neighbours on one run of a displacement slice: what happens to a pair of positions depends on that pair
//! alone, in one input state or in several.

use fearless_simd::{Level, dispatch, prelude::*};
use fearless_simd_macros::simd;

use super::displacement::Run;
use super::slice::{Slice, lanes_at};
use crate::pair_geometry::{
    differences_to_gaps, drop_out_gaps, drop_out_ntk_differences, gap_of_product, gaps_to_differences,
    rescaled_ntk_difference,
};
use crate::real::Real;
use crate::running_product::RunningProduct;
use crate::terms::{Terms, first_at, width_of_first};

/// The terms of one state on both sides.
pub(super) type SidesOf<'a, T> = (&'a Terms<T>, &'a Terms<T>);

/// Weighted sums $d = \sum_i w_i d_i$, of tangent kernels alike, as covariances add where no two inputs are correlated.
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
            let (from, to) = (&input.ntk_difference[at.clone()], &mut output.ntk_difference[at.clone()]);
            dispatch!(level, simd => add(simd, first_ntk, weight, from, to));
            first_ntk = false;
        }
    }
}

/// Pairs of positions without anything in common: covariance and tangent kernel are 0, so that differences are sums of diagonal values.
pub(super) fn separate<T: Real>(level: Level, (x, y): SidesOf<'_, T>, run: Run, output: &mut Slice<T>) {
    #[simd]
    fn add<S: Simd, T: Real>(simd: S, of_x: &[T], of_y: &[T], to: &mut [T]) {
        let width = width_of_first(of_x, of_y);
        for (p, to) in to.chunks_exact_mut(T::LANES).enumerate() {
            for start in (0..T::LANES).step_by(T::Native::<S>::LEN) {
                let of_x = first_at::<S, T>(simd, of_x, width, p, start);
                let sum = lanes_at::<S, T>(simd, of_y, p, start) + of_x;
                sum.store_slice(&mut to[start..start + T::Native::<S>::LEN]);
            }
        }
    }
    let (at, ends) = (run.range::<T>(), run.ends(x, y));
    let to = &mut output.difference[at.clone()];
    dispatch!(level, simd => add(simd, ends.x.variance, ends.y.variance, to));
    if let Some(to) = output.ntk_difference.get_mut(at) {
        dispatch!(level, simd => add(simd, ends.x.ntk, ends.y.ntk, to));
    }
}

/// What a product overwrites.
#[derive(Debug, Default)]
pub(super) struct ProductScratch<T> {
    gaps: Vec<T>,
    ntk: RunningProduct<T>,
}

/// Products of independent inputs: $c = \prod_i c_i$, so $t \leftarrow t + t_i - t t_i$, and
/// $\Theta = \sum_i \Theta_i \prod_{j \ne i} c_j$.
pub(super) fn multiply<T: Real>(
    level: Level,
    inputs: &[(&Slice<T>, SidesOf<'_, T>)],
    after: SidesOf<'_, T>,
    run: Run,
    output: &mut Slice<T>,
    ProductScratch { gaps, ntk }: &mut ProductScratch<T>,
) {
    let at = run.range::<T>();
    if output.has_ntk() {
        ntk.clear(run.length, width_of_first(&after.0.variance, &after.1.variance));
        for &(input, (x, y)) in inputs {
            let ends = run.ends(x, y);
            ntk.multiply(ends, &input.difference[at.clone()], input.ntk_difference.get(at.clone()));
        }
        output.ntk_difference[at.clone()].copy_from_slice(ntk.ntk_differences());
    }
    let product = &mut output.difference[at.clone()];
    product.fill(T::from_f64(0.0)); // gaps of the product of nothing
    for &(input, (x, y)) in inputs {
        gaps.clear();
        gaps.extend_from_slice(&input.difference[at.clone()]);
        differences_to_gaps(level, run.ends(x, y), gaps);
        for (total, &gap) in product.iter_mut().zip(gaps.iter()) {
            *total = gap_of_product(*total, gap);
        }
    }
    gaps_to_differences(level, run.ends(after.0, after.1), product);
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
        dispatch!(level, simd => rescale_ntks(simd, input, before, ntk_factors, run, output));
    }
}

/// Tangent kernels of a change of lengths.
#[simd]
fn rescale_ntks<S: Simd, T: Real>(
    simd: S,
    input: &Slice<T>,
    before: SidesOf<'_, T>,
    factors: (&[T], &[T]),
    Run { first, second, length }: Run,
    output: &mut Slice<T>,
) {
    let width = width_of_first(factors.0, factors.1);
    for (p, q) in (first..first + length).zip(second..) {
        for start in (0..T::LANES).step_by(T::Native::<S>::LEN) {
            let of_x = (
                first_at::<S, T>(simd, factors.0, width, p, start),
                first_at::<S, T>(simd, &before.0.ntk, width, p, start),
            );
            let of_y = (
                lanes_at::<S, T>(simd, factors.1, q, start),
                lanes_at::<S, T>(simd, &before.1.ntk, q, start),
            );
            let difference = lanes_at::<S, T>(simd, &input.ntk_difference, p, start);
            let at = p * T::LANES + start..p * T::LANES + start + T::Native::<S>::LEN;
            rescaled_ntk_difference(difference, of_x, of_y).store_slice(&mut output.ntk_difference[at]);
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
        let to = &mut output.ntk_difference[at.clone()];
        to.copy_from_slice(&input.ntk_difference[at]);
        drop_out_ntk_differences(keep_rate, run.ends(before.0, before.1), to);
    }
}
