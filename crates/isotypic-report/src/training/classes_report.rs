//! Accuracies of networks for which one class lacked one pose.

use serde::{Deserialize, Serialize};

use crate::audit_report::to_json;
use crate::csv_table::csv_of_rows;
use crate::error::ReportError;
use crate::finite::required;

/// The paper's Figure 1 (Perin & Deny, JMLR 2025, arXiv 2412.11521) on some images.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ClassesReport {
    /// [`ClassesReport::SCHEMA`].
    pub schema: String,
    /// Version of the program.
    pub version: String,
    /// What all runs share.
    pub settings: ClassesSettingsReport,
    /// One row per network and number of poses.
    pub summary: Vec<ClassesSummary>,
    /// One row per run: a network, a number of poses, a class left out and a seed.
    pub results: Vec<ClassesResult>,
}

/// What all runs share.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ClassesSettingsReport {
    /// The name or path of the data.
    pub data: String,
    /// SHA-256 of the images as loaded.
    pub data_sha256: String,
    /// Number of images, each trained on at all poses but the one left out.
    pub images: usize,
    /// How gradients become steps, such as `adam 0.001`.
    pub optimizer: String,
    /// Where networks were trained: `cpu`, `cuda` or `wgpu`; empty in reports of versions that did not say it.
    #[serde(default)]
    pub device: String,
    /// Examples in a step.
    pub batch: usize,
    /// Most epochs of a run.
    pub epochs: usize,
    /// Channels of hidden layers that have no width of their own.
    pub width: usize,
    /// Threads: among other numbers bits may differ.
    pub threads: usize,
}

/// The runs of one network at one number of poses together.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ClassesSummary {
    /// The network.
    pub network: String,
    /// Number of poses.
    pub poses: usize,
    /// Number of runs.
    pub runs: usize,
    /// Mean accuracy on what was set aside.
    #[serde(serialize_with = "required")]
    pub in_distribution: f64,
    /// Mean accuracy on the pose left out.
    #[serde(serialize_with = "required")]
    pub held_out: f64,
    /// Least of the latter.
    #[serde(serialize_with = "required")]
    pub held_out_minimum: f64,
    /// Largest of the latter.
    #[serde(serialize_with = "required")]
    pub held_out_maximum: f64,
}

/// One run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ClassesResult {
    /// The network.
    pub network: String,
    /// Number of poses.
    pub poses: usize,
    /// The class that lacked the first pose.
    pub left_out: String,
    /// Seed of parameters, order and split.
    pub seed: u64,
    /// Trained values of the network.
    pub parameters: usize,
    /// Examples trained on.
    pub examples: usize,
    /// Examples of the pose left out.
    pub held_out_examples: usize,
    /// Epochs trained.
    pub epochs: usize,
    /// Loss of the last epoch.
    pub loss: Option<f64>,
    /// Accuracy on the examples trained on.
    #[serde(serialize_with = "required")]
    pub train_accuracy: f64,
    /// Accuracy on the tenth that was set aside.
    #[serde(serialize_with = "required")]
    pub in_distribution: f64,
    /// The same for images of the class that lacked a pose, at its other poses; absent if none was set aside.
    pub in_distribution_left_out: Option<f64>,
    /// Accuracy on the pose left out.
    #[serde(serialize_with = "required")]
    pub held_out: f64,
}

impl ClassesReport {
    /// Name and version of the schema.
    pub const SCHEMA: &'static str = "isotypic.train-classes/1";

    /// Sums up runs, which stand network after network.
    #[must_use]
    pub fn new(version: &str, settings: ClassesSettingsReport, results: Vec<ClassesResult>) -> Self {
        let mut summary: Vec<ClassesSummary> = Vec::new();
        for result in &results {
            let known =
                summary.iter_mut().find(|row| row.network == result.network && row.poses == result.poses);
            match known {
                Some(row) => row.add(result),
                None => summary.push(ClassesSummary::of(result)),
            }
        }
        Self { schema: Self::SCHEMA.to_owned(), version: version.to_owned(), settings, summary, results }
    }

    /// The report as indented JSON with a newline at the end.
    ///
    /// # Errors
    /// [`ReportError::NotFinite`] if an accuracy is NaN.
    pub fn to_json(&self) -> Result<String, ReportError> {
        to_json(self)
    }

    /// One row per run as comma-separated values (RFC 4180) under the names of the fields.
    #[must_use]
    pub fn to_csv(&self) -> String {
        csv_of_rows(&self.results)
    }
}

impl ClassesSummary {
    fn of(result: &ClassesResult) -> Self {
        Self {
            network: result.network.clone(),
            poses: result.poses,
            runs: 1,
            in_distribution: result.in_distribution,
            held_out: result.held_out,
            held_out_minimum: result.held_out,
            held_out_maximum: result.held_out,
        }
    }

    fn add(&mut self, result: &ClassesResult) {
        let before = self.runs as f64;
        self.runs += 1;
        let mean = |old: f64, new: f64| (before * old + new) / (before + 1.0);
        self.in_distribution = mean(self.in_distribution, result.in_distribution);
        self.held_out = mean(self.held_out, result.held_out);
        self.held_out_minimum = self.held_out_minimum.min(result.held_out);
        self.held_out_maximum = self.held_out_maximum.max(result.held_out);
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn sample() -> ClassesReport {
        let settings = ClassesSettingsReport {
            data: "digits".to_owned(),
            data_sha256: "00".to_owned(),
            images: 40,
            optimizer: "adam 0.001".to_owned(),
            device: "cpu".to_owned(),
            batch: 512,
            epochs: 3,
            width: 64,
            threads: 2,
        };
        let result = |network: &str, poses, left_out: &str, held_out| ClassesResult {
            network: network.to_owned(),
            poses,
            left_out: left_out.to_owned(),
            seed: 0,
            parameters: 10,
            examples: 70,
            held_out_examples: 4,
            epochs: 3,
            loss: Some(0.25),
            train_accuracy: 0.75,
            in_distribution: 0.5,
            in_distribution_left_out: None,
            held_out,
        };
        let results = vec![
            result("mlp", 2, "5", 0.25),
            result("mlp", 2, "6, or nine", 0.75),
            result("mlp", 4, "5", 1.0),
            result("cnn", 2, "5", 0.0),
        ];
        ClassesReport::new("1.2.3", settings, results)
    }

    #[test]
    fn runs_of_a_network_at_a_number_of_poses_are_summed_up() {
        let rows: Vec<_> = sample()
            .summary
            .iter()
            .map(|row| {
                (
                    row.network.clone(),
                    row.poses,
                    row.runs,
                    row.held_out,
                    row.held_out_minimum,
                    row.held_out_maximum,
                )
            })
            .collect();
        let expected = [
            ("mlp".to_owned(), 2, 2, 0.5, 0.25, 0.75),
            ("mlp".to_owned(), 4, 1, 1.0, 1.0, 1.0),
            ("cnn".to_owned(), 2, 1, 0.0, 0.0, 0.0),
        ];
        assert_eq!(rows, expected);
    }

    #[test]
    fn a_report_survives_its_json_and_has_a_row_of_csv_for_each_run() {
        let report = sample();
        let text = report.to_json().unwrap();
        assert_eq!(serde_json::from_str::<ClassesReport>(&text).unwrap(), report);
        let csv = report.to_csv();
        let lines: Vec<_> = csv.lines().collect();
        assert_eq!(lines.len(), 5);
        assert!(lines[0].starts_with("network,poses,left_out,seed,parameters,"), "{}", lines[0]);
        assert_eq!(lines[2], "mlp,2,\"6, or nine\",0,10,70,4,3,0.25,0.75,0.5,,0.75");
    }

    #[test]
    fn an_accuracy_that_does_not_exist_is_refused() {
        let mut report = sample();
        report.results[0].held_out = f64::NAN;
        assert!(report.to_json().is_err());
    }
}
