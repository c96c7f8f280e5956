//! The two floating-point types in which kernels are evaluated.

use std::fmt::{Debug, Display, LowerExp};
use std::iter::Sum;
use std::ops::{Add, AddAssign, Div, Mul, Sub};

use fearless_simd::SimdFloatElement;

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

    /// The nearest number of this type.
    fn from_f64(value: f64) -> Self;

    /// The same number, without loss.
    fn to_f64(self) -> f64;
}

impl Real for f64 {
    const LANES: usize = 8;
    const EPSILON: Self = f64::EPSILON;
    const MIN_POSITIVE: Self = f64::MIN_POSITIVE;

    #[inline(always)]
    fn from_f64(value: f64) -> Self {
        value
    }

    #[inline(always)]
    fn to_f64(self) -> f64 {
        self
    }
}

impl Real for f32 {
    const LANES: usize = 16;
    const EPSILON: Self = f32::EPSILON;
    const MIN_POSITIVE: Self = f32::MIN_POSITIVE;

    #[inline(always)]
    fn from_f64(value: f64) -> Self {
        value as f32
    }

    #[inline(always)]
    fn to_f64(self) -> f64 {
        f64::from(self)
    }
}
