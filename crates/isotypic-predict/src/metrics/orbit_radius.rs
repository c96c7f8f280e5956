//! The root mean squared distance of all poses of a seed from the mean of its orbit, in feature space.

use super::HeldOutTurn;

pub(super) fn of(turn: &HeldOutTurn) -> Option<f64> {
    let orbit = turn.held_out_orbit();
    (!orbit.is_empty()).then(|| turn.scatter(&orbit).sqrt())
}
