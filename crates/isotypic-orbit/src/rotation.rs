//! Rotations of the image plane about its centre, by cubic splines.
//!
//! Element $k$ of $N$ turns by $k·360/N$ degrees in the sense of `scipy.ndimage.rotate` on the axes (row, column):
//! the content turns counterclockwise as images are shown, row 0 on top. The result has the shape of the image;
//! corners that leave it are lost, corners that come in are 0. The numbers are those of
//! `rotate(x, degrees, order=3, reshape=False, mode="constant")`.
//!
//! Rotations that interpolate do not compose exactly. Quarter turns do, on square images: they move pixels, and a
//! quarter turn of any rotated image is the image rotated by a quarter more, to the bit.

use isotypic_group::FiniteGroup;
use ndarray::{ArrayRef3, ArrayView3, ArrayViewMut3, ArrayViewMut4, Axis};

use crate::{CubicSpline, GroupAction, OrbitError, Turn};

/// The cyclic group of rotations by multiples of 360/N degrees.
#[derive(Clone, Debug)]
pub struct Rotation {
    group: FiniteGroup,
    poses: usize,
    image_shape: [usize; 3],
}

impl Rotation {
    /// `poses` rotations of images `[H, W, C]`.
    ///
    /// # Errors
    /// [`OrbitError::NoPixels`]; [`OrbitError::Group`] for no poses or too many.
    pub fn new(poses: usize, image_shape: [usize; 3]) -> Result<Self, OrbitError> {
        if image_shape.contains(&0) {
            return Err(OrbitError::NoPixels { shape: image_shape });
        }
        Ok(Self { group: FiniteGroup::cyclic(poses)?, poses, image_shape })
    }

    fn turn(&self, element: usize) -> Turn {
        assert!(element < self.poses, "element {element} of a group of {}", self.poses);
        Turn::new(element, self.poses)
    }

    fn splines(&self, image: &ArrayRef3<f64>) -> Vec<CubicSpline> {
        assert_eq!(image.shape(), self.image_shape, "an image of the shape of the action");
        image.axis_iter(Axis(2)).map(|plane| CubicSpline::new(&plane)).collect()
    }

    fn turned(&self, element: usize, splines: &[CubicSpline], mut out: ArrayViewMut3<'_, f64>) {
        let [height, width, _] = self.image_shape;
        let turn = self.turn(element);
        // Twice the distance from the centre, an integer for odd and even sizes.
        let (last_row, last_column) = (height as i64 - 1, width as i64 - 1);
        for ((row, column, channel), value) in out.indexed_iter_mut() {
            let (y, x) = turn.source(2 * row as i64 - last_row, 2 * column as i64 - last_column);
            *value = splines[channel].at(y + 0.5 * last_row as f64, x + 0.5 * last_column as f64);
        }
    }
}

impl GroupAction for Rotation {
    fn group(&self) -> &FiniteGroup {
        &self.group
    }

    fn image_shape(&self) -> [usize; 3] {
        self.image_shape
    }

    fn act(&self, element: usize, image: ArrayView3<'_, f64>, out: ArrayViewMut3<'_, f64>) {
        self.turned(element, &self.splines(&image), out);
    }

    fn orbit(&self, image: ArrayView3<'_, f64>, mut out: ArrayViewMut4<'_, f64>) {
        assert_eq!(out.len_of(Axis(0)), self.poses, "one image per group element");
        let splines = self.splines(&image);
        for (element, pose) in out.axis_iter_mut(Axis(0)).enumerate() {
            self.turned(element, &splines, pose);
        }
    }

    fn permutation(&self, element: usize) -> Option<Vec<usize>> {
        let [height, width, _] = self.image_shape;
        let turn = self.turn(element);
        if !turn.is_quarters() || (turn.quarters() % 2 == 1 && height != width) {
            return None;
        }
        let (last_row, last_column) = (height as i64 - 1, width as i64 - 1);
        let source = |p: usize| {
            let (row, column) = ((p / width) as i64, (p % width) as i64);
            let (y, x) = turn.after_quarters(2 * row - last_row, 2 * column - last_column);
            ((y + last_row) / 2) as usize * width + ((x + last_column) / 2) as usize
        };
        Some((0..height * width).map(source).collect())
    }

    fn is_permutation(&self) -> bool {
        let [height, width, _] = self.image_shape;
        matches!(self.poses, 1 | 2) || (self.poses == 4 && height == width)
    }
}
