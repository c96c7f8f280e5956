//! Neural kernels (NNGP and NTK) of infinitely wide networks, exact and fast on CPUs.
//!
//! A [`LayerGraph`](isotypic_architecture::LayerGraph) is compiled once into a [`CompiledKernel`]; inputs are
//! [prepared](CompiledKernel::prepare) (checked, with their variances at every layer) and then evaluated against each other in tiles:
//!
//! - the *spatial part* up to `flatten` or `global_avg_pool` runs one displacement slice at a time, one input
//!   against eight others in SIMD lanes, so that global pooling needs $O(HW)$ memory per pair
//!   (networks over groups run it once for each turn of one input, and pool over all of them);
//! - the *scalar part* starts from matrix products of fixed tiles and maps rows of pairs in place.
//!
//! # Conventions
//! - Inputs are rows in C order with channels last. The kernel of the inputs is $\langle x, y\rangle / \text{channels}$ at each pair
//!   of positions; convolutions divide by their filter size; `flatten` and pooling average over positions.
//! - `ntk` parameterization unless a layer says otherwise (Jacot et al. 2018, arXiv 1806.07572; Arora et al. 2019, arXiv 1904.11955;
//!   Novak et al. 2019, arXiv 1810.05148).
//!
//! # Bit identity
//! A kernel value is a function of its two inputs alone. Elementwise arithmetic agrees on all instruction sets with
//! fused multiplication and addition; matrix products agree on machines with the same instruction set.

mod affine;
mod assemble;
mod band;
mod batch;
mod compiled_kernel;
mod cost;
mod dot_product_kernel;
mod error;
mod feature_kernel;
mod given;
mod layer_norm;
mod layer_run;
mod lower;
mod mirror;
mod monte_carlo;
mod monte_carlo_kernel;
mod nonlinearity;
mod outputs;
mod pair_geometry;
mod prepared_inputs;
mod real;
mod reproducible_sum;
mod running_product;
mod scalar;
mod scratch_pool;
mod sequential;
mod single_precision;
mod spatial;
mod spatial_tile;
mod terms;

pub use compiled_kernel::CompiledKernel;
pub use dot_product_kernel::{DotProductKernel, DotProductRun};
pub use error::KernelError;
pub use feature_kernel::FeatureKernel;
pub use layer_run::{AffineOnRun, DifferenceRun, GapRun};
pub use monte_carlo::MonteCarlo;
pub use monte_carlo_kernel::{KernelEstimates, MonteCarloInputs, MonteCarloKernel};
pub use nonlinearity::{
    AbRelu, Erf, Exp, ExpNormalized, Gabor, Gated, Gaussian, Monomial, Nonlinearity, PairRun, Polynomial,
    Quadrature, RectifiedMonomial, Relu, Sign, Sinusoid, SmoothStep, Softplus,
};
pub use outputs::{KernelMatrices, Outputs};
pub use prepared_inputs::PreparedInputs;
pub use real::Real;
pub use single_precision::{SinglePrecisionInputs, SinglePrecisionKernel};
pub use terms::{Ends, Terms, TermsView};
