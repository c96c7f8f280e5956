//! What a long computation needs to be trusted: a plan before it starts, progress and a way to stop it while it
//! runs, and results that are complete or not there.
//!
//! - [`Plan`]: entries, bytes and seconds, known beforehand and checked against a [`MemoryLimit`].
//! - [`Monitor`]: progress to a [`ProgressSink`] and cancellation by [`Cancel`], read once per unit of work.
//! - [`write_atomically`] and [`OutputDirectory`]: files that appear whole, `results.json` last.
//! - [`UnitStore`]: finished units of work on disk, keyed by a [`ContentHash`], so that the same command goes on
//!   where it stopped.
//! - [`human`]: numbers, bytes and durations as people read them.
//!
//! Nothing here knows what is computed, starts threads of work or prints; [`TerminalProgress`] draws a bar on
//! standard error when that is a terminal.

mod atomic;
mod cancel;
mod cgroup;
mod content_hash;
mod error;
pub mod human;
mod memory_limit;
mod monitor;
mod output_directory;
mod plan;
mod terminal_progress;
mod unit_store;

pub use atomic::write_atomically;
pub use cancel::{Cancel, INTERRUPTED_EXIT_CODE};
pub use content_hash::ContentHash;
pub use error::WorkError;
pub use memory_limit::{LimitSource, MemoryLimit};
pub use monitor::{Interrupted, Monitor, ProgressSink, Silent};
pub use output_directory::OutputDirectory;
pub use plan::Plan;
pub use terminal_progress::TerminalProgress;
pub use unit_store::{UnitState, UnitStore};
