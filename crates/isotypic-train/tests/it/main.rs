//! Networks against the plain forward pass, and training from beginning to end.

#![cfg(feature = "burn")]
#![allow(clippy::unwrap_used)]

mod checkpoints;
mod classes;
mod empirical_kernel;
mod ensembles;
mod forward;
mod group_networks;
mod random_documents;
mod training;
