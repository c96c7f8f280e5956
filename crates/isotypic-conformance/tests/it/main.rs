//! All batteries on everything there is.

mod families;
mod gram;
mod group;
mod prediction;
mod projection;
