//! Rotations of the image plane about its centre, and mirror images of them.
//!
//! Element $r^k$ turns by $k·360/N$ degrees as [`Rotation`] does; $r^k s$ mirrors left–right first and turns then. The
//! elements stand in the order $r^0, …, r^{N-1}, r^0 s, …, r^{N-1} s$.
//!
//! With one or two turns, and with four on square images, every element moves pixels and the action is exact.
//! Otherwise the rotations interpolate, and it is an action only nearly.

use isotypic_group::FiniteGroup;
use ndarray::{ArrayView3, ArrayViewMut3, ArrayViewMut4, Axis, s};

use crate::{GroupAction, OrbitError, Rotation};

/// The dihedral group of turns by multiples of 360/N degrees and left–right mirror images, of order 2N.
#[derive(Clone, Debug)]
pub struct Dihedral {
    group: FiniteGroup,
    rotation: Rotation,
    turns: usize,
}

impl Dihedral {
    /// `turns` rotations of images `[H, W, C]` and as many of their mirror images.
    ///
    /// # Errors
    /// [`OrbitError::NoPixels`]; [`OrbitError::Group`] for no turns or too many.
    pub fn new(turns: usize, image_shape: [usize; 3]) -> Result<Self, OrbitError> {
        Ok(Self { group: FiniteGroup::dihedral(turns)?, rotation: Rotation::new(turns, image_shape)?, turns })
    }

    /// The exponent of r, and whether the image is mirrored before it turns.
    fn split(&self, element: usize) -> (usize, bool) {
        assert!(element < 2 * self.turns, "element {element} of a group of {}", 2 * self.turns);
        if element < self.turns { (element, false) } else { (element - self.turns, true) }
    }
}

impl GroupAction for Dihedral {
    fn group(&self) -> &FiniteGroup {
        &self.group
    }

    fn image_shape(&self) -> [usize; 3] {
        self.rotation.image_shape()
    }

    fn act(&self, element: usize, image: ArrayView3<'_, f64>, out: ArrayViewMut3<'_, f64>) {
        match self.split(element) {
            (turn, false) => self.rotation.act(turn, image, out),
            (turn, true) => self.rotation.act(turn, image.slice(s![.., ..;-1, ..]), out),
        }
    }

    fn orbit(&self, image: ArrayView3<'_, f64>, out: ArrayViewMut4<'_, f64>) {
        assert_eq!(out.len_of(Axis(0)), 2 * self.turns, "one image per group element");
        let (turned, mirrored) = out.split_at(Axis(0), self.turns);
        self.rotation.orbit(image, turned);
        self.rotation.orbit(image.slice(s![.., ..;-1, ..]), mirrored);
    }

    fn permutation(&self, element: usize) -> Option<Vec<usize>> {
        let [_, width, _] = self.image_shape();
        let (turn, mirrored) = self.split(element);
        let mut sources = self.rotation.permutation(turn)?;
        if mirrored {
            for source in &mut sources {
                *source += width - 1 - 2 * (*source % width);
            }
        }
        Some(sources)
    }

    fn is_permutation(&self) -> bool {
        self.rotation.is_permutation()
    }
}

#[cfg(test)]
mod tests {
    use ndarray::Array3;

    use super::*;

    fn act(action: &Dihedral, element: usize, image: &Array3<f64>) -> Array3<f64> {
        let mut out = Array3::from_elem(image.raw_dim(), f64::NAN);
        action.act(element, image.view(), out.view_mut());
        out
    }

    #[test]
    fn the_symmetries_of_a_square_are_those_of_its_indices() {
        let n = 4;
        let image = Array3::from_shape_fn((n, n, 2), |(y, x, c)| (100 * y + 10 * x + c) as f64);
        let action = Dihedral::new(4, [n, n, 2]).unwrap();
        let m = n - 1;
        // What stands at (y, x) after each element, in the order of elements.
        type Source = fn(usize, usize, usize) -> (usize, usize);
        let sources: [Source; 8] = [
            |y, x, _| (y, x),
            |y, x, m| (x, m - y),
            |y, x, m| (m - y, m - x),
            |y, x, m| (m - x, y),
            |y, x, m| (y, m - x),
            |y, x, _| (x, y),
            |y, x, m| (m - y, x),
            |y, x, m| (m - x, m - y),
        ];
        for (element, source) in sources.into_iter().enumerate() {
            let expected = Array3::from_shape_fn((n, n, 2), |(y, x, c)| {
                let (y, x) = source(y, x, m);
                image[[y, x, c]]
            });
            assert_eq!(act(&action, element, &image), expected, "element {element}");
        }
    }

    #[test]
    fn a_mirrored_element_mirrors_first() {
        let image = Array3::from_shape_vec((2, 2, 1), vec![1.0, 2.0, 3.0, 4.0]).unwrap();
        let action = Dihedral::new(4, [2, 2, 1]).unwrap();
        // Mirrored: 2 1 / 4 3; then a quarter turn counterclockwise: 1 3 / 2 4.
        assert_eq!(act(&action, 5, &image).into_raw_vec_and_offset().0, [1.0, 3.0, 2.0, 4.0]);
    }

    #[test]
    fn no_turns_and_no_pixels_are_refused() {
        let error = Dihedral::new(0, [3, 3, 1]).unwrap_err();
        assert_eq!(error.to_string(), "a cyclic group has at least 1 element, got 0");
        assert!(matches!(Dihedral::new(4, [3, 0, 1]), Err(OrbitError::NoPixels { shape: [3, 0, 1] })));
    }

    #[test]
    #[should_panic(expected = "element 8 of a group of 8")]
    fn an_element_outside_the_group_panics() {
        Dihedral::new(4, [3, 3, 1]).unwrap().permutation(8);
    }
}
