//! Single precision by way of double precision.

use fearless_simd::Level;

use super::{Endpoints, Nonlinearity, PairRun};
use crate::real::Real;

/// Groups of pairs that are widened at a time: few enough to stay in the first cache.
const GROUPS: usize = 16;

/// Maps a run in double precision and rounds the results.
pub(super) fn map_widened<N: Nonlinearity + ?Sized>(nonlinearity: &N, level: Level, run: PairRun<'_, f32>) {
    const RATIO: usize = f32::LANES / f64::LANES;
    let PairRun { x, y, cosine_gap, mut ntk } = run;
    let lanes = f32::LANES;
    for start in (0..x.variance.len()).step_by(GROUPS) {
        let groups = start..(start + GROUPS).min(x.variance.len());
        let pairs = groups.start * lanes..groups.end * lanes;
        // A group of `f32` makes several groups of `f64` that share their first point.
        let of_x = |values: &[f32]| -> Vec<f64> {
            values[groups.clone()].iter().flat_map(|&value| [f64::from(value); RATIO]).collect()
        };
        let of_pairs = |values: &[f32]| -> Vec<f64> {
            values[pairs.clone()].iter().map(|&value| f64::from(value)).collect()
        };
        let [variance_x, root_x, mapped_x] = [x.variance, x.root, x.mapped_root].map(of_x);
        let [variance_y, root_y, mapped_y] = [y.variance, y.root, y.mapped_root].map(of_pairs);
        let mut gaps = of_pairs(cosine_gap);
        let mut ntks = ntk.as_deref().map(of_pairs);
        nonlinearity.map(
            level,
            PairRun {
                x: Endpoints { variance: &variance_x, root: &root_x, mapped_root: &mapped_x },
                y: Endpoints { variance: &variance_y, root: &root_y, mapped_root: &mapped_y },
                cosine_gap: &mut gaps,
                ntk: ntks.as_deref_mut(),
            },
        );
        for (to, from) in cosine_gap[pairs.clone()].iter_mut().zip(gaps) {
            *to = from as f32;
        }
        for (to, from) in ntk.iter_mut().flat_map(|ntk| &mut ntk[pairs.clone()]).zip(ntks.iter().flatten()) {
            *to = *from as f32;
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
        let variance_x: Vec<f32> = (0..groups).map(|i| 0.25 + i as f32 / 64.0).collect();
        let variance_y: Vec<f32> = (0..groups * lanes).map(|i| 0.5 + (i % 37) as f32 / 128.0).collect();
        let gaps: Vec<f32> = (0..groups * lanes).map(|i| (i % 97) as f32 / 64.0).collect();
        let roots = |values: &[f32]| values.iter().map(|q| q.sqrt()).collect::<Vec<f32>>();
        let mapped = |values: &[f32]| -> Vec<f32> {
            values.iter().map(|&q| Erf.variance(f64::from(q)).sqrt() as f32).collect()
        };
        let (root_x, root_y, mapped_x, mapped_y) =
            (roots(&variance_x), roots(&variance_y), mapped(&variance_x), mapped(&variance_y));
        let (mut cosine_gap, mut ntk) = (gaps.clone(), vec![1.0_f32; gaps.len()]);
        let x = Endpoints { variance: &variance_x, root: &root_x, mapped_root: &mapped_x };
        let y = Endpoints { variance: &variance_y, root: &root_y, mapped_root: &mapped_y };
        let run = PairRun { x, y, cosine_gap: &mut cosine_gap, ntk: Some(&mut ntk) };
        map_widened(&Erf, Level::new(), run);
        for i in 0..gaps.len() {
            let (q_x, q_y) = (f64::from(variance_x[i / lanes]), f64::from(variance_y[i]));
            let c = (q_x * q_y).sqrt() * (1.0 - f64::from(gaps[i]));
            let scale = (1.0 + 2.0 * q_x) * (1.0 + 2.0 * q_y);
            let covariance = std::f64::consts::FRAC_2_PI * (2.0 * c / scale.sqrt()).asin();
            let expected = 1.0 - covariance / (Erf.variance(q_x) * Erf.variance(q_y)).sqrt();
            assert!((f64::from(cosine_gap[i]) - expected).abs() < 3e-7, "pair {i}");
            let derivative = 4.0 / std::f64::consts::PI / (scale - 4.0 * c * c).sqrt();
            assert!((f64::from(ntk[i]) / derivative - 1.0).abs() < 3e-7, "derivative of pair {i}");
        }
    }
}
