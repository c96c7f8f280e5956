//! All batteries on everything there is.

#![allow(clippy::unwrap_used)] // a test may panic, and so may its helpers

mod families;
mod gram;
mod group;
mod named_groups;
mod prediction;
mod projection;
