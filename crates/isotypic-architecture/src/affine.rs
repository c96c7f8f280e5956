//! What `dense` and `conv` have in common: a width, two standard deviations, a parameterization.

use crate::{ArchitectureError, LayerParameterization, Parameterization};

/// The largest `width`, filter extent and stride that is accepted, far beyond use.
const LARGEST_EXTENT: usize = 1 << 20;

/// Options of an affine layer, the architecture's parameterization already filled in.
pub(crate) struct AffineSpec {
    pub(crate) width: usize,
    pub(crate) w_std: f64,
    pub(crate) b_std: Option<f64>,
    pub(crate) parameterization: Parameterization,
    pub(crate) width_scale: [f64; 2],
}

/// The same in the form that kernels and networks use.
pub(crate) struct Affine {
    pub(crate) weight_variance: f64,
    pub(crate) bias_variance: Option<f64>,
    pub(crate) parameterization: LayerParameterization,
    /// Number of output channels, the output's width scale included.
    pub(crate) width: usize,
}

impl AffineSpec {
    /// Checks every number for an input of `channels` channels.
    pub(crate) fn check(&self, path: &str, channels: usize) -> Result<Affine, ArchitectureError> {
        extents_in_range(path, "width", &[self.width])?;
        let weight_variance = self.w_std * self.w_std;
        if !(self.w_std > 0.0 && weight_variance.is_normal()) {
            return Err(ArchitectureError::invalid_option(
                path,
                "w_std",
                "a positive number whose square is finite",
                &self.w_std,
            ));
        }
        let bias_variance = self.b_std.map(|b_std| b_std * b_std);
        if let Some(b_std) = self.b_std
            && !(b_std >= 0.0 && (b_std * b_std).is_finite())
        {
            return Err(ArchitectureError::invalid_option(
                path,
                "b_std",
                "a number of at least 0 whose square is finite",
                &b_std,
            ));
        }
        Ok(Affine {
            weight_variance,
            bias_variance,
            parameterization: self.layer_parameterization(path, channels)?,
            width: self.scaled_width(path)?,
        })
    }

    /// Number of channels of a network whose widths are scaled: the base width times the output's scale.
    fn scaled_width(&self, path: &str) -> Result<usize, ArchitectureError> {
        let scaled = self.width as f64 * self.width_scale[1];
        if scaled.fract() != 0.0 || !(1.0..=LARGEST_EXTENT as f64).contains(&scaled) {
            return Err(ArchitectureError::invalid_option(
                path,
                "width_scale",
                format!("an output scale that makes `width` a whole number from 1 to {LARGEST_EXTENT}"),
                &format!("{:?}", self.width_scale),
            ));
        }
        Ok(scaled as usize)
    }

    fn layer_parameterization(
        &self,
        path: &str,
        channels: usize,
    ) -> Result<LayerParameterization, ArchitectureError> {
        let [scale_in, scale_out] = self.width_scale;
        if ![scale_in, scale_out].iter().all(|scale| *scale > 0.0 && scale.is_normal()) {
            return Err(ArchitectureError::invalid_option(
                path,
                "width_scale",
                "two positive finite numbers",
                &format!("{:?}", self.width_scale),
            ));
        }
        match self.parameterization {
            Parameterization::Standard => {
                Ok(LayerParameterization::Standard { input_width: channels as f64 / scale_in })
            }
            Parameterization::Ntk if [scale_in, scale_out].map(f64::to_bits) == [1.0_f64.to_bits(); 2] => {
                Ok(LayerParameterization::Ntk)
            }
            Parameterization::Ntk => Err(ArchitectureError::invalid_option(
                path,
                "width_scale",
                "`[1.0, 1.0]`, since only the `standard` parameterization has width scales",
                &format!("{:?}", self.width_scale),
            )),
        }
    }
}

/// Refuses sizes that are zero or absurd.
pub(crate) fn extents_in_range(path: &str, option: &str, extents: &[usize]) -> Result<(), ArchitectureError> {
    match extents.iter().find(|&&extent| extent == 0 || extent > LARGEST_EXTENT) {
        None => Ok(()),
        Some(extent) => Err(ArchitectureError::invalid_option(
            path,
            option,
            format!("integers from 1 to {LARGEST_EXTENT}"),
            extent,
        )),
    }
}

/// Refuses a shape, of inputs or of weights, whose values no memory can hold. Products of accepted shapes do not overflow.
pub(crate) fn addressable(path: &str, shape: &[usize]) -> Result<(), ArchitectureError> {
    let limit = isize::MAX as usize / size_of::<f64>();
    match shape.iter().try_fold(1_usize, |product, &extent| product.checked_mul(extent)) {
        Some(size) if size <= limit => Ok(()),
        _ => Err(ArchitectureError::ShapeTooLarge { path: path.to_owned(), shape: shape.to_vec() }),
    }
}
