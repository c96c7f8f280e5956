//! How well one number orders another, and how well it tells success from failure.

use std::cmp::Ordering;

/// How well a score foretells an outcome; `None` where either does not vary.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RankCorrelation {
    /// Spearman's $\rho$, the correlation of ranks, −1 to 1.
    pub spearman: Option<f64>,
    /// Kendall's $\tau_b$: pairs in the same order less pairs in opposite order, ties taken into account, −1 to 1.
    pub kendall: Option<f64>,
}

/// Spearman's and Kendall's correlation of pairs of finite numbers.
///
/// # Examples
/// ```
/// use isotypic_predict::rank_correlation;
///
/// let found = rank_correlation(&[(1.0, 10.0), (2.0, 100.0), (3.0, 20.0)]);
/// assert!((found.spearman.unwrap() - 0.5).abs() < 1e-15);
/// assert!((found.kendall.unwrap() - 1.0 / 3.0).abs() < 1e-15);
/// ```
pub fn rank_correlation(pairs: &[(f64, f64)]) -> RankCorrelation {
    let (first, second): (Vec<f64>, Vec<f64>) = pairs.iter().copied().unzip();
    RankCorrelation { spearman: pearson(&ranks(&first), &ranks(&second)), kendall: kendall(pairs) }
}

/// The probability that a success has a larger score than a failure, ties counting half: the area under the curve of true against
/// false positives (Hanley & McNeil 1982). `None` without both.
///
/// # Examples
/// ```
/// use isotypic_predict::area_under_curve;
///
/// let area = area_under_curve(&[(0.9, true), (0.4, true), (0.5, false), (0.1, false)]);
/// assert_eq!(area, Some(0.75));
/// ```
pub fn area_under_curve(scores: &[(f64, bool)]) -> Option<f64> {
    let (values, outcomes): (Vec<f64>, Vec<bool>) = scores.iter().copied().unzip();
    let successes = outcomes.iter().filter(|&&success| success).count() as f64;
    let failures = outcomes.len() as f64 - successes;
    // The sum of the ranks of successes counts the failures below each of them.
    let sum: f64 = ranks(&values).iter().zip(&outcomes).filter(|pair| *pair.1).map(|pair| pair.0).sum();
    (successes > 0.0 && failures > 0.0)
        .then(|| (sum - 0.5 * successes * (successes + 1.0)) / (successes * failures))
}

/// Ranks from 1, the mean rank for ties.
fn ranks(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|&i, &j| values[i].total_cmp(&values[j]));
    let mut ranks = vec![0.0; values.len()];
    let mut start = 0;
    while start < order.len() {
        let same = order[start..].iter().take_while(|&&i| values[i] == values[order[start]]).count().max(1);
        for &i in &order[start..start + same] {
            ranks[i] = start as f64 + 0.5 * (same as f64 + 1.0);
        }
        start += same;
    }
    ranks
}

fn pearson(first: &[f64], second: &[f64]) -> Option<f64> {
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    let (a, b) = (mean(first), mean(second));
    let sum =
        |f: &dyn Fn(f64, f64) -> f64| first.iter().zip(second).map(|(x, y)| f(x - a, y - b)).sum::<f64>();
    let norm = (sum(&|x, _| x * x) * sum(&|_, y| y * y)).sqrt();
    (norm > 0.0).then(|| (sum(&|x, y| x * y) / norm).clamp(-1.0, 1.0))
}

fn kendall(pairs: &[(f64, f64)]) -> Option<f64> {
    let sign = |a: f64, b: f64| match a.partial_cmp(&b) {
        Some(Ordering::Less) => -1.0,
        Some(Ordering::Greater) => 1.0,
        _ => 0.0_f64,
    };
    let (mut agreement, mut first, mut second) = (0.0, 0.0, 0.0);
    for (i, a) in pairs.iter().enumerate() {
        for b in &pairs[..i] {
            let (x, y) = (sign(a.0, b.0), sign(a.1, b.1));
            agreement += x * y;
            first += x * x;
            second += y * y;
        }
    }
    let norm = (first * second).sqrt();
    (norm > 0.0).then(|| agreement / norm)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `scipy.stats.spearmanr` and `kendalltau` of SciPy 1.x, ties included.
    #[test]
    fn correlations_equal_those_of_scipy() {
        let x = [0.3, 0.3, -1.2, 4.0, 2.5, 2.5, 2.5, 0.0];
        let y = [1.0, 2.0, -0.5, 3.0, 3.0, 2.0, 0.1, 0.1];
        let pairs: Vec<_> = x.into_iter().zip(y).collect();
        let found = rank_correlation(&pairs);
        assert!((found.spearman.unwrap() - SPEARMAN).abs() < 1e-14, "{found:?}");
        assert!((found.kendall.unwrap() - KENDALL).abs() < 1e-14, "{found:?}");
    }

    const SPEARMAN: f64 = 0.7563090889558273;
    const KENDALL: f64 = 0.6940220937885673;

    #[test]
    fn the_area_is_the_fraction_of_pairs_in_the_right_order() {
        let scores = [(0.3, true), (0.3, false), (1.0, true), (-1.0, false), (2.0, false), (0.9, true)];
        let (mut right, mut all) = (0.0, 0.0);
        for (value, _) in scores.iter().filter(|score| score.1) {
            for (other, _) in scores.iter().filter(|score| !score.1) {
                right += if value > other {
                    1.0
                } else if value == other {
                    0.5
                } else {
                    0.0
                };
                all += 1.0;
            }
        }
        assert_eq!(area_under_curve(&scores), Some(right / all));
        assert_eq!(area_under_curve(&[(1.0, true)]), None);
    }

    #[test]
    fn what_does_not_vary_has_no_correlation() {
        assert_eq!(
            rank_correlation(&[(1.0, 1.0), (1.0, 2.0)]),
            RankCorrelation { spearman: None, kendall: None }
        );
        assert_eq!(rank_correlation(&[]), RankCorrelation { spearman: None, kendall: None });
    }
}
