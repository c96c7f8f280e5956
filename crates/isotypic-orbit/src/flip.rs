//! The left–right mirror image.

use isotypic_group::FiniteGroup;
use ndarray::{ArrayView3, ArrayViewMut3, s};

use crate::{GroupAction, OrbitError};

/// The group of two elements; the second mirrors images left–right.
#[derive(Clone, Debug)]
pub struct Flip {
    group: FiniteGroup,
    image_shape: [usize; 3],
}

impl Flip {
    /// The flip of images `[H, W, C]`.
    ///
    /// # Errors
    /// [`OrbitError::NoPixels`].
    pub fn new(image_shape: [usize; 3]) -> Result<Self, OrbitError> {
        if image_shape.contains(&0) {
            return Err(OrbitError::NoPixels { shape: image_shape });
        }
        Ok(Self { group: FiniteGroup::cyclic(2)?, image_shape })
    }
}

impl GroupAction for Flip {
    fn group(&self) -> &FiniteGroup {
        &self.group
    }

    fn image_shape(&self) -> [usize; 3] {
        self.image_shape
    }

    fn act(&self, element: usize, image: ArrayView3<'_, f64>, mut out: ArrayViewMut3<'_, f64>) {
        match element {
            0 => out.assign(&image),
            1 => out.assign(&image.slice(s![.., ..;-1, ..])),
            _ => panic!("element {element} of a group of 2"),
        }
    }

    fn permutation(&self, element: usize) -> Option<Vec<usize>> {
        let [height, width, _] = self.image_shape;
        let column = |x| if element == 0 { x } else { width - 1 - x };
        Some((0..height * width).map(|p| p / width * width + column(p % width)).collect())
    }

    fn is_permutation(&self) -> bool {
        true
    }
}
