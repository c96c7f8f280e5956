//! Actions against scipy, numpy and indices written out, orbits against one image at a time, and every way to hold poses out.

#![allow(clippy::unwrap_used)] // a test may panic, and so may its helpers

mod actions;
mod hold_out;
mod orbits;
mod representations;
mod scipy;
