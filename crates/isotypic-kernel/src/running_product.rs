//! Products of independent kernels, with the tangent kernels that belong to them.
//!
//! A product of layers has $c = \prod_i c_i$ and $\Theta = \sum_i \Theta_i \prod_{j \ne i} c_j$. Factor after factor this is
//! $\Theta \leftarrow \Theta c_i + c\,\Theta_i$ and $c \leftarrow c\,c_i$, here in differences ([`difference_of_product`]).

use crate::pair_geometry::difference_of_product;
use crate::real::Real;
use crate::terms::{Ends, TermsView};

/// One kernel on a run of pairs: its differences, and its values on the diagonal at both ends.
#[derive(Debug, Clone, Default)]
struct Kernel<T> {
    difference: Vec<T>,
    /// One value per group, or per pair.
    x: Vec<T>,
    /// One value per pair.
    y: Vec<T>,
}

/// The product of the factors so far, on a run of pairs.
#[derive(Debug, Clone, Default)]
pub(crate) struct RunningProduct<T> {
    covariance: Kernel<T>,
    ntk: Kernel<T>,
}

impl<T: Real> Kernel<T> {
    fn fill(&mut self, groups: usize, width_of_x: usize, diagonal: f64) {
        let fill = |values: &mut Vec<T>, length: usize, value: f64| {
            values.clear();
            values.resize(length, T::from_f64(value));
        };
        fill(&mut self.difference, groups * T::LANES, 0.0);
        fill(&mut self.x, groups * width_of_x, diagonal);
        fill(&mut self.y, groups * T::LANES, diagonal);
    }
}

impl<T: Real> RunningProduct<T> {
    /// Becomes the product of nothing, $c = 1$ and $\Theta = 0$, on a run with `width_of_x` first points in a group.
    pub(crate) fn clear(&mut self, groups: usize, width_of_x: usize) {
        self.covariance.fill(groups, width_of_x, 1.0);
        self.ntk.fill(groups, width_of_x, 0.0);
    }

    /// One more factor, whose tangent kernel vanishes if `ntk_differences` is `None`.
    pub(crate) fn multiply(&mut self, ends: Ends<'_, T>, differences: &[T], ntk_differences: Option<&[T]>) {
        let Self { covariance: c, ntk: theta } = self;
        let of = |end: TermsView<'_, T>, at: usize| (end.variance[at], end.ntk[at]);
        let pairs_per_x = T::LANES / ends.width_of_x();
        for pair in 0..differences.len() {
            let at_x = pair / pairs_per_x;
            let ((q_x, theta_x), (q_y, theta_y)) = (of(ends.x, at_x), of(ends.y, pair));
            let factor = (differences[pair], q_x, q_y);
            let zero = T::from_f64(0.0);
            let ntk = ntk_differences.map_or((zero, zero, zero), |values| (values[pair], theta_x, theta_y));
            let so_far = (c.difference[pair], c.x[at_x], c.y[pair]);
            let ntk_so_far = (theta.difference[pair], theta.x[at_x], theta.y[pair]);
            theta.difference[pair] =
                difference_of_product(ntk_so_far, factor) + difference_of_product(so_far, ntk);
            theta.y[pair] = ntk_so_far.2 * q_y + so_far.2 * ntk.2;
            c.difference[pair] = difference_of_product(so_far, factor);
            c.y[pair] = so_far.2 * q_y;
        }
        let has_ntk = ntk_differences.is_some();
        for (at_x, (c, theta)) in c.x.iter_mut().zip(&mut theta.x).enumerate() {
            let (q_x, theta_x) = of(ends.x, at_x);
            let fresh = if has_ntk { *c * theta_x } else { T::from_f64(0.0) };
            *theta = *theta * q_x + fresh;
            *c *= q_x;
        }
    }

    /// Differences of the tangent kernels of the product.
    pub(crate) fn ntk_differences(&self) -> &[T] {
        &self.ntk.difference
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::terms::Terms;

    #[test]
    fn three_factors_follow_the_product_rule() {
        let lanes = f64::LANES;
        let wave = |seed: usize, i: usize| 1.5 + ((seed * 31 + i * 7) as f64).sin();
        let mut product = RunningProduct::default();
        product.clear(2, 1);
        // (covariance, tangent kernel) at every pair of every factor.
        let mut pairs: Vec<Vec<[f64; 2]>> = vec![Vec::new(); 2 * lanes];
        for seed in 0..3 {
            let x = Terms::<f64>::new((0..2).map(|i| (wave(seed, i), wave(seed + 9, i))));
            let y = Terms::<f64>::new((0..2 * lanes).map(|i| (wave(seed + 3, i), wave(seed + 6, i))));
            let difference: Vec<f64> = (0..2 * lanes).map(|i| 0.3 * wave(seed + 12, i)).collect();
            let ntk: Vec<f64> = (0..2 * lanes).map(|i| 0.4 * wave(seed + 15, i)).collect();
            let with_ntk = seed != 1;
            let ends = Ends { x: x.view(0, 2), y: y.view(0, 2 * lanes) };
            product.multiply(ends, &difference, with_ntk.then_some(ntk.as_slice()));
            let of = |i: usize| {
                let covariance = 0.5 * (x.variance[i / lanes] + y.variance[i] - difference[i]);
                let theta = 0.5 * (x.ntk[i / lanes] + y.ntk[i] - ntk[i]);
                [covariance, if with_ntk { theta } else { 0.0 }]
            };
            pairs.iter_mut().enumerate().for_each(|(i, factors)| factors.push(of(i)));
        }
        for (i, factors) in pairs.iter().enumerate() {
            let [[c_0, theta_0], [c_1, _], [c_2, theta_2]] = factors[..] else { panic!("three factors") };
            let expected = theta_0 * c_1 * c_2 + c_0 * c_1 * theta_2;
            let ntk = 0.5 * (product.ntk.x[i / lanes] + product.ntk.y[i] - product.ntk_differences()[i]);
            assert!((ntk - expected).abs() <= 1e-14 * expected.abs().max(1.0), "pair {i}: {ntk} {expected}");
        }
    }

    #[test]
    fn equal_points_stay_equal() {
        let (x, y) = (Terms::<f32>::new([(0.7, 0.3)]), Terms::<f32>::new([(0.7, 0.3); 16]));
        let mut product = RunningProduct::default();
        product.clear(1, 1);
        for _ in 0..3 {
            let ends = Ends { x: x.view(0, 1), y: y.view(0, f32::LANES) };
            product.multiply(ends, &[0.0; 16], Some(&[0.0; 16]));
        }
        assert_eq!(product.ntk_differences(), [0.0; 16]);
    }
}
