//! Operators with several inputs that depend on the network's input: sums, products, `Concat`.

use isotypic_onnx::Node;

use super::builder::{Builder, StepKind};
use super::no_mapping;
use super::pointwise::Pointwise;
use super::value::{Axis, Data};
use crate::ArchitectureError;

impl<'model> Builder<'model> {
    /// `Add`, `Mul` and the like with two inputs: with a constant number, a bias, another function of the same values, or a branch.
    pub(super) fn add_binary(&mut self, node: &'model Node) -> Result<(), ArchitectureError> {
        if self.arithmetic_with_number(node)? {
            return Ok(());
        }
        if node.operator == "Add" && self.add_separate_bias(node)? {
            return Ok(());
        }
        for index in [0, 1] {
            let name = self.required(node, index)?;
            if let Some(constant) = self.constant(name) {
                return Err(no_mapping(
                    node,
                    format!("combines values with constants of shape {:?}", constant.shape()),
                    "only numbers, and biases right after a layer without, have a mapping",
                ));
            }
        }
        node.only(&[])?;
        let [first, second] = [self.raw_data(node, 0)?, self.raw_data(node, 1)?];
        let is_function = first.step == second.step
            && first.axes == second.axes
            && first.padding.is_none()
            && second.padding.is_none();
        if is_function {
            let combine: fn(f64, f64) -> f64 = match node.operator.as_str() {
                "Add" | "Sum" => |a, b| a + b,
                "Sub" => |a, b| a - b,
                "Mul" => |a, b| a * b,
                "Div" => |a, b| a / b,
                "Max" => f64::max,
                "Min" => f64::min,
                _ => |_, _| f64::NAN,
            };
            let pointwise = first.pointwise.zip(node.to_string(), &second.pointwise, combine);
            self.give(node, Data { pointwise, ..first });
            return Ok(());
        }
        match node.operator.as_str() {
            "Add" | "Sum" => self.join(node, StepKind::Sum),
            "Mul" => self.join(node, StepKind::Product),
            operator => Err(no_mapping(
                node,
                format!("no layer joins branches by `{operator}`"),
                "branches are joined by `Add`, `Mul` and `Concat`",
            )),
        }
    }

    /// `Sum` of any number of inputs.
    pub(super) fn add_sum(&mut self, node: &'model Node) -> Result<(), ArchitectureError> {
        match node.inputs.len() {
            1 => self.add_pointwise(node, |before, _| before.clone()),
            2 => self.add_binary(node),
            _ => self.join(node, StepKind::Sum),
        }
    }

    /// Sum or product of branches with equal axes.
    fn join(&mut self, node: &'model Node, kind: StepKind) -> Result<(), ArchitectureError> {
        node.only(&[])?;
        let branches = self.branches(node)?;
        let Some((first, others)) = branches.split_first() else {
            return Err(no_mapping(node, "expected inputs, got none", "the file may be damaged"));
        };
        for other in others {
            let fits = first.axes == other.axes
                && first
                    .extents
                    .iter()
                    .zip(&other.extents)
                    .all(|(a, b)| a.is_none() || b.is_none() || a == b);
            if !fits {
                return Err(no_mapping(
                    node,
                    format!("joins {} and {}", first.describe(), other.describe()),
                    "branches are joined where their axes are equal; none is stretched",
                ));
            }
        }
        let extents = (0..first.extents.len())
            .map(|axis| branches.iter().find_map(|branch| branch.extents[axis]))
            .collect();
        self.give_joined(node, kind, &branches, extents);
        Ok(())
    }

    /// `Concat` along channels or positions.
    pub(super) fn add_concat(&mut self, node: &'model Node) -> Result<(), ArchitectureError> {
        node.only(&["axis"])?;
        if self.add_wrapping(node)? {
            return Ok(());
        }
        let branches = self.branches(node)?;
        let Some(first) = branches.first() else {
            return Err(no_mapping(node, "expected inputs, got none", "the file may be damaged"));
        };
        let rank = first.axes.len() as i64;
        let axis = node.integer("axis")?.ok_or_else(|| node.wrong("axis", "an axis"))?;
        let axis = if axis < 0 { axis.saturating_add(rank) } else { axis };
        let axis = usize::try_from(axis).ok().filter(|&axis| axis < first.axes.len());
        let along = axis.map(|axis| (axis, first.axes[axis]));
        let (axis, place) = match along {
            Some((axis, Axis::Channels)) => (axis, -1),
            Some((axis, Axis::Spatial(at))) => (axis, at as i64 + 1),
            _ => return Err(node.wrong("axis", "that of the channels or of positions").into()),
        };
        if let Some(other) = branches.iter().find(|branch| branch.axes != first.axes) {
            return Err(no_mapping(
                node,
                format!("joins {} and {}", first.describe(), other.describe()),
                "branches are joined where their axes have the same meaning",
            ));
        }
        if branches.len() == 1 {
            self.give(node, branches[0].clone());
            return Ok(());
        }
        let mut extents = first.extents.clone();
        extents[axis] =
            branches.iter().try_fold(0_usize, |sum, branch| sum.checked_add(branch.extents[axis]?));
        self.give_joined(node, StepKind::Concat(place), &branches, extents);
        Ok(())
    }

    fn branches(&mut self, node: &'model Node) -> Result<Vec<Data>, ArchitectureError> {
        (0..node.inputs.len()).map(|index| self.data(node, index)).collect()
    }

    fn give_joined(
        &mut self,
        node: &'model Node,
        kind: StepKind,
        branches: &[Data],
        extents: Vec<Option<usize>>,
    ) {
        let step = self.push(kind, branches.iter().map(|branch| branch.step).collect(), node.to_string());
        let axes = branches[0].axes.clone();
        self.give(node, Data { step, pointwise: Pointwise::identity(), axes, extents, padding: None });
    }
}
