//! Which kernel stands for the network.

use std::fmt;
use std::str::FromStr;

use isotypic_kernel::{KernelMatrices, Outputs};
use ndarray::Array2;

use crate::Error;

/// Which kernel stands for the network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum KernelKind {
    /// The neural tangent kernel: all layers are trained by gradient descent.
    #[default]
    Ntk,
    /// The NNGP kernel: a Bayesian network, or one whose last layer alone is trained.
    Nngp,
}

impl KernelKind {
    /// What has to be evaluated.
    pub(crate) fn outputs(self) -> Outputs {
        match self {
            Self::Ntk => Outputs::Ntk,
            Self::Nngp => Outputs::Nngp,
        }
    }

    /// The matrix of this kind; `matrices` were evaluated for [`outputs`](Self::outputs).
    pub(crate) fn select<T>(self, matrices: KernelMatrices<T>) -> Array2<T> {
        match self {
            Self::Ntk => matrices.ntk.expect("the tangent kernel was asked for"),
            Self::Nngp => matrices.nngp,
        }
    }
}

impl fmt::Display for KernelKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ntk => "ntk",
            Self::Nngp => "nngp",
        })
    }
}

impl FromStr for KernelKind {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        match text {
            "ntk" => Ok(Self::Ntk),
            "nngp" => Ok(Self::Nngp),
            _ => Err(Error::settings(
                format!("kernel `{text}`: no kernel of this name"),
                "known are `ntk` and `nngp`",
            )),
        }
    }
}
