//! What the table of an architecture does not say: sentences below it.

use std::collections::BTreeMap;

use crate::audit_report::AuditReport;
use crate::class_curve::ClassCurve;
use crate::irrep_row::IrrepRow;
use crate::status::Status;
use crate::summary::{Lookalikes, SummaryRow};

use super::audit::in_words;
use super::number::decimal;

/// Irreps named as the cause of a failure.
const MOST_IRREPS: usize = 3;

/// Classes named one by one.
const MOST_CLASSES: usize = 3;

/// Pairs of seeds named one by one.
const MOST_LOOKALIKES: usize = 3;

/// All remarks on one architecture of one question.
pub(super) fn remarks(arch: &str, rows: &[&SummaryRow], curves: &[&ClassCurve]) -> Vec<String> {
    let mut sentences = statuses(arch, rows);
    sentences.extend(obstacle(arch, rows));
    sentences.extend(rows.iter().filter_map(|row| residual(arch, row)));
    sentences.extend(rows.iter().filter_map(|row| projection(arch, row)));
    sentences.extend(lookalikes(arch, rows));
    sentences.extend(partial_symmetry(arch, rows));
    sentences.extend(hidden_failures(arch, rows));
    sentences.extend(causes(arch, rows));
    sentences.extend(hardest_classes(arch, curves));
    sentences
}

/// Pairs or seeds whose status is not `ok`.
fn statuses(arch: &str, rows: &[&SummaryRow]) -> Vec<String> {
    let mut counts: BTreeMap<Status, Vec<String>> = BTreeMap::new();
    for row in rows {
        let all = row.pairs + row.seeds + row.unseen_seeds;
        for (&status, &count) in row.statuses.iter().filter(|&(&status, &n)| status != Status::Ok && n > 0) {
            let what = if row.pairs > 0 { "pairs" } else { "seeds" };
            counts.entry(status).or_default().push(match count == all {
                true => format!("all {what} at {} poses", row.poses),
                false => format!("{count} of {all} {what} at {} poses", row.poses),
            });
        }
    }
    let sentence = |(status, places): (Status, Vec<String>)| {
        format!("{arch}: {} in {}", in_words(status), places.join(", "))
    };
    counts.into_iter().map(sentence).collect()
}

/// Why a Gram matrix could not be inverted.
fn obstacle(arch: &str, rows: &[&SummaryRow]) -> Option<String> {
    let (row, obstacle) = rows.iter().find_map(|row| Some((row, row.obstacle.as_ref()?)))?;
    Some(format!("{arch}: at {} poses {obstacle}", row.poses))
}

/// How exactly a matrix that is never held was solved.
fn residual(arch: &str, row: &SummaryRow) -> Option<String> {
    let residual = decimal(Some(row.largest_residual?));
    let condition = row.condition_number_bound.map(|bound| format!(", condition number at most {bound:.0e}"));
    if let Some(solution) = &row.conjugate_gradients {
        return Some(format!(
            "{arch}: at {} poses {} of {} seeds are answered, by conjugate gradients with {} products with the block of the trivial \
             irrep and {} with the others, to a residual of {} (tolerance {:.0e}); largest residual {residual} on rows computed again \
             from the images",
            row.poses,
            solution.answered,
            solution.seeds,
            solution.products_trivial,
            solution.products_others,
            decimal(Some(solution.largest_residual)),
            solution.tolerance
        ));
    }
    Some(format!(
        "{arch}: solved block by block at {} poses; largest residual {residual} on rows computed again from the images{}",
        row.poses,
        condition.unwrap_or_default()
    ))
}

/// What projection changed, where the matrix as it is was too large.
fn projection(arch: &str, row: &SummaryRow) -> Option<String> {
    let effect = row.projection_effect.as_ref()?;
    Some(format!(
        "{arch}: at {} poses errors are those after projection on the group average; on {} seeds alone it changes predictions by {} \
         (median; at most {}) and the class of {} of {} points; single rows of the matrix as it is leave a residual of {}",
        row.poses,
        effect.seeds,
        decimal(Some(effect.median_difference)),
        decimal(Some(effect.largest_difference)),
        effect.changed,
        effect.points,
        decimal(Some(effect.single_row_residual)),
    ))
}

/// Seeds that look the same, those of different classes first.
fn lookalikes(arch: &str, rows: &[&SummaryRow]) -> Vec<String> {
    let Some(row) = rows.iter().find(|row| !row.lookalikes.is_empty()) else { return Vec::new() };
    let named = |conflicting: bool| {
        let all: Vec<&Lookalikes> =
            row.lookalikes.iter().filter(|pair| (pair.label_a != pair.label_b) == conflicting).collect();
        let mut names: Vec<String> = all
            .iter()
            .take(MOST_LOOKALIKES)
            .map(|pair| format!("{} ({}) and {} ({})", pair.a, pair.label_a, pair.b, pair.label_b))
            .collect();
        if all.len() > MOST_LOOKALIKES {
            names.push(format!("{} more pairs", all.len() - MOST_LOOKALIKES));
        }
        (!names.is_empty()).then(|| names.join(", "))
    };
    let conflict = named(true).map(|names| {
        format!("{arch}: at {} poses these seeds look the same but differ in class: {names}", row.poses)
    });
    let same = named(false).map(|names| {
        format!("{arch}: at {} poses these seeds of one class look the same: {names}", row.poses)
    });
    conflict.into_iter().chain(same).collect()
}

/// A part of the symmetry that is built in.
fn partial_symmetry(arch: &str, rows: &[&SummaryRow]) -> Option<String> {
    let partly =
        |row: &&&SummaryRow| row.indistinguishable_poses > 1 && row.indistinguishable_poses < row.poses;
    let row = rows.iter().rfind(partly)?;
    Some(format!(
        "{arch}: {} of {} poses look the same to the network: a part of the symmetry is built in",
        row.indistinguishable_poses, row.poses
    ))
}

/// Where the averaged formula promises success although a class fails.
fn hidden_failures(arch: &str, rows: &[&SummaryRow]) -> Option<String> {
    let affected: Vec<&&SummaryRow> = rows.iter().filter(|row| row.hidden_failures > 0).collect();
    let hidden: usize = affected.iter().map(|row| row.hidden_failures).sum();
    let asked: usize = affected.iter().map(|row| row.pairs + row.seeds).sum();
    let what = if affected.first()?.pairs > 0 { "pairs" } else { "seeds" };
    let poses: Vec<String> = affected.iter().map(|row| row.poses.to_string()).collect();
    Some(format!(
        "{arch}: in {hidden} of {asked} {what} a pose is misclassified although the spectral error, an average, is below \
         1 (at {} poses)",
        poses.join(", ")
    ))
}

/// The irreps behind a failure.
fn causes(arch: &str, rows: &[&SummaryRow]) -> Option<String> {
    let row = rows.iter().rfind(|row| fails(row))?;
    let named: Vec<String> = culprits(row)
        .iter()
        .map(|irrep| format!("{} (excess {})", irrep.irrep, decimal(irrep.excess)))
        .collect();
    (!named.is_empty())
        .then(|| format!("{arch}: at {} poses the failure comes from {}", row.poses, named.join(", ")))
}

fn fails(row: &SummaryRow) -> bool {
    row.median_exact_error.is_some_and(|error| error > 1.0)
}

/// The irreps with the largest positive excess.
fn culprits(row: &SummaryRow) -> Vec<&IrrepRow> {
    let excess = |irrep: &IrrepRow| irrep.excess.filter(|excess| excess.is_finite()).unwrap_or(0.0);
    let mut irreps: Vec<&IrrepRow> = row.irreps.iter().filter(|irrep| excess(irrep) > 0.0).collect();
    irreps.sort_by(|a, b| excess(b).total_cmp(&excess(a)));
    irreps.truncate(MOST_IRREPS);
    irreps
}

/// Whether a remark speaks of an excess.
pub(super) fn excess_occurs(report: &AuditReport) -> bool {
    report.summary.iter().any(|row| fails(row) && !culprits(row).is_empty())
}

/// Which classes need most poses, and which fewest.
fn hardest_classes(arch: &str, curves: &[&ClassCurve]) -> Option<String> {
    if curves.len() < 2 || curves.iter().any(|curve| curve.curve.len() < 2) {
        return None;
    }
    let names = |wanted: Option<usize>| {
        let all: Vec<String> = curves
            .iter()
            .filter(|curve| curve.enough_poses == wanted)
            .map(|curve| curve.classes.join("–"))
            .collect();
        match all.len().saturating_sub(MOST_CLASSES) {
            0 => all.join(", "),
            more => format!("{} and {more} more", all[..MOST_CLASSES].join(", ")),
        }
    };
    let numbers = || curves.iter().filter_map(|curve| curve.enough_poses);
    let (least, most) = (numbers().min(), numbers().max());
    let never = curves.iter().any(|curve| curve.enough_poses.is_none());
    match (never, least, most) {
        (true, None, _) => None,
        (true, Some(least), _) => Some(format!(
            "{arch}: no number of poses asked is enough for {}; {} need {least}",
            names(None),
            names(Some(least))
        )),
        (false, Some(least), Some(most)) if least < most => Some(format!(
            "{arch}: most poses are needed by {} ({most}), fewest by {} ({least})",
            names(Some(most)),
            names(Some(least))
        )),
        _ => None,
    }
}
