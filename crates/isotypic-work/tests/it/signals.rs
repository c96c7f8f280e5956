//! Signals stop a computation, the second at once. Each case runs in a process of its own.

#![cfg(unix)]

use std::os::unix::process::ExitStatusExt;
use std::process::{Command, ExitStatus};

use isotypic_work::Cancel;
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::low_level::raise;

const SIGNALS: &str = "ISOTYPIC_TEST_SIGNALS";

/// Runs [`raise_signals`] in a process of its own, which exits with 0 if it survives the signals.
fn after(signals: &[i32]) -> ExitStatus {
    let list: Vec<_> = signals.iter().map(ToString::to_string).collect();
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "signals::raise_signals"])
        .env(SIGNALS, list.join(","))
        .output()
        .unwrap()
        .status
}

/// The other side of [`after`]; without its variable nothing is raised.
#[test]
fn raise_signals() {
    let Ok(signals) = std::env::var(SIGNALS) else { return };
    let cancel = Cancel::on_signals().unwrap();
    assert!(!cancel.is_cancelled());
    for signal in signals.split(',') {
        raise(signal.parse().unwrap()).unwrap();
        assert!(cancel.is_cancelled());
    }
}

#[test]
fn the_first_signal_only_sets_the_flag() {
    assert!(after(&[SIGINT]).success());
    assert!(after(&[SIGTERM]).success());
}

#[test]
fn the_second_signal_ends_the_process_at_once() {
    for signals in [[SIGINT, SIGINT], [SIGTERM, SIGTERM], [SIGINT, SIGTERM]] {
        let status = after(&signals);
        assert_eq!((status.code(), status.signal()), (Some(130), None));
    }
}
