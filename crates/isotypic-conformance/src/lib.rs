//! Batteries of tests: every structure against a plain computation that shares no code with it.
//!
//! Each battery takes anything that implements a contract and panics, naming the promise, where a promise is
//! broken. A new group, transform or Gram operator is tested by one call. Nothing depends on this crate.

pub mod architecture_fuzz;
mod generator;
mod gram_operator;
mod group_axioms;
mod group_transform;
pub mod naive;
pub mod onnx_fuzz;
mod random_orbits;

pub use gram_operator::assert_operator_agrees;
pub use group_axioms::{assert_characters_are_complete, assert_group_axioms, assert_irreps_are_complete};
pub use group_transform::assert_transform_agrees;
pub use random_orbits::RandomOrbits;
