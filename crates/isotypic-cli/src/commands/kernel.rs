//! `isotypic kernel`: the infinite-width kernel of a network, as a matrix.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use isotypic::{KernelJob, KernelKind, KernelSettings};
use serde::Serialize;

use crate::args::{KernelChoice, MemoryOptions};
use crate::exit::Failure;
use crate::output;
use crate::output_file::OutputFile;
use crate::session::Session;

const EXAMPLES: &str = "\
Examples:
  isotypic kernel --arch cnn-gap:3 --x images.npy --out K.npy
  isotypic kernel --arch net.toml --x train.npy --y test.npy --get nngp --out K.npy

Images are `[n, H, W, C]`, vectors `[n, d]`, `.npy` files in C order. The kernel is that of neural-tangents' stax in NTK
parameterization unless the architecture says otherwise.";

/// Arguments of `kernel`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct KernelArgs {
    /// A network by name or file
    #[arg(long, value_name = "NAME|FILE")]
    arch: String,
    /// Inputs: one per row of the result
    #[arg(long, value_name = "X.npy")]
    x: PathBuf,
    /// Inputs: one per column of the result [default: those of --x]
    #[arg(long, value_name = "Y.npy")]
    y: Option<PathBuf>,
    /// Which kernel
    #[arg(long, default_value = "ntk")]
    get: KernelChoice,
    /// Precision of the computation and of the file
    #[arg(long, default_value = "f64")]
    dtype: Dtype,
    /// The file to write
    #[arg(long, value_name = "K.npy")]
    out: PathBuf,
    #[command(flatten)]
    memory: MemoryOptions,
}

/// A floating-point type.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Dtype {
    /// Double precision
    F64,
    /// Single precision
    F32,
}

#[derive(Serialize)]
struct KernelDocument {
    schema: &'static str,
    kernel: String,
    shape: Vec<usize>,
    /// Estimate of the relative error of quadratures; 0 for closed formulas.
    quadrature_error: f64,
    out: String,
    sha256: String,
}

/// Plans, computes and writes.
pub(crate) fn run(args: KernelArgs, session: &Session) -> Result<(), Failure> {
    if let Dtype::F32 = args.dtype {
        return Err(Failure::error(
            "kernels are computed in `f64`; `f32` is not available",
            "leave `--dtype` out, and convert the file afterwards",
        ));
    }
    let kind = KernelKind::from(args.get);
    let settings = KernelSettings { architecture: args.arch, x: args.x, y: args.y, kernel: kind };
    let job = KernelJob::prepare(&settings)?;
    let file = OutputFile::prepare(&args.out)?;
    if !session.accepts(&job.plan(), &args.memory)? {
        return Ok(());
    }
    let matrix = job.run(&session.monitor)?;
    let sha256 = file.write(&matrix)?;
    let quadrature_error = job.quadrature_error();
    if !session.json {
        let (rows, columns) = matrix.dim();
        let accuracy = match quadrature_error > 0.0 {
            true => format!("quadrature error {quadrature_error:.1e}, estimated\n"),
            false => String::new(),
        };
        return output::print(&format!("{kind}, {rows}×{columns}, {}\n{accuracy}", file.name()));
    }
    output::print_json(&KernelDocument {
        schema: "isotypic.kernel/1",
        kernel: kind.to_string(),
        shape: matrix.shape().to_vec(),
        quadrature_error,
        out: file.name(),
        sha256,
    })
}
