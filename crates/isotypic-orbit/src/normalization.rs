//! What happens to every pose after the group has acted.
//!
//! `center` subtracts the mean over all pixels and channels, $x - \bar x$; `sphere` divides by the 2-norm,
//! $x / \|x\|$. Steps are taken in the order written.

use std::fmt;
use std::str::FromStr;

use crate::OrbitError;

/// One step of a [`Normalization`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum NormalizationStep {
    /// Subtract the mean over all pixels and channels.
    Center,
    /// Divide by the 2-norm over all pixels and channels.
    Sphere,
}

/// Steps of normalisation; by default `center,sphere`.
///
/// # Examples
/// ```
/// use isotypic_orbit::Normalization;
///
/// let mut pixels = [1.0, 2.0, 3.0, 2.0];
/// Normalization::parse("center,sphere")?.apply(0, &mut pixels)?;
/// assert_eq!(pixels, [-1.0 / 2.0_f64.sqrt(), 0.0, 1.0 / 2.0_f64.sqrt(), 0.0]);
/// # Ok::<(), isotypic_orbit::OrbitError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Normalization {
    steps: Vec<NormalizationStep>,
}

impl Default for Normalization {
    fn default() -> Self {
        Self { steps: vec![NormalizationStep::Center, NormalizationStep::Sphere] }
    }
}

impl Normalization {
    /// No step at all.
    #[must_use]
    pub fn none() -> Self {
        Self { steps: Vec::new() }
    }

    /// Reads steps separated by commas, or `none`.
    ///
    /// # Errors
    /// [`OrbitError::UnknownNormalization`].
    pub fn parse(spec: &str) -> Result<Self, OrbitError> {
        if spec.trim() == "none" {
            return Ok(Self::none());
        }
        let step = |text: &str| match text.trim() {
            "center" => Ok(NormalizationStep::Center),
            "sphere" => Ok(NormalizationStep::Sphere),
            other => Err(OrbitError::UnknownNormalization { spec: spec.into(), step: other.into() }),
        };
        Ok(Self { steps: spec.split(',').map(step).collect::<Result<_, _>>()? })
    }

    /// The steps, in order.
    #[must_use]
    pub fn steps(&self) -> &[NormalizationStep] {
        &self.steps
    }

    /// Normalises one image in place; `image` is its number in errors.
    ///
    /// # Errors
    /// [`OrbitError::NotNormalizable`] where a norm is zero (an image of equal pixels after `center`) or beyond the
    /// range of a double.
    pub fn apply(&self, image: usize, pixels: &mut [f64]) -> Result<(), OrbitError> {
        for step in &self.steps {
            // Rounding would leave a constant image with a tiny random one.
            let constant = pixels.windows(2).all(|pair| pair[0] == pair[1]);
            match step {
                NormalizationStep::Center if constant => pixels.fill(0.0),
                NormalizationStep::Center => {
                    let mean = pixels.iter().sum::<f64>() / pixels.len() as f64;
                    pixels.iter_mut().for_each(|pixel| *pixel -= mean);
                }
                NormalizationStep::Sphere => {
                    let norm = pixels.iter().map(|pixel| pixel * pixel).sum::<f64>().sqrt();
                    if !norm.is_normal() {
                        return Err(OrbitError::NotNormalizable { image, constant });
                    }
                    pixels.iter_mut().for_each(|pixel| *pixel /= norm);
                }
            }
        }
        Ok(())
    }
}

impl fmt::Display for Normalization {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self
            .steps
            .iter()
            .map(|step| match step {
                NormalizationStep::Center => "center",
                NormalizationStep::Sphere => "sphere",
            })
            .collect();
        if names.is_empty() { f.write_str("none") } else { f.write_str(&names.join(",")) }
    }
}

impl FromStr for Normalization {
    type Err = OrbitError;

    fn from_str(spec: &str) -> Result<Self, OrbitError> {
        Self::parse(spec)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn normalized(spec: &str, pixels: &[f64]) -> Result<Vec<f64>, OrbitError> {
        let mut pixels = pixels.to_vec();
        Normalization::parse(spec)?.apply(12, &mut pixels)?;
        Ok(pixels)
    }

    #[test]
    fn steps_print_as_they_are_written() {
        for spec in ["center,sphere", "sphere,center", "center", "sphere", "none"] {
            assert_eq!(Normalization::parse(spec).unwrap().to_string(), spec);
        }
        assert_eq!(Normalization::default().to_string(), "center,sphere");
    }

    #[test]
    fn unknown_steps_are_named() {
        for (spec, step) in [("center,spere", "spere"), ("", ""), ("center,", ""), ("none,center", "none")] {
            let error = Normalization::parse(spec).unwrap_err();
            assert_eq!(error.to_string(), format!("normalisation `{spec}`: unknown step `{step}`"));
            assert!(error.hint().is_some());
        }
    }

    #[test]
    fn the_order_of_the_steps_matters() {
        assert_eq!(normalized("none", &[3.0, 5.0]).unwrap(), [3.0, 5.0]);
        assert_eq!(normalized("center", &[3.0, 5.0]).unwrap(), [-1.0, 1.0]);
        assert_eq!(normalized("sphere", &[3.0, 4.0]).unwrap(), [0.6, 0.8]);
        let both = normalized("sphere,center", &[3.0, 4.0]).unwrap();
        assert!((both[0] + 0.1).abs() < 1e-15 && (both[1] - 0.1).abs() < 1e-15);
    }

    #[test]
    fn a_constant_image_is_refused_even_if_rounding_would_hide_it() {
        let constant = [0.1; 7]; // whose mean is not 0.1 in floating point
        let error = normalized("center,sphere", &constant).unwrap_err();
        assert_eq!(error.to_string(), "image 12: all pixels are equal, cannot be normalised");
        assert_eq!(normalized("center", &constant).unwrap(), [0.0; 7]);
        assert!(normalized("sphere", &constant).is_ok());
        assert!(normalized("sphere", &[0.0, 0.0]).is_err());
    }

    #[test]
    fn norms_beyond_the_range_of_a_double_are_refused() {
        for huge in [1e200, 1e-170] {
            let error = normalized("sphere", &[huge, 2.0 * huge]).unwrap_err();
            assert_eq!(error.to_string(), "image 12: its norm is zero or not finite, cannot be normalised");
        }
    }
}
