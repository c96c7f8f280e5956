//! An affine layer and the nonlinearity after it, on a run of pairs.
//!
//! An affine layer multiplies the difference $\delta = E[(u-v)^2]$ of a pair by $\sigma_w^2$. Of its tangent kernel it makes
//! $\Theta' = \sigma_w^2\,\Theta + g\,c' + o$ (`affine.rs`), so of the difference $\Delta = \Theta_{xx} + \Theta_{yy} - 2\Theta_{xy}$, in which pairs are
//! carried, $\Delta' = \sigma_w^2\,\Delta + g\,\delta'$. A nonlinearity acts on the cosine gap $t'$ that belongs to $\delta'$.
//!
//! The way takes two passes over the run, which stays in the first cache: up to $t'$ and $\Delta'$, and through the nonlinearity. Either
//! is one chain of dependent operations per vector, short enough for the processor to work on several vectors at a time; in a single
//! pass the chain is twice as long and the processor waits (a quarter slower, measured with throw-away code).
//!
//! Pairs are given, and given back, as differences (positions, where the next layer sums them under a filter) or as cosine gaps
//! (rows of scalar layers).

use fearless_simd::{Level, dispatch, prelude::*};
use fearless_simd_macros::simd;

use crate::affine::Affine;
use crate::nonlinearity::PairRun;
use crate::pair_geometry::{Pairs, gaps_to_differences};
use crate::real::Real;
use crate::terms::Ends;

/// Coefficients of an affine layer, as a run needs them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AffineOnRun<T> {
    /// Factor of the differences: $\sigma_w^2$ over the number of differences that were summed.
    pub scale: T,
    /// $g$: how much of the new covariance enters the tangent kernel.
    pub ntk_gain: T,
    /// Whether there are no biases, so that angles between points do not change where nothing is summed.
    pub keeps_angles: bool,
}

/// Differences that go through an affine layer and a nonlinearity.
#[derive(Debug)]
pub struct DifferenceRun<'a, T: Real = f64> {
    /// The affine layer.
    pub affine: AffineOnRun<T>,
    /// Whether the tangent kernel before the affine layer is not 0; if it is, the contents of `ntk_difference` are ignored.
    pub input_has_ntk: bool,
    /// The points between the affine layer and the nonlinearity.
    pub before: Ends<'a, T>,
    /// The points after the nonlinearity.
    pub after: Ends<'a, T>,
    /// Sums under the filter; replaced by the differences after the nonlinearity.
    pub difference: &'a mut [T],
    /// Sums of the differences of tangent kernels under the filter; replaced by those after the nonlinearity.
    pub ntk_difference: Option<&'a mut [T]>,
}

/// Cosine gaps that go through an affine layer and a nonlinearity.
#[derive(Debug)]
pub struct GapRun<'a, T: Real = f64> {
    /// The affine layer.
    pub affine: AffineOnRun<T>,
    /// Whether the tangent kernel before the affine layer is not 0; if it is, the contents of `ntk_difference` are ignored.
    pub input_has_ntk: bool,
    /// The points before the affine layer.
    pub input: Ends<'a, T>,
    /// The points between the affine layer and the nonlinearity.
    pub before: Ends<'a, T>,
    /// The points after the nonlinearity.
    pub after: Ends<'a, T>,
    /// Cosine gaps before the affine layer; replaced by those after the nonlinearity.
    pub cosine_gap: &'a mut [T],
    /// Differences of tangent kernels before the affine layer; replaced by those after the nonlinearity.
    pub ntk_difference: Option<&'a mut [T]>,
}

impl<T: Real> AffineOnRun<T> {
    /// The layer on sums of `summands` differences.
    pub(crate) fn new(affine: &Affine, summands: usize) -> Self {
        Self {
            scale: T::from_f64(affine.scale / summands as f64),
            ntk_gain: T::from_f64(affine.ntk_gain),
            keeps_angles: affine.shift == 0.0,
        }
    }

    /// $\Delta'$ of pairs with the difference `ntk_difference` before the layer and $\delta'$ after it.
    #[inline(always)]
    fn ntk_difference<S: Simd>(
        &self,
        difference: T::Native<S>,
        ntk_difference: T::Native<S>,
    ) -> T::Native<S> {
        ntk_difference.mul_add(self.scale, difference * self.ntk_gain)
    }

    /// $t \to \delta'$ and $t'$.
    #[inline(always)]
    fn on_gap<S: Simd>(
        &self,
        input: &Pairs<S, T>,
        before: &Pairs<S, T>,
        gap: T::Native<S>,
    ) -> (T::Native<S>, T::Native<S>) {
        if self.keeps_angles {
            (before.difference_of_gap(gap), gap)
        } else {
            let difference = input.difference_of_gap(gap) * self.scale;
            (difference, before.gap_of_difference(difference))
        }
    }
}

/// Differences of tangent kernels of a run, and whether there is something in them yet.
type NtkOfRun<'a, T> = (Option<&'a mut [T]>, bool);

/// Replaces the value and the difference of tangent kernels of each pair by what `each` makes of them and of the ends of their group. Without tangent
/// kernels, and where there is nothing in them yet, `each` is given zeros.
#[inline(always)]
fn for_each_vector<S: Simd, T: Real, G: Copy>(
    simd: S,
    groups: impl Iterator<Item = G>,
    values: &mut [T],
    (ntk, has_ntk): NtkOfRun<'_, T>,
    each: impl Fn(G, usize, T::Native<S>, T::Native<S>) -> (T::Native<S>, T::Native<S>),
) {
    let zero = T::Native::<S>::splat(simd, T::from_f64(0.0));
    let length = T::Native::<S>::LEN;
    let values = values.chunks_exact_mut(T::LANES).zip(groups);
    let Some(ntk) = ntk else {
        for (values, group) in values {
            for start in (0..T::LANES).step_by(length) {
                let values = &mut values[start..start + length];
                each(group, start, T::Native::<S>::from_slice(simd, values), zero).0.store_slice(values);
            }
        }
        return;
    };
    for ((values, group), ntk) in values.zip(ntk.chunks_exact_mut(T::LANES)) {
        for start in (0..T::LANES).step_by(length) {
            let (values, ntk) = (&mut values[start..start + length], &mut ntk[start..start + length]);
            let theta = if has_ntk { T::Native::<S>::from_slice(simd, ntk) } else { zero };
            let (value, theta) = each(group, start, T::Native::<S>::from_slice(simd, values), theta);
            value.store_slice(values);
            theta.store_slice(ntk);
        }
    }
}

/// Carries sums of differences through an affine layer.
pub(crate) fn affine_on_differences<T: Real>(
    level: Level,
    affine: AffineOnRun<T>,
    differences: &mut [T],
    ntk: NtkOfRun<'_, T>,
) {
    #[simd]
    fn run<S: Simd, T: Real>(simd: S, affine: AffineOnRun<T>, differences: &mut [T], ntk: NtkOfRun<'_, T>) {
        for_each_vector(
            simd,
            std::iter::repeat(()),
            differences,
            ntk,
            #[inline(always)]
            |(), _, sum, theta| {
                let difference = sum * affine.scale;
                (difference, affine.ntk_difference(difference, theta))
            },
        );
    }
    dispatch!(level, simd => run(simd, affine, differences, ntk));
}

/// Carries cosine gaps through an affine layer between the points `before` and `after`.
pub(crate) fn affine_on_gaps<T: Real>(
    level: Level,
    affine: AffineOnRun<T>,
    (before, after): (Ends<'_, T>, Ends<'_, T>),
    gaps: &mut [T],
    ntk: NtkOfRun<'_, T>,
) {
    #[simd]
    fn run<S: Simd, T: Real>(
        simd: S,
        affine: AffineOnRun<T>,
        (before, after): (Ends<'_, T>, Ends<'_, T>),
        gaps: &mut [T],
        ntk: NtkOfRun<'_, T>,
    ) {
        for_each_vector(
            simd,
            before.groups().zip(after.groups()),
            gaps,
            ntk,
            #[inline(always)]
            |(before, after), start, gap, theta| {
                let after = Pairs::load(simd, after, start);
                let (difference, gap) = affine.on_gap(&Pairs::load(simd, before, start), &after, gap);
                (gap, affine.ntk_difference(difference, theta))
            },
        );
    }
    if affine.keeps_angles && ntk.0.is_none() {
        return;
    }
    dispatch!(level, simd => run(simd, affine, (before, after), gaps, ntk));
}

/// Carries sums of differences through an affine layer and gives back the cosine gaps after it; `ends` are the points after it.
pub(crate) fn differences_through_affine_to_gaps<T: Real>(
    level: Level,
    affine: AffineOnRun<T>,
    ends: Ends<'_, T>,
    differences: &mut [T],
    ntk: NtkOfRun<'_, T>,
) {
    #[simd]
    fn run<S: Simd, T: Real>(
        simd: S,
        affine: AffineOnRun<T>,
        ends: Ends<'_, T>,
        differences: &mut [T],
        ntk: NtkOfRun<'_, T>,
    ) {
        for_each_vector(
            simd,
            ends.groups(),
            differences,
            ntk,
            #[inline(always)]
            |group, start, sum, theta| {
                let pairs = Pairs::load(simd, group, start);
                let difference = sum * affine.scale;
                (pairs.gap_of_difference(difference), affine.ntk_difference(difference, theta))
            },
        );
    }
    dispatch!(level, simd => run(simd, affine, ends, differences, ntk));
}

/// Maps cosine gaps by a homogeneous nonlinearity; gives back gaps, or the differences of the mapped pairs, whose points are `after`.
///
/// `map` gives the mapped gap and the relative deficit $w$ of a gap, with $E[\varphi'\varphi'] = g(1 - w)$ and $g$ the `gain`.
#[inline(always)]
pub(crate) fn map_homogeneous<const TO_DIFFERENCES: bool, S: Simd, T: Real>(
    simd: S,
    after: Ends<'_, T>,
    gaps: &mut [T],
    ntk: Option<&mut [T]>,
    gain: T,
    map: impl Fn(T::Native<S>) -> (T::Native<S>, T::Native<S>),
) {
    for_each_vector(
        simd,
        after.groups(),
        gaps,
        (ntk, true),
        #[inline(always)]
        |group, start, gap, theta| {
            let (gap, deficit) = map(gap);
            let pairs = Pairs::load(simd, group, start);
            let value = if TO_DIFFERENCES { pairs.difference_of_gap(gap) } else { gap };
            (value, pairs.homogeneous_ntk_difference(theta, gain, deficit))
        },
    );
}

/// Carries differences through both layers, pass after pass; `map` is the nonlinearity on gaps.
pub(crate) fn map_differences_in_steps<T: Real>(
    level: Level,
    run: DifferenceRun<'_, T>,
    map: impl FnOnce(PairRun<'_, T>),
) {
    let DifferenceRun { affine, input_has_ntk, before, after, difference, mut ntk_difference } = run;
    let ntk_of_run = (ntk_difference.as_deref_mut(), input_has_ntk);
    differences_through_affine_to_gaps(level, affine, before, difference, ntk_of_run);
    map(PairRun { before, after, cosine_gap: difference, ntk_difference });
    gaps_to_differences(level, after, difference);
}

/// Carries cosine gaps through both layers, pass after pass; `map` is the nonlinearity on gaps.
pub(crate) fn map_gaps_in_steps<T: Real>(level: Level, run: GapRun<'_, T>, map: impl FnOnce(PairRun<'_, T>)) {
    let GapRun { affine, input_has_ntk, input, before, after, cosine_gap, mut ntk_difference } = run;
    let ntk_of_run = (ntk_difference.as_deref_mut(), input_has_ntk);
    affine_on_gaps(level, affine, (input, before), cosine_gap, ntk_of_run);
    map(PairRun { before, after, cosine_gap, ntk_difference });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nonlinearity::{AbRelu, Nonlinearity, Relu};
    use crate::terms::Terms;

    const GROUPS: usize = 5;

    /// Terms of the two sides of a run: before the affine layer, after it, and after the nonlinearity.
    struct Sides<T: Real> {
        x: [Terms<T>; 3],
        y: [Terms<T>; 3],
    }

    impl<T: Real> Sides<T> {
        fn new(nonlinearity: &dyn Nonlinearity, scale: f64, shift: f64) -> Self {
            let states = |count: usize, step: usize| {
                let q: Vec<f64> = (0..count).map(|i| [0.7, 1.3, 0.0, 2.9, 0.7][i * step % 5]).collect();
                let affine: Vec<f64> = q.iter().map(|q| scale * q + shift).collect();
                let mapped: Vec<f64> = affine.iter().map(|&q| nonlinearity.variance(q)).collect();
                // A tangent kernel of 0.6 everywhere before the layers.
                let start = vec![0.6; count];
                let ntk: Vec<f64> = affine.iter().map(|&q| self::affine().ntk(q, 0.6)).collect();
                let derivatives = affine.iter().map(|&q| nonlinearity.derivative_variance(q));
                let mapped_ntk = ntk.iter().zip(derivatives).map(|(theta, g)| theta * g).collect();
                let terms = |(q, ntk): (Vec<f64>, Vec<f64>)| Terms::new(q.into_iter().zip(ntk));
                [(q, start), (affine, ntk), (mapped, mapped_ntk)].map(terms)
            };
            Self { x: states(GROUPS, 1), y: states(GROUPS * T::LANES, 2) }
        }

        fn ends(&self, state: usize) -> Ends<'_, T> {
            Ends { x: self.x[state].view(0, GROUPS), y: self.y[state].view(0, GROUPS * T::LANES) }
        }

        fn cosine_gaps(&self) -> Vec<T> {
            let gaps = [0.0, 1e-9, 0.3, 0.9, 1.0, 1.1, 1.8, 2.0, 0.02];
            gaps.iter().cycle().take(GROUPS * T::LANES).map(|&gap| T::from_f64(gap)).collect()
        }

        /// Covariances in double precision, from the variances of one state and cosine gaps.
        fn covariances(&self, state: usize, gaps: &[T]) -> Vec<f64> {
            let root = |terms: &Terms<T>, i: usize| terms.root[i].to_f64();
            let pair = |i: usize| root(&self.x[state], i / T::LANES) * root(&self.y[state], i);
            gaps.iter().enumerate().map(|(i, gap)| pair(i) * (1.0 - gap.to_f64())).collect()
        }
    }

    fn affine() -> Affine {
        Affine { scale: 1.7, shift: 0.3, ntk_gain: 0.8, ntk_offset: 0.25 }
    }

    /// $c'$ and $\Theta'$ of the rectifier after the affine layer, from the textbook formulas.
    fn textbook([q_x, q_y, c]: [f64; 3], theta: f64) -> [f64; 2] {
        let new = affine().covariance(c);
        let norm = (affine().covariance(q_x) * affine().covariance(q_y)).sqrt();
        let angle = (new / norm).clamp(-1.0, 1.0).acos();
        let pi = std::f64::consts::PI;
        let mapped = norm * (angle.sin() + (pi - angle) * angle.cos()) / (2.0 * pi);
        [mapped, affine().ntk(new, theta) * (pi - angle) / (2.0 * pi)]
    }

    fn formulas<T: Real>(tolerance: f64) {
        let sides = Sides::<T>::new(&Relu, affine().scale, affine().shift);
        let gaps = sides.cosine_gaps();
        let covariances = sides.covariances(0, &gaps);
        let (mut on_gaps, mut difference) = (gaps.clone(), gaps.clone());
        gaps_to_differences(Level::new(), sides.ends(0), &mut difference);
        // As a filter of four taps would sum them.
        difference.iter_mut().for_each(|d| *d *= T::from_f64(4.0));
        let mut ntk = vec![T::from_f64(0.0); gaps.len()];
        let mut summed_ntk = ntk.clone();
        let layer = AffineOnRun::new(&affine(), 1);
        let (input, before, after) = (sides.ends(0), sides.ends(1), sides.ends(2));
        let (cosine_gap, ntk_difference) = (&mut on_gaps, Some(ntk.as_mut_slice()));
        let run =
            GapRun { affine: layer, input_has_ntk: true, input, before, after, cosine_gap, ntk_difference };
        T::map_gaps(&Relu, Level::new(), run);
        let ntk_difference = Some(summed_ntk.as_mut_slice());
        let affine = AffineOnRun::new(&affine(), 4);
        let difference = difference.as_mut_slice();
        let run = DifferenceRun { affine, input_has_ntk: true, before, after, difference, ntk_difference };
        T::map_differences(&Relu, Level::new(), run);
        let mapped = sides.covariances(2, &on_gaps);
        for i in 0..gaps.len() {
            let [q_x, q_y] = [sides.x[0].variance[i / T::LANES].to_f64(), sides.y[0].variance[i].to_f64()];
            let [covariance, theta] = textbook([q_x, q_y, covariances[i]], 0.6);
            assert!((mapped[i] - covariance).abs() <= tolerance, "covariance {i}");
            // The angle of nearly parallel points is ill-conditioned in the textbook formula.
            let slack = tolerance.sqrt();
            let ntks = sides.x[2].ntk[i / T::LANES].to_f64() + sides.y[2].ntk[i].to_f64();
            let found = 0.5 * (ntks - ntk[i].to_f64());
            assert!((found - theta).abs() <= slack, "ntk {i}: {found} against {theta}");
            assert!((summed_ntk[i].to_f64() - ntk[i].to_f64()).abs() <= 30.0 * tolerance, "ntk of sums {i}");
            let [a, b] = [sides.x[2].variance[i / T::LANES].to_f64(), sides.y[2].variance[i].to_f64()];
            let from_difference = 0.5 * (a + b - difference[i].to_f64());
            assert!((from_difference - covariance).abs() <= tolerance, "difference {i}");
        }
    }

    #[test]
    fn both_forms_follow_the_textbook_formulas() {
        formulas::<f64>(1e-14);
        formulas::<f32>(5e-6);
    }

    /// A nonlinearity without a pass of its own for differences.
    #[derive(Debug)]
    struct InSteps(AbRelu);

    impl Nonlinearity for InSteps {
        fn variance(&self, q: f64) -> f64 {
            self.0.variance(q)
        }

        fn derivative_variance(&self, q: f64) -> f64 {
            self.0.derivative_variance(q)
        }

        fn map(&self, level: Level, run: PairRun<'_, f64>) {
            self.0.map(level, run);
        }

        fn map_single(&self, level: Level, run: PairRun<'_, f32>) {
            self.0.map_single(level, run);
        }
    }

    fn steps<T: Real>() {
        let function = AbRelu { below: -0.4, above: 1.1 };
        let sides = Sides::<T>::new(&function, affine().scale, affine().shift);
        let affine = AffineOnRun::new(&affine(), 1);
        let mut results = Vec::new();
        let nonlinearities: [&dyn Nonlinearity; 2] = [&function, &InSteps(function)];
        for (input_has_ntk, with_ntk) in [(true, true), (false, true), (false, false)] {
            for nonlinearity in nonlinearities {
                let mut difference = sides.cosine_gaps();
                // What is in an input without tangent kernel is not read.
                let theta = T::from_f64(if input_has_ntk { 0.2 } else { f64::NAN });
                let mut ntk = vec![theta; difference.len()];
                let run = DifferenceRun {
                    affine,
                    input_has_ntk,
                    before: sides.ends(1),
                    after: sides.ends(2),
                    difference: &mut difference,
                    ntk_difference: with_ntk.then_some(&mut ntk),
                };
                T::map_differences(nonlinearity, Level::new(), run);
                assert!(difference.iter().all(|value| value.to_f64().is_finite()));
                assert!(!with_ntk || ntk.iter().all(|value| value.to_f64().is_finite()));
                if with_ntk {
                    results.push((difference, ntk));
                } else {
                    assert_eq!(difference, results[0].0);
                }
            }
        }
        assert_eq!(results[0], results[1]);
        assert_eq!(results[2], results[3]);
        assert_ne!(results[0].1, results[2].1);
    }

    #[test]
    fn one_pass_equals_its_steps() {
        steps::<f64>();
        steps::<f32>();
    }

    fn identical<T: Real>() {
        let sides = Sides::<T>::new(&Relu, affine().scale, affine().shift);
        let zero = T::from_f64(0.0);
        let mut difference = vec![zero; GROUPS * T::LANES];
        let mut ntk = vec![zero; difference.len()];
        let layer = AffineOnRun::new(&affine(), 1);
        let run = DifferenceRun {
            affine: layer,
            input_has_ntk: true,
            before: sides.ends(1),
            after: sides.ends(2),
            difference: &mut difference,
            ntk_difference: Some(&mut ntk),
        };
        T::map_differences(&Relu, Level::new(), run);
        let mut seen = 0;
        for i in 0..difference.len() {
            let q = sides.x[1].variance[i / T::LANES];
            if q == sides.y[1].variance[i] {
                seen += 1;
                assert_eq!((difference[i], ntk[i]), (zero, zero));
            }
        }
        assert!(seen > GROUPS);
    }

    #[test]
    fn identical_points_stay_identical() {
        identical::<f64>();
        identical::<f32>();
    }

    #[test]
    fn without_biases_angles_are_untouched() {
        let sides = Sides::<f64>::new(&Relu, 1.7, 0.0);
        let layer = AffineOnRun::new(&Affine { shift: 0.0, ..affine() }, 1);
        let gaps = sides.cosine_gaps();
        let mut values = gaps.clone();
        let mut ntk = vec![0.0; gaps.len()];
        affine_on_gaps(
            Level::new(),
            layer,
            (sides.ends(0), sides.ends(1)),
            &mut values,
            (Some(&mut ntk), true),
        );
        assert_eq!(values, gaps);
        let affine = Affine { shift: 0.0, ..affine() };
        for ((difference, covariance), i) in ntk.iter().zip(sides.covariances(1, &gaps)).zip(0..) {
            let of = |terms: &Terms, point: usize| affine.ntk(terms.variance[point], 0.6);
            let ntks = of(&sides.x[1], i / f64::LANES) + of(&sides.y[1], i);
            let theta = 0.5 * (ntks - difference);
            assert!((theta - affine.ntk(covariance, 0.6)).abs() <= 1e-14, "pair {i}");
        }
    }
}
