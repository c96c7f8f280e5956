//! Batch normalisation: every value depends on the whole batch, so that kernels are evaluated whole, part by part of the network.
//!
//! `segments.rs` cuts the network before every batch normalisation; each part (`segment.rs`) is compiled like a network of its own, and
//! evaluated for all points. Between two parts `normalized_batch.rs` draws the Gaussian values of one channel, for all points and
//! positions at once, and hands on what normalisation and the nonlinearity after it make of them.

mod batch_kernel;
mod equal_variables;
mod gaussian_factor;
mod normalized_batch;
mod row_products;
mod segment;
mod segments;

pub(crate) use batch_kernel::BatchKernel;
