//! Results of pairs or seeds as comma-separated values (RFC 4180).

use csv::{Terminator, Writer, WriterBuilder};
use serde::Serialize;

use crate::pair_result::PairResult;
use crate::seed_result::SeedResult;
use crate::training::TrainedResult;

/// A column: its name, which is that of the field in JSON, and its cell in a row.
type Column = (&'static str, fn(&PairResult) -> String);

const COLUMNS: [Column; 24] = [
    ("arch", |pair| pair.arch.clone()),
    ("group", |pair| pair.group.clone()),
    ("poses", |pair| pair.poses.to_string()),
    ("hold_out", |pair| pair.hold_out.clone()),
    ("a", |pair| pair.a.to_string()),
    ("b", |pair| pair.b.to_string()),
    ("label_a", |pair| pair.label_a.clone()),
    ("label_b", |pair| pair.label_b.clone()),
    ("spectral_error", |pair| number(pair.spectral_error)),
    ("spectral_error_minimum", |pair| number(pair.spectral_error_minimum)),
    ("spectral_error_maximum", |pair| number(pair.spectral_error_maximum)),
    ("exact_error", |pair| number(pair.exact_error)),
    ("exact_error_a", |pair| number(pair.exact_error_a)),
    ("exact_error_b", |pair| number(pair.exact_error_b)),
    ("correct_a", |pair| pair.correct_a.to_string()),
    ("correct_b", |pair| pair.correct_b.to_string()),
    ("projected_error", |pair| number(pair.projected_error)),
    ("invariance_defect", |pair| number(pair.invariance_defect)),
    ("condition_number", |pair| number(pair.condition_number)),
    ("delta_squared_input", |pair| number(pair.delta_squared_input)),
    ("delta_squared_kernel", |pair| number(pair.delta_squared_kernel)),
    ("indistinguishable_poses", |pair| pair.indistinguishable_poses.to_string()),
    ("limit_error", |pair| number(pair.limit_error)),
    ("status", |pair| pair.status.to_string()),
];

/// A column of trained networks.
type TrainedColumn = (&'static str, fn(&TrainedResult) -> String);

/// What networks said; these columns are there only where some were trained.
const TRAINED: [TrainedColumn; 4] = [
    ("trained_error", |trained| number(trained.trained_error)),
    ("trained_correct", |trained| trained.trained_correct.to_string()),
    ("finite_time_error", |trained| number(trained.finite_time_error)),
    ("trained_loss", |trained| number(trained.trained_loss)),
];

/// Names of the columns of trained networks, and the cells of a row.
fn trained_names(any: bool) -> Vec<String> {
    if any { TRAINED.map(|(name, _)| name.to_owned()).to_vec() } else { Vec::new() }
}

fn trained_cells(any: bool, trained: Option<&TrainedResult>) -> Vec<String> {
    if any { TRAINED.map(|(_, cell)| trained.map(cell).unwrap_or_default()).to_vec() } else { Vec::new() }
}

/// A header, then one row per pair.
pub(crate) fn csv_table<'a>(pairs: impl Iterator<Item = &'a PairResult>) -> String {
    let pairs: Vec<&PairResult> = pairs.collect();
    let any = pairs.iter().any(|pair| pair.trained.is_some());
    written(|writer| {
        let names = COLUMNS.map(|(name, _)| name.to_owned()).to_vec();
        writer.write_record([names, trained_names(any)].concat())?;
        pairs.into_iter().try_for_each(|pair| {
            let cells = COLUMNS.map(|(_, cell)| cell(pair)).to_vec();
            writer.write_record([cells, trained_cells(any, pair.trained.as_ref())].concat())
        })
    })
}

/// One row per item as comma-separated values (RFC 4180) under the names of its fields.
pub(crate) fn csv_of_rows(rows: &[impl Serialize]) -> String {
    written(|writer| rows.iter().try_for_each(|row| writer.serialize(row)))
}

fn written(fill: impl FnOnce(&mut Writer<Vec<u8>>) -> csv::Result<()>) -> String {
    let mut writer = WriterBuilder::new().terminator(Terminator::Any(b'\n')).from_writer(Vec::new());
    let in_memory = "writing to memory does not fail, and all rows have the same fields";
    fill(&mut writer).expect(in_memory);
    String::from_utf8(writer.into_inner().expect(in_memory)).expect("all cells are strings")
}

/// A column of seeds.
type SeedColumn = (&'static str, fn(&SeedResult) -> String);

const BEFORE_ERRORS: [SeedColumn; 7] = [
    ("arch", |seed| seed.arch.clone()),
    ("group", |seed| seed.group.clone()),
    ("poses", |seed| seed.poses.to_string()),
    ("hold_out", |seed| seed.hold_out.clone()),
    ("seed", |seed| seed.seed.to_string()),
    ("label", |seed| seed.label.clone()),
    ("unseen", |seed| seed.unseen.to_string()),
];

const AFTER_ERRORS: [SeedColumn; 11] = [
    ("exact_error", |seed| number(seed.exact_error)),
    ("projected_error", |seed| number(seed.projected_error)),
    ("spectral_error", |seed| number(seed.spectral_error)),
    ("margin", |seed| number(seed.margin)),
    ("probability", |seed| number(seed.probability)),
    ("correct", |seed| seed.correct.to_string()),
    ("invariance_defect", |seed| number(seed.invariance_defect)),
    ("condition_number", |seed| number(seed.condition_number)),
    ("limit_error", |seed| number(seed.limit_error)),
    ("twin", |seed| seed.twin.map(|twin| twin.to_string()).unwrap_or_default()),
    ("status", |seed| seed.status.to_string()),
];

/// A header, then one row per seed; the errors take one column per class, `error_<class>`.
pub(crate) fn csv_of_seeds<'a>(classes: &[String], seeds: impl Iterator<Item = &'a SeedResult>) -> String {
    let seeds: Vec<&SeedResult> = seeds.collect();
    let any = seeds.iter().any(|seed| seed.trained.is_some());
    let names =
        |columns: &[SeedColumn]| columns.iter().map(|(name, _)| (*name).to_owned()).collect::<Vec<_>>();
    let errors: Vec<String> = classes.iter().map(|class| format!("error_{class}")).collect();
    let header = [names(&BEFORE_ERRORS), errors, names(&AFTER_ERRORS), trained_names(any)];
    written(|writer| {
        writer.write_record(header.concat())?;
        seeds.into_iter().try_for_each(|seed| {
            let cells =
                |columns: &[SeedColumn]| columns.iter().map(|(_, cell)| cell(seed)).collect::<Vec<_>>();
            let errors: Vec<String> =
                (0..classes.len()).map(|class| number(seed.error.get(class).copied().flatten())).collect();
            let trained = trained_cells(any, seed.trained.as_ref());
            writer.write_record([cells(&BEFORE_ERRORS), errors, cells(&AFTER_ERRORS), trained].concat())
        })
    })
}

/// The shortest text that reads back to the same bits; empty unless finite.
fn number(value: Option<f64>) -> String {
    value.filter(|value| value.is_finite()).map(|value| format!("{value:?}")).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_back_to_the_same_bits() {
        for value in [0.1 + 0.2, 1e-300, -4.5e17, 1.0 / 3.0, 0.0] {
            assert_eq!(number(Some(value)).parse::<f64>().unwrap().to_bits(), value.to_bits());
        }
        assert_eq!(number(Some(1e-20)), "1e-20");
    }

    #[test]
    fn numbers_that_do_not_exist_are_empty() {
        assert_eq!([None, Some(f64::NAN), Some(f64::NEG_INFINITY)].map(number), ["", "", ""]);
    }
}
