//! One error for the whole pipeline: where it came from, what kind it is, what can be done.

use isotypic_architecture::ArchitectureError;
use isotypic_data::DataError;
use isotypic_gram::GramError;
use isotypic_group::GroupError;
use isotypic_kernel::KernelError;
use isotypic_orbit::OrbitError;
use isotypic_predict::PredictError;
use isotypic_report::ReportError;
use isotypic_work::{Interrupted, WorkError};

/// What kind of thing went wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// A setting or a file does not fit; something else has to be given.
    Input,
    /// The computation was stopped by its user.
    Interrupted,
    /// Reading or writing failed, or memory does not suffice.
    System,
    /// The numbers do not allow an answer, such as a Gram matrix that is not positive definite.
    Numeric,
}

/// Why a job could not be done.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// From the architecture.
    #[error(transparent)]
    Architecture(#[from] ArchitectureError),
    /// From the data.
    #[error(transparent)]
    Data(DataError),
    /// From the Gram matrix.
    #[error(transparent)]
    Gram(#[from] GramError),
    /// From the group.
    #[error(transparent)]
    Group(#[from] GroupError),
    /// From the kernel.
    #[error(transparent)]
    Kernel(KernelError),
    /// From the action or the held-out set.
    #[error(transparent)]
    Orbit(#[from] OrbitError),
    /// From the prediction.
    #[error(transparent)]
    Predict(#[from] PredictError),
    /// From the report.
    #[error(transparent)]
    Report(#[from] ReportError),
    /// From planning, or from reading and writing.
    #[error(transparent)]
    Work(WorkError),
    /// From training.
    #[cfg(feature = "train")]
    #[error(transparent)]
    Train(#[from] isotypic_train::TrainError),
    /// The computation was stopped.
    #[error(transparent)]
    Interrupted(Interrupted),
    /// Settings that do not fit together.
    #[error("{message}")]
    Settings {
        /// What is wrong.
        message: String,
        /// What can be done.
        hint: Option<String>,
    },
}

impl Error {
    pub(crate) fn settings(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::Settings { message: message.into(), hint: Some(hint.into()) }
    }

    /// What kind of error this is.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Interrupted(_) => ErrorKind::Interrupted,
            Self::Work(_) | Self::Data(DataError::NotFetched { .. } | DataError::BeingFetched { .. }) => {
                ErrorKind::System
            }
            #[cfg(feature = "train")]
            Self::Train(error) if error.is_interruption() => ErrorKind::Interrupted,
            Self::Kernel(KernelError::OutOfMemory { .. }) => ErrorKind::System,
            Self::Gram(
                GramError::NotPositiveDefinite(_)
                | GramError::TooCoarse(_)
                | GramError::EigenvaluesNotConverged { .. },
            )
            | Self::Predict(PredictError::SpectrumNotPositive { .. } | PredictError::Gram(_)) => {
                ErrorKind::Numeric
            }
            _ => ErrorKind::Input,
        }
    }

    /// What the user can do about it.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Architecture(error) => error.hint(),
            Self::Data(error) => error.hint(),
            Self::Gram(error) => error.hint(),
            Self::Group(error) => error.hint(),
            Self::Kernel(error) => error.hint(),
            Self::Orbit(error) => error.hint(),
            Self::Predict(error) => error.hint(),
            Self::Report(error) => error.hint(),
            Self::Work(error) => error.hint(),
            #[cfg(feature = "train")]
            Self::Train(error) => error.hint(),
            Self::Interrupted(_) => None,
            Self::Settings { hint, .. } => hint.clone(),
        }
    }
}

impl From<DataError> for Error {
    fn from(error: DataError) -> Self {
        match error {
            DataError::Interrupted(interrupted) => Self::Interrupted(interrupted),
            DataError::Work(error) => error.into(),
            error => Self::Data(error),
        }
    }
}

impl From<KernelError> for Error {
    fn from(error: KernelError) -> Self {
        match error {
            KernelError::Interrupted(interrupted) => Self::Interrupted(interrupted),
            error => Self::Kernel(error),
        }
    }
}

impl From<Interrupted> for Error {
    fn from(interrupted: Interrupted) -> Self {
        Self::Interrupted(interrupted)
    }
}

impl From<WorkError> for Error {
    fn from(error: WorkError) -> Self {
        match error {
            WorkError::Interrupted(interrupted) => Self::Interrupted(interrupted),
            error => Self::Work(error),
        }
    }
}
