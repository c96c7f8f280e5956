//! What can go wrong around a computation.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

use crate::human;
use crate::memory_limit::LimitSource;
use crate::monitor::Interrupted;

/// A computation that may not start, was stopped, or whose results cannot be kept.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum WorkError {
    /// The plan needs more memory than there is.
    #[error(
        "estimated memory {} exceeds the limit of {}",
        human::bytes(*needed),
        human::bytes(*limit)
    )]
    MemoryExceeded {
        /// Bytes the plan holds at its peak.
        needed: u64,
        /// Bytes that may be used.
        limit: u64,
        /// Where the limit comes from.
        origin: LimitSource,
    },

    /// The user stopped the computation.
    #[error(transparent)]
    Interrupted(#[from] Interrupted),

    /// The system refused a signal handler.
    #[error("cannot listen for signals: {}", reason(cause))]
    Signals {
        /// What the system said.
        cause: io::Error,
    },

    /// A file or folder cannot be written.
    #[error("cannot write `{}`: {}", path.display(), reason(cause))]
    CannotWrite {
        /// The file or folder.
        path: PathBuf,
        /// What the system, or the writer of the content, said.
        cause: io::Error,
    },

    /// A file cannot be read.
    #[error("cannot read `{}`: {}", path.display(), reason(cause))]
    CannotRead {
        /// The file.
        path: PathBuf,
        /// What the system said.
        cause: io::Error,
    },

    /// The folder of a file to be written is missing.
    #[error("cannot write `{}`: folder `{}` does not exist", path.display(), folder.display())]
    MissingFolder {
        /// The file.
        path: PathBuf,
        /// Its folder.
        folder: PathBuf,
    },

    /// The target exists and is a folder, a device or the like.
    #[error("cannot write `{}`: it exists and is not a regular file", path.display())]
    NotAFile {
        /// The target.
        path: PathBuf,
    },

    /// The output folder exists and is not a folder.
    #[error("output folder `{}`: it exists and is not a folder", path.display())]
    NotAFolder {
        /// The target.
        path: PathBuf,
    },

    /// The output folder holds a complete result.
    #[error("output folder `{}` already holds `results.json`", path.display())]
    AlreadyComplete {
        /// The folder.
        path: PathBuf,
    },

    /// A name for an output file that is not one plain component, or is reserved.
    #[error("`{name}` cannot be the name of an output file")]
    InvalidFileName {
        /// The name.
        name: String,
    },
}

impl WorkError {
    /// What the user can do about it, if anything is known.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::MemoryExceeded { origin: LimitSource::Caller, .. } => {
                Some("ask for fewer seeds or poses at a time, or raise the limit".into())
            }
            Self::MemoryExceeded { origin, .. } => {
                Some(format!("ask for fewer seeds or poses at a time; the limit is 90 % of {origin}"))
            }
            Self::MissingFolder { folder, .. } => {
                Some(format!("create it first: `mkdir -p {}`", folder.display()))
            }
            Self::NotAFolder { .. } => Some("choose another folder".into()),
            Self::AlreadyComplete { .. } => {
                Some("pass `--force` to replace it, or choose another folder".into())
            }
            Self::CannotWrite { cause, .. } if cause.kind() == io::ErrorKind::StorageFull => {
                Some("make room there, or choose a place on another disk".into())
            }
            Self::CannotWrite { .. } => Some("choose a place that you may write to".into()),
            Self::CannotRead { .. } => Some("check the path and the permissions".into()),
            Self::NotAFile { .. } | Self::InvalidFileName { .. } => Some("choose another file name".into()),
            Self::Interrupted(_) | Self::Signals { .. } => None,
        }
    }

    pub(crate) fn cannot_write(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |cause| Self::CannotWrite { path, cause }
    }
}

/// The system's message as the end of a sentence: `permission denied`, not `Permission denied (os error 13)`.
fn reason(cause: &io::Error) -> String {
    let text = cause.to_string();
    let text = match (cause.raw_os_error(), text.rfind(" (os error ")) {
        (Some(_), Some(end)) => &text[..end],
        _ => &text,
    };
    let mut letters = text.chars();
    match letters.next() {
        Some(first) => first.to_lowercase().chain(letters).collect(),
        None => "unknown reason".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_systems_message_ends_a_sentence() {
        let denied = WorkError::CannotWrite { path: "a/b".into(), cause: io::Error::from_raw_os_error(13) };
        assert_eq!(denied.to_string(), "cannot write `a/b`: permission denied");
        let custom = WorkError::CannotRead { path: "c".into(), cause: io::Error::other("Too odd") };
        assert_eq!(custom.to_string(), "cannot read `c`: too odd");
    }

    #[test]
    fn a_detected_limit_names_its_origin_in_the_hint() {
        let error = WorkError::MemoryExceeded {
            needed: 42 << 30,
            limit: 20 << 30,
            origin: LimitSource::Cgroup("/sys/fs/cgroup/memory.max".into()),
        };
        assert_eq!(error.to_string(), "estimated memory 42 GiB exceeds the limit of 20 GiB");
        assert!(error.hint().unwrap().ends_with("90 % of `/sys/fs/cgroup/memory.max`"));
    }
}
