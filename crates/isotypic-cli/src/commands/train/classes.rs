//! `isotypic train classes`: one class lacks one pose; is it recognised there?

use std::path::PathBuf;

use clap::Args;

use crate::args::{DataOptions, MemoryOptions};

use super::options::TrainingArgs;

const EXAMPLES: &str = "\
Examples:
  isotypic train classes
      embedded digits; both networks of the paper; 2, 4, 8 and 16 poses; digit 5 lacks one
  isotypic train classes --data mnist/ --images 5000 --left-out 5 --out figure-1
      the paper's Figure 1; with `--resume` it goes on where it was stopped
  isotypic train classes --arch cnn-gap --width 64 --poses 4 --left-out 0,1,2,3,4,5,6,7,8,9 --seeds 0,1,2
      every digit in turn, three times

Networks: paper-mlp, paper-cnn, paper-vit (of arXiv 2412.11521), small-resnet (batch normalisation), mlp[:DEPTH], cnn[:DEPTH],
cnn-gap[:DEPTH], gcnn:c4[:DEPTH], gcnn:d4[:DEPTH], vit[:DEPTH], resnet[:DEPTH], myrtle5, or a .toml, .json or .onnx file. Poses are turns by 360/N degrees, nearest pixel; images have norm 1.";

/// Arguments of `train classes`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct ClassesArgs {
    #[command(flatten)]
    data: DataOptions,
    /// Only the first so many images [default: all]
    #[arg(long, value_name = "N", help_heading = "Data")]
    images: Option<usize>,
    /// Only the first so many images of each class [default: all]
    #[arg(long, value_name = "S", help_heading = "Data")]
    seeds_per_class: Option<usize>,

    /// Networks by name or file (`.toml`, `.json`, `.onnx`); may be repeated
    #[arg(
        long,
        value_name = "NAME|FILE",
        value_delimiter = ',',
        default_value = "paper-mlp,paper-cnn",
        help_heading = "Question"
    )]
    arch: Vec<String>,
    /// Numbers of poses
    #[arg(
        long,
        value_name = "N,…",
        value_delimiter = ',',
        default_value = "2,4,8,16",
        help_heading = "Question"
    )]
    poses: Vec<usize>,
    /// The classes that lack pose 0, one at a time, or `all` [default: the sixth, which is 5 of digits]
    #[arg(long, value_name = "A,…|all", value_delimiter = ',', help_heading = "Question")]
    left_out: Vec<String>,
    /// Seed of parameters, of what is set aside and of the order of examples
    #[arg(long, value_name = "SEED", default_value_t = 0, help_heading = "Question")]
    seed: u64,
    /// Several seeds in its place
    #[arg(
        long,
        value_name = "SEED,…",
        value_delimiter = ',',
        conflicts_with = "seed",
        help_heading = "Question"
    )]
    seeds: Vec<u64>,

    #[command(flatten)]
    training: TrainingArgs,

    /// Write results.json and results.csv to this folder, and checkpoints and metrics.csv while it runs
    #[arg(long, value_name = "DIR", help_heading = "Output")]
    out: Option<PathBuf>,
    /// Replace results and checkpoints in the folder
    #[arg(long, requires = "out", help_heading = "Output")]
    force: bool,
    /// Go on from the checkpoints in the folder
    #[arg(long, requires = "out", help_heading = "Output")]
    resume: bool,
    #[command(flatten, next_help_heading = "Output")]
    memory: MemoryOptions,
}

#[cfg(feature = "train")]
pub(crate) use training::run;

#[cfg(feature = "train")]
mod training {
    use isotypic::data::DataSource;
    use isotypic::report::{ClassesReport, render_classes};
    use isotypic::train::{ClassesExperiment, ClassesSettings, RunFolder};
    use isotypic::work::{OutputDirectory, Plan};

    use super::ClassesArgs;
    use crate::exit::{Failure, say};
    use crate::output;
    use crate::session::Session;

    /// Products of weights and values in a second of two cores, as measured for `paper-mlp`; others reach between a quarter and
    /// twice as many.
    const PRODUCTS_PER_SECOND: f64 = 2e10;

    /// Plans, trains, writes, prints.
    pub(crate) fn run(args: ClassesArgs, session: &Session) -> Result<(), Failure> {
        let settings = settings(&args)?;
        let experiment = settings.experiment()?;
        let plan = plan(&experiment)?;
        // Only asked for the plan, no folder is made.
        let folder = args.out.as_ref().filter(|_| !args.memory.plan);
        let directory = folder.map(|path| OutputDirectory::create(path, args.force)).transpose()?;
        if !session.accepts(&plan, &args.memory)? {
            return Ok(());
        }
        if let Some(path) = folder.filter(|_| args.force && !args.resume) {
            RunFolder::clear(path)?;
        }
        let runs = experiment.run(&session.monitor).inspect_err(|error| {
            session.monitor.finish();
            if let Some(path) = folder.filter(|_| error.is_interruption()) {
                say(&[&format!(
                    "finished epochs stay in `{}`; add `--resume` to the same command to go on",
                    path.display()
                )]);
            }
        })?;
        session.monitor.finish();
        let report = settings.report(&experiment, runs);
        let json = report.to_json()?;
        if let Some(directory) = directory {
            write(directory, &report, &json)?;
        }
        match session.json {
            true => output::print(&json),
            false => output::print(&render_classes(&report, output::width())),
        }
    }

    fn settings(args: &ClassesArgs) -> Result<ClassesSettings, Failure> {
        let images = DataSource::parse(&args.data.data)?.load(args.data.split.into(), None)?;
        let left_out = match args.left_out.as_slice() {
            [only] if only == "all" => Vec::new(),
            [] => {
                let classes = images.labels().classes();
                vec![classes[classes.len().min(6) - 1].clone()]
            }
            names => names.to_vec(),
        };
        Ok(ClassesSettings {
            images_per_class: args.seeds_per_class,
            images_in_all: args.images,
            networks: args.arch.clone(),
            poses: args.poses.clone(),
            left_out,
            seeds: if args.seeds.is_empty() { vec![args.seed] } else { args.seeds.clone() },
            options: args.training.options()?,
            folder: args.out.clone(),
            resume: args.resume,
            ..ClassesSettings::new(images)
        })
    }

    fn plan(experiment: &ClassesExperiment) -> Result<Plan, Failure> {
        let examples = experiment.images.dim().0 * experiment.poses.iter().sum::<usize>();
        let runs = experiment.left_out.len() * experiment.seeds.len() * experiment.networks.len();
        Ok(Plan {
            entries: (examples * runs * experiment.options.epochs) as u64,
            bytes: experiment.bytes()?,
            seconds: experiment.multiplications()? / PRODUCTS_PER_SECOND,
        })
    }

    fn write(mut directory: OutputDirectory, report: &ClassesReport, json: &str) -> Result<(), Failure> {
        let path = directory.path().to_owned();
        directory.write("results.csv", report.to_csv().as_bytes())?;
        directory.finish(json.as_bytes())?;
        say(&[&format!("wrote results.csv and results.json to `{}`, beside metrics.csv", path.display())]);
        Ok(())
    }
}
