//! The points of an audit, whatever they come from: seeds with labels, and kernels between their poses.

use isotypic_data::{DataSource, Features, GramMatrix, LabelledImages, Labels};
use isotypic_gram::DenseGram;
use isotypic_group::FiniteGroup;
use isotypic_orbit::{ActionSpec, Normalization, OrbitDataset, OrbitError, OrbitLayout, homomorphism_defect};
use isotypic_work::{ContentHash, Monitor};
use ndarray::{Array2, s};

use super::settings::{AuditInput, AuditSettings};
use crate::audit_kernel::AuditKernel;
use crate::orbit_gram::{self, OrbitGram};
use crate::{Error, KernelKind};

/// Loaded and checked input.
pub(crate) enum Subjects {
    Images(LabelledImages),
    Features { features: Features, name: String, hash: String },
    Gram { gram: GramMatrix, labels: Labels, name: String, hash: String },
}

/// How poses of a seed come about.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Poses {
    /// By acting on its image.
    Action(ActionSpec),
    /// They are given; the abstract group says how they follow each other.
    Given(FiniteGroup),
}

/// The Gram matrix of the orbits of some seeds, and what goes with it.
pub(crate) struct Orbits {
    pub(crate) gram: OrbitGram,
    /// All poses of all seeds, `[seeds·|G|, d]`, if there are points.
    pub(crate) points: Option<Array2<f64>>,
}

impl Subjects {
    /// Reads the input of an audit.
    pub(crate) fn load(settings: &AuditSettings) -> Result<Self, Error> {
        let labels = settings.labels.as_deref().map(Labels::parse).transpose()?;
        let needed = |what: &str| {
            Error::settings(
                format!("{what}: labels of the seeds are needed"),
                "pass `--labels=+1,-1,…`, one per seed, or a file",
            )
        };
        match &settings.input {
            AuditInput::Data(source) => {
                let images = DataSource::parse(source)?.load(settings.split, labels.as_ref())?;
                Ok(Self::Images(images))
            }
            AuditInput::Features(path) => {
                let labels = labels.ok_or_else(|| needed("features"))?;
                let features = Features::load(path, labels)?;
                let hash = ContentHash::of_file(path)?.to_string();
                Ok(Self::Features { features, name: path.display().to_string(), hash })
            }
            AuditInput::Gram(path) => {
                let labels = labels.ok_or_else(|| needed("gram matrix"))?;
                let gram = GramMatrix::load(path)?;
                let hash = ContentHash::of_file(path)?.to_string();
                Self::of_gram(settings, gram, labels, path.display().to_string(), hash)
            }
            AuditInput::LoadedImages(images) => Ok(Self::Images(images.clone())),
            AuditInput::LoadedFeatures(features) => {
                let hash = ContentHash::of_array(features.values().shape(), features.values()).to_string();
                Ok(Self::Features { features: features.clone(), name: "features".to_owned(), hash })
            }
            AuditInput::LoadedGram(gram, labels) => {
                let hash = ContentHash::of_array(gram.values().shape(), gram.values()).to_string();
                Self::of_gram(settings, gram.clone(), labels.clone(), "gram".to_owned(), hash)
            }
        }
    }

    /// A Gram matrix with one label per seed.
    fn of_gram(
        settings: &AuditSettings,
        gram: GramMatrix,
        labels: Labels,
        name: String,
        hash: String,
    ) -> Result<Self, Error> {
        // One label per point is as good, once the group tells which points are one orbit.
        let order = match &settings.question {
            Some(question) if labels.len() == gram.dimension() => {
                isotypic_orbit::abstract_group(&question.group)?.order()
            }
            _ => 1,
        };
        let labels = labels
            .per_orbit("labels", gram.dimension() / order, order)
            .or_else(|error| if order == 1 { Ok(labels) } else { Err(error) })?;
        Ok(Self::Gram { gram, labels, name, hash })
    }

    /// The labels of the seeds.
    pub(crate) fn labels(&self) -> &Labels {
        match self {
            Self::Images(images) => images.labels(),
            Self::Features { features, .. } => features.labels(),
            Self::Gram { labels, .. } => labels,
        }
    }

    /// Name and content hash, for the report.
    pub(crate) fn identity(&self) -> (String, String) {
        match self {
            Self::Images(images) => (images.name().to_owned(), images.content_hash()),
            Self::Features { name, hash, .. } | Self::Gram { name, hash, .. } => (name.clone(), hash.clone()),
        }
    }

    /// Shape of one input of a network; `None` for a Gram matrix, which needs none.
    pub(crate) fn input_shape(&self) -> Option<Vec<usize>> {
        match self {
            Self::Images(images) => Some(images.image_shape().to_vec()),
            Self::Features { features, .. } => Some(vec![features.dimension()]),
            Self::Gram { .. } => None,
        }
    }

    /// Shape `[H, W, C]` of the images that an action moves; `None` where poses are given.
    pub(crate) fn image_shape(&self) -> Option<[usize; 3]> {
        match self {
            Self::Images(images) => Some(images.image_shape()),
            Self::Features { .. } | Self::Gram { .. } => None,
        }
    }

    /// The number of poses that is given with the points; `None` where an action makes them.
    pub(crate) fn given_poses(&self) -> Option<usize> {
        match self {
            Self::Images(_) => None,
            Self::Features { features, .. } => Some(features.poses()),
            Self::Gram { gram, labels, .. } => Some(gram.dimension() / labels.len().max(1)),
        }
    }

    /// Whether the poses only permute the coordinates of their points, so that a kernel may be exactly invariant.
    pub(crate) fn permutes(&self, poses: &Poses) -> Result<bool, Error> {
        match (self, poses) {
            (Self::Images(images), Poses::Action(action)) => {
                Ok(action.resolve(images.image_shape())?.is_permutation())
            }
            _ => Ok(false),
        }
    }

    /// The group of some poses.
    pub(crate) fn group_of(&self, poses: &Poses) -> Result<FiniteGroup, Error> {
        poses.group()
    }

    /// Refuses poses that the points do not have.
    pub(crate) fn check_poses(&self, poses: &Poses) -> Result<(), Error> {
        match (self, poses) {
            (Self::Images(images), Poses::Action(action)) => {
                action.resolve(images.image_shape())?;
                Ok(())
            }
            (Self::Features { features, name, .. }, Poses::Given(group))
                if group.order() != features.poses() =>
            {
                Err(Error::settings(
                    format!(
                        "features `{name}`: expected {} poses for group `{group}`, got {}",
                        group.order(),
                        features.poses()
                    ),
                    "axis 1 of the features holds the poses, one per group element",
                ))
            }
            (Self::Gram { gram, labels, .. }, Poses::Given(group)) => {
                Ok(gram.check_size(labels.len(), group.order())?)
            }
            _ => Ok(()),
        }
    }

    /// How nearly the poses are made by an action, on one image; `None` where they are given.
    pub(crate) fn homomorphism_defect(&self, poses: &Poses, seed: usize) -> Result<Option<f64>, Error> {
        let (Self::Images(images), Poses::Action(action)) = (self, poses) else { return Ok(None) };
        let action = action.resolve(images.image_shape())?;
        if action.is_permutation() {
            return Ok(Some(0.0));
        }
        Ok(Some(homomorphism_defect(action.as_ref(), images.image(seed)?.view()).value))
    }

    /// The Gram matrix of all poses of some seeds.
    pub(crate) fn orbits(
        &self,
        seeds: &[usize],
        poses: &Poses,
        normalization: &Normalization,
        kernel: Option<(&AuditKernel, KernelKind)>,
        monitor: &Monitor,
    ) -> Result<Orbits, Error> {
        let (points, group, permutes) = match (self, poses) {
            (Self::Images(images), Poses::Action(action)) => {
                let action = action.resolve(images.image_shape())?;
                let labels: Vec<usize> = seeds.iter().map(|&seed| images.labels().indices()[seed]).collect();
                let orbits =
                    OrbitDataset::sample(&images.images(seeds)?, &labels, action.as_ref(), normalization)
                        .map_err(|error| rename_image(error, seeds))?;
                (orbits.points().to_owned(), orbits.group().clone(), action.is_permutation())
            }
            (Self::Features { features, .. }, Poses::Given(group)) => {
                let values = features.values();
                let mut points = Array2::zeros((seeds.len() * features.poses(), features.dimension()));
                for (at, &seed) in seeds.iter().enumerate() {
                    let rows = at * features.poses()..(at + 1) * features.poses();
                    points.slice_mut(s![rows, ..]).assign(&values.index_axis(ndarray::Axis(0), seed));
                }
                (points, group.clone(), false)
            }
            (Self::Gram { gram, labels, .. }, Poses::Given(group)) => {
                let layout = OrbitLayout::new(labels.len(), group.order());
                let rows: Vec<usize> = seeds
                    .iter()
                    .flat_map(|&seed| group.elements().map(move |g| layout.row(seed, g)))
                    .collect();
                let matrix = Array2::from_shape_fn((rows.len(), rows.len()), |(i, j)| {
                    gram.values()[[rows[i], rows[j]]]
                });
                let gram = OrbitGram::dense(DenseGram::new(matrix, seeds.len(), group.clone())?);
                return Ok(Orbits { gram, points: None });
            }
            _ => unreachable!("questions are made for the kind of input"),
        };
        let (kernel, kind) = kernel.expect("points come with a kernel");
        let gram = orbit_gram::evaluate(kernel, kind, points.view(), &group, permutes, monitor)?;
        Ok(Orbits { gram, points: Some(points) })
    }
}

/// Names an image by its place in the dataset, where the orbit only knows its place among the seeds.
pub(crate) fn rename_image(error: OrbitError, indices: &[usize]) -> Error {
    let hint = error.hint();
    match error {
        OrbitError::NotNormalizable { image, .. } if image < indices.len() => {
            let message = error.to_string().replacen(
                &format!("image {image}"),
                &format!("image {}", indices[image]),
                1,
            );
            Error::Settings { message, hint }
        }
        error => Error::Orbit(error),
    }
}
