//! A Gram matrix as it is: every entry stored, no symmetry assumed.

use isotypic_group::FiniteGroup;
use isotypic_orbit::{OrbitLayout, RowOrder};
use ndarray::{Array1, Array2, ArrayRef2, Axis};

use crate::operator::{SymmetricOperator, expect_finite, expect_in_range, expect_rows};
use crate::projection::{Projection, project};
use crate::{DenseFactor, GramError, Ridge};

/// Two mirror entries of a Gram matrix from elsewhere may differ by this fraction of the largest diagonal
/// entry.
pub(crate) const SYMMETRY_TOLERANCE: f64 = 1e-9;

/// The Gram matrix of some orbits, entry by entry.
///
/// Row (seed, element) is the point g·x; the matrix need not be invariant under the group.
#[derive(Clone, Debug)]
pub struct DenseGram {
    matrix: Array2<f64>,
    layout: OrbitLayout,
    group: FiniteGroup,
}

impl DenseGram {
    /// Checks a matrix whose rows are seed-major: row = seed · order + element.
    ///
    /// Mirror entries may differ by 1e-9 of the largest diagonal entry; then the lower triangle is the one
    /// that counts and the upper one is overwritten by it, so that the stored matrix is symmetric bit for
    /// bit.
    ///
    /// # Shapes
    /// - `matrix`: `[seeds · order, seeds · order]`
    ///
    /// # Errors
    /// [`GramError::NotSquare`], [`GramError::WrongSize`], [`GramError::NotFinite`],
    /// [`GramError::NotSymmetric`], [`GramError::DiagonalNotPositive`] for a negative diagonal entry or a
    /// matrix that is zero.
    ///
    /// # Examples
    /// ```
    /// use isotypic_gram::{DenseGram, SymmetricOperator};
    /// use isotypic_group::FiniteGroup;
    /// use ndarray::array;
    ///
    /// let group = FiniteGroup::cyclic(2)?;
    /// let gram = DenseGram::new(array![[2.0, 1.0], [1.0, 4.0]], 1, group)?;
    /// assert_eq!(gram.mean_diagonal(), 3.0);
    /// assert_eq!(gram.project()?.gram.orbit_kernel()[[0, 0, 0]], 3.0);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn new(mut matrix: Array2<f64>, seeds: usize, group: FiniteGroup) -> Result<Self, GramError> {
        let layout = check_size(&matrix, seeds, &group)?;
        expect_finite(&matrix)?;
        check_diagonal(matrix.diag().iter().copied().enumerate())?;
        mirror_lower_triangle(&mut matrix)?;
        Ok(Self { matrix, layout, group })
    }

    /// The same from a matrix whose rows are in the given order.
    ///
    /// # Errors
    /// As [`DenseGram::new`]; rows in messages are seed-major.
    pub fn from_row_order(
        matrix: &ArrayRef2<f64>,
        order: RowOrder,
        seeds: usize,
        group: FiniteGroup,
    ) -> Result<Self, GramError> {
        let layout = check_size(matrix, seeds, &group)?;
        let places = layout.seed_major_from(order);
        Self::new(matrix.select(Axis(0), &places).select(Axis(1), &places), seeds, group)
    }

    /// The group whose elements are the poses.
    pub fn group(&self) -> &FiniteGroup {
        &self.group
    }

    /// All entries; rows are seed-major.
    pub fn matrix(&self) -> &Array2<f64> {
        &self.matrix
    }

    /// The Gram matrix of the same seeds at fewer poses: those of a subgroup that keeps every m-th element of
    /// each cyclic factor. It equals sampling the orbits more coarsely.
    ///
    /// # Errors
    /// [`GramError::NotASubgroup`] unless each cyclic factor of `subgroup` divides its counterpart.
    pub fn restrict(&self, subgroup: &FiniteGroup) -> Result<Self, GramError> {
        let elements = embed(subgroup, &self.group)?;
        let rows = self.layout.rows_at(&elements);
        Self::new(self.block(&rows, &rows)?, self.layout.seeds(), subgroup.clone())
    }

    /// The Gram matrix of some of the seeds, in the order given.
    ///
    /// # Errors
    /// [`GramError::RowOutOfRange`] for a seed that does not exist; [`GramError::WrongSize`] for no seeds.
    pub fn select_seeds(&self, seeds: &[usize]) -> Result<Self, GramError> {
        expect_in_range(seeds, self.layout.seeds())?;
        let order = self.layout.order();
        let rows: Vec<usize> =
            seeds.iter().flat_map(|&seed| (0..order).map(move |g| seed * order + g)).collect();
        Self::new(self.block(&rows, &rows)?, seeds.len(), self.group.clone())
    }

    /// The nearest invariant matrix in the Frobenius norm, and how far it is.
    ///
    /// # Errors
    /// [`GramError::Group`] if the irreps of the group are not known.
    pub fn project(&self) -> Result<Projection, GramError> {
        project(self)
    }
}

impl SymmetricOperator for DenseGram {
    type Factor = DenseFactor;

    fn layout(&self) -> OrbitLayout {
        self.layout
    }

    fn apply(&self, vectors: &ArrayRef2<f64>) -> Result<Array2<f64>, GramError> {
        expect_rows("vectors", self.dim(), vectors.nrows())?;
        Ok(self.matrix.dot(vectors))
    }

    fn diagonal(&self) -> Array1<f64> {
        self.matrix.diag().to_owned()
    }

    fn block(&self, rows: &[usize], columns: &[usize]) -> Result<Array2<f64>, GramError> {
        expect_in_range(rows, self.dim())?;
        expect_in_range(columns, self.dim())?;
        Ok(Array2::from_shape_fn((rows.len(), columns.len()), |(row, column)| {
            self.matrix[[rows[row], columns[column]]]
        }))
    }

    fn factor(&self, ridge: Ridge) -> Result<DenseFactor, GramError> {
        DenseFactor::with_layout(&self.matrix, ridge.value(self.mean_diagonal())?, self.layout)
    }
}

/// As many rows as points, as many columns as rows.
fn check_size(matrix: &ArrayRef2<f64>, seeds: usize, group: &FiniteGroup) -> Result<OrbitLayout, GramError> {
    let (rows, columns) = matrix.dim();
    let order = group.order();
    if rows != columns {
        Err(GramError::NotSquare { rows, columns })
    } else if rows == 0 || seeds.checked_mul(order) != Some(rows) {
        Err(GramError::WrongSize { seeds, order, rows })
    } else {
        Ok(OrbitLayout::new(seeds, order))
    }
}

/// No entry of the diagonal of a Gram matrix is negative, and not all are zero. Takes rows and their entries.
pub(crate) fn check_diagonal(diagonal: impl Iterator<Item = (usize, f64)>) -> Result<(), GramError> {
    let mut largest = 0.0_f64;
    for (row, value) in diagonal {
        if value < 0.0 {
            return Err(GramError::DiagonalNotPositive { row, value });
        }
        largest = largest.max(value);
    }
    if largest > 0.0 { Ok(()) } else { Err(GramError::DiagonalNotPositive { row: 0, value: 0.0 }) }
}

/// The elements of `group` that are `subgroup`.
pub(crate) fn embed(subgroup: &FiniteGroup, group: &FiniteGroup) -> Result<Vec<usize>, GramError> {
    subgroup
        .embedding_into(group)
        .ok_or_else(|| GramError::NotASubgroup { subgroup: subgroup.to_string(), group: group.to_string() })
}

fn mirror_lower_triangle(matrix: &mut Array2<f64>) -> Result<(), GramError> {
    let tolerance =
        SYMMETRY_TOLERANCE * matrix.diag().iter().fold(0.0, |largest: f64, &value| largest.max(value));
    for row in 0..matrix.nrows() {
        for column in 0..row {
            let difference = (matrix[[row, column]] - matrix[[column, row]]).abs();
            if difference > tolerance {
                return Err(GramError::NotSymmetric { row, column, difference, tolerance });
            }
            matrix[[column, row]] = matrix[[row, column]];
        }
    }
    Ok(())
}
