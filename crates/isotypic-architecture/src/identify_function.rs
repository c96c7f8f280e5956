//! Which scalar function a program means by a function of its own, told by values.

use crate::ScalarFunction;

/// Largest difference at a point, relative to 1 and the value: single precision has it, no two functions of the list come near.
const TOLERANCE: f64 = 1e-5;

impl ScalarFunction {
    /// Where a function is to be evaluated for [`identify`](Self::identify).
    pub const PROBES: [f64; 11] = [-3.0, -1.7, -0.9, -0.4, -0.1, 0.0, 0.2, 0.6, 1.1, 2.3, 4.0];

    /// The function with these values at [`PROBES`](Self::PROBES), if it is one of the list.
    ///
    /// # Examples
    /// ```
    /// use isotypic_architecture::ScalarFunction;
    ///
    /// let values = ScalarFunction::PROBES.map(|u| 1.0 - 2.0 / (1.0 + (2.0 * u).exp()));
    /// assert_eq!(ScalarFunction::identify(&values), Some(ScalarFunction::Tanh));
    /// assert_eq!(ScalarFunction::identify(&ScalarFunction::PROBES), None);
    /// ```
    pub fn identify(values: &[f64]) -> Option<Self> {
        let agrees = |function: &Self| {
            values.len() == Self::PROBES.len()
                && values.iter().zip(Self::PROBES).all(|(&value, probe)| {
                    let expected = function.apply(probe);
                    (value - expected).abs() <= TOLERANCE * (1.0 + expected.abs())
                })
        };
        Self::ALL.into_iter().find(agrees)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_function_is_known_by_its_values_in_single_precision_and_by_nothing_else() {
        for function in ScalarFunction::ALL {
            let values = ScalarFunction::PROBES.map(|u| f64::from(function.apply(u) as f32));
            assert_eq!(ScalarFunction::identify(&values), Some(function));
            for index in 0..values.len() {
                let mut other = values;
                other[index] += 1e-3;
                assert_eq!(ScalarFunction::identify(&other), None, "{function:?}, probe {index}");
                other[index] = f64::NAN;
                assert_eq!(ScalarFunction::identify(&other), None, "{function:?}, probe {index}");
            }
            assert_eq!(ScalarFunction::identify(&values[1..]), None);
        }
    }
}
