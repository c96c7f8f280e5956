//! Error against number of poses, for every pair of classes or every class.

use std::collections::BTreeMap;

use isotypic_predict::enough_poses;
use isotypic_report::{ClassCurve, CurvePoint, ReportedResult};

use super::job::Job;
use super::run::Finding;
use super::summary::ENOUGH;
use isotypic_report::statistics::median;

/// One result as far as a curve needs it.
struct Entry {
    error: Option<f64>,
    right: usize,
    points: usize,
}

/// Question, architecture and classes of a curve.
type CurveKey = (usize, usize, Vec<String>);

/// One curve per question, architecture and pair of classes (or class), in this order.
pub(crate) fn class_curves(job: &Job, findings: &[Finding]) -> Vec<ClassCurve> {
    let mut curves: BTreeMap<CurveKey, BTreeMap<usize, Vec<Entry>>> = BTreeMap::new();
    for finding in findings {
        let (mut classes, error) = match &finding.result {
            ReportedResult::Pair(pair) => {
                (vec![pair.label_a.clone(), pair.label_b.clone()], pair.exact_error)
            }
            ReportedResult::Seed(seed) if !seed.unseen => (vec![seed.label.clone()], seed.exact_error),
            _ => continue,
        };
        classes.sort_by_key(|name| job.subjects.labels().classes().iter().position(|class| class == name));
        let right = finding.points.iter().filter(|point| point.correct).count();
        let key = (finding.question, finding.architecture, classes);
        let entry = Entry { error, right, points: finding.points.len() };
        curves.entry(key).or_default().entry(finding.poses()).or_default().push(entry);
    }
    curves
        .into_iter()
        .map(|((question, architecture, classes), curve)| {
            let curve: Vec<CurvePoint> =
                curve.iter().map(|(&poses, entries)| point(poses, entries)).collect();
            let successes: Vec<(usize, bool)> = curve
                .iter()
                .map(|point| (point.poses, point.fraction_correct.is_some_and(|fraction| fraction >= ENOUGH)))
                .collect();
            ClassCurve {
                question,
                arch: job.architectures[architecture].name.clone(),
                classes,
                enough_poses: enough_poses(&successes),
                curve,
            }
        })
        .collect()
}

fn point(poses: usize, entries: &[Entry]) -> CurvePoint {
    let (right, points) =
        entries.iter().fold((0, 0), |sum, entry| (sum.0 + entry.right, sum.1 + entry.points));
    CurvePoint {
        poses,
        results: entries.len(),
        median_exact_error: median(entries.iter().filter_map(|entry| entry.error)),
        fraction_correct: (points > 0).then(|| right as f64 / points as f64),
    }
}
