//! Nominal costs, for plans only: what one core of a current server takes, rounded up.

use isotypic_work::Plan;

use crate::assemble::pairs_evaluated;
use crate::compiled_kernel::{CompiledKernel, Head, Tail};
use crate::outputs::Outputs;
use crate::scalar::ScalarStep;

/// Nanoseconds per multiplication and addition of a matrix product.
const PRODUCT: f64 = 0.06;
/// Nanoseconds per pair for one scalar layer.
const SCALAR_LAYER: f64 = 4.0;
/// Nanoseconds per pair of positions for one spatial layer.
const SPATIAL_LAYER: f64 = 4.0;
/// Numbers kept per position and stage of a prepared image: two lists of terms with three numbers each.
const NUMBERS_PER_POSITION: u64 = 6;

/// Nominal seconds of one core for one pair.
pub(crate) fn seconds_per_pair(kernel: &CompiledKernel) -> f64 {
    let layers = match &kernel.tail {
        Tail::Layers(program) => {
            let cost = |step: &ScalarStep| match step {
                ScalarStep::Affine(_) | ScalarStep::LayerNorm { .. } => 1.0,
                ScalarStep::Nonlinearity(nonlinearity) => nonlinearity.cost(),
            };
            program.steps.iter().map(cost).sum()
        }
        Tail::Feature(_) => 5.0,
    };
    let head = match &kernel.head {
        Head::DotProduct => kernel.point_length() as f64 * PRODUCT,
        Head::Spatial(program) => program.evaluations_per_pair() * SPATIAL_LAYER,
    };
    (head + layers * SCALAR_LAYER) * 1e-9
}

/// The plan of one evaluation.
pub(crate) fn plan(
    kernel: &CompiledKernel,
    rows: usize,
    columns: usize,
    symmetric: bool,
    outputs: Outputs,
) -> Plan {
    let prepared = match &kernel.head {
        Head::DotProduct => kernel.point_length() as u64,
        Head::Spatial(program) => {
            let outputs = program.stages.iter().map(|stage| stage.convolution.output.len() as u64);
            let input = program.input.len() as u64 * (program.channels as u64 + 1);
            NUMBERS_PER_POSITION * outputs.sum::<u64>() + input
        }
    };
    let points = (if symmetric { rows } else { rows + columns }) as u64;
    let entries = rows as u64 * columns as u64;
    let seconds = pairs_evaluated(kernel, rows, columns, symmetric) * seconds_per_pair(kernel);
    Plan {
        entries,
        bytes: 8 * (entries * outputs.count() + points * prepared),
        seconds: seconds / rayon::current_num_threads() as f64,
    }
}
