//! Exact and spectral prediction errors at held-out poses.
//!
//! Wide networks predict like kernel regression; some poses of some seeds are missing from the data. What
//! will be predicted there?
//!
//! - [`leave_one_out`]: one missing pose of each seed, by blocks, with the limit of vanishing ridge where the
//!   kernel cannot tell poses apart.
//! - [`leave_set_out`]: any held-out set, on any Gram matrix; [`solve_on_observed`] is the same answer the
//!   plain way, [`predict_unseen`] predicts anywhere else, such as at seeds that training never saw.
//! - [`OrbitRegression`]: one missing pose of every seed, or of all seeds of a class, block after block, for orbits whose blocks do not
//!   fit into memory together.
//! - [`IterativeOrbitRegression`]: the same for some of the seeds, where not even one block fits.
//! - [`margin`], [`class_probabilities`]: from predictions to classes.
//! - [`irrep_shares`]: which irreps an error comes from. [`enough_poses`]: how many poses are needed.
//! - [`GradientFlow`], [`HeldOutFlow`]: training for a finite time, and when to stop. [`ensemble_covariance`]: how much trained networks differ.
//! - [`spectral_error`]: the averaged formula for two orbits of a cyclic group, and its range over starting
//!   poses.
//! - [`delta_squared_input`], [`delta_squared_kernel`], [`orbit_radius_kernel`]: what the errors depend on.
//! - [`Metric`]: simple numbers that might foretell the errors, and [`rank_correlation`], [`area_under_curve`]: whether they do.
//! - [`paper`]: the conventions of the authors of arXiv 2412.11521, to reproduce their figures.
//!
//! Errors are label minus prediction, signed. With labels ±1 a point is misclassified when label times error
//! exceeds 1.

mod circular_spectrum;
mod classification;
mod compensated_sum;
mod enough_poses;
mod ensemble_covariance;
mod error;
mod gradient_flow;
mod held_out_flow;
mod irrep_shares;
mod labels;
mod leave_one_out;
mod leave_set_out;
mod metrics;
mod orbit_regression;
pub mod paper;
mod rank_correlation;
mod separation;
mod spectral_error;
mod unseen;

pub use circular_spectrum::CircularSpectrum;
pub use classification::{class_probabilities, margin};
pub use compensated_sum::CompensatedSum;
pub use enough_poses::enough_poses;
pub use ensemble_covariance::ensemble_covariance;
pub use error::PredictError;
pub use gradient_flow::GradientFlow;
pub use held_out_flow::{BestTime, HeldOutFlow};
pub use irrep_shares::{IrrepShare, irrep_shares};
pub use leave_one_out::{LeaveOneOut, leave_one_out};
pub use leave_set_out::{LeaveSetOut, leave_set_out, observed_weights, solve_on_observed};
pub use metrics::{HeldOutTurn, Metric};
pub use orbit_regression::{
    IterativeOrbitRegression, IterativePlan, IterativeRegressionResult, ORBIT_TILE, OrbitKernel,
    OrbitRegression, OrbitRegressionPlan, OrbitRegressionResult,
};
pub use rank_correlation::{RankCorrelation, area_under_curve, rank_correlation};
pub use separation::{delta_squared_input, delta_squared_kernel, orbit_radius_kernel};
pub use spectral_error::{SpectralError, spectral_error};
pub use unseen::{Unseen, predict_unseen};
