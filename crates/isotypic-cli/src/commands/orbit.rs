//! `isotypic orbit`: every pose of a set of images, as an array.

use std::path::PathBuf;

use clap::Args;
use isotypic::orbit::Normalization;
use isotypic::{OrbitJob, OrbitSettings};
use serde::Serialize;

use crate::args::{DataOptions, MemoryOptions};
use crate::exit::Failure;
use crate::output;
use crate::output_file::OutputFile;
use crate::session::Session;

const EXAMPLES: &str = "\
Examples:
  isotypic orbit --group rotation:16 --indices 0,17,250 --out orbit.npy
  isotypic orbit --data images.npz --group translation:4x4 --normalize none --out orbit.npy

The array is `[images, poses, H, W, C]`. Send it through a network of your own and hand the features
`[images, poses, d]` to `isotypic audit --features`.";

/// Arguments of `orbit`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct OrbitArgs {
    #[command(flatten)]
    data: DataOptions,
    /// Images to take, counted from 0 in file order [default: all]
    #[arg(long, value_name = "I,…", value_delimiter = ',', help_heading = "Data")]
    indices: Option<Vec<usize>>,
    /// What is done to an image after turning or shifting it
    #[arg(long, value_name = "STEPS", default_value = "center,sphere", help_heading = "Data")]
    normalize: String,
    /// What makes the poses, such as `rotation:16`
    #[arg(long, value_name = "SPEC", help_heading = "Question")]
    group: String,
    /// The file to write
    #[arg(long, value_name = "ORBIT.npy", help_heading = "Output")]
    out: PathBuf,
    #[command(flatten)]
    memory: MemoryOptions,
}

#[derive(Serialize)]
struct OrbitDocument {
    schema: &'static str,
    group: String,
    shape: Vec<usize>,
    out: String,
    sha256: String,
}

/// Acts, writes, prints.
pub(crate) fn run(args: OrbitArgs, session: &Session) -> Result<(), Failure> {
    let settings = OrbitSettings {
        data: args.data.data,
        split: args.data.split.into(),
        group: args.group.clone(),
        normalization: Normalization::parse(&args.normalize)?,
        indices: args.indices,
    };
    let job = OrbitJob::prepare(&settings)?;
    let file = OutputFile::prepare(&args.out)?;
    if !session.accepts(&job.plan()?, &args.memory)? {
        return Ok(());
    }
    let orbit = job.run()?;
    let sha256 = file.write(&orbit)?;
    if !session.json {
        let shape: Vec<_> = orbit.shape().iter().map(ToString::to_string).collect();
        return output::print(&format!("{}, {}, {}\n", args.group, shape.join("×"), file.name()));
    }
    output::print_json(&OrbitDocument {
        schema: "isotypic.orbit/1",
        group: args.group,
        shape: orbit.shape().to_vec(),
        out: file.name(),
        sha256,
    })
}
