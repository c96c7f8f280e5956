//! `isotypic kernel`: the infinite-width kernel of a network, as a matrix.

use std::path::PathBuf;

use clap::Args;
use isotypic::kernel::MonteCarlo;
use isotypic::report::statistics::median;
use isotypic::{EvaluatedKernel, KernelJob, KernelKind, KernelMatrix, KernelSettings, Precision};
use serde::Serialize;

use crate::args::{Dtype, KernelChoice, MemoryOptions};
use crate::exit::Failure;
use crate::output;
use crate::output_file::OutputFile;
use crate::session::Session;

const EXAMPLES: &str = "\
Examples:
  isotypic kernel --arch cnn-gap:3 --x images.npy --out K.npy
  isotypic kernel --arch net.toml --x train.npy --y test.npy --get nngp --out K.npy
  isotypic kernel --arch model.onnx --x images.npy --out K.npy
      a network that was exported: the kernel of its layers, weights drawn as PyTorch draws them
  isotypic kernel --arch gcnn:d4:2 --x images.npy --out K.npy
  isotypic kernel --arch mlp:3 --x features.npy --dtype f32 --out K.npy
  isotypic kernel --arch paper-cnn --x images.npy --samples 16384 --out K.npy --error-out E.npy
      layers without a closed kernel (max-pooling, batch normalisation, softmax attention scaled by 1/√width) are sampled, with standard errors

Images are `[n, H, W, C]`, vectors `[n, d]`, `.npy` files of float64 or float32 in C order. The kernel is that of neural-tangents' stax in NTK
parameterization unless the architecture says otherwise.";

/// Arguments of `kernel`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct KernelArgs {
    /// A network by name or file (`.toml`, `.json`, `.onnx`)
    #[arg(long, value_name = "NAME|FILE")]
    arch: String,
    /// The graph of `aggregate` layers that have none: weights of the edges from row to column
    #[arg(long, value_name = "P.npy")]
    pattern: Option<PathBuf>,
    /// Inputs: one per row of the result; with `batch_norm` they are the batch
    #[arg(long, value_name = "X.npy")]
    x: PathBuf,
    /// Inputs: one per column of the result [default: those of --x]
    #[arg(long, value_name = "Y.npy")]
    y: Option<PathBuf>,
    /// Which kernel
    #[arg(long, default_value = "ntk")]
    get: KernelChoice,
    /// Floating-point type of the computation and of the file
    #[arg(long, default_value = "f64")]
    dtype: Dtype,
    /// Points per expectation in layers without a closed kernel: `max_pool`, `batch_norm`, softmax `self_attention` with scaling `sqrt`
    #[arg(long, value_name = "N", default_value_t = 4096)]
    samples: usize,
    /// Seed of these points; the same seed gives the same bits
    #[arg(long, value_name = "SEED", default_value_t = 0)]
    seed: u64,
    /// The file to write
    #[arg(long, value_name = "K.npy")]
    out: PathBuf,
    /// A file for the standard errors of sampled kernels
    #[arg(long, value_name = "E.npy")]
    error_out: Option<PathBuf>,
    #[command(flatten)]
    memory: MemoryOptions,
}

#[derive(Serialize)]
struct KernelDocument {
    schema: &'static str,
    kernel: String,
    dtype: String,
    shape: Vec<usize>,
    /// Estimate of the relative error of quadratures; 0 for closed formulas.
    quadrature_error: f64,
    /// Only of networks with sampled layers.
    #[serde(skip_serializing_if = "Option::is_none")]
    sampling: Option<Sampling>,
    out: String,
    sha256: String,
}

/// How the kernel was sampled, and what that leaves open.
#[derive(Serialize)]
struct Sampling {
    /// Points per expectation in one replicate.
    samples: usize,
    replicates: usize,
    seed: u64,
    median_standard_error: Option<f64>,
    largest_standard_error: Option<f64>,
}

impl Sampling {
    fn line(&self) -> String {
        let number = |value: Option<f64>| value.map_or("unknown".to_owned(), |value| format!("{value:.1e}"));
        format!(
            "sampled: {} replicates of {} points, standard error {} (median) to {}\n",
            self.replicates,
            self.samples,
            number(self.median_standard_error),
            number(self.largest_standard_error)
        )
    }
}

/// Plans, computes and writes.
pub(crate) fn run(args: KernelArgs, session: &Session) -> Result<(), Failure> {
    let kind = KernelKind::from(args.get);
    let precision = Precision::from(args.dtype);
    let settings = KernelSettings {
        architecture: args.arch,
        pattern: args.pattern,
        x: args.x,
        y: args.y,
        kernel: kind,
        precision,
        monte_carlo: MonteCarlo::of_samples(args.samples, args.seed),
    };
    let job = KernelJob::prepare(&settings)?;
    let file = OutputFile::prepare(&args.out)?;
    let error_file = match (&args.error_out, job.sampling()) {
        (None, _) => None,
        (Some(path), Some(_)) => Some(OutputFile::prepare(path)?),
        (Some(path), None) => {
            return Err(Failure::error(
                format!(
                    "`{}`: expected a network with sampled layers, got one with a closed kernel",
                    path.display()
                ),
                "leave out `--error-out`",
            ));
        }
    };
    if !session.accepts(&job.plan(), &args.memory)? {
        return Ok(());
    }
    let EvaluatedKernel { matrix, standard_error } = job.run(&session.monitor)?;
    if let (Some(file), Some(errors)) = (&error_file, &standard_error) {
        file.write(errors)?;
    }
    let sampling = standard_error.as_ref().zip(job.sampling()).map(|(errors, settings)| Sampling {
        samples: settings.samples,
        replicates: settings.replicates,
        seed: settings.seed,
        median_standard_error: median(errors.iter().copied()),
        largest_standard_error: errors.iter().copied().max_by(f64::total_cmp),
    });
    let sha256 = match &matrix {
        KernelMatrix::F64(matrix) => file.write(matrix)?,
        KernelMatrix::F32(matrix) => file.write(matrix)?,
    };
    let (rows, columns) = matrix.dim();
    let quadrature_error = job.quadrature_error();
    if !session.json {
        let accuracy = match quadrature_error > 0.0 {
            true => format!("quadrature error {quadrature_error:.1e}, estimated\n"),
            false => sampling.map_or_else(String::new, |sampling| sampling.line()),
        };
        return output::print(&format!("{kind}, {rows}×{columns}, {}\n{accuracy}", file.name()));
    }
    output::print_json(&KernelDocument {
        schema: "isotypic.kernel/1",
        kernel: kind.to_string(),
        dtype: precision.to_string(),
        shape: vec![rows, columns],
        quadrature_error,
        sampling,
        out: file.name(),
        sha256,
    })
}
