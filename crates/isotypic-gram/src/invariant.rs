//! A Gram matrix that the group leaves invariant, as the kernel between whole orbits and its blocks.
//!
//! $K[(s,g),(t,h)] = \kappa_{st}(g^{-1}h)$ with $\kappa_{st}(u) = k(x_s, u \cdot x_t)$: the numbers needed
//! are S·S·|G| instead of (S·|G|)². The group Fourier transform splits the matrix into one Hermitian block
//! per irrep (the isotypic decomposition; Perin & Deny, arXiv 2412.11521, for one cyclic group).

use std::sync::Arc;

use isotypic_group::{FiniteGroup, FourierPlanner, GroupFourier};
use isotypic_orbit::OrbitLayout;
use ndarray::{Array1, Array2, Array3, ArrayRef2, Axis};
use rayon::prelude::*;

use crate::block::{BlockFactor, IrrepBlock};
use crate::channels::{blocks_of_kernel, map_coefficients};
use crate::dense::{SYMMETRY_TOLERANCE, check_diagonal, embed};
use crate::linear_algebra::BadPivot;
use crate::not_positive_definite::{is_duplicate, one_per_pair_of_seeds, sufficient_ridge};
use crate::operator::{SymmetricOperator, expect_in_range, expect_rows};
use crate::{BlockSpectrum, DenseGram, GramError, GroupInvariantFactor, NotPositiveDefinite, Ridge};

/// The Gram matrix of some orbits under a kernel with $k(g x, g y) = k(x, y)$.
#[derive(Clone)]
pub struct GroupInvariantGram {
    transform: Arc<dyn GroupFourier>,
    layout: OrbitLayout,
    kernel: Array3<f64>,
    blocks: Vec<IrrepBlock>,
}

impl GroupInvariantGram {
    /// Checks a kernel between orbits, $\kappa_{st}(u) = k(x_s, u \cdot x_t)$, and transforms it into blocks.
    ///
    /// Mirror entries $\kappa_{st}(u)$ and $\kappa_{ts}(u^{-1})$ may differ by 1e-9 of the largest diagonal
    /// entry; then the one with the larger first seed (the smaller element on the diagonal) counts.
    ///
    /// # Shapes
    /// - `kernel`: `[seeds, seeds, order]`
    ///
    /// # Errors
    /// [`GramError::KernelShape`], [`GramError::KernelNotFinite`], [`GramError::KernelNotSymmetric`],
    /// [`GramError::DiagonalNotPositive`]; [`GramError::Group`] if the irreps of the group are not known.
    ///
    /// # Examples
    /// ```
    /// use isotypic_gram::{Factorization, GroupInvariantGram, Ridge, SymmetricOperator};
    /// use isotypic_group::FiniteGroup;
    /// use ndarray::arr3;
    ///
    /// // One seed at three poses: the circulant matrix of (2, 1, 1), with eigenvalues 4, 1, 1.
    /// let gram = GroupInvariantGram::from_orbit_kernel(&FiniteGroup::cyclic(3)?, arr3(&[[[2.0, 1.0, 1.0]]]))?;
    /// let spectrum = gram.spectrum()?;
    /// assert!((spectrum[0].eigenvalues[0] - 4.0).abs() < 1e-14);
    /// assert!((spectrum[1].eigenvalues[0] - 1.0).abs() < 1e-14);
    /// assert_eq!((spectrum[0].multiplicity, spectrum[1].multiplicity), (1, 2));
    /// assert!((gram.factor(Ridge::Absolute(0.0))?.log_det() - 4.0_f64.ln()).abs() < 1e-14);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn from_orbit_kernel(group: &FiniteGroup, mut kernel: Array3<f64>) -> Result<Self, GramError> {
        let (seeds, order) = (kernel.len_of(Axis(0)), group.order());
        if seeds == 0 || kernel.dim() != (seeds, seeds, order) {
            return Err(GramError::KernelShape { seeds, order, got: kernel.shape().to_vec() });
        }
        if let Some(((s, t, u), &value)) = kernel.indexed_iter().find(|(_, value)| !value.is_finite()) {
            return Err(GramError::KernelNotFinite { index: [s, t, u], value });
        }
        check_diagonal((0..seeds).map(|seed| (seed * order, kernel[[seed, seed, group.identity()]])))?;
        mirror_lower_seeds(group, &mut kernel)?;
        Self::from_checked_kernel(group, kernel)
    }

    /// From a kernel that is finite, has its mirror symmetry bit for bit and a diagonal that is not negative.
    pub(crate) fn from_checked_kernel(group: &FiniteGroup, kernel: Array3<f64>) -> Result<Self, GramError> {
        let transform = FourierPlanner::new().plan(group)?;
        let layout = OrbitLayout::new(kernel.len_of(Axis(0)), group.order());
        let matrices = blocks_of_kernel(&*transform, &kernel);
        let slots = transform.irreps().iter().cloned();
        let blocks = slots.zip(matrices).map(|(slot, matrix)| IrrepBlock::new(slot, matrix)).collect();
        Ok(Self { transform, layout, kernel, blocks })
    }

    /// The group whose elements are the poses.
    pub fn group(&self) -> &FiniteGroup {
        self.transform.group()
    }

    /// $\kappa_{st}(u)$ at `[s, t, u]`.
    pub fn orbit_kernel(&self) -> &Array3<f64> {
        &self.kernel
    }

    /// One block per irrep, of conjugate pairs the one of smaller index; the first is the trivial one.
    pub fn blocks(&self) -> &[IrrepBlock] {
        &self.blocks
    }

    /// The eigenvalues of every block.
    ///
    /// # Errors
    /// [`GramError::EigenvaluesNotConverged`] if the iteration stalls.
    pub fn spectrum(&self) -> Result<Vec<BlockSpectrum>, GramError> {
        self.blocks.par_iter().map(BlockSpectrum::of).collect()
    }

    /// The Gram matrix of the same seeds at the poses of a subgroup that keeps every m-th element of each
    /// cyclic factor.
    ///
    /// For a projected matrix this differs from projecting the smaller matrix, which averages less: restrict
    /// the [`DenseGram`] first there.
    ///
    /// # Errors
    /// [`GramError::NotASubgroup`] unless each cyclic factor of `subgroup` divides its counterpart.
    pub fn restrict(&self, subgroup: &FiniteGroup) -> Result<Self, GramError> {
        let elements = embed(subgroup, self.group())?;
        Self::from_checked_kernel(subgroup, self.kernel.select(Axis(2), &elements))
    }

    /// The Gram matrix of some of the seeds, in the order given.
    ///
    /// # Errors
    /// [`GramError::RowOutOfRange`] for a seed that does not exist; [`GramError::KernelShape`] for no seeds.
    pub fn select_seeds(&self, seeds: &[usize]) -> Result<Self, GramError> {
        expect_in_range(seeds, self.layout.seeds())?;
        if seeds.is_empty() {
            return Err(GramError::KernelShape { seeds: 0, order: self.layout.order(), got: vec![0] });
        }
        let kernel = self.kernel.select(Axis(0), seeds).select(Axis(1), seeds);
        Self::from_checked_kernel(self.group(), kernel)
    }

    /// The same matrix with every entry stored.
    pub fn to_dense_gram(&self) -> DenseGram {
        DenseGram::new(self.to_dense(), self.layout.seeds(), self.group().clone())
            .expect("an invariant Gram matrix is finite and symmetric")
    }

    pub(crate) fn transform(&self) -> &Arc<dyn GroupFourier> {
        &self.transform
    }

    fn entry(&self, row: usize, column: usize) -> f64 {
        let ((s, g), (t, h)) = (self.layout.split(row), self.layout.split(column));
        self.kernel[[s, t, self.group().multiply(self.group().inverse(g), h)]]
    }

    /// The size below which rounding decides the pivots of a block: the error of its factorisation or of the
    /// Fourier transform of its entries, whichever is larger.
    fn floor(&self, block: &IrrepBlock) -> f64 {
        let (seeds, order) = (self.layout.seeds() as f64, self.layout.order() as f64);
        let transform = f64::EPSILON * seeds * order.sqrt() * (2.0 * order).log2() * self.mean_diagonal();
        block.rounding_floor().max(transform)
    }

    fn explain(&self, label: String, pivot: BadPivot, ridge: f64) -> NotPositiveDefinite {
        let sufficient = self.spectrum().ok().map(|spectrum| {
            let blocks = self.blocks.iter().zip(&spectrum);
            let ridges =
                blocks.map(|(block, spectrum)| sufficient_ridge(spectrum.eigenvalues[0], self.floor(block)));
            ridges.fold(0.0, f64::max)
        });
        NotPositiveDefinite {
            sufficient_ridge: sufficient,
            duplicates: self.duplicates(),
            ..NotPositiveDefinite::new(Some(label), pivot, ridge, self.layout)
        }
    }

    /// For each pair of seeds, a seed with itself included, the first two points that are equal to rounding.
    fn duplicates(&self) -> Vec<(usize, usize)> {
        let (group, seeds) = (self.group(), self.layout.seeds());
        let identity = group.identity();
        let variance = |seed: usize| self.kernel[[seed, seed, identity]];
        let pairs = (0..seeds).flat_map(|s| (s..seeds).map(move |t| (s, t)));
        let equal = pairs.filter_map(|(s, t)| {
            let mut others = group.elements().filter(|&u| s != t || u != identity);
            let u = others.find(|&u| is_duplicate(variance(s), variance(t), self.kernel[[s, t, u]]))?;
            Some((self.layout.row(s, identity), self.layout.row(t, u)))
        });
        one_per_pair_of_seeds(equal, self.layout)
    }
}

impl std::fmt::Debug for GroupInvariantGram {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("GroupInvariantGram")
            .field("group", self.group())
            .field("layout", &self.layout)
            .finish_non_exhaustive()
    }
}

impl SymmetricOperator for GroupInvariantGram {
    type Factor = GroupInvariantFactor;

    fn layout(&self) -> OrbitLayout {
        self.layout
    }

    fn apply(&self, vectors: &ArrayRef2<f64>) -> Result<Array2<f64>, GramError> {
        expect_rows("vectors", self.dim(), vectors.nrows())?;
        Ok(map_coefficients(&*self.transform, self.layout, vectors, |index, vectors| {
            self.blocks[index].apply(&vectors)
        }))
    }

    fn diagonal(&self) -> Array1<f64> {
        let identity = self.group().identity();
        Array1::from_shape_fn(self.dim(), |row| {
            let (seed, _) = self.layout.split(row);
            self.kernel[[seed, seed, identity]]
        })
    }

    // All poses of a seed have the same variance: a mean over seeds, at any order of the group.
    fn mean_diagonal(&self) -> f64 {
        let (seeds, identity) = (self.layout.seeds(), self.group().identity());
        (0..seeds).map(|seed| self.kernel[[seed, seed, identity]]).sum::<f64>() / seeds as f64
    }

    fn block(&self, rows: &[usize], columns: &[usize]) -> Result<Array2<f64>, GramError> {
        expect_in_range(rows, self.dim())?;
        expect_in_range(columns, self.dim())?;
        Ok(Array2::from_shape_fn((rows.len(), columns.len()), |(row, column)| {
            self.entry(rows[row], columns[column])
        }))
    }

    fn factor(&self, ridge: Ridge) -> Result<GroupInvariantFactor, GramError> {
        let ridge = ridge.value(self.mean_diagonal())?;
        let factors: Vec<Result<BlockFactor, BadPivot>> =
            self.blocks.par_iter().map(|block| block.factor(ridge, self.floor(block))).collect();
        let mut blocks = Vec::with_capacity(factors.len());
        // In order, so that the error named does not depend on which thread was first.
        for (block, factor) in self.blocks.iter().zip(factors) {
            match factor {
                Ok(factor) => blocks.push(factor),
                Err(pivot) => {
                    return Err(self.explain(block.label().to_string(), pivot, ridge).into());
                }
            }
        }
        Ok(GroupInvariantFactor::new(self, blocks, ridge))
    }
}

fn mirror_lower_seeds(group: &FiniteGroup, kernel: &mut Array3<f64>) -> Result<(), GramError> {
    let (seeds, _, order) = kernel.dim();
    let largest = (0..seeds).fold(0.0_f64, |largest, s| largest.max(kernel[[s, s, group.identity()]]));
    let tolerance = SYMMETRY_TOLERANCE * largest;
    for s in 0..seeds {
        for t in 0..=s {
            for u in 0..order {
                let inverse = group.inverse(u);
                let difference = (kernel[[s, t, u]] - kernel[[t, s, inverse]]).abs();
                if difference > tolerance {
                    let (index, mirror) = ([s, t, u], [t, s, inverse]);
                    return Err(GramError::KernelNotSymmetric { index, mirror, difference, tolerance });
                }
                if s != t || u < inverse {
                    kernel[[t, s, inverse]] = kernel[[s, t, u]];
                }
            }
        }
    }
    Ok(())
}
