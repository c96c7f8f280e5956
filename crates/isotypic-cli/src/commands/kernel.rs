//! `isotypic kernel`: the infinite-width kernel of a network, as a matrix.

use std::path::PathBuf;

use clap::Args;
use isotypic::{KernelJob, KernelKind, KernelMatrix, KernelSettings, Precision};
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
  isotypic kernel --arch gcnn:d4:2 --x images.npy --out K.npy
  isotypic kernel --arch mlp:3 --x features.npy --dtype f32 --out K.npy

Images are `[n, H, W, C]`, vectors `[n, d]`, `.npy` files of float64 or float32 in C order. The kernel is that of neural-tangents' stax in NTK
parameterization unless the architecture says otherwise.";

/// Arguments of `kernel`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct KernelArgs {
    /// A network by name or file
    #[arg(long, value_name = "NAME|FILE")]
    arch: String,
    /// The graph of `aggregate` layers that have none: weights of the edges from row to column
    #[arg(long, value_name = "P.npy")]
    pattern: Option<PathBuf>,
    /// Inputs: one per row of the result
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
    /// The file to write
    #[arg(long, value_name = "K.npy")]
    out: PathBuf,
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
    out: String,
    sha256: String,
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
    };
    let job = KernelJob::prepare(&settings)?;
    let file = OutputFile::prepare(&args.out)?;
    if !session.accepts(&job.plan(), &args.memory)? {
        return Ok(());
    }
    let matrix = job.run(&session.monitor)?;
    let sha256 = match &matrix {
        KernelMatrix::F64(matrix) => file.write(matrix)?,
        KernelMatrix::F32(matrix) => file.write(matrix)?,
    };
    let (rows, columns) = matrix.dim();
    let quadrature_error = job.quadrature_error();
    if !session.json {
        let accuracy = match quadrature_error > 0.0 {
            true => format!("quadrature error {quadrature_error:.1e}, estimated\n"),
            false => String::new(),
        };
        return output::print(&format!("{kind}, {rows}×{columns}, {}\n{accuracy}", file.name()));
    }
    output::print_json(&KernelDocument {
        schema: "isotypic.kernel/1",
        kernel: kind.to_string(),
        dtype: precision.to_string(),
        shape: vec![rows, columns],
        quadrature_error,
        out: file.name(),
        sha256,
    })
}
