//! Kernel values between whole orbits, one pair of seeds at a time.

use std::sync::Arc;

use isotypic_group::GroupFourier;
use isotypic_work::{Interrupted, WorkError};

use crate::PredictError;

/// A kernel that a group leaves invariant, on the orbits of some seeds: $\kappa_{st}(u) = k(x_s, u·x_t)$.
///
/// Values must depend on the two seeds alone, bit for bit: they may be asked for more than once.
pub trait OrbitKernel: Sync {
    /// Why values could not be computed.
    type Error: From<PredictError> + From<WorkError> + From<Interrupted> + Send;
    /// What one thread needs to compute values.
    type Run<'a>
    where
        Self: 'a;

    /// The Fourier transform of the group.
    fn transform(&self) -> &Arc<dyn GroupFourier>;

    /// $\kappa_{ss}(1)$ of every seed.
    fn variances(&self) -> &[f64];

    /// Makes room for one thread.
    ///
    /// # Errors
    /// Of the kernel.
    fn start(&self) -> Result<Self::Run<'_>, Self::Error>;

    /// Writes $\kappa_{st}(u)$ for all u. Calls with the same t follow each other.
    ///
    /// # Shapes
    /// - `values`: `[order]`
    ///
    /// # Errors
    /// Of the kernel.
    fn between(
        &self,
        run: &mut Self::Run<'_>,
        s: usize,
        t: usize,
        values: &mut [f64],
    ) -> Result<(), Self::Error>;

    /// Nominal seconds of one core for one value.
    fn seconds_per_value(&self) -> f64;

    /// Bytes that it holds.
    fn bytes(&self) -> u64;
}
