//! Kernel matrices of networks with sampled layers.

use isotypic_kernel::{KernelEstimates, MonteCarloInputs, MonteCarloKernel, Real};
use isotypic_work::{Monitor, Plan};
use ndarray::{Array2, ArrayView2};

use crate::{Error, KernelKind};

/// Inputs of rows and columns, prepared for every replicate.
#[derive(Debug)]
pub(crate) struct SampledMatrix<T: Real> {
    x: MonteCarloInputs<T>,
    y: Option<MonteCarloInputs<T>>,
}

impl<T: Real> SampledMatrix<T> {
    pub(crate) fn prepare(
        kernel: &MonteCarloKernel,
        x: ArrayView2<'_, T>,
        y: Option<ArrayView2<'_, T>>,
    ) -> Result<Self, Error> {
        Ok(Self { x: kernel.prepare(x)?, y: y.map(|y| kernel.prepare(y)).transpose()? })
    }

    /// Numbers of rows and columns, and whether the inputs of both are the same.
    fn extents(&self) -> (usize, usize, bool) {
        (self.x.len(), self.y.as_ref().unwrap_or(&self.x).len(), self.y.is_none())
    }

    pub(crate) fn plan(&self, kernel: &MonteCarloKernel, kind: KernelKind) -> Plan {
        let (rows, columns, symmetric) = self.extents();
        kernel.plan::<T>(rows, columns, symmetric, kind.outputs())
    }

    /// The mean over replicates and its standard error.
    pub(crate) fn run(
        &self,
        kernel: &MonteCarloKernel,
        kind: KernelKind,
        monitor: &Monitor,
    ) -> Result<(Array2<T>, Array2<f64>), Error> {
        let (rows, columns, symmetric) = self.extents();
        monitor.stage("kernel", kernel.pairs_evaluated::<T>(rows, columns, symmetric));
        let estimates: KernelEstimates<T> = match &self.y {
            None => kernel.symmetric(&self.x, kind.outputs(), monitor)?,
            Some(y) => kernel.cross(&self.x, y, kind.outputs(), monitor)?,
        };
        monitor.finish();
        Ok((kind.select(estimates.mean()), kind.select(estimates.standard_error())))
    }
}
