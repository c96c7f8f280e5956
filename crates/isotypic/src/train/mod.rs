//! Finite networks: everything of `isotypic-train`, and its experiments on the data and findings of this crate.
//!
//! | to get | use |
//! |---|---|
//! | accuracies where one class lacks a pose (the paper's Figure 1) | [`ClassesSettings::run`] |
//! | distances from the kernel by width | [`WidthSettings::run`] |
//! | tangent kernels of networks, before and after training | [`empirical_kernels`] |
//! | an audit with networks trained on the same points | [`audit_and_train`] |

mod classes;
mod ensemble_regression;
mod ensemble_runs;
mod kernel_descent;
mod width;

pub use isotypic_train::*;

pub use crate::audit::{audit_and_train, check_training, empirical_kernels};
pub use classes::ClassesSettings;
pub use ensemble_regression::EnsembleTraining;
pub(crate) use ensemble_regression::{RegressionTask, check as check_ensemble, train_networks, train_tasks};
pub(crate) use ensemble_runs::EnsembleRuns;
pub(crate) use kernel_descent::descent_weight;
pub use width::WidthSettings;
