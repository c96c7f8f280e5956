//! The margin of the hard-margin support vector machine with offset: half the distance of the convex hulls of the two classes in feature space.
//!
//! The nearest points $\sum\alpha_i\phi_i$ and $\sum\beta_j\phi_j$ of the hulls are found by moving weight from the point that lies
//! furthest out to the one that lies furthest in, along the line between the hulls (Mitchell, Demyanov & Malozemov 1974; Bennett &
//! Bredensteiner 2000 for the equivalence). Only differences of kernel values enter. The margin is given relative to the root mean squared
//! distance of the observed points from their mean, so that it has no unit.

use super::HeldOutTurn;

/// Moves of weight after which the distance found so far stands.
const MOST_MOVES: usize = 200_000;

/// Relative gap between the distance found and the least possible at which it is good enough.
const GAP: f64 = 1e-4;

pub(super) fn of(turn: &HeldOutTurn) -> Option<f64> {
    let scale = turn.scatter(turn.observed()).sqrt();
    let squared = squared_distance_of_hulls(turn)?;
    (scale > 0.0).then(|| 0.5 * squared.sqrt() / scale)
}

/// `None` where a class has no observed point.
fn squared_distance_of_hulls(turn: &HeldOutTurn) -> Option<f64> {
    let rows = turn.observed();
    let (positive, negative): (Vec<usize>, Vec<usize>) =
        (0..rows.len()).partition(|&i| turn.is_positive(rows[i]));
    let (&first, &second) = (positive.first()?, negative.first()?);
    let kernel = |i: usize, j: usize| turn.kernel(rows[i], rows[j]);
    // Signed weights of w, and the projections of all points on it; those of one class matter up to a common constant.
    let mut weights = vec![0.0_f64; rows.len()];
    weights[first] = 1.0;
    weights[second] = -1.0;
    let mut along: Vec<f64> = (0..rows.len()).map(|i| kernel(i, first) - kernel(i, second)).collect();
    let mut squared = turn.squared_distance(rows[first], rows[second]);
    for _ in 0..MOST_MOVES {
        // In the direction of the other class: the innermost point, and the outermost of those with weight.
        let move_of = |class: f64, own: &[usize]| {
            let out = |i: &usize, j: &usize| (class * along[*i]).total_cmp(&(class * along[*j]));
            let inner = own.iter().copied().min_by(&out)?;
            let outer = own.iter().copied().filter(|&i| weights[i] != 0.0).max_by(&out)?;
            let gain = class * (along[outer] - along[inner]);
            Some((gain, class, inner, outer))
        };
        let (one, other) = (move_of(1.0, &positive)?, move_of(-1.0, &negative)?);
        if one.0 + other.0 <= GAP * squared || squared <= 0.0 {
            break;
        }
        let (gain, class, inner, outer) = if one.0 >= other.0 { one } else { other };
        let length = turn.squared_distance(rows[inner], rows[outer]);
        if length <= 0.0 {
            break;
        }
        let step = (gain / length).min(weights[outer].abs());
        weights[outer] -= class * step;
        weights[inner] += class * step;
        if weights[outer] * class <= f64::EPSILON {
            weights[outer] = 0.0;
        }
        for (i, value) in along.iter_mut().enumerate() {
            *value += class * step * (kernel(i, inner) - kernel(i, outer));
        }
        squared = (squared - 2.0 * step * gain + step * step * length).max(0.0);
    }
    Some(squared)
}

#[cfg(test)]
mod tests {
    use super::super::tests::turn;
    use super::*;

    /// On a line the hulls are intervals.
    #[test]
    fn hulls_on_a_line_are_intervals() {
        for constant in [0.0, 50.0] {
            let apart = turn([9.0, 1.0, 2.0, 3.0], [-2.0, -1.5, -0.5, -1.0], constant, &[(0, 0)]);
            let squared = squared_distance_of_hulls(&apart).unwrap();
            assert!((squared.sqrt() - 1.5).abs() < 1e-3, "{squared}");
            let overlapping = turn([9.0, -1.2, 2.0, 3.0], [-2.0, -1.5, -0.5, -1.0], constant, &[(0, 0)]);
            assert!(squared_distance_of_hulls(&overlapping).unwrap() < 1e-6);
        }
    }

    /// The distance found is that of two points of the hulls, and no half space between them is wider: the certificate of its being least.
    #[test]
    fn the_nearest_points_satisfy_the_optimality_conditions() {
        let circle = |row: usize| {
            let angle = 0.9 * row as f64;
            let shift = if row < 4 { 2.0 } else { -0.3 };
            [shift + angle.cos(), angle.sin()]
        };
        let kernel = ndarray::Array2::from_shape_fn((8, 8), |(i, j)| {
            circle(i)[0] * circle(j)[0] + circle(i)[1] * circle(j)[1] + 7.0
        });
        let group = isotypic_group::FiniteGroup::cyclic(4).unwrap();
        let gram = isotypic_gram::DenseGram::new(kernel, 2, group).unwrap();
        let layout = isotypic_gram::SymmetricOperator::layout(&gram);
        let held_out = isotypic_orbit::HeldOutSet::new(layout, &[(0, 3)]).unwrap();
        let turn = HeldOutTurn::new(&gram, &ndarray::array![[1.0], [-1.0]], &held_out).unwrap();
        let found = squared_distance_of_hulls(&turn).unwrap().sqrt();
        // All directions: the widest strip between the classes is as wide as the hulls are apart.
        let widest = (0..20_000)
            .map(|k| {
                let (sine, cosine) = (std::f64::consts::TAU * f64::from(k) / 20_000.0).sin_cos();
                let project = |row: usize| circle(row)[0] * cosine + circle(row)[1] * sine;
                let inner = (0..3).map(project).fold(f64::INFINITY, f64::min);
                inner - (4..8).map(project).fold(f64::NEG_INFINITY, f64::max)
            })
            .fold(f64::NEG_INFINITY, f64::max);
        assert!((found - widest).abs() < 1e-3 * widest, "{found} against {widest}");
    }
}
