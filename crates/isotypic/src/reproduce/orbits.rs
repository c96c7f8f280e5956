//! Two orbits in the plane of their first principal components, under rotations and under shifts.

use isotypic_gram::SymmetricEigen;
use isotypic_orbit::{ActionSpec, Normalization, OrbitDataset};
use isotypic_report::{LineChart, LineSeries};

use super::context::{Context, Findings};
use crate::Error;

pub(super) const EXPECTED: &str = include_str!("orbits.json");

/// Which image of its class the authors show.
const PLACE: usize = 43;

/// Two classes of the authors' figure.
const CLASSES: [usize; 2] = [4, 7];

/// One group: its poses are drawn as a line, every so many of them with a dot.
struct View {
    name: &'static str,
    title: &'static str,
    group: String,
    every: usize,
}

pub(super) fn run(context: &Context<'_>) -> Result<Findings, Error> {
    let labels = context.images.labels();
    let classes: Vec<usize> = if labels.classes().len() > CLASSES[1] {
        CLASSES.to_vec()
    } else {
        vec![0, labels.classes().len() - 1]
    };
    let seeds: Vec<usize> = classes
        .iter()
        .map(|&class| {
            let members = labels.members(class);
            members[PLACE.min(members.len() - 1)]
        })
        .collect();
    let width = context.images.image_shape()[1];
    let views = [
        View { name: "orbits-rotations", title: "Rotations", group: "rotation:360".to_owned(), every: 45 },
        View {
            name: "orbits-shifts",
            title: "Shifts",
            group: format!("translation-x:{width}"),
            every: (width / 7).max(1),
        },
    ];
    let mut findings = Findings {
        setting: format!(
            "images {} and {} of `{}`, of the classes `{}` and `{}`, at 360 rotations and {width} shifts, normalised; components of both \
             orbits together, not centred",
            seeds[0],
            seeds[1],
            context.data,
            labels.classes()[classes[0]],
            labels.classes()[classes[1]]
        ),
        ..Findings::default()
    };
    for view in views {
        context.monitor.check()?;
        let (curves, shares, closed) = components(context, &seeds, &view)?;
        let names = classes.iter().map(|&class| &labels.classes()[class]);
        for (across, up) in [(0, 1), (1, 2)] {
            let mut series = Vec::new();
            for (colour, (name, curve)) in names.clone().zip(&curves).enumerate() {
                let mut path: Vec<_> = curve.iter().map(|point| (point[across], point[up])).collect();
                path.push(path[0]);
                let dots = path.iter().step_by(view.every).copied().collect();
                series.push(LineSeries::new(&format!("class {name}"), colour, path));
                series.push(LineSeries::new("", colour, dots).dots());
            }
            let picture = LineChart {
                title: format!("{}: two orbits in their principal components", view.title),
                x_name: format!("component {}", across + 1),
                y_name: format!("component {}", up + 1),
                logarithmic: [false, false],
                series,
                threshold: None,
                note: context.note("two images"),
            };
            findings.pictures.push(picture.figure(&format!("{}-{}{}", view.name, across + 1, up + 1)));
        }
        let what = view.title.to_lowercase();
        findings.add(format!("{what}: share of the first three components"), Some(shares));
        findings.add(format!("{what}: largest step between neighbours over the diameter"), Some(closed));
    }
    Ok(findings)
}

/// The two orbits as points, the share of their square sum in three components, and the largest step over the diameter.
type Components = (Vec<Vec<[f64; 3]>>, f64, f64);

fn components(context: &Context<'_>, seeds: &[usize], view: &View) -> Result<Components, Error> {
    let images = context.images.images(seeds)?;
    let action = ActionSpec::parse(&view.group)?.resolve(context.images.image_shape())?;
    let orbits = OrbitDataset::sample(&images, &[0, 1], action.as_ref(), &Normalization::default())?;
    let points = orbits.points();
    // Of the products of all points; its eigenvectors times roots of eigenvalues are the coordinates.
    let eigen = SymmetricEigen::new(&points.dot(&points.t()), 0.0)?;
    let side = points.nrows();
    let total: f64 = eigen.values().iter().sum();
    let largest: f64 = eigen.values().iter().rev().take(3).sum();
    let order = orbits.group().order();
    let coordinate = |row: usize, component: usize| {
        let column = side - 1 - component;
        // An eigenvector has either sign; the first point is on the positive side.
        let sign = if eigen.vectors()[[0, column]] < 0.0 { -1.0 } else { 1.0 };
        sign * eigen.vectors()[[row, column]] * eigen.values()[column].max(0.0).sqrt()
    };
    let curves: Vec<Vec<[f64; 3]>> = (0..seeds.len())
        .map(|seed| (0..order).map(|pose| [0, 1, 2].map(|c| coordinate(seed * order + pose, c))).collect())
        .collect();
    let distance =
        |a: &[f64; 3], b: &[f64; 3]| a.iter().zip(b).map(|(a, b)| (a - b).powi(2)).sum::<f64>().sqrt();
    let mut relative: f64 = 0.0;
    for curve in &curves {
        let step = (0..order).map(|at| distance(&curve[at], &curve[(at + 1) % order])).fold(0.0, f64::max);
        let diameter = curve.iter().map(|point| distance(point, &curve[0])).fold(0.0, f64::max);
        relative = relative.max(step / diameter);
    }
    Ok((curves, largest / total, relative))
}
