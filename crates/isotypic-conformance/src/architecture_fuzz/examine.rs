//! A document's way from text to kernel values, and the promises on it.

use isotypic_architecture::{Architecture, ArchitectureError, LayerGraph, Node, Operation};
use isotypic_kernel::{CompiledKernel, KernelError, KernelMatrices, MonteCarlo, MonteCarloKernel, Outputs};
use isotypic_work::{Monitor, Plan};
use ndarray::Array2;
use serde_json::Value;

use super::Document;
use crate::generator::Generator;

/// How far a document came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(usize)]
pub enum Reached {
    /// It could not be read.
    Unread,
    /// It was read, and fits no shape.
    Unchecked,
    /// It was checked, and has no kernel or one that is too expensive here.
    Checked,
    /// The points were refused.
    Refused,
    /// Two points have kernel values that are wrong, and an option is so large or small that this is known to happen.
    OutOfRange,
    /// Two points have kernel values.
    Evaluated,
}

impl Reached {
    /// The number of stages.
    pub const COUNT: usize = 6;
}

/// Shapes that documents are held against.
const SHAPES: [&[usize]; 7] =
    [&[5], &[6, 2], &[8, 8, 1], &[5, 4, 2], &[3, 2, 3, 1], &[1, 1, 1], &[2, 2, 2, 2, 2]];

/// The largest plan that is carried out: seconds of one core, bytes.
const AFFORDABLE: (f64, u64) = (0.02, 64 << 20);

/// The largest filter or window, in positions, that is compiled. Both are written out tap by tap, windows as pairs of taps, so that
/// larger ones, which fit where padding is `same` or `circular`, take all memory.
const LARGEST_WINDOW: usize = 512;

/// The largest number of positions of a layer that is compiled: transposed convolutions and resizing make more of few.
const MOST_POSITIONS: usize = 4096;

/// Enough to run every line.
const FEW_SAMPLES: MonteCarlo = MonteCarlo { samples: 8, replicates: 2, seed: 0 };

/// Beyond this, or below its inverse, kernels are known to be wrong without an error: variances or their products overflow between
/// layers, and tangent kernels in the standard parameterization are differences of nearly equal numbers where weights are small beside
/// biases.
const LARGEST_OPTION: f64 = 1e6;

/// Reads, checks, compiles, plans and evaluates.
///
/// # Errors
/// What is wrong with the code that was run, never with the document: a message without words, a check that does not name its layer,
/// a kernel that is not finite or not symmetric.
pub fn examine(document: &Document, seed: u64) -> Result<Reached, String> {
    let read = if document.is_toml { Architecture::from_toml } else { Architecture::from_json };
    let architecture = match read(&document.text) {
        Ok(architecture) => architecture,
        Err(error) => {
            has_words(&error.to_string(), error.hint())?;
            return Ok(Reached::Unread);
        }
    };
    let canonical = architecture.to_canonical_json();
    let again = Architecture::from_json(&canonical)
        .map_err(|error| format!("the canonical form is not read: {error}: {canonical}"))?;
    if again.to_canonical_json() != canonical {
        return Err(format!("the canonical form is not stable: {canonical}"));
    }
    let mut reached = Reached::Unchecked;
    let mut generator = Generator::new(!seed);
    let first = generator.below(SHAPES.len());
    for offset in 0..SHAPES.len() {
        let shape = SHAPES[(first + offset) % SHAPES.len()];
        match architecture.check(shape) {
            Err(error) => names_its_layer(&error)?,
            // One shape is enough for the long way.
            Ok(_) if reached != Reached::Unchecked => {}
            Ok(graph) => {
                reached = evaluate(&graph, &mut generator).map_err(|what| format!("on {shape:?}: {what}"))?;
            }
        }
    }
    Ok(reached)
}

pub(crate) fn evaluate(graph: &LayerGraph, generator: &mut Generator) -> Result<Reached, String> {
    let size = |node: &Node| match &node.operation {
        Operation::Conv(conv) | Operation::ConvLocal(conv) | Operation::ConvTranspose(conv) => {
            conv.filter_size()
        }
        Operation::GroupLift(conv) | Operation::GroupConv(conv) => conv.taps,
        Operation::AvgPool(pool) | Operation::SumPool(pool) | Operation::MaxPool(pool) => pool.window_size(),
        _ => 1,
    };
    let positions = |node: &Node| {
        node.output_shape.iter().rev().skip(1).fold(1_usize, |size, &axis| size.saturating_mul(axis))
    };
    if graph.nodes().iter().any(|node| size(node) > LARGEST_WINDOW || positions(node) > MOST_POSITIONS) {
        return Ok(Reached::Checked);
    }
    let kernel = match Compiled::of(graph) {
        Ok(kernel) => kernel,
        Err(error) => {
            let message = error.to_string();
            has_words(&message, error.hint())?;
            if !(message.starts_with("layer ") || message.starts_with("input")) {
                return Err(format!("the error does not name its layer: {message}"));
            }
            return Ok(Reached::Checked);
        }
    };
    let plan = kernel.plan_of_two();
    if !(plan.seconds >= 0.0 && plan.seconds.is_finite() && plan.entries == 4 && plan.bytes > 0) {
        return Err(format!("the plan makes no sense: {plan:?}"));
    }
    if plan.seconds > AFFORDABLE.0 || plan.bytes > AFFORDABLE.1 {
        return Ok(Reached::Checked);
    }
    let mut x = Array2::from_shape_simple_fn((2, graph.input_size()), || generator.coordinate());
    match generator.below(8) {
        0 => x.row_mut(1).fill(0.0),
        1 => {
            let copy = x.row(0).to_owned();
            x.row_mut(1).assign(&-copy);
        }
        2 => {
            let copy = x.row(0).to_owned();
            x.row_mut(1).assign(&copy);
        }
        _ => {}
    }
    match kernel.evaluate(&x) {
        Ok(matrices) => {
            let sound = is_a_kernel(&matrices, is_estimated(graph));
            if sound.is_err() && is_out_of_range(graph) {
                return Ok(Reached::OutOfRange);
            }
            sound.map(|()| Reached::Evaluated)
        }
        Err(
            error @ (KernelError::VarianceOutOfRange { .. }
            | KernelError::TangentKernelOutOfRange { .. }
            | KernelError::KernelOutOfRange { .. }
            | KernelError::NoSpread { .. }
            | KernelError::NotACovariance { .. }
            | KernelError::OutOfMemory { .. }),
        ) => {
            has_words(&error.to_string(), error.hint())?;
            Ok(Reached::Refused)
        }
        Err(error) => Err(format!("sound points are refused: {error}")),
    }
}

/// A kernel, sampled where it has to be.
enum Compiled {
    Exact(CompiledKernel),
    Sampled(MonteCarloKernel),
}

impl Compiled {
    fn of(graph: &LayerGraph) -> Result<Self, KernelError> {
        match CompiledKernel::compile(graph) {
            Err(KernelError::NeedsSampling { .. }) => {
                MonteCarloKernel::compile(graph, FEW_SAMPLES).map(Self::Sampled)
            }
            compiled => compiled.map(Self::Exact),
        }
    }

    fn plan_of_two(&self) -> Plan {
        match self {
            Self::Exact(kernel) => kernel.plan::<f64>(2, 2, true, Outputs::NngpAndNtk),
            Self::Sampled(kernel) => kernel.plan::<f64>(2, 2, true, Outputs::NngpAndNtk),
        }
    }

    /// The matrices; of a sampled kernel those of one replicate, which is a kernel of its own.
    fn evaluate(&self, x: &Array2<f64>) -> Result<KernelMatrices, KernelError> {
        let (outputs, monitor) = (Outputs::NngpAndNtk, Monitor::silent());
        match self {
            Self::Exact(kernel) => kernel.symmetric(&kernel.prepare(x.view())?, outputs, &monitor),
            Self::Sampled(kernel) => {
                let mut estimates = kernel.symmetric(&kernel.prepare(x.view())?, outputs, &monitor)?;
                Ok(estimates.replicates.swap_remove(0))
            }
        }
    }
}

/// Whether an option is beyond [`LARGEST_OPTION`] or below its inverse.
fn is_out_of_range(graph: &LayerGraph) -> bool {
    let graph: Value = serde_json::from_str(&graph.canonical()).unwrap_or(Value::Null);
    let mut pending = vec![("", &graph)];
    while let Some((key, value)) = pending.pop() {
        match value {
            Value::Number(number) => {
                let size = number.as_f64().unwrap_or(0.0).abs();
                // The default of the epsilon of layer normalisation is small and harmless.
                let smallest = if key == "epsilon" { 1e-12 } else { LARGEST_OPTION.recip() };
                if size > LARGEST_OPTION || size > 0.0 && size < smallest {
                    return true;
                }
            }
            Value::Array(items) => pending.extend(items.iter().map(|item| (key, item))),
            Value::Object(entries) => {
                pending.extend(entries.iter().map(|(key, value)| (key.as_str(), value)));
            }
            _ => {}
        }
    }
    false
}

/// Quadratures have their errors as part of their definition, samples theirs, and so need not give positive semi-definite matrices.
fn is_estimated(graph: &LayerGraph) -> bool {
    graph.nodes().iter().any(|node| match &node.operation {
        Operation::SelfAttention(attention) => attention.has_random_softmax(),
        operation => ["elementwise", "max_pool", "batch_norm"].contains(&operation.name()),
    })
}

pub(crate) fn has_words(message: &str, hint: Option<String>) -> Result<(), String> {
    let hint = hint.unwrap_or_else(|| "none".to_owned());
    if message.trim().is_empty() || hint.trim().is_empty() {
        return Err(format!("a message without words: {message:?}, hint {hint:?}"));
    }
    if message.contains(char::is_control) {
        return Err(format!("control characters in a message: {message:?}"));
    }
    Ok(())
}

/// Errors of checks begin with the place of a layer.
fn names_its_layer(error: &ArchitectureError) -> Result<(), String> {
    let message = error.to_string();
    has_words(&message, error.hint())?;
    if !message.starts_with("layer ") {
        return Err(format!("the error does not name its layer: {message}"));
    }
    Ok(())
}

/// Finite, symmetric bit for bit, and positive semi-definite up to rounding.
fn is_a_kernel(matrices: &KernelMatrices, is_estimated: bool) -> Result<(), String> {
    let ntk = matrices.ntk.as_ref().ok_or("there is no tangent kernel")?;
    for (what, matrix) in [("nngp", &matrices.nngp), ("ntk", ntk)] {
        if let Some((at, value)) = matrix.indexed_iter().find(|(_, value)| !value.is_finite()) {
            return Err(format!("{what}{at:?} is {value}"));
        }
        if matrix[[0, 1]].to_bits() != matrix[[1, 0]].to_bits() {
            return Err(format!("{what} is not symmetric: {matrix}"));
        }
        if matrix[[0, 0]] < 0.0 || matrix[[1, 1]] < 0.0 {
            return Err(format!("{what} has a negative diagonal: {matrix}"));
        }
        let bound = matrix[[0, 0]].sqrt() * matrix[[1, 1]].sqrt();
        let largest = matrix[[0, 0]].max(matrix[[1, 1]]);
        // The rounding of a covariance is that of the larger variance, and layer normalisation magnifies it.
        if !is_estimated && matrix[[0, 1]].abs() > bound * (1.0 + 1e-6) + 1e-6 * largest {
            return Err(format!("{what} is not positive semi-definite: {matrix}"));
        }
    }
    Ok(())
}
