//! Reading and checking the options of pointwise nonlinearities.

use crate::options::Options;
use crate::{Activation, ArchitectureError, Coefficients, ScalarFunction};

/// The names of pointwise nonlinearities, in the order they are listed to users.
pub(crate) const ACTIVATIONS: [&str; 24] = [
    "relu",
    "leaky_relu",
    "ab_relu",
    "abs",
    "sign",
    "erf",
    "sigmoid_like",
    "gelu",
    "tanh",
    "sigmoid",
    "softplus",
    "silu",
    "sin",
    "cos",
    "rbf",
    "exp",
    "gaussian",
    "gabor",
    "monomial",
    "rectified_monomial",
    "polynomial",
    "hermite",
    "exp_normalized",
    "elementwise",
];

/// The greatest power, and the greatest degree of a Hermite polynomial: variances beyond overflow for everyday inputs.
const GREATEST_POWER: usize = 16;

/// The largest number of quadrature nodes: a pair costs its square.
const MOST_NODES: usize = 128;

/// The options of a nonlinearity, `None` if `name` is not one.
pub(crate) fn options_of(name: &str) -> Option<&'static [&'static str]> {
    if !ACTIVATIONS.contains(&name) {
        return None;
    }
    Some(match name {
        "leaky_relu" => &["alpha"],
        "ab_relu" | "exp" | "gaussian" => &["a", "b"],
        "gelu" => &["approximate"],
        "sin" | "cos" | "erf" => &["a", "b", "c"],
        "rbf" => &["gamma"],
        "monomial" | "rectified_monomial" | "hermite" => &["degree"],
        "polynomial" => &["coef"],
        "exp_normalized" => &["gamma", "shift", "do_clip"],
        "elementwise" => &["function", "quadrature_degree"],
        _ => &[],
    })
}

/// Reads a nonlinearity by one of the names in [`ACTIVATIONS`].
pub(crate) fn read(name: &str, mut options: Options) -> Result<Activation, ArchitectureError> {
    let mut number = |option: &'static str, default: f64| -> Result<f64, ArchitectureError> {
        Ok(options.number(option)?.unwrap_or(default))
    };
    Ok(match name {
        "relu" => Activation::Relu,
        "abs" => Activation::Abs,
        "sign" => Activation::Sign,
        "erf" => Activation::Erf { a: number("a", 1.0)?, b: number("b", 1.0)?, c: number("c", 0.0)? },
        "sigmoid_like" => Activation::SigmoidLike,
        "tanh" => Activation::Tanh,
        "sigmoid" => Activation::Sigmoid,
        "softplus" => Activation::Softplus,
        "silu" => Activation::Silu,
        "gabor" => Activation::Gabor,
        "sin" => Activation::Sin { a: number("a", 1.0)?, b: number("b", 1.0)?, c: number("c", 0.0)? },
        "cos" => Activation::Cos { a: number("a", 1.0)?, b: number("b", 1.0)?, c: number("c", 0.0)? },
        "rbf" => Activation::Rbf { gamma: number("gamma", 1.0)? },
        "exp" => Activation::Exp { a: number("a", 1.0)?, b: number("b", 1.0)? },
        "gaussian" => Activation::Gaussian { a: number("a", 1.0)?, b: number("b", -1.0)? },
        "gelu" => Activation::Gelu { approximate: options.flag("approximate")?.unwrap_or(false) },
        "leaky_relu" => {
            let alpha = options.number("alpha")?;
            Activation::LeakyRelu { alpha: options.required("alpha", alpha)? }
        }
        "ab_relu" => {
            let (a, b) = (options.number("a")?, options.number("b")?);
            Activation::AbRelu { a: options.required("a", a)?, b: options.required("b", b)? }
        }
        "exp_normalized" => Activation::ExpNormalized {
            gamma: number("gamma", 1.0)?,
            shift: number("shift", -1.0)?,
            do_clip: options.flag("do_clip")?.unwrap_or(false),
        },
        "monomial" | "rectified_monomial" | "hermite" => {
            let degree = options.count("degree")?;
            let degree = options.required("degree", degree)?;
            match name {
                "monomial" => Activation::Monomial { degree },
                "hermite" => Activation::Hermite { degree },
                _ => Activation::RectifiedMonomial { degree },
            }
        }
        "polynomial" => {
            let expected = format!("a list of 1 to {} numbers", Coefficients::MOST);
            let coefficients = options.numbers("coef", &expected, Coefficients::MOST)?;
            let coefficients = options.required("coef", coefficients)?;
            let coef = Coefficients::new(&coefficients);
            Activation::Polynomial { coef: options.required("coef", coef)? }
        }
        _ => {
            let function = options.scalar_function("function")?;
            let degree = options.extent("quadrature_degree")?;
            Activation::Elementwise {
                function: options.required("function", function)?,
                quadrature_degree: options.required("quadrature_degree", degree)?,
            }
        }
    })
}

impl Activation {
    /// Refuses options that are out of range.
    pub(crate) fn check(self, path: &str) -> Result<Self, ArchitectureError> {
        let refuse = |option: &str, expected: &str, got: &dyn std::fmt::Debug| {
            Err(ArchitectureError::invalid_option(path, option, expected, &format!("{got:?}")))
        };
        let finite = "a finite number whose square is finite";
        let numbers: &[(&str, f64)] = &match self {
            Self::LeakyRelu { alpha } => [("alpha", alpha), ("alpha", alpha), ("alpha", alpha)],
            Self::AbRelu { a, b } | Self::Exp { a, b } | Self::Gaussian { a, b } => {
                [("a", a), ("b", b), ("b", b)]
            }
            Self::Sin { a, b, c } | Self::Cos { a, b, c } | Self::Erf { a, b, c } => {
                [("a", a), ("b", b), ("c", c)]
            }
            Self::Rbf { gamma } => [("gamma", gamma), ("gamma", gamma), ("gamma", gamma)],
            Self::ExpNormalized { gamma, shift, .. } => {
                [("gamma", gamma), ("shift", shift), ("shift", shift)]
            }
            _ => [("", 0.0); 3],
        };
        for (option, value) in numbers {
            if !(value * value).is_finite() {
                return refuse(option, finite, value);
            }
        }
        if let Self::Polynomial { coef } = self
            && let Some(value) = coef.as_slice().iter().find(|value| !(*value * *value).is_finite())
        {
            return refuse("coef", "finite numbers whose squares are finite", value);
        }
        match self {
            Self::AbRelu { a, b } if a * a + b * b == 0.0 => {
                refuse("b", "slopes `a` and `b` of which one differs from 0", &b)
            }
            Self::Rbf { gamma } if gamma <= 0.0 => refuse("gamma", "a positive number", &gamma),
            Self::Gaussian { b, .. } if b > 0.0 => {
                refuse("b", "a number of at most 0, since others have no finite kernel", &b)
            }
            Self::Monomial { degree } | Self::RectifiedMonomial { degree } if degree > GREATEST_POWER => {
                refuse("degree", &format!("an integer from 0 to {GREATEST_POWER}"), &degree)
            }
            Self::Hermite { degree } if !(1..=GREATEST_POWER).contains(&degree) => {
                refuse("degree", &format!("an integer from 1 to {GREATEST_POWER}"), &degree)
            }
            Self::Polynomial { coef } if coef.as_slice().iter().all(|&value| value == 0.0) => {
                refuse("coef", "coefficients of which one differs from 0", &coef.as_slice())
            }
            Self::ExpNormalized { gamma, .. } if gamma < 0.0 => {
                refuse("gamma", "a number of at least 0, since others have no positive kernel", &gamma)
            }
            Self::ExpNormalized { gamma, shift, .. } if !(gamma * (1.0 + shift)).exp().is_finite() => {
                refuse("shift", "a number for which e^(gamma (1 + shift)) is finite", &shift)
            }
            Self::Elementwise { quadrature_degree, .. } if !(1..=MOST_NODES).contains(&quadrature_degree) => {
                refuse("quadrature_degree", &format!("an integer from 1 to {MOST_NODES}"), &quadrature_degree)
            }
            _ => Ok(self),
        }
    }
}

/// The scalar functions as messages list them.
pub(crate) fn list_of_functions() -> String {
    let names: Vec<String> =
        ScalarFunction::ALL.iter().map(|function| format!("`{}`", function.name())).collect();
    format!("one of {}", names.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Architecture;

    #[test]
    fn every_name_is_read_as_the_nonlinearity_of_that_name() {
        for name in ACTIVATIONS {
            let options = match name {
                "leaky_relu" => r#"{"alpha": 0.2}"#,
                "ab_relu" => r#"{"a": -1, "b": 2.5}"#,
                "monomial" | "rectified_monomial" | "hermite" => r#"{"degree": 3}"#,
                "polynomial" => r#"{"coef": [1, 0, -0.5]}"#,
                "elementwise" => r#"{"function": "silu", "quadrature_degree": 9}"#,
                _ => "{}",
            };
            let json = format!(r#"{{"layers": ["dense", {{"{name}": {options}}}]}}"#);
            let architecture = Architecture::from_json(&json).unwrap();
            assert_eq!(architecture.layers[1].name(), name);
            let canonical = architecture.to_canonical_json();
            assert_eq!(
                Architecture::from_json(&canonical).unwrap().layers[1],
                architecture.layers[1],
                "{canonical}"
            );
        }
        assert_eq!(options_of("dense"), None);
    }
}
