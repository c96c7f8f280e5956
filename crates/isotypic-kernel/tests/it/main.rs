//! Tests of the kernel engine against independent values, a naive recursion and itself.

#![allow(clippy::unwrap_used)] // a test that cannot go on has failed

mod bad_input;
mod batch_norm;
mod bit_identity;
mod dense_state;
mod edges;
mod explicit_padding;
mod finite_networks;
mod function_values;
mod golden;
mod groups;
mod layers;
mod max_pool;
mod naive;
mod naive_agreement;
mod nonlinearities;
mod random_softmax;
mod sampling;
mod single_precision;
mod support;
mod vector_branches;
