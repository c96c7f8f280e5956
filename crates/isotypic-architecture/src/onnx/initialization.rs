//! How PyTorch draws weights and biases, in the terms of architectures.

/// Standard deviations of a layer in the terms of architectures: `w_std` is divided by the root of the layer's fan-in, `b_std` is not.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Initialization {
    pub(super) w_std: f64,
    pub(super) b_std: f64,
}

/// What `torch.nn.Linear` and convolutions draw: variances $1/(3n)$, where $n$ is the fan-in as PyTorch counts it, the product of
/// all axes of the weights but the first. `summed` is the number of products that a value of the layer is the sum of, by which
/// `w_std` is scaled; the two differ for transposed convolutions, whose weights have the inputs first.
pub(super) fn pytorch(fan_in: usize, summed: usize) -> Initialization {
    let variance = (3.0 * fan_in as f64).recip();
    // Equal numbers cancel, so that the usual case is 1/√3 for every width.
    let w_std = if fan_in == summed { 3.0_f64.recip() } else { summed as f64 / (3.0 * fan_in as f64) }.sqrt();
    Initialization { w_std, b_std: variance.sqrt() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deviations_are_those_of_the_uniform_distributions_that_pytorch_documents() {
        // Weights and biases of `Linear(n, …)` are uniform in ±1/√n; the variance of a uniform in ±a is a²/3.
        for n in [1, 7, 784] {
            let bound = (n as f64).sqrt().recip();
            let drawn = pytorch(n, n);
            assert!((drawn.b_std - bound / 3.0_f64.sqrt()).abs() < 2e-16);
            assert!((drawn.w_std / (n as f64).sqrt() - bound / 3.0_f64.sqrt()).abs() < 2e-16);
        }
        // `ConvTranspose2d(8, 2, 3)` has the bound 1/√(2·9); a value sums 8·9 products.
        let drawn = pytorch(18, 72);
        assert!((drawn.w_std.powi(2) / 72.0 - 1.0 / 54.0).abs() < 1e-17);
    }
}
