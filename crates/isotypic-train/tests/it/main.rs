//! Networks against the plain forward pass, and training from beginning to end.

#![cfg(feature = "burn")]

mod checkpoints;
mod forward;
mod training;
