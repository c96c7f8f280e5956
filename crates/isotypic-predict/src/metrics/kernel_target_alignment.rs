//! Centred kernel–target alignment $\langle HKH, yy^T\rangle / (\|HKH\|_F \|Hyy^TH\|_F)$ of the observed points, $H$ removing means
//! (Cortes, Mohri & Rostamizadeh 2012).

use ndarray::Array2;

use super::HeldOutTurn;

pub(super) fn of(turn: &HeldOutTurn) -> Option<f64> {
    let rows = turn.observed();
    let count = rows.len() as f64;
    // Half the negative squared distances have the same centred matrix, and not the constant part of kernel values.
    let kernel = Array2::from_shape_fn((rows.len(), rows.len()), |(i, j)| {
        -0.5 * turn.squared_distance(rows[i], rows[j])
    });
    let of_rows: Vec<f64> = kernel.rows().into_iter().map(|row| row.sum() / count).collect();
    let of_all = of_rows.iter().sum::<f64>() / count;
    let labels: Vec<f64> = rows.iter().map(|&row| if turn.is_positive(row) { 1.0 } else { -1.0 }).collect();
    let mean = labels.iter().sum::<f64>() / count;
    let centred: Vec<f64> = labels.iter().map(|label| label - mean).collect();
    let (mut product, mut square) = (0.0, 0.0);
    for ((i, j), &value) in kernel.indexed_iter() {
        let value = value - of_rows[i] - of_rows[j] + of_all;
        product += value * centred[i] * centred[j];
        square += value * value;
    }
    let of_labels: f64 = centred.iter().map(|label| label * label).sum();
    let norm = square.sqrt() * of_labels;
    (norm > 0.0).then(|| product / norm)
}
