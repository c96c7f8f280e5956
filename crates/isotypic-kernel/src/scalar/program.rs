//! The scalar layers in topological order.
//!
//! States `0..inputs` are what the spatial part, or the matrix product of the inputs, gives; each step adds one more. A step may
//! read any earlier state, and a state may have several readers. Values of a row of pairs live in as few buffers as there are
//! states in use at a time, so a chain of layers runs in place.

use crate::affine::Affine;
use crate::nonlinearity::Nonlinearity;
use crate::terms::rounded_variance;

/// What a scalar layer computes.
#[derive(Debug)]
pub(crate) enum ScalarOperation {
    /// A dense layer.
    Affine(Affine),
    Nonlinearity(Box<dyn Nonlinearity>),
    /// Layer normalisation: $\Sigma \leftarrow \Sigma / \sqrt{(q_x + \varepsilon)(q_y + \varepsilon)}$, and $\Theta$ alike.
    LayerNorm {
        /// $\varepsilon$.
        epsilon: f64,
    },
    /// Dropout with independent masks: variances grow by $1/r$, covariances stay.
    Dropout {
        /// $r$, the probability with which a value is kept.
        keep_rate: f64,
    },
    /// The sum of states with these weights, no two of them correlated.
    Combination(Vec<f64>),
    /// The product of independent states.
    Product,
}

/// One scalar layer.
#[derive(Debug)]
pub(crate) struct ScalarStep {
    /// The states it reads, all earlier.
    pub(crate) inputs: Vec<usize>,
    pub(crate) operation: ScalarOperation,
}

/// The scalar part of a network.
#[derive(Debug)]
pub(crate) struct ScalarProgram {
    /// Number of states that come from before.
    pub(crate) inputs: usize,
    /// How many of them, the last ones, come in the form in which pairs are carried.
    pub(super) given: usize,
    pub(crate) steps: Vec<ScalarStep>,
    /// The state that holds the result.
    pub(crate) output: usize,
    /// Whether pairs are carried as cosine gaps rather than as covariances: some layer needs angles, or differences are wanted.
    pub(crate) carries_gaps: bool,
    /// The step that reads a state last, counted from 1; of the output `usize::MAX`.
    last_read: Vec<usize>,
    /// The buffer of every state.
    buffers: Vec<usize>,
    buffer_count: usize,
}

/// Second moments of a list of points at one state.
#[derive(Debug, Clone, Default)]
pub(crate) struct ScalarMoments {
    pub(crate) variance: Vec<f64>,
    /// Diagonal tangent kernels.
    pub(crate) ntk: Vec<f64>,
}

impl ScalarProgram {
    /// The program of `steps` on `inputs` states, with its result in state `output`.
    pub(crate) fn new(inputs: usize, steps: Vec<ScalarStep>, output: usize) -> Self {
        let states = inputs + steps.len();
        let mut last_read = vec![0; states];
        for (index, step) in steps.iter().enumerate() {
            step.inputs.iter().for_each(|&state| last_read[state] = index + 1);
        }
        last_read[output] = usize::MAX;
        let mut buffers: Vec<usize> = (0..inputs).collect();
        let mut free: Vec<usize> = Vec::new();
        let mut count = inputs;
        for (index, step) in steps.iter().enumerate() {
            // Inputs that nobody reads later give their buffers away, the first one to this very step unless it is read again there.
            let mut read: Vec<usize> = step.inputs.clone();
            read.sort_unstable();
            read.dedup();
            let (first, others) = (step.inputs[0], &step.inputs[1..]);
            let in_place = last_read[first] == index + 1 && !others.contains(&first);
            let target = if in_place {
                buffers[first]
            } else {
                free.pop().unwrap_or_else(|| {
                    count += 1;
                    count - 1
                })
            };
            let ends = read.iter().filter(|&&state| last_read[state] == index + 1);
            free.extend(ends.map(|&state| buffers[state]).filter(|&buffer| buffer != target));
            buffers.push(target);
        }
        let carries_gaps = steps.iter().any(|step| step.operation.needs_angles());
        Self { inputs, given: 0, steps, output, carries_gaps, last_read, buffers, buffer_count: count }
    }

    /// The same where the last `given` inputs come in the form in which pairs are carried.
    pub(crate) fn with_given(self, given: usize) -> Self {
        Self { given, ..self }
    }

    /// The first of the inputs that come in the form in which pairs are carried.
    pub(crate) fn first_given(&self) -> usize {
        self.inputs - self.given
    }

    /// Number of states.
    pub(crate) fn states(&self) -> usize {
        self.inputs + self.steps.len()
    }

    /// Number of buffers.
    pub(crate) fn buffer_count(&self) -> usize {
        self.buffer_count
    }

    /// The buffer in which the values of a state live.
    pub(super) fn buffer(&self, state: usize) -> usize {
        self.buffers[state]
    }

    /// Whether masks are drawn, so that a point with itself differs from a pair of equal points.
    pub(crate) fn draws_masks(&self) -> bool {
        self.steps.iter().any(|step| matches!(step.operation, ScalarOperation::Dropout { .. }))
    }

    /// Hands the moments of one state after the other to `visit`, given those of the inputs; returns those of the output.
    ///
    /// Of long programs only the states that are still to be read are held at a time.
    pub(crate) fn moments<E>(
        &self,
        inputs: Vec<ScalarMoments>,
        mut visit: impl FnMut(usize, &ScalarMoments) -> Result<(), E>,
    ) -> Result<ScalarMoments, E> {
        let mut states = inputs;
        for (state, moments) in states.iter().enumerate() {
            visit(state, moments)?;
        }
        for (index, step) in self.steps.iter().enumerate() {
            let read: Vec<&ScalarMoments> = step.inputs.iter().map(|&state| &states[state]).collect();
            let mut next = step.operation.moments(&read);
            next.variance.iter_mut().for_each(|q| *q = rounded_variance(*q));
            visit(self.inputs + index, &next)?;
            states.push(next);
            for &state in &step.inputs {
                if self.last_read[state] == index + 1 {
                    states[state] = ScalarMoments::default();
                }
            }
        }
        Ok(std::mem::take(&mut states[self.output]))
    }
}

impl ScalarOperation {
    /// Whether the layer acts on angles, not on covariances.
    fn needs_angles(&self) -> bool {
        !matches!(self, Self::Affine(_) | Self::Combination(_) | Self::Product)
    }

    /// The moments after the layer.
    fn moments(&self, inputs: &[&ScalarMoments]) -> ScalarMoments {
        let first = inputs[0];
        let points = 0..first.variance.len();
        let each = |map: &dyn Fn(f64, f64) -> (f64, f64)| {
            let (variance, ntk) =
                first.variance.iter().zip(&first.ntk).map(|(&q, &theta)| map(q, theta)).unzip();
            ScalarMoments { variance, ntk }
        };
        match self {
            Self::Affine(affine) => each(&|q, theta| {
                let q = rounded_variance(affine.covariance(q));
                (q, affine.ntk(q, theta))
            }),
            Self::Nonlinearity(nonlinearity) => {
                each(&|q, theta| (nonlinearity.variance(q), theta * nonlinearity.derivative_variance(q)))
            }
            Self::LayerNorm { epsilon } => each(&|q, theta| {
                let length = q + epsilon;
                if length > 0.0 { (q / length, theta / length) } else { (0.0, 0.0) }
            }),
            Self::Dropout { keep_rate } => each(&|q, theta| (q / keep_rate, theta / keep_rate)),
            Self::Combination(weights) => {
                let sum = |field: fn(&ScalarMoments) -> &Vec<f64>| {
                    let at = |point: usize| {
                        weights.iter().zip(inputs).map(|(weight, input)| weight * field(input)[point]).sum()
                    };
                    points.clone().map(at).collect()
                };
                ScalarMoments { variance: sum(|input| &input.variance), ntk: sum(|input| &input.ntk) }
            }
            Self::Product => {
                let at = |point: usize| {
                    inputs.iter().fold((1.0, 0.0), |(product, ntk), input| {
                        let (q, theta) = (input.variance[point], input.ntk[point]);
                        (product * q, ntk * q + product * theta)
                    })
                };
                let (variance, ntk) = points.map(at).unzip();
                ScalarMoments { variance, ntk }
            }
        }
    }

    /// Nominal cost for one pair, a rectifier being 1.
    pub(crate) fn cost(&self) -> f64 {
        match self {
            Self::Nonlinearity(nonlinearity) => nonlinearity.cost(),
            _ => 1.0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(inputs: &[usize]) -> ScalarStep {
        ScalarStep { inputs: inputs.to_vec(), operation: ScalarOperation::Product }
    }

    #[test]
    fn a_chain_runs_in_one_buffer() {
        let steps = (0..5).map(|state| step(&[state])).collect();
        let program = ScalarProgram::new(1, steps, 5);
        assert_eq!(program.buffer_count, 1);
    }

    #[test]
    fn a_state_that_is_read_twice_keeps_its_buffer() {
        let program = ScalarProgram::new(1, vec![step(&[0, 0])], 1);
        assert_ne!(program.buffer(0), program.buffer(1));
    }

    #[test]
    fn states_in_use_never_share_a_buffer() {
        // 0 → 1, 0 → 2, (1, 2) → 3, (3, 0) → 4: the input lives to the end.
        let steps = vec![step(&[0]), step(&[0]), step(&[1, 2]), step(&[3, 0])];
        let program = ScalarProgram::new(1, steps, 4);
        let last_read = [4, 3, 3, 4, usize::MAX];
        for state in 0..5 {
            for (other, &last) in last_read.iter().enumerate().take(state) {
                // `state` is written by step `state`, when `other` is still to be read.
                if last > state {
                    assert_ne!(program.buffer(state), program.buffer(other), "{state} and {other}");
                }
            }
        }
        assert_eq!(program.buffer_count, 3);
    }
}
