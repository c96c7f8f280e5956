//! Orbits of images as an array.

use isotypic_data::{DataSource, LabelledImages, Split};
use isotypic_orbit::{ActionSpec, Normalization, OrbitDataset};
use isotypic_work::Plan;
use ndarray::Array5;

use crate::Error;
use crate::audit::rename_image;

/// Which orbits.
#[derive(Debug, Clone, PartialEq)]
pub struct OrbitSettings {
    /// A known dataset or a path.
    pub data: String,
    /// Part of a dataset that comes in parts.
    pub split: Split,
    /// The group with its action, such as `rotation:16`.
    pub group: String,
    /// What is done to an image after the group has acted.
    pub normalization: Normalization,
    /// Indices of the images; `None` for all.
    pub indices: Option<Vec<usize>>,
}

/// Images and a group that acts on them.
#[derive(Debug)]
pub struct OrbitJob {
    images: LabelledImages,
    action: ActionSpec,
    normalization: Normalization,
    indices: Vec<usize>,
}

impl OrbitJob {
    /// Loads the images and checks the group against them.
    ///
    /// # Errors
    /// An [`Error`] that names the file, the group or the index.
    pub fn prepare(settings: &OrbitSettings) -> Result<Self, Error> {
        let action = ActionSpec::parse(&settings.group)?;
        let images = DataSource::parse(&settings.data)?.load(settings.split, None)?;
        action.resolve(images.image_shape())?;
        let indices = settings.indices.clone().unwrap_or_else(|| (0..images.len()).collect());
        if indices.is_empty() {
            return Err(Error::settings("indices: the list is empty", "give at least one index"));
        }
        if let Some(index) = indices.iter().find(|&&index| index >= images.len()) {
            return Err(Error::settings(
                format!("index {index} is out of range, the dataset has {} items", images.len()),
                "indices count from 0, in file order",
            ));
        }
        Ok(Self { images, action, normalization: settings.normalization.clone(), indices })
    }

    /// What the orbits will take.
    ///
    /// # Errors
    /// If the group is too large.
    pub fn plan(&self) -> Result<Plan, Error> {
        let numbers: usize = self.images.image_shape().iter().product();
        let images = self.indices.len() * self.action.group()?.order();
        // Nominal 0.1 µs per pixel; the array is held twice while it is written.
        Ok(Plan {
            entries: images as u64,
            bytes: 16 * (images * numbers) as u64,
            seconds: 1e-7 * (images * numbers) as f64,
        })
    }

    /// The orbits, `[seeds, |G|, H, W, C]`, group elements in their order.
    ///
    /// # Errors
    /// If an image cannot be normalised.
    pub fn run(&self) -> Result<Array5<f64>, Error> {
        let action = self.action.resolve(self.images.image_shape())?;
        let labels: Vec<usize> =
            self.indices.iter().map(|&index| self.images.labels().indices()[index]).collect();
        let images = self.images.images(&self.indices)?;
        let orbits = OrbitDataset::sample(&images, &labels, action.as_ref(), &self.normalization)
            .map_err(|error| rename_image(error, &self.indices))?;
        let [height, width, channels] = self.images.image_shape();
        let shape = (self.indices.len(), orbits.layout().order(), height, width, channels);
        Ok(orbits.points().to_owned().into_shape_with_order(shape).expect("rows are whole images in C order"))
    }
}
