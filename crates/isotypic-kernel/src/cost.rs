//! Nominal costs, for plans only: what one core of a current server takes, rounded up.

use isotypic_work::Plan;

use crate::assemble::pairs_evaluated;
use crate::compiled_kernel::{CompiledKernel, Head, Tail};
use crate::outputs::Outputs;
use crate::real::Real;
use crate::scalar::TILE;

/// Nanoseconds per multiplication and addition of a matrix product.
const PRODUCT: f64 = 0.06;
/// Nanoseconds per pair for one scalar layer.
const SCALAR_LAYER: f64 = 4.0;
/// Nanoseconds per pair of positions for one spatial layer.
const SPATIAL_LAYER: f64 = 4.0;
/// Nominal seconds of one core for one pair.
pub(crate) fn seconds_per_pair(kernel: &CompiledKernel) -> f64 {
    let layers = match &kernel.tail {
        Tail::Layers(program) => program.steps.iter().map(|step| step.operation.cost()).sum(),
        Tail::Feature(_) => 5.0,
    };
    let head = match &kernel.head {
        Head::DotProduct => kernel.point_length() as f64 * PRODUCT,
        Head::Spatial(program) => program.evaluations_per_pair() * SPATIAL_LAYER,
    };
    (head + layers * SCALAR_LAYER) * 1e-9
}

/// The plan of one evaluation: bytes are those of the result, of prepared points, and of every thread's scratch space.
pub(crate) fn plan<T: Real>(
    kernel: &CompiledKernel,
    rows: usize,
    columns: usize,
    symmetric: bool,
    outputs: Outputs,
) -> Plan {
    let size = size_of::<T>() as u64;
    let scalar_states = match &kernel.tail {
        Tail::Layers(program) => (program.inputs + program.steps.len()) as u64,
        Tail::Feature(_) => 1,
    };
    let (prepared, scratch) = match &kernel.head {
        Head::DotProduct => {
            (kernel.point_length() as u64 * size, 2 * outputs.count() * (TILE * TILE) as u64 * size)
        }
        Head::Spatial(program) => {
            (program.prepared_bytes::<T>(), program.scratch_bytes::<T>(outputs.with_ntk()))
        }
    };
    let points = (if symmetric { rows } else { rows + columns }) as u64;
    let entries = rows as u64 * columns as u64;
    let seconds = pairs_evaluated::<T>(kernel, rows, columns, symmetric) * seconds_per_pair(kernel);
    let threads = rayon::current_num_threads();
    Plan {
        entries,
        bytes: size * entries * outputs.count()
            + points * (prepared + 3 * scalar_states * size)
            + threads as u64 * scratch,
        seconds: seconds / threads as f64,
    }
}
