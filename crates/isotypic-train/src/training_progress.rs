//! How far a training is, as its checkpoints say it.

use serde::{Deserialize, Serialize};

/// Epochs and losses so far: what decides whether to go on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct TrainingProgress {
    /// Epochs trained.
    pub epochs_done: usize,
    /// Loss of the last epoch.
    pub last_loss: Option<f64>,
    /// Lowest loss of an epoch.
    pub lowest_loss: Option<f64>,
    /// Epochs since that one.
    pub epochs_since_lowest: usize,
}

impl TrainingProgress {
    /// One epoch more, with this loss.
    pub(crate) fn add(&mut self, loss: f64) {
        self.epochs_done += 1;
        self.last_loss = Some(loss);
        if self.lowest_loss.is_none_or(|lowest| loss < lowest) {
            self.lowest_loss = Some(loss);
            self.epochs_since_lowest = 0;
        } else {
            self.epochs_since_lowest += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn epochs_without_a_lower_loss_are_counted() {
        let mut progress = TrainingProgress::default();
        let counts = [0.5, 0.4, 0.4, 0.6, 0.3].map(|loss| {
            progress.add(loss);
            progress.epochs_since_lowest
        });
        assert_eq!(counts, [0, 0, 1, 2, 0]);
        assert_eq!(
            (progress.epochs_done, progress.last_loss, progress.lowest_loss),
            (5, Some(0.3), Some(0.3))
        );
    }

    #[test]
    fn losses_keep_their_bits_in_a_checkpoint() {
        let mut progress = TrainingProgress::default();
        progress.add(0.1 + 0.2);
        let text = serde_json::to_string(&progress).unwrap();
        assert_eq!(serde_json::from_str::<TrainingProgress>(&text).unwrap(), progress);
    }
}
