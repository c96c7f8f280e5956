//! Will your network learn that symmetry?
//!
//! Given architectures, labelled data and a group of transformations, [`audit`] says for each architecture and number of poses
//! whether held-out poses will be classified correctly, before anything is trained. A wide network predicts like kernel
//! regression with its neural tangent kernel; on orbits of a group the Gram matrix splits into one small block per irreducible
//! representation, and the error of a missing pose follows from the blocks (after Perin & Deny, JMLR 2025, arXiv 2412.11521).
//!
//! # The pipeline
//! [`data`] → [`orbit`] (a group of [`group`] acts) → [`kernel`] (of an [`architecture`]) → [`gram`] → [`predict`] → [`report`];
//! [`work`] plans, reports progress and writes. Each is a crate of its own, re-exported here.
//!
//! # Examples
//! ```
//! use isotypic::{AuditSettings, PairSelection, PoseNumbers, QuestionSpec, audit, work::Monitor};
//!
//! let settings = AuditSettings {
//!     question: Some(QuestionSpec { group: "rotation:4".into(), poses: PoseNumbers::OfGroup, hold_out: "pose:0".into() }),
//!     architectures: vec!["mlp".into()],
//!     pairs: PairSelection::Count(3),
//!     ..AuditSettings::default()
//! };
//! let report = audit(&settings, &Monitor::silent())?;
//! assert_eq!(report.results.len(), 3);
//! // Quarter turns move pixels: the Gram matrix is exactly invariant, and the blocks are the answer.
//! assert!(report.summary[0].median_invariance_defect.unwrap() < 1e-12);
//! # Ok::<(), isotypic::Error>(())
//! ```

mod audit;
mod audit_kernel;
mod error;
mod group_facts;
mod kernel_kind;
mod kernel_matrix;
mod lookalikes;
mod model;
mod orbit_array;
mod orbit_gram;
mod permuted_orbits;
mod precision;
mod reproduce;
mod sampled_matrix;
mod sampled_orbits;
mod spectrum;
#[cfg(feature = "train")]
pub mod train;

pub use isotypic_architecture as architecture;
pub use isotypic_data as data;
pub use isotypic_gram as gram;
pub use isotypic_group as group;
pub use isotypic_kernel as kernel;
pub use isotypic_orbit as orbit;
pub use isotypic_predict as predict;
pub use isotypic_report as report;
pub use isotypic_work as work;

pub use audit::{
    AnsweredSeeds, AuditInput, AuditPlan, AuditSettings, ClassSeeds, ClassSelection, Convention,
    PairSelection, PoseNumbers, QuestionSpec, Solver, Together, audit, audit_of, plan_audit, plan_audit_of,
};
pub use error::{Error, ErrorKind};
pub use group_facts::group_facts;
pub use kernel_kind::KernelKind;
pub use kernel_matrix::{EvaluatedKernel, KernelJob, KernelMatrix, KernelSettings};
pub use orbit_array::{OrbitJob, OrbitSettings};
pub use permuted_orbits::{OrbitRun, PermutedOrbits, RowCheck};
pub use precision::Precision;
pub use reproduce::{PaperFigure, Reproduction, ReproductionSettings, paper_figures, reproduce};
pub use sampled_orbits::{SampledOrbits, SampledRun};
pub use spectrum::{SpectrumSettings, spectrum, spectrum_of};
