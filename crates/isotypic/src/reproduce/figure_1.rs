//! Trained networks on rotated digits: Figure 1 of the paper.

use isotypic_report::{LineChart, LineSeries};
use isotypic_train::TrainingOptions;

use super::context::{Context, Findings, SEED};
use crate::Error;
use crate::train::ClassesSettings;

const ROTATIONS: [usize; 6] = [2, 4, 8, 16, 32, 64];
const NETWORKS: [(&str, &str); 3] = [("paper-mlp", "MLP"), ("paper-cnn", "CNN"), (TRANSFORMER, "ViT")];
const TRANSFORMER: &str = "paper-vit";

/// The class that lacks a pose.
const LEFT_OUT: usize = 5;

/// Numbers of one training.
const NUMBERS: usize = 2;

pub(super) fn run(context: &Context<'_>) -> Result<Findings, Error> {
    let numbers = context.counts.poses(&ROTATIONS);
    let count = context.counts.trained_images.min(context.images.len());
    let mut series = Vec::new();
    let mut findings = Findings {
        setting: format!(
            "the first {count} images of `{}`, class {LEFT_OUT} without its first pose, {numbers:?} rotations with the nearest pixel's value; \
             Adam at 1e-3, batches of 512, {} epochs",
            context.data, context.counts.epochs
        ),
        ..Findings::default()
    };
    for (at, (network, name)) in NETWORKS.into_iter().enumerate() {
        let (mut held_out, mut seen) = (Vec::new(), Vec::new());
        for &poses in numbers.iter().filter(|&&poses| !is_too_much(context, network, count, poses)) {
            let [inside, outside] = accuracies(context, network, count, poses)?;
            findings.add(format!("accuracy at the missing pose, {name}, {poses} rotations"), Some(outside));
            findings.add(format!("accuracy on what was set aside, {name}, {poses} rotations"), Some(inside));
            held_out.push((poses as f64, outside));
            seen.push((poses as f64, inside));
        }
        series.push(LineSeries::new(&format!("{name}, missing pose"), at, held_out));
        series.push(LineSeries::new(&format!("{name}, set aside"), at + 4, seen));
    }
    let last = numbers.last().copied().unwrap_or(0);
    let picture = LineChart {
        title: "Trained networks on rotated digits".to_owned(),
        x_name: "rotations N".to_owned(),
        y_name: "accuracy".to_owned(),
        logarithmic: [true, false],
        series,
        threshold: None,
        note: context.note(&format!("{count} images, {} epochs, N up to {last}", context.counts.epochs)),
    };
    findings.pictures.push(picture.figure("figure-1-accuracy"));
    let left: Vec<_> =
        numbers.iter().filter(|&&poses| is_too_much(context, TRANSFORMER, count, poses)).collect();
    if !left.is_empty() {
        findings.notes.push(format!(
            "The vision transformer, whose training takes longest by far, is left out at {left:?} rotations; without `--quick` it is trained at all."
        ));
    }
    Ok(findings)
}

/// Whether a reduced reproduction leaves a training out.
fn is_too_much(context: &Context<'_>, network: &str, count: usize, poses: usize) -> bool {
    network == TRANSFORMER && count * poses * context.counts.epochs > context.counts.transformer_images
}

/// Accuracy on what was set aside, and at the missing pose.
fn accuracies(
    context: &Context<'_>,
    network: &str,
    count: usize,
    poses: usize,
) -> Result<[f64; NUMBERS], Error> {
    let epochs = context.counts.epochs;
    let found = context.unit(&format!("figure 1 {network} {count} {poses} {epochs}"), || {
        train(context, network, count, poses).map(Vec::from)
    })?;
    Ok([found[0], found[1]])
}

fn train(context: &Context<'_>, network: &str, count: usize, poses: usize) -> Result<[f64; NUMBERS], Error> {
    let classes = context.images.labels().classes();
    let Some(left_out) = classes.get(LEFT_OUT) else {
        return Err(Error::settings(
            format!("data: expected more than {LEFT_OUT} classes, found {}", classes.len()),
            "the figure leaves out digit 5: give digits",
        ));
    };
    let settings = ClassesSettings {
        images_in_all: Some(count),
        networks: vec![network.to_owned()],
        poses: vec![poses],
        left_out: vec![left_out.clone()],
        seeds: vec![SEED],
        options: TrainingOptions { epochs: context.counts.epochs, ..TrainingOptions::default() },
        ..ClassesSettings::new(context.images.clone())
    };
    let report = settings.run(context.monitor)?;
    let [result] = &report.results[..] else {
        unreachable!("one network, one number of poses, one class and one seed make one run");
    };
    Ok([result.in_distribution, result.held_out])
}
