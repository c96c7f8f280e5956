//! A progress bar with percentage and time left, for people.

use std::fmt;
use std::io::{IsTerminal, stderr};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};

use crate::human;
use crate::monitor::ProgressSink;

/// Positions of a full bar; weights are fractions of it.
const FULL: u64 = 10_000;
const TEMPLATE: &str = "[{bar:28}] {percent:>3} %, {left}  {wide_msg}";

/// Draws a bar on standard error while it is a terminal, and nothing at all when it is not.
///
/// The bar is cleared when finished or dropped.
pub struct TerminalProgress {
    bar: Option<ProgressBar>,
}

impl TerminalProgress {
    /// A bar on standard error, or a silent sink when that is not a terminal.
    pub fn new() -> Self {
        Self { bar: stderr().is_terminal().then(|| styled(ProgressDrawTarget::stderr())) }
    }

    /// Whether nothing is drawn.
    pub fn is_silent(&self) -> bool {
        self.bar.is_none()
    }
}

fn styled(target: ProgressDrawTarget) -> ProgressBar {
    let style = ProgressStyle::with_template(TEMPLATE).expect("the template is valid, a test says so");
    let style = style.progress_chars("=> ").with_key("left", time_left);
    ProgressBar::with_draw_target(Some(FULL), target).with_style(style)
}

/// Before the first unit is finished nothing is known about the time.
fn time_left(state: &ProgressState, text: &mut dyn fmt::Write) {
    // Nobody is left to tell when a line of text in memory cannot be written.
    let _ = match state.pos() {
        0 => text.write_str("time unknown"),
        _ => write!(text, "{} left", human::duration(state.eta().as_secs_f64().round())),
    };
}

fn position(done: f64, total: f64) -> u64 {
    let fraction = if total > 0.0 { (done / total).clamp(0.0, 1.0) } else { 0.0 };
    (fraction * FULL as f64) as u64
}

impl Default for TerminalProgress {
    fn default() -> Self {
        Self::new()
    }
}

impl ProgressSink for TerminalProgress {
    fn stage(&self, name: &str, _total: f64) {
        if let Some(bar) = &self.bar {
            bar.set_message(name.to_owned());
            bar.reset();
            // The time left also moves while one unit takes long.
            bar.enable_steady_tick(Duration::from_millis(500));
        }
    }

    fn progress(&self, done: f64, total: f64) {
        if let Some(bar) = &self.bar {
            bar.set_position(position(done, total));
        }
    }

    fn message(&self, text: &str) {
        if let Some(bar) = &self.bar {
            bar.set_message(text.to_owned());
        }
    }

    fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

impl Drop for TerminalProgress {
    fn drop(&mut self) {
        self.finish();
    }
}

impl fmt::Debug for TerminalProgress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TerminalProgress").field("silent", &self.is_silent()).finish()
    }
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::{Arc, Mutex};

    use indicatif::TermLike;

    use super::*;

    /// Keeps what was drawn since it was last cleared.
    #[derive(Clone, Debug, Default)]
    struct Screen(Arc<Mutex<String>>);

    impl TermLike for Screen {
        fn width(&self) -> u16 {
            80
        }
        fn move_cursor_up(&self, _n: usize) -> io::Result<()> {
            Ok(())
        }
        fn move_cursor_down(&self, _n: usize) -> io::Result<()> {
            Ok(())
        }
        fn move_cursor_right(&self, _n: usize) -> io::Result<()> {
            Ok(())
        }
        fn move_cursor_left(&self, _n: usize) -> io::Result<()> {
            Ok(())
        }
        fn write_line(&self, text: &str) -> io::Result<()> {
            self.write_str(text)
        }
        fn write_str(&self, text: &str) -> io::Result<()> {
            self.0.lock().unwrap().push_str(text);
            Ok(())
        }
        fn clear_line(&self) -> io::Result<()> {
            self.0.lock().unwrap().clear();
            Ok(())
        }
        fn flush(&self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn the_bar_shows_percentage_time_left_and_stage_and_is_cleared() {
        let screen = Screen::default();
        let target = ProgressDrawTarget::term_like(Box::new(screen.clone()));
        let progress = TerminalProgress { bar: Some(styled(target)) };
        let shown = || {
            if let Some(bar) = &progress.bar {
                bar.force_draw();
            }
            screen.0.lock().unwrap().clone()
        };
        progress.stage("kernel tiles", 8.0);
        let start = shown();
        assert!(start.contains("  0 %, time unknown  kernel tiles"), "{start}");
        progress.progress(4.0, 8.0);
        let half = shown();
        assert!(half.contains(" 50 %") && half.contains(" left  kernel tiles"), "{half}");
        progress.message("epoch 3: loss 0.25");
        let message = shown();
        assert!(message.contains(" 50 %") && message.contains("epoch 3: loss 0.25"), "{message}");
        drop(progress);
        assert_eq!(*screen.0.lock().unwrap(), "");
    }

    #[test]
    fn weights_map_to_the_bar_and_never_beyond() {
        assert_eq!(position(1.0, 4.0), FULL / 4);
        assert_eq!(position(5.0, 4.0), FULL);
        assert_eq!(position(1.0, 0.0), 0);
        assert_eq!(position(f64::NAN, 1.0), 0);
    }
}
