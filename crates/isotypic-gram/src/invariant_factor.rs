//! The factored blocks of an invariant Gram matrix.
//!
//! The inverse $P = (K + \lambda I)^{-1}$ is invariant like $K$: $P[(s,g),(t,h)] = \pi_{st}(g^{-1}h)$ with
//! $\pi_{st}(u) = \frac{1}{|G|} \sum_\rho d_\rho\, \mathrm{tr}\bigl( [(B_\rho + \lambda I)^{-1}]_{st}\, \rho(u)^\dagger \bigr)$.
//! Cost $\sum_\rho (S d_\rho)^3$ instead of $(S|G|)^3$.

use std::sync::{Arc, OnceLock};

use isotypic_group::{GroupFourier, IrrepSlot};
use isotypic_orbit::OrbitLayout;
use ndarray::{Array1, Array2, Array3, ArrayRef2};
use num_complex::Complex64;
use rayon::prelude::*;

use crate::block::{BlockFactor, to_complex};
use crate::channels::{coefficients_of_vectors, kernel_of_blocks, map_coefficients};
use crate::operator::{Factorization, SymmetricOperator, expect_in_range, expect_rows};
use crate::{GramError, GroupInvariantGram};

/// The factored matrix $K + \lambda I$ of a [`GroupInvariantGram`].
#[derive(Clone)]
pub struct GroupInvariantFactor {
    transform: Arc<dyn GroupFourier>,
    layout: OrbitLayout,
    blocks: Vec<BlockFactor>,
    ridge: f64,
    inverse_kernel: OnceLock<Array3<f64>>,
}

impl GroupInvariantFactor {
    pub(crate) fn new(gram: &GroupInvariantGram, blocks: Vec<BlockFactor>, ridge: f64) -> Self {
        Self {
            transform: Arc::clone(gram.transform()),
            layout: gram.layout(),
            blocks,
            ridge,
            inverse_kernel: OnceLock::new(),
        }
    }

    /// The solution of $(B_1 + \lambda I)\,\alpha = y$ with the block of the trivial irrep: for labels that
    /// are constant on orbits, $P y$ is $\alpha_s$ at every pose of seed s.
    ///
    /// # Shapes
    /// `labels` and result: `[seeds, outputs]`
    ///
    /// # Errors
    /// [`GramError::ShapeMismatch`] unless there is one row of labels per seed.
    pub fn dual_weights(&self, labels: &ArrayRef2<f64>) -> Result<Array2<f64>, GramError> {
        expect_rows("labels", self.layout.seeds(), labels.nrows())?;
        Ok(self.blocks[0].solve(&to_complex(labels)).map(|value| value.re))
    }

    /// $P_{(s,g),(s,g)}$, the same at every pose, one number per seed.
    pub fn inverse_diagonal_by_seed(&self) -> Array1<f64> {
        let mut diagonal = Array1::zeros(self.layout.seeds());
        for (slot, block) in self.transform.irreps().iter().zip(&self.blocks) {
            let multiplicity = (slot.dimension * slot.weight) as f64;
            for (row, value) in block.inverse_diagonal().iter().enumerate() {
                diagonal[row / slot.dimension] += multiplicity * value;
            }
        }
        diagonal / self.layout.order() as f64
    }

    /// $v^T P_\rho\, v$ for every block, where $P = \sum_\rho P_\rho$: what each irrep contributes to $v^T P v$.
    ///
    /// # Shapes
    /// - `vectors`: `[rows, columns]`
    /// - result: `[blocks, columns]`, no entry negative; columns add up to $v^T P v$
    ///
    /// # Errors
    /// [`GramError::ShapeMismatch`] if `vectors` has another number of rows.
    pub fn quadratic_forms(&self, vectors: &ArrayRef2<f64>) -> Result<Array2<f64>, GramError> {
        expect_rows("vectors", self.dim(), vectors.nrows())?;
        let slots = self.transform.irreps();
        let coefficients = coefficients_of_vectors(&*self.transform, self.layout, vectors);
        let rows: Vec<Vec<f64>> = slots
            .par_iter()
            .zip(&self.blocks)
            .zip(coefficients)
            .map(|((slot, block), coefficients)| {
                let solved = block.solve(&coefficients);
                let factor = (slot.dimension * slot.weight) as f64 / self.layout.order() as f64;
                let column = |column: usize| -> f64 {
                    let own = column * slot.dimension..(column + 1) * slot.dimension;
                    let terms = own.map(|j| {
                        let pairs = coefficients.column(j).into_iter().zip(solved.column(j));
                        pairs.map(|(v, w)| (v.conj() * w).re).sum::<f64>()
                    });
                    factor * terms.sum::<f64>()
                };
                (0..vectors.ncols()).map(column).collect()
            })
            .collect();
        Ok(Array2::from_shape_fn((slots.len(), vectors.ncols()), |(slot, column)| rows[slot][column]))
    }

    /// The irreps of the blocks, as [`GroupInvariantFactor::quadratic_forms`] lists them.
    pub fn irreps(&self) -> &[IrrepSlot] {
        self.transform.irreps()
    }

    /// $\pi_{st}(u)$ at `[s, t, u]`, computed at the first call.
    fn inverse_kernel(&self) -> &Array3<f64> {
        self.inverse_kernel.get_or_init(|| {
            let inverses: Vec<Array2<Complex64>> = self.blocks.par_iter().map(BlockFactor::inverse).collect();
            kernel_of_blocks(&*self.transform, &inverses)
        })
    }
}

impl std::fmt::Debug for GroupInvariantFactor {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("GroupInvariantFactor")
            .field("group", self.transform.group())
            .field("layout", &self.layout)
            .field("ridge", &self.ridge)
            .finish_non_exhaustive()
    }
}

impl Factorization for GroupInvariantFactor {
    fn dim(&self) -> usize {
        self.layout.len()
    }

    fn ridge(&self) -> f64 {
        self.ridge
    }

    fn solve(&self, rhs: &ArrayRef2<f64>) -> Result<Array2<f64>, GramError> {
        expect_rows("right-hand side", self.dim(), rhs.nrows())?;
        Ok(map_coefficients(&*self.transform, self.layout, rhs, |index, vectors| {
            self.blocks[index].solve(&vectors)
        }))
    }

    fn log_det(&self) -> f64 {
        let slots = self.transform.irreps().iter();
        slots
            .zip(&self.blocks)
            .map(|(slot, block)| (slot.dimension * slot.weight) as f64 * block.log_det())
            .sum()
    }

    fn inverse_diagonal(&self) -> Array1<f64> {
        let by_seed = self.inverse_diagonal_by_seed();
        Array1::from_shape_fn(self.dim(), |row| by_seed[self.layout.split(row).0])
    }

    fn inverse_block(&self, rows: &[usize]) -> Result<Array2<f64>, GramError> {
        expect_in_range(rows, self.dim())?;
        let (group, inverse) = (self.transform.group(), self.inverse_kernel());
        Ok(Array2::from_shape_fn((rows.len(), rows.len()), |(row, column)| {
            let ((s, g), (t, h)) = (self.layout.split(rows[row]), self.layout.split(rows[column]));
            inverse[[s, t, group.multiply(group.inverse(g), h)]]
        }))
    }

    fn extreme_eigenvalues(&self) -> Result<(f64, f64), GramError> {
        let extremes: Vec<(f64, f64)> =
            self.blocks.par_iter().map(BlockFactor::extreme_eigenvalues).collect::<Result<_, _>>()?;
        let low = extremes.iter().fold(f64::INFINITY, |low, extreme| low.min(extreme.0));
        let high = extremes.iter().fold(0.0_f64, |high, extreme| high.max(extreme.1));
        Ok((low, high))
    }

    fn solve_constant_on_orbits(
        &self,
        layout: OrbitLayout,
        labels: &ArrayRef2<f64>,
    ) -> Result<Array2<f64>, GramError> {
        crate::operator::spread(layout, &self.dual_weights(labels)?)
    }
}
