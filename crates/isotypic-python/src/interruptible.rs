//! Long computations without the interpreter's lock, that Ctrl-C stops after the unit they are in.

use std::panic::resume_unwind;
use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use isotypic::Error;
use isotypic::work::{Cancel, Monitor, Silent};
use pyo3::prelude::*;

use crate::errors::exception;

/// How often the main thread looks for signals.
const POLL: Duration = Duration::from_millis(50);

/// Runs `work` on a thread of its own while this one waits for it and for signals, other Python threads running meanwhile.
///
/// A signal handler that raises, as that of Ctrl-C does, cancels the monitor; its exception is raised once the work has stopped.
pub(crate) fn interruptible<T: Send>(
    py: Python<'_>,
    work: impl FnOnce(&Monitor) -> Result<T, Error> + Send,
) -> PyResult<T> {
    let cancel = Cancel::new();
    let monitor = Monitor::new(Arc::new(Silent), cancel.clone());
    let (outcome, raised) = py.detach(|| {
        thread::scope(|scope| {
            let (done, finished) = channel();
            let worker = scope.spawn(move || {
                let outcome = work(&monitor);
                // Nobody listens any more if the waiting thread has panicked.
                let _ = done.send(());
                outcome
            });
            let mut raised = None;
            while finished.recv_timeout(POLL) == Err(RecvTimeoutError::Timeout) {
                if raised.is_none()
                    && let Err(error) = look_for_signals()
                {
                    cancel.cancel();
                    raised = Some(error);
                }
            }
            (worker.join(), raised)
        })
    });
    if let Some(raised) = raised {
        return Err(raised);
    }
    match outcome {
        Ok(result) => result.map_err(|error| exception(py, error)),
        Err(panic) => resume_unwind(panic),
    }
}

/// Runs the handlers of signals that have come in, which only the main thread can.
fn look_for_signals() -> PyResult<()> {
    #[allow(
        clippy::redundant_closure_for_method_calls,
        reason = "the method itself holds for one lifetime only"
    )]
    Python::attach(|py| py.check_signals())
}
