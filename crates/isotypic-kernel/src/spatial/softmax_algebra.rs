//! The matrices of one draw of random attention weights: logits, their softmax, and what weights make of differences.
//!
//! Formulas are those of `softmax_sample.rs`. Matrices are `[positions, positions, lanes]`.

use fearless_simd::{Level, dispatch, prelude::*};
use fearless_simd_macros::simd;

use super::conditional::{Block, Conditional, Joint, Lanes, conditional, packed};
use super::lane_products::{product_from_left, product_from_right};
use super::softmax_sample::{Differences, Input, LANES, OwnMeans, PairMeans};
use crate::nonlinearity::exponential::exponential;

/// A matrix `[positions, positions, lanes]` and its transpose.
pub(super) struct WithTranspose {
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
pub(super) struct Factors {
    pub(super) own: WithTranspose,
    cross: WithTranspose,
    rest: WithTranspose,
}

impl Factors {
    pub(super) fn new(
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
pub(super) fn unpacked(triangle: &[f64], positions: usize) -> WithTranspose {
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
pub(super) struct Algebra {
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
    pub(super) fn new(level: Level, positions: usize) -> Self {
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

    pub(super) fn matrix(&self) -> Vec<f64> {
        vec![0.0; self.positions * self.positions * LANES]
    }

    /// $LZL^\top$.
    pub(super) fn logits_of_first(&mut self, z: &[f64], own: &WithTranspose, logits: &mut [f64]) {
        let (level, n) = (self.level, self.positions);
        from_left(level, n, z, &own.transpose, false, &mut self.upper);
        from_left(level, n, &own.matrix, &self.upper, false, logits);
    }

    /// $[B\;L']\,Z\,[B\;L']^\top$.
    pub(super) fn logits_of_second(&mut self, z: &[Vec<f64>; 4], factors: &Factors, logits: &mut [f64]) {
        let (level, n) = (self.level, self.positions);
        let Factors { cross, rest, .. } = factors;
        from_left(level, n, &z[0], &cross.transpose, false, &mut self.upper);
        from_left(level, n, &z[1], &rest.transpose, true, &mut self.upper);
        from_left(level, n, &z[2], &cross.transpose, false, &mut self.lower);
        from_left(level, n, &z[3], &rest.transpose, true, &mut self.lower);
        from_left(level, n, &cross.matrix, &self.upper, false, logits);
        from_left(level, n, &rest.matrix, &self.lower, true, logits);
    }

    pub(super) fn softmax(&self, gain: f64, logits: &[f64], weights: &mut [f64]) {
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
    pub(super) fn add_own(&mut self, weights: &[f64], differences: &Differences, means: &mut OwnMeans) {
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
    pub(super) fn add_pair(
        &mut self,
        (a, b): (&[f64], &[f64]),
        differences: &Differences,
        means: &mut PairMeans,
    ) {
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
            let terms = [&*first, &*second, &mixed[0], &mixed[other]].map(Vec::as_slice);
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
