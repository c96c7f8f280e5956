//! Facts about groups, their characters and their transforms, on many groups.

#![allow(clippy::unwrap_used)]

mod axioms;
mod cayley_tables;
mod character_tables;
mod characters;
mod subgroups;
mod transforms;
