//! States whose pairs are given: a part of a network starts from covariances between all positions of all inputs.

use super::displacement::Run;
use super::slice::Slice;
use crate::given::Given;
use crate::real::Real;

/// What is given for a list of inputs, and which of them are at hand.
#[derive(Debug, Clone, Default)]
pub(crate) struct GivenImages {
    /// Over the positions of all inputs, each input's one after the other; state by state.
    states: Vec<Given>,
    /// The place of the one input in the list, or of that in every lane.
    rows: Vec<usize>,
}

impl GivenImages {
    /// Of the input with this place in the list.
    pub(super) fn of_row(states: &[Given], row: usize) -> Self {
        Self { states: states.to_vec(), rows: vec![row] }
    }

    /// Of one input per lane.
    pub(super) fn of_lanes(lanes: &[&Self]) -> Self {
        let rows = lanes.iter().flat_map(|lane| lane.rows.iter().copied()).collect();
        Self { states: lanes[0].states.clone(), rows }
    }

    /// Variances and diagonal tangent kernels at the positions of the one input.
    pub(super) fn moments(&self, state: usize, positions: usize) -> (Vec<f64>, Vec<f64>) {
        let row = self.rows[0];
        self.states[state].moments_of(row * positions..(row + 1) * positions)
    }

    /// Fills a run of differences between these inputs and others.
    pub(super) fn fill_run<T: Real>(
        &self,
        others: &Self,
        (state, positions): (usize, usize),
        run: Run,
        output: &mut Slice<T>,
    ) {
        let given = &self.states[state];
        for lane in 0..T::LANES {
            let first = self.rows[if self.rows.len() == 1 { 0 } else { lane }] * positions;
            let second = others.rows[lane] * positions;
            for at in 0..run.length {
                let (p, q) = (run.first + at, run.second + at);
                let difference = given.difference(first + p, second + q);
                output.difference[p * T::LANES + lane] = T::from_f64(difference);
                if output.has_ntk() {
                    let difference = given.ntk_difference(first + p, second + q);
                    output.ntk_difference[p * T::LANES + lane] = T::from_f64(difference);
                }
            }
        }
    }
}
