//! Numbers that JSON can hold.

use serde::ser::{Error, Serializer};

/// The number if it is finite.
///
/// # Examples
/// ```
/// use isotypic_report::finite;
///
/// assert_eq!(finite(0.5), Some(0.5));
/// assert_eq!(finite(f64::NAN), None);
/// assert_eq!(finite(f64::INFINITY), None);
/// ```
#[must_use]
pub fn finite(value: f64) -> Option<f64> {
    value.is_finite().then_some(value)
}

/// Serialises a number that must exist. `serde_json` alone would write `null`, which cannot be read back.
pub(crate) fn required<S: Serializer>(value: &f64, serializer: S) -> Result<S::Ok, S::Error> {
    match finite(*value) {
        Some(value) => serializer.serialize_f64(value),
        None => Err(S::Error::custom(format_args!("`{value}` in place of a finite number"))),
    }
}

/// Serialises numbers that must all exist.
pub(crate) fn all_required<S: Serializer>(values: &[f64], serializer: S) -> Result<S::Ok, S::Error> {
    match values.iter().find(|value| !value.is_finite()) {
        None => serializer.collect_seq(values),
        Some(value) => Err(S::Error::custom(format_args!("`{value}` in a list of finite numbers"))),
    }
}
