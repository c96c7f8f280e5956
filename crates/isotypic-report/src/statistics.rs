//! Medians, quantiles and correlations: what summaries are made of.

/// The median of finite numbers; `None` for an empty list.
#[must_use]
pub fn median(values: impl IntoIterator<Item = f64>) -> Option<f64> {
    let mut values: Vec<f64> = values.into_iter().collect();
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() {
        0 => None,
        n if n % 2 == 1 => Some(values[middle]),
        _ => Some(0.5 * (values[middle - 1] + values[middle])),
    }
}

/// Quantiles of finite numbers, linear between neighbours; `None` for an empty list.
#[must_use]
pub fn quantiles<const N: usize>(values: &[f64], at: [f64; N]) -> Option<[f64; N]> {
    let mut values = values.to_vec();
    values.sort_by(f64::total_cmp);
    let last = values.len().checked_sub(1)?;
    Some(at.map(|fraction| {
        let place = fraction * last as f64;
        let below = place.floor() as usize;
        let above = (below + 1).min(last);
        values[below] + (place - below as f64) * (values[above] - values[below])
    }))
}

/// Wilson's interval of a probability after `right` of `all` trials; `None` without trials.
///
/// $\frac{1}{1 + z^2/n} \left( p + \frac{z^2}{2n} \pm z \sqrt{\frac{p(1-p)}{n} + \frac{z^2}{4n^2}} \right)$
/// (E. B. Wilson, JASA 1927).
#[must_use]
pub fn wilson_interval(right: usize, all: usize, z: f64) -> Option<[f64; 2]> {
    if all == 0 {
        return None;
    }
    let (n, p) = (all as f64, right as f64 / all as f64);
    let middle = p + z * z / (2.0 * n);
    let half = z * (p * (1.0 - p) / n + z * z / (4.0 * n * n)).sqrt();
    let scale = 1.0 + z * z / n;
    Some([((middle - half) / scale).max(0.0), ((middle + half) / scale).min(1.0)])
}

/// Pearson's correlation; `None` for fewer than three pairs or a constant side.
#[must_use]
pub fn correlation(pairs: &[(f64, f64)]) -> Option<f64> {
    let n = pairs.len() as f64;
    if pairs.len() < 3 {
        return None;
    }
    let mean_x = pairs.iter().map(|pair| pair.0).sum::<f64>() / n;
    let mean_y = pairs.iter().map(|pair| pair.1).sum::<f64>() / n;
    let (mut xy, mut xx, mut yy) = (0.0, 0.0, 0.0);
    for (x, y) in pairs {
        let (dx, dy) = (x - mean_x, y - mean_y);
        xy += dx * dy;
        xx += dx * dx;
        yy += dy * dy;
    }
    let correlation = xy / (xx * yy).sqrt();
    correlation.is_finite().then(|| correlation.clamp(-1.0, 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn medians_of_odd_even_and_empty_lists() {
        assert_eq!(median([3.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median([4.0, 1.0, 2.0, 3.0]), Some(2.5));
        assert_eq!(median([]), None);
    }

    #[test]
    fn quantiles_lie_between_neighbours() {
        // numpy.quantile([3, 1, 2, 10], [0, 0.1, 0.5, 0.9, 1])
        let found = quantiles(&[3.0, 1.0, 2.0, 10.0], [0.0, 0.1, 0.5, 0.9, 1.0]).unwrap();
        for (found, expected) in found.iter().zip([1.0, 1.3, 2.5, 7.9, 10.0]) {
            assert!((found - expected).abs() < 1e-14);
        }
        assert_eq!(quantiles(&[], [0.5]), None);
        assert_eq!(quantiles(&[4.0], [0.1, 0.9]), Some([4.0, 4.0]));
    }

    #[test]
    fn intervals_of_a_probability() {
        // The formula in Python, in another order of operations.
        let [low, high] = wilson_interval(8, 10, 1.959_963_984_540_054).unwrap();
        assert!((low - 0.490_162_471_536_641_8).abs() < 1e-14, "{low}");
        assert!((high - 0.943_317_848_545_624_7).abs() < 1e-14, "{high}");
        let [low, high] = wilson_interval(10, 10, 1.959_963_984_540_054).unwrap();
        assert!((low - 0.722_467_200_137_110_6).abs() < 1e-14 && high <= 1.0 && 1.0 - high < 1e-14);
        assert_eq!(wilson_interval(0, 0, 2.0), None);
    }

    #[test]
    fn correlation_of_lines_and_constants() {
        let line =
            |slope: f64| (0..5).map(|x| (f64::from(x), slope * f64::from(x) + 1.0)).collect::<Vec<_>>();
        assert!((correlation(&line(2.0)).unwrap() - 1.0).abs() < 1e-15);
        assert!((correlation(&line(-0.1)).unwrap() + 1.0).abs() < 1e-15);
        assert_eq!(correlation(&line(0.0)), None);
        assert_eq!(correlation(&[(0.0, 1.0), (1.0, 2.0)]), None);
    }

    #[test]
    fn correlations_of_a_line_are_one_and_of_a_point_are_none() {
        let line = [(0.0, 1.0), (1.0, 3.0), (2.0, 5.0)];
        assert!((correlation(&line).unwrap() - 1.0).abs() < 1e-15);
        assert!((correlation(&line.map(|(x, y)| (x, -y))).unwrap() + 1.0).abs() < 1e-15);
        assert_eq!(correlation(&[(1.0, 1.0); 5]), None);
        assert_eq!(correlation(&line[..2]), None);
    }
}
