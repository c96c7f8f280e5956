//! Progress and cancellation, handed down to everything that takes time.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use thiserror::Error;

use crate::cancel::Cancel;
use crate::human;

/// Receives progress. Calls come one at a time, from any thread, with `done` never falling within a stage.
pub trait ProgressSink: Send + Sync {
    /// A stage begins; `total` is the weight of all its units.
    fn stage(&self, name: &str, total: f64);
    /// `done` of `total` is finished.
    fn progress(&self, done: f64, total: f64);
    /// Says how the stage is going, in place of its name. Sinks that show no text need not care.
    fn message(&self, _text: &str) {}
    /// No more progress will come.
    fn finish(&self);
}

/// Ignores all progress.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl ProgressSink for Silent {
    fn stage(&self, _name: &str, _total: f64) {}
    fn progress(&self, _done: f64, _total: f64) {}
    fn finish(&self) {}
}

/// A computation stopped on request.
#[derive(Clone, Copy, Debug, PartialEq, Error)]
#[error("{}", self.describe())]
pub struct Interrupted {
    /// Weight of the units that were finished in the stage.
    pub done: f64,
    /// Weight of all units of the stage.
    pub total: f64,
}

impl Interrupted {
    fn describe(&self) -> String {
        if self.total <= 0.0 {
            return "interrupted".to_owned();
        }
        // Weights are sums of floats; a unit that is complete up to rounding counts.
        let done = (self.done + 1e-9 * self.total).floor() as u64;
        let total = self.total.round() as u64;
        format!("interrupted: {} of {} units done", human::thousands(done), human::thousands(total))
    }
}

/// Reports progress and says when to stop. Cheap to clone; clones report to the same place.
///
/// Whoever runs a computation from start to end opens its stages; the code that does the work calls
/// [`check`](Self::check) before each unit and [`advance`](Self::advance) after it, from any thread.
///
/// # Examples
///
/// ```
/// use std::sync::Arc;
/// use isotypic_work::{Cancel, Interrupted, Monitor, Silent};
///
/// let cancel = Cancel::new();
/// let monitor = Monitor::new(Arc::new(Silent), cancel.clone());
/// monitor.stage("kernel tiles", 3.0);
/// let run = || -> Result<(), Interrupted> {
///     for tile in 0..3 {
///         monitor.check()?;
///         monitor.advance(1.0);
///         if tile == 1 {
///             cancel.cancel();
///         }
///     }
///     Ok(())
/// };
/// assert_eq!(run().unwrap_err().to_string(), "interrupted: 2 of 3 units done");
/// ```
#[derive(Clone)]
pub struct Monitor {
    shared: Arc<Shared>,
    /// Weight in the stage of one unit reported here.
    scale: f64,
}

struct Shared {
    sink: Arc<dyn ProgressSink>,
    cancel: Cancel,
    progress: Mutex<Progress>,
}

#[derive(Default)]
struct Progress {
    done: f64,
    total: f64,
}

impl Monitor {
    /// Reports to `sink` and stops when `cancel` says so.
    pub fn new(sink: Arc<dyn ProgressSink>, cancel: Cancel) -> Self {
        let shared = Shared { sink, cancel, progress: Mutex::new(Progress::default()) };
        Self { shared: Arc::new(shared), scale: 1.0 }
    }

    /// Reports nothing and never stops.
    pub fn silent() -> Self {
        Self::new(Arc::new(Silent), Cancel::new())
    }

    /// Begins a stage whose units have the given weight together; the stage before it is over.
    pub fn stage(&self, name: &str, total_weight: f64) {
        let mut progress = self.progress();
        *progress = Progress { done: 0.0, total: total_weight };
        self.shared.sink.stage(name, total_weight);
    }

    /// A monitor for a part of the stage that counts in units of its own: `units` of them weigh `weight` in the stage.
    #[must_use]
    pub fn part(&self, weight: f64, units: f64) -> Self {
        let scale = if units > 0.0 { self.scale * weight / units } else { 0.0 };
        Self { shared: Arc::clone(&self.shared), scale }
    }

    /// Units of the given weight are finished.
    pub fn advance(&self, weight: f64) {
        let mut progress = self.progress();
        progress.done += weight * self.scale;
        self.shared.sink.progress(progress.done, progress.total);
    }

    /// Says how the stage is going, such as with the loss of a training that is under way.
    pub fn message(&self, text: &str) {
        let _in_turn = self.progress();
        self.shared.sink.message(text);
    }

    /// Says whether to go on. To be called once per unit.
    ///
    /// # Errors
    /// [`Interrupted`] when cancellation was requested, with what was finished by then.
    pub fn check(&self) -> Result<(), Interrupted> {
        if !self.shared.cancel.is_cancelled() {
            return Ok(());
        }
        let progress = self.progress();
        Err(Interrupted { done: progress.done, total: progress.total })
    }

    /// Ends the reports, so that a drawn bar makes room for results.
    pub fn finish(&self) {
        let _in_turn = self.progress();
        self.shared.sink.finish();
    }

    /// The progress so far; while it is held, no other thread reports.
    fn progress(&self) -> MutexGuard<'_, Progress> {
        // Two numbers cannot be left in a wrong state, so a lock poisoned by a panicking sink is still good.
        self.shared.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Monitor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Monitor").field("scale", &self.scale).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Default)]
    struct Log(Mutex<Vec<String>>);

    impl ProgressSink for Log {
        fn stage(&self, name: &str, total: f64) {
            self.0.lock().unwrap().push(format!("{name}: {total}"));
        }
        fn progress(&self, done: f64, total: f64) {
            self.0.lock().unwrap().push(format!("{done}/{total}"));
        }
        fn message(&self, text: &str) {
            self.0.lock().unwrap().push(text.to_owned());
        }
        fn finish(&self) {
            self.0.lock().unwrap().push("finish".to_owned());
        }
    }

    #[test]
    fn the_sink_sees_stages_progress_and_the_end() {
        let log = Arc::new(Log::default());
        let monitor = Monitor::new(log.clone(), Cancel::new());
        monitor.stage("tiles", 4.0);
        monitor.advance(1.0);
        monitor.clone().advance(2.5);
        monitor.message("loss 0.5");
        monitor.stage("solves", 2.0);
        monitor.advance(2.0);
        monitor.finish();
        let expected = ["tiles: 4", "1/4", "3.5/4", "loss 0.5", "solves: 2", "2/2", "finish"];
        assert_eq!(*log.0.lock().unwrap(), expected);
    }

    #[test]
    fn a_part_counts_in_its_own_units() {
        let cancel = Cancel::new();
        let monitor = Monitor::new(Arc::new(Silent), cancel.clone());
        monitor.stage("audit", 10.0);
        let part = monitor.part(5.0, 100.0);
        part.advance(20.0);
        part.part(50.0, 2.0).advance(1.0);
        monitor.part(1.0, 0.0).advance(3.0);
        cancel.cancel();
        assert_eq!(part.check(), Err(Interrupted { done: 2.25, total: 10.0 }));
    }

    #[test]
    fn nothing_is_interrupted_until_somebody_asks() {
        let monitor = Monitor::silent();
        monitor.stage("tiles", 1.0);
        assert_eq!(monitor.check(), Ok(()));
    }

    #[test]
    fn an_interruption_counts_units_that_are_complete_up_to_rounding() {
        let tenths: f64 = (0..8120).map(|_| 0.1).sum();
        let message = Interrupted { done: tenths, total: 1024.0 }.to_string();
        assert_eq!(message, "interrupted: 812 of 1,024 units done");
        assert_eq!(Interrupted { done: 0.0, total: 0.0 }.to_string(), "interrupted");
    }
}
