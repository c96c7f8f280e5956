//! Reports as programs and people receive them.

#![allow(clippy::unwrap_used)]

mod csv;
mod figures;
mod json;
mod page;
mod sample;
mod schema;
mod spectrum;
mod terminal;
