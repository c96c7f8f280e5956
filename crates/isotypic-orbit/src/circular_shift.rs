//! Circular shifts: what leaves the image on one side comes back on the other.
//!
//! Element $u$ moves the content by $+u$ steps, as `np.roll` does: $(u·x)[q] = x[q - u]$. A step is a whole number of
//! pixels.

use isotypic_group::FiniteGroup;
use ndarray::{ArrayView3, ArrayViewMut3};

use crate::{ActionSpec, GroupAction, OrbitError};

/// Shifts along one axis or both; along both, $y$ is slower than $x$ in the order of elements.
#[derive(Clone, Debug)]
pub struct CircularShift {
    group: FiniteGroup,
    image_shape: [usize; 3],
    /// Shifts along the width that make the whole turn; the group element is `u_y * columns + u_x`.
    columns: usize,
    /// Pixels of one step along `[y, x]`.
    step: [usize; 2],
}

impl CircularShift {
    /// `rows` × `columns` shifts of images `[H, W, C]`.
    ///
    /// # Errors
    /// [`OrbitError::NotDividing`] unless `rows` divides H and `columns` divides W; [`OrbitError::NoPixels`].
    pub fn both(rows: usize, columns: usize, image_shape: [usize; 3]) -> Result<Self, OrbitError> {
        let spec = ActionSpec::Translation { rows, columns };
        let step =
            [step(&spec, "height", image_shape, 0, rows)?, step(&spec, "width", image_shape, 1, columns)?];
        Ok(Self { group: FiniteGroup::abelian(&[rows, columns])?, image_shape, columns, step })
    }

    /// `poses` shifts along the width.
    ///
    /// # Errors
    /// [`OrbitError::NotDividing`] unless `poses` divides W; [`OrbitError::NoPixels`].
    pub fn along_x(poses: usize, image_shape: [usize; 3]) -> Result<Self, OrbitError> {
        let step = [0, step(&ActionSpec::TranslationX { poses }, "width", image_shape, 1, poses)?];
        Ok(Self { group: FiniteGroup::cyclic(poses)?, image_shape, columns: poses, step })
    }

    /// `poses` shifts along the height.
    ///
    /// # Errors
    /// [`OrbitError::NotDividing`] unless `poses` divides H; [`OrbitError::NoPixels`].
    pub fn along_y(poses: usize, image_shape: [usize; 3]) -> Result<Self, OrbitError> {
        let step = [step(&ActionSpec::TranslationY { poses }, "height", image_shape, 0, poses)?, 0];
        Ok(Self { group: FiniteGroup::cyclic(poses)?, image_shape, columns: 1, step })
    }

    /// Pixels by which an element moves the content down and to the right, each below the size of the image.
    #[must_use]
    pub fn offset(&self, element: usize) -> [usize; 2] {
        assert!(element < self.group.order(), "element {element} of a group of {}", self.group.order());
        [element / self.columns * self.step[0], element % self.columns * self.step[1]]
    }
}

fn step(
    spec: &ActionSpec,
    axis: &'static str,
    image_shape: [usize; 3],
    dimension: usize,
    steps: usize,
) -> Result<usize, OrbitError> {
    if image_shape.contains(&0) {
        return Err(OrbitError::NoPixels { shape: image_shape });
    }
    let size = image_shape[dimension];
    if !size.is_multiple_of(steps) {
        return Err(OrbitError::NotDividing { spec: spec.to_string(), axis, size, steps });
    }
    Ok(size / steps)
}

impl GroupAction for CircularShift {
    fn group(&self) -> &FiniteGroup {
        &self.group
    }

    fn image_shape(&self) -> [usize; 3] {
        self.image_shape
    }

    fn act(&self, element: usize, image: ArrayView3<'_, f64>, mut out: ArrayViewMut3<'_, f64>) {
        let [height, width, channels] = self.image_shape;
        let [down, right] = self.offset(element);
        for y in 0..height {
            for x in 0..width {
                for c in 0..channels {
                    out[[(y + down) % height, (x + right) % width, c]] = image[[y, x, c]];
                }
            }
        }
    }

    fn permutation(&self, element: usize) -> Option<Vec<usize>> {
        let [height, width, _] = self.image_shape;
        let [down, right] = self.offset(element);
        let source = |p: usize| {
            let (y, x) = (p / width, p % width);
            (y + height - down) % height * width + (x + width - right) % width
        };
        Some((0..height * width).map(source).collect())
    }

    fn is_permutation(&self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_width_is_fastest_and_steps_fill_the_image() {
        let shift = CircularShift::both(2, 3, [4, 9, 1]).unwrap();
        let offsets: Vec<_> = (0..6).map(|element| shift.offset(element)).collect();
        assert_eq!(offsets, [[0, 0], [0, 3], [0, 6], [2, 0], [2, 3], [2, 6]]);
        assert_eq!(CircularShift::along_y(4, [4, 9, 1]).unwrap().offset(3), [3, 0]);
        assert_eq!(CircularShift::along_x(3, [4, 9, 1]).unwrap().offset(2), [0, 6]);
    }

    #[test]
    fn a_number_of_shifts_that_does_not_divide_the_image_is_refused() {
        let error = CircularShift::along_x(5, [28, 28, 1]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "group `translation-x:5`: 5 shifts do not divide the image width of 28 pixels"
        );
        assert_eq!(error.hint().unwrap(), "28 can be divided into 1, 2, 4, 7, 14, 28");
        assert!(CircularShift::both(4, 3, [28, 28, 1]).unwrap_err().to_string().contains("width"));
        assert!(CircularShift::both(3, 4, [28, 28, 1]).unwrap_err().to_string().contains("height"));
        assert!(CircularShift::along_y(0, [28, 28, 1]).is_err());
    }
}
