//! Images and an action of a finite group become orbits, and some of their poses are held out.
//!
//! | from | to |
//! |---|---|
//! | `rotation:16`, `translation:28x28`, `flip`, … | [`ActionSpec`], then a [`GroupAction`] on images of one shape |
//! | `center,sphere` | [`Normalization`], applied after acting |
//! | images, an action, a normalisation | [`OrbitDataset`]: every pose of every seed |
//! | `pose:0`, `arc:90-270`, `outside:rotation:4`, … | [`HoldOutSpec`], then [`HoldOut`], then checked [`HeldOutSet`]s |
//!
//! # Ordering
//! Group elements are the indices of [`isotypic_group::FiniteGroup`]; 0 is the identity. The point of seed $s$ at pose
//! $g$ is $g·x_s$. [`OrbitLayout`] alone knows its row, `s * order + g`; orbits in the other order are brought into this
//! one by [`OrbitLayout::seed_major_from`].
//!
//! # Exactness
//! Shifts, flips and quarter turns of square images move pixels without changing a bit of them. Other rotations
//! interpolate and are an action only nearly. That is measured on the Gram matrix (the invariance defect), never
//! assumed; [`GroupAction::permutation`] tells which elements move pixels.
//!
//! # What it does not do
//! It reads no files.

mod action;
mod action_spec;
mod circular_shift;
mod cubic_spline;
mod error;
mod flip;
mod held_out_set;
mod hold_out;
mod hold_out_spec;
mod normalization;
mod orbit_dataset;
mod orbit_layout;
mod rotation;
mod turn;

pub use action::GroupAction;
pub use action_spec::ActionSpec;
pub use circular_shift::CircularShift;
pub use cubic_spline::CubicSpline;
pub use error::OrbitError;
pub use flip::Flip;
pub use held_out_set::HeldOutSet;
pub use hold_out::HoldOut;
pub use hold_out_spec::HoldOutSpec;
pub use normalization::{Normalization, NormalizationStep};
pub use orbit_dataset::OrbitDataset;
pub use orbit_layout::{OrbitLayout, RowOrder};
pub use rotation::Rotation;
pub use turn::Turn;
