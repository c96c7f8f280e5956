//! A fraction of a full turn, with cosine and sine that respect its symmetries.
//!
//! A rotation is split into quarter turns, which are exact integer arithmetic on pixel positions, and a remainder below
//! one quarter. The remainder enters as the quotient of two integers, rounded once, so that equal fractions give equal
//! bits however they are written: 1/2 and 2/4, and the remainders of 1/6 and 5/12.

/// The turn by `numerator / denominator` of 360 degrees.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Turn {
    quarters: usize,
    cosine: f64,
    sine: f64,
}

impl Turn {
    /// The turn by `numerator / denominator` of 360 degrees.
    ///
    /// # Panics
    /// If the denominator is zero.
    #[must_use]
    pub fn new(numerator: usize, denominator: usize) -> Self {
        let (numerator, denominator) = ((numerator % denominator) as u128, denominator as u128);
        let quarters = (4 * numerator / denominator) as usize;
        // The remainder is `rest / denominator` quarters of a turn.
        let rest = 4 * numerator % denominator;
        let (cosine, sine) = match (2 * rest).cmp(&denominator) {
            std::cmp::Ordering::Less => cosine_and_sine(rest as f64 / denominator as f64),
            std::cmp::Ordering::Equal => (std::f64::consts::FRAC_1_SQRT_2, std::f64::consts::FRAC_1_SQRT_2),
            std::cmp::Ordering::Greater => {
                let (cosine, sine) = cosine_and_sine((denominator - rest) as f64 / denominator as f64);
                (sine, cosine)
            }
        };
        Self { quarters, cosine, sine }
    }

    /// Whole quarter turns, 0 to 3.
    #[must_use]
    pub fn quarters(self) -> usize {
        self.quarters
    }

    /// Whether nothing remains after the quarter turns.
    #[must_use]
    pub fn is_quarters(self) -> bool {
        self.sine == 0.0
    }

    /// The position that the rotated image takes its value from, relative to the centre of the image: $(y, x)$ becomes
    /// $(cy + sx, -sy + cx)$. Offsets come in half pixels so that those of even sizes are integers; the result is in
    /// pixels.
    pub(crate) fn source(self, y: i64, x: i64) -> (f64, f64) {
        let (y, x) = self.after_quarters(y, x);
        let (y, x) = (y as f64, x as f64);
        (0.5 * (self.cosine * y + self.sine * x), 0.5 * (self.cosine * x - self.sine * y))
    }

    /// The same for the quarter turns alone, in half pixels.
    pub(crate) fn after_quarters(self, y: i64, x: i64) -> (i64, i64) {
        match self.quarters {
            0 => (y, x),
            1 => (x, -y),
            2 => (-y, -x),
            _ => (-x, y),
        }
    }
}

/// Cosine and sine of a fraction of a quarter turn, at most one half. The same bits on every platform.
fn cosine_and_sine(quarter: f64) -> (f64, f64) {
    let (sine, cosine) = libm::sincos(quarter * std::f64::consts::FRAC_PI_2);
    (cosine, sine)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_fractions_are_equal_to_the_bit() {
        for n in 1..50 {
            for k in 0..n {
                for factor in [2, 3, 7, 12] {
                    assert_eq!(Turn::new(k, n), Turn::new(factor * k, factor * n));
                }
                assert_eq!(Turn::new(k, n), Turn::new(k + n, n));
            }
        }
    }

    #[test]
    fn a_quarter_more_changes_nothing_but_the_quarters() {
        for n in 1..50 {
            for k in 0..n {
                let (turn, next) = (Turn::new(k, n), Turn::new(4 * k + n, 4 * n));
                assert_eq!((turn.cosine, turn.sine), (next.cosine, next.sine));
                assert_eq!((turn.quarters + 1) % 4, next.quarters);
            }
        }
    }

    #[test]
    fn cosine_and_sine_are_those_of_the_angle() {
        for n in 1..100 {
            for k in 0..n {
                let angle = std::f64::consts::TAU * k as f64 / n as f64;
                let (y, x) = Turn::new(k, n).source(2, 0);
                // The angle of this control is itself rounded, by up to 4.4e-16.
                assert!((y - angle.cos()).abs() < 2e-15 && (x + angle.sin()).abs() < 2e-15, "{k}/{n}");
            }
        }
    }

    #[test]
    fn quarters_are_exact() {
        for (k, source) in [(0, (1.0, 0.5)), (1, (0.5, -1.0)), (2, (-1.0, -0.5)), (3, (-0.5, 1.0))] {
            assert!(Turn::new(k, 4).is_quarters());
            assert_eq!(Turn::new(k, 4).source(2, 1), source);
        }
        assert!(!Turn::new(1, 8).is_quarters());
        assert!(!Turn::new(1, 1 << 31).is_quarters());
    }
}
