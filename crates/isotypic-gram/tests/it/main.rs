//! Gram matrices from outside. Random orbits against dense linear algebra are in `isotypic-conformance`.

mod circles;
mod not_positive_definite;
mod null_space;
mod projection;
mod refusals;
mod repeatability;
mod restriction;
