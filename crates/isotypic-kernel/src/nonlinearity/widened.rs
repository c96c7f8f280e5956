//! Single precision by way of double precision.

use fearless_simd::Level;

use super::{Nonlinearity, PairRun};
use crate::real::Real;
use crate::terms::{Ends, Terms, TermsView};

/// Groups of pairs that are widened at a time: few enough to stay in the first cache.
const GROUPS: usize = 16;

/// A group of `f32` makes several groups of `f64`, which share their first point where it has only one.
const RATIO: usize = f32::LANES / f64::LANES;

/// Terms of the same points in double precision.
struct WidenedEnds {
    x: Terms,
    y: Terms,
}

impl WidenedEnds {
    /// The ends of groups `start..end`. Squares of single-precision roots are exact.
    fn new(ends: Ends<'_, f32>, start: usize, end: usize) -> Self {
        let moments = |(&root, &ntk): (&f32, &f32)| (f64::from(root) * f64::from(root), f64::from(ntk));
        let points = |end: TermsView<'_, f32>, from: usize, to: usize| {
            Terms::new(end.root[from..to].iter().zip(&end.ntk[from..to]).map(moments))
        };
        let lanes = f32::LANES;
        let width = ends.width_of_x();
        let mut x = points(ends.x, start * width, end * width);
        if width == 1 {
            let repeated = (0..(end - start) * RATIO).map(|i| (x.variance[i / RATIO], x.ntk[i / RATIO]));
            x = Terms::new(repeated);
        }
        Self { x, y: points(ends.y, start * lanes, end * lanes) }
    }

    fn view(&self) -> Ends<'_> {
        let all = |terms: &'_ Terms| (0, terms.root.len());
        let (x, y) = (all(&self.x), all(&self.y));
        Ends { x: self.x.view(x.0, x.1), y: self.y.view(y.0, y.1) }
    }
}

/// Maps a run in double precision and rounds the results.
pub(super) fn map_widened<N: Nonlinearity + ?Sized>(nonlinearity: &N, level: Level, run: PairRun<'_, f32>) {
    let PairRun { before, after, cosine_gap, mut ntk_difference } = run;
    let lanes = f32::LANES;
    let groups = cosine_gap.len() / lanes;
    for start in (0..groups).step_by(GROUPS) {
        let end = (start + GROUPS).min(groups);
        let pairs = start * lanes..end * lanes;
        let widen =
            |values: &[f32]| values[pairs.clone()].iter().map(|&v| f64::from(v)).collect::<Vec<f64>>();
        let (wide_before, wide_after) =
            (WidenedEnds::new(before, start, end), WidenedEnds::new(after, start, end));
        let mut gaps = widen(cosine_gap);
        let mut ntk_differences = ntk_difference.as_deref().map(widen);
        nonlinearity.map(
            level,
            PairRun {
                before: wide_before.view(),
                after: wide_after.view(),
                cosine_gap: &mut gaps,
                ntk_difference: ntk_differences.as_deref_mut(),
            },
        );
        for (to, from) in cosine_gap[pairs.clone()].iter_mut().zip(gaps) {
            *to = from as f32;
        }
        if let (Some(to), Some(from)) = (ntk_difference.as_deref_mut(), ntk_differences) {
            for (to, from) in to[pairs].iter_mut().zip(from) {
                *to = from as f32;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Erf, Nonlinearity};
    use super::*;

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
