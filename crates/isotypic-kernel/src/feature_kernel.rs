//! Kernels on frozen features: what a linear probe, or a simple kernel machine, sees of a network that already exists.

use std::fmt;
use std::str::FromStr;

use crate::KernelError;

/// A kernel that is a function of two feature vectors' lengths and angle.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum FeatureKernel {
    /// $\langle x, y \rangle$: exactly a linear probe with ridge.
    Linear,
    /// $\exp(-\gamma |x - y|^2)$.
    Rbf {
        /// $\gamma > 0$.
        gamma: f64,
    },
    /// Cho & Saul's arc-cosine kernels: order 0 $1 - \theta/\pi$, order 1 $|x||y| (\sin\theta + (\pi-\theta)\cos\theta)/\pi$.
    ArcCosine {
        /// 0 or 1.
        order: u8,
    },
}

impl FeatureKernel {
    /// The kernel of two vectors with norms `a` and `b` and cosine gap `gap` $= 1 - \cos\theta$.
    #[must_use]
    pub fn evaluate(&self, a: f64, b: f64, gap: f64) -> f64 {
        use std::f64::consts::PI;
        let theta = || {
            if gap <= 1.0 {
                2.0 * (0.5 * gap).sqrt().asin()
            } else {
                PI - 2.0 * (1.0 - 0.5 * gap).max(0.0).sqrt().asin()
            }
        };
        match *self {
            Self::Linear => a * b * (1.0 - gap),
            Self::Rbf { gamma } => (-gamma * ((a - b).powi(2) + 2.0 * a * b * gap)).exp(),
            Self::ArcCosine { order: 0 } => 1.0 - theta() / PI,
            Self::ArcCosine { .. } => {
                let theta = theta();
                a * b * ((gap * (2.0 - gap)).sqrt() + (PI - theta) * (1.0 - gap)) / PI
            }
        }
    }
}

impl fmt::Display for FeatureKernel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Linear => write!(f, "linear"),
            Self::Rbf { gamma } => write!(f, "rbf:{gamma}"),
            Self::ArcCosine { order } => write!(f, "arc-cosine:{order}"),
        }
    }
}

impl FromStr for FeatureKernel {
    type Err = KernelError;

    /// Reads `linear`, `rbf[:GAMMA]` (default 1) or `arc-cosine[:ORDER]` (default 1).
    fn from_str(spec: &str) -> Result<Self, KernelError> {
        let error = |reason: &str| KernelError::FeatureKernelSpec {
            spec: spec.to_owned(),
            reason: reason.to_owned(),
        };
        let (name, argument) = match spec.split_once(':') {
            Some((name, argument)) => (name, Some(argument)),
            None => (spec, None),
        };
        match (name, argument) {
            ("linear", None) => Ok(Self::Linear),
            ("linear", Some(_)) => Err(error("`linear` takes no argument")),
            ("rbf", argument) => match argument.unwrap_or("1").parse::<f64>() {
                Ok(gamma) if gamma.is_finite() && gamma > 0.0 => Ok(Self::Rbf { gamma }),
                _ => Err(error("expected a positive number after `rbf:`")),
            },
            ("arc-cosine", argument) => match argument.unwrap_or("1") {
                "0" => Ok(Self::ArcCosine { order: 0 }),
                "1" => Ok(Self::ArcCosine { order: 1 }),
                _ => Err(error("expected order 0 or 1 after `arc-cosine:`")),
            },
            _ => Err(error("no feature kernel of this name")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_follow_the_formulas() {
        let (x, y) = ([0.3, -1.2, 0.5], [1.1, 0.4, 0.2]);
        let dot = |a: &[f64; 3], b: &[f64; 3]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
        let (a, b) = (dot(&x, &x).sqrt(), dot(&y, &y).sqrt());
        let gap = 1.0 - dot(&x, &y) / (a * b);
        let theta = (1.0 - gap).acos();
        let squared_distance: f64 = x.iter().zip(&y).map(|(x, y)| (x - y) * (x - y)).sum();
        let near = |got: f64, expected: f64| assert!((got - expected).abs() < 1e-14, "{got} {expected}");
        near(FeatureKernel::Linear.evaluate(a, b, gap), dot(&x, &y));
        near(FeatureKernel::Rbf { gamma: 0.7 }.evaluate(a, b, gap), (-0.7 * squared_distance).exp());
        near(FeatureKernel::ArcCosine { order: 0 }.evaluate(a, b, gap), 1.0 - theta / std::f64::consts::PI);
        let order_one =
            a * b * (theta.sin() + (std::f64::consts::PI - theta) * theta.cos()) / std::f64::consts::PI;
        near(FeatureKernel::ArcCosine { order: 1 }.evaluate(a, b, gap), order_one);
    }

    #[test]
    fn specifications_round_trip_and_bad_ones_are_refused() {
        for spec in ["linear", "rbf:0.5", "arc-cosine:0", "arc-cosine:1"] {
            assert_eq!(spec.parse::<FeatureKernel>().unwrap().to_string(), spec);
        }
        for spec in ["rbf:-1", "rbf:nan", "arc-cosine:2", "linear:1", "poly"] {
            assert!(spec.parse::<FeatureKernel>().is_err(), "{spec}");
        }
    }
}
