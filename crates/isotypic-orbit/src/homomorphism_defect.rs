//! How nearly an action is one: the largest difference between acting twice and acting once.
//!
//! $$ \max_{g, h} \frac{\|g(hx) - (gh)x\|_2}{\|x\|_2} $$
//!
//! It is 0 for actions that only move pixels, at rounding level for matrices, and of the order of the interpolation
//! error for rotations between pixels.

use ndarray::{Array3, ArrayView3, ArrayViewD};

use crate::GroupAction;
use crate::element_pairs::{SplitMix64, element_pairs};

/// As many pairs as a group of 64 elements has.
const MOST_PAIRS: usize = 64 * 64;

/// The largest deviation of an action from a homomorphism, on one image.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct HomomorphismDefect {
    /// $\|g(hx) - (gh)x\| / \|x\|$ of the worst pair, at least 0. NaN if the action makes one.
    pub value: f64,
    /// The element that acts second in the worst pair.
    pub g: usize,
    /// The element that acts first in the worst pair.
    pub h: usize,
    /// Number of pairs that were compared.
    pub pairs: usize,
    /// Whether these are all pairs.
    pub is_exhaustive: bool,
}

/// Measures an action on an image `[H, W, C]`.
///
/// Up to order 64 all pairs are compared. Beyond, 4,096 pairs: first all pairs of
/// [generators](isotypic_group::FiniteGroup::generators), then pairs drawn by a fixed pseudo-random sequence, the same at
/// every call.
///
/// An image of zeros has the defect 0 under every linear action and tells nothing.
///
/// # Panics
/// If the image has another shape than the action is for.
///
/// # Examples
/// ```
/// use isotypic_orbit::{ActionSpec, homomorphism_defect};
/// use ndarray::Array3;
///
/// let image = Array3::from_shape_fn((6, 6, 1), |(y, x, _)| (y * y + 3 * x) as f64);
/// let defect = |spec| -> Result<f64, isotypic_orbit::OrbitError> {
///     let action = ActionSpec::parse(spec)?.resolve([6, 6, 1])?;
///     Ok(homomorphism_defect(action.as_ref(), image.view()).value)
/// };
/// assert_eq!(defect("dihedral:4")?, 0.0);
/// assert!(defect("rotation:8")? > 0.1);
/// # Ok::<(), isotypic_orbit::OrbitError>(())
/// ```
#[must_use]
pub fn homomorphism_defect(action: &dyn GroupAction, image: ArrayView3<'_, f64>) -> HomomorphismDefect {
    assert_eq!(image.shape(), action.image_shape(), "an image of the shape of the action");
    let group = action.group();
    let mut pairs = element_pairs(group, group, MOST_PAIRS);
    // One first step for all pairs that share it.
    pairs.sort_by_key(|&(g, h)| (h, g));
    let norm = norm(image.iter().copied());
    let [mut first, mut twice, mut once] = [(); 3].map(|()| Array3::zeros(image.raw_dim()));
    let mut worst = HomomorphismDefect {
        value: 0.0,
        g: group.identity(),
        h: group.identity(),
        pairs: pairs.len(),
        is_exhaustive: group.order() <= MOST_PAIRS.isqrt(),
    };
    let mut acted = None;
    for (g, h) in pairs {
        if acted.replace(h) != Some(h) {
            action.act(h, image, first.view_mut());
        }
        action.act(g, first.view(), twice.view_mut());
        action.act(group.multiply(g, h), image, once.view_mut());
        let value = relative(&twice.view().into_dyn(), &once.view().into_dyn(), norm);
        if value > worst.value || (value.is_nan() && !worst.value.is_nan()) {
            worst = HomomorphismDefect { value, g, h, ..worst };
        }
    }
    worst
}

/// The same pseudo-random image at every call, with pixels in [−1, 1).
pub(crate) fn probe(image_shape: [usize; 3]) -> Array3<f64> {
    let mut random = SplitMix64(0x150_7791c);
    Array3::from_shape_simple_fn(image_shape, || random.signed_unit())
}

/// The 2-norm of the difference over a norm that is given; 0 for no difference, whatever the norm.
pub(crate) fn relative(a: &ArrayViewD<'_, f64>, b: &ArrayViewD<'_, f64>, norm_of_x: f64) -> f64 {
    let difference = norm(a.iter().zip(b).map(|(a, b)| a - b));
    if difference == 0.0 { 0.0 } else { difference / norm_of_x }
}

pub(crate) fn norm(values: impl Iterator<Item = f64>) -> f64 {
    values.map(|value| value * value).sum::<f64>().sqrt()
}

#[cfg(test)]
mod tests {
    use isotypic_group::FiniteGroup;
    use ndarray::ArrayViewMut3;

    use super::*;
    use crate::{CircularShift, Rotation};

    /// C4 on one pixel, in which one element adds 2 where it should add 0.
    struct Wrong {
        group: FiniteGroup,
        element: usize,
    }

    impl GroupAction for Wrong {
        fn group(&self) -> &FiniteGroup {
            &self.group
        }

        fn image_shape(&self) -> [usize; 3] {
            [1, 1, 1]
        }

        fn act(&self, element: usize, image: ArrayView3<'_, f64>, mut out: ArrayViewMut3<'_, f64>) {
            out.assign(&image);
            if element == self.element {
                out[[0, 0, 0]] += 2.0;
            }
        }

        fn permutation(&self, _: usize) -> Option<Vec<usize>> {
            None
        }
    }

    #[test]
    fn the_worst_pair_is_found_and_measured_relative_to_the_image() {
        let action = Wrong { group: FiniteGroup::cyclic(4).unwrap(), element: 3 };
        let image = Array3::from_elem((1, 1, 1), 8.0);
        let defect = homomorphism_defect(&action, image.view());
        // 3·3 = 2: twice adds 4, once adds nothing.
        assert_eq!((defect.value, defect.g, defect.h), (0.5, 3, 3));
        assert_eq!((defect.pairs, defect.is_exhaustive), (16, true));
    }

    #[test]
    fn beyond_order_64_pairs_are_sampled_and_counted() {
        let image = probe([9, 9, 1]);
        let shift = CircularShift::both(9, 9, [9, 9, 1]).unwrap();
        let defect = homomorphism_defect(&shift, image.view());
        assert_eq!((defect.value, defect.pairs, defect.is_exhaustive), (0.0, 4096, false));
        let rotation = Rotation::new(65, [9, 9, 1]).unwrap();
        assert!(homomorphism_defect(&rotation, image.view()).value > 0.1);
    }

    #[test]
    fn an_image_of_zeros_tells_nothing() {
        let image = Array3::zeros((9, 9, 1));
        let rotation = Rotation::new(8, [9, 9, 1]).unwrap();
        assert_eq!(homomorphism_defect(&rotation, image.view()).value, 0.0);
    }
}
