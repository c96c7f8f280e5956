//! Medians and correlations.

/// The median of finite numbers; `None` for an empty list.
pub(crate) fn median(values: impl IntoIterator<Item = f64>) -> Option<f64> {
    let mut values: Vec<f64> = values.into_iter().collect();
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() {
        0 => None,
        n if n % 2 == 1 => Some(values[middle]),
        _ => Some(0.5 * (values[middle - 1] + values[middle])),
    }
}

/// Pearson's correlation; `None` for fewer than three pairs or a constant side.
pub(crate) fn correlation(pairs: &[(f64, f64)]) -> Option<f64> {
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
    fn correlation_of_lines_and_constants() {
        let line =
            |slope: f64| (0..5).map(|x| (f64::from(x), slope * f64::from(x) + 1.0)).collect::<Vec<_>>();
        assert!((correlation(&line(2.0)).unwrap() - 1.0).abs() < 1e-15);
        assert!((correlation(&line(-0.1)).unwrap() + 1.0).abs() < 1e-15);
        assert_eq!(correlation(&line(0.0)), None);
        assert_eq!(correlation(&[(0.0, 1.0), (1.0, 2.0)]), None);
    }
}
