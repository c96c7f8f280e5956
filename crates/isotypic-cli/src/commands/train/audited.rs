//! `isotypic train pairs` and `isotypic train multi-class`: ensembles of networks beside the kernel's errors.

use clap::Args;

use super::ensemble::EnsembleArgs;
use super::folder::FolderArgs;
use super::question::{PairsQuestionArgs, QuestionArgs};

const PAIRS_EXAMPLES: &str = "\
Examples:
  isotypic train pairs
      twelve pairs of embedded digits, 8 poses, networks of width 512 beside spectral and exact errors
  isotypic train pairs --group rotation --poses 2,4,8,16 --arch mlp --width 1024 --networks 4 --out run
      means over four networks; run/results.json has trained_error and trained_correct beside exact_error
  isotypic train pairs --group translation-x:7 --arch cnn,cnn-gap --width 32 --pairs 4
      convolutions: the one that pools over all positions recognises the shift it never saw

Networks follow their kernel while each weight moves little. Outputs are therefore multiplied by `--output-scale`, which changes nothing
at infinite width; `--output-scale 1` shows networks as they are. What is left are fluctuations of the kernel of a finite network. They
are small where weights matter as much as biases: with `w_std` 28 in the first layer, on images of 28×28 pixels and norm 1, 512 channels
are within 0.04 of the kernel. In `mlp`, with `w_std` 1, biases outweigh the pixels 28 times and few rectifiers tell poses apart: single
networks of up to 4,096 channels are off by 0.2 to 0.3. As they are, trained to the end, they come closer: the errors of 12 pairs with
`--group rotation:16 --output-scale 1 --step-size 0.3` correlate with those of the kernel at 0.97.";

const MULTI_CLASS_EXAMPLES: &str = "\
Examples:
  isotypic train multi-class --classes 3,5,8 --seeds-per-class 3
      three classes, each in turn without one pose of any of its seeds
  isotypic train multi-class --seeds-per-class 2 --group rotation:4 --arch mlp:2 --out run
      all classes; run/results.csv has trained_error and trained_correct of each seed";

/// Arguments of `train pairs`.
#[derive(Debug, Args)]
#[command(after_help = PAIRS_EXAMPLES)]
pub(crate) struct PairsArgs {
    #[command(flatten)]
    question: PairsQuestionArgs,
    #[command(flatten)]
    training: EnsembleArgs,
    #[command(flatten)]
    output: FolderArgs,
}

/// Arguments of `train multi-class`.
#[derive(Debug, Args)]
#[command(after_help = MULTI_CLASS_EXAMPLES)]
pub(crate) struct MultiClassArgs {
    #[command(flatten)]
    question: QuestionArgs,
    /// The classes, or `all`
    #[arg(
        long,
        value_name = "A,B,…|all",
        value_delimiter = ',',
        default_value = "all",
        help_heading = "Question"
    )]
    classes: Vec<String>,
    /// The first so many seeds of each class
    #[arg(long, value_name = "S", default_value_t = 3, help_heading = "Question")]
    seeds_per_class: usize,
    /// Hold out one seed at a time in place of all of a class
    #[arg(long, help_heading = "Question")]
    together_seed: bool,
    #[command(flatten)]
    training: EnsembleArgs,
    #[command(flatten)]
    output: FolderArgs,
}

#[cfg(feature = "train")]
pub(crate) use training::{run_multi_class, run_pairs};

#[cfg(feature = "train")]
mod training {
    use isotypic::report::{render_page, render_trained};
    use isotypic::train::{EnsembleTraining, audit_and_train, check_training};
    use isotypic::{AuditSettings, ClassSeeds, ClassSelection, Together};

    use super::{FolderArgs, MultiClassArgs, PairsArgs};
    use crate::exit::{Failure, say};
    use crate::session::Session;
    use crate::{output, page_files};

    /// Networks on pairs of seeds.
    pub(crate) fn run_pairs(args: &PairsArgs, session: &Session) -> Result<(), Failure> {
        let settings = args.question.settings()?;
        run(&settings, args.training.training()?, &args.output, session)
    }

    /// Networks on classes.
    pub(crate) fn run_multi_class(args: &MultiClassArgs, session: &Session) -> Result<(), Failure> {
        let all = matches!(args.classes.as_slice(), [only] if only == "all");
        let classes = ClassSelection {
            classes: if all { Vec::new() } else { args.classes.clone() },
            seeds: ClassSeeds::PerClass(args.seeds_per_class),
            unseen_per_class: 0,
            together: if args.together_seed { Together::Seed } else { Together::Class },
        };
        let settings = AuditSettings { classes: Some(classes), ..args.question.settings()? };
        run(&settings, args.training.training()?, &args.output, session)
    }

    fn run(
        settings: &AuditSettings,
        mut training: EnsembleTraining,
        to: &FolderArgs,
        session: &Session,
    ) -> Result<(), Failure> {
        check_training(settings, &training)?;
        let directory = to.open(&mut training)?;
        let report = audit_and_train(settings, &training, &session.monitor);
        session.monitor.finish();
        let report = report.inspect_err(|error| to.explain(error))?;
        let json = report.to_json()?;
        if let Some(mut directory) = directory {
            let path = directory.path().to_owned();
            directory.write("results.csv", report.to_csv().as_bytes())?;
            page_files::stage(&mut directory, &render_page(&report)?)?;
            directory.finish(json.as_bytes())?;
            say(&[&format!(
                "wrote report.html, figures, results.csv and results.json to `{}`",
                path.display()
            )]);
        }
        match session.json {
            true => output::print(&json),
            false => output::print(&render_trained(&report, output::width())),
        }
    }
}
