//! Trained against predicted: what the kernel says for as many steps, and what networks did, one dot per pair or seed.

use serde::Serialize;

use super::scale::{Scale, number};
use super::square_scatter::{DotSubject, SquareScatter};
use crate::audit_report::AuditReport;
use crate::pair_result::ReportedResult;

/// The dots of one question.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TrainedScatter {
    /// The question in plain words.
    pub title: String,
    /// The results.
    pub dots: Vec<TrainedDot>,
}

/// One result with networks.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TrainedDot {
    /// Error that the kernel predicts for as many steps.
    pub predicted: f64,
    /// Error of the networks.
    pub trained: f64,
    /// Whether the networks classify all held-out poses correctly.
    pub right: bool,
    /// What it is of.
    #[serde(flatten)]
    pub subject: DotSubject,
}

impl TrainedScatter {
    /// What is drawn for a question; `None` if no result has networks.
    pub(crate) fn of(report: &AuditReport, question: usize) -> Option<Self> {
        let dot = |result: &ReportedResult| {
            let trained = result.trained()?;
            Some(TrainedDot {
                predicted: trained.finite_time_error?,
                trained: trained.trained_error?,
                right: trained.trained_correct,
                subject: DotSubject::of(report, question, result)?,
            })
        };
        let dots: Vec<TrainedDot> = report.results.iter().filter_map(dot).collect();
        (!dots.is_empty()).then(|| Self { title: report.questions[question].title.clone(), dots })
    }

    /// The figure in words.
    pub(crate) fn description(&self) -> String {
        let far = self.dots.iter().map(|dot| (dot.trained - dot.predicted).abs());
        format!(
            "{} results; networks are at most {} off what the kernel predicts.",
            self.dots.len(),
            number(Some(far.fold(0.0, f64::max)))
        )
    }

    /// The figure.
    pub(crate) fn svg(&self) -> String {
        let high =
            self.dots.iter().flat_map(|dot| [dot.predicted, dot.trained]).fold(1.5, f64::max).min(10.0);
        let mut square = SquareScatter::new(|ends| Scale::linear((0.0, high), ends));
        square.diagonal(0.0, high);
        square.names("error predicted for as many steps", "error of trained networks");
        for dot in &self.dots {
            let [predicted, trained] = [dot.predicted, dot.trained].map(|value| number(Some(value)));
            let values = format!("predicted {predicted}, trained {trained}");
            square.dot((dot.predicted, dot.trained), dot.right, &dot.subject, &values);
        }
        square.finish(&format!("Trained against predicted: {}", self.title), &self.description())
    }
}
