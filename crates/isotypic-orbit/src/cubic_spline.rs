//! Cubic B-spline interpolation of one image plane.
//!
//! The plane is $f(y, x) = \sum_{jk} c_{jk}\, β(y - j)\, β(x - k)$ with the centred cubic B-spline
//! $β$. The coefficients $c$ make $f$ pass through the pixels; along each axis they come from a causal and an
//! anticausal recursion with the pole $\sqrt 3 - 2$ (Unser, Aldroubi & Eden 1993, "B-spline signal processing"),
//! the plane continued by reflection about its border pixels.
//!
//! These are the numbers of `scipy.ndimage` with `order=3, mode="constant"`: reflection for the coefficients, and the
//! constant, here 0, for every position outside the rectangle of pixel centres.

use ndarray::{Array2, ArrayRef2, ArrayViewMut1, Axis};

/// The pole of the cubic B-spline filter, $\sqrt 3 - 2$.
const POLE: f64 = -0.267_949_192_431_122_7;

/// An image plane that can be evaluated between its pixels.
///
/// # Examples
/// ```
/// use isotypic_orbit::CubicSpline;
/// use ndarray::array;
///
/// let spline = CubicSpline::new(&array![[1.0, 2.0], [3.0, 5.0]]);
/// assert_eq!(spline.at(1.0, 0.0), 3.0); // pixels keep their bits
/// assert!((spline.at(0.5, 0.5) - 2.75).abs() < 1e-15); // the mean, by symmetry
/// assert_eq!(spline.at(0.5, 1.25), 0.0); // outside
/// ```
#[derive(Clone, Debug)]
pub struct CubicSpline {
    pixels: Array2<f64>,
    coefficients: Array2<f64>,
}

impl CubicSpline {
    /// The spline through all pixels of a plane `[H, W]`.
    #[must_use]
    pub fn new(plane: &ArrayRef2<f64>) -> Self {
        let pixels = plane.to_owned();
        let mut coefficients = pixels.clone();
        for axis in [Axis(0), Axis(1)] {
            coefficients.lanes_mut(axis).into_iter().for_each(filter);
        }
        Self { pixels, coefficients }
    }

    /// The value at row `y` and column `x`, in pixels from the centre of the first pixel; 0 outside
    /// `[0, H-1] × [0, W-1]`. On a pixel it is that pixel to the bit.
    #[must_use]
    pub fn at(&self, y: f64, x: f64) -> f64 {
        let (height, width) = self.pixels.dim();
        let inside = |position: f64, size: usize| position >= 0.0 && position <= (size as f64) - 1.0;
        if !inside(y, height) || !inside(x, width) {
            return 0.0;
        }
        let (top, left) = (y.floor(), x.floor());
        if y == top && x == left {
            return self.pixels[[top as usize, left as usize]];
        }
        let (rows, row_weights) = (taps(top as usize, height), weights(y - top));
        let (columns, column_weights) = (taps(left as usize, width), weights(x - left));
        let mut value = 0.0;
        for (row, row_weight) in rows.into_iter().zip(row_weights) {
            let mut sum = 0.0;
            for (column, column_weight) in columns.into_iter().zip(column_weights) {
                sum += column_weight * self.coefficients[[row, column]];
            }
            value += row_weight * sum;
        }
        value
    }
}

/// Samples become B-spline coefficients, in place.
fn filter(mut line: ArrayViewMut1<'_, f64>) {
    let n = line.len();
    if n == 1 {
        return;
    }
    // Causal sum over one period of the reflected line: 0, 1, …, n-1, n-2, …, 1.
    let (mut sum, mut power) = (0.0, 1.0);
    for k in (0..n).chain((1..n - 1).rev()) {
        sum += power * line[k];
        power *= POLE;
    }
    line[0] = sum / (1.0 - power);
    for k in 1..n {
        line[k] += POLE * line[k - 1];
    }
    line[n - 1] = POLE / (POLE * POLE - 1.0) * (line[n - 1] + POLE * line[n - 2]);
    for k in (0..n - 1).rev() {
        line[k] = POLE * (line[k + 1] - line[k]);
    }
    line.mapv_inplace(|value| 6.0 * value);
}

/// The four coefficients around a position between `floor` and `floor + 1`, reflected at the border.
fn taps(floor: usize, size: usize) -> [usize; 4] {
    if size == 1 {
        return [0; 4];
    }
    let period = 2 * (size - 1);
    [period - 1, 0, 1, 2].map(|offset| {
        let folded = (floor + offset) % period;
        folded.min(period - folded)
    })
}

/// The cubic B-spline at distances $1 + t$, $t$, $1 - t$, $2 - t$, with $t$ in [0, 1).
fn weights(t: f64) -> [f64; 4] {
    let u = 1.0 - t;
    [
        u * u * u / 6.0,
        2.0 / 3.0 - 0.5 * t * t * (2.0 - t),
        2.0 / 3.0 - 0.5 * u * u * (2.0 - u),
        t * t * t / 6.0,
    ]
}

#[cfg(test)]
mod tests {
    use ndarray::Array1;

    use super::*;

    /// The pixel the reflected line has at any integer, by walking.
    fn reflected(mut position: i64, size: i64) -> usize {
        while position < 0 || position >= size {
            position = if position < 0 { -position } else { 2 * (size - 1) - position };
        }
        position as usize
    }

    /// The centred B-spline of a degree, by its recursion from the box.
    fn bspline(degree: u32, x: f64) -> f64 {
        if degree == 0 {
            return f64::from((-0.5..0.5).contains(&x));
        }
        let half = 0.5 * f64::from(degree + 1);
        let (left, right) = (bspline(degree - 1, x + 0.5), bspline(degree - 1, x - 0.5));
        ((half + x) * left + (half - x) * right) / f64::from(degree)
    }

    #[test]
    fn coefficients_reproduce_the_samples_under_reflection() {
        for n in 2..20_i64 {
            let samples = Array1::from_shape_fn(n as usize, |i| ((i * i) as f64 * 0.7 + 0.3).sin());
            let mut coefficients = samples.clone();
            filter(coefficients.view_mut());
            for i in 0..n {
                let c = |k| coefficients[reflected(k, n)];
                let value = (c(i - 1) + 4.0 * c(i) + c(i + 1)) / 6.0;
                assert!((value - samples[i as usize]).abs() < 1e-14, "{n}, {i}");
            }
        }
    }

    #[test]
    fn values_between_pixels_are_the_sum_over_all_basis_functions() {
        let plane = Array2::from_shape_fn((5, 4), |(y, x)| ((3 * y + 7 * x * x) as f64).sin());
        let spline = CubicSpline::new(&plane);
        for (y, x) in [(0.2, 0.1), (3.9, 2.95), (2.0, 1.5), (0.0, 2.7), (4.0, 0.5), (1.7, 3.0)] {
            let mut value = 0.0;
            for j in -10..15 {
                for k in -10..14 {
                    let c = spline.coefficients[[reflected(j, 5), reflected(k, 4)]];
                    value += c * bspline(3, y - j as f64) * bspline(3, x - k as f64);
                }
            }
            assert!((spline.at(y, x) - value).abs() < 1e-13, "({y}, {x})");
        }
    }

    #[test]
    fn a_line_and_a_single_pixel_are_planes_too() {
        let line = CubicSpline::new(&Array2::from_elem((1, 6), 2.5));
        assert!((line.at(0.0, 3.3) - 2.5).abs() < 1e-15);
        let pixel = CubicSpline::new(&Array2::from_elem((1, 1), 4.0));
        assert_eq!(pixel.at(0.0, 0.0), 4.0);
        assert_eq!(pixel.at(0.0, 0.1), 0.0);
    }

    #[test]
    fn the_border_is_inside_and_a_hair_beyond_is_not() {
        let spline = CubicSpline::new(&Array2::ones((3, 3)));
        assert!((spline.at(0.0, 1.5) - 1.0).abs() < 1e-15);
        assert!((spline.at(2.0, 1.5) - 1.0).abs() < 1e-15);
        assert_eq!(spline.at(-1e-300, 1.5), 0.0);
        assert_eq!(spline.at(1.0, 2.0_f64.next_up()), 0.0);
        assert_eq!(spline.at(f64::NAN, 1.0), 0.0);
    }
}
