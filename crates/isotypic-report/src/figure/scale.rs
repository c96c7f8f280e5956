//! From numbers to coordinates, along one axis.

use super::super::terminal::decimal;

/// An axis from `low` to `high`, on a logarithmic scale or not.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Scale {
    low: f64,
    high: f64,
    from: f64,
    to: f64,
    logarithmic: bool,
}

impl Scale {
    /// `low` at coordinate `from`, `high` at `to`; an empty range is widened.
    pub(crate) fn linear((low, high): (f64, f64), (from, to): (f64, f64)) -> Self {
        let high = if high > low { high } else { low + 1.0 };
        Self { low, high, from, to, logarithmic: false }
    }

    /// The same for positive numbers on a logarithmic scale.
    pub(crate) fn logarithmic((low, high): (f64, f64), (from, to): (f64, f64)) -> Self {
        let high = if high > low { high } else { low * 2.0 };
        Self { low, high, from, to, logarithmic: true }
    }

    /// The coordinate of a number; one beyond the ends is put on the end.
    pub(crate) fn at(&self, value: f64) -> f64 {
        let map = |value: f64| if self.logarithmic { value.ln() } else { value };
        let value = value.clamp(self.low, self.high);
        let part = (map(value) - map(self.low)) / (map(self.high) - map(self.low));
        self.from + part * (self.to - self.from)
    }

    /// About `count` round numbers, with their labels.
    pub(crate) fn ticks(&self, count: usize) -> Vec<(f64, String)> {
        if self.logarithmic { self.decades(count) } else { self.steps(count) }
    }

    /// About `count` round numbers, where powers of ten are too few also 2 and 5 times those.
    pub(crate) fn fine_ticks(&self, count: usize) -> Vec<(f64, String)> {
        let ticks = self.ticks(count);
        if !self.logarithmic || ticks.len() > 2 {
            return ticks;
        }
        let powers = self.low.log10().floor() as i32..=self.high.log10().floor() as i32;
        let all = powers.flat_map(|power| [1.0, 2.0, 5.0].map(|digit| digit * 10_f64.powi(power)));
        let inside = all.filter(|value| (self.low..=self.high).contains(value));
        inside.map(|value| (value, super::super::terminal::decimal(Some(value)))).map(plainly).collect()
    }

    fn steps(&self, count: usize) -> Vec<(f64, String)> {
        let rough = (self.high - self.low) / count as f64;
        let power = 10_f64.powf(rough.log10().floor());
        let step = [1.0, 2.0, 5.0, 10.0].map(|m| m * power).into_iter().find(|&s| s >= rough * 0.999);
        let step = step.unwrap_or(rough);
        let digits = (-step.log10().floor()).max(0.0) as usize;
        let (first, last) =
            ((self.low / step - 1e-9).ceil() as i64, (self.high / step + 1e-9).floor() as i64);
        (first..=last).map(|at| (at as f64 * step, format!("{:.digits$}", at as f64 * step))).collect()
    }

    fn decades(&self, count: usize) -> Vec<(f64, String)> {
        let (first, last) = (self.low.log10().ceil() as i32, self.high.log10().floor() as i32);
        let step = ((last - first) as usize / count + 1) as i32;
        let label = |power: i32| match power {
            -2..=3 => decimal_of_power(power),
            _ => format!("1e{power}"),
        };
        (first..=last)
            .filter(|power| power.rem_euclid(step) == 0)
            .map(|power| (10_f64.powi(power), label(power)))
            .collect()
    }
}

/// A label without zeros that say nothing.
fn plainly((value, label): (f64, String)) -> (f64, String) {
    let is_decimal = label.contains('.') && !label.contains('e');
    let label = if is_decimal { label.trim_end_matches('0').trim_end_matches('.').to_owned() } else { label };
    (value, label)
}

fn decimal_of_power(power: i32) -> String {
    let digits = (-power).max(0) as usize;
    format!("{:.digits$}", 10_f64.powi(power))
}

/// A number as it stands in a tip or a table.
pub(crate) fn number(value: Option<f64>) -> String {
    decimal(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_are_at_the_ends_and_nothing_is_beyond() {
        let scale = Scale::logarithmic((0.01, 100.0), (0.0, 40.0));
        assert_eq!(
            [0.01, 1.0, 100.0, 0.0, 1e9].map(|value| scale.at(value).round()),
            [0.0, 20.0, 40.0, 0.0, 40.0]
        );
    }

    #[test]
    fn ticks_are_round() {
        let labels = |scale: Scale| scale.ticks(5).into_iter().map(|tick| tick.1).collect::<Vec<_>>();
        assert_eq!(labels(Scale::linear((0.0, 1.5), (0.0, 1.0))), ["0.0", "0.5", "1.0", "1.5"]);
        assert_eq!(labels(Scale::logarithmic((0.05, 200.0), (0.0, 1.0))), ["0.1", "1", "10", "100"]);
        assert_eq!(labels(Scale::linear((2.0, 2.0), (0.0, 1.0))).first().unwrap(), "2.0");
        let fine = |scale: Scale| scale.fine_ticks(5).into_iter().map(|tick| tick.1).collect::<Vec<_>>();
        assert_eq!(fine(Scale::logarithmic((0.4, 7.0), (0.0, 1.0))), ["0.5", "1", "2", "5"]);
        assert_eq!(fine(Scale::logarithmic((0.05, 200.0), (0.0, 1.0))), ["0.1", "1", "10", "100"]);
    }
}
