//! Where branches meet.

use isotypic_architecture::ConcatAxis;
use ndarray::Array2;

use super::Pair;
use super::windows::positions;

/// $\sum_i \Sigma_i$ and $\sum_i \Theta_i$: branches are uncorrelated.
pub(super) fn sum(inputs: &[&Pair]) -> Pair {
    weighted(inputs, &vec![1.0; inputs.len()])
}

/// $\prod_i \Sigma_i$ and $\sum_i \Theta_i \prod_{j \ne i} \Sigma_j$: branches are independent.
pub(super) fn product(inputs: &[&Pair]) -> Pair {
    let dim = inputs[0].covariance.dim();
    let others = |at: (usize, usize), but: Option<usize>| -> f64 {
        inputs
            .iter()
            .enumerate()
            .filter(|&(index, _)| Some(index) != but)
            .map(|(_, input)| input.covariance[at])
            .product()
    };
    let covariance = Array2::from_shape_fn(dim, |at| others(at, None));
    let ntk = Array2::from_shape_fn(dim, |at| {
        inputs.iter().enumerate().map(|(index, input)| input.ntk[at] * others(at, Some(index))).sum()
    });
    Pair { extents: inputs[0].extents.clone(), covariance, ntk }
}

/// Along the channels: means weighted by the numbers of channels. Along a spatial axis: blocks beside one another, with
/// nothing between them.
pub(super) fn concat(inputs: &[&Pair], axis: ConcatAxis, channels: &[usize], extents: &[usize]) -> Pair {
    let ConcatAxis::Spatial(axis) = axis else {
        let total: usize = channels.iter().sum();
        let shares: Vec<f64> = channels.iter().map(|&count| count as f64 / total as f64).collect();
        return weighted(inputs, &shares);
    };
    // For every output position the branch it comes from and its place there.
    let origins: Vec<(usize, usize)> = positions(extents)
        .iter()
        .map(|position| {
            let mut inner = position.clone();
            let mut branch = 0;
            while inner[axis] >= inputs[branch].extents[axis] {
                inner[axis] -= inputs[branch].extents[axis];
                branch += 1;
            }
            let index = inner.iter().zip(&inputs[branch].extents).fold(0, |index, (at, n)| index * n + at);
            (branch, index)
        })
        .collect();
    let blocks = |matrix: &dyn Fn(&Pair) -> Array2<f64>| {
        let matrices: Vec<Array2<f64>> = inputs.iter().map(|input| matrix(input)).collect();
        Array2::from_shape_fn((origins.len(), origins.len()), |(p, q)| {
            let ((first, p), (second, q)) = (origins[p], origins[q]);
            if first == second { matrices[first][[p, q]] } else { 0.0 }
        })
    };
    Pair {
        extents: extents.to_vec(),
        covariance: blocks(&|input| input.covariance.clone()),
        ntk: blocks(&|input| input.ntk.clone()),
    }
}

fn weighted(inputs: &[&Pair], weights: &[f64]) -> Pair {
    let dim = inputs[0].covariance.dim();
    let (mut covariance, mut ntk) = (Array2::zeros(dim), Array2::zeros(dim));
    for (input, &weight) in inputs.iter().zip(weights) {
        covariance.scaled_add(weight, &input.covariance);
        ntk.scaled_add(weight, &input.ntk);
    }
    Pair { extents: inputs[0].extents.clone(), covariance, ntk }
}
