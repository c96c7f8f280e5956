//! The part of a network in which inputs have positions, evaluated displacement slice by displacement slice.
//!
//! With a fixed displacement between two positions, convolutions and nonlinearities act on the slice
//! $\{(p, p + \delta)\}$ by itself, so a stack of layers runs inside $O(HW)$ numbers per pair of inputs. Pooling layers read
//! a band of neighbouring slices, attention all of them. One input is paired with [`LANES`](crate::Real::LANES)
//! others at a time, one per SIMD lane.
//!
//! - `program.rs`: the layers, `stage.rs` one of them; `schedule.rs`: which slices are computed when and kept where;
//! - `spatial_terms.rs`: what depends on one input alone; `evaluator.rs` and `filling.rs`: pairs of inputs;
//! - `readout.rs`: joining positions at the end;
//! - `between_positions.rs` and `given_images.rs`: all pairs of positions of all inputs, before and after what is sampled for all of them
//!   together;
//! - `turn.rs`: networks over groups, which pair an input with all turns of the other;
//! - one file for each kind of layer.

mod aggregation;
mod attention;
mod between_positions;
mod box_filter;
mod concatenation;
mod conditional;
mod convolution;
mod directions;
mod displacement;
mod evaluator;
mod filling;
mod given_images;
mod grid;
mod lane_products;
mod max_pooling;
mod maxima;
mod mixed;
mod mixing;
mod pairwise;
mod pooling;
mod positional;
mod program;
mod readout;
mod resampling;
mod sampled_attention;
mod sampled_attention_terms;
mod schedule;
mod slice;
mod softmax_algebra;
mod softmax_sample;
mod spatial_terms;
mod sqrt_attention;
mod stage;
mod symmetric_filter;
mod taps;
mod turn;

pub(crate) use evaluator::Evaluator;
pub(crate) use program::SpatialProgram;
pub(crate) use readout::ReadoutValues;
pub(crate) use spatial_terms::SpatialTerms;
