//! Expectations over random attention weights of two inputs, sampled; one pair of inputs per lane.
//!
//! With the covariance $\tilde c$ of what keys and queries see, logits are Gaussian of covariance
//! $E[G_x[p, a]\,G_y[q, b]] = g^2\,\tilde c_{xy}[p, q]\,\tilde c_{xy}[a, b]$ (Hron et al. 2020, arXiv 2006.10540). So for one input $G = g\,LZL^\top$ with a
//! standard normal matrix $Z$ and $LL^\top = \tilde c$. For two inputs the rows of a factor of the covariance of all positions of both take
//! the place of $L$: with those of `conditional.rs`, $[L\;0]$ for the first one, which has the logits that it has by itself, and $[B\;L']$ for
//! the other one. $Z$ and $-Z$ are both used, and all pairs have the same $Z$.
//!
//! From the weights $A = \operatorname{softmax}(G_x)$ and $B = \operatorname{softmax}(G_y)$, row by row, and differences $d$ that values see, come the means of
//!
//! - $A d B^\top$, what mixing makes of differences (`mixing.rs`; the rows of weights sum to 1),
//! - the response $\operatorname{tr}(J_p \hat c J_q^\top \tilde c^\top)$ of outputs at p and q to their logits, $J_p = \operatorname{diag}(A_p) - A_p A_p^\top$ the
//!   derivative of the softmax, and the same with $\tilde\Theta$ in place of $\tilde c$.
//!
//! Constants are in the null space of $J$, so that covariances may be replaced by $-\tfrac12$ of their differences: with $X$ either of the
//! differences $\tilde d$ or $\tilde\Delta$ that keys see, and $\circ$ the product of entries,
//!
//! $4R_X = A\,[(\hat d\circ X)B^\top - (\hat dB^\top)\circ(XB^\top)] - [(A\hat d)\circ(AX)]\,B^\top + (A\hat dB^\top)\circ(AXB^\top)$.
//!
//! What an input has by itself goes through the same operations in the same order, and is the same to the last bit.

use fearless_simd::Level;
use isotypic_architecture::{Gaussian, RandomStream};

use super::conditional::{Block, Joint};
use super::softmax_algebra::{Algebra, Factors, unpacked};
use crate::monte_carlo::Sampling;
use crate::real::Real;

/// Pairs of inputs side by side.
pub(super) const LANES: usize = <f64 as Real>::LANES;

/// Matrices of all pairs of positions that a thread holds at most, of eight numbers per pair.
pub(super) const MATRICES_HELD: usize = 90;

/// How logits are sampled.
#[derive(Debug, Clone)]
pub(super) struct SoftmaxSample {
    pub(super) positions: usize,
    /// $g$.
    pub(super) logit_gain: f64,
    pub(super) sampling: Sampling,
    /// Numbers the streams of random points.
    pub(super) layer: usize,
}

/// Differences between the positions of two inputs, or of one and itself, `[positions, positions, lanes]`.
#[derive(Debug)]
pub(super) struct Differences {
    /// $\tilde d$.
    pub(super) keys: Vec<f64>,
    /// $\tilde\Delta$; empty, as all that belongs to tangent kernels, if these are not wanted.
    pub(super) ntk_keys: Vec<f64>,
    /// $\hat d$ and $\hat\Delta$, unless values see what keys see.
    pub(super) of_values: Option<[Vec<f64>; 2]>,
    /// $\hat d\circ\tilde d$.
    pub(super) products: Vec<f64>,
    /// $\hat d\circ\tilde\Delta$.
    pub(super) ntk_products: Vec<f64>,
}

/// One input per lane.
#[derive(Debug)]
pub(super) struct Input {
    /// $\tilde c$ and its factor, `[packed, lanes]`.
    pub(super) covariance: Vec<f64>,
    pub(super) factor: Vec<f64>,
    pub(super) differences: Differences,
}

/// Two inputs per lane.
#[derive(Debug)]
pub(super) struct Between {
    /// $\tilde c$, `[positions, positions, lanes]`.
    pub(super) covariance: Vec<f64>,
    /// Sum of the differences at equal positions, `[lanes]`.
    pub(super) mismatch: Vec<f64>,
    /// Of the first and the second one, and the other way round.
    pub(super) differences: [Differences; 2],
}

/// Means over the sample for an input with itself, at every position, `[positions, lanes]`.
#[derive(Debug, Default)]
pub(super) struct OwnMeans {
    /// Half of the diagonals of $A\hat dA^\top$ and of $A\hat\Delta A^\top$.
    pub(super) half_spread: Vec<f64>,
    pub(super) ntk_half_spread: Vec<f64>,
    /// $R_{\tilde d}$ and $R_{\tilde\Delta}$.
    pub(super) response: Vec<f64>,
    pub(super) ntk_response: Vec<f64>,
}

/// Means over the sample for two inputs, `[positions of the first, positions of the second, lanes]`.
#[derive(Debug)]
pub(super) struct PairMeans {
    /// $A\hat dB^\top$ and $A\hat\Delta B^\top$.
    pub(super) mixed: Vec<f64>,
    pub(super) ntk_mixed: Vec<f64>,
    /// $R_{\tilde d}$ and $R_{\tilde\Delta}$.
    pub(super) response: Vec<f64>,
    pub(super) ntk_response: Vec<f64>,
    /// Of the second input, from the same weights.
    pub(super) second: OwnMeans,
}

impl Differences {
    pub(super) fn new(keys: Vec<f64>, ntk_keys: Vec<f64>, of_values: Option<[Vec<f64>; 2]>) -> Self {
        let values = of_values.as_ref().map_or(&keys, |[values, _]| values);
        let times_values = |other: &[f64]| values.iter().zip(other).map(|(a, b)| a * b).collect();
        let (products, ntk_products) = match ntk_keys.is_empty() {
            true => (Vec::new(), Vec::new()),
            false => (times_values(&keys), times_values(&ntk_keys)),
        };
        Self { keys, ntk_keys, of_values, products, ntk_products }
    }

    pub(super) fn values(&self) -> &[f64] {
        self.of_values.as_ref().map_or(&self.keys, |[values, _]| values)
    }

    pub(super) fn has_ntk(&self) -> bool {
        !self.ntk_keys.is_empty()
    }
}

impl Input {
    pub(super) fn block(&self, size: usize) -> Block<'_> {
        Block { size, covariance: &self.covariance, factor: &self.factor }
    }
}

impl SoftmaxSample {
    /// Number of matrices $Z$; each is used with both signs.
    fn draws(&self) -> usize {
        self.sampling.samples.div_ceil(2)
    }

    /// Nanoseconds for one pair of positions of two inputs, measured.
    pub(super) fn nanoseconds_per_pair(&self) -> f64 {
        self.draws() as f64 * (9.0 * self.positions as f64 + 25.0)
    }

    /// The blocks of one $Z$, those that single inputs need first.
    fn draw(&self, draw: usize, blocks: &mut [Vec<f64>]) {
        let stream = self.sampling.stream(self.layer, draw);
        let mut gaussian = Gaussian::from_seed(RandomStream::for_parts(&stream).bits());
        for block in blocks {
            block.clear();
            block.extend((0..self.positions * self.positions).map(|_| gaussian.sample()));
        }
    }

    /// Means for inputs with themselves, and their mean weights, `[positions, positions, lanes]`.
    pub(super) fn of_one(&self, level: Level, input: &Input) -> (OwnMeans, Vec<f64>) {
        let n = self.positions;
        let factor = unpacked(&input.factor, n);
        let mut algebra = Algebra::new(level, n);
        let mut means = OwnMeans::new(n, input.differences.has_ntk());
        let mut z = [Vec::new()];
        let (mut logits, mut weights) = (algebra.matrix(), algebra.matrix());
        let mut sum_of_weights = algebra.matrix();
        for draw in 0..self.draws() {
            self.draw(draw, &mut z);
            algebra.logits_of_first(&z[0], &factor, &mut logits);
            for gain in [self.logit_gain, -self.logit_gain] {
                algebra.softmax(gain, &logits, &mut weights);
                algebra.add_own(&weights, &input.differences, &mut means);
                sum_of_weights.iter_mut().zip(&weights).for_each(|(sum, weight)| *sum += weight);
            }
        }
        let scale = 0.5 / self.draws() as f64;
        means.scale(scale);
        sum_of_weights.iter_mut().for_each(|weight| *weight *= scale);
        (means, sum_of_weights)
    }

    /// Means for pairs, with the first and with the second input drawn first; `resolution` is that of covariances.
    pub(super) fn of_two(
        &self,
        level: Level,
        (x, y): (&Input, &Input),
        between: &Between,
        resolution: f64,
    ) -> [PairMeans; 2] {
        let n = self.positions;
        let Between { covariance, mismatch, differences } = between;
        let orders = [(x, y, (n, 1)), (y, x, (1, n))];
        let factors = orders.map(|(first, second, strides)| {
            let joint = Joint { covariance, strides, mismatch };
            Factors::new(level, n, (first, second), joint, resolution)
        });
        let mut means = differences.each_ref().map(|differences| PairMeans::new(n, differences.has_ntk()));
        let mut algebra = Algebra::new(level, n);
        let mut z: [Vec<f64>; 4] = Default::default();
        let [mut logits, mut weights] = [(); 2].map(|()| [algebra.matrix(), algebra.matrix()]);
        for draw in 0..self.draws() {
            self.draw(draw, &mut z);
            let all = factors.iter().zip(&orders).zip(differences).zip(&mut means);
            for (((factors, (_, second, _)), differences), means) in all {
                algebra.logits_of_first(&z[0], &factors.own, &mut logits[0]);
                algebra.logits_of_second(&z, factors, &mut logits[1]);
                for gain in [self.logit_gain, -self.logit_gain] {
                    let [a, b] = &mut weights;
                    algebra.softmax(gain, &logits[0], a);
                    algebra.softmax(gain, &logits[1], b);
                    algebra.add_own(b, &second.differences, &mut means.second);
                    algebra.add_pair((a, b), differences, means);
                }
            }
        }
        let scale = 0.5 / self.draws() as f64;
        means.iter_mut().for_each(|means| means.scale(scale));
        means
    }
}

impl OwnMeans {
    fn new(positions: usize, with_ntk: bool) -> Self {
        let zeros = |wanted: bool| vec![0.0; if wanted { positions * LANES } else { 0 }];
        Self {
            half_spread: zeros(true),
            ntk_half_spread: zeros(with_ntk),
            response: zeros(with_ntk),
            ntk_response: zeros(with_ntk),
        }
    }

    fn scale(&mut self, scale: f64) {
        multiply(&mut self.half_spread, 0.5 * scale);
        multiply(&mut self.ntk_half_spread, 0.5 * scale);
        multiply(&mut self.response, 0.25 * scale);
        multiply(&mut self.ntk_response, 0.25 * scale);
    }
}

impl PairMeans {
    fn new(positions: usize, with_ntk: bool) -> Self {
        let zeros = |wanted: bool| vec![0.0; if wanted { positions * positions * LANES } else { 0 }];
        Self {
            mixed: zeros(true),
            ntk_mixed: zeros(with_ntk),
            response: zeros(with_ntk),
            ntk_response: zeros(with_ntk),
            second: OwnMeans::new(positions, with_ntk),
        }
    }

    fn scale(&mut self, scale: f64) {
        multiply(&mut self.mixed, scale);
        multiply(&mut self.ntk_mixed, scale);
        multiply(&mut self.response, 0.25 * scale);
        multiply(&mut self.ntk_response, 0.25 * scale);
        self.second.scale(scale);
    }
}

fn multiply(values: &mut [f64], factor: f64) {
    values.iter_mut().for_each(|value| *value *= factor);
}
