//! Nominal costs, for plans only: what one core of a current server takes, rounded up.

use isotypic_work::Plan;

use crate::assemble::pairs_evaluated;
use crate::band::Scratch;
use crate::compiled_kernel::{CompiledKernel, Head, Tail};
use crate::outputs::Outputs;
use crate::real::Real;
use crate::scalar::{TILE, padded_rows};
use crate::terms::Terms;

/// Nanoseconds per multiplication and addition of a matrix product.
pub(crate) const PRODUCT: f64 = 0.06;
/// Nanoseconds per pair for one scalar layer.
const SCALAR_LAYER: f64 = 4.0;
/// Nanoseconds per pair of positions for one spatial layer.
pub(crate) const SPATIAL_LAYER: f64 = 4.0;
/// Columns that a matrix product packs at a time.
const PACKED_COLUMNS: usize = 512;

/// Nominal seconds of one core for one pair.
pub(crate) fn seconds_per_pair(kernel: &CompiledKernel) -> f64 {
    let head = match &kernel.head {
        Head::DotProduct => kernel.point_length() as f64 * PRODUCT,
        Head::Nothing => 0.0,
        Head::Spatial(program) => program.evaluations_per_pair() * SPATIAL_LAYER,
    };
    head * 1e-9 + seconds_of_layers(kernel)
}

/// Nominal seconds of one core for the scalar layers of one pair.
pub(crate) fn seconds_of_layers(kernel: &CompiledKernel) -> f64 {
    let layers: f64 = match &kernel.tail {
        Tail::Layers(program) => program.steps.iter().map(|step| step.operation.cost()).sum(),
        Tail::Feature(_) => 5.0,
    };
    layers * SCALAR_LAYER * 1e-9
}

/// Bytes of `points` prepared points: their coordinates or what the spatial part knows of them, and terms of every scalar state.
fn prepared_bytes<T: Real>(kernel: &CompiledKernel, points: usize) -> u64 {
    let size = size_of::<T>() as u64;
    let (points, padded) = (points as u64, padded_rows(points) as u64);
    let inputs = match &kernel.head {
        Head::DotProduct => padded * kernel.point_length() as u64 * size,
        Head::Nothing => 0,
        Head::Spatial(program) => points * program.prepared_bytes::<T>(),
    };
    let states = match (&kernel.tail, &kernel.head) {
        (_, Head::Spatial(program)) if !program.needs_readout_moments => 0,
        (Tail::Layers(program), _) => program.states() as u64,
        (Tail::Feature(_), _) => 1,
    };
    let diagonal = if states > 0 { 16 * points } else { 0 };
    inputs + Terms::<T>::PER_POINT as u64 * states * padded * size + diagonal
}

/// Bytes that a thread works in: its scratch space, and the rows of a band side by side.
fn scratch_bytes<T: Real>(kernel: &CompiledKernel, symmetric: bool, outputs: Outputs) -> u64 {
    let head = match &kernel.head {
        // Both ends of a tile, packed for the matrix product.
        Head::DotProduct => (2 * TILE * kernel.point_length().min(PACKED_COLUMNS) * size_of::<T>()) as u64,
        Head::Nothing => 0,
        Head::Spatial(program) => {
            program.scratch_bytes::<T>(outputs.with_ntk())
                + program.inputs_copied::<T>(symmetric) * program.prepared_bytes::<T>()
        }
    };
    Scratch::<T>::scalar_bytes(kernel, outputs.with_ntk()) + head
}

/// The plan of one evaluation: bytes are those of the result, of prepared points, and of every thread's scratch space.
pub(crate) fn plan<T: Real>(
    kernel: &CompiledKernel,
    rows: usize,
    columns: usize,
    symmetric: bool,
    outputs: Outputs,
) -> Plan {
    let entries = rows as u64 * columns as u64;
    let prepared =
        prepared_bytes::<T>(kernel, rows) + if symmetric { 0 } else { prepared_bytes::<T>(kernel, columns) };
    let threads = rayon::current_num_threads();
    let seconds = pairs_evaluated::<T>(kernel, rows, columns, symmetric) * seconds_per_pair(kernel);
    Plan {
        entries,
        bytes: entries * outputs.count() * size_of::<T>() as u64
            + prepared
            + threads as u64 * scratch_bytes::<T>(kernel, symmetric, outputs),
        seconds: seconds / threads as f64,
    }
}
