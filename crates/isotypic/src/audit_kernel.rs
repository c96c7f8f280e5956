//! The kernel of an audit, in the precision that was asked for; its values are `f64` in either.

use isotypic_kernel::{
    CompiledKernel, KernelMatrices, MonteCarlo, MonteCarloInputs, MonteCarloKernel, Outputs, PreparedInputs,
    SinglePrecisionInputs, SinglePrecisionKernel,
};
use isotypic_work::{Monitor, Plan};
use ndarray::{Array2, ArrayView2};

use crate::model::{CompiledModel, Model};
use crate::{Error, KernelKind, Precision};

/// A kernel on all poses of some seeds.
#[derive(Debug)]
pub(crate) enum AuditKernel {
    Double(CompiledKernel),
    Single {
        kernel: SinglePrecisionKernel,
        /// The same network in double precision.
        double: Box<AuditKernel>,
    },
    /// Some layers are sampled.
    Sampled(MonteCarloKernel),
}

/// Points made ready for it.
pub(crate) enum OrbitPoints {
    Double(PreparedInputs),
    Single(SinglePrecisionInputs),
    Sampled(MonteCarloInputs),
}

impl AuditKernel {
    /// Of a parsed architecture; `name` is for messages.
    pub(crate) fn of_model(
        model: &Model,
        name: &str,
        shape: &[usize],
        precision: Precision,
        monte_carlo: MonteCarlo,
    ) -> Result<Self, Error> {
        match (model.compile_or_sample(name, shape, monte_carlo)?, precision) {
            (CompiledModel::Exact(kernel), Precision::F64) => Ok(Self::Double(kernel)),
            (CompiledModel::Exact(_), Precision::F32) => {
                Self::new(|| model.compile(name, shape), precision, name)
            }
            (CompiledModel::Sampled(kernel), Precision::F64) => Ok(Self::Sampled(kernel)),
            (CompiledModel::Sampled(_), Precision::F32) => Err(Error::settings(
                format!(
                    "`{name}`: kernels with sampled layers are evaluated in double precision only, got `f32`"
                ),
                "leave out `--dtype`",
            )),
        }
    }

    /// The kernel that is sampled, if this is one.
    pub(crate) fn sampled(&self) -> Option<&MonteCarloKernel> {
        match self {
            Self::Sampled(kernel) => Some(kernel),
            Self::Double(_) | Self::Single { .. } => None,
        }
    }

    /// In this precision; `name` is for messages.
    pub(crate) fn new(
        compile: impl Fn() -> Result<CompiledKernel, Error>,
        precision: Precision,
        name: &str,
    ) -> Result<Self, Error> {
        let double = Self::Double(compile()?);
        if precision == Precision::F64 {
            return Ok(double);
        }
        match SinglePrecisionKernel::new(compile()?) {
            Some(kernel) => Ok(Self::Single { kernel, double: Box::new(double) }),
            None => Err(Error::settings(
                format!("`{name}`: kernels on features are evaluated in double precision only, got `f32`"),
                "leave out `--dtype`",
            )),
        }
    }

    /// The network itself, in double precision whatever the precision of pairs; `None` if layers are sampled.
    pub(crate) fn network(&self) -> Option<&CompiledKernel> {
        match self {
            Self::Double(kernel) => Some(kernel),
            Self::Sampled(_) => None,
            Self::Single { double, .. } => double.network(),
        }
    }

    /// The same network in double precision, if this is in single precision.
    pub(crate) fn double(&self) -> Option<&Self> {
        match self {
            Self::Double(_) | Self::Sampled(_) => None,
            Self::Single { double, .. } => Some(double),
        }
    }

    /// Nominal seconds of one core for one pair of points.
    pub(crate) fn seconds_per_pair(&self) -> f64 {
        match self {
            Self::Double(kernel) => kernel.seconds_per_pair(),
            Self::Sampled(kernel) => kernel.seconds_per_pair(),
            // Half the bytes of every number.
            Self::Single { double, .. } => 0.5 * double.seconds_per_pair(),
        }
    }

    /// Number of pairs that an evaluation computes and reports to its monitor.
    pub(crate) fn pairs_evaluated(&self, rows: usize, columns: usize, symmetric: bool) -> f64 {
        match self {
            Self::Double(kernel) => kernel.pairs_evaluated::<f64>(rows, columns, symmetric),
            Self::Sampled(kernel) => kernel.pairs_evaluated::<f64>(rows, columns, symmetric),
            Self::Single { kernel, .. } => kernel.pairs_evaluated(rows, columns, symmetric),
        }
    }

    /// What an evaluation will take.
    pub(crate) fn plan(&self, rows: usize, columns: usize, symmetric: bool, outputs: Outputs) -> Plan {
        match self {
            Self::Double(kernel) => kernel.plan::<f64>(rows, columns, symmetric, outputs),
            Self::Sampled(kernel) => kernel.plan::<f64>(rows, columns, symmetric, outputs),
            Self::Single { kernel, .. } => kernel.plan(rows, columns, symmetric, outputs),
        }
    }

    pub(crate) fn prepare(&self, points: ArrayView2<'_, f64>) -> Result<OrbitPoints, Error> {
        Ok(match self {
            Self::Double(kernel) => OrbitPoints::Double(kernel.prepare(points)?),
            Self::Single { kernel, .. } => OrbitPoints::Single(kernel.prepare(points)?),
            Self::Sampled(kernel) => OrbitPoints::Sampled(kernel.prepare(points)?),
        })
    }

    /// The kernel of points with themselves.
    pub(crate) fn symmetric(
        &self,
        x: &OrbitPoints,
        kind: KernelKind,
        monitor: &Monitor,
    ) -> Result<Array2<f64>, Error> {
        let matrices: KernelMatrices = match (self, x) {
            (Self::Double(kernel), OrbitPoints::Double(x)) => kernel.symmetric(x, kind.outputs(), monitor)?,
            (Self::Single { kernel, .. }, OrbitPoints::Single(x)) => {
                kernel.symmetric(x, kind.outputs(), monitor)?
            }
            (Self::Sampled(kernel), OrbitPoints::Sampled(x)) => {
                kernel.symmetric(x, kind.outputs(), monitor)?.mean()
            }
            _ => unreachable!("points are prepared by the kernel itself"),
        };
        Ok(kind.select(matrices))
    }

    /// The kernel between two lists of points.
    pub(crate) fn cross(
        &self,
        x: &OrbitPoints,
        y: &OrbitPoints,
        kind: KernelKind,
        monitor: &Monitor,
    ) -> Result<Array2<f64>, Error> {
        let matrices: KernelMatrices = match (self, x, y) {
            (Self::Double(kernel), OrbitPoints::Double(x), OrbitPoints::Double(y)) => {
                kernel.cross(x, y, kind.outputs(), monitor)?
            }
            (Self::Single { kernel, .. }, OrbitPoints::Single(x), OrbitPoints::Single(y)) => {
                kernel.cross(x, y, kind.outputs(), monitor)?
            }
            (Self::Sampled(kernel), OrbitPoints::Sampled(x), OrbitPoints::Sampled(y)) => {
                kernel.cross(x, y, kind.outputs(), monitor)?.mean()
            }
            _ => unreachable!("points are prepared by the kernel itself"),
        };
        Ok(kind.select(matrices))
    }

    /// The error to expect in an entry beyond that of `f64`.
    pub(crate) fn resolution(&self, values: &Array2<f64>, x: &OrbitPoints, kind: KernelKind) -> f64 {
        match (self, x) {
            (Self::Single { kernel, .. }, OrbitPoints::Single(x)) => {
                kernel.resolution(values.view(), x, kind == KernelKind::Ntk)
            }
            _ => 0.0,
        }
    }

    /// Estimate of the relative error that quadratures make; 0 where every nonlinearity has a closed formula.
    pub(crate) fn quadrature_error(&self, x: &OrbitPoints) -> f64 {
        match (self, x) {
            (Self::Double(kernel), OrbitPoints::Double(x)) => kernel.quadrature_error(x),
            (Self::Single { kernel, .. }, OrbitPoints::Single(x)) => kernel.quadrature_error(x),
            (Self::Sampled(_), OrbitPoints::Sampled(_)) => 0.0,
            _ => unreachable!("points are prepared by the kernel itself"),
        }
    }
}
