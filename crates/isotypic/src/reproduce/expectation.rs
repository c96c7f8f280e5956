//! What a figure should show: data beside its file, read and held against what was found.
//!
//! A file is a JSON list of objects with `quantity` (as the figure names it), one of `at_least`, `at_most`, `near` (with `relative` or
//! `absolute`), and `source`: where the expectation comes from.

use isotypic_report::ReproductionCheck;
use serde::Deserialize;

use crate::Error;

/// One expectation.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Expectation {
    pub(super) quantity: String,
    source: String,
    at_least: Option<f64>,
    at_most: Option<f64>,
    near: Option<f64>,
    relative: Option<f64>,
    absolute: Option<f64>,
}

/// Reads a list that is part of the program.
pub(super) fn parse(text: &str) -> Result<Vec<Expectation>, Error> {
    serde_json::from_str(text).map_err(|error| {
        Error::settings(format!("expectations of a figure: {error}"), "this is an error of the program")
    })
}

/// Holds everything that was found against what was expected.
pub(super) fn check(text: &str, found: &[(String, f64)]) -> Result<Vec<ReproductionCheck>, Error> {
    let checks = parse(text)?.into_iter().map(|expectation| {
        let value = found.iter().find(|(name, _)| *name == expectation.quantity).map(|(_, value)| *value);
        // A number that is none is not as expected, whatever was.
        let holds = value.map(|value| value.is_finite() && expectation.holds(value));
        ReproductionCheck {
            expected: expectation.text(),
            quantity: expectation.quantity,
            source: expectation.source,
            found: value.filter(|value| value.is_finite()),
            holds,
        }
    });
    Ok(checks.collect())
}

impl Expectation {
    fn tolerance(&self) -> f64 {
        let near = self.near.unwrap_or(0.0);
        self.absolute.unwrap_or(0.0).max(self.relative.unwrap_or(0.0) * near.abs())
    }

    fn holds(&self, value: f64) -> bool {
        self.at_least.is_none_or(|bound| value >= bound)
            && self.at_most.is_none_or(|bound| value <= bound)
            && self.near.is_none_or(|near| (value - near).abs() <= self.tolerance())
    }

    fn text(&self) -> String {
        let parts = [
            self.at_least.map(|bound| format!("at least {}", plain(bound))),
            self.at_most.map(|bound| format!("at most {}", plain(bound))),
            self.near.map(|near| match self.tolerance() {
                0.0 => format!("{} exactly", plain(near)),
                tolerance => format!("{} ± {}", plain(near), plain(two_digits(tolerance))),
            }),
        ];
        parts.into_iter().flatten().collect::<Vec<_>>().join(" and ")
    }
}

/// The largest relative deviations from the authors' spectral and exact errors, held against a tolerance; not found with other data than
/// theirs.
pub(super) fn deviation_checks(
    found: Option<[f64; 2]>,
    tolerance: f64,
    what: &str,
    one_by_one: &str,
) -> [ReproductionCheck; 2] {
    [("spectral", 0), ("exact", 1)].map(|(kind, at)| {
        let found = found.map(|deviations| deviations[at]);
        ReproductionCheck {
            quantity: format!("largest relative deviation of {kind} errors, {what}"),
            expected: format!("at most {tolerance:.0e}"),
            source: format!("the authors' program, {one_by_one}, on the MNIST training set"),
            found,
            holds: found.map(|deviation| deviation <= tolerance),
        }
    })
}

/// A number with its shortest digits; very small and very large ones with an exponent.
fn plain(value: f64) -> String {
    if value == 0.0 || (1e-3..1e6).contains(&value.abs()) { value.to_string() } else { format!("{value:e}") }
}

/// A number rounded to two digits.
fn two_digits(value: f64) -> f64 {
    format!("{value:.1e}").parse().unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIST: &str = r#"[
        {"quantity": "a", "at_least": 0.5, "at_most": 1.0, "source": "x"},
        {"quantity": "b", "near": 200, "relative": 0.01, "source": "x"},
        {"quantity": "c", "near": 11, "absolute": 0, "source": "x"},
        {"quantity": "d", "at_most": 1e-14, "source": "x"}
    ]"#;

    fn holds(found: &[(&str, f64)]) -> Vec<Option<bool>> {
        let found: Vec<_> = found.iter().map(|&(name, value)| (name.to_owned(), value)).collect();
        check(LIST, &found).unwrap().into_iter().take(2).map(|check| check.holds).collect()
    }

    #[test]
    fn verdicts_follow_from_the_tolerances() {
        assert_eq!(holds(&[("a", 0.5), ("b", 202.0)]), [Some(true), Some(true)]);
        assert_eq!(holds(&[("a", 0.49), ("b", 202.1)]), [Some(false), Some(false)]);
        assert_eq!(holds(&[("a", 1.01), ("b", 197.9)]), [Some(false), Some(false)]);
        assert_eq!(holds(&[("a", f64::NAN)]), [Some(false), None]);
    }

    #[test]
    fn expectations_are_said_in_words() {
        let checks = check(LIST, &[]).unwrap();
        assert_eq!(checks[0].expected, "at least 0.5 and at most 1");
        assert_eq!(checks[1].expected, "200 ± 2");
        assert_eq!(checks[2].expected, "11 exactly");
        assert_eq!(checks[3].expected, "at most 1e-14");
        assert!(parse("[{\"quantity\": \"a\", \"source\": \"x\", \"atleast\": 1}]").is_err());
    }
}
