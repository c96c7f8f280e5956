//! The part of a network in which inputs have positions, evaluated displacement slice by displacement slice.
//!
//! With a fixed displacement between two positions, convolutions and nonlinearities act on the slice
//! $\{(p, p + \delta)\}$ by itself, so a stack of layers runs inside $O(HW)$ numbers per pair of inputs. One input is
//! paired with [`LANES`](crate::LANES) others at a time, one per SIMD lane.

mod box_filter;
mod convolution;
mod displacement;
mod evaluator;
mod grid;
mod program;
mod slice;
mod spatial_terms;

pub(crate) use convolution::Convolution;
pub(crate) use evaluator::Evaluator;
pub(crate) use grid::Grid;
pub(crate) use program::{Readout, SpatialProgram, Stage};
pub(crate) use spatial_terms::SpatialTerms;
