//! Simple numbers that might foretell whether a held-out pose is recognised, to be held against the exact error.
//!
//! Each looks at two classes, some of whose points are held out, in the feature space of the kernel. None solves the regression: how well
//! they order the results is told by [`rank_correlation`](crate::rank_correlation).

mod class_separation;
mod delta_squared;
mod distance_ratio;
mod held_out_turn;
mod kernel_target_alignment;
mod nearest_neighbour_margin;
mod orbit_radius;
mod svm_margin;

pub use held_out_turn::HeldOutTurn;

/// A number of one turn: two orbits of opposite labels, or a class against the rest, some points of which are held out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Metric {
    /// Distance of the class means over the scatter within classes, squared, of the observed points.
    ClassSeparation,
    /// How much nearer the nearest observed point of the own class is than that of the other, −1 to 1; the least over held-out points.
    NearestNeighbourMargin,
    /// Half the distance of the convex hulls of the observed classes, over the spread of the observed points.
    SvmMargin,
    /// Centred alignment of the kernel of the observed points with that of their labels (Cortes et al. 2012), −1 to 1.
    KernelTargetAlignment,
    /// Mean distance from observed points of the other class over that from those of the own; the least over held-out points.
    DistanceRatio,
    /// Squared distance of the means of the two whole orbits, or of all orbits of a class and all others.
    DeltaSquared,
    /// Distance of the poses of the seed with held-out points from the mean of its orbit; large ones foretell failure.
    OrbitRadius,
}

impl Metric {
    /// All, in the order of tables.
    pub const ALL: [Self; 7] = [
        Self::ClassSeparation,
        Self::NearestNeighbourMargin,
        Self::SvmMargin,
        Self::KernelTargetAlignment,
        Self::DistanceRatio,
        Self::DeltaSquared,
        Self::OrbitRadius,
    ];

    /// The name in files and tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::ClassSeparation => "class_separation",
            Self::NearestNeighbourMargin => "nearest_neighbour_margin",
            Self::SvmMargin => "svm_margin",
            Self::KernelTargetAlignment => "kernel_target_alignment",
            Self::DistanceRatio => "distance_ratio",
            Self::DeltaSquared => "delta_squared",
            Self::OrbitRadius => "orbit_radius",
        }
    }

    /// 1 if large values foretell success, −1 if they foretell failure.
    pub fn direction(self) -> f64 {
        if self == Self::OrbitRadius { -1.0 } else { 1.0 }
    }

    /// Whether it looks at the held-out points, or the orbit they are on, and not only at the two classes.
    pub fn depends_on_seed(self) -> bool {
        matches!(self, Self::NearestNeighbourMargin | Self::DistanceRatio | Self::OrbitRadius)
    }

    /// The value, `None` where it is not defined: points that coincide, or a class without observed points.
    pub fn of(self, turn: &HeldOutTurn) -> Option<f64> {
        let value = match self {
            Self::ClassSeparation => class_separation::of(turn),
            Self::NearestNeighbourMargin => nearest_neighbour_margin::of(turn),
            Self::SvmMargin => svm_margin::of(turn),
            Self::KernelTargetAlignment => kernel_target_alignment::of(turn),
            Self::DistanceRatio => distance_ratio::of(turn),
            Self::DeltaSquared => delta_squared::of(turn),
            Self::OrbitRadius => orbit_radius::of(turn),
        };
        value.filter(|value| value.is_finite())
    }
}

#[cfg(test)]
mod tests {
    use isotypic_gram::{DenseGram, SymmetricOperator};
    use isotypic_group::FiniteGroup;
    use isotypic_orbit::HeldOutSet;
    use ndarray::{Array2, array};

    use super::*;

    /// Four points on a line of either class, a linear kernel plus a constant that no metric may notice.
    pub(super) fn turn(
        first: [f64; 4],
        second: [f64; 4],
        constant: f64,
        held_out: &[(usize, usize)],
    ) -> HeldOutTurn {
        let points = [first, second].concat();
        let kernel = Array2::from_shape_fn((8, 8), |(i, j)| points[i] * points[j] + constant);
        let gram = DenseGram::new(kernel, 2, FiniteGroup::cyclic(4).unwrap()).unwrap();
        let held_out = HeldOutSet::new(gram.layout(), held_out).unwrap();
        HeldOutTurn::new(&gram, &array![[1.0], [-1.0]], &held_out).unwrap()
    }

    /// Observed points 1, 2, 3 and −2, −1, 0, 1 of the classes; 5 is held out.
    fn example() -> HeldOutTurn {
        turn([5.0, 1.0, 2.0, 3.0], [-2.0, -1.0, 0.0, 1.0], 0.0, &[(0, 0)])
    }

    #[test]
    fn values_equal_those_worked_out_by_hand() {
        let of = |metric: Metric| metric.of(&example()).unwrap();
        let near =
            |got: f64, expected: f64| assert!((got - expected).abs() < 1e-12, "{got} against {expected}");
        // Means 2 and −1/2; mean squared distances from them 2/3 and 5/4.
        near(of(Metric::ClassSeparation), 6.25 / (2.0 / 3.0 + 1.25));
        // Nearest 3 and 1: distances 2 and 4.
        near(of(Metric::NearestNeighbourMargin), 2.0 / 6.0);
        // Distances 4, 3, 2 and 7, 6, 5, 4.
        near(of(Metric::DistanceRatio), 5.5 / 3.0);
        // Means 11/4 and −1/2.
        near(of(Metric::DeltaSquared), 3.25 * 3.25);
        // Squared distances of 5, 1, 2, 3 from 11/4.
        near(of(Metric::OrbitRadius), f64::sqrt((5.0625 + 3.0625 + 0.5625 + 0.0625) / 4.0));
        // The kernel of one coordinate: the squared correlation of coordinates and labels.
        let (x, y) = ([1.0, 2.0, 3.0, -2.0, -1.0, 0.0, 1.0], [1.0, 1.0, 1.0, -1.0, -1.0, -1.0, -1.0]);
        let mean = |values: &[f64]| values.iter().sum::<f64>() / 7.0;
        let covariance =
            |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(s, t)| (s - mean(a)) * (t - mean(b))).sum::<f64>();
        near(
            of(Metric::KernelTargetAlignment),
            covariance(&x, &y).powi(2) / (covariance(&x, &x) * covariance(&y, &y)),
        );
    }

    #[test]
    fn no_metric_sees_a_constant_in_the_kernel() {
        for metric in Metric::ALL {
            let far = turn([5.0, 1.0, 2.0, 3.0], [-2.0, -1.0, 0.0, -0.5], 0.0, &[(0, 0)]);
            let lifted = turn([5.0, 1.0, 2.0, 3.0], [-2.0, -1.0, 0.0, -0.5], 100.0, &[(0, 0)]);
            let (value, other) = (metric.of(&far).unwrap(), metric.of(&lifted).unwrap());
            // Hulls are found to their own tolerance.
            let tolerance = if metric == Metric::SvmMargin { 2e-4 } else { 1e-9 };
            assert!((value - other).abs() < tolerance * value.abs(), "{}: {value}, {other}", metric.name());
        }
    }

    /// Three seeds of two poses each on a line, in classes of two and one.
    #[test]
    fn a_seed_of_a_class_against_the_rest_is_that_of_a_pair_where_there_are_no_others() {
        let points = [5.0, 1.0, 2.0, 3.0, -2.0, -1.0];
        let kernel = Array2::from_shape_fn((6, 6), |(i, j)| points[i] * points[j]);
        let gram = DenseGram::new(kernel, 3, FiniteGroup::cyclic(2).unwrap()).unwrap();
        let held_out = HeldOutSet::new(gram.layout(), &[(0, 0), (1, 1)]).unwrap();
        let labels = array![[-1.0], [-1.0], [1.0]];
        let turn = HeldOutTurn::new(&gram, &labels, &held_out).unwrap();
        let near =
            |got: Option<f64>, expected: f64| assert!((got.unwrap() - expected).abs() < 1e-12, "{got:?}");
        // Observed are 1 and 2 of the class, −2 and −1 of the rest; 5 and 3 are held out.
        let [first, second] = [0, 1].map(|seed| turn.of_seed(seed, &[true, true, false]));
        near(Metric::NearestNeighbourMargin.of(&first), (6.0 - 3.0) / (6.0 + 3.0));
        near(Metric::NearestNeighbourMargin.of(&second), (4.0 - 1.0) / (4.0 + 1.0));
        near(Metric::DistanceRatio.of(&first), 6.5 / 3.5);
        near(Metric::DistanceRatio.of(&second), 4.5 / 1.5);
        near(Metric::OrbitRadius.of(&first), 2.0);
        near(Metric::OrbitRadius.of(&second), 0.5);
        for metric in Metric::ALL.into_iter().filter(|metric| !metric.depends_on_seed()) {
            assert_eq!(metric.of(&first), metric.of(&second), "{}", metric.name());
        }
        near(Metric::DeltaSquared.of(&first), f64::powi(2.75 + 1.5, 2));
        near(Metric::ClassSeparation.of(&first), 9.0 / 0.5);
        // The other class against these two.
        let other = turn.of_seed(2, &[false, false, true]);
        near(Metric::ClassSeparation.of(&other), 9.0 / 0.5);
        assert_eq!(Metric::NearestNeighbourMargin.of(&other), None);
    }

    #[test]
    fn points_that_coincide_have_no_ratio() {
        let same = turn([1.0; 4], [1.0; 4], 0.5, &[(0, 0)]);
        for metric in [
            Metric::ClassSeparation,
            Metric::NearestNeighbourMargin,
            Metric::SvmMargin,
            Metric::DistanceRatio,
        ] {
            assert_eq!(metric.of(&same), None, "{}", metric.name());
        }
        let none_left = turn([1.0, 2.0, 3.0, 4.0], [0.0; 4], 0.0, &[(0, 0), (0, 1), (0, 2), (0, 3)]);
        assert_eq!(Metric::DistanceRatio.of(&none_left), None);
        assert_eq!(Metric::SvmMargin.of(&none_left), None);
    }
}
