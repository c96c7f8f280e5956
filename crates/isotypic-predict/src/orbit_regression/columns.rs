//! Columns of numbers that blocks act on, and the sums that conjugate gradients need of them.

use isotypic_gram::GramError;
use num_complex::Complex64;

use crate::PredictError;

/// Columns side by side, so that an entry of a block meets all of them at once. Of real blocks the imaginary parts are left out.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Columns {
    rows: usize,
    count: usize,
    /// `[rows][count]`
    real: Vec<f64>,
    /// `[rows][count]`, or empty.
    imaginary: Vec<f64>,
}

impl Columns {
    pub(super) fn zeros(rows: usize, count: usize, is_real: bool) -> Result<Self, PredictError> {
        let length = rows * count;
        let numbers = |length: usize| {
            let mut numbers = Vec::new();
            let bytes = (length * size_of::<f64>()) as u64;
            numbers.try_reserve_exact(length).map_err(|_| GramError::OutOfMemory { dim: rows, bytes })?;
            numbers.resize(length, 0.0);
            Ok::<Vec<f64>, GramError>(numbers)
        };
        let imaginary = numbers(if is_real { 0 } else { length })?;
        Ok(Self { rows, count, real: numbers(length)?, imaginary })
    }

    pub(super) fn count(&self) -> usize {
        self.count
    }

    /// Of real blocks the real part counts.
    pub(super) fn set(&mut self, row: usize, column: usize, value: Complex64) {
        let at = row * self.count + column;
        self.real[at] = value.re;
        if let Some(imaginary) = self.imaginary.get_mut(at) {
            *imaginary = value.im;
        }
    }

    pub(super) fn get(&self, row: usize, column: usize) -> Complex64 {
        let at = row * self.count + column;
        Complex64::new(self.real[at], self.imaginary.get(at).copied().unwrap_or(0.0))
    }

    /// Adds a row of `other`, times a number, to a row.
    #[inline]
    pub(super) fn add_multiple(&mut self, row: usize, factor: Complex64, other: &Self, from: usize) {
        let (to, from) = (row * self.count, from * self.count);
        let (to, from) = (to..to + self.count, from..from + self.count);
        if self.imaginary.is_empty() {
            for (sum, &value) in self.real[to].iter_mut().zip(&other.real[from]) {
                *sum += factor.re * value;
            }
            return;
        }
        let parts = (self.real[to.clone()].iter_mut()).zip(&mut self.imaginary[to]);
        let others = other.real[from.clone()].iter().zip(&other.imaginary[from]);
        for ((real, imaginary), (&x, &y)) in parts.zip(others) {
            *real += factor.re * x - factor.im * y;
            *imaginary += factor.re * y + factor.im * x;
        }
    }

    /// Adds a row, times a number, to another row.
    pub(super) fn add_own_multiple(&mut self, row: usize, factor: Complex64, from: usize) {
        for column in 0..self.count {
            let (to, from) = (row * self.count + column, from * self.count + column);
            let x = self.real[from];
            match self.imaginary.get(from).copied() {
                None => self.real[to] += factor.re * x,
                Some(y) => {
                    self.real[to] += factor.re * x - factor.im * y;
                    self.imaginary[to] += factor.re * y + factor.im * x;
                }
            }
        }
    }

    /// Multiplies a row by a number.
    pub(super) fn scale_row(&mut self, row: usize, factor: f64) {
        let range = row * self.count..(row + 1) * self.count;
        self.real[range.clone()].iter_mut().for_each(|value| *value *= factor);
        if let Some(imaginary) = self.imaginary.get_mut(range) {
            imaginary.iter_mut().for_each(|value| *value *= factor);
        }
    }

    /// $\mathrm{Re}\,\langle x_c, y_c \rangle$ for every column c.
    pub(super) fn inner_products(&self, other: &Self) -> Vec<f64> {
        let mut sums = vec![0.0; self.count];
        for (mine, others) in [(&self.real, &other.real), (&self.imaginary, &other.imaginary)] {
            for (x, y) in mine.chunks_exact(self.count).zip(others.chunks_exact(self.count)) {
                for ((sum, x), y) in sums.iter_mut().zip(x).zip(y) {
                    *sum += x * y;
                }
            }
        }
        sums
    }

    /// $\mathrm{Re}\,\langle x_a, y_b \rangle$ of one column each.
    pub(super) fn inner_product(&self, a: usize, other: &Self, b: usize) -> f64 {
        let of_part = |x: &[f64], y: &[f64]| {
            let pairs = x.chunks_exact(self.count).zip(y.chunks_exact(other.count));
            pairs.map(|(x, y)| x[a] * y[b]).sum::<f64>()
        };
        of_part(&self.real, &other.real) + of_part(&self.imaginary, &other.imaginary)
    }

    /// $x_c ← x_c + f_c y_c$.
    pub(super) fn add_scaled(&mut self, factors: &[f64], other: &Self) {
        self.combine(other, |column, x, y| x + factors[column] * y);
    }

    /// $x_c ← f_c x_c + y_c$.
    pub(super) fn scale_and_add(&mut self, factors: &[f64], other: &Self) {
        self.combine(other, |column, x, y| factors[column] * x + y);
    }

    fn combine(&mut self, other: &Self, of: impl Fn(usize, f64, f64) -> f64) {
        let parts = [(&mut self.real, &other.real), (&mut self.imaginary, &other.imaginary)];
        for (mine, others) in parts {
            let rows = mine.chunks_exact_mut(self.count).zip(others.chunks_exact(self.count));
            for (x, y) in rows {
                for (column, (x, &y)) in x.iter_mut().zip(y).enumerate() {
                    *x = of(column, *x, y);
                }
            }
        }
    }

    pub(super) fn rows(&self) -> usize {
        self.rows
    }

    /// The block is real, and so are the columns.
    pub(super) fn is_real(&self) -> bool {
        self.imaginary.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn example(is_real: bool, phase: f64) -> Columns {
        let mut columns = Columns::zeros(3, 2, is_real).unwrap();
        for (row, column) in (0..3).flat_map(|row| (0..2).map(move |column| (row, column))) {
            let angle = phase + (row * 2 + column) as f64;
            columns.set(row, column, Complex64::new(angle.sin(), (2.0 * angle).cos()));
        }
        columns
    }

    #[test]
    fn sums_and_products_are_those_of_complex_numbers() {
        for is_real in [true, false] {
            let (x, y) = (example(is_real, 0.3), example(is_real, 1.1));
            let at = |columns: &Columns, row, column| columns.get(row, column);
            for (column, product) in x.inner_products(&y).into_iter().enumerate() {
                let expected: Complex64 = (0..3).map(|r| at(&x, r, column).conj() * at(&y, r, column)).sum();
                assert!((product - expected.re).abs() < 1e-15);
                assert!((x.inner_product(column, &y, column) - expected.re).abs() < 1e-15);
            }
            let factor = if is_real { Complex64::from(0.7) } else { Complex64::new(0.7, -0.4) };
            let (mut added, mut own, mut sum, mut scaled) = (x.clone(), x.clone(), x.clone(), x.clone());
            added.add_multiple(2, factor, &y, 1);
            own.add_own_multiple(2, factor, 1);
            own.scale_row(0, 3.0);
            sum.add_scaled(&[0.5, 2.0], &y);
            scaled.scale_and_add(&[0.5, 2.0], &y);
            for column in 0..2 {
                let near = |found: Complex64, expected: Complex64| {
                    assert!((found - expected).norm() < 1e-15, "{found} and {expected}");
                };
                near(at(&added, 2, column), at(&x, 2, column) + factor * at(&y, 1, column));
                near(at(&own, 2, column), at(&x, 2, column) + factor * at(&x, 1, column));
                near(at(&own, 0, column), 3.0 * at(&x, 0, column));
                let weight = [0.5, 2.0][column];
                near(at(&sum, 1, column), at(&x, 1, column) + weight * at(&y, 1, column));
                near(at(&scaled, 1, column), weight * at(&x, 1, column) + at(&y, 1, column));
            }
        }
    }
}
