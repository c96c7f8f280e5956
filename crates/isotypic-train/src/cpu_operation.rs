//! Operations of this crate's own on tensors whose values the processor has at hand, in place of a composition of tensor operations.
//!
//! They compute on slices and have a backward pass of their own. Tensors on other devices take the composition, which is the control
//! of the tests.

use std::fmt::Debug;
use std::ops::{Add, AddAssign, Div, Mul, Sub};
use std::sync::Arc;

use burn_dispatch::backends::autodiff::checkpoint::{base::Checkpointer, strategy::NoCheckpointing};
use burn_dispatch::backends::autodiff::grads::Gradients;
use burn_dispatch::backends::autodiff::ops::{Backward, Ops, OpsKind};
use burn_dispatch::backends::{Autodiff, Flex, flex::FlexTensor};
use burn_tensor::{Element, Tensor, TensorData};
use faer::traits::ComplexField;
use rayon::prelude::*;

/// A number format of tensors on the processor.
pub(crate) trait CpuNumber:
    Element
    + ComplexField
    + Copy
    + PartialOrd
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + AddAssign
{
    fn of(value: f64) -> Self;
    /// All values of a tensor of this format in C order.
    fn values(tensor: &FlexTensor) -> &[Self];
    fn root(self) -> Self;
    fn exponential(self) -> Self;
    /// The error function.
    fn error_function(self) -> Self;
}

/// What the values of a tensor that is not in C order, or of another format, are asked for with.
const AT_HAND: &str = "operations get tensors of a known format in C order";

impl CpuNumber for f32 {
    fn of(value: f64) -> Self {
        value as Self
    }
    fn values(tensor: &FlexTensor) -> &[Self] {
        tensor.as_slice().expect(AT_HAND)
    }
    fn root(self) -> Self {
        self.sqrt()
    }
    fn exponential(self) -> Self {
        exponential(self)
    }
    fn error_function(self) -> Self {
        error_function(self)
    }
}

impl CpuNumber for f64 {
    fn of(value: f64) -> Self {
        value
    }
    fn values(tensor: &FlexTensor) -> &[Self] {
        tensor.as_slice().expect(AT_HAND)
    }
    fn root(self) -> Self {
        self.sqrt()
    }
    fn exponential(self) -> Self {
        libm::exp(self)
    }
    fn error_function(self) -> Self {
        libm::erf(self)
    }
}

/// $e^x$ within 2 units in the last place, without branches, so that several values are computed at a time: $x = n \ln 2 + r$, and a
/// polynomial in $r$ (Moshier's Cephes library, `expf`). Below −87.3 it is 0.
fn exponential(x: f32) -> f32 {
    // Beyond these the result has no ordinary number.
    let within = x.clamp(-87.3, 88.0);
    let shifted = within * std::f32::consts::LOG2_E + ROUNDING;
    let n = shifted - ROUNDING;
    let r = within - n * 0.693_359_4 + n * 2.121_944_4e-4;
    let polynomial = ((((1.987_569_1e-4 * r + 1.398_199_9e-3) * r + 8.333_452e-3) * r + 4.166_579_6e-2) * r
        + 0.166_666_65)
        * r
        + 0.5;
    let value = polynomial * r * r + r + 1.0;
    let power = f32::from_bits((shifted.to_bits() << 23).wrapping_add(0x3f80_0000));
    let value = value * power;
    if x < -87.3 {
        0.0
    } else if x > 88.0 {
        f32::INFINITY
    } else {
        value
    }
}

/// Adding it rounds a small number to an integer in the last bits: $1.5 \cdot 2^{23}$.
const ROUNDING: f32 = 12_582_912.0;

/// The error function within 4e-7, without branches: a quotient of polynomials, odd over even (the one of the Eigen library).
fn error_function(x: f32) -> f32 {
    let within = x.clamp(-4.0, 4.0);
    let square = within * within;
    let mut above = -2.726_142_4e-10_f32;
    for coefficient in
        [2.770_681_5e-8, -2.101_024e-6, -5.692_506_5e-5, -7.349_906e-4, -2.954_6e-3, -1.609_603_3e-2]
    {
        above = above * square + coefficient;
    }
    let mut below = -1.456_607_2e-5_f32;
    for coefficient in [-2.133_740_6e-4, -1.682_827e-3, -7.373_329e-3, -1.426_473_9e-2] {
        below = below * square + coefficient;
    }
    within * above / below
}

/// An operation on `K` tensors, all of one format. Results are the same for every number of threads.
pub(crate) trait CpuOperation<const K: usize>: Debug + Send + Sync + 'static {
    /// What the backward pass needs beside the inputs.
    type Kept: Debug + Send + Sync + 'static;

    /// What the backward pass reads of the forward pass.
    const READS: Reads = Reads::Inputs;

    /// Shape of the outputs.
    fn output_shape(&self) -> [usize; 3];

    /// The outputs in C order.
    fn forward<N: CpuNumber>(&self, inputs: [&[N]; K]) -> (Vec<N>, Self::Kept);

    /// The gradients of those inputs that `needed` says, each in the shape of the input, from the gradient of the outputs.
    fn backward<N: CpuNumber>(
        &self,
        seen: Seen<'_, N, K>,
        kept: &Self::Kept,
        gradient: &[N],
        needed: [bool; K],
    ) -> [Option<Vec<N>>; K];
}

/// Values that one thread takes at a time where each is computed by itself.
const RUN: usize = 1 << 13;

/// What a function makes of every value.
pub(crate) fn mapped<N: CpuNumber>(values: &[N], each: impl Fn(N) -> N + Sync) -> Vec<N> {
    let mut result = vec![N::default(); values.len()];
    result.par_chunks_mut(RUN).zip(values.par_chunks(RUN)).for_each(|(result, values)| {
        for (to, &value) in result.iter_mut().zip(values) {
            *to = each(value);
        }
    });
    result
}

/// What a function makes of the values at the same places of two lists.
pub(crate) fn mapped_pairs<N: CpuNumber>(one: &[N], other: &[N], each: impl Fn(N, N) -> N + Sync) -> Vec<N> {
    let mut result = vec![N::default(); one.len()];
    let inputs = one.par_chunks(RUN).zip(other.par_chunks(RUN));
    result.par_chunks_mut(RUN).zip(inputs).for_each(|(result, (one, other))| {
        for ((to, &one), &other) in result.iter_mut().zip(one).zip(other) {
            *to = each(one, other);
        }
    });
    result
}

/// What stays for a backward pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reads {
    Nothing,
    Inputs,
    Outputs,
}

/// What is there in a backward pass: nothing but what [`CpuOperation::READS`] says.
pub(crate) struct Seen<'values, N, const K: usize> {
    pub(crate) inputs: [&'values [N]; K],
    pub(crate) outputs: &'values [N],
}

/// The outputs of an operation, with gradients where the inputs have some; `None` where it has to be composed: on other devices,
/// and for tensors of different kinds.
pub(crate) fn compute<O: CpuOperation<K>, const K: usize>(
    operation: O,
    inputs: [Tensor<3>; K],
) -> Option<Tensor<3>> {
    let format = inputs[0].dtype();
    let is_known = format == f32::dtype() || format == f64::dtype();
    if !is_known || inputs.iter().any(|input| input.dtype() != format) {
        return None;
    }
    if let Some(plain) = all(inputs.clone().map(|input| input.try_into_primitive::<Flex>().ok())) {
        let (outputs, _) = outputs(&operation, &plain.map(|input| input.to_contiguous()));
        return Some(Tensor::from_primitive::<Flex>(outputs));
    }
    let tracked = all(inputs.map(|input| input.try_into_primitive::<Autodiff<Flex>>().ok()))?;
    #[expect(clippy::redundant_closure_for_method_calls, reason = "the type has no public name")]
    let nodes = tracked.each_ref().map(|input| input.node());
    let shapes = tracked.each_ref().map(|input| shape(input.primitive()));
    let inputs = tracked.map(|input| input.into_primitive().to_contiguous());
    let (outputs, kept) = outputs(&operation, &inputs);
    let step = OperationBackward::<O>(std::marker::PhantomData);
    let outputs = match step.prepare::<NoCheckpointing>(nodes).compute_bound().stateful() {
        OpsKind::Tracked(step) => {
            let inputs = (O::READS == Reads::Inputs).then_some(inputs);
            let own = (O::READS == Reads::Outputs).then(|| outputs.clone());
            step.finish(Arc::new(State { operation, inputs, outputs: own, shapes, kept }), outputs)
        }
        OpsKind::UnTracked(step) => step.finish(outputs),
    };
    Some(Tensor::from_primitive::<Autodiff<Flex>>(outputs))
}

fn all<T, const K: usize>(values: [Option<T>; K]) -> Option<[T; K]> {
    let values: Vec<T> = values.into_iter().collect::<Option<_>>()?;
    values.try_into().ok()
}

fn shape(tensor: &FlexTensor) -> [usize; 3] {
    let shape = tensor.layout().shape();
    [shape[0], shape[1], shape[2]]
}

fn outputs<O: CpuOperation<K>, const K: usize>(
    operation: &O,
    inputs: &[FlexTensor; K],
) -> (FlexTensor, O::Kept) {
    fn typed<N: CpuNumber, O: CpuOperation<K>, const K: usize>(
        operation: &O,
        inputs: &[FlexTensor; K],
    ) -> (FlexTensor, O::Kept) {
        let (outputs, kept) = operation.forward(inputs.each_ref().map(|input| N::values(input)));
        (FlexTensor::from_data(TensorData::new(outputs, operation.output_shape())), kept)
    }
    match inputs[0].dtype() == f32::dtype() {
        true => typed::<f32, O, K>(operation, inputs),
        false => typed::<f64, O, K>(operation, inputs),
    }
}

#[derive(Debug)]
struct State<O, T, const K: usize> {
    operation: O,
    inputs: Option<[FlexTensor; K]>,
    outputs: Option<FlexTensor>,
    shapes: [[usize; 3]; K],
    kept: T,
}

impl<O: CpuOperation<K>, const K: usize> State<O, O::Kept, K> {
    fn gradients<N: CpuNumber>(&self, gradient: &FlexTensor, needed: [bool; K]) -> [Option<FlexTensor>; K] {
        let inputs = match &self.inputs {
            Some(inputs) => inputs.each_ref().map(|input| N::values(input)),
            None => [&[][..]; K],
        };
        let seen = Seen { inputs, outputs: self.outputs.as_ref().map_or(&[][..], |own| N::values(own)) };
        let found = self.operation.backward(seen, &self.kept, N::values(gradient), needed);
        let mut shapes = self.shapes.into_iter();
        found.map(|values| {
            let shape = shapes.next().expect("a shape for every input");
            values.map(|values| FlexTensor::from_data(TensorData::new(values, shape)))
        })
    }
}

#[derive(Debug)]
struct OperationBackward<O>(std::marker::PhantomData<O>);

impl<O: CpuOperation<K>, const K: usize> Backward<Flex, K> for OperationBackward<O> {
    type State = Arc<State<O, O::Kept, K>>;

    fn backward(self, ops: Ops<Self::State, K>, grads: &mut Gradients, _: &mut Checkpointer) {
        let gradient = grads.consume::<Flex>(&ops.node).to_contiguous();
        let needed = ops.parents.each_ref().map(Option::is_some);
        let found = match gradient.dtype() == f32::dtype() {
            true => ops.state.gradients::<f32>(&gradient, needed),
            false => ops.state.gradients::<f64>(&gradient, needed),
        };
        drop(gradient);
        for (parent, gradient) in ops.parents.into_iter().zip(found) {
            if let Some((parent, gradient)) = parent.zip(gradient) {
                grads.register::<Flex>(parent.id, gradient);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_in_single_precision_are_those_in_double_precision() {
        for step in -100_000..=100_000 {
            let x = step as f32 * 1e-3;
            let exact = libm::exp(f64::from(x));
            let got = f64::from(exponential(x));
            if (-87.0..88.0).contains(&x) {
                assert!((got - exact).abs() <= 2.4e-7 * exact, "exp({x}): {got}, expected {exact}");
            }
            let (exact, got) = (libm::erf(f64::from(x)), f64::from(error_function(x)));
            assert!((got - exact).abs() <= 4e-7, "erf({x}): {got}, expected {exact}");
        }
        assert_eq!((exponential(-88.0), exponential(100.0), exponential(0.0)), (0.0, f32::INFINITY, 1.0));
        assert!(exponential(f32::NAN).is_nan() && error_function(f32::NAN).is_nan());
    }
}
