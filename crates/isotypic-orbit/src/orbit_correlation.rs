//! Inner products between whole orbits, all poses at once.
//!
//! A commutative group that only moves numbers divides the coordinates into orbits of its own. Along the orbit of a coordinate p with
//! $n$ numbers let $f(g) = x[g·p]$ and $h(g) = y[g·p]$, functions on the group; then
//! $\langle x, u·y\rangle = \sum_p \frac{n}{|G|} \sum_g f(g)\,h(u^{-1}g)$, a cross-correlation, which the Fourier transform turns into
//! $\hat f(\rho)\,\overline{\hat h(\rho)}$ at every irrep. Each seed is transformed once, each pair of seeds needs one transform back:
//! for circular shifts of an image an FFT of its size in place of as many inner products as there are shifts.
//!
//! Of a semidirect product $N ⋊ H$ with commutative N, such as shifts with turns, $\langle x, nh·y\rangle = \langle x, n·(h·y)\rangle$: the
//! points $h·y$ are transformed under N, and each pair of seeds needs one transform back for every h.

use std::fmt;
use std::sync::Arc;

use isotypic_group::{FiniteGroup, FourierPlanner, FourierScratch, GroupFourier};
use ndarray::{Array3, ArrayView2};
use num_complex::Complex64;

use crate::{GroupAction, OrbitError};

/// The Fourier coefficients of some points along the orbits of their coordinates.
///
/// # Examples
/// ```
/// use isotypic_orbit::{ActionSpec, CorrelationScratch, OrbitCorrelation};
/// use ndarray::array;
///
/// let action = ActionSpec::parse("translation-x:3")?.resolve([1, 3, 1])?;
/// let points = array![[1.0, 2.0, 3.0], [4.0, 6.0, 8.0]];
/// let correlation = OrbitCorrelation::new(action.as_ref(), points.view())?.expect("shifts commute");
/// let mut products = [0.0; 3];
/// correlation.inner_products(0, 1, &mut products, &mut CorrelationScratch::default());
/// // (4, 6, 8) shifted by two is (6, 8, 4).
/// assert!((products[2] - (6.0 + 2.0 * 8.0 + 3.0 * 4.0)).abs() < 1e-13);
/// # Ok::<(), isotypic_orbit::OrbitError>(())
/// ```
#[derive(Clone)]
pub struct OrbitCorrelation {
    group: FiniteGroup,
    /// Of the commutative normal subgroup, whose element n is $n·|H|$ in the group.
    transform: Arc<dyn GroupFourier>,
    seeds: usize,
    /// $|H|$: 1 where the group itself is commutative.
    turns: usize,
    /// For each orbit of coordinates $n/|G|$: 1 where no element but the identity fixes its coordinates.
    weights: Vec<f64>,
    /// `[seeds][turns][orbits of coordinates][irreps]`.
    spectra: Vec<Complex64>,
}

/// Buffers for [`OrbitCorrelation::inner_products`]; any one serves any number of calls, one at a time.
#[derive(Clone, Debug, Default)]
pub struct CorrelationScratch {
    coefficients: Vec<Complex64>,
    products: Vec<f64>,
    transform: FourierScratch,
}

impl OrbitCorrelation {
    /// Transforms points on which a group acts; `None` unless the action only moves numbers and the group is commutative, or was made as
    /// a [semidirect product](FiniteGroup::semidirect_product) such as p4 and p4m.
    ///
    /// # Shapes
    /// - `points`: `[seeds, H * W * C]`, each row an image in C order
    ///
    /// # Errors
    /// [`OrbitError::Group`] if the irreps of the group are not known.
    ///
    /// # Panics
    /// If the rows are not images of the action's shape.
    pub fn new(action: &dyn GroupAction, points: ArrayView2<'_, f64>) -> Result<Option<Self>, OrbitError> {
        let group = action.group();
        let Some((normal, turns)) = Self::normal_subgroup(group).filter(|_| action.is_permutation()) else {
            return Ok(None);
        };
        let transform = FourierPlanner::new().plan(&normal)?;
        let tracks = Tracks::of(action, turns);
        assert_eq!(points.ncols(), tracks.coordinates, "points have the shape that the action moves");
        let (order, length) = (normal.order(), transform.coefficients_len());
        let mut spectra = vec![Complex64::ZERO; points.nrows() * turns * tracks.sizes.len() * length];
        let (mut scratch, mut along) = (FourierScratch::new(), vec![0.0; order]);
        let mut chunks = spectra.chunks_exact_mut(length);
        let mut turned = Array3::zeros(action.image_shape());
        for point in points.outer_iter() {
            let pixels = point.iter().copied().collect();
            let image = Array3::from_shape_vec(action.image_shape(), pixels);
            let image = image.expect("points have the shape that the action moves");
            for turn in 0..turns {
                action.act(turn, image.view(), turned.view_mut());
                let turned = turned.as_slice().expect("a new array is in C order");
                for track in tracks.positions.chunks_exact(order) {
                    for (value, &position) in along.iter_mut().zip(track) {
                        *value = turned[position];
                    }
                    let spectrum =
                        chunks.next().expect("there is one spectrum for each point, turn and track");
                    transform.forward_with_scratch(&along, spectrum, &mut scratch);
                }
            }
        }
        let weights = tracks.sizes.iter().map(|&size| size as f64 / order as f64).collect();
        let (group, seeds) = (group.clone(), points.nrows());
        Ok(Some(Self { group, transform, seeds, turns, weights, spectra }))
    }

    /// A commutative normal subgroup N whose element n is $n·|H|$ in the group, and $|H|$.
    fn normal_subgroup(group: &FiniteGroup) -> Option<(FiniteGroup, usize)> {
        match group.as_semidirect() {
            Some((normal, complement)) => Some((normal, complement.order())),
            None => group.is_abelian().then(|| (group.clone(), 1)),
        }
    }

    /// Whether there are correlations for this group.
    #[must_use]
    pub fn knows(group: &FiniteGroup) -> bool {
        Self::normal_subgroup(group).is_some()
    }

    /// Number of points.
    #[must_use]
    pub fn seeds(&self) -> usize {
        self.seeds
    }

    /// The group.
    #[must_use]
    pub fn group(&self) -> &FiniteGroup {
        &self.group
    }

    /// Bytes of the spectra of so many points with so many coordinates.
    #[must_use]
    pub fn bytes(group: &FiniteGroup, seeds: usize, coordinates: usize) -> u64 {
        let turns = Self::normal_subgroup(group).map_or(1, |(_, turns)| turns);
        // Of a conjugate pair of irreps one is held: as many numbers as coordinates, and a few more for real irreps.
        let per_turn = (coordinates + coordinates / 8 + 16) * size_of::<f64>();
        (seeds * turns * per_turn) as u64
    }

    /// $\langle x_s, u·x_t\rangle$ for all u.
    ///
    /// # Shapes
    /// - `products`: `[order]`, overwritten
    ///
    /// # Panics
    /// When a seed is out of range or `products` has another length.
    pub fn inner_products(&self, s: usize, t: usize, products: &mut [f64], scratch: &mut CorrelationScratch) {
        assert!(s < self.seeds && t < self.seeds, "seeds {s} and {t} of {}", self.seeds);
        assert_eq!(products.len(), self.group.order(), "one inner product for every element");
        let (length, order) = (self.transform.coefficients_len(), self.transform.group().order());
        let size = length * self.weights.len();
        let of_seed = |seed: usize, turn: usize| {
            let start = (seed * self.turns + turn) * size;
            self.spectra[start..start + size].chunks_exact(length)
        };
        let CorrelationScratch { coefficients, products: of_turn, transform } = scratch;
        of_turn.resize(order, 0.0);
        for turn in 0..self.turns {
            coefficients.clear();
            coefficients.resize(length, Complex64::ZERO);
            for ((left, right), &weight) in of_seed(s, 0).zip(of_seed(t, turn)).zip(&self.weights) {
                for ((sum, left), right) in coefficients.iter_mut().zip(left).zip(right) {
                    *sum += left * right.conj() * weight;
                }
            }
            self.transform.inverse_with_scratch(coefficients, of_turn, transform);
            for (product, value) in products[turn..].iter_mut().step_by(self.turns).zip(of_turn.iter()) {
                *product = *value;
            }
        }
    }
}

impl fmt::Debug for OrbitCorrelation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("OrbitCorrelation")
            .field("group", &self.group)
            .field("seeds", &self.seeds)
            .finish_non_exhaustive()
    }
}

/// Where the elements of a normal subgroup take one coordinate of each orbit of coordinates.
struct Tracks {
    coordinates: usize,
    /// `[orbits of coordinates][order]`: the place to which element g moves the first coordinate of the orbit.
    positions: Vec<usize>,
    /// Coordinates in each orbit.
    sizes: Vec<usize>,
}

impl Tracks {
    /// Of the elements $n·\mathrm{turns}$.
    fn of(action: &dyn GroupAction, turns: usize) -> Self {
        let shape = action.image_shape();
        let coordinates: usize = shape.iter().product();
        // An image of its own coordinates shows where each number of a pose comes from; all are far below 2^53.
        let labels = Array3::from_shape_fn(shape, |(y, x, c)| ((y * shape[1] + x) * shape[2] + c) as f64);
        let mut pose = labels.clone();
        let order = action.group().order() / turns;
        let mut targets = vec![0_usize; order * coordinates];
        for (element, targets) in targets.chunks_exact_mut(coordinates.max(1)).enumerate() {
            action.act(element * turns, labels.view(), pose.view_mut());
            for (place, &source) in pose.iter().enumerate() {
                targets[source as usize] = place;
            }
        }
        let mut seen = vec![false; coordinates];
        let (mut positions, mut sizes) = (Vec::new(), Vec::new());
        for first in 0..coordinates {
            if seen[first] {
                continue;
            }
            let mut size = 0;
            for element in 0..order {
                let place = targets[element * coordinates + first];
                size += usize::from(!seen[place]);
                seen[place] = true;
                positions.push(place);
            }
            sizes.push(size);
        }
        Self { coordinates, positions, sizes }
    }
}

#[cfg(test)]
mod tests {
    use ndarray::{Array2, Array3};

    use super::*;
    use crate::ActionSpec;

    /// Every inner product by acting on the second point.
    fn agrees_with_acting(spec: &str, shape: [usize; 3]) {
        let action = ActionSpec::parse(spec).unwrap().resolve(shape).unwrap();
        let coordinates = shape.iter().product();
        let points = Array2::from_shape_fn((3, coordinates), |(seed, at)| {
            (1.7 * (seed * coordinates + at) as f64 + 0.1 * (at * at) as f64).sin()
        });
        let correlation = OrbitCorrelation::new(action.as_ref(), points.view()).unwrap().unwrap();
        let order = action.group().order();
        let (mut products, mut scratch) = (vec![f64::NAN; order], CorrelationScratch::default());
        for (s, t) in [(0, 0), (0, 1), (1, 0), (2, 1)] {
            correlation.inner_products(s, t, &mut products, &mut scratch);
            let image = points.row(t).to_owned().into_shape_with_order(shape).unwrap();
            for (u, product) in products.iter().enumerate() {
                let mut pose = Array3::zeros(shape);
                action.act(u, image.view(), pose.view_mut());
                let expected: f64 = pose.iter().zip(points.row(s)).map(|(a, b)| a * b).sum();
                assert!((product - expected).abs() < 1e-13, "{spec} at {u}: {product} and {expected}");
            }
        }
    }

    #[test]
    fn correlations_are_inner_products_with_every_pose() {
        agrees_with_acting("translation:4x6", [4, 6, 1]);
        agrees_with_acting("translation:5x7", [5, 7, 2]);
        agrees_with_acting("translation-x:3", [4, 6, 1]);
        agrees_with_acting("translation-y:4", [4, 6, 3]);
        agrees_with_acting("cyclic:9", [1, 1, 9]);
        // A mirror image leaves the middle column where it is, a half turn the middle pixel.
        agrees_with_acting("flip", [3, 5, 1]);
        agrees_with_acting("rotation:4", [5, 5, 1]);
        agrees_with_acting("flip*translation-y:4", [4, 5, 2]);
        agrees_with_acting("p4:5", [5, 5, 1]);
        agrees_with_acting("p4m:4", [4, 4, 2]);
        agrees_with_acting("p4m:3", [6, 6, 1]);
    }

    #[test]
    fn groups_without_commuting_shifts_and_actions_that_blend_pixels_have_no_correlation() {
        let points = Array2::zeros((1, 25));
        for spec in ["rotation:8", "dihedral:4"] {
            let action = ActionSpec::parse(spec).unwrap().resolve([5, 5, 1]).unwrap();
            assert!(OrbitCorrelation::new(action.as_ref(), points.view()).unwrap().is_none(), "{spec}");
        }
    }
}
