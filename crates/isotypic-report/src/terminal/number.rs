//! Numbers as they stand in a table.

/// What stands for a number that does not exist.
pub(super) const MISSING: &str = "-";

/// Three decimals where that shows something, powers of ten elsewhere: `1.240`, `3.1e-12`, `0`.
pub(crate) fn decimal(value: Option<f64>) -> String {
    match value {
        Some(0.0) => "0".to_owned(),
        Some(value) if (0.0005..9999.5).contains(&value.abs()) => format!("{value:.3}"),
        Some(value) if value.is_finite() => format!("{value:.1e}"),
        _ => MISSING.to_owned(),
    }
}

/// Four digits and a power of ten: `2.613e-2`, `0`. For numbers of very different size.
pub(super) fn scientific(value: Option<f64>) -> String {
    match value {
        Some(0.0) => "0".to_owned(),
        Some(value) if value.is_finite() => format!("{value:.3e}"),
        _ => MISSING.to_owned(),
    }
}

/// Whole percent; `0 %` and `100 %` only where it is none and all.
pub(crate) fn percent(fraction: f64) -> String {
    if !fraction.is_finite() {
        return MISSING.to_owned();
    }
    let rounded = (100.0 * fraction).round();
    let inside = fraction > 0.0 && fraction < 1.0;
    format!("{} %", if inside { rounded.clamp(1.0, 99.0) } else { rounded })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_show_three_places_or_a_power_of_ten() {
        let cases = [
            (1.24, "1.240"),
            (-0.25, "-0.250"),
            (0.0005, "0.001"),
            (0.000_499, "5.0e-4"),
            (3.14e-12, "3.1e-12"),
            (9999.4, "9999.400"),
            (123_456.0, "1.2e5"),
            (0.0, "0"),
            (-0.0, "0"),
        ];
        for (value, text) in cases {
            assert_eq!(decimal(Some(value)), text);
        }
    }

    #[test]
    fn missing_numbers_are_a_dash() {
        for value in [None, Some(f64::NAN), Some(f64::INFINITY)] {
            assert_eq!((decimal(value), scientific(value)), ("-".to_owned(), "-".to_owned()));
        }
        assert_eq!(percent(f64::NAN), "-");
    }

    #[test]
    fn all_and_none_are_never_the_result_of_rounding() {
        assert_eq!([0.0, 0.001, 0.5, 0.999, 1.0].map(percent), ["0 %", "1 %", "50 %", "99 %", "100 %"]);
    }
}
