//! Options of `avg_pool`, `sum_pool` and `max_pool` layers.

use serde::Serialize;

use crate::check::channels_at_positions;
use crate::options::Options;
use crate::windows::lay_out;
use crate::{ArchitectureError, Padding, Pool};

/// The options of an `avg_pool` layer.
pub(crate) const AVG_POOL_OPTIONS: &[&str] = &["window", "strides", "padding", "normalize_edges"];

/// The options of a `sum_pool` or `max_pool` layer.
pub(crate) const SUM_POOL_OPTIONS: &[&str] = &["window", "strides", "padding"];

/// Options of an `avg_pool`, `sum_pool` or `max_pool` layer; only `window` has no default.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PoolSpec {
    /// Extent of the window along each of one to three spatial axes, each at least 1.
    pub window: Vec<usize>,
    /// Distance between neighbouring outputs along each spatial axis, each at least 1; as many as `window` has.
    pub strides: Vec<usize>,
    /// What lies beyond the border.
    pub padding: Padding,
    /// Whether means at the border of a image with [`Padding::Same`] or explicit padding are over the positions inside only; `avg_pool` alone has it.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub normalize_edges: bool,
}

impl PoolSpec {
    /// Pooling with this window and defaults elsewhere: stride 1, no padding.
    pub fn new(window: Vec<usize>) -> Self {
        Self { strides: vec![1; window.len()], window, padding: Padding::default(), normalize_edges: false }
    }

    /// Reads the options of any of these layers.
    pub(crate) fn read(mut options: Options) -> Result<Self, ArchitectureError> {
        let window = options.extents("window")?;
        let default = Self::new(options.required("window", window)?);
        Ok(Self {
            strides: options.extents("strides")?.unwrap_or(default.strides),
            padding: options.padding()?.unwrap_or(default.padding),
            normalize_edges: options.flag("normalize_edges")?.unwrap_or(default.normalize_edges),
            window: default.window,
        })
    }

    /// Refuses what means alone have.
    pub(crate) fn without_normalized_edges(
        &self,
        path: &str,
        expected: &'static str,
    ) -> Result<(), ArchitectureError> {
        if self.normalize_edges {
            return Err(ArchitectureError::invalid_option(path, "normalize_edges", expected, &true));
        }
        Ok(())
    }

    /// Lays the window out over `input_shape` (spatial axes, then channels). Returns the operation and the output's shape.
    pub(crate) fn check(
        &self,
        path: &str,
        input_shape: &[usize],
    ) -> Result<(Pool, Vec<usize>), ArchitectureError> {
        let (channels, _) = channels_at_positions(path, input_shape)?;
        let undilated = vec![1; self.window.len()];
        let (mut output_shape, pad_before) =
            lay_out(path, "window", (&self.window, &undilated), &self.strides, self.padding, input_shape)?;
        output_shape.push(channels);
        let pool = Pool {
            window: self.window.clone(),
            strides: self.strides.clone(),
            padding: self.padding.beyond_the_border(),
            pad_before,
            normalize_edges: self.normalize_edges,
        };
        Ok((pool, output_shape))
    }
}
