//! A signal stops a long computation; nothing half-finished stays.

#![cfg(unix)]

use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::workplace::Workplace;

#[test]
fn an_interrupted_audit_exits_with_130_and_leaves_nothing() {
    let place = Workplace::empty();
    // Long enough never to end by itself within the test, in units short enough to stop at.
    let line = "audit --arch mlp --group rotation:64 --pairs 20000 --out run";
    let prepared = place.command(line);
    let mut command = Command::new(prepared.get_program());
    command.args(prepared.get_args()).current_dir(prepared.get_current_dir().unwrap());
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // The folder appears once signals are listened to and before anything is computed.
    let start = Instant::now();
    while !place.path("run").exists() {
        assert!(start.elapsed() < Duration::from_secs(30), "the program does not start");
        sleep(Duration::from_millis(10));
    }
    let killed = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(killed.success());
    let output = child.wait_with_output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!((output.status.code(), output.stdout), (Some(130), Vec::new()), "{stderr}");
    assert!(stderr.lines().last().unwrap().starts_with("interrupted"), "{stderr}");
    assert!(place.content().is_empty(), "{:?}", place.content());
}
