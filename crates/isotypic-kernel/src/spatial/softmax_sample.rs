//! Expectations over random attention weights of two inputs, sampled; one pair of inputs per lane.
//!
//! With the covariance $\tilde c$ of what keys and queries see, logits are Gaussian of covariance
//! $E[G_x[p,a]\,G_y[q,b]] = g^2\,\tilde c_{xy}[p,q]\,\tilde c_{xy}[a,b]$ (Hron et al. 2020, arXiv 2006.10540). So for one input $G = g\,LZL^\top$ with a
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

use fearless_simd::{Level, dispatch, prelude::*};
use fearless_simd_macros::simd;
use isotypic_architecture::{Gaussian, RandomStream};

use super::conditional::{Block, Conditional, Joint, Lanes, conditional, packed};
use super::lane_products::{product_from_left, product_from_right};
use crate::monte_carlo::Sampling;
use crate::nonlinearity::exponential::exponential;
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
    products: Vec<f64>,
    /// $\hat d\circ\tilde\Delta$.
    ntk_products: Vec<f64>,
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

    fn values(&self) -> &[f64] {
        self.of_values.as_ref().map_or(&self.keys, |[values, _]| values)
    }

    fn has_ntk(&self) -> bool {
        !self.ntk_keys.is_empty()
    }
}

impl Input {
    fn block(&self, size: usize) -> Block<'_> {
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

/// A matrix `[positions, positions, lanes]` and its transpose.
struct WithTranspose {
    matrix: Vec<f64>,
    transpose: Vec<f64>,
}

impl WithTranspose {
    fn zeros(positions: usize) -> Self {
        let [matrix, transpose] = [(); 2].map(|()| vec![0.0; positions * positions * LANES]);
        Self { matrix, transpose }
    }
}

/// $L$, $B$ and $L'$.
struct Factors {
    own: WithTranspose,
    cross: WithTranspose,
    rest: WithTranspose,
}

impl Factors {
    fn new(
        level: Level,
        positions: usize,
        (first, second): (&Input, &Input),
        joint: Joint<'_>,
        resolution: f64,
    ) -> Self {
        let mut factors = Self {
            own: unpacked(&first.factor, positions),
            cross: WithTranspose::zeros(positions),
            rest: WithTranspose::zeros(positions),
        };
        dispatch!(level, simd => factors.fill(simd, positions, (first.block(positions), second.block(positions)), joint, resolution));
        factors
    }

    #[simd]
    fn fill<S: Simd>(
        &mut self,
        simd: S,
        positions: usize,
        blocks: (Block<'_>, Block<'_>),
        joint: Joint<'_>,
        resolution: f64,
    ) {
        for start in (0..LANES).step_by(S::f64s::LEN) {
            let lanes = Lanes { simd, start, stride: LANES };
            let Conditional { cross, rest, .. } = conditional(lanes, blocks, joint, resolution);
            for i in 0..positions {
                for j in 0..positions {
                    let (at, transposed) = (i * positions + j, j * positions + i);
                    lanes.store(cross[at], &mut self.cross.matrix, at);
                    lanes.store(cross[at], &mut self.cross.transpose, transposed);
                    if j <= i {
                        lanes.store(rest[packed(i, j)], &mut self.rest.matrix, at);
                        lanes.store(rest[packed(i, j)], &mut self.rest.transpose, transposed);
                    }
                }
            }
        }
    }
}

/// A packed triangle as a matrix.
fn unpacked(triangle: &[f64], positions: usize) -> WithTranspose {
    let mut factor = WithTranspose::zeros(positions);
    for i in 0..positions {
        for j in 0..=i {
            let values = &triangle[packed(i, j) * LANES..][..LANES];
            factor.matrix[(i * positions + j) * LANES..][..LANES].copy_from_slice(values);
            factor.transpose[(j * positions + i) * LANES..][..LANES].copy_from_slice(values);
        }
    }
    factor
}

/// Products of matrices `[positions, positions, lanes]`, and room for them.
struct Algebra {
    level: Level,
    positions: usize,
    /// $Z$ times transposed factors.
    upper: Vec<f64>,
    lower: Vec<f64>,
    /// $A\hat d$, $A\tilde d$, $A\tilde\Delta$ and $A\hat\Delta$.
    left: [Vec<f64>; 4],
    /// The same from the right, and both products of entries.
    right: [Vec<f64>; 6],
    /// $A\hat dB^\top$, $A\tilde dB^\top$, $A\tilde\Delta B^\top$ and $A\hat\Delta B^\top$.
    mixed: [Vec<f64>; 4],
    entries: Vec<f64>,
    sums: [Vec<f64>; 2],
}

impl Algebra {
    fn new(level: Level, positions: usize) -> Self {
        let matrix = || vec![0.0; positions * positions * LANES];
        Self {
            level,
            positions,
            upper: matrix(),
            lower: matrix(),
            left: std::array::from_fn(|_| matrix()),
            right: std::array::from_fn(|_| matrix()),
            mixed: std::array::from_fn(|_| matrix()),
            entries: matrix(),
            sums: std::array::from_fn(|_| matrix()),
        }
    }

    fn matrix(&self) -> Vec<f64> {
        vec![0.0; self.positions * self.positions * LANES]
    }

    /// $LZL^\top$.
    fn logits_of_first(&mut self, z: &[f64], own: &WithTranspose, logits: &mut [f64]) {
        let (level, n) = (self.level, self.positions);
        from_left(level, n, z, &own.transpose, false, &mut self.upper);
        from_left(level, n, &own.matrix, &self.upper, false, logits);
    }

    /// $[B\;L']\,Z\,[B\;L']^\top$.
    fn logits_of_second(&mut self, z: &[Vec<f64>; 4], factors: &Factors, logits: &mut [f64]) {
        let (level, n) = (self.level, self.positions);
        let Factors { cross, rest, .. } = factors;
        from_left(level, n, &z[0], &cross.transpose, false, &mut self.upper);
        from_left(level, n, &z[1], &rest.transpose, true, &mut self.upper);
        from_left(level, n, &z[2], &cross.transpose, false, &mut self.lower);
        from_left(level, n, &z[3], &rest.transpose, true, &mut self.lower);
        from_left(level, n, &cross.matrix, &self.upper, false, logits);
        from_left(level, n, &rest.matrix, &self.lower, true, logits);
    }

    fn softmax(&self, gain: f64, logits: &[f64], weights: &mut [f64]) {
        dispatch!(self.level, simd => softmax(simd, self.positions, gain, logits, weights));
    }

    /// Products with the weights from the right: of what values see, and what tangent kernels need besides.
    fn multiply_from_right(&mut self, weights: &[f64], differences: &Differences) {
        let Self {
            level,
            positions,
            right: [values, keys, ntk_keys, ntk_values, products, ntk_products],
            ..
        } = self;
        let product = |matrix: &[f64], product: &mut [f64]| {
            from_right(*level, *positions, matrix, weights, product);
        };
        product(differences.values(), values);
        if differences.has_ntk() {
            product(&differences.ntk_keys, ntk_keys);
            product(&differences.products, products);
            product(&differences.ntk_products, ntk_products);
            if let Some([_, of_values]) = &differences.of_values {
                product(&differences.keys, keys);
                product(of_values, ntk_values);
            }
        }
    }

    /// Adds what one draw gives for inputs with themselves.
    fn add_own(&mut self, weights: &[f64], differences: &Differences, means: &mut OwnMeans) {
        self.multiply_from_right(weights, differences);
        let [values, keys, ntk_keys, ntk_values, products, ntk_products] = &self.right;
        let (keys, ntk_values) = match &differences.of_values {
            Some(_) => (keys, ntk_values),
            None => (values, ntk_keys),
        };
        let right = [values, keys, ntk_keys, ntk_values, products, ntk_products].map(Vec::as_slice);
        let with_ntk = differences.has_ntk();
        dispatch!(self.level, simd => add_own(simd, self.positions, weights, right, with_ntk, means));
    }

    /// Adds what one draw gives for two inputs; the products with the second weights are made anew.
    fn add_pair(&mut self, (a, b): (&[f64], &[f64]), differences: &Differences, means: &mut PairMeans) {
        self.multiply_from_right(b, differences);
        let (level, n) = (self.level, self.positions);
        let Self { left, right, mixed, entries, sums, .. } = self;
        let mut mix = |matrix: &[f64], which: usize| {
            from_left(level, n, a, matrix, false, &mut left[which]);
            from_right(level, n, &left[which], b, &mut mixed[which]);
        };
        mix(differences.values(), 0);
        if differences.has_ntk() {
            mix(&differences.ntk_keys, 2);
            if let Some([_, of_values]) = &differences.of_values {
                mix(&differences.keys, 1);
                mix(of_values, 3);
            }
        }
        dispatch!(level, simd => add(simd, &mixed[0], &mut means.mixed));
        if !differences.has_ntk() {
            return;
        }
        let (keys, ntk_values) = if differences.of_values.is_some() { (1, 3) } else { (0, 2) };
        dispatch!(level, simd => add(simd, &mixed[ntk_values], &mut means.ntk_mixed));
        for (other, products, response) in [(keys, 4, &mut means.response), (2, 5, &mut means.ntk_response)] {
            let [first, second] = sums;
            let of_right = [&right[products], &right[0], &right[other]].map(Vec::as_slice);
            dispatch!(level, simd => subtract_product(simd, of_right, entries));
            from_left(level, n, a, entries, false, first);
            dispatch!(level, simd => multiply_entries(simd, &left[0], &left[other], entries));
            from_right(level, n, entries, b, second);
            let terms = [first, second, &mixed[0], &mixed[other]].map(|terms| terms.as_slice());
            dispatch!(level, simd => add_response(simd, terms, response));
        }
    }
}

fn from_left(level: Level, n: usize, weights: &[f64], matrix: &[f64], add: bool, product: &mut [f64]) {
    dispatch!(level, simd => product_from_left(simd, n, weights, matrix, add, product));
}

fn from_right(level: Level, n: usize, matrix: &[f64], weights: &[f64], product: &mut [f64]) {
    dispatch!(level, simd => product_from_right(simd, n, matrix, weights, product));
}

/// Adds to sums.
#[simd]
fn add<S: Simd>(simd: S, terms: &[f64], sums: &mut [f64]) {
    for start in (0..sums.len()).step_by(S::f64s::LEN) {
        let lanes = Lanes { simd, start, stride: 0 };
        lanes.store(lanes.load(sums, 0) + lanes.load(terms, 0), sums, 0);
    }
}

/// $h - d\circ x$.
#[simd]
fn subtract_product<S: Simd>(simd: S, [h, d, x]: [&[f64]; 3], to: &mut [f64]) {
    for start in (0..to.len()).step_by(S::f64s::LEN) {
        let lanes = Lanes { simd, start, stride: 0 };
        lanes.store(lanes.load(h, 0) - lanes.load(d, 0) * lanes.load(x, 0), to, 0);
    }
}

/// $d\circ x$.
#[simd]
fn multiply_entries<S: Simd>(simd: S, d: &[f64], x: &[f64], to: &mut [f64]) {
    for start in (0..to.len()).step_by(S::f64s::LEN) {
        let lanes = Lanes { simd, start, stride: 0 };
        lanes.store(lanes.load(d, 0) * lanes.load(x, 0), to, 0);
    }
}

/// Adds $a - b + d\circ x$ to sums.
#[simd]
fn add_response<S: Simd>(simd: S, [a, b, d, x]: [&[f64]; 4], sums: &mut [f64]) {
    for start in (0..sums.len()).step_by(S::f64s::LEN) {
        let lanes = Lanes { simd, start, stride: 0 };
        let rest = lanes.load(a, 0) - lanes.load(b, 0);
        let response = rest + lanes.load(d, 0) * lanes.load(x, 0);
        lanes.store(lanes.load(sums, 0) + response, sums, 0);
    }
}

/// Softmax of every row of the logits times the gain.
#[simd]
fn softmax<S: Simd>(simd: S, positions: usize, gain: f64, logits: &[f64], weights: &mut [f64]) {
    let row_length = positions * LANES;
    for (logits, weights) in logits.chunks_exact(row_length).zip(weights.chunks_exact_mut(row_length)) {
        for start in (0..LANES).step_by(S::f64s::LEN) {
            let lanes = Lanes { simd, start, stride: LANES };
            let mut largest = lanes.load(logits, 0) * gain;
            for at in 1..positions {
                largest = largest.max(lanes.load(logits, at) * gain);
            }
            let mut sum = S::f64s::splat(simd, 0.0);
            for at in 0..positions {
                let power = exponential(simd, lanes.load(logits, at) * gain - largest);
                sum += power;
                lanes.store(power, weights, at);
            }
            for at in 0..positions {
                lanes.store(lanes.load(weights, at) / sum, weights, at);
            }
        }
    }
}

/// The diagonals of what pairs add; `right` are products with the transposed weights, as in [`Algebra`].
#[simd]
fn add_own<S: Simd>(
    simd: S,
    positions: usize,
    weights: &[f64],
    right: [&[f64]; 6],
    with_ntk: bool,
    means: &mut OwnMeans,
) {
    let [values, keys, ntk_keys, ntk_values, products, ntk_products] = right;
    let zero = S::f64s::splat(simd, 0.0);
    for q in 0..positions {
        for start in (0..LANES).step_by(S::f64s::LEN) {
            let lanes = Lanes { simd, start, stride: LANES };
            let (mut spread, mut ntk_spread) = (zero, zero);
            // Of both responses: the column of the other difference, and its products with that of values.
            let (mut columns, mut inner, mut outer) = ([zero; 2], [zero; 2], [zero; 2]);
            for b in 0..positions {
                let at = b * positions + q;
                let weight = lanes.load(weights, q * positions + b);
                let value = lanes.load(values, at);
                spread = value.mul_add(weight, spread);
                if with_ntk {
                    ntk_spread = lanes.load(ntk_values, at).mul_add(weight, ntk_spread);
                    for (which, (other, products)) in
                        [(keys, products), (ntk_keys, ntk_products)].into_iter().enumerate()
                    {
                        let other = lanes.load(other, at);
                        let product = value * other;
                        columns[which] = other.mul_add(weight, columns[which]);
                        inner[which] = (lanes.load(products, at) - product).mul_add(weight, inner[which]);
                        outer[which] = product.mul_add(weight, outer[which]);
                    }
                }
            }
            lanes.store(lanes.load(&means.half_spread, q) + spread, &mut means.half_spread, q);
            if with_ntk {
                lanes.store(
                    lanes.load(&means.ntk_half_spread, q) + ntk_spread,
                    &mut means.ntk_half_spread,
                    q,
                );
                let responses = [&mut means.response, &mut means.ntk_response];
                for (which, response) in responses.into_iter().enumerate() {
                    let term = (inner[which] - outer[which]) + spread * columns[which];
                    lanes.store(lanes.load(response, q) + term, response, q);
                }
            }
        }
    }
}
