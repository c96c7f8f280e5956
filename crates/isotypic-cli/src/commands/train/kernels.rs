//! `isotypic train width` and `isotypic train empirical-ntk`: how near finite networks are to their kernels.

use clap::Args;

use super::ensemble::EnsembleArgs;
use super::folder::FolderArgs;
use super::question::PairsQuestionArgs;

const WIDTH_EXAMPLES: &str = "\
Examples:
  isotypic train width --widths 64,128,256,512 --networks 16
      distance of the networks' mean from the kernel, and its slope in 1/width
  isotypic train width --arch net.toml --group rotation:4 --pairs 4 --steps 400 --out run
      your architecture; run/results.json has schema isotypic.train-width/1

Steps have no momentum unless it is asked for, so that they add up to the training time of the kernel's flow. Outputs have the scale 1:
networks are as they are, see the note in `isotypic help train pairs`.";

const EMPIRICAL_EXAMPLES: &str = "\
Examples:
  isotypic train empirical-ntk
      two pairs of embedded digits: tangent kernels of networks as drawn and after training, beside the infinite one
  isotypic train empirical-ntk --group rotation:4 --arch mlp --width 256 --steps 4000 --json
      change, alignment with the labels, invariance defect, and the errors that follow from each kernel";

/// Arguments of `train width`.
#[derive(Debug, Args)]
#[command(after_help = WIDTH_EXAMPLES, mut_arg("pairs", |arg| arg.default_value("4")),
    mut_arg("momentum", |arg| arg.default_value("0")), mut_arg("output_scale", |arg| arg.default_value("1")), mut_arg("networks", |arg| arg.default_value("16")), mut_arg("steps", |arg| arg.default_value("200")))]
pub(crate) struct WidthArgs {
    #[command(flatten)]
    question: PairsQuestionArgs,
    /// Widths, in place of `--width`
    #[arg(
        long,
        value_name = "N,…",
        value_delimiter = ',',
        default_value = "64,128,256,512",
        help_heading = "Question"
    )]
    widths: Vec<usize>,
    #[command(flatten)]
    training: EnsembleArgs,
    #[command(flatten)]
    output: FolderArgs,
}

/// Arguments of `train empirical-ntk`.
#[derive(Debug, Args)]
#[command(after_help = EMPIRICAL_EXAMPLES, mut_arg("pairs", |arg| arg.default_value("2")),
    mut_arg("output_scale", |arg| arg.default_value("1")))]
pub(crate) struct EmpiricalArgs {
    #[command(flatten)]
    question: PairsQuestionArgs,
    #[command(flatten)]
    training: EnsembleArgs,
    #[command(flatten)]
    output: FolderArgs,
}

#[cfg(feature = "train")]
pub(crate) use training::{run_empirical, run_width};

#[cfg(feature = "train")]
mod training {
    use isotypic::report::{render_empirical, render_width};
    use isotypic::train::{WidthSettings, check_training, empirical_kernels};
    use isotypic::work::OutputDirectory;

    use super::{EmpiricalArgs, WidthArgs};
    use crate::exit::{Failure, say};
    use crate::output;
    use crate::session::Session;

    /// Distances by width.
    pub(crate) fn run_width(args: &WidthArgs, session: &Session) -> Result<(), Failure> {
        let audit = args.question.settings()?;
        let mut settings =
            WidthSettings { audit, widths: args.widths.clone(), training: args.training.training()? };
        settings.check()?;
        let directory = args.output.open(&mut settings.training)?;
        let report = settings.run(&session.monitor);
        session.monitor.finish();
        let report = report.inspect_err(|error| args.output.explain(error))?;
        finish(directory, &report.to_json()?, &report.to_csv(), session, || {
            render_width(&report, output::width())
        })
    }

    /// Tangent kernels of finite networks.
    pub(crate) fn run_empirical(args: &EmpiricalArgs, session: &Session) -> Result<(), Failure> {
        let settings = args.question.settings()?;
        let mut training = args.training.training()?;
        check_training(&settings, &training)?;
        let directory = args.output.open(&mut training)?;
        let report = empirical_kernels(&settings, &training, &session.monitor);
        session.monitor.finish();
        let report = report.inspect_err(|error| args.output.explain(error))?;
        finish(directory, &report.to_json()?, &report.to_csv(), session, || {
            render_empirical(&report, output::width())
        })
    }

    /// Writes and prints.
    fn finish(
        directory: Option<OutputDirectory>,
        json: &str,
        csv: &str,
        session: &Session,
        text: impl FnOnce() -> String,
    ) -> Result<(), Failure> {
        if let Some(mut directory) = directory {
            let path = directory.path().to_owned();
            directory.write("results.csv", csv.as_bytes())?;
            directory.finish(json.as_bytes())?;
            say(&[&format!("wrote results.csv and results.json to `{}`", path.display())]);
        }
        match session.json {
            true => output::print(json),
            false => output::print(&text()),
        }
    }
}
