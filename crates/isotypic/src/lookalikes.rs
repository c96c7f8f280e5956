//! Poses of seeds that are the same to a kernel, found without comparing all pairs.

use ndarray::ArrayView2;
use rayon::prelude::*;

use crate::Error;

/// Pairs (s, t) with s ≥ t of which a pose may look like the other seed: each seed with itself, and seeds with nearly equal sums of powers,
/// which a permutation of numbers keeps.
///
/// # Shapes
/// - `points`: `[seeds, numbers]`
pub(crate) fn candidates(points: ArrayView2<'_, f64>) -> Vec<(usize, usize)> {
    let moments: Vec<[f64; 3]> = points
        .outer_iter()
        .map(|point| [2, 3, 4].map(|power| point.iter().map(|value| value.powi(power)).sum::<f64>()))
        .collect();
    let near = |a: f64, b: f64| (a - b).abs() <= 1e-7 * (a.abs() + b.abs());
    let mut order: Vec<usize> = (0..moments.len()).collect();
    order.sort_by(|&a, &b| moments[a][2].total_cmp(&moments[b][2]));
    let mut pairs: Vec<(usize, usize)> = (0..moments.len()).map(|seed| (seed, seed)).collect();
    for (at, &a) in order.iter().enumerate() {
        let close = order[at + 1..].iter().take_while(|&&b| near(moments[a][2], moments[b][2]));
        let alike = |b: usize| {
            (0..2).all(|power| {
                // Third moments may cancel; second ones do not.
                let scale = moments[a][0].abs().powf(1.5).max(moments[a][power].abs());
                (moments[a][power] - moments[b][power]).abs() <= 1e-7 * scale
            })
        };
        pairs.extend(close.filter(|&&b| alike(b)).map(|&b| (a.max(b), a.min(b))));
    }
    pairs
}

/// Which of these pairs are the same: (s, t, u) where $x_s$ and $u·x_t$ are one point to the kernel; of a seed with itself u ≠ 1.
///
/// `values` gives $k(x_s, u·x_t)$ for all u; `same` is the relative squared distance that rounding explains.
pub(crate) fn same_points(
    pairs: Vec<(usize, usize)>,
    variances: &[f64],
    same: f64,
    values: impl Fn(usize, usize) -> Result<Vec<f64>, Error> + Sync,
) -> Result<Vec<(usize, usize, usize)>, Error> {
    let mut found: Vec<(usize, usize, usize)> = pairs
        .into_par_iter()
        .map(|(s, t)| {
            let scale = variances[s] + variances[t];
            let is_same =
                |&(u, value): &(usize, f64)| (s != t || u != 0) && scale - 2.0 * value <= same * scale;
            let values = values(s, t)?.into_iter().enumerate();
            Ok(values.filter(is_same).map(|(u, _)| (s, t, u)).collect::<Vec<_>>())
        })
        .collect::<Result<Vec<_>, Error>>()?
        .concat();
    found.sort_unstable();
    Ok(found)
}
