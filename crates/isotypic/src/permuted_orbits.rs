//! A kernel of lengths and inner products on the orbits of some seeds, without the poses.
//!
//! Where a group with commuting shifts only moves numbers and a kernel depends on lengths and inner products alone, all values between two orbits
//! follow from the inner products of one seed with all poses of the other: one Fourier transform (`OrbitCorrelation`) and one run
//! through the layers (`DotProductKernel`). Nothing of the size of all points is ever made.

mod row_check;

use std::sync::Arc;

use isotypic_group::{FiniteGroup, FourierPlanner, GroupFourier};
use isotypic_kernel::{CompiledKernel, DotProductRun, PreparedInputs};
use isotypic_orbit::{CorrelationScratch, GroupAction, Normalization, OrbitCorrelation};
use isotypic_predict::OrbitKernel;
use isotypic_work::ContentHash;
use ndarray::{Array2, Array4, ArrayView3, ArrayViewMut3, Axis};

use crate::lookalikes::{candidates, same_points};
use crate::{Error, KernelKind};

pub use row_check::RowCheck;

/// Relative squared distance in feature space below which two points are the same to a kernel: rounding.
const SAME: f64 = 4.0 * f64::EPSILON;

/// The kernel between the orbits of some seeds.
pub struct PermutedOrbits<'a> {
    kernel: &'a CompiledKernel,
    kind: KernelKind,
    action: Box<dyn GroupAction>,
    normalization: Normalization,
    images: Array4<f64>,
    /// `[seeds, H * W * C]`, normalised.
    points: Array2<f64>,
    prepared: PreparedInputs<f64>,
    correlation: OrbitCorrelation,
    transform: Arc<dyn GroupFourier>,
    variances: Vec<f64>,
}

/// What one thread needs to evaluate pairs of orbits.
pub struct OrbitRun<'a> {
    map: DotProductRun<'a>,
    products: Vec<f64>,
    scratch: CorrelationScratch,
}

impl<'a> PermutedOrbits<'a> {
    /// Prepares seeds; `None` if the kernel sees positions, or the action blends numbers or has no commuting shifts
    /// (see [`OrbitCorrelation::knows`]).
    ///
    /// # Shapes
    /// - `images`: `[seeds, H, W, C]`, normalised here
    ///
    /// # Errors
    /// An image that cannot be normalised, or whose kernel cannot be represented.
    pub fn new(
        images: Array4<f64>,
        action: Box<dyn GroupAction>,
        normalization: &Normalization,
        kernel: &'a CompiledKernel,
        kind: KernelKind,
    ) -> Result<Option<Self>, Error> {
        let Some(dot_product) = kernel.as_dot_product() else { return Ok(None) };
        let (seeds, length) = (images.len_of(Axis(0)), kernel.point_length());
        let mut points = Array2::from_shape_vec((seeds, length), images.iter().copied().collect())
            .expect("the kernel was compiled for images of this shape");
        for (seed, mut point) in points.outer_iter_mut().enumerate() {
            let pixels = point.as_slice_mut().expect("rows of a new array are contiguous");
            normalization.apply(seed, pixels)?;
        }
        let Some(correlation) = OrbitCorrelation::new(action.as_ref(), points.view())? else {
            return Ok(None);
        };
        let transform = FourierPlanner::new().plan(action.group())?;
        let prepared = kernel.prepare(points.view())?;
        let variances = dot_product.variances(&prepared, kind.outputs())?;
        let normalization = normalization.clone();
        Ok(Some(Self {
            kernel,
            kind,
            action,
            normalization,
            images,
            points,
            prepared,
            correlation,
            transform,
            variances,
        }))
    }

    /// Bytes that so many seeds take.
    pub(crate) fn bytes_of(kernel: &CompiledKernel, group: &FiniteGroup, seeds: usize) -> u64 {
        let length = kernel.point_length();
        let images = 3 * (seeds * length * size_of::<f64>()) as u64;
        // Rows of the direct check are made once the coefficients are gone.
        images + OrbitCorrelation::bytes(group, seeds, length)
    }

    /// Everything that values depend on, as a hash.
    pub(crate) fn content_hash(&self) -> ContentHash {
        let points = ContentHash::of_array(self.points.shape(), &self.points);
        let group = self.action.group();
        let description =
            format!("{points} {group:?} {:?} {} {:?}", self.images.dim(), self.kind, self.kernel);
        ContentHash::of_bytes(description.as_bytes())
    }

    /// Poses that are the same to the kernel: (s, t, u) with s ≥ t where $x_s$ and $u·x_t$ are one point; of a seed with itself u ≠ 1.
    ///
    /// A permutation keeps sums of powers, so only seeds with nearly equal ones are compared.
    ///
    /// # Errors
    /// Of the kernel.
    pub fn lookalikes(&self) -> Result<Vec<(usize, usize, usize)>, Error> {
        let order = self.action.group().order();
        same_points(candidates(self.points.view()), &self.variances, SAME, |s, t| {
            let (mut run, mut values) = (self.start()?, vec![0.0; order]);
            self.between(&mut run, s, t, &mut values)?;
            Ok(values)
        })
    }

    /// Values between two orbits.
    pub(crate) fn evaluate(
        &self,
        run: &mut OrbitRun<'_>,
        (s, t): (usize, usize),
        values: &mut [f64],
    ) -> Result<(), Error> {
        let OrbitRun { map, products, scratch } = run;
        self.correlation.inner_products(s, t, products, scratch);
        let pose = |element: usize, out: &mut [f64]| {
            let point = self.points.row(t);
            let point = point.to_slice().expect("rows of a matrix in C order are contiguous");
            let image = ArrayView3::from_shape(self.action.image_shape(), point);
            self.act(element, image.expect("one number per coordinate"), out);
        };
        Ok(map.map((s, t), products, pose, values)?)
    }

    fn act(&self, element: usize, image: ArrayView3<'_, f64>, out: &mut [f64]) {
        let out = ArrayViewMut3::from_shape(self.action.image_shape(), out);
        self.action.act(element, image, out.expect("one number per coordinate"));
    }
}

impl OrbitKernel for PermutedOrbits<'_> {
    type Error = Error;
    type Run<'a>
        = OrbitRun<'a>
    where
        Self: 'a;

    fn transform(&self) -> &Arc<dyn GroupFourier> {
        &self.transform
    }

    fn variances(&self) -> &[f64] {
        &self.variances
    }

    fn start(&self) -> Result<OrbitRun<'_>, Error> {
        let order = self.action.group().order();
        let kernel = self.kernel.as_dot_product().expect("checked when these orbits were made");
        Ok(OrbitRun {
            map: kernel.run(&self.prepared, order, self.kind.outputs())?,
            products: vec![0.0; order],
            scratch: CorrelationScratch::default(),
        })
    }

    fn between(&self, run: &mut OrbitRun<'_>, s: usize, t: usize, values: &mut [f64]) -> Result<(), Error> {
        self.evaluate(run, (s, t), values)
    }

    fn seconds_per_value(&self) -> f64 {
        self.kernel.as_dot_product().map_or(0.0, |kernel| kernel.seconds_per_pair())
    }

    fn bytes(&self) -> u64 {
        Self::bytes_of(self.kernel, self.action.group(), self.points.nrows())
    }
}

impl std::fmt::Debug for PermutedOrbits<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let seeds = self.points.nrows();
        formatter.debug_struct("PermutedOrbits").field("seeds", &seeds).finish_non_exhaustive()
    }
}
