//! A request to stop, from a signal or from another thread.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;

use crate::error::WorkError;

/// The exit code of a process that a signal stopped.
pub const INTERRUPTED_EXIT_CODE: i32 = 130;

/// A flag that asks a computation to stop after the unit it is in. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct Cancel {
    requested: Arc<AtomicBool>,
}

impl Cancel {
    /// A flag that only [`cancel`](Self::cancel) sets.
    pub fn new() -> Self {
        Self::default()
    }

    /// A flag that SIGINT and SIGTERM set too.
    ///
    /// While it is set, another such signal ends the process at once with [`INTERRUPTED_EXIT_CODE`]. The handlers
    /// stay for the life of the process, so a program makes one such flag.
    ///
    /// # Errors
    /// [`WorkError::Signals`] when the system refuses a handler.
    pub fn on_signals() -> Result<Self, WorkError> {
        let cancel = Self::new();
        for signal in [SIGINT, SIGTERM] {
            // Handlers run in this order, so the first signal finds the flag unset and only sets it.
            flag::register_conditional_shutdown(signal, INTERRUPTED_EXIT_CODE, Arc::clone(&cancel.requested))
                .and_then(|_| flag::register(signal, Arc::clone(&cancel.requested)))
                .map_err(|cause| WorkError::Signals { cause })?;
        }
        Ok(cancel)
    }

    /// Asks to stop.
    pub fn cancel(&self) {
        self.requested.store(true, Ordering::SeqCst);
    }

    /// Whether somebody asked to stop.
    pub fn is_cancelled(&self) -> bool {
        self.requested.load(Ordering::SeqCst)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clones_share_the_flag() {
        let cancel = Cancel::new();
        let other = cancel.clone();
        assert!(!other.is_cancelled());
        cancel.cancel();
        assert!(other.is_cancelled());
    }
}
