//! $\Delta^2$, the squared distance of the orbit means in feature space, held-out poses included.

use super::HeldOutTurn;

pub(super) fn of(turn: &HeldOutTurn) -> Option<f64> {
    let [first, second] = [true, false].map(|class| turn.all_of(class));
    Some(turn.squared_distance_of_means(&first, &second))
}
