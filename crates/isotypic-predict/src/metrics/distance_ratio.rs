//! The mean distance of a held-out point from the observed points of the other class over that from those of its own.

use super::HeldOutTurn;

pub(super) fn of(turn: &HeldOutTurn) -> Option<f64> {
    let mean = |row: usize, points: &[usize]| {
        points.iter().map(|&other| turn.squared_distance(row, other).sqrt()).sum::<f64>()
            / points.len() as f64
    };
    let ratio = |&row: &usize| {
        let class = turn.is_positive(row);
        mean(row, &turn.observed_of(!class)) / mean(row, &turn.observed_of(class))
    };
    // An undefined ratio makes the least one undefined.
    turn.held_out()
        .iter()
        .map(ratio)
        .reduce(|least, ratio| if ratio < least || ratio.is_nan() { ratio } else { least })
}
