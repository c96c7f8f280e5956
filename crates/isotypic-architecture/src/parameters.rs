//! All parameters of a finite network as arrays, to be read out and put back.

use ndarray::{Array2, ArrayD, Axis, stack};

use crate::forward::Drawn;
use crate::{ArchitectureError, FiniteNetwork, NodeId};

/// One array of parameters of a node.
#[derive(Clone, Debug, PartialEq)]
pub struct Parameter {
    /// The node it belongs to.
    pub node: NodeId,
    /// What it is: `weights` `[fan-in, width]` or `biases` `[width]`, of `conv_local` with the positions before them; of attention also `keys` and `queries` `[heads, seen channels,
    /// key_width]`, `values` `[heads, seen channels, value_width]`, `output` `[heads · value_width, width]` and `embeddings`
    /// `[positions, channels]`, standard normal like all but those of the `standard` parameterization.
    pub name: &'static str,
    /// The values, before the factors by which the forward pass multiplies them.
    pub values: ArrayD<f64>,
}

impl FiniteNetwork {
    /// All parameters, node after node in the order of the graph.
    ///
    /// # Examples
    /// ```
    /// use isotypic_architecture::{Architecture, FiniteNetwork};
    ///
    /// let graph = Architecture::from_json(r#"{"layers": [{"dense": {"width": 5, "b_std": 1.0}}, "relu", "dense"]}"#)?.check(&[3])?;
    /// let parameters = FiniteNetwork::sample(&graph, 0)?.parameters();
    /// let shapes: Vec<_> = parameters.iter().map(|one| (one.name, one.values.shape())).collect();
    /// assert_eq!(shapes, [("weights", &[3, 5][..]), ("biases", &[5]), ("weights", &[5, 1])]);
    /// # Ok::<(), isotypic_architecture::ArchitectureError>(())
    /// ```
    pub fn parameters(&self) -> Vec<Parameter> {
        let mut all = Vec::new();
        for (node, drawn) in self.graph().ids().zip(self.drawn()) {
            let mut add = |name, values: ArrayD<f64>| all.push(Parameter { node, name, values });
            match drawn {
                Drawn::Nothing | Drawn::Masks(_) => {}
                Drawn::Affine(map) => {
                    add("weights", map.weights.clone().into_dyn());
                    if let Some(biases) = &map.biases {
                        add("biases", biases.clone().into_dyn());
                    }
                }
                Drawn::Local(map) => {
                    add("weights", map.weights.clone().into_dyn());
                    if let Some(biases) = &map.biases {
                        add("biases", biases.clone().into_dyn());
                    }
                }
                Drawn::Attention(map) => {
                    for (name, heads) in map.per_head() {
                        if !heads.is_empty() {
                            add(name, stacked(heads));
                        }
                    }
                    add("output", map.output.clone().into_dyn());
                    if let Some(biases) = &map.biases {
                        add("biases", biases.clone().into_dyn());
                    }
                    if let Some(embeddings) = &map.embeddings {
                        add("embeddings", embeddings.clone().into_dyn());
                    }
                }
            }
        }
        all
    }

    /// Replaces all parameters by others, in the order of [`parameters`](Self::parameters).
    ///
    /// # Errors
    /// [`ArchitectureError::ParameterCount`] and [`ArchitectureError::ParameterShape`], which names the layer; then nothing has
    /// changed.
    pub fn set_parameters(&mut self, parameters: Vec<ArrayD<f64>>) -> Result<(), ArchitectureError> {
        let present = self.parameters();
        if present.len() != parameters.len() {
            return Err(ArchitectureError::ParameterCount { expected: present.len(), got: parameters.len() });
        }
        for (old, new) in present.iter().zip(&parameters) {
            if old.values.shape() != new.shape() {
                return Err(ArchitectureError::ParameterShape {
                    path: self.graph().node(old.node).path.clone(),
                    name: old.name,
                    expected: old.values.shape().to_vec(),
                    got: new.shape().to_vec(),
                });
            }
        }
        // The checks above made both lists equally long and every array of the shape it replaces.
        let mut next = present.iter().zip(parameters);
        for (old, new) in &mut next {
            match &mut self.drawn_mut()[old.node.index()] {
                Drawn::Nothing | Drawn::Masks(_) => {}
                Drawn::Affine(map) => match (old.name, &mut map.biases) {
                    ("biases", Some(biases)) => assign(biases, new),
                    _ => assign(&mut map.weights, new),
                },
                Drawn::Local(map) => match (old.name, &mut map.biases) {
                    ("biases", Some(biases)) => assign(biases, new),
                    _ => assign(&mut map.weights, new),
                },
                Drawn::Attention(map) => match old.name {
                    "output" => assign(&mut map.output, new),
                    "biases" => map.biases.iter_mut().for_each(|biases| assign(biases, new.clone())),
                    "embeddings" => {
                        map.embeddings.iter_mut().for_each(|embeddings| assign(embeddings, new.clone()));
                    }
                    name => {
                        for (head, values) in map.heads_mut(name).iter_mut().zip(new.axis_iter(Axis(0))) {
                            assign(head, values.to_owned());
                        }
                    }
                },
            }
        }
        Ok(())
    }
}

fn stacked(heads: &[Array2<f64>]) -> ArrayD<f64> {
    let views: Vec<_> = heads.iter().map(|head| head.view()).collect();
    stack(Axis(0), &views).expect("all heads of a layer have the same shape").into_dyn()
}

fn assign<D: ndarray::Dimension>(target: &mut ndarray::Array<f64, D>, values: ArrayD<f64>) {
    *target = values.into_dimensionality().expect("the shape was compared");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Architecture;

    fn network(seed: u64) -> FiniteNetwork {
        let json = r#"{"layers": [
            {"conv": {"filter": [2], "width": 3, "b_std": 0.2}},
            {"self_attention": {"heads": 2, "key_width": 4, "value_width": 3, "width": 5, "b_std": 0.1,
                "scaling": "sqrt", "mechanism": "identity", "positional_embedding": {"type": "concat", "width": 2}}},
            {"sum": [["identity"], [{"dense": {"width": 5}}]]},
            "flatten", {"dense": {"width": 2, "b_std": 1.0}}]}"#;
        let graph = Architecture::from_json(json).unwrap().check(&[6, 2]).unwrap();
        FiniteNetwork::sample(&graph, seed).unwrap()
    }

    #[test]
    fn parameters_put_into_another_sample_make_it_the_same_network() {
        let (first, mut second) = (network(1), network(2));
        let inputs = Array2::from_shape_fn((3, 12), |(row, column)| (row as f64 - 0.3 * column as f64).sin());
        let wanted = first.forward(&inputs).unwrap();
        assert_ne!(second.forward(&inputs).unwrap(), wanted);
        let values = first.parameters().into_iter().map(|one| one.values).collect();
        second.set_parameters(values).unwrap();
        assert_eq!(second.forward(&inputs).unwrap(), wanted);
        assert_eq!(second.parameters(), first.parameters());
    }

    #[test]
    fn every_array_of_attention_is_listed() {
        let names: Vec<_> = network(1).parameters().iter().map(|one| one.name).collect();
        let expected = [
            "weights",
            "biases",
            "keys",
            "queries",
            "values",
            "output",
            "biases",
            "embeddings",
            "weights",
            "weights",
            "biases",
        ];
        assert_eq!(names, expected);
    }

    #[test]
    fn parameters_that_do_not_fit_are_refused_by_name() {
        let mut network = network(1);
        let mut values: Vec<_> = network.parameters().into_iter().map(|one| one.values).collect();
        values[1] = ArrayD::zeros(vec![4]);
        let error = network.set_parameters(values.clone()).unwrap_err();
        assert_eq!(
            error.to_string(),
            "layer 1 (`conv`): parameter `biases`: expected shape `[3]`, got `[4]`"
        );
        values.pop();
        let error = network.set_parameters(values).unwrap_err();
        assert_eq!(error.to_string(), "parameters: expected `11` arrays, got `10`");
    }
}
