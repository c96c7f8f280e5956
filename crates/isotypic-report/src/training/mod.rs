//! What trained networks did.

mod classes_report;
mod empirical_report;
mod trained_networks;
mod trained_result;
mod trained_summary;
mod width_report;

pub use classes_report::{ClassesReport, ClassesResult, ClassesSettingsReport, ClassesSummary};
pub use empirical_report::{EmpiricalReport, EmpiricalResult};
pub use trained_networks::TrainedNetworks;
pub use trained_result::TrainedResult;
pub use trained_summary::TrainedSummary;
pub use width_report::{WidthReport, WidthResult};

#[cfg(test)]
pub(crate) use classes_report::tests;
