//! Predictions from outside. Random orbits against refitting are in `isotypic-conformance`.

#![allow(clippy::unwrap_used)] // a test may panic, and so may its helpers

mod circles;
mod closed_form;
mod collapse;
mod fixtures;
mod iterative_regression;
mod orbit_regression;
mod paper;
mod refusals;
mod spectral;
