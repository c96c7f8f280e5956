//! Networks against the plain forward pass, and training from beginning to end.

#![cfg(feature = "burn")]
#![allow(clippy::unwrap_used)]

mod checkpoints;
mod forward;
mod training;
