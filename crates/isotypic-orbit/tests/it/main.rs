//! Actions against scipy, numpy and indices written out, orbits against one image at a time, and every way to hold poses out.

mod actions;
mod hold_out;
mod orbits;
mod representations;
mod scipy;
