//! Findings as plain data: what an audit or a spectrum found, ready to be stored, printed and read again.
//!
//! | to get | use |
//! |---|---|
//! | everything, for programs | [`AuditReport::to_json`], [`SpectrumReport::to_json`], [`GroupReport::to_json`] |
//! | one row per pair or seed, for spreadsheets | [`AuditReport::to_csv`] |
//! | tables and sentences, for people | [`render_terminal`], [`render_spectrum`], [`render_group`] |
//! | a page with figures, for a browser | [`render_page`] |
//! | figures of the paper beside what it states | [`render_reproduction_page`], [`render_reproduction`] |
//! | a stored report back | [`AuditReport::from_json`] |
//!
//! The structs are the published schema (`isotypic.audit/1`, `isotypic.spectrum/1`, `isotypic.group/1`): fields may be added
//! within a version, and are never renamed or removed. `schema/audit.schema.json` describes the first as a JSON Schema.
//!
//! # Numbers that do not exist
//! JSON has no NaN and no infinity. A number that is not finite is `null`, and the [`Status`] beside it says why; use
//! [`finite`] when filling in a report.
//!
//! # What it does not do
//! It computes nothing: medians, verdicts and conclusions arrive finished. It writes no file and prints nothing.

mod audit_report;
mod class_curve;
mod comparison;
mod conjugate_gradients;
mod csv_table;
mod details;
mod error;
mod example;
mod figure;
mod finite;
mod group_report;
mod images;
mod irrep_row;
mod metrics;
mod page;
mod pair_result;
mod point_result;
mod projection_effect;
mod question;
mod reproduction_page;
mod reproduction_report;
mod sampling;
mod seed_result;
mod settings;
mod spectrum_report;
pub mod statistics;
mod status;
mod summary;
mod terminal;
mod training;
mod training_time;
mod verdict;

pub use audit_report::AuditReport;
pub use class_curve::{ClassCurve, CurvePoint};
pub use comparison::{ComparedVerdict, ComparisonReport, ComparisonRow};
pub use conjugate_gradients::ConjugateGradients;
pub use details::{AuditDetails, ErrorSpread, RepairRow};
pub use error::ReportError;
pub use example::{ExampleResult, ExampleRole, GramPicture};
pub use figure::{
    DotLegend, DotSubject, ErrorCurves, ErrorDot, ErrorScatter, ErrorSeries, Figure, GramMap, IrrepBars,
    LineChart, LineSeries, OrbitFigure, PanelDot, ScatterPanel, ScatterPanels, SpectrumPlot, TrainedDot,
    TrainedScatter,
};
pub use finite::finite;
pub use group_report::{DimensionCount, GroupClass, GroupIrrep, GroupReport};
pub use images::{OrbitStrip, ReportedImages, SeedSheet};
pub use irrep_row::IrrepRow;
pub use metrics::{MetricScore, MetricTurn, MetricsReport, TrainedScore, TrainedTurn};
pub use page::{Page, render_comparison_page, render_page};
pub use pair_result::{PairResult, ReportedResult};
pub use point_result::PointResult;
pub use projection_effect::ProjectionEffect;
pub use question::ReportedQuestion;
pub use reproduction_page::{render_reproduction, render_reproduction_page};
pub use reproduction_report::{
    ReproducedFigure, ReproducedPicture, ReproductionCheck, ReproductionReport, ReproductionVerdict,
};
pub use sampling::{SamplingPoint, SamplingReport, SamplingRow};
pub use seed_result::SeedResult;
pub use settings::ReportedSettings;
pub use spectrum_report::{SpectrumBlock, SpectrumReport};
pub use status::Status;
pub use summary::{Lookalikes, SummaryRow};
pub use terminal::{
    render_classes, render_comparison, render_empirical, render_group, render_spectrum, render_terminal,
    render_trained, render_width,
};
pub use training::{
    ClassesReport, ClassesResult, ClassesSettingsReport, ClassesSummary, EmpiricalReport, EmpiricalResult,
    TrainedNetworks, TrainedResult, TrainedSummary, WidthReport, WidthResult,
};
pub use training_time::{TrainingPoint, TrainingReport, TrainingRow};
pub use verdict::{Verdict, VerdictRow};
