//! The two floating-point types in which kernels are evaluated.

use std::fmt::{Debug, Display, LowerExp};
use std::iter::Sum;
use std::ops::{Add, AddAssign, Div, Mul, Sub};

use faer::linalg::matmul::matmul;
use faer::traits::ComplexField;
use faer::{Accum, MatMut, MatRef, Par};
use fearless_simd::prelude::*;
use fearless_simd::{Level, SimdFloatElement};

use crate::layer_run::{DifferenceRun, GapRun};
use crate::nonlinearity::{Nonlinearity, PairRun};

mod sealed {
    pub trait Sealed {}
    impl Sealed for f32 {}
    impl Sealed for f64 {}
}

/// `f64` or `f32`: the type of points, covariances and tangent kernels of pairs.
///
/// What depends on one point alone (variances, weights of attention) is computed in `f64` and rounded once.
pub trait Real:
    sealed::Sealed
    + SimdFloatElement
    + Copy
    + Debug
    + Default
    + Display
    + LowerExp
    + PartialOrd
    + Send
    + Sync
    + Add<Output = Self>
    + AddAssign
    + Div<Output = Self>
    + Mul<Output = Self>
    + Sub<Output = Self>
    + Sum
    + 'static
{
    /// Number of pairs that are processed side by side: one column image, or one column point, per lane.
    ///
    /// A multiple of every vector width in use, so that results do not depend on the width; 64 bytes in either type.
    const LANES: usize;
    /// Distance from 1 to the next larger number.
    const EPSILON: Self;
    /// The smallest positive normal number.
    const MIN_POSITIVE: Self;
    /// The largest finite number.
    const MAX: Self;

    /// The nearest number of this type.
    fn from_f64(value: f64) -> Self;

    /// The same number, without loss.
    fn to_f64(self) -> f64;

    /// Hands a vector over in double precision, in one part or in several, each with the place of its first lane.
    fn widen<S: Simd>(vector: Self::Native<S>, each: impl FnMut(usize, S::f64s));

    /// The products $X Y^\top$ of the rows of two matrices, on one thread.
    ///
    /// # Shapes
    /// - `x`: `[n, columns]`, `y`: `[m, columns]`, `products`: `[n, m]`, overwritten
    fn multiply_rows(x: &[Self], y: &[Self], columns: usize, products: &mut [Self]);

    /// Maps a run of pairs of this type through a nonlinearity.
    fn map(nonlinearity: &dyn Nonlinearity, level: Level, run: PairRun<'_, Self>);

    /// Carries differences of this type through an affine layer and the nonlinearity after it.
    fn map_differences(nonlinearity: &dyn Nonlinearity, level: Level, run: DifferenceRun<'_, Self>);

    /// Carries cosine gaps of this type through an affine layer and the nonlinearity after it.
    fn map_gaps(nonlinearity: &dyn Nonlinearity, level: Level, run: GapRun<'_, Self>);
}

impl Real for f64 {
    const LANES: usize = 8;
    const EPSILON: Self = f64::EPSILON;
    const MIN_POSITIVE: Self = f64::MIN_POSITIVE;
    const MAX: Self = f64::MAX;

    #[inline(always)]
    fn from_f64(value: f64) -> Self {
        value
    }

    #[inline(always)]
    fn to_f64(self) -> f64 {
        self
    }

    fn map(nonlinearity: &dyn Nonlinearity, level: Level, run: PairRun<'_, Self>) {
        nonlinearity.map(level, run);
    }

    fn map_differences(nonlinearity: &dyn Nonlinearity, level: Level, run: DifferenceRun<'_, Self>) {
        nonlinearity.map_differences(level, run);
    }

    fn map_gaps(nonlinearity: &dyn Nonlinearity, level: Level, run: GapRun<'_, Self>) {
        nonlinearity.map_gaps(level, run);
    }

    fn multiply_rows(x: &[Self], y: &[Self], columns: usize, products: &mut [Self]) {
        multiply_rows(x, y, columns, products);
    }

    #[inline(always)]
    fn widen<S: Simd>(vector: Self::Native<S>, mut each: impl FnMut(usize, S::f64s)) {
        each(0, vector);
    }
}

impl Real for f32 {
    const LANES: usize = 16;
    const EPSILON: Self = f32::EPSILON;
    const MIN_POSITIVE: Self = f32::MIN_POSITIVE;
    const MAX: Self = f32::MAX;

    #[inline(always)]
    fn from_f64(value: f64) -> Self {
        value as f32
    }

    #[inline(always)]
    fn to_f64(self) -> f64 {
        f64::from(self)
    }

    fn map(nonlinearity: &dyn Nonlinearity, level: Level, run: PairRun<'_, Self>) {
        nonlinearity.map_single(level, run);
    }

    fn map_differences(nonlinearity: &dyn Nonlinearity, level: Level, run: DifferenceRun<'_, Self>) {
        nonlinearity.map_differences_single(level, run);
    }

    fn map_gaps(nonlinearity: &dyn Nonlinearity, level: Level, run: GapRun<'_, Self>) {
        nonlinearity.map_gaps_single(level, run);
    }

    fn multiply_rows(x: &[Self], y: &[Self], columns: usize, products: &mut [Self]) {
        multiply_rows(x, y, columns, products);
    }

    #[inline(always)]
    fn widen<S: Simd>(vector: Self::Native<S>, mut each: impl FnMut(usize, S::f64s)) {
        let (low, high) = vector.widen();
        each(0, low);
        each(S::f64s::LEN, high);
    }
}

fn multiply_rows<T: ComplexField>(x: &[T], y: &[T], columns: usize, products: &mut [T]) {
    let (rows_x, rows_y) = (x.len() / columns, y.len() / columns);
    matmul(
        MatMut::from_row_major_slice_mut(products, rows_x, rows_y),
        Accum::Replace,
        MatRef::from_row_major_slice(x, rows_x, columns),
        MatRef::from_row_major_slice(y, rows_y, columns).transpose(),
        T::one_impl(),
        Par::Seq,
    );
}
