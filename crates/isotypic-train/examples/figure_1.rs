//! The paper's Figure 1 on a folder of IDX files: `figure_1 FOLDER IMAGES NETWORK EPOCHS POSES…`.

use std::error::Error;
use std::time::Instant;

use isotypic_train::{
    ClassesData, Initialization, Loss, Network, NetworkParameters, Optimizer, Precision, Trainer,
    TrainingSettings,
};
use isotypic_work::Cancel;
use ndarray::Array3;

#[expect(clippy::print_stdout, reason = "an example shows its numbers")]
fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [folder, count, name, epochs, poses @ ..] = &arguments[..] else {
        return Err("usage: figure_1 FOLDER IMAGES NETWORK EPOCHS POSES…".into());
    };
    let count: usize = count.parse()?;
    let pixels = std::fs::read(format!("{folder}/train-images-idx3-ubyte"))?;
    let labels = std::fs::read(format!("{folder}/train-labels-idx1-ubyte"))?;
    let pixels = pixels.get(16..16 + count * 784).ok_or("fewer images than asked for")?;
    let images =
        Array3::from_shape_vec((count, 28, 28), pixels.iter().map(|&value| f64::from(value)).collect())?;
    let labels = labels.get(8..8 + count).ok_or("fewer labels than asked for")?;
    let labels: Vec<usize> = labels.iter().map(|&label| usize::from(label)).collect();
    for poses in poses {
        let data = ClassesData::new(images.view(), &labels, 10, poses.parse()?, 5, 0)?;
        let network = Network::named(name, &[28, 28, 1], 10)?;
        let parameters =
            NetworkParameters::draw(&network, Initialization::KaimingUniform, Precision::Single, 0)?;
        let settings = TrainingSettings {
            optimizer: Optimizer::Adam { learning_rate: 1e-3 },
            loss: Loss::CrossEntropy,
            batch: 512,
            seed: 0,
            epochs: epochs.parse()?,
            enough_loss: None,
            patience: None,
            data: String::new(),
        };
        let mut trainer = Trainer::new(network, parameters, settings)?;
        let (start, mut loss) = (Instant::now(), 0.0);
        let outcome = data.train(&mut trainer, &Cancel::on_signals()?, |metrics| loss = metrics.loss)?;
        println!(
            "{name}, {poses} poses, {} examples: loss {loss:.3}, in distribution {:.3}, held out {:.3}, {:.1} s",
            data.train.0.nrows(),
            outcome.in_distribution,
            outcome.held_out,
            start.elapsed().as_secs_f64()
        );
    }
    Ok(())
}
