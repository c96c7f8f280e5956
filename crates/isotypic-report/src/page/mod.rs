//! An audit as one page of HTML that needs nothing else.
//!
//! No request leaves the page: its Content-Security-Policy allows nothing but its own style sheet and script, named by their
//! hashes, and pictures inside of it. Without the script everything but the table of results is there.

mod context;
mod result_rows;
mod wording;

use base64::Engine;
use minijinja::value::{Serde, Value};
use minijinja::{Environment, context};
use sha2::{Digest, Sha256};

use crate::audit_report::AuditReport;
use crate::comparison::ComparisonReport;
use crate::error::ReportError;
use crate::figure::{FIGURE_CSS, Figure, number};
use crate::terminal::percent;

const PAGE: &str = include_str!("page.html");
const COMPARISON: &str = include_str!("comparison.html");
const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");

/// A page and its figures.
#[derive(Clone, Debug, PartialEq)]
pub struct Page {
    /// The whole page.
    pub html: String,
    /// Every figure of the page.
    pub figures: Vec<Figure>,
}

/// Makes the page of an audit. A report without [`details`](AuditReport::details) gives a page without most figures.
///
/// # Errors
/// [`ReportError::Page`] if the template cannot be filled in.
pub fn render_page(report: &AuditReport) -> Result<Page, ReportError> {
    let context = context::PageContext::of(report);
    let html = fill("page.html", PAGE, context! { page => Value::from(Serde(&context)) })?;
    Ok(Page { html, figures: context.figures() })
}

/// Makes the page of a comparison.
///
/// # Errors
/// [`ReportError::Page`] if the template cannot be filled in.
pub fn render_comparison_page(report: &ComparisonReport) -> Result<String, ReportError> {
    let share = |value: Option<f64>| value.map_or("–".to_owned(), percent);
    let rows: Vec<Vec<String>> = report
        .rows
        .iter()
        .map(|row| {
            vec![
                row.arch.clone(),
                row.group.clone(),
                row.hold_out.clone(),
                number(row.median_exact_error[0]),
                number(row.median_exact_error[1]),
                number(row.change),
                share(row.fraction_correct[0]),
                share(row.fraction_correct[1]),
            ]
        })
        .collect();
    fill(
        "comparison.html",
        COMPARISON,
        context! { report => Value::from(Serde(report)), rows => Value::from(Serde(rows)) },
    )
}

/// Fills in a template, with the style sheet, the script and the policy that allows both.
fn fill(name: &str, template: &str, values: Value) -> Result<String, ReportError> {
    let style = format!("{STYLE}{FIGURE_CSS}");
    let policy = format!(
        "default-src 'none'; style-src '{}'; script-src '{}'; img-src data:; base-uri 'none'; form-action 'none'",
        hash(&style),
        hash(SCRIPT)
    );
    let page_error = |cause: minijinja::Error| ReportError::Page { cause: cause.to_string() };
    let mut environment = Environment::new();
    environment.add_template(name, template).map_err(page_error)?;
    let values = context! { style, script => SCRIPT, policy, ..values };
    environment.get_template(name).and_then(|template| template.render(values)).map_err(page_error)
}

/// The hash of an inline style sheet or script, as a policy names it.
fn hash(text: &str) -> String {
    format!("sha256-{}", base64::engine::general_purpose::STANDARD.encode(Sha256::digest(text.as_bytes())))
}
