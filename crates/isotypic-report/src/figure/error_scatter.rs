//! Spectral against exact error, one dot per pair or seed, coloured by whether the held-out poses get the right class.

use serde::Serialize;

use super::scale::{Scale, number};
use super::square_scatter::{BOTTOM, DotSubject, LEFT, RIGHT, SquareScatter, TOP};
use crate::audit_report::AuditReport;
use crate::pair_result::ReportedResult;

/// Dots drawn at most; of more results evenly chosen ones.
const MOST_DOTS: usize = 1200;

/// Smaller errors stand on the edge.
const SMALLEST: f64 = 1e-3;
const LARGEST: f64 = 10.0;

/// The dots of one question.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ErrorScatter {
    /// The question in plain words.
    pub title: String,
    /// The results, wrong ones last so that they are not covered.
    pub dots: Vec<ErrorDot>,
    /// Results with both errors that are not drawn since there are too many.
    pub left_out: usize,
}

/// One result.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ErrorDot {
    /// The paper's averaged formula.
    pub spectral: f64,
    /// Regression.
    pub exact: f64,
    /// Whether all held-out poses get the right class.
    pub right: bool,
    /// What it is of.
    #[serde(flatten)]
    pub subject: DotSubject,
}

impl ErrorScatter {
    /// What is drawn for a question; `None` if no result has both errors.
    pub(crate) fn of(report: &AuditReport, question: usize) -> Option<Self> {
        let asked = &report.questions[question];
        let dot = |result: &ReportedResult| {
            let (_, _, hold_out, _) = result.key();
            let subject = DotSubject::of(report, question, result)?;
            (hold_out == asked.hold_out).then_some(ErrorDot {
                spectral: result.spectral_error()?,
                exact: result.exact_error()?,
                right: result.is_correct(),
                subject,
            })
        };
        let all: Vec<ErrorDot> = report.results.iter().filter_map(dot).collect();
        if all.is_empty() {
            return None;
        }
        let shown = all.len().min(MOST_DOTS);
        let mut dots: Vec<ErrorDot> = (0..shown).map(|at| all[at * all.len() / shown].clone()).collect();
        dots.sort_by_key(|dot| !dot.right);
        Some(Self { title: asked.title.clone(), dots, left_out: all.len() - shown })
    }

    /// The figure in words.
    pub(crate) fn description(&self) -> String {
        let wrong: Vec<&ErrorDot> = self.dots.iter().filter(|dot| !dot.right).collect();
        let hidden = wrong.iter().filter(|dot| dot.spectral < 1.0).count();
        format!(
            "{} results; {} have a held-out pose in the wrong class, and in {hidden} of these the spectral error is below 1.",
            self.dots.len(),
            wrong.len()
        )
    }

    /// The figure.
    pub(crate) fn svg(&self) -> String {
        let all = || self.dots.iter().flat_map(|dot| [dot.spectral, dot.exact]);
        let low = all().filter(|&value| value > 0.0).fold(0.5, f64::min).max(SMALLEST);
        let high = all().fold(2.0, f64::max).min(LARGEST);
        let mut square = SquareScatter::new(|ends| Scale::logarithmic((low, high), ends));
        square.diagonal(low, high);
        let (x, y) = (square.x.at(1.0), square.y.at(1.0));
        square.svg.line((x, TOP), (x, BOTTOM), "threshold");
        square.svg.line((LEFT, y), (RIGHT, y), "threshold");
        square.names("spectral error (the paper's average)", "exact error");
        for dot in &self.dots {
            let [spectral, exact] = [dot.spectral, dot.exact].map(|value| number(Some(value)));
            let values = format!("spectral {spectral}, exact {exact}");
            square.dot((dot.spectral, dot.exact), dot.right, &dot.subject, &values);
        }
        square.finish(&format!("Spectral against exact error: {}", self.title), &self.description())
    }
}
