//! The folder of an experiment with ensembles: where results go, and networks while they are trained.

use std::path::PathBuf;

use clap::Args;

/// Where results go, and whether to go on from what is there.
#[derive(Debug, Args)]
#[command(next_help_heading = "Output")]
pub(crate) struct FolderArgs {
    /// Write results.json and results.csv to this folder, for pairs and classes report.html with its figures too; networks in training
    /// and at their end are kept in its `checkpoints`
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Replace results and networks in the folder
    #[arg(long, requires = "out")]
    force: bool,
    /// Go on from the networks in the folder: the results are those of a run that was never stopped
    #[arg(long, requires = "out")]
    resume: bool,
}

#[cfg(feature = "train")]
mod checked {
    use isotypic::train::{EnsembleTraining, RunFolder};
    use isotypic::work::OutputDirectory;

    use super::FolderArgs;
    use crate::exit::{Failure, say};

    impl FolderArgs {
        /// Makes the folder, if one is asked for, and tells training of it.
        pub(crate) fn open(
            &self,
            training: &mut EnsembleTraining,
        ) -> Result<Option<OutputDirectory>, Failure> {
            let Some(path) = &self.out else { return Ok(None) };
            let directory = OutputDirectory::create(path, self.force)?;
            if self.force && !self.resume {
                RunFolder::clear(path)?;
            }
            training.folder = Some(path.clone());
            training.resume = self.resume;
            Ok(Some(directory))
        }

        /// Says how training goes on that was stopped.
        pub(crate) fn explain(&self, error: &isotypic::Error) {
            let is_interruption = matches!(error, isotypic::Error::Train(error) if error.is_interruption());
            if let Some(path) = self.out.as_ref().filter(|_| is_interruption) {
                say(&[&format!(
                    "networks stay in `{}`; add `--resume` to the same command to go on",
                    path.display()
                )]);
            }
        }
    }
}
