//! How the elements of a group move an image.

use isotypic_group::FiniteGroup;
use ndarray::{ArrayView3, ArrayViewMut3, ArrayViewMut4, Axis};

/// A finite group that acts, exactly or nearly, on images of one shape.
///
/// # Shapes
/// - images: `[H, W, C]`, equal to [`GroupAction::image_shape`]
/// - orbits: `[order, H, W, C]`
///
/// # Panics
/// Methods panic when an element is not below the order of the group, or an array has another shape than stated.
pub trait GroupAction: Send + Sync {
    /// The group.
    fn group(&self) -> &FiniteGroup;

    /// Shape of the images it acts on: `[H, W, C]`.
    fn image_shape(&self) -> [usize; 3];

    /// Writes $g·x$ to `out`.
    fn act(&self, element: usize, image: ArrayView3<'_, f64>, out: ArrayViewMut3<'_, f64>);

    /// Writes $g·x$ for all $g$ to `out`, each the same to the bit as [`GroupAction::act`] gives it.
    fn orbit(&self, image: ArrayView3<'_, f64>, mut out: ArrayViewMut4<'_, f64>) {
        assert_eq!(out.len_of(Axis(0)), self.group().order(), "one image per group element");
        for (element, pose) in out.axis_iter_mut(Axis(0)).enumerate() {
            self.act(element, image, pose);
        }
    }

    /// The pixel permutation, if this element does nothing but move pixels: pixel `p` of $g·x$ is pixel `result[p]` of
    /// $x$, all channels alike, with `p = y * W + x`.
    fn permutation(&self, element: usize) -> Option<Vec<usize>>;

    /// Whether every element does nothing but move numbers: pixels, or channels of all pixels alike.
    fn is_permutation(&self) -> bool {
        self.group().elements().all(|element| self.permutation(element).is_some())
    }
}
