//! Permutations of coordinates, of points, or of channels.
//!
//! A group of permutations of N places moves what stands at place i to place g(i): $(g·x)[g(i)] = x[i]$.

use isotypic_group::FiniteGroup;
use ndarray::{ArrayView3, ArrayViewMut3, Axis};

use crate::{GroupAction, OrbitError};

/// What a group of permutations moves in images `[H, W, C]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PermutedAxis {
    /// Pixels, all channels alike: place `y * W + x` of H·W.
    Pixels,
    /// Rows: the points of a cloud `[P, d, 1]` or `[P, 1, d]`.
    Points,
    /// Channels, all pixels alike: the coordinates of vectors `[1, 1, d]`.
    Channels,
}

/// Clouds of points `[P, d, 1]` are told from images by having no more columns than space has dimensions.
const MOST_COLUMNS_OF_POINTS: usize = 3;

impl PermutedAxis {
    /// What permutations of `degree` coordinates move, if anything: coordinates of vectors `[1, 1, d]` (d = degree), else
    /// channels (C = degree and H·W ≠ degree), else the points of a cloud `[P, 1, d]` or, up to d = 3, `[P, d, 1]`
    /// (P = degree).
    #[must_use]
    pub fn of_coordinates(degree: usize, image_shape: [usize; 3]) -> Option<Self> {
        let [height, width, channels] = image_shape;
        let are_points = width == 1 || (channels == 1 && width <= MOST_COLUMNS_OF_POINTS);
        if channels == degree && (height * width == 1 || height * width != degree) {
            Some(Self::Channels)
        } else if height == degree && are_points && height * width > 1 {
            Some(Self::Points)
        } else {
            None
        }
    }

    /// What permutations of `degree` pixels move, if anything: coordinates of vectors `[1, 1, d]`, else pixels
    /// (H·W = degree), else the points of a cloud as in [`PermutedAxis::of_coordinates`].
    #[must_use]
    pub fn of_pixels(degree: usize, image_shape: [usize; 3]) -> Option<Self> {
        let [height, width, channels] = image_shape;
        match height * width {
            1 => (channels == degree).then_some(Self::Channels),
            pixels if pixels == degree => Some(Self::Pixels),
            _ => Self::of_coordinates(degree, image_shape).filter(|&axis| axis == Self::Points),
        }
    }

    /// Number of places along it.
    fn places(self, [height, width, channels]: [usize; 3]) -> usize {
        match self {
            Self::Pixels => height * width,
            Self::Points => height,
            Self::Channels => channels,
        }
    }
}

/// A group of permutations on images of one shape.
///
/// # Examples
/// ```
/// use isotypic_orbit::{GroupAction, PermutationAction, PermutedAxis};
/// use ndarray::{Array3, array};
///
/// let action = PermutationAction::cyclic("cyclic:3", 3, PermutedAxis::Channels, [1, 1, 3])?;
/// let mut out = Array3::zeros((1, 1, 3));
/// action.act(1, array![[[1.0, 2.0, 3.0]]].view(), out.view_mut());
/// assert_eq!(out, array![[[3.0, 1.0, 2.0]]]);
/// # Ok::<(), isotypic_orbit::OrbitError>(())
/// ```
#[derive(Clone, Debug)]
pub struct PermutationAction {
    group: FiniteGroup,
    image_shape: [usize; 3],
    axis: PermutedAxis,
}

impl PermutationAction {
    /// Circular shifts of N places: element 1 moves place i to i + 1. `spec` stands in errors.
    ///
    /// # Errors
    /// [`OrbitError::DegreeMismatch`] unless there are N places; [`OrbitError::NoPixels`]; [`OrbitError::Group`].
    pub fn cyclic(
        spec: &str,
        places: usize,
        axis: PermutedAxis,
        image_shape: [usize; 3],
    ) -> Result<Self, OrbitError> {
        Self::checked(spec, FiniteGroup::cyclic(places)?, places, axis, image_shape)
    }

    /// A group made of permutations, such as a symmetric group; `spec` stands in errors.
    ///
    /// # Errors
    /// [`OrbitError::NotPermutations`] for a group that is made of something else; [`OrbitError::DegreeMismatch`] unless
    /// there are as many places as it permutes; [`OrbitError::NoPixels`].
    pub fn new(
        spec: &str,
        group: FiniteGroup,
        axis: PermutedAxis,
        image_shape: [usize; 3],
    ) -> Result<Self, OrbitError> {
        let Some(images) = group.permutation(group.identity()) else {
            return Err(OrbitError::NotPermutations { spec: spec.into(), group: group.name() });
        };
        Self::checked(spec, group, images.len(), axis, image_shape)
    }

    fn checked(
        spec: &str,
        group: FiniteGroup,
        degree: usize,
        axis: PermutedAxis,
        image_shape: [usize; 3],
    ) -> Result<Self, OrbitError> {
        if image_shape.contains(&0) {
            return Err(OrbitError::NoPixels { shape: image_shape });
        }
        if axis.places(image_shape) != degree {
            return Err(degree_mismatch(spec, degree, image_shape));
        }
        Ok(Self { group, image_shape, axis })
    }

    /// $g(0), g(1), …$
    fn images(&self, element: usize) -> Vec<usize> {
        assert!(element < self.group.order(), "element {element} of a group of {}", self.group.order());
        match self.group.as_cyclic() {
            Some(places) => (0..places).map(|place| (place + element) % places).collect(),
            None => self.group.permutation(element).expect("checked when it was made"),
        }
    }
}

/// The error of data that have no axis of `degree` places.
pub(crate) fn degree_mismatch(spec: &str, degree: usize, shape: [usize; 3]) -> OrbitError {
    let [height, width, channels] = shape;
    let of_channels = if channels == 1 { "1 channel".into() } else { format!("{channels} channels") };
    let sizes = match height * width {
        1 => channels.to_string(),
        pixels => format!("{height} rows, {pixels} pixels and {of_channels}"),
    };
    OrbitError::DegreeMismatch { spec: spec.into(), verb: "permutes", degree, shape, sizes }
}

impl GroupAction for PermutationAction {
    fn group(&self) -> &FiniteGroup {
        &self.group
    }

    fn image_shape(&self) -> [usize; 3] {
        self.image_shape
    }

    fn act(&self, element: usize, image: ArrayView3<'_, f64>, mut out: ArrayViewMut3<'_, f64>) {
        let [_, width, _] = self.image_shape;
        for (place, target) in self.images(element).into_iter().enumerate() {
            match self.axis {
                PermutedAxis::Points => {
                    out.index_axis_mut(Axis(0), target).assign(&image.index_axis(Axis(0), place));
                }
                PermutedAxis::Channels => {
                    out.index_axis_mut(Axis(2), target).assign(&image.index_axis(Axis(2), place));
                }
                PermutedAxis::Pixels => {
                    for channel in 0..self.image_shape[2] {
                        out[[target / width, target % width, channel]] =
                            image[[place / width, place % width, channel]];
                    }
                }
            }
        }
    }

    fn permutation(&self, element: usize) -> Option<Vec<usize>> {
        let [height, width, _] = self.image_shape;
        let images = self.images(element);
        let mut sources: Vec<usize> = (0..height * width).collect();
        match self.axis {
            PermutedAxis::Channels => {
                let moves_nothing = images.iter().enumerate().all(|(place, &target)| place == target);
                return moves_nothing.then_some(sources);
            }
            PermutedAxis::Pixels => {
                for (place, target) in images.into_iter().enumerate() {
                    sources[target] = place;
                }
            }
            PermutedAxis::Points => {
                for (place, target) in images.into_iter().enumerate() {
                    for x in 0..width {
                        sources[target * width + x] = place * width + x;
                    }
                }
            }
        }
        Some(sources)
    }

    fn is_permutation(&self) -> bool {
        true
    }
}
