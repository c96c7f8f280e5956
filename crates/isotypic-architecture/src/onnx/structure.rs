//! From a graph of steps to nested lists of layers.
//!
//! Branches that meet in a step begin at the nearest step that all paths to it pass through, its immediate dominator. Between the two
//! every branch is again such a graph. A step that two branches pass through has no place in nested lists, and is an error.

use super::builder::{Step, StepKind};
use super::no_mapping;
use crate::layer::{branch_prefix, inner_prefix, layer_path};
use crate::{ArchitectureError, ConcatSpec, Layer};

/// How deep branches are followed; architectures nest no deeper.
const DEEPEST: usize = crate::check::DEEPEST_NESTING;

/// Paths of layers with the nodes they come from.
pub(crate) type Places = Vec<(String, String)>;

/// The layers from the input to `output`, and where each comes from.
pub(super) fn nest(steps: &[Step], output: usize) -> Result<(Vec<Layer>, Places), ArchitectureError> {
    let mut nesting =
        Nesting { steps, dominators: dominators(steps), used: vec![false; steps.len()], places: vec![] };
    let layers = nesting.chain(0, output, "", 0)?;
    Ok((layers, nesting.places))
}

/// For every step the last one before it that all paths from the input pass through; the input for itself.
fn dominators(steps: &[Step]) -> Vec<usize> {
    let mut dominators: Vec<usize> = Vec::with_capacity(steps.len());
    for step in steps {
        // Steps are in topological order, so dominators have smaller numbers.
        let common = step.inputs.iter().copied().reduce(|mut a, mut b| {
            while a != b {
                if a > b {
                    a = dominators[a];
                } else {
                    b = dominators[b];
                }
            }
            a
        });
        dominators.push(common.unwrap_or(0));
    }
    dominators
}

struct Nesting<'steps> {
    steps: &'steps [Step],
    dominators: Vec<usize>,
    used: Vec<bool>,
    places: Places,
}

impl Nesting<'_> {
    /// The layers after `from`, which dominates `to`, up to and including `to`.
    fn chain(
        &mut self,
        from: usize,
        to: usize,
        prefix: &str,
        depth: usize,
    ) -> Result<Vec<Layer>, ArchitectureError> {
        let mut chain = vec![];
        let mut at = to;
        while at != from {
            chain.push(at);
            at = self.dominators[at];
        }
        let mut layers = Vec::with_capacity(chain.len());
        for at in chain.into_iter().rev() {
            if std::mem::replace(&mut self.used[at], true) {
                return Err(no_mapping(
                    &self.steps[at].node,
                    "is read by branches that meet in different places",
                    "architectures have branches that begin and end together, such as residual ones",
                ));
            }
            let layer = self.layer(at, prefix, layers.len(), depth)?;
            layers.push(layer);
        }
        Ok(layers)
    }

    /// The layer of one step, which stands at `position` behind `prefix`.
    fn layer(
        &mut self,
        at: usize,
        prefix: &str,
        position: usize,
        depth: usize,
    ) -> Result<Layer, ArchitectureError> {
        let steps = self.steps;
        let step = &steps[at];
        let name = match &step.kind {
            StepKind::Input => "input",
            StepKind::Layer(layer) => layer.name(),
            StepKind::Sum if self.skipped(at).is_some() => "residual",
            StepKind::Sum => "sum",
            StepKind::Product => "product",
            StepKind::Concat(_) => "concat",
        };
        let path = layer_path(prefix, position, name);
        self.places.push((path.clone(), step.node.clone()));
        if let StepKind::Layer(layer) = &step.kind {
            return Ok(layer.clone());
        }
        if depth >= DEEPEST {
            return Err(no_mapping(
                &step.node,
                format!("is nested in more than {DEEPEST} branches"),
                "networks with branches that deep have no mapping",
            ));
        }
        let start = self.dominators[at];
        if let Some(transformed) = self.skipped(at) {
            return Ok(Layer::Residual(self.chain(start, transformed, &inner_prefix(&path), depth + 1)?));
        }
        let mut branches = Vec::with_capacity(step.inputs.len());
        for (index, &end) in step.inputs.iter().enumerate() {
            let layers = self.chain(start, end, &branch_prefix(&path, index), depth + 1)?;
            branches.push(if layers.is_empty() { vec![Layer::Identity] } else { layers });
        }
        Ok(match step.kind {
            StepKind::Product => Layer::Product(branches),
            StepKind::Concat(axis) => Layer::Concat(ConcatSpec { axis, branches }),
            _ => Layer::Sum(branches),
        })
    }

    /// The end of the other branch, where one of the two branches of a sum passes the input on.
    fn skipped(&self, at: usize) -> Option<usize> {
        let step = &self.steps[at];
        let start = self.dominators[at];
        match (&step.kind, step.inputs.as_slice()) {
            (StepKind::Sum, &[a, b]) if a == start && b != start => Some(b),
            (StepKind::Sum, &[a, b]) if b == start && a != start => Some(a),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Activation;

    fn layer(input: usize) -> Step {
        let kind = StepKind::Layer(Layer::Activation(Activation::Relu));
        Step { kind, inputs: vec![input], node: format!("after {input}") }
    }

    fn join(kind: StepKind, inputs: &[usize]) -> Step {
        Step { kind, inputs: inputs.to_vec(), node: format!("join of {inputs:?}") }
    }

    fn nested(steps: Vec<Step>) -> Result<(String, Places), ArchitectureError> {
        let input = Step { kind: StepKind::Input, inputs: vec![], node: "input".to_owned() };
        let steps: Vec<Step> = [input].into_iter().chain(steps).collect();
        let (layers, places) = nest(&steps, steps.len() - 1)?;
        Ok((serde_json::to_string(&layers).unwrap().replace("\"relu\"", "r"), places))
    }

    #[test]
    fn chains_and_branches_nest() {
        assert_eq!(nested(vec![layer(0), layer(1)]).unwrap().0, "[r,r]");
        let residual = vec![layer(0), layer(1), join(StepKind::Sum, &[1, 2]), layer(3)];
        let (layers, places) = nested(residual).unwrap();
        assert_eq!(layers, r#"[r,{"residual":[r]},r]"#);
        assert_eq!(places[2], ("layer 2 (`residual`), layer 1 (`relu`)".to_owned(), "after 1".to_owned()));
        let inner = join(StepKind::Sum, &[3, 2]);
        let nested_twice = vec![layer(0), layer(1), layer(2), inner, join(StepKind::Concat(-1), &[4, 1])];
        let (layers, places) = nested(nested_twice).unwrap();
        assert_eq!(layers, r#"[r,{"concat":{"axis":-1,"branches":[[r,{"residual":[r]}],["identity"]]}}]"#);
        assert_eq!(places[4].0, "layer 2 (`concat`), branch 1, layer 2 (`residual`), layer 1 (`relu`)");
        let product = vec![
            layer(0),
            layer(0),
            join(StepKind::Product, &[2, 1]),
            layer(0),
            join(StepKind::Sum, &[3, 4]),
        ];
        assert_eq!(nested(product).unwrap().0, r#"[{"sum":[[{"product":[[r],[r]]}],[r]]}]"#);
    }

    #[test]
    fn branches_that_cross_are_named() {
        // Step 2 is read by the inner sum 4 and by the outer sum 5, which begins before it.
        let crossing =
            vec![layer(0), layer(1), layer(1), join(StepKind::Sum, &[2, 3]), join(StepKind::Sum, &[4, 2])];
        let message = nested(crossing).unwrap_err().to_string();
        assert_eq!(message, "after 1: is read by branches that meet in different places");
    }

    #[test]
    fn what_is_nested_too_deeply_is_named() {
        let mut steps = vec![];
        for at in 0..40 {
            // A sum of the input and of everything before.
            steps.push(layer(2 * at));
            steps.push(join(StepKind::Sum, &[0, 2 * at + 1]));
        }
        assert!(nested(steps).unwrap_err().to_string().ends_with("is nested in more than 32 branches"));
    }
}
