//! What can go wrong while building and training a network.

use std::path::PathBuf;

/// An error of this crate.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TrainError {
    /// More spatial axes than there is room for.
    #[error("{path}: expected at most 3 spatial axes, got {got}")]
    TooManyAxes {
        /// The node.
        path: String,
        /// Its number of spatial axes.
        got: usize,
    },
    /// An operation that this crate does not compute.
    #[error("{path}: this layer cannot be trained")]
    UnknownOperation {
        /// The node.
        path: String,
    },
    /// A layer that has a kernel and belongs to no function.
    #[error(
        "{path}: its kernel belongs to no function of one number, so that no finite network has this layer"
    )]
    NotAFunction {
        /// The node.
        path: String,
    },
    /// A batch in which batch normalisation has no variance.
    #[error("{path}: expected at least 2 values of each channel in every batch, got {got}")]
    BatchTooSmall {
        /// The node.
        path: String,
        /// Values of each channel: examples times positions.
        got: usize,
    },
    /// A device that this program was built without.
    #[error("device `{device}`: this program was built without it")]
    DeviceMissing {
        /// The device.
        device: crate::TrainingDevice,
    },
    /// A device that does not compute in double precision.
    #[error("device `{device}`: it computes in single precision only")]
    SinglePrecisionOnly {
        /// The device.
        device: crate::TrainingDevice,
    },
    /// A layer whose trained values enter otherwise than as rows times weights, or for which examples depend on each other.
    #[error("{path}: tangent kernels of networks with this layer are not computed")]
    NoTangentKernel {
        /// The node.
        path: String,
    },
    /// A name that means nothing here.
    #[error("network: unknown name `{name}`")]
    UnknownName {
        /// The name.
        name: String,
    },
    /// Inputs too small for a network with a name.
    #[error(
        "network `{name}`: expected images `[height, width, channels]` of at least 14×14, got shape `{got:?}`"
    )]
    InputShape {
        /// The network.
        name: &'static str,
        /// The shape of one input.
        got: Vec<usize>,
    },
    /// Inputs or labels that do not belong to the network.
    #[error("{what}: expected {expected}, got {got}")]
    Mismatch {
        /// What does not fit.
        what: &'static str,
        /// What would.
        expected: String,
        /// What came.
        got: String,
    },
    /// A setting out of range.
    #[error("`{option}`: expected {expected}, got `{got}`")]
    InvalidSetting {
        /// The setting.
        option: &'static str,
        /// Its range.
        expected: &'static str,
        /// The value.
        got: f64,
    },
    /// The loss is not a number any more, or infinite.
    #[error("epoch {epoch}, batch {batch}: the loss is {loss}")]
    Diverged {
        /// Counted from 1.
        epoch: usize,
        /// Counted from 1.
        batch: usize,
        /// The loss of that batch.
        loss: f64,
    },
    /// Training was asked to stop.
    #[error("interrupted in epoch {epoch}; the last checkpoint is kept")]
    Interrupted {
        /// Counted from 1.
        epoch: usize,
    },
    /// The loss of one network of several is not a number any more, or infinite.
    #[error("step {step}, network {network}: the loss is {loss}")]
    MemberDiverged {
        /// Counted from 1.
        step: usize,
        /// Counted from 1 among those trained together.
        network: usize,
        /// Its loss.
        loss: f64,
    },
    /// The training of networks together was asked to stop.
    #[error("interrupted in step {step}")]
    InterruptedAtStep {
        /// Counted from 1.
        step: usize,
    },
    /// A checkpoint that cannot be read.
    #[error("checkpoint `{}`: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A checkpoint that is cut short or is none.
    #[error("checkpoint `{}`: {reason}", path.display())]
    BrokenCheckpoint {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A checkpoint of another run.
    #[error("checkpoint `{}`: expected {what} `{expected}`, got `{got}`", path.display())]
    ForeignCheckpoint {
        /// The file.
        path: PathBuf,
        /// What differs.
        what: &'static str,
        /// What this run has.
        expected: String,
        /// What the checkpoint has.
        got: String,
    },
    /// A network that ends in something else than a readout with the outputs that are needed.
    #[error("network `{name}`: expected a `dense` layer of width {outputs}, or without a width, at the end")]
    NoReadout {
        /// The network.
        name: String,
        /// The outputs it must have.
        outputs: usize,
    },
    /// Something about the architecture of a network.
    #[error("network `{name}`: {source}")]
    Architecture {
        /// The network.
        name: String,
        /// What does not fit.
        source: Box<isotypic_architecture::ArchitectureError>,
    },
    /// Something went wrong in one run of several.
    #[error("{run}: {source}")]
    InRun {
        /// The run, as a person would say it.
        run: String,
        /// What went wrong.
        source: Box<Self>,
    },
    /// A folder that holds the checkpoints of an earlier experiment.
    #[error("folder `{}`: it holds checkpoints of an earlier experiment", path.display())]
    CheckpointsThere {
        /// The folder.
        path: PathBuf,
    },
    /// A checkpoint that cannot be written.
    #[error(transparent)]
    Work(#[from] isotypic_work::WorkError),
}

impl TrainError {
    /// Whether a user stopped it.
    pub fn is_interruption(&self) -> bool {
        match self {
            Self::Interrupted { .. }
            | Self::InterruptedAtStep { .. }
            | Self::Work(isotypic_work::WorkError::Interrupted(_)) => true,
            Self::InRun { source, .. } => source.is_interruption(),
            _ => false,
        }
    }

    /// What can be done about it, if anything.
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            Self::UnknownName { .. } => {
                format!("the networks with names are {}", crate::paper_networks::list_of_names())
            }
            Self::DeviceMissing { device } => format!(
                "pass `--device cpu`, or build with it: `cargo build --release -p isotypic-cli --features {device}`"
            ),
            Self::SinglePrecisionOnly { .. } => "pass `--device cpu`".to_owned(),
            Self::NotAFunction { .. } => "use another nonlinearity, such as `exp`".to_owned(),
            Self::BatchTooSmall { .. } => {
                "choose a size of batches that leaves no single example for the last one".to_owned()
            }
            Self::NoReadout { .. } => "end the architecture in `{\"dense\": {}}`".to_owned(),
            Self::Architecture { source, .. } => return source.hint(),
            Self::InRun { source, .. } => return source.hint(),
            Self::CheckpointsThere { .. } => {
                "pass `--resume` to go on from them, `--force` to begin again, or choose another folder"
                    .to_owned()
            }
            Self::ForeignCheckpoint { what: crate::state_file::THREADS, got, .. } => {
                format!("pass `--threads {got}`: among other numbers of threads bits may differ")
            }
            Self::ForeignCheckpoint { what: crate::state_file::ARITHMETIC, .. } => {
                "it was made by another version of this program, whose steps differ in the last bits: go on with that version, or train again in another folder".to_owned()
            }
            Self::Diverged { .. } => "lower the learning rate; the last checkpoint is kept".to_owned(),
            Self::MemberDiverged { .. } => {
                "take smaller steps, such as `--step-size 0.3`, or less momentum; finished networks are kept"
                    .to_owned()
            }
            Self::Interrupted { .. } => "resume from the checkpoint to go on".to_owned(),
            Self::File { .. } => "check the name, and that the file can be read".to_owned(),
            Self::BrokenCheckpoint { .. } => "remove the file and train again".to_owned(),
            Self::ForeignCheckpoint { .. } => {
                "use another file, or the network and settings that the checkpoint was made with".to_owned()
            }
            Self::Work(error) => return error.hint(),
            Self::TooManyAxes { .. }
            | Self::UnknownOperation { .. }
            | Self::NoTangentKernel { .. }
            | Self::InputShape { .. }
            | Self::Mismatch { .. }
            | Self::InvalidSetting { .. }
            | Self::InterruptedAtStep { .. } => return None,
        })
    }
}
