//! The whole pipeline as a library: the authors' numbers, exact actions, networks that have the symmetry, networks of one's own.

#![allow(clippy::unwrap_used)] // a test that cannot go on has failed

mod authors_numbers;
mod classes;
#[cfg(feature = "train")]
mod empirical_limits;
mod exact_actions;
mod extras;
mod group_networks;
mod in_memory;
mod large_classes;
mod own_network;
mod questions;
mod reproduction;
mod single_precision;
#[cfg(feature = "train")]
mod trained_symmetries;
