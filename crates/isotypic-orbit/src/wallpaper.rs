//! Circular shifts of square images together with quarter turns, and mirror images: the plane groups p4 and p4m on a
//! torus.
//!
//! The element (shift, h) turns or mirrors first, by h about the centre of the image as [`Dihedral`] does, and shifts
//! then. Its index is $(u_y N + u_x)·|H| + h$ with h in $r^0, …, r^3$ and, in p4m, $r^0 s, …, r^3 s$ (s mirrors left–right,
//! first). On an n×n torus a turn about the centre of the image and shifts compose exactly,
//! $r\,(d_y, d_x)\,r^{-1} = (-d_x, d_y)$ and $s\,(d_y, d_x)\,s = (d_y, -d_x)$, so every element moves pixels without changing
//! them.

use isotypic_group::FiniteGroup;
use ndarray::{ArrayView3, ArrayViewMut3};

use crate::{Dihedral, GroupAction, OrbitError};

/// All shifts of square images in steps that divide them, with quarter turns.
#[derive(Clone, Debug)]
pub struct Wallpaper {
    group: FiniteGroup,
    image_shape: [usize; 3],
    shifts: usize,
    /// Pixels of one shift.
    step: usize,
    /// For each turn or mirror image, the pixel that comes to each place.
    sources: Vec<Vec<usize>>,
}

impl Wallpaper {
    /// p4: `shifts` × `shifts` circular shifts of images `[H, H, C]`, and quarter turns.
    ///
    /// # Errors
    /// [`OrbitError::NotSquare`], [`OrbitError::NotDividing`] unless `shifts` divides H, [`OrbitError::NoPixels`],
    /// [`OrbitError::Group`].
    pub fn p4(shifts: usize, image_shape: [usize; 3]) -> Result<Self, OrbitError> {
        Self::new("p4", shifts, image_shape, 4)
    }

    /// p4m: as [`Wallpaper::p4`], with mirror images.
    ///
    /// # Errors
    /// As [`Wallpaper::p4`].
    pub fn p4m(shifts: usize, image_shape: [usize; 3]) -> Result<Self, OrbitError> {
        Self::new("p4m", shifts, image_shape, 8)
    }

    fn new(name: &str, shifts: usize, image_shape: [usize; 3], turns: usize) -> Result<Self, OrbitError> {
        let [height, width, _] = image_shape;
        if image_shape.contains(&0) {
            return Err(OrbitError::NoPixels { shape: image_shape });
        }
        let spec = || format!("{name}:{shifts}");
        if height != width {
            return Err(OrbitError::NotSquare { spec: spec(), height, width });
        }
        if !height.is_multiple_of(shifts) {
            return Err(OrbitError::NotDividing { spec: spec(), axis: "side", size: height, steps: shifts });
        }
        let group = if turns == 4 { FiniteGroup::p4(shifts)? } else { FiniteGroup::p4m(shifts)? };
        let square = Dihedral::new(4, image_shape)?;
        let sources =
            (0..turns).map(|turn| square.permutation(turn).expect("quarter turns of squares move pixels"));
        Ok(Self { group, image_shape, shifts, step: height / shifts, sources: sources.collect() })
    }

    /// Pixels by which an element moves the content down and to the right after it has turned, and the turn.
    fn split(&self, element: usize) -> ([usize; 2], &[usize]) {
        assert!(element < self.group.order(), "element {element} of a group of {}", self.group.order());
        let (shift, turn) = (element / self.sources.len(), element % self.sources.len());
        ([shift / self.shifts * self.step, shift % self.shifts * self.step], &self.sources[turn])
    }

    /// The pixel that comes to row y and column x.
    fn source(&self, [down, right]: [usize; 2], turned: &[usize], y: usize, x: usize) -> usize {
        let side = self.image_shape[0];
        turned[(y + side - down) % side * side + (x + side - right) % side]
    }
}

impl GroupAction for Wallpaper {
    fn group(&self) -> &FiniteGroup {
        &self.group
    }

    fn image_shape(&self) -> [usize; 3] {
        self.image_shape
    }

    fn act(&self, element: usize, image: ArrayView3<'_, f64>, mut out: ArrayViewMut3<'_, f64>) {
        let [side, _, channels] = self.image_shape;
        let (shift, turned) = self.split(element);
        for y in 0..side {
            for x in 0..side {
                let source = self.source(shift, turned, y, x);
                for c in 0..channels {
                    out[[y, x, c]] = image[[source / side, source % side, c]];
                }
            }
        }
    }

    fn permutation(&self, element: usize) -> Option<Vec<usize>> {
        let side = self.image_shape[0];
        let (shift, turned) = self.split(element);
        Some((0..side * side).map(|p| self.source(shift, turned, p / side, p % side)).collect())
    }

    fn is_permutation(&self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use ndarray::Array3;

    use super::*;
    use crate::{CircularShift, homomorphism_defect};

    fn image(side: usize) -> Array3<f64> {
        Array3::from_shape_fn((side, side, 2), |(y, x, c)| ((100 * y + 10 * x + c) as f64 * 0.37).sin())
    }

    fn act(action: &dyn GroupAction, element: usize, image: &Array3<f64>) -> Array3<f64> {
        let mut out = Array3::from_elem(image.raw_dim(), f64::NAN);
        action.act(element, image.view(), out.view_mut());
        out
    }

    #[test]
    fn elements_turn_or_mirror_and_then_shift() {
        for (side, shifts) in [(4, 4), (6, 3), (5, 5), (6, 1)] {
            let shape = [side, side, 2];
            let (square, torus) =
                (Dihedral::new(4, shape).unwrap(), CircularShift::both(shifts, shifts, shape).unwrap());
            for action in [Wallpaper::p4(shifts, shape).unwrap(), Wallpaper::p4m(shifts, shape).unwrap()] {
                let turns = action.group().order() / (shifts * shifts);
                for element in action.group().elements() {
                    let turned = act(&square, element % turns, &image(side));
                    let expected = act(&torus, element / turns, &turned);
                    assert_eq!(act(&action, element, &image(side)), expected, "{side}, {shifts}: {element}");
                }
            }
        }
    }

    #[test]
    fn both_are_actions_to_the_bit() {
        for (side, shifts) in [(2, 2), (3, 3), (4, 4), (6, 2), (7, 7), (9, 3)] {
            let shape = [side, side, 2];
            for action in [Wallpaper::p4(shifts, shape).unwrap(), Wallpaper::p4m(shifts, shape).unwrap()] {
                let defect = homomorphism_defect(&action, image(side).view());
                assert_eq!(defect.value, 0.0, "{}: {side}, {shifts}, {defect:?}", action.group());
            }
        }
    }

    #[test]
    fn images_that_are_not_square_or_not_divided_are_refused() {
        let error = Wallpaper::p4(4, [4, 6, 1]).unwrap_err();
        assert_eq!(error.to_string(), "group `p4:4` needs square images, got 4×6 pixels");
        assert!(error.hint().unwrap().contains("translation:4x6"));
        let error = Wallpaper::p4m(5, [28, 28, 1]).unwrap_err();
        assert_eq!(error.to_string(), "group `p4m:5`: 5 shifts do not divide the image side of 28 pixels");
        assert!(matches!(Wallpaper::p4(1, [0, 0, 1]), Err(OrbitError::NoPixels { .. })));
        assert!(Wallpaper::p4(0, [4, 4, 1]).is_err());
    }
}
