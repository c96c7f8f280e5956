//! Images and an action of a finite group become orbits, and some of their poses are held out.
//!
//! | from | to |
//! |---|---|
//! | `rotation:16`, `p4`, `cyclic:5`, `icosahedral`, … | [`ActionSpec`], then a [`GroupAction`] on images of one shape |
//! | `center,sphere` | [`Normalization`], applied after acting |
//! | images, an action, a normalisation | [`OrbitDataset`]: every pose of every seed |
//! | `pose:0`, `arc:90-270`, `outside:rotation:4`, … | [`HoldOutSpec`], then [`HoldOut`], then checked [`HeldOutSet`]s |
//!
//! # Ordering
//! Group elements are the indices of [`isotypic_group::FiniteGroup`]; 0 is the identity. The point of seed $s$ at pose
//! $g$ is $g·x_s$. [`OrbitLayout`] alone knows its row, `s * order + g`; orbits in the other order are brought into this
//! one by [`OrbitLayout::seed_major_from`].
//!
//! # Shapes
//! All data are images `[H, W, C]`. Vectors of d coordinates are images `[1, 1, d]`; clouds of P points with d coordinates are
//! `[P, d, 1]` (an array `[n, P, d]`) or `[P, 1, d]` (an array `[n, P, 1, d]`).
//!
//! # Exactness
//! Shifts, flips, quarter turns of square images and permutations move numbers without changing a bit of them. Matrices
//! are actions up to rounding, which is checked. Rotations by other angles interpolate and are an action only nearly. That is
//! measured on the Gram matrix (the invariance defect) and on images by [`homomorphism_defect`], never assumed;
//! [`GroupAction::permutation`] tells which elements move pixels.
//!
//! # What it does not do
//! It reads no files but those of generators that [`ActionSpec::parse`] finds in a description;
//! [`ActionSpec::parse_with`] leaves reading them to its caller.

mod abstract_group;
mod action;
mod action_parse;
mod action_spec;
mod circular_shift;
mod cubic_spline;
mod dihedral;
mod element_pairs;
mod error;
mod flip;
mod generator_file;
mod held_out_set;
mod hint;
mod hold_out;
mod hold_out_spec;
mod homomorphism_defect;
mod linear_action;
mod matrix_group;
mod names;
mod normalization;
mod orbit_correlation;
mod orbit_dataset;
mod orbit_layout;
mod permutation_action;
mod polyhedron;
mod product_action;
mod rotation;
mod subgroup_spec;
mod turn;
mod wallpaper;

pub use abstract_group::abstract_group;
pub use action::GroupAction;
pub use action_spec::ActionSpec;
pub use circular_shift::CircularShift;
pub use cubic_spline::CubicSpline;
pub use dihedral::Dihedral;
pub use error::OrbitError;
pub use flip::Flip;
pub use held_out_set::HeldOutSet;
pub use hold_out::HoldOut;
pub use hold_out_spec::HoldOutSpec;
pub use homomorphism_defect::{HomomorphismDefect, homomorphism_defect};
pub use linear_action::LinearAction;
pub use matrix_group::MatrixGroup;
pub use normalization::{Normalization, NormalizationStep};
pub use orbit_correlation::{CorrelationScratch, OrbitCorrelation};
pub use orbit_dataset::OrbitDataset;
pub use orbit_layout::{OrbitLayout, RowOrder};
pub use permutation_action::{PermutationAction, PermutedAxis};
pub use polyhedron::Polyhedron;
pub use product_action::ProductAction;
pub use rotation::Rotation;
pub use subgroup_spec::SubgroupSpec;
pub use turn::Turn;
pub use wallpaper::Wallpaper;
