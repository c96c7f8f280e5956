//! `isotypic audit`: will these networks get held-out poses right?

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use isotypic::kernel::MonteCarlo;
use isotypic::orbit::Normalization;
use isotypic::report::{AuditReport, render_page, render_terminal, render_trained};
use isotypic::work::{OutputDirectory, WorkError};
use isotypic::{
    AuditInput, AuditPlan, AuditSettings, ClassSeeds, ClassSelection, Convention, PairSelection, PoseNumbers,
    QuestionSpec, Together,
};

use crate::args::{DataOptions, Dtype, KernelChoice, MemoryOptions};
use crate::byte_size::memory_limit;
use crate::exit::{Failure, say};
use crate::output;
use crate::page_files;
use crate::pairs_file::pair_selection;
use crate::session::Session;

use super::trained_audit::TrainArgs;
use super::{fail_above, trained_audit};

const EXAMPLES: &str = "\
Examples:
  isotypic audit
      embedded digits; mlp, mlp:5, cnn, cnn-gap; rotations and shifts; under two minutes
  isotypic audit --group rotation --poses 4,8,16,32 --arch cnn:2 --pairs 20
      how many poses must be photographed?
  isotypic audit --group rotation:16 --arch mlp --classes 3,5,8 --seeds-per-class 10 --unseen-per-class 3
      whole classes: a class that is never seen at one pose, also for objects that are new
  isotypic audit --data mnist/ --group translation:28x28 --arch mlp --seeds-per-class 200 --together seed
      1.6 million points, exactly: each digit in turn is missing one shift; with `--out DIR` it goes on where it was stopped
  isotypic audit --data images.npz --arch net.toml --group rotation:16 --hold-out arc:90-270
      your images, your architecture, half of the circle never seen
  isotypic audit --data images.npz --arch model.onnx --group rotation:16
      a network that was exported, such as by `torch.onnx.export`; its weights are drawn anew
  isotypic audit --features f.npy --labels=cat,dog,cat,dog --group cyclic:16
      a linear probe on frozen features `[seeds, poses, d]` of any network
  isotypic audit --group rotation --poses 2,4,8,16 --out results --open
      a page with figures in results/report.html, shown in a browser
  isotypic audit --group rotation:8 --arch mlp --pairs 12 --train
      networks of finite width beside the prediction (programs built with the feature `train`)
  isotypic audit --group rotation:32 --arch mlp --fail-above 1 --json
      for scripts: exit code 1 if a held-out pose is misclassified

Groups: rotation:N, translation:HxW, translation-x:N, translation-y:N, flip, dihedral:N, p4, p4m,
permutation:FILE, linear:FILE, cyclic:N, symmetric:N, alternating:N, tetrahedral, octahedral, icosahedral;
products with `*`. For features and Gram matrices also klein, quaternion and table:FILE; see `isotypic group --help`.
Networks: mlp, cnn, cnn-gap, gcnn:c4, gcnn:d4 (convolutions over quarter turns; mirror images too), vit,
resnet, each with a depth as in mlp:5 or gcnn:c4:2, myrtle5, paper-cnn, or a .toml, .json or .onnx file.";

/// Seeds of a class where classes are named but no number is given.
const DEFAULT_SEEDS_PER_CLASS: usize = 13;

/// The folder in the output folder in which finished units of a large audit wait for the others.
const UNITS: &str = "units";

/// Arguments of `audit`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct AuditArgs {
    #[command(flatten)]
    data: DataOptions,
    /// Features `[seeds, poses, d]` of a network of your own, in place of images
    #[arg(long, value_name = "F.npy", conflicts_with_all = ["data", "split", "normalize"],
        help_heading = "Data")]
    features: Option<PathBuf>,
    /// A Gram matrix over all poses of all seeds, pose fastest, in place of images
    #[arg(long, value_name = "K.npy", help_heading = "Data",
        conflicts_with_all = ["data", "split", "normalize", "features", "arch", "kernel"])]
    gram: Option<PathBuf>,
    /// One label per image or seed, `--labels=+1,-1,…`, or a file
    #[arg(long, value_name = "LIST|FILE", allow_hyphen_values = true, help_heading = "Data")]
    labels: Option<String>,
    /// What is done to an image after turning or shifting it
    #[arg(long, value_name = "STEPS", default_value = "center,sphere", help_heading = "Data")]
    normalize: String,

    /// What makes the poses, such as `rotation:16` [default: three questions]
    #[arg(long, value_name = "SPEC", help_heading = "Question")]
    group: Option<String>,
    /// Numbers of poses to ask about, in place of that of the group; `all`: every divisor of it
    #[arg(long, value_name = "N,…|all", requires = "group", help_heading = "Question")]
    poses: Option<String>,
    /// Held out of one image at a time: `pose:K`, `poses:K,…`, `arc:FROM-TO`, `outside:GROUP`, or FILE.json
    #[arg(
        long,
        value_name = "SPEC",
        default_value = "pose:0",
        requires = "group",
        help_heading = "Question"
    )]
    hold_out: String,
    /// Pairs of images of different classes: how many, or a file of indices with the header `a,b`
    #[arg(long, value_name = "K|FILE.csv", help_heading = "Question")]
    pairs: Option<String>,
    /// Whole classes in place of pairs: these, or `all`, some seeds of each observed together
    #[arg(
        long,
        value_name = "A,B,…|all",
        value_delimiter = ',',
        conflicts_with = "pairs",
        help_heading = "Question"
    )]
    classes: Vec<String>,
    /// The first so many seeds of each class, of all classes unless some are named [default: 13]
    #[arg(long, value_name = "S", conflicts_with = "pairs", help_heading = "Question")]
    seeds_per_class: Option<usize>,
    /// With or without classes: these seeds, as indices into the dataset
    #[arg(long, value_name = "I,J,…", value_delimiter = ',', conflicts_with_all = ["pairs", "seeds_per_class"],
        help_heading = "Question")]
    seeds: Vec<usize>,
    /// With classes: ask also about so many seeds of each that training never sees
    #[arg(long, value_name = "U", default_value_t = 0, help_heading = "Question")]
    unseen_per_class: usize,
    /// With classes: whose poses are held out together
    #[arg(long, default_value = "class", help_heading = "Question")]
    together: TogetherChoice,
    /// Seed of the choice of pairs
    #[arg(long, value_name = "SEED", default_value_t = 0, help_heading = "Question")]
    seed: u64,

    /// Networks by name or file (`.toml`, `.json`, `.onnx`); may be repeated [default: mlp,mlp:5,cnn,cnn-gap]
    #[arg(long, value_name = "NAME|FILE", value_delimiter = ',', help_heading = "Method")]
    arch: Vec<String>,
    /// The kernel that stands for the network
    #[arg(long, default_value = "ntk", help_heading = "Method")]
    kernel: KernelChoice,
    /// Precision in which pairs of points are evaluated; where `f32` is too coarse for a Gram matrix, `f64` takes over
    #[arg(long, default_value = "f64", help_heading = "Method", conflicts_with = "gram")]
    dtype: Dtype,
    /// Added to the diagonal of every Gram matrix: X, or rel:X relative to its mean
    #[arg(
        long,
        value_name = "X|rel:X",
        default_value = "rel:1e-10",
        allow_hyphen_values = true,
        help_heading = "Method"
    )]
    ridge: String,
    /// Large audits of classes: `cholesky` answers all seeds; `conjugate-gradients[:N|:all]` needs less memory and answers N [default: auto]
    #[arg(
        long,
        value_name = "NAME",
        default_value = "auto",
        hide_default_value = true,
        help_heading = "Method"
    )]
    solver: String,
    /// Points per expectation in layers without a closed kernel, from the stream of --seed: `max_pool`, `batch_norm` (its batch: all poses of a pair of seeds, or of the seeds of the classes), softmax `self_attention` with scaling `sqrt`
    #[arg(long, value_name = "N", default_value_t = 4096, help_heading = "Method")]
    samples: usize,
    /// Whose definitions of the errors
    #[arg(long, default_value = "exact", help_heading = "Method")]
    convention: ConventionChoice,

    /// Train finite networks on the same points too, and add what they say to the results
    #[arg(long, help_heading = "Method", conflicts_with = "gram")]
    train: bool,
    #[command(flatten)]
    training: TrainArgs,
    /// Predictions after finite training too: `best` for the best time of every held-out pose, or times T,… in steps of learning rate 1
    #[arg(long, value_name = "best|T,…", help_heading = "Method")]
    training_time: Option<String>,
    /// Simple metrics (class separation, margins, alignment) beside the errors, and how well they foretell them
    #[arg(long, help_heading = "Method")]
    metrics: bool,

    /// Exit with code 1 if a held-out error is above this
    #[arg(long, value_name = "X", allow_hyphen_values = true, help_heading = "Output")]
    fail_above: Option<f64>,
    /// Write report.html with its figures, results.json and results.csv to this folder
    #[arg(long, value_name = "DIR", help_heading = "Output")]
    out: Option<PathBuf>,
    /// Replace results in the folder
    #[arg(long, requires = "out", help_heading = "Output")]
    force: bool,
    /// Show the page in a browser
    #[arg(long, requires = "out", help_heading = "Output")]
    open: bool,
    #[command(flatten, next_help_heading = "Output")]
    memory: MemoryOptions,
}

/// Whose poses are held out together.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum TogetherChoice {
    /// All seeds of a class, each class in turn
    Class,
    /// One seed, each in turn
    Seed,
}

/// Whose definitions of the errors.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum ConventionChoice {
    /// One ridge for all errors, exact regression
    Exact,
    /// The ridges and averages of the authors' scripts (arXiv 2412.11521)
    Paper,
}

/// Plans, computes, writes, prints and checks, in this order.
pub(crate) fn run(args: AuditArgs, session: &Session) -> Result<(), Failure> {
    args.fail_above.map_or(Ok(()), fail_above::check_bound)?;
    let settings = settings(&args)?;
    if args.train {
        trained_audit::check(&args.training, &settings)?;
    }
    let AuditPlan { plan, large, .. } = isotypic::plan_audit(&settings)?;
    // Only asked for the plan, no folder is made.
    let folder = args.out.as_ref().filter(|_| !args.memory.plan);
    let directory = folder.map(|path| OutputDirectory::create(path, args.force)).transpose()?;
    large.iter().for_each(|line| say(&[line]));
    if !session.accepts(&plan, &args.memory)? {
        return Ok(());
    }
    let report = audit(&args, &settings, session).inspect_err(|_| {
        session.monitor.finish();
        if let Some(units) = settings.units.as_ref().filter(|folder| folder.is_dir()) {
            say(&[&format!("finished units stay in `{}`; run the same command to go on", units.display())]);
        }
    })?;
    session.monitor.finish();
    report.warnings.iter().for_each(|warning| say(&[&format!("warning: {warning}")]));
    let json = report.to_json()?;
    if let Some(directory) = directory {
        write(directory, &report, &json)?;
    }
    match session.json {
        true => output::print(&json)?,
        false => {
            let trained = render_trained(&report, output::width());
            let gap = if trained.is_empty() { "" } else { "\n" };
            output::print(&(render_terminal(&report, output::width()) + gap + &trained))?;
        }
    }
    if let Some(path) = args.out.as_ref().filter(|_| args.open) {
        page_files::open(&path.join(page_files::PAGE))?;
    }
    args.fail_above.map_or(Ok(()), |bound| fail_above::check(&report, bound))
}

/// The audit, with networks if they were asked for.
fn audit(args: &AuditArgs, settings: &AuditSettings, session: &Session) -> Result<AuditReport, Failure> {
    match args.train {
        true => trained_audit::run(&args.training, settings, session),
        false => Ok(isotypic::audit(settings, &session.monitor)?),
    }
}

fn settings(args: &AuditArgs) -> Result<AuditSettings, Failure> {
    // Only images are normalised; features and Gram matrices are taken as they are.
    let (input, normalization) = match (&args.features, &args.gram) {
        (Some(path), _) => (AuditInput::Features(path.clone()), Normalization::none()),
        (None, Some(path)) => (AuditInput::Gram(path.clone()), Normalization::none()),
        (None, None) => {
            let normalization = Normalization::parse(&args.normalize)?;
            (AuditInput::Data(args.data.data.clone()), normalization)
        }
    };
    let question = args
        .group
        .as_ref()
        .map(|group| {
            Ok::<_, Failure>(QuestionSpec {
                group: group.clone(),
                poses: args.poses.as_deref().map_or(Ok(PoseNumbers::OfGroup), pose_numbers)?,
                hold_out: args.hold_out.clone(),
            })
        })
        .transpose()?;
    Ok(AuditSettings {
        input,
        labels: args.labels.clone(),
        split: args.data.split.into(),
        question,
        architectures: args.arch.clone(),
        kernel: args.kernel.into(),
        precision: args.dtype.into(),
        normalization,
        pairs: args.pairs.as_deref().map_or(Ok(PairSelection::Default), pair_selection)?,
        classes: classes(args)?,
        seed: args.seed,
        ridge: args.ridge.parse().map_err(isotypic::Error::Gram)?,
        solver: args.solver.parse()?,
        convention: match args.convention {
            ConventionChoice::Exact => Convention::Exact,
            ConventionChoice::Paper => Convention::Paper,
        },
        training_times: args.training_time.as_deref().map(training_times).transpose()?,
        metrics: args.metrics,
        memory_limit: Some(memory_limit(args.memory.memory_limit.as_deref())?),
        monte_carlo: MonteCarlo::of_samples(args.samples, args.seed),
        units: args.out.as_ref().map(|folder| folder.join(UNITS)),
    })
}

/// `all`, or numbers separated by commas.
fn pose_numbers(text: &str) -> Result<PoseNumbers, Failure> {
    if text == "all" {
        return Ok(PoseNumbers::Divisors);
    }
    let number = |text: &str| {
        text.trim().parse().map_err(|_| {
            Failure::error(
                format!("poses: expected numbers or `all`, got `{text}`"),
                "pass `--poses 2,4,8`, or `--poses all` for every divisor",
            )
        })
    };
    text.split(',').map(number).collect::<Result<Vec<usize>, _>>().map(PoseNumbers::List)
}

/// `best`, or numbers separated by commas.
fn training_times(text: &str) -> Result<Vec<f64>, Failure> {
    if text == "best" {
        return Ok(Vec::new());
    }
    let number = |text: &str| {
        text.trim().parse().map_err(|_| {
            Failure::error(
                format!("training time: expected `best` or numbers, got `{text}`"),
                "pass `--training-time best`, or `--training-time 1,10,100`",
            )
        })
    };
    text.split(',').map(number).collect()
}

/// The classes, if any are asked for.
fn classes(args: &AuditArgs) -> Result<Option<ClassSelection>, Failure> {
    if args.classes.is_empty() && args.seeds.is_empty() && args.seeds_per_class.is_none() {
        if args.unseen_per_class > 0 {
            return Err(Failure::error(
                "unseen seeds: only asked about in an audit of classes",
                "add `--classes all` or `--classes A,B`",
            ));
        }
        return Ok(None);
    }
    let all = matches!(args.classes.as_slice(), [only] if only == "all");
    Ok(Some(ClassSelection {
        classes: if all { Vec::new() } else { args.classes.clone() },
        seeds: match args.seeds.is_empty() {
            true => ClassSeeds::PerClass(args.seeds_per_class.unwrap_or(DEFAULT_SEEDS_PER_CLASS)),
            false => ClassSeeds::List(args.seeds.clone()),
        },
        unseen_per_class: args.unseen_per_class,
        together: match args.together {
            TogetherChoice::Class => Together::Class,
            TogetherChoice::Seed => Together::Seed,
        },
    }))
}

fn write(mut directory: OutputDirectory, report: &AuditReport, json: &str) -> Result<(), Failure> {
    let path = directory.path().to_owned();
    directory.write("results.csv", report.to_csv().as_bytes())?;
    page_files::stage(&mut directory, &render_page(report)?)?;
    directory.finish(json.as_bytes())?;
    // Results are complete, so that nobody needs the units of a large audit any more.
    let units = path.join(UNITS);
    if units.is_dir() {
        std::fs::remove_dir_all(&units).map_err(|cause| WorkError::CannotWrite { path: units, cause })?;
    }
    say(&[&format!("wrote report.html, figures, results.csv and results.json to `{}`", path.display())]);
    Ok(())
}
