//! Every pose of every seed, sampled once.

use isotypic_group::FiniteGroup;
use ndarray::{Array2, ArrayRef4, ArrayView2, ArrayView4, ArrayViewMut4, Axis};

use crate::{GroupAction, Normalization, OrbitError, OrbitLayout};

/// The union of the orbits of some images, normalised, with one label per seed.
///
/// # Shapes
/// - points: `[seeds * order, H * W * C]`, row by [`OrbitLayout`], each row an image `[H, W, C]` in C order
/// - labels: `[seeds]`, class indices; constant on each orbit
///
/// # Examples
/// ```
/// use isotypic_orbit::{ActionSpec, Normalization, OrbitDataset};
/// use ndarray::array;
///
/// let images = array![[[[1.0], [2.0], [3.0]]], [[[4.0], [6.0], [8.0]]]]; // two images of 1×3 pixels
/// let action = ActionSpec::parse("translation-x:3")?.resolve([1, 3, 1])?;
/// let orbits = OrbitDataset::sample(&images, &[0, 1], action.as_ref(), &Normalization::none())?;
/// assert_eq!(orbits.points().row(orbits.layout().row(1, 2)), array![6.0, 8.0, 4.0]);
/// # Ok::<(), isotypic_orbit::OrbitError>(())
/// ```
#[derive(Clone, Debug)]
pub struct OrbitDataset {
    points: Array2<f64>,
    image_shape: [usize; 3],
    layout: OrbitLayout,
    group: FiniteGroup,
    labels: Vec<usize>,
}

impl OrbitDataset {
    /// Acts with every group element on every image `[seeds, H, W, C]`, then normalises.
    ///
    /// # Errors
    /// [`OrbitError::NoSeeds`], [`OrbitError::LabelCount`], [`OrbitError::ImageShape`], [`OrbitError::NotFinite`],
    /// [`OrbitError::NotNormalizable`] with the position of the image, [`OrbitError::TooLarge`].
    pub fn sample(
        images: &ArrayRef4<f64>,
        labels: &[usize],
        action: &dyn GroupAction,
        normalization: &Normalization,
    ) -> Result<Self, OrbitError> {
        let (seeds, height, width, channels) = images.dim();
        let (expected, got) = (action.image_shape(), [height, width, channels]);
        if expected != got {
            return Err(OrbitError::ImageShape { expected, got });
        }
        if seeds == 0 {
            return Err(OrbitError::NoSeeds);
        }
        if labels.len() != seeds {
            return Err(OrbitError::LabelCount { seeds, labels: labels.len() });
        }
        if let Some(((image, row, column, channel), &value)) =
            images.indexed_iter().find(|(_, value)| !value.is_finite())
        {
            return Err(OrbitError::NotFinite { image, row, column, channel, value });
        }
        let (order, values) = (action.group().order(), height * width * channels);
        let mut points = zeros(seeds, order, values)?;
        for (seed, image) in images.axis_iter(Axis(0)).enumerate() {
            let orbit = &mut points[seed * order * values..(seed + 1) * order * values];
            let poses = ArrayViewMut4::from_shape((order, height, width, channels), &mut *orbit)
                .expect("as many values as one orbit has");
            action.orbit(image, poses);
            for pose in orbit.chunks_exact_mut(values) {
                normalization.apply(seed, pose)?;
            }
        }
        let layout = OrbitLayout::new(seeds, order);
        let points =
            Array2::from_shape_vec((layout.len(), values), points).expect("as many values as rows ask for");
        Ok(Self { points, image_shape: got, layout, group: action.group().clone(), labels: labels.to_vec() })
    }

    /// The points, one per row.
    #[must_use]
    pub fn points(&self) -> ArrayView2<'_, f64> {
        self.points.view()
    }

    /// The points as images `[seeds * order, H, W, C]`.
    #[must_use]
    pub fn images(&self) -> ArrayView4<'_, f64> {
        let [height, width, channels] = self.image_shape;
        self.points
            .view()
            .into_shape_with_order((self.layout.len(), height, width, channels))
            .expect("rows are whole images in C order")
    }

    /// Shape of each point as an image: `[H, W, C]`.
    #[must_use]
    pub fn image_shape(&self) -> [usize; 3] {
        self.image_shape
    }

    /// The map between (seed, element) and row.
    #[must_use]
    pub fn layout(&self) -> OrbitLayout {
        self.layout
    }

    /// The group.
    #[must_use]
    pub fn group(&self) -> &FiniteGroup {
        &self.group
    }

    /// Class index of each seed.
    #[must_use]
    pub fn labels(&self) -> &[usize] {
        &self.labels
    }

    /// The rows that form the orbits of a smaller cyclic group of the same family, in the layout of that group: the
    /// orbit at `poses` poses is contained in this one, bit for bit.
    ///
    /// # Errors
    /// [`OrbitError::NotASubgroup`] unless this group is cyclic and `poses` divides its order.
    pub fn subset_rows(&self, poses: usize) -> Result<Vec<usize>, OrbitError> {
        let coarse = FiniteGroup::cyclic(poses)?;
        let elements = coarse
            .embedding_into(&self.group)
            .ok_or_else(|| OrbitError::NotASubgroup { subgroup: coarse.name(), group: self.group.name() })?;
        Ok(self.layout.rows_at(&elements))
    }
}

/// Zeros for all points, or an error where a plain allocation would end the program.
fn zeros(seeds: usize, order: usize, values: usize) -> Result<Vec<f64>, OrbitError> {
    let too_large = || OrbitError::TooLarge { seeds, order, values };
    let count = seeds.checked_mul(order).and_then(|rows| rows.checked_mul(values)).ok_or_else(too_large)?;
    let mut points = Vec::new();
    points.try_reserve_exact(count).map_err(|_| too_large())?;
    points.resize(count, 0.0);
    Ok(points)
}
