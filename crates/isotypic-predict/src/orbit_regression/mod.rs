//! Exact regression on millions of points: one block at a time, and kernel values that are never all there.
//!
//! The blocks of S seeds under a group take $S^2 |G|$ numbers and $\sum_\rho (S d_\rho)^3$ operations. Kernel values between two orbits are
//! transformed as soon as they are there, and only the lower triangle is kept, $\tfrac12 S^2 |G|$ numbers. Each thread then writes one
//! block after the other into its [`BlockWorkspace`](isotypic_gram::BlockWorkspace). Where even the triangle does not fit, several passes
//! over the irreps compute the kernel again and keep a part each. The answer has the same bits in any number of passes, on any number of
//! threads.
//!
//! Where not even one block with its factor fits, [`IterativeOrbitRegression`] solves by conjugate gradients and answers some of the seeds.

mod averaged_network;
mod block_operator;
mod block_shapes;
mod coefficient_tile;
mod columns;
mod conjugate_gradients;
mod held_out;
mod iterative_plan;
mod iterative_regression;
mod iterative_unit;
mod orbit_kernel;
mod partial_cholesky;
mod refinement;
mod regression;
mod regression_plan;
mod regularized_blocks;
mod unit_result;

pub use coefficient_tile::ORBIT_TILE;
pub use iterative_plan::IterativePlan;
pub use iterative_regression::{IterativeOrbitRegression, IterativeRegressionResult};
pub use orbit_kernel::OrbitKernel;
pub use regression::{OrbitRegression, OrbitRegressionResult};
pub use regression_plan::OrbitRegressionPlan;
