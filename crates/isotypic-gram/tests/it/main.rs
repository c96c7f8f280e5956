//! Gram matrices from outside. Random orbits against dense linear algebra are in `isotypic-conformance`.

#![allow(clippy::unwrap_used)] // a test may panic, and so may its helpers

mod circles;
mod not_positive_definite;
mod null_space;
mod projection;
mod refusals;
mod repeatability;
mod restriction;
