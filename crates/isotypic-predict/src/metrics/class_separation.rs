//! Fisher's ratio $\|m_+ - m_-\|^2 / (s_+^2 + s_-^2)$ of the observed points in feature space, with $s^2$ the mean squared distance from
//! the mean.

use super::HeldOutTurn;

pub(super) fn of(turn: &HeldOutTurn) -> Option<f64> {
    let [first, second] = [true, false].map(|class| turn.observed_of(class));
    let within = turn.scatter(&first) + turn.scatter(&second);
    (within > 0.0).then(|| turn.squared_distance_of_means(&first, &second) / within)
}
