//! Operators that act on every number by itself, alone or with a constant.

use isotypic_onnx::Node;

use super::builder::Builder;
use super::no_mapping;
use super::pointwise::Pointwise;
use crate::{Activation, ArchitectureError};

/// The nonlinearity of an operator with one input, if it is one.
pub(super) fn activation(node: &Node) -> Result<Option<Activation>, ArchitectureError> {
    let function = match node.operator.as_str() {
        "Relu" => Activation::Relu,
        "Erf" => Activation::Erf { a: 1.0, b: 1.0, c: 0.0 },
        "Tanh" => Activation::Tanh,
        "Sigmoid" => Activation::Sigmoid,
        "Softplus" => Activation::Softplus,
        "Swish" => {
            node.only(&["alpha"])?;
            match node.number("alpha")? {
                None | Some(1.0) => return Ok(Some(Activation::Silu)),
                Some(_) => return Err(node.wrong("alpha", "1").into()),
            }
        }
        "Sin" => Activation::Sin { a: 1.0, b: 1.0, c: 0.0 },
        "Cos" => Activation::Cos { a: 1.0, b: 1.0, c: 0.0 },
        "Exp" => Activation::Exp { a: 1.0, b: 1.0 },
        "Abs" => Activation::Abs,
        "Sign" => Activation::Sign,
        "LeakyRelu" => {
            node.only(&["alpha"])?;
            return Ok(Some(Activation::LeakyRelu { alpha: node.number("alpha")?.unwrap_or(0.01) }));
        }
        "Gelu" => {
            node.only(&["approximate"])?;
            let approximate = match node.text("approximate")? {
                None | Some("none") => false,
                Some("tanh") => true,
                Some(_) => return Err(node.wrong("approximate", "`none` or `tanh`").into()),
            };
            return Ok(Some(Activation::Gelu { approximate }));
        }
        _ => return Ok(None),
    };
    node.only(&[])?;
    Ok(Some(function))
}

impl<'model> Builder<'model> {
    /// A nonlinearity after what was done to the first input before.
    pub(super) fn add_activation(
        &mut self,
        node: &'model Node,
        function: Activation,
    ) -> Result<(), ArchitectureError> {
        self.add_pointwise(node, |before, place| before.then(place, function))
    }

    /// Changes the function of the first input; positions and axes stay.
    pub(super) fn add_pointwise(
        &mut self,
        node: &'model Node,
        change: impl FnOnce(&Pointwise, String) -> Pointwise,
    ) -> Result<(), ArchitectureError> {
        self.change_pointwise(node, 0, change)
    }

    fn change_pointwise(
        &mut self,
        node: &'model Node,
        index: usize,
        change: impl FnOnce(&Pointwise, String) -> Pointwise,
    ) -> Result<(), ArchitectureError> {
        let mut data = self.raw_data(node, index)?;
        if let Some(padding) = &data.padding {
            return Err(padding.unread(node));
        }
        data.pointwise = change(&data.pointwise, node.to_string());
        self.give(node, data);
        Ok(())
    }

    /// The number that an input is, if it is a constant of one value.
    fn number(&self, node: &'model Node, index: usize) -> Option<f64> {
        let tensor = self.constant(self.argument(node, index)?)?;
        match tensor.numbers()?.as_slice() {
            [value] => Some(*value),
            _ => None,
        }
    }

    /// Arithmetic with a constant number; `false` if both inputs depend on the network's input, or the constant has several values.
    pub(super) fn arithmetic_with_number(&mut self, node: &'model Node) -> Result<bool, ArchitectureError> {
        let (index, value, first) = match (self.number(node, 0), self.number(node, 1)) {
            (None, Some(value)) => (0, value, true),
            (Some(value), None) => (1, value, false),
            _ => return Ok(false),
        };
        node.only(&[])?;
        let operator = node.operator.as_str();
        self.change_pointwise(node, index, |before, place| match (operator, first) {
            ("Add", _) => before.affine(place, 1.0, value),
            ("Mul", _) => before.affine(place, value, 0.0),
            ("Sub", true) => before.affine(place, 1.0, -value),
            ("Sub", false) => before.affine(place, -1.0, value),
            ("Div", true) => before.affine(place, value.recip(), 0.0),
            ("Div", false) => before.map(place, |u| value / u),
            ("Pow", true) => before.map(place, |u| u.powf(value)),
            ("Pow", false) => before.map(place, |u| value.powf(u)),
            ("Max", _) => before.map(place, |u| u.max(value)),
            ("Min", _) => before.map(place, |u| u.min(value)),
            ("Greater", true) => before.map(place, |u| f64::from(u > value)),
            ("Less", true) => before.map(place, |u| f64::from(u < value)),
            // Not needed by any exporter; NaN is no known nonlinearity.
            _ => before.map(place, |_| f64::NAN),
        })?;
        Ok(true)
    }

    /// `Clip`, whose bounds are constants.
    pub(super) fn add_clip(&mut self, node: &'model Node) -> Result<(), ArchitectureError> {
        node.only(&["min", "max"])?;
        let mut bounds = [node.number("min")?, node.number("max")?];
        for (index, bound) in bounds.iter_mut().enumerate() {
            if self.argument(node, index + 1).is_some() {
                let value = self.number(node, index + 1);
                *bound = Some(value.ok_or_else(|| {
                    no_mapping(node, "expected bounds that are constant numbers", "export with fixed bounds")
                })?);
            }
        }
        let [low, high] = bounds;
        self.add_pointwise(node, |before, place| {
            before.map(place, |u| u.max(low.unwrap_or(f64::NEG_INFINITY)).min(high.unwrap_or(f64::INFINITY)))
        })
    }

    /// `Where` between functions of the same number, as exporters write `softplus`.
    pub(super) fn add_choice(&mut self, node: &'model Node) -> Result<(), ArchitectureError> {
        node.only(&[])?;
        let [condition, first, second] =
            [self.raw_data(node, 0)?, self.raw_data(node, 1)?, self.raw_data(node, 2)?];
        if [first.step, second.step] != [condition.step; 2]
            || first.padding.is_some()
            || second.padding.is_some()
        {
            return Err(no_mapping(
                node,
                "chooses between values of different layers",
                "only functions of one number have a mapping",
            ));
        }
        let mut data = first;
        data.pointwise = condition.pointwise.choose(node.to_string(), &data.pointwise, &second.pointwise);
        self.give(node, data);
        Ok(())
    }
}
