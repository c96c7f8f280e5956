//! Which operator becomes what: the one table. A new operator is a line here.

use isotypic_onnx::Node;

use super::builder::Builder;
use super::{elementwise, no_mapping};
use crate::{ArchitectureError, Layer};

/// Adds what a node does.
pub(super) fn add<'model>(
    builder: &mut Builder<'model>,
    node: &'model Node,
) -> Result<(), ArchitectureError> {
    if builder.arithmetic_of_shapes(node)? {
        return Ok(());
    }
    if let Some(function) = elementwise::activation(node)? {
        return builder.add_activation(node, function);
    }
    match node.operator.as_str() {
        "Constant" => builder.add_constant_node(node),
        "Shape" => builder.add_shape(node),

        "Gemm" => builder.add_gemm(node),
        "MatMul" => builder.add_matmul(node),
        "Conv" => builder.add_conv(node),
        "ConvTranspose" => builder.add_conv_transpose(node),

        "Pad" => builder.add_pad(node),
        "AveragePool" => builder.add_average_pool(node),
        "GlobalAveragePool" => builder.add_global_average_pool(node),
        "MaxPool" => builder.add_max_pool(node),
        "GlobalMaxPool" => builder.add_global_max_pool(node),
        "ReduceMax" => builder.add_reduced_maximum(node),
        "ReduceMean" => builder.add_reduction(node, Layer::GlobalAvgPool),
        "ReduceSum" => builder.add_reduction(node, Layer::GlobalSumPool),

        "Flatten" => builder.add_flatten(node),
        "Reshape" => builder.add_reshape(node),
        "Transpose" => builder.add_transpose(node),
        "Squeeze" => builder.add_squeeze(node),
        "Slice" => builder.add_slice(node),

        "LayerNormalization" => builder.add_layer_normalization(node),
        "BatchNormalization" => builder.add_batch_normalization(node),
        "Dropout" => builder.add_dropout(node),
        "Identity" | "Cast" | "CastLike" => builder.add_pointwise(node, |before, _| before.clone()),

        "Neg" => builder.add_pointwise(node, |before, place| before.affine(place, -1.0, 0.0)),
        "Sqrt" => builder.add_pointwise(node, |before, place| before.map(place, f64::sqrt)),
        "Clip" => builder.add_clip(node),
        "Where" => builder.add_choice(node),
        "Add" | "Sub" | "Mul" | "Div" | "Pow" | "Max" | "Min" | "Greater" | "Less" => {
            builder.add_binary(node)
        }
        "Sum" => builder.add_sum(node),
        "Concat" => builder.add_concat(node),

        operator => {
            let (reason, hint) = why_not(operator);
            Err(no_mapping(node, reason, hint))
        }
    }
}

/// Why an operator has no mapping, and what to do.
fn why_not(operator: &str) -> (&'static str, &'static str) {
    match operator {
        "InstanceNormalization" | "GroupNormalization" | "LpNormalization" | "LRN" | "RMSNormalization" => (
            "this normalisation has no layer here",
            "use layer normalisation over channels, or over channels and positions",
        ),
        "Softmax" | "LogSoftmax" | "Hardmax" => (
            "a softmax is no layer here: kernels are those of logits, and of attention as a whole",
            "export the network up to its logits; attention has the layer `self_attention` in architecture files",
        ),
        "Attention" | "MultiHeadAttention" => (
            "attention is not taken apart",
            "describe the network in an architecture file with `self_attention`",
        ),
        "PRelu" => ("its slopes are trained, which no kernel here has", "use `LeakyRelu`"),
        "Elu" | "Selu" | "Celu" | "HardSigmoid" | "HardSwish" | "Mish" | "Softsign" | "ThresholdedRelu"
        | "Shrink" | "Tan" | "Sinh" | "Cosh" | "Asin" | "Acos" | "Atan" | "Log" | "Floor" | "Ceil"
        | "Round" => (
            "this nonlinearity has no closed kernel here",
            "use one of `relu`, `leaky_relu`, `gelu`, `silu`, `tanh`, `sigmoid`, `softplus`, `erf`, `sin`, `cos`, `exp`, `abs`",
        ),
        "LSTM" | "GRU" | "RNN" | "Loop" | "Scan" | "If" => {
            ("recurrence and control flow have no layers here", "export a network without loops")
        }
        "Resize" | "Upsample" => (
            "its many ways of interpolation are not told apart",
            "describe the network in an architecture file with `image_resize`",
        ),
        "Split" | "Gather" | "Expand" | "Tile" | "Unsqueeze" => (
            "parts and copies of values have no mapping",
            "describe the network in an architecture file; `index` takes positions",
        ),
        "QuantizeLinear" | "DequantizeLinear" | "QLinearConv" | "QLinearMatMul" | "ConvInteger"
        | "MatMulInteger" => {
            ("quantized networks have no kernel here", "export the network in floating point")
        }
        operator if operator.contains("::") => {
            ("operators beyond the standard set are not known", "export with operators of ONNX alone")
        }
        _ => (
            "this operator has no mapping",
            "describe the network in an architecture file, if its layers are there",
        ),
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A node without inputs.
    pub(in crate::onnx) fn node(operator: &str) -> Node {
        Node::new(operator)
    }

    #[test]
    fn reasons_are_sentences_without_a_period() {
        for operator in ["LRN", "PRelu", "Softmax", "com.microsoft::Gelu", "Nonsense"] {
            let (reason, hint) = why_not(operator);
            assert!(!reason.ends_with('.') && !hint.ends_with('.') && reason.len() > 20, "{operator}");
        }
    }
}
