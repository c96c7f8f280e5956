//! Matrices that act on the coordinates of vectors, of points, or on the channels of images.
//!
//! Every vector $v$ along the axis becomes $M(g)\,v$. Orthogonal matrices keep inner products, so that kernels of inner
//! products are invariant. Subtracting the mean of all numbers does not go with matrices (unless they fix the vector of
//! ones): normalise such data by `sphere` or not at all.

use std::sync::Arc;

use isotypic_group::FiniteGroup;
use ndarray::{Array3, ArrayView3, ArrayViewMut3, Axis, Zip};

use crate::{GroupAction, MatrixGroup, OrbitError};

/// A finite group of matrices on images `[H, W, C]`.
///
/// With matrices `[d, d]` it acts on the channels if C = d (vectors are images `[1, 1, d]`, points `[P, 1, d]`), else on the
/// columns if C = 1 and W = d (points `[P, d, 1]`, as an array `[n, P, d]` is read).
///
/// # Examples
/// ```
/// use isotypic_group::FiniteGroup;
/// use isotypic_orbit::{GroupAction, LinearAction};
/// use ndarray::{Array3, array};
///
/// let mirror = array![[[1.0, 0.0], [0.0, 1.0]], [[-1.0, 0.0], [0.0, 1.0]]];
/// let action = LinearAction::new(FiniteGroup::cyclic(2)?, mirror, [1, 1, 2])?;
/// let mut out = Array3::zeros((1, 1, 2));
/// action.act(1, array![[[3.0, 4.0]]].view(), out.view_mut());
/// assert_eq!(out, array![[[-3.0, 4.0]]]);
/// # Ok::<(), isotypic_orbit::OrbitError>(())
/// ```
#[derive(Clone, Debug)]
pub struct LinearAction {
    matrices: Arc<MatrixGroup>,
    image_shape: [usize; 3],
    axis: Axis,
}

impl LinearAction {
    /// A group with one matrix `[d, d]` per element, on images `[H, W, C]`.
    ///
    /// # Errors
    /// Those of [`MatrixGroup::new`], which checks that the matrices multiply like the elements, and of
    /// [`LinearAction::of`].
    pub fn new(
        group: FiniteGroup,
        matrices: Array3<f64>,
        image_shape: [usize; 3],
    ) -> Result<Self, OrbitError> {
        let name = group.name();
        Self::of(&name, Arc::new(MatrixGroup::new(&name, group, matrices)?), image_shape)
    }

    /// A group of matrices that are checked, on images `[H, W, C]`; `spec` stands in errors.
    ///
    /// # Errors
    /// [`OrbitError::NoPixels`]; [`OrbitError::DegreeMismatch`] if neither the channels nor the columns are as many as the
    /// matrices have rows.
    pub fn of(spec: &str, matrices: Arc<MatrixGroup>, image_shape: [usize; 3]) -> Result<Self, OrbitError> {
        if image_shape.contains(&0) {
            return Err(OrbitError::NoPixels { shape: image_shape });
        }
        let [_, width, channels] = image_shape;
        let axis = match matrices.dimension() {
            d if d == channels => Axis(2),
            d if channels == 1 && d == width => Axis(1),
            degree => {
                return Err(OrbitError::DegreeMismatch {
                    spec: spec.into(),
                    verb: "acts on",
                    degree,
                    shape: image_shape,
                    sizes: match channels {
                        1 => format!("{width} columns of 1 channel"),
                        _ => format!("{channels} channels"),
                    },
                });
            }
        };
        Ok(Self { matrices, image_shape, axis })
    }
}

impl GroupAction for LinearAction {
    fn group(&self) -> &FiniteGroup {
        self.matrices.group()
    }

    fn image_shape(&self) -> [usize; 3] {
        self.image_shape
    }

    fn act(&self, element: usize, image: ArrayView3<'_, f64>, mut out: ArrayViewMut3<'_, f64>) {
        let matrix = self.matrices.matrix(element);
        Zip::from(out.lanes_mut(self.axis)).and(image.lanes(self.axis)).for_each(|mut out, vector| {
            for (value, row) in out.iter_mut().zip(matrix.outer_iter()) {
                *value = row.iter().zip(vector).map(|(entry, x)| entry * x).sum();
            }
        });
    }

    fn permutation(&self, element: usize) -> Option<Vec<usize>> {
        let [height, width, _] = self.image_shape;
        (element == self.group().identity()).then(|| (0..height * width).collect())
    }
}
