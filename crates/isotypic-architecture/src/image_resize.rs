//! The `image_resize` layer: other extents by interpolation, axis by axis.
//!
//! The output position $o$ of $m$ lies at $x_o = (o + \tfrac12)\,n/m - \tfrac12$ between the $n$ input positions: positions are centres
//! of cells that divide the same interval.

use serde::Serialize;

use crate::ArchitectureError;
use crate::affine::extents_in_range;
use crate::check::channels_at_positions;
use crate::options::{Options, as_whole};

/// The options of an `image_resize` layer.
pub(crate) const IMAGE_RESIZE_OPTIONS: &[&str] = &["shape", "method", "antialias"];

/// How values between positions are found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ResizeMethod {
    /// The value of the cell in which an output's centre lies, $\lfloor (o + \tfrac12)\,n/m \rfloor$.
    Nearest,
    /// Linear interpolation; beyond the first and last centre their values.
    Linear,
}

/// Options of an `image_resize` layer; only `antialias` has a default.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ImageResizeSpec {
    /// The new extent along each spatial axis; `None` leaves it as it is.
    #[serde(serialize_with = "missing_as_minus_one")]
    pub shape: Vec<Option<usize>>,
    /// How values between positions are found.
    pub method: ResizeMethod,
    /// Whether linear interpolation to fewer positions averages over as wide an interval as an output's cell; without, outputs
    /// between far positions see their two neighbours only.
    pub antialias: bool,
}

/// A checked `image_resize` layer. Lists have one entry per spatial axis.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ImageResize {
    /// Extents of the input.
    pub input: Vec<usize>,
    /// Extents of the output.
    pub output: Vec<usize>,
    /// How values between positions are found.
    pub method: ResizeMethod,
    /// Whether linear interpolation to fewer positions averages over an output's cell.
    pub antialias: bool,
}

/// JSON has whole numbers for extents: −1 for one that stays.
fn missing_as_minus_one<S: serde::Serializer>(
    shape: &[Option<usize>],
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(shape.iter().map(|extent| extent.map_or(-1, |extent| extent as i64)))
}

impl ImageResizeSpec {
    pub(crate) fn read(mut options: Options) -> Result<Self, ArchitectureError> {
        let expected = "a list of positive integers, −1 for an axis that stays as it is";
        let shape = options.list("shape", expected, |document| match as_whole(document)? {
            -1 => Some(None),
            extent if extent > 0 => usize::try_from(extent).ok().map(Some),
            _ => None,
        })?;
        let methods = [("nearest", ResizeMethod::Nearest), ("linear", ResizeMethod::Linear)];
        let method = options.choice("method", "`nearest` or `linear`", &methods)?;
        Ok(Self {
            shape: options.required("shape", shape)?,
            method: options.required("method", method)?,
            antialias: options.flag("antialias")?.unwrap_or(true),
        })
    }

    /// Returns the operation and the output's shape.
    pub(crate) fn check(
        &self,
        path: &str,
        input_shape: &[usize],
    ) -> Result<(ImageResize, Vec<usize>), ArchitectureError> {
        let (channels, extents) = channels_at_positions(path, input_shape)?;
        if self.shape.len() != extents.len() {
            return Err(ArchitectureError::invalid_option(
                path,
                "shape",
                format!("{} entries, one for each spatial axis", extents.len()),
                &format!("{} entries", self.shape.len()),
            ));
        }
        let new: Vec<usize> = self.shape.iter().copied().flatten().collect();
        extents_in_range(path, "shape", &new)?;
        let output: Vec<usize> =
            self.shape.iter().zip(extents).map(|(new, &extent)| new.unwrap_or(extent)).collect();
        let output_shape = [&output[..], &[channels]].concat();
        let resize =
            ImageResize { input: extents.to_vec(), output, method: self.method, antialias: self.antialias };
        Ok((resize, output_shape))
    }
}

impl ImageResize {
    /// For every output position along one axis the input positions it reads, with their weights, in order; weights sum to 1.
    ///
    /// Linear weights fall off as $\max(1 - |x_o - i|/w, 0)$, divided by their sum, with $w = 1$, or $w = n/m$ for fewer positions
    /// with `antialias`.
    ///
    /// # Panics
    /// If there is no such axis.
    pub fn weights(&self, axis: usize) -> Vec<Vec<(usize, f64)>> {
        let (input, output) = (self.input[axis], self.output[axis]);
        if input == output {
            return (0..input).map(|position| vec![(position, 1.0)]).collect();
        }
        let ratio = input as f64 / output as f64;
        let of_output = |position: usize| match self.method {
            ResizeMethod::Nearest => vec![((2 * position + 1) * input / (2 * output), 1.0)],
            ResizeMethod::Linear => {
                let reach = if self.antialias { ratio.max(1.0) } else { 1.0 };
                let centre = (position as f64 + 0.5) * ratio - 0.5;
                let first = (centre - reach).ceil().max(0.0) as usize;
                let last = ((centre + reach).floor() as usize).min(input - 1);
                let mut weights: Vec<(usize, f64)> = (first..=last)
                    .map(|source| (source, 1.0 - (centre - source as f64).abs() / reach))
                    .filter(|&(_, weight)| weight > 0.0)
                    .collect();
                let total: f64 = weights.iter().map(|(_, weight)| weight).sum();
                weights.iter_mut().for_each(|(_, weight)| *weight /= total);
                weights
            }
        };
        (0..output).map(of_output).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn weights(input: usize, output: usize, method: ResizeMethod, antialias: bool) -> Vec<Vec<(usize, f64)>> {
        ImageResize { input: vec![input], output: vec![output], method, antialias }.weights(0)
    }

    /// By hand: four cells on the interval of two.
    #[test]
    fn twice_as_many_positions_lie_a_quarter_off_the_centres() {
        let expected =
            [vec![(0, 1.0)], vec![(0, 0.75), (1, 0.25)], vec![(0, 0.25), (1, 0.75)], vec![(1, 1.0)]];
        assert_eq!(weights(2, 4, ResizeMethod::Linear, true), expected);
    }

    #[test]
    fn fewer_positions_average_over_their_cells_or_see_two_neighbours() {
        // Centres 1/2 and 5/2 of four, weights 1 − |x − i|/2: 3/4 3/4 1/4 over 7/4.
        let averaged = weights(4, 2, ResizeMethod::Linear, true);
        let sevenths: Vec<f64> = averaged[0].iter().map(|(_, weight)| 7.0 * weight).collect();
        assert!(sevenths.iter().zip([3.0, 3.0, 1.0]).all(|(got, expected)| f64::abs(got - expected) < 1e-14));
        assert_eq!(weights(4, 2, ResizeMethod::Linear, false)[1], [(2, 0.5), (3, 0.5)]);
    }

    #[test]
    fn nearest_takes_the_cell_of_the_centre() {
        let read = |input, output| -> Vec<usize> {
            weights(input, output, ResizeMethod::Nearest, true).iter().map(|row| row[0].0).collect()
        };
        assert_eq!(read(7, 3), [1, 3, 5]);
        assert_eq!(read(3, 7), [0, 0, 1, 1, 1, 2, 2]);
    }

    #[test]
    fn weights_sum_to_one_and_one_size_changes_nothing() {
        for (input, output) in [(1, 5), (5, 1), (7, 12), (12, 7), (3, 3)] {
            for antialias in [true, false] {
                let rows = weights(input, output, ResizeMethod::Linear, antialias);
                assert_eq!(rows.len(), output);
                for row in &rows {
                    let total: f64 = row.iter().map(|(_, weight)| weight).sum();
                    assert!((total - 1.0).abs() < 1e-15 && row.iter().all(|&(source, _)| source < input));
                }
                if input == output {
                    assert!(rows.iter().enumerate().all(|(position, row)| row == &[(position, 1.0)]));
                }
            }
        }
    }
}
