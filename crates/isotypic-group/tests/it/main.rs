//! Facts about groups, their characters and their transforms, on many groups.

#![allow(clippy::unwrap_used)]

mod axioms;
mod characters;
mod transforms;
