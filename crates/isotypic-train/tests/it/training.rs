//! Steps against differences and closed forms, and what training leads to.

use isotypic_architecture::Architecture;
use isotypic_train::{
    EpochMetrics, Initialization, Loss, Network, NetworkParameters, Optimizer, Precision, TrainError,
    Trainer, TrainingSettings,
};
use isotypic_work::Cancel;
use ndarray::{Array2, array};

fn network(json: &str, shape: &[usize]) -> Network {
    Network::from_graph(&Architecture::from_json(json).unwrap().check(shape).unwrap()).unwrap()
}

fn trainer(network: &Network, settings: &TrainingSettings) -> Trainer {
    let parameters =
        NetworkParameters::draw(network, Initialization::Gaussian, Precision::Double, 3).unwrap();
    Trainer::new(network.clone(), parameters, settings.clone()).unwrap()
}

fn settings(optimizer: Optimizer, loss: Loss, epochs: usize) -> TrainingSettings {
    TrainingSettings {
        optimizer,
        loss,
        batch: 100,
        seed: 1,
        epochs,
        enough_loss: None,
        patience: None,
        data: String::new(),
    }
}

fn fit(
    trainer: &mut Trainer,
    inputs: &Array2<f64>,
    targets: &Array2<f64>,
) -> Result<Vec<EpochMetrics>, TrainError> {
    let mut metrics = Vec::new();
    let report = |epoch| metrics.push(epoch);
    trainer.fit((inputs.view(), targets.view()), &Cancel::new(), None, report).map(|()| metrics)
}

/// A step of plain gradient descent is the gradient; every value against central differences of the loss.
#[test]
fn gradients_are_those_of_differences() {
    let json = r#"{"layers": [{"conv": {"filter": [2, 2], "padding": "circular", "width": 3, "b_std": 0.4}}, "tanh", {"dense": {"width": 3}},
        {"residual": [{"layer_norm": {"epsilon": 0.1}}, {"self_attention": {"heads": 2, "key_width": 2, "value_width": 2,
        "width": 3, "positional_embedding": {"type": "sum"}}}]},
        {"avg_pool": {"window": [2, 1], "padding": "same"}}, "gelu", "flatten", {"dense": {"width": 2}}]}"#;
    let network = network(json, &[3, 2, 2]);
    let inputs =
        Array2::from_shape_fn((4, 12), |(row, column)| (1.7 * row as f64 + 0.9 * column as f64).sin());
    let targets = array![[1.0, 0.0], [0.0, 1.0], [0.0, 1.0], [1.0, 0.0]];
    for loss in [Loss::Squared, Loss::CrossEntropy] {
        let rate = 1e-3;
        let sgd = settings(Optimizer::Sgd { learning_rate: rate, momentum: 0.0 }, loss, 1);
        let mut trained = trainer(&network, &sgd);
        let before = trained.parameters().values();
        let value = fit(&mut trained, &inputs, &targets).unwrap()[0].loss;
        let after = trained.parameters().values();
        let loss_at = |values: Vec<Vec<f64>>| {
            let parameters = NetworkParameters::from_values(&network, Precision::Double, values).unwrap();
            let outputs = network.forward(&parameters, inputs.as_slice().unwrap(), None).unwrap();
            let rows = outputs.chunks(2).zip(targets.rows());
            rows.map(|(f, y)| match loss {
                Loss::Squared => 0.5 * ((f[0] - y[0]).powi(2) + (f[1] - y[1]).powi(2)),
                Loss::CrossEntropy => (f[0].exp() + f[1].exp()).ln() - f[0] * y[0] - f[1] * y[1],
            })
            .sum::<f64>()
                / 4.0
        };
        assert!((value - loss_at(before.clone())).abs() < 1e-13);
        for array in 0..before.len() {
            for place in 0..before[array].len() {
                let moved = |by: f64| {
                    let mut values = before.clone();
                    values[array][place] += by;
                    loss_at(values)
                };
                let expected = (moved(1e-5) - moved(-1e-5)) / 2e-5;
                let got = (before[array][place] - after[array][place]) / rate;
                assert!((got - expected).abs() < 1e-8, "array {array}, {place}: {got}, expected {expected}");
            }
        }
    }
}

/// One weight and one input, by hand: Adam's first step is the learning rate, momentum adds up.
#[test]
fn optimizers_take_the_steps_of_their_formulas() {
    let network = network(r#"{"layers": [{"dense": {"width": 1}}]}"#, &[1]);
    let (inputs, targets) = (array![[2.0]], array![[1.0]]);
    let (rate, momentum) = (0.1, 0.5);
    let run = |optimizer| {
        let mut trained = trainer(&network, &settings(optimizer, Loss::Squared, 3));
        let start = trained.parameters().values()[0][0];
        fit(&mut trained, &inputs, &targets).unwrap();
        (start, trained.parameters().values()[0][0])
    };
    let gradient = |w: f64| 2.0 * (2.0 * w - 1.0);
    let (mut w, got) = run(Optimizer::Sgd { learning_rate: rate, momentum });
    let mut velocity = 0.0;
    for _ in 0..3 {
        velocity = momentum * velocity + gradient(w);
        w -= rate * velocity;
    }
    assert!((got - w).abs() < 1e-14, "{got}, expected {w}");
    let (mut w, got) = run(Optimizer::Adam { learning_rate: rate });
    let (mut mean, mut square) = (0.0, 0.0);
    for step in 1..=3 {
        let g = gradient(w);
        mean = 0.9 * mean + 0.1 * g;
        square = 0.999 * square + 0.001 * g * g;
        let corrected = (mean / (1.0 - 0.9_f64.powi(step)), square / (1.0 - 0.999_f64.powi(step)));
        w -= rate * corrected.0 / (corrected.1.sqrt() + 1e-8);
    }
    assert!((got - w).abs() < 1e-13, "{got}, expected {w}");
}

/// A linear network of one layer has a constant kernel, here $\langle x, y \rangle / 2$: eigenvalues 2 and 1/2.
#[test]
fn gradient_descent_converges_just_below_the_largest_stable_step_and_not_above() {
    let network = network(r#"{"layers": [{"dense": {"width": 1}}]}"#, &[2]);
    let (inputs, targets) = (array![[2.0, 0.0], [0.0, 1.0]], array![[1.0], [-1.0]]);
    let largest = Optimizer::largest_stable_step(2.0, 2).unwrap();
    let final_loss = |learning_rate| {
        let sgd = settings(Optimizer::Sgd { learning_rate, momentum: 0.0 }, Loss::Squared, 600);
        fit(&mut trainer(&network, &sgd), &inputs, &targets).unwrap()[599].loss
    };
    assert!(final_loss(0.98 * largest) < 1e-8);
    assert!(final_loss(1.02 * largest) > 1e8);
}

#[test]
fn training_separates_two_classes_and_stops_when_it_is_enough() {
    let network = network(
        r#"{"layers": [{"dense": {"width": 32, "b_std": 0.5}}, "relu", {"dense": {"width": 2}}]}"#,
        &[2],
    );
    let inputs = Array2::from_shape_fn((60, 2), |(row, axis)| {
        let (radius, angle) = (1.0 + (row % 2) as f64, row as f64 * 0.7);
        radius * if axis == 0 { angle.cos() } else { angle.sin() }
    });
    let targets = Array2::from_shape_fn((60, 2), |(row, class)| f64::from(u8::from(row % 2 == class)));
    let mut run = settings(Optimizer::Adam { learning_rate: 0.02 }, Loss::CrossEntropy, 400);
    run.batch = 16;
    run.enough_loss = Some(0.05);
    let mut trained = trainer(&network, &run);
    let before = trained.accuracy((inputs.view(), targets.view())).unwrap();
    let metrics = fit(&mut trained, &inputs, &targets).unwrap();
    assert!(metrics.len() < 400 && metrics[metrics.len() - 1].loss <= 0.05, "{metrics:?}");
    assert!(before < 0.9);
    assert!(trained.accuracy((inputs.view(), targets.view())).unwrap() > 0.999);
}

#[test]
fn a_diverging_run_names_the_batch_and_keeps_the_parameters_of_the_last_epoch() {
    let network = network(r#"{"layers": [{"dense": {"width": 1}}]}"#, &[1]);
    let sgd = settings(Optimizer::Sgd { learning_rate: 1e200, momentum: 0.0 }, Loss::Squared, 9);
    let mut trained = trainer(&network, &sgd);
    let error = fit(&mut trained, &array![[1.0]], &array![[0.5]]).unwrap_err();
    assert_eq!(error.to_string(), "epoch 2, batch 1: the loss is inf");
    assert_eq!(trained.epochs_done(), 1);
    assert!(trained.parameters().values()[0][0].is_finite());
}

#[test]
fn examples_and_settings_that_do_not_fit_are_refused() {
    let network = network(r#"{"layers": [{"dense": {"width": 1}}]}"#, &[2]);
    let sgd = settings(Optimizer::Sgd { learning_rate: 0.1, momentum: 0.0 }, Loss::Squared, 1);
    let mut trained = trainer(&network, &sgd);
    let error = fit(&mut trained, &array![[1.0]], &array![[0.5]]).unwrap_err();
    assert_eq!(error.to_string(), "values of an input: expected 2, got 1");
    let error = fit(&mut trained, &array![[1.0, 2.0]], &array![[0.5], [0.1]]).unwrap_err();
    assert_eq!(error.to_string(), "number of targets: expected 1, got 2");
    let parameters = trained.parameters().clone();
    let wrong = settings(Optimizer::Adam { learning_rate: -1.0 }, Loss::Squared, 1);
    let error = Trainer::new(network, parameters, wrong).err().unwrap();
    assert_eq!(error.to_string(), "`learning rate`: expected a positive finite number, got `-1`");
}

/// Circular convolutions and a mean over all positions do not see a circular shift, before training and after.
#[test]
fn a_network_with_the_symmetry_gives_every_shift_the_same_output_to_1e_5() {
    let outputs = |tail: &str| {
        let json = format!(
            r#"{{"layers": [{{"conv": {{"filter": [3, 3], "padding": "circular", "width": 16, "b_std": 0.2}}}}, "relu",
            {tail}, {{"dense": {{"width": 2}}}}]}}"#
        );
        let network = network(&json, &[6, 6, 1]);
        let pixel = |row: usize, column: usize| ((row * 6 + column) as f64 * 1.3).sin();
        // Row 6·s + t of the batch is the image shifted by s down and t to the right.
        let shifted = Array2::from_shape_fn((36, 36), |(shift, place)| {
            pixel((place / 6 + 6 - shift / 6) % 6, (place % 6 + 6 - shift % 6) % 6)
        });
        let inputs = Array2::from_shape_fn((8, 36), |(row, place)| (row as f64 + place as f64 * 0.7).cos());
        let targets = Array2::from_shape_fn((8, 2), |(row, class)| f64::from(u8::from(row % 2 == class)));
        let parameters =
            NetworkParameters::draw(&network, Initialization::Gaussian, Precision::Single, 3).unwrap();
        let adam = settings(Optimizer::Adam { learning_rate: 0.05 }, Loss::CrossEntropy, 20);
        let mut trained = Trainer::new(network.clone(), parameters, adam).unwrap();
        fit(&mut trained, &inputs, &targets).unwrap();
        let values = network.forward(trained.parameters(), shifted.as_slice().unwrap(), None).unwrap();
        let first = [values[0], values[1]];
        values
            .chunks(2)
            .fold(0.0_f64, |most, row| most.max((row[0] - first[0]).abs()).max((row[1] - first[1]).abs()))
    };
    assert!(outputs(r#""global_avg_pool""#) < 1e-5);
    assert!(outputs(r#""flatten""#) > 1e-2);
}
