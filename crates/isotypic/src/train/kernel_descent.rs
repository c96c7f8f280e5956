//! Kernel regression after a number of steps of gradient descent with momentum: what an infinitely wide network says then.
//!
//! In the limit of infinite width outputs are linear in the parameters (Jacot et al. 2018, arXiv 1806.07572), so descent on
//! $\frac{1}{2} \sum (f - y)^2$ from $f = 0$ moves dual weights: $f = K \alpha$ and $v \leftarrow \mu v + K \alpha - y$,
//! $\alpha \leftarrow \alpha - \eta v$. In the eigenbasis of $K$ that is one recursion for each eigenvalue. Without momentum it is
//! $(1 - (1 - \eta \lambda)^n) / \lambda$, the flow at time $\eta n$ up to the size of the steps.

/// What a target along an eigenvector becomes as dual weight after `steps` steps: $1/\lambda$ in the end, if steps are stable.
pub(crate) fn descent_weight(eigenvalue: f64, learning_rate: f64, momentum: f64, steps: usize) -> f64 {
    let (mut weight, mut velocity) = (0.0, 0.0);
    for _ in 0..steps {
        velocity = momentum * velocity + eigenvalue * weight - 1.0;
        weight -= learning_rate * velocity;
    }
    weight
}

#[cfg(test)]
mod tests {
    use isotypic_gram::SymmetricEigen;
    use isotypic_predict::GradientFlow;
    use ndarray::{Array2, array};

    use super::*;

    fn kernel() -> Array2<f64> {
        array![[2.0, 0.7, 0.1], [0.7, 1.5, -0.4], [0.1, -0.4, 1.0]]
    }

    #[test]
    fn in_the_eigenbasis_it_is_descent_of_a_linear_network() {
        // f = A θ with A Aᵀ = K, trained on θ itself.
        let target = array![[1.0], [-1.0], [0.3]];
        let root = SymmetricEigen::new(&kernel(), 0.0).unwrap().apply(f64::sqrt, &Array2::eye(3)).unwrap();
        let (rate, momentum, steps) = (0.1, 0.7, 25);
        let (mut theta, mut velocity) = (Array2::<f64>::zeros((3, 1)), Array2::<f64>::zeros((3, 1)));
        for _ in 0..steps {
            velocity = momentum * &velocity + root.t().dot(&(root.dot(&theta) - &target));
            theta = theta - rate * &velocity;
        }
        let eigen = SymmetricEigen::new(&kernel(), 0.0).unwrap();
        let weights = eigen.apply(|value| descent_weight(value, rate, momentum, steps), &target).unwrap();
        let difference = kernel().dot(&weights) - root.dot(&theta);
        assert!(difference.iter().all(|value| value.abs() < 1e-13), "{difference}");
    }

    #[test]
    fn small_steps_follow_the_flow_and_many_reach_regression() {
        let target = array![[1.0], [-1.0], [0.3]];
        let (flow, eigen) =
            (GradientFlow::new(&kernel(), 0.0).unwrap(), SymmetricEigen::new(&kernel(), 0.0).unwrap());
        let difference = |steps: usize| {
            let rate = 0.8 / steps as f64;
            let weights = eigen.apply(|value| descent_weight(value, rate, 0.0, steps), &target).unwrap();
            (weights - flow.weights(0.8, &target).unwrap())
                .iter()
                .fold(0.0_f64, |most, value| most.max(value.abs()))
        };
        let (coarse, fine) = (difference(1000), difference(2000));
        assert!(coarse < 1e-3 && (coarse / fine - 2.0).abs() < 0.01, "{coarse}, {fine}");
        assert!((descent_weight(0.5, 0.1, 0.9, 4000) - 2.0).abs() < 1e-12);
        assert!((descent_weight(0.5, 0.1, 0.0, 7) - (1.0 - 0.95_f64.powi(7)) / 0.5).abs() < 1e-14);
    }
}
