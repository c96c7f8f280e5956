//! Which output is that of the own class, and whether it wins: by its sign for one output, by being the largest of several.

use ndarray::ArrayView1;

/// The output of the own class.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct OwnOutput {
    /// Its place.
    pub(crate) index: usize,
    /// Its label, 1 or −1; 1 if there are several.
    pub(crate) target: f64,
}

impl OwnOutput {
    /// Of a seed with these labels: one of ±1, or one for each class, 1 for the own.
    pub(crate) fn of(labels: ArrayView1<'_, f64>) -> Self {
        let index = match labels.len() {
            1 => 0,
            _ => labels.iter().position(|&label| label > 0.0).unwrap_or(0),
        };
        Self { index, target: labels[index] }
    }

    /// Distance from the label.
    pub(crate) fn error(self, outputs: ArrayView1<'_, f64>) -> f64 {
        (self.target - outputs[self.index]).abs()
    }

    /// Whether the class is right; never where a number is none.
    pub(crate) fn is_right(self, outputs: ArrayView1<'_, f64>) -> bool {
        let own = outputs[self.index];
        match outputs.len() {
            1 => own * self.target > 0.0,
            _ => outputs.iter().enumerate().all(|(at, &value)| at == self.index || value < own),
        }
    }
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    #[test]
    fn one_output_has_a_sign_and_several_a_largest() {
        let pair = OwnOutput::of(array![-1.0].view());
        assert_eq!(pair, OwnOutput { index: 0, target: -1.0 });
        assert!(pair.is_right(array![-0.1].view()) && !pair.is_right(array![0.1].view()));
        assert_eq!(pair.error(array![0.5].view()), 1.5);
        let classes = OwnOutput::of(array![-1.0, 1.0, -1.0].view());
        assert_eq!(classes, OwnOutput { index: 1, target: 1.0 });
        // The largest may be negative; as large as another is not enough.
        assert!(classes.is_right(array![-0.9, -0.2, -0.3].view()));
        assert!(!classes.is_right(array![0.4, 0.4, -1.0].view()));
        assert_eq!(classes.error(array![9.0, -0.5, 9.0].view()), 1.5);
    }

    #[test]
    fn what_is_no_number_is_not_right() {
        for outputs in [array![f64::NAN, 1.0], array![0.0, f64::NAN]] {
            assert!(!OwnOutput { index: 1, target: 1.0 }.is_right(outputs.view()));
        }
        assert!(!OwnOutput { index: 0, target: 1.0 }.is_right(array![f64::NAN].view()));
    }
}
