//! What layer normalisation divides by, for vectors and for positions alike.

/// The factor $1/\sqrt{v + \varepsilon}$ of a point with the variance `variance` and the diagonal tangent kernel `ntk`, where `mean` is the
/// variance $v$ of everything that is normalised together.
///
/// 0 where that is not finite, and of a point without variance and tangent kernel: nothing stays nothing, and a huge factor of it
/// would only cancel in differences.
pub(crate) fn layer_norm_factor(mean: f64, epsilon: f64, (variance, ntk): (f64, f64)) -> f64 {
    let factor = (mean + epsilon).sqrt().recip();
    let is_nothing = variance == 0.0 && ntk == 0.0;
    if factor.is_finite() && !is_nothing { factor } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_nothing_has_no_factor() {
        assert_eq!(layer_norm_factor(0.25, 0.0, (0.25, 0.0)), 2.0);
        assert_eq!(layer_norm_factor(0.0, 0.25, (0.0, 1.0)), 2.0);
        assert_eq!(layer_norm_factor(0.25, 0.0, (0.0, 0.0)), 0.0);
        assert_eq!(layer_norm_factor(0.0, 0.0, (0.0, 1.0)), 0.0);
    }
}
