//! $(d_- - d_+)/(d_- + d_+)$ with the distances of a held-out point from the nearest observed point of the other class and of its own.

use super::HeldOutTurn;

pub(super) fn of(turn: &HeldOutTurn) -> Option<f64> {
    let nearest = |row: usize, points: &[usize]| {
        points.iter().map(|&other| turn.squared_distance(row, other)).min_by(f64::total_cmp).map(f64::sqrt)
    };
    let margin = |&row: &usize| {
        let class = turn.is_positive(row);
        let (own, other) =
            (nearest(row, &turn.observed_of(class))?, nearest(row, &turn.observed_of(!class))?);
        (own + other > 0.0).then(|| (other - own) / (other + own))
    };
    let margins: Option<Vec<f64>> = turn.held_out().iter().map(margin).collect();
    margins?.into_iter().min_by(f64::total_cmp)
}
