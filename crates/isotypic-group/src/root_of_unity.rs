//! Roots of unity with exact symmetries.

use std::f64::consts::{FRAC_1_SQRT_2, FRAC_PI_2};

use num_complex::Complex64;

/// $\exp(+2πi\,t/n)$ for `t < n`.
///
/// The angle is reduced in integers to at most an eighth of a turn, so quarter turns are exact, the roots of `t`
/// and `n - t` are exact conjugates and equal fractions give equal bits.
pub(crate) fn root_of_unity(t: u64, n: u64) -> Complex64 {
    let (quarter, rest) = (4 * t / n, 4 * t % n);
    let (cos, sin) = match (2 * rest).cmp(&n) {
        std::cmp::Ordering::Less => first_octant(rest, n),
        std::cmp::Ordering::Equal => (FRAC_1_SQRT_2, FRAC_1_SQRT_2),
        std::cmp::Ordering::Greater => {
            let (cos, sin) = first_octant(n - rest, n);
            (sin, cos)
        }
    };
    match quarter {
        0 => Complex64::new(cos, sin),
        1 => Complex64::new(0.0 - sin, cos),
        2 => Complex64::new(0.0 - cos, 0.0 - sin),
        _ => Complex64::new(sin, 0.0 - cos),
    }
}

/// Cosine and sine of `rest / n` quarter turns, at most half of one.
fn first_octant(rest: u64, n: u64) -> (f64, f64) {
    let (sin, cos) = (rest as f64 / n as f64 * FRAC_PI_2).sin_cos();
    (cos, sin)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quarter_turns_are_exact_without_negative_zeros() {
        for n in [4, 12, 64, 1 << 31] {
            let exact = [(1.0, 0.0), (0.0, 1.0), (-1.0, 0.0), (0.0, -1.0)];
            for (q, (re, im)) in exact.into_iter().enumerate() {
                let root = root_of_unity(q as u64 * n / 4, n);
                assert_eq!((root.re.to_bits(), root.im.to_bits()), (f64::to_bits(re), f64::to_bits(im)));
            }
        }
    }

    #[test]
    fn roots_equal_the_exponential() {
        for n in 1..200u64 {
            for t in 0..n {
                let expected = Complex64::cis(2.0 * std::f64::consts::PI * t as f64 / n as f64);
                // The unreduced angle itself is rounded by up to 4.4e-16.
                assert!((root_of_unity(t, n) - expected).norm() < 1.5e-15);
            }
        }
    }

    #[test]
    fn conjugates_and_equal_fractions_agree_bit_for_bit() {
        for n in 1..100u64 {
            for t in 1..n {
                assert_eq!(root_of_unity(n - t, n), root_of_unity(t, n).conj());
                assert_eq!(root_of_unity(3 * t, 3 * n), root_of_unity(t, n));
            }
        }
    }
}
