//! Classes with several seeds each, drawn from a dataset and audited in the conventions of the authors' scripts.

use isotypic_data::{LabelledImages, Pixels};
use isotypic_work::Monitor;

use super::comparison::Panel;
use super::context::{Context, SEED};
use crate::audit::SplitMix64;
use crate::{
    AuditInput, AuditSettings, ClassSeeds, ClassSelection, Convention, Error, PoseNumbers, QuestionSpec,
    Together, audit,
};

/// Numbers of one seed.
const NUMBERS: usize = 4;

/// What was found for one seed of a drawing, its first pose held out together with that of all seeds of its class.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct SeedRow {
    /// Place of its class in the drawing.
    pub(super) class: usize,
    /// One minus the prediction of its class, with its sign.
    pub(super) error: f64,
    /// The averaged formula, over all seeds of the other classes.
    pub(super) spectral: f64,
    /// Whether its class has the largest prediction.
    pub(super) is_right: bool,
}

/// Draws so many seeds of each of some classes, the same for every number of poses.
pub(super) fn draw(
    context: &Context<'_>,
    number: usize,
    classes: usize,
    seeds: usize,
) -> Result<Vec<Vec<usize>>, Error> {
    let labels = context.images.labels();
    let available = labels.classes().len();
    if available < classes {
        return Err(Error::settings(
            format!("data `{}`: {available} classes, but the figure needs {classes}", context.data),
            "take other data, or name figures that need fewer classes",
        ));
    }
    let mut random = SplitMix64(SEED ^ ((number as u64 + 1) << 32));
    let mut order: Vec<usize> = (0..available).collect();
    shuffle(&mut order, &mut random);
    let mut chosen = order[..classes].to_vec();
    chosen.sort_unstable();
    let of_class = |&class: &usize| {
        let mut members = labels.members(class);
        if members.len() < seeds {
            let name = &labels.classes()[class];
            return Err(Error::settings(
                format!(
                    "data `{}`: {} images of class `{name}`, but the figure needs {seeds}",
                    context.data,
                    members.len()
                ),
                "take other data, or name other figures",
            ));
        }
        shuffle(&mut members, &mut random);
        members.truncate(seeds);
        Ok(members)
    };
    chosen.iter().map(of_class).collect()
}

fn shuffle(items: &mut [usize], random: &mut SplitMix64) {
    for at in (1..items.len()).rev() {
        items.swap(at, random.below(at + 1));
    }
}

/// Audits one drawing: a fully connected network with one hidden layer under rotations.
pub(super) fn examine(
    context: &Context<'_>,
    classes: &[Vec<usize>],
    poses: usize,
) -> Result<Vec<SeedRow>, Error> {
    let numbers = context.unit(&format!("classes mlp rotation:{poses} {classes:?}"), || {
        context.monitor.check()?;
        let rows = audited(context, classes, poses)?;
        Ok(rows.into_iter().flat_map(SeedRow::numbers).collect())
    })?;
    context.monitor.advance(1.0);
    Ok(numbers.chunks_exact(NUMBERS).map(SeedRow::of_numbers).collect())
}

/// The audit of some images under rotations in the conventions of the authors' scripts; seeds are numbered anew, in the order given.
pub(super) fn rotation_audit(
    context: &Context<'_>,
    seeds: &[usize],
    poses: usize,
) -> Result<AuditSettings, Error> {
    let pixels = Pixels::F64(context.images.images(seeds)?);
    let images = LabelledImages::new(&context.data, pixels, context.images.labels().select(seeds)?)?;
    Ok(AuditSettings {
        input: AuditInput::LoadedImages(images),
        question: Some(QuestionSpec {
            group: format!("rotation:{poses}"),
            poses: PoseNumbers::OfGroup,
            hold_out: "pose:0".to_owned(),
        }),
        architectures: vec!["mlp".to_owned()],
        convention: Convention::Paper,
        ..AuditSettings::default()
    })
}

/// So many seeds as classes, each of which lacks a pose in turn.
pub(super) fn whole_classes(seeds: usize) -> ClassSelection {
    ClassSelection {
        classes: Vec::new(),
        seeds: ClassSeeds::List((0..seeds).collect()),
        unseen_per_class: 0,
        together: Together::Class,
    }
}

fn audited(context: &Context<'_>, classes: &[Vec<usize>], poses: usize) -> Result<Vec<SeedRow>, Error> {
    let seeds = classes.concat();
    let settings = AuditSettings {
        classes: Some(whole_classes(seeds.len())),
        ..rotation_audit(context, &seeds, poses)?
    };
    let report = audit(&settings, &Monitor::silent())?;
    let mut rows: Vec<(usize, SeedRow)> = Vec::new();
    for point in &report.points {
        let class = report.settings.classes.iter().position(|name| *name == point.label);
        let seed = report.results[point.pair].as_seed();
        let (Some(class), Some(seed)) = (class, seed) else {
            unreachable!("an audit of classes has seeds of its classes");
        };
        let prediction = point.predictions.get(class).copied().flatten();
        rows.push((
            point.seed,
            SeedRow {
                class,
                error: prediction.map_or(f64::NAN, |prediction| 1.0 - prediction),
                spectral: seed.spectral_error.unwrap_or(f64::NAN),
                is_right: point.correct,
            },
        ));
    }
    rows.sort_by_key(|(seed, _)| *seed);
    Ok(rows.into_iter().map(|(_, row)| row).collect())
}

impl SeedRow {
    fn numbers(self) -> [f64; NUMBERS] {
        [self.class as f64, self.error, self.spectral, f64::from(u8::from(self.is_right))]
    }

    fn of_numbers(numbers: &[f64]) -> Self {
        Self {
            class: numbers[0] as usize,
            error: numbers[1],
            spectral: numbers[2],
            is_right: numbers[3] > 0.5,
        }
    }
}

/// The mean of some numbers; `None` for none.
pub(super) fn mean(values: impl IntoIterator<Item = f64>) -> Option<f64> {
    let values: Vec<f64> = values.into_iter().collect();
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

/// The share of rows that are wrong, for each number of poses.
pub(super) fn shares<Row>(panels: &[Panel<Row>], is_wrong: impl Fn(&Row) -> bool) -> Vec<(f64, f64)> {
    let share = |(poses, rows): &Panel<Row>| {
        Some((*poses as f64, mean(rows.iter().map(|row| f64::from(u8::from(is_wrong(row)))))?))
    };
    panels.iter().filter_map(share).collect()
}

/// The share at a number of poses, if it was asked for.
pub(super) fn share_at(shares: &[(f64, f64)], poses: f64) -> Option<f64> {
    shares.iter().find(|point| point.0 == poses).map(|point| point.1)
}
