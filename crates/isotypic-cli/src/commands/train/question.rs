//! What the experiments ask that train networks on orbits: data, poses, architectures.

use clap::Args;

use crate::args::DataOptions;

/// Data, poses and architectures.
#[derive(Debug, Args)]
pub(crate) struct QuestionArgs {
    #[command(flatten)]
    pub(super) data: DataOptions,
    /// What is done to an image after turning or shifting it
    #[arg(long, value_name = "STEPS", default_value = "center,sphere", help_heading = "Data")]
    pub(super) normalize: String,
    /// What makes the poses, such as `rotation:16`, or `rotation` with `--poses`
    #[arg(long, value_name = "SPEC", default_value = "rotation:8", help_heading = "Question")]
    pub(super) group: String,
    /// Numbers of poses in place of that of the group
    #[arg(long, value_name = "N,…", value_delimiter = ',', help_heading = "Question")]
    pub(super) poses: Vec<usize>,
    /// Held out: `pose:K`, `poses:K,…`, `arc:FROM-TO`, `outside:GROUP`
    #[arg(long, value_name = "SPEC", default_value = "pose:0", help_heading = "Question")]
    pub(super) hold_out: String,
    /// Networks by name or file (`.toml`, `.json`, `.onnx`); may be repeated
    #[arg(
        long,
        value_name = "NAME|FILE",
        value_delimiter = ',',
        default_value = "mlp",
        help_heading = "Question"
    )]
    pub(super) arch: Vec<String>,
    /// Added to the diagonal of the Gram matrix of the exact error: X, or rel:X relative to its mean
    #[arg(long, value_name = "X|rel:X", default_value = "rel:1e-10", help_heading = "Question")]
    pub(super) ridge: String,
}

/// The same about pairs of seeds.
#[derive(Debug, Args)]
pub(crate) struct PairsQuestionArgs {
    #[command(flatten)]
    question: QuestionArgs,
    /// Pairs of images of different classes: how many, or a file of indices with the header `a,b`
    #[arg(long, value_name = "K|FILE.csv", default_value = "12", help_heading = "Question")]
    pairs: String,
    /// Seed of the choice of pairs
    #[arg(long, value_name = "SEED", default_value_t = 0, help_heading = "Question")]
    seed: u64,
}

#[cfg(feature = "train")]
mod checked {
    use isotypic::orbit::Normalization;
    use isotypic::{AuditInput, AuditSettings, PoseNumbers, QuestionSpec};

    use super::{PairsQuestionArgs, QuestionArgs};
    use crate::exit::Failure;
    use crate::pairs_file::pair_selection;

    impl PairsQuestionArgs {
        /// The settings of the audit that asks the same.
        pub(crate) fn settings(&self) -> Result<AuditSettings, Failure> {
            Ok(AuditSettings {
                pairs: pair_selection(&self.pairs)?,
                seed: self.seed,
                ..self.question.settings()?
            })
        }
    }

    impl QuestionArgs {
        /// The settings of the audit that asks the same.
        pub(crate) fn settings(&self) -> Result<AuditSettings, Failure> {
            let poses = match self.poses.is_empty() {
                true => PoseNumbers::OfGroup,
                false => PoseNumbers::List(self.poses.clone()),
            };
            Ok(AuditSettings {
                input: AuditInput::Data(self.data.data.clone()),
                split: self.data.split.into(),
                question: Some(QuestionSpec {
                    group: self.group.clone(),
                    poses,
                    hold_out: self.hold_out.clone(),
                }),
                architectures: self.arch.clone(),
                normalization: Normalization::parse(&self.normalize)?,
                ridge: self.ridge.parse().map_err(isotypic::Error::Gram)?,
                ..AuditSettings::default()
            })
        }
    }
}
