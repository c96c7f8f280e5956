//! Group-invariant Gram matrices: blocks per irreducible representation, projection, factorisation.
//!
//! Two operators hold the kernel values between all points of some orbits: [`DenseGram`], entry by entry, and
//! [`GroupInvariantGram`], as the kernel between orbits and its isotypic blocks. Both are
//! [`SymmetricOperator`]s, their factors are [`Factorization`]s, and the dense one is the control of the
//! other in every test.
//!
//! # Conventions
//!
//! - Row of (seed s, element g) is s · |G| + g; the point is g·x_s.
//! - $\kappa_{st}(u) = k(x_s, u \cdot x_t)$, so $K[(s,g),(t,h)] = \kappa_{st}(g^{-1}h)$.
//! - $B_\rho = [\sum_u \kappa_{st}(u)\,\rho(u)]_{st}$; the eigenvalues of $K$ are those of the blocks, each
//!   $d_\rho$ times.
//! - What is factored is $K + \lambda I$, with $\lambda$ from a [`Ridge`]. No jitter is ever added.
//!
//! # Examples
//! ```
//! use isotypic_gram::{DenseGram, Factorization, Ridge, SymmetricOperator};
//! use isotypic_group::FiniteGroup;
//! use ndarray::array;
//!
//! // Two seeds at two poses each, under a kernel that the exchange of the poses leaves invariant.
//! let matrix = array![
//!     [2.0, 1.0, 0.5, 0.2],
//!     [1.0, 2.0, 0.2, 0.5],
//!     [0.5, 0.2, 3.0, 1.0],
//!     [0.2, 0.5, 1.0, 3.0],
//! ];
//! let dense = DenseGram::new(matrix, 2, FiniteGroup::cyclic(2)?)?;
//! let projection = dense.project()?;
//! assert_eq!(projection.invariance_defect, 0.0);
//!
//! let ridge = Ridge::Absolute(1e-3);
//! let (by_blocks, plain) = (projection.gram.factor(ridge)?, dense.factor(ridge)?);
//! assert!((by_blocks.log_det() - plain.log_det()).abs() < 1e-14);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod block;
mod block_workspace;
mod channels;
mod dense;
mod dense_factor;
mod error;
mod held_out_limits;
mod indistinguishable;
mod invariant;
mod invariant_factor;
mod linear_algebra;
mod not_positive_definite;
mod null_space;
mod operator;
mod projection;
mod resolution;
mod ridge;
mod spectrum;
mod symmetric_eigen;

pub use block::{BlockMatrix, IrrepBlock};
pub use block_workspace::{BlockWorkspace, InverseWithin, UnfitPivot};
pub use dense::DenseGram;
pub use dense_factor::DenseFactor;
pub use error::GramError;
pub use held_out_limits::HeldOutLimits;
pub use indistinguishable::IndistinguishableSeeds;
pub use invariant::GroupInvariantGram;
pub use invariant_factor::GroupInvariantFactor;
pub use linear_algebra::symmetric_least_squares;
pub use not_positive_definite::NotPositiveDefinite;
pub use null_space::{CollapseLimits, NullSpace, OrbitStatus};
pub use operator::{Factorization, SymmetricOperator};
pub use projection::Projection;
pub use resolution::{TooCoarse, check_resolution};
pub use ridge::Ridge;
pub use spectrum::BlockSpectrum;
pub use symmetric_eigen::SymmetricEigen;
