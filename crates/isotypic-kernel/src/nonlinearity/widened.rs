//! Single precision by way of double precision.

use fearless_simd::{Level, dispatch, prelude::*};
use fearless_simd_macros::simd;

use super::{Nonlinearity, PairRun};
use crate::real::Real;
use crate::terms::{Ends, TermsView};

/// Groups of pairs that are widened at a time: few enough to stay in the first cache.
const GROUPS: usize = 8;

/// As many pairs.
const PAIRS: usize = GROUPS * f32::LANES;

/// A group of `f32` makes several groups of `f64`, which share their first point where it has only one.
const RATIO: usize = f32::LANES / f64::LANES;

/// Terms of up to [`PAIRS`] points in double precision.
struct WidenedTerms {
    count: usize,
    variance: [f64; PAIRS],
    root: [f64; PAIRS],
    inverse_root: [f64; PAIRS],
    ntk: [f64; PAIRS],
}

/// The ends of some pairs, before the nonlinearity or after it.
struct WidenedEnds {
    x: WidenedTerms,
    y: WidenedTerms,
}

impl WidenedTerms {
    const EMPTY: Self = Self {
        count: 0,
        variance: [0.0; PAIRS],
        root: [0.0; PAIRS],
        inverse_root: [0.0; PAIRS],
        ntk: [0.0; PAIRS],
    };

    /// Becomes the points `from..to` of `terms`, each `copies` times. Squares of single-precision roots are exact.
    #[inline(always)]
    fn fill(&mut self, terms: TermsView<'_, f32>, (from, to): (usize, usize), copies: usize) {
        self.count = (to - from) * copies;
        spread(&terms.root[from..to], copies, &mut self.root);
        spread(&terms.ntk[from..to], copies, &mut self.ntk);
        let all = self.root.iter().zip(&mut self.variance).zip(&mut self.inverse_root);
        for ((&root, variance), inverse) in all.take(self.count) {
            *variance = root * root;
            *inverse = if root > 0.0 { 1.0 / root } else { 0.0 };
        }
    }

    fn view(&self) -> TermsView<'_> {
        TermsView {
            variance: &self.variance[..self.count],
            root: &self.root[..self.count],
            inverse_root: &self.inverse_root[..self.count],
            ntk: &self.ntk[..self.count],
        }
    }
}

impl WidenedEnds {
    const EMPTY: Self = Self { x: WidenedTerms::EMPTY, y: WidenedTerms::EMPTY };

    /// Becomes the ends of groups `start..end`.
    #[inline(always)]
    fn fill(&mut self, ends: Ends<'_, f32>, start: usize, end: usize) {
        let width = ends.width_of_x();
        let copies = if width == 1 { RATIO } else { 1 };
        self.x.fill(ends.x, (start * width, end * width), copies);
        self.y.fill(ends.y, (start * f32::LANES, end * f32::LANES), 1);
    }

    fn view(&self) -> Ends<'_> {
        Ends { x: self.x.view(), y: self.y.view() }
    }
}

/// Every number `copies` times in double precision.
#[inline(always)]
fn spread(from: &[f32], copies: usize, to: &mut [f64]) {
    if copies == 1 {
        return widen(from, to);
    }
    for (&from, to) in from.iter().zip(to.chunks_exact_mut(copies)) {
        to.fill(f64::from(from));
    }
}

#[inline(always)]
fn widen(from: &[f32], to: &mut [f64]) {
    from.iter().zip(to).for_each(|(&from, to)| *to = f64::from(from));
}

/// Rounds to the nearest.
#[inline(always)]
fn narrow(from: &[f64], to: &mut [f32]) {
    from.iter().zip(to).for_each(|(&from, to)| *to = from as f32);
}

/// Some pairs in double precision.
struct Widened {
    before: WidenedEnds,
    after: WidenedEnds,
    gaps: [f64; PAIRS],
    ntk_differences: [f64; PAIRS],
}

/// Takes over groups `start..end` of a run.
#[simd]
fn take<S: Simd>(_simd: S, run: &PairRun<'_, f32>, (start, end): (usize, usize), widened: &mut Widened) {
    let pairs = start * f32::LANES..end * f32::LANES;
    widened.before.fill(run.before, start, end);
    widened.after.fill(run.after, start, end);
    widen(&run.cosine_gap[pairs.clone()], &mut widened.gaps);
    if let Some(differences) = &run.ntk_difference {
        widen(&differences[pairs], &mut widened.ntk_differences);
    }
}

/// Hands them back.
#[simd]
fn give_back<S: Simd>(_simd: S, run: &mut PairRun<'_, f32>, (start, end): (usize, usize), widened: &Widened) {
    let pairs = start * f32::LANES..end * f32::LANES;
    narrow(&widened.gaps, &mut run.cosine_gap[pairs.clone()]);
    if let Some(differences) = &mut run.ntk_difference {
        narrow(&widened.ntk_differences, &mut differences[pairs]);
    }
}

/// Maps a run in double precision and rounds the results.
pub(super) fn map_widened<N: Nonlinearity + ?Sized>(
    nonlinearity: &N,
    level: Level,
    mut run: PairRun<'_, f32>,
) {
    let mut widened = Widened {
        before: WidenedEnds::EMPTY,
        after: WidenedEnds::EMPTY,
        gaps: [0.0; PAIRS],
        ntk_differences: [0.0; PAIRS],
    };
    let groups = run.cosine_gap.len() / f32::LANES;
    for start in (0..groups).step_by(GROUPS) {
        let part = (start, (start + GROUPS).min(groups));
        let pairs = (part.1 - part.0) * f32::LANES;
        dispatch!(level, simd => take(simd, &run, part, &mut widened));
        nonlinearity.map(
            level,
            PairRun {
                before: widened.before.view(),
                after: widened.after.view(),
                cosine_gap: &mut widened.gaps[..pairs],
                ntk_difference: run.ntk_difference.is_some().then_some(&mut widened.ntk_differences[..pairs]),
            },
        );
        dispatch!(level, simd => give_back(simd, &mut run, part, &widened));
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Erf, Nonlinearity};
    use super::*;
    use crate::terms::Terms;

    #[test]
    fn single_precision_is_rounded_double_precision() {
        let lanes = f32::LANES;
        let groups = 2 * GROUPS + 3;
        let variance_x = (0..groups).map(|i| 0.25 + i as f64 / 64.0);
        let variance_y = (0..groups * lanes).map(|i| 0.5 + (i % 37) as f64 / 128.0);
        let gaps: Vec<f32> = (0..groups * lanes).map(|i| (i % 97) as f32 / 64.0).collect();
        // Tangent kernels that are 1 everywhere become E[φ'φ'].
        let x = Terms::<f32>::new(variance_x.map(|q| (q, 1.0)));
        let y = Terms::<f32>::new(variance_y.map(|q| (q, 1.0)));
        let mapped = |terms: &Terms<f32>| {
            let moments = |q: f64| (Erf::default().variance(q), Erf::default().derivative_variance(q));
            Terms::<f32>::new(terms.variance.iter().map(|&q| moments(q.into())))
        };
        let (mapped_x, mapped_y) = (mapped(&x), mapped(&y));
        let (mut cosine_gap, mut differences) = (gaps.clone(), vec![0.0_f32; gaps.len()]);
        let before = Ends { x: x.view(0, groups), y: y.view(0, groups * lanes) };
        let after = Ends { x: mapped_x.view(0, groups), y: mapped_y.view(0, groups * lanes) };
        let ntk_difference = Some(differences.as_mut_slice());
        let run = PairRun { before, after, cosine_gap: &mut cosine_gap, ntk_difference };
        map_widened(&Erf::default(), Level::new(), run);
        for i in 0..gaps.len() {
            let (q_x, q_y) = (f64::from(x.variance[i / lanes]), f64::from(y.variance[i]));
            let c = (q_x * q_y).sqrt() * (1.0 - f64::from(gaps[i]));
            let scale = (1.0 + 2.0 * q_x) * (1.0 + 2.0 * q_y);
            let covariance = std::f64::consts::FRAC_2_PI * (2.0 * c / scale.sqrt()).asin();
            let expected =
                1.0 - covariance / (Erf::default().variance(q_x) * Erf::default().variance(q_y)).sqrt();
            assert!((f64::from(cosine_gap[i]) - expected).abs() < 3e-7, "pair {i}");
            let derivative = 4.0 / std::f64::consts::PI / (scale - 4.0 * c * c).sqrt();
            let ntks = f64::from(mapped_x.ntk[i / lanes]) + f64::from(mapped_y.ntk[i]);
            let ntk = 0.5 * (ntks - f64::from(differences[i]));
            assert!((ntk / derivative - 1.0).abs() < 3e-7, "derivative of pair {i}");
        }
    }

    #[test]
    fn small_gaps_stay_small_and_identical_points_identical() {
        let lanes = f32::LANES;
        let terms = Terms::<f32>::from_variances(vec![0.7; lanes]);
        let ends = Ends { x: terms.view(0, 1), y: terms.view(0, lanes) };
        for gap in [0.0_f32, 1e-12] {
            let mut cosine_gap = vec![gap; lanes];
            let run =
                PairRun { before: ends, after: ends, cosine_gap: &mut cosine_gap, ntk_difference: None };
            map_widened(&super::super::Exp { a: 1.0, b: 1.0 }, Level::new(), run);
            // 1 − exp(−q t).
            let expected = 0.7 * gap;
            assert!((cosine_gap[0] - expected).abs() <= 1e-6 * expected, "{:e}", cosine_gap[0]);
        }
    }
}
