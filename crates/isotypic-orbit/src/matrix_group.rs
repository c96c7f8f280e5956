//! A finite group with an invertible matrix for each element.

use std::hash::{Hash, Hasher};

use isotypic_group::FiniteGroup;
use ndarray::{Array2, Array3, ArrayRef3, ArrayView2, Axis};

use crate::OrbitError;

/// Products of matrices with more terms than this are only checked for generators.
const MOST_TERMS: usize = 1 << 27;

/// A representation by real matrices, checked when it is made: $M(1) = 1$ and $M(g) M(h) = M(gh)$.
///
/// # Shapes
/// - matrices: `[order, d, d]`, matrix g for element g; columns are the images of the unit vectors
///
/// # Examples
/// ```
/// use isotypic_orbit::MatrixGroup;
/// use ndarray::array;
///
/// let turn = array![[[0.0, -1.0], [1.0, 0.0]]];
/// let turns = MatrixGroup::generated_by("turns", &turn)?;
/// assert_eq!(turns.group().order(), 4);
/// assert_eq!(turns.matrix(2), array![[-1.0, 0.0], [0.0, -1.0]]);
/// # Ok::<(), isotypic_orbit::OrbitError>(())
/// ```
#[derive(Clone, Debug)]
pub struct MatrixGroup {
    group: FiniteGroup,
    matrices: Array3<f64>,
}

impl MatrixGroup {
    /// The most elements that are generated.
    pub const MOST_ELEMENTS: usize = 4096;
    /// Generated matrices are the same element if no entries differ by more.
    pub const SAME_ELEMENT: f64 = 1e-8;
    /// The largest entry that $M(g) M(h) - M(gh)$ may have.
    pub const TOLERANCE: f64 = 1e-9;
    /// The most numbers that the matrices of all elements may hold together: 512 MiB.
    pub const MOST_NUMBERS: usize = 1 << 26;

    /// A given group with one matrix `[d, d]` per element; `spec` stands in errors.
    ///
    /// All pairs are checked while that takes at most 2²⁷ multiplications; beyond, generators times all elements, which
    /// imply the other pairs up to rounding.
    ///
    /// # Errors
    /// [`OrbitError::MatrixShape`], [`OrbitError::MatrixNotFinite`], and [`OrbitError::NotAnAction`] with the worst pair
    /// and the largest entry of $M(g) M(h) - M(gh)$ (for the identity alone, of $M(1) - 1$).
    pub fn new(spec: &str, group: FiniteGroup, matrices: Array3<f64>) -> Result<Self, OrbitError> {
        let (count, rows, columns) = matrices.dim();
        if count != group.order() || rows != columns || rows == 0 {
            let expected = format!("one square matrix for each of {} elements", group.order());
            return Err(OrbitError::MatrixShape { spec: spec.into(), expected, got: [count, rows, columns] });
        }
        check_finite(spec, &matrices)?;
        let this = Self { group, matrices };
        this.check(spec)?;
        Ok(this)
    }

    /// The group of all products of some matrices `[m, d, d]`; `spec` stands in errors.
    ///
    /// Elements are the identity first and then breadth-first: all generators times each element in turn, in the order
    /// given, $M_1 e, M_2 e, …$ for $e = 1, M_1, …$; what is there already is skipped.
    ///
    /// # Errors
    /// [`OrbitError::MatrixShape`], [`OrbitError::MatrixNotFinite`], [`OrbitError::NotInvertible`],
    /// [`OrbitError::NotClosed`] beyond 4,096 elements or 2²⁶ numbers, [`OrbitError::NotAnAction`] for matrices so inexact
    /// that products of several deviate from the group.
    pub fn generated_by(spec: &str, generators: &ArrayRef3<f64>) -> Result<Self, OrbitError> {
        let (count, rows, columns) = generators.dim();
        if count == 0 || rows != columns || rows == 0 {
            let expected = "at least one square matrix".into();
            return Err(OrbitError::MatrixShape { spec: spec.into(), expected, got: [count, rows, columns] });
        }
        check_finite(spec, generators)?;
        let closure = Closure::of(spec, generators)?;
        let group = closure.group(spec)?;
        let size = closure.elements.len();
        let entries = closure.elements.into_iter().flatten().collect();
        let matrices =
            Array3::from_shape_vec((size, rows, rows), entries).expect("square matrices of one size");
        Self::new(spec, group, matrices)
    }

    /// The group.
    #[must_use]
    pub fn group(&self) -> &FiniteGroup {
        &self.group
    }

    /// The size d of the matrices, at least 1.
    #[must_use]
    pub fn dimension(&self) -> usize {
        self.matrices.dim().1
    }

    /// The matrix of an element, `[d, d]`.
    ///
    /// # Panics
    /// If there is no such element.
    #[must_use]
    pub fn matrix(&self, element: usize) -> ArrayView2<'_, f64> {
        self.matrices.index_axis(Axis(0), element)
    }

    fn check(&self, spec: &str) -> Result<(), OrbitError> {
        let refused = |g, h, defect| OrbitError::NotAnAction { spec: spec.into(), g, h, defect };
        let identity = self.group.identity();
        let defect = largest_difference(&self.matrix(identity), &Array2::eye(self.dimension()).view());
        if defect > Self::TOLERANCE || defect.is_nan() {
            return Err(refused(identity, identity, defect));
        }
        let order = self.group.order();
        let terms = order.saturating_mul(order).saturating_mul(self.dimension().saturating_pow(3));
        let left = match terms <= MOST_TERMS {
            true => self.group.elements().collect(),
            false => self.group.generators().to_vec(),
        };
        let mut worst = (0.0, identity, identity);
        for g in left {
            for h in self.group.elements() {
                let product = self.matrix(g).dot(&self.matrix(h));
                let defect = largest_difference(&product.view(), &self.matrix(self.group.multiply(g, h)));
                if defect > worst.0 || defect.is_nan() {
                    worst = (defect, g, h);
                }
            }
        }
        let (defect, g, h) = worst;
        if defect <= Self::TOLERANCE { Ok(()) } else { Err(refused(g, h, defect)) }
    }
}

impl PartialEq for MatrixGroup {
    fn eq(&self, other: &Self) -> bool {
        let bits = |this: &Self| this.matrices.iter().map(|entry| entry.to_bits()).collect::<Vec<_>>();
        self.group == other.group && self.matrices.dim() == other.matrices.dim() && bits(self) == bits(other)
    }
}

impl Eq for MatrixGroup {}

impl Hash for MatrixGroup {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.group.hash(state);
        self.matrices.iter().for_each(|entry| entry.to_bits().hash(state));
    }
}

/// The elements that some matrices generate, and where each generator takes them.
struct Closure {
    /// Entries, row by row.
    elements: Vec<Vec<f64>>,
    /// Element i times generator s from the left is element `moves[s][i]`.
    moves: Vec<Vec<usize>>,
}

impl Closure {
    fn of(spec: &str, generators: &ArrayRef3<f64>) -> Result<Self, OrbitError> {
        let (count, d, _) = generators.dim();
        let mut this = Self {
            elements: vec![Array2::eye(d).into_raw_vec_and_offset().0],
            moves: vec![Vec::new(); count],
        };
        // Two matrices that agree have sums of entries that agree: one number to compare before all of them.
        let mut sums = vec![d as f64];
        let most = MatrixGroup::MOST_ELEMENTS.min(MatrixGroup::MOST_NUMBERS / (d * d)).max(1);
        let mut next = 0;
        while next < this.elements.len() {
            let element = ArrayView2::from_shape((d, d), &this.elements[next]).expect("a square matrix");
            let products: Vec<Vec<f64>> = generators
                .outer_iter()
                .map(|generator| generator.dot(&element).iter().copied().collect())
                .collect();
            for (generator, product) in products.into_iter().enumerate() {
                let sum = product.iter().sum::<f64>();
                let slack = (d * d) as f64 * MatrixGroup::SAME_ELEMENT;
                let known = (0..sums.len())
                    .find(|&i| (sums[i] - sum).abs() <= slack && is_same(&this.elements[i], &product));
                let place = match known {
                    Some(place) => place,
                    None if this.elements.len() == most => {
                        return Err(OrbitError::NotClosed { spec: spec.into(), limit: most });
                    }
                    None => {
                        sums.push(sum);
                        this.elements.push(product);
                        this.elements.len() - 1
                    }
                };
                this.moves[generator].push(place);
            }
            next += 1;
        }
        Ok(this)
    }

    /// The abstract group, elements in the same order.
    fn group(&self, spec: &str) -> Result<FiniteGroup, OrbitError> {
        for (generator, moves) in self.moves.iter().enumerate() {
            let mut is_reached = vec![false; moves.len()];
            for &place in moves {
                if std::mem::replace(&mut is_reached[place], true) {
                    return Err(OrbitError::NotInvertible { spec: spec.into(), generator });
                }
            }
        }
        // The regular representation: images of the identity ascend with the elements, so that lexicographic order is
        // the order of elements.
        let group = FiniteGroup::from_permutations(&self.moves)?;
        debug_assert_eq!(group.order(), self.elements.len());
        Ok(group)
    }
}

fn is_same(a: &[f64], b: &[f64]) -> bool {
    a.iter().zip(b).all(|(a, b)| (a - b).abs() <= MatrixGroup::SAME_ELEMENT)
}

/// The largest absolute difference of two entries; NaN if there is one.
fn largest_difference(a: &ArrayView2<'_, f64>, b: &ArrayView2<'_, f64>) -> f64 {
    a.iter()
        .zip(b)
        .map(|(a, b)| (a - b).abs())
        .fold(0.0, |most, value| if most >= value { most } else { value })
}

fn check_finite(spec: &str, matrices: &ArrayRef3<f64>) -> Result<(), OrbitError> {
    match matrices.indexed_iter().find(|(_, value)| !value.is_finite()) {
        None => Ok(()),
        Some(((matrix, row, column), &value)) => {
            Err(OrbitError::MatrixNotFinite { spec: spec.into(), matrix, row, column, value })
        }
    }
}
