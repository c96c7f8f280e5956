//! Eigenvalues and eigenvectors of Hermitian matrices, in ascending order.

use faer::diag::Diag;
use faer::dyn_stack::{MemBuffer, MemStack};
use faer::linalg::evd;
use faer::{Mat, Par, Spec};
use ndarray::{Array2, ArrayRef2};

use super::{Scalar, to_faer, to_ndarray};
use crate::GramError;

/// The eigenvalues, ascending. Reads the lower triangle only.
pub(crate) fn eigenvalues<T: Scalar>(matrix: &ArrayRef2<T>) -> Result<Vec<f64>, GramError> {
    decompose(matrix, evd::ComputeEigenvectors::No).map(|(values, _)| values)
}

/// The eigenvalues, ascending, and the unit eigenvectors as columns. Reads the lower triangle only.
pub(crate) fn eigenvectors<T: Scalar>(matrix: &ArrayRef2<T>) -> Result<(Vec<f64>, Array2<T>), GramError> {
    decompose(matrix, evd::ComputeEigenvectors::Yes)
}

fn decompose<T: Scalar>(
    matrix: &ArrayRef2<T>,
    wanted: evd::ComputeEigenvectors,
) -> Result<(Vec<f64>, Array2<T>), GramError> {
    let dim = matrix.nrows();
    let with_vectors = matches!(wanted, evd::ComputeEigenvectors::Yes);
    let matrix = to_faer(matrix);
    let mut values = Diag::<T>::zeros(dim);
    let mut vectors = if with_vectors { Mat::zeros(dim, dim) } else { Mat::new() };
    let mut memory =
        MemBuffer::new(evd::self_adjoint_evd_scratch::<T>(dim, wanted, Par::Seq, Spec::default()));
    evd::self_adjoint_evd(
        matrix.as_ref(),
        values.as_mut(),
        with_vectors.then(|| vectors.as_mut()),
        Par::Seq,
        MemStack::new(&mut memory),
        Spec::default(),
    )
    .map_err(|_| GramError::EigenvaluesNotConverged { dim })?;
    let values = values.column_vector().iter().map(|value| value.real_part()).collect();
    Ok((values, to_ndarray(vectors.as_ref())))
}

#[cfg(test)]
mod tests {
    use ndarray::array;
    use num_complex::Complex64;

    use super::*;

    #[test]
    fn eigenvalues_ascend_and_eigenvectors_are_columns() {
        let i = Complex64::i();
        let matrix = array![[Complex64::from(1.0), -i], [i, Complex64::from(1.0)]];
        let (values, vectors) = eigenvectors(&matrix).unwrap();
        assert!(values[0].abs() < 1e-15 && (values[1] - 2.0).abs() < 1e-15);
        let image = matrix.dot(&vectors);
        for row in 0..2 {
            assert!((image[[row, 1]] - 2.0 * vectors[[row, 1]]).norm() < 1e-15);
        }
        assert_eq!(eigenvalues(&matrix).unwrap().len(), 2);
    }
}
