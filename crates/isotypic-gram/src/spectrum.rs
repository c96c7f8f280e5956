//! The eigenvalues of a Gram matrix, sorted by irrep.

use isotypic_group::IrrepLabel;

use crate::{GramError, IrrepBlock};

/// The eigenvalues of one block of an invariant Gram matrix.
#[derive(Clone, Debug, PartialEq)]
pub struct BlockSpectrum {
    /// The irrep, the one of smaller index of a conjugate pair.
    pub irrep: IrrepLabel,
    /// Its dimension $d_\rho$.
    pub dimension: usize,
    /// How often each eigenvalue of the block stands in the Gram matrix.
    pub multiplicity: usize,
    /// The eigenvalues of the block without ridge, ascending: seeds × dimension of them.
    pub eigenvalues: Vec<f64>,
}

impl BlockSpectrum {
    pub(crate) fn of(block: &IrrepBlock) -> Result<Self, GramError> {
        Ok(Self {
            irrep: block.label().clone(),
            dimension: block.dimension(),
            multiplicity: block.multiplicity(),
            eigenvalues: block.eigenvalues()?,
        })
    }
}
