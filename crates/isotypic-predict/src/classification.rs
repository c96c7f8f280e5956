//! From predictions to classes: the decision, its margin, and the probability of every class.
//!
//! One output with labels ±1 is decided by its sign; several outputs, one per class, by the largest.

use std::f64::consts::{FRAC_1_SQRT_2, PI};

/// By how much the own class wins: the prediction of the own class minus the largest of the others; for a single
/// output with label ±1 the prediction times the label. Negative when the point is misclassified.
///
/// # Shapes
/// - `predictions`, `labels`: `[outputs]`; with several outputs the own class is the one of the largest label
///
/// # Panics
/// When the lengths differ or there is no output.
///
/// # Examples
/// ```
/// use isotypic_predict::margin;
///
/// assert_eq!(margin(&[-0.5], &[-1.0]), 0.5);
/// assert_eq!(margin(&[0.1, 0.7, 0.2], &[-1.0, -1.0, 1.0]), 0.2 - 0.7);
/// ```
pub fn margin(predictions: &[f64], labels: &[f64]) -> f64 {
    assert_eq!(predictions.len(), labels.len(), "one label per output");
    assert!(!predictions.is_empty(), "at least one output");
    if let (&[prediction], &[label]) = (predictions, labels) {
        return prediction * label.signum();
    }
    let own =
        (1..labels.len()).fold(0, |best, class| if labels[class] > labels[best] { class } else { best });
    let others = predictions.iter().enumerate().filter(|&(class, _)| class != own);
    let rival = others.fold(f64::NEG_INFINITY, |largest, (_, &value)| largest.max(value));
    predictions[own] - rival
}

/// The probability that each class has the largest output, for independent normal outputs of one variance around
/// the predictions: the posterior of a Gaussian process with one output per class.
///
/// $p_c = \int \varphi(z) \prod_{j \ne c} \Phi\bigl(z + (\mu_c - \mu_j)/\sigma\bigr)\, dz$, by the trapezoidal rule,
/// which converges exponentially here; absolute errors stay below 1e-12. With one output the two classes are −1 and
/// +1. Without variance the largest output has probability 1, shared evenly by ties.
///
/// # Shapes
/// - `predictions`: `[outputs]`
/// - result: `[outputs]`, or two entries (−1, +1) for one output; the entries add up to 1
///
/// # Panics
/// When there is no output, or the variance is negative or not finite.
///
/// # Examples
/// ```
/// use isotypic_predict::class_probabilities;
///
/// assert_eq!(class_probabilities(&[0.3, 0.3], 1.0), [0.5, 0.5]);
/// let one = class_probabilities(&[1.0], 1.0);
/// assert!((one[1] - 0.841344746068543).abs() < 1e-14); // Φ(1)
/// ```
pub fn class_probabilities(predictions: &[f64], variance: f64) -> Vec<f64> {
    assert!(!predictions.is_empty(), "at least one output");
    assert!(variance.is_finite() && variance >= 0.0, "a variance is finite and not negative, got {variance}");
    let deviation = variance.sqrt();
    if let [prediction] = *predictions {
        let positive = if deviation > 0.0 {
            normal_cdf(prediction / deviation)
        } else {
            0.5 * (1.0 + if prediction == 0.0 { 0.0 } else { prediction.signum() })
        };
        return vec![1.0 - positive, positive];
    }
    let probabilities: Vec<f64> = if deviation > 0.0 {
        (0..predictions.len()).map(|class| wins(predictions, class, deviation)).collect()
    } else {
        let largest = predictions.iter().fold(f64::NEG_INFINITY, |largest, &value| largest.max(value));
        predictions.iter().map(|&value| if value == largest { 1.0 } else { 0.0 }).collect()
    };
    let total: f64 = probabilities.iter().sum();
    probabilities.into_iter().map(|probability| probability / total).collect()
}

/// The probability that `class` has the largest output.
fn wins(predictions: &[f64], class: usize, deviation: f64) -> f64 {
    const STEP: f64 = 1.0 / 16.0;
    const STEPS: i32 = 9 * 16; // nine standard deviations
    let integrand = |z: f64| {
        let density = (-0.5 * z * z).exp() / (2.0 * PI).sqrt();
        let rivals = predictions.iter().enumerate().filter(|&(rival, _)| rival != class);
        rivals.fold(density, |product, (_, &rival)| {
            product * normal_cdf(z + (predictions[class] - rival) / deviation)
        })
    };
    (-STEPS..=STEPS).map(|step| integrand(f64::from(step) * STEP)).sum::<f64>() * STEP
}

/// $\Phi(z)$.
fn normal_cdf(z: f64) -> f64 {
    0.5 * libm::erfc(-z * FRAC_1_SQRT_2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_classes_have_a_closed_form() {
        for (difference, variance) in [(0.0, 1.0), (0.7, 0.5), (-3.0, 2.0), (1.0, 1e-4), (30.0, 1.0)] {
            let found = class_probabilities(&[difference, 0.0], variance);
            let expected = normal_cdf(difference / (2.0 * variance).sqrt());
            assert!(
                (found[0] - expected).abs() < 1e-12,
                "{difference}, {variance}: {found:?} and {expected}"
            );
        }
    }

    #[test]
    fn probabilities_of_three_classes_are_those_of_adaptive_quadrature() {
        // scipy.integrate.quad of norm.pdf(z) · Π norm.cdf(z + (μ_c − μ_j) / σ), μ = (0.4, 0, −0.3), σ = 0.5
        let found = class_probabilities(&[0.4, 0.0, -0.3], 0.25);
        for (found, expected) in found.iter().zip([0.6472070536084, 0.2489271927082, 0.1038657536834]) {
            assert!((found - expected).abs() < 1e-12, "{found} and {expected}");
        }
    }

    #[test]
    fn without_variance_the_largest_output_is_certain() {
        assert_eq!(class_probabilities(&[0.1, 0.4, 0.4], 0.0), [0.0, 0.5, 0.5]);
        assert_eq!(class_probabilities(&[-0.2], 0.0), [1.0, 0.0]);
        assert_eq!(class_probabilities(&[0.0], 0.0), [0.5, 0.5]);
    }

    #[test]
    fn a_margin_has_the_sign_of_the_decision() {
        assert_eq!(margin(&[0.3], &[1.0]), 0.3);
        assert_eq!(margin(&[0.2, 0.9], &[1.0, -1.0]), 0.2 - 0.9);
        assert_eq!(margin(&[0.2, 0.9], &[-1.0, 1.0]), 0.9 - 0.2);
    }
}
