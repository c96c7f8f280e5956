//! What was done to every number of a value: operators one after another, until a layer's nonlinearity is recognised.
//!
//! Exporters write GELU, SiLU and others as several operators. So a function is carried as its values at a few points, beside the
//! form it has as long as that is simple, and becomes a nonlinearity of the architecture when a layer reads it.

use super::no_mapping;
use crate::{Activation, ArchitectureError, Layer};

/// Where functions are evaluated: on both sides, near zero, and far out, where thresholds may lie.
const PROBES: [f64; 20] = [
    -45.0, -25.0, -12.0, -6.5, -4.1, -3.0, -1.7, -0.9, -0.4, -0.1, 0.0, 0.2, 0.6, 1.1, 2.3, 4.0, 6.7, 13.0,
    24.0, 44.0,
];

/// The values of a function at [`PROBES`].
type Values = [f64; PROBES.len()];

/// Largest difference of values that mean the same, relative to 1 and the value: constants are in single precision.
const TOLERANCE: f64 = 1e-5;

/// A function of one number.
#[derive(Clone, Debug)]
pub(super) struct Pointwise {
    values: Values,
    form: Form,
    /// The last node that changed it, for messages.
    pub(super) node: String,
}

/// $\text{scale} \cdot f(\text{rate} \cdot u + \text{shift}) + \text{offset}$.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Form {
    /// $f$ is the identity, with rate 1 and shift 0.
    Affine { scale: f64, offset: f64 },
    /// $f$ is a nonlinearity.
    Function { function: Activation, rate: f64, shift: f64, scale: f64, offset: f64 },
    /// Anything else.
    Composite,
}

impl Pointwise {
    /// What nothing was done to.
    pub(super) fn identity() -> Self {
        Self { values: PROBES, form: Form::Affine { scale: 1.0, offset: 0.0 }, node: String::new() }
    }

    /// Whether nothing was done.
    pub(super) fn is_identity(&self) -> bool {
        self.form == Form::Affine { scale: 1.0, offset: 0.0 }
    }

    /// A nonlinearity after this function.
    pub(super) fn then(&self, node: String, function: Activation) -> Self {
        let form = match self.form {
            Form::Affine { scale, offset } => {
                Form::Function { function, rate: scale, shift: offset, scale: 1.0, offset: 0.0 }
            }
            _ => Form::Composite,
        };
        Self { values: self.values.map(|value| function.apply(value)), form, node }
    }

    /// $\text{scale} \cdot f + \text{offset}$.
    pub(super) fn affine(&self, node: String, by: f64, plus: f64) -> Self {
        let form = match self.form {
            Form::Affine { scale, offset } => {
                Form::Affine { scale: by * scale, offset: by.mul_add(offset, plus) }
            }
            Form::Function { function, rate, shift, scale, offset } => {
                Form::Function { function, rate, shift, scale: by * scale, offset: by.mul_add(offset, plus) }
            }
            Form::Composite => Form::Composite,
        };
        Self { values: self.values.map(|value| by.mul_add(value, plus)), form, node }
    }

    /// Any other function after this one.
    pub(super) fn map(&self, node: String, function: impl Fn(f64) -> f64) -> Self {
        Self { values: self.values.map(function), form: Form::Composite, node }
    }

    /// Two functions of the same number, combined.
    pub(super) fn zip(&self, node: String, other: &Self, combine: impl Fn(f64, f64) -> f64) -> Self {
        let values = std::array::from_fn(|probe| combine(self.values[probe], other.values[probe]));
        Self { values, form: Form::Composite, node }
    }

    /// The first function where this one is not 0, else the second.
    pub(super) fn choose(&self, node: String, first: &Self, second: &Self) -> Self {
        let values = std::array::from_fn(|probe| {
            if self.values[probe] == 0.0 { second.values[probe] } else { first.values[probe] }
        });
        Self { values, form: Form::Composite, node }
    }

    /// The layer that this is; `None` for the identity.
    ///
    /// # Errors
    /// A function that no layer has, with the last node of it.
    pub(super) fn layer(&self) -> Result<Option<Layer>, ArchitectureError> {
        if self.is_identity() {
            return Ok(None);
        }
        let found = self.by_form().or_else(|| self.by_values());
        let refuse = || {
            let reason = match self.form {
                Form::Affine { .. } => "scales or shifts values between layers, for which there is no layer",
                _ => {
                    "with the operators before it gives a function of one number that is no known nonlinearity"
                }
            };
            no_mapping(
                &self.node,
                reason,
                "known are those of `isotypic_architecture::Activation`, such as `relu`, `gelu` and `silu`",
            )
        };
        found.map(|function| Some(Layer::Activation(function))).ok_or_else(refuse)
    }

    fn by_form(&self) -> Option<Activation> {
        let Form::Function { function, rate, shift, scale, offset } = self.form else { return None };
        let plain = [rate, scale] == [1.0; 2] && [shift, offset] == [0.0; 2];
        match function {
            _ if plain => Some(function),
            Activation::Sin { .. } if offset == 0.0 => Some(Activation::Sin { a: scale, b: rate, c: shift }),
            Activation::Cos { .. } if offset == 0.0 => Some(Activation::Cos { a: scale, b: rate, c: shift }),
            Activation::Erf { .. } if shift == 0.0 => Some(Activation::Erf { a: scale, b: rate, c: offset }),
            Activation::Exp { .. } if offset == 0.0 => {
                Some(Activation::Exp { a: scale * shift.exp(), b: rate })
            }
            _ => None,
        }
    }

    fn by_values(&self) -> Option<Activation> {
        let agrees = |function: &Activation| {
            self.values.iter().zip(PROBES).all(|(&value, probe)| {
                let expected = function.apply(probe);
                (value - expected).abs() <= TOLERANCE * (1.0 + expected.abs())
            })
        };
        CANDIDATES.into_iter().find(agrees)
    }
}

/// What functions are recognised as.
const CANDIDATES: [Activation; 12] = [
    Activation::Relu,
    Activation::Gelu { approximate: false },
    Activation::Gelu { approximate: true },
    Activation::Silu,
    Activation::Softplus,
    Activation::Sigmoid,
    Activation::Tanh,
    Activation::Abs,
    Activation::Sign,
    Activation::Monomial { degree: 2 },
    Activation::Monomial { degree: 3 },
    Activation::Monomial { degree: 4 },
];

#[cfg(test)]
mod tests {
    use super::*;

    const ERF: Activation = Activation::Erf { a: 1.0, b: 1.0, c: 0.0 };

    fn name(function: &Pointwise) -> Option<String> {
        function.layer().unwrap().map(|layer| serde_json::to_string(&layer).unwrap())
    }

    fn node() -> String {
        "node 3".to_owned()
    }

    #[test]
    fn functions_written_with_several_operators_are_recognised() {
        let u = Pointwise::identity();
        assert_eq!(name(&u), None);
        let inner =
            u.affine(node(), f64::from(1.0 / 2.0_f32.sqrt()), 0.0).then(node(), ERF).affine(node(), 1.0, 1.0);
        let gelu = u.zip(node(), &inner, |u, inner| u * inner).affine(node(), 0.5, 0.0);
        assert_eq!(name(&gelu), Some(r#"{"gelu":{"approximate":false}}"#.to_owned()));
        let silu = u.zip(node(), &u.then(node(), Activation::Sigmoid), |u, gate| u * gate);
        assert_eq!(name(&silu), Some(r#""silu""#.to_owned()));
        let sine = u.affine(node(), 30.0, 0.5).then(node(), Activation::Sin { a: 1.0, b: 1.0, c: 0.0 });
        assert_eq!(name(&sine), Some(r#"{"sin":{"a":1.0,"b":30.0,"c":0.5}}"#.to_owned()));
        assert_eq!(name(&u.map(node(), |u| u.max(0.0))), Some(r#""relu""#.to_owned()));
        assert_eq!(
            name(&u.affine(node(), 2.0, 0.0).then(node(), ERF)),
            Some(r#"{"erf":{"a":1.0,"b":2.0,"c":0.0}}"#.to_owned())
        );
    }

    #[test]
    fn functions_that_differ_far_out_are_not_mistaken() {
        let u = Pointwise::identity();
        for other in [
            u.map(node(), |u| u.clamp(0.0, 6.0)),
            u.map(node(), |u| u.clamp(0.0, 40.0)),
            u.map(node(), |u| if u < -40.0 { 1.0 } else { u.max(0.0) }),
            u.then(node(), Activation::Relu).affine(node(), 1.0, 0.01),
            u.then(node(), Activation::Relu).then(node(), Activation::Tanh),
            u.affine(node(), 2.0, 0.0),
        ] {
            let message = other.layer().unwrap_err().to_string();
            assert!(message.starts_with("node 3: "), "{message}");
        }
    }
}
