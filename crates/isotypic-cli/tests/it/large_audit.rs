//! Audits of whole classes that are computed block by block.

use std::path::Path;
use std::process::{Command, Stdio};

use crate::workplace::Workplace;

const LARGE: &str = "audit --group translation:28x28 --arch mlp --together seed";

#[test]
fn a_number_of_seeds_alone_means_all_classes() {
    let report = Workplace::empty().json("audit --group flip --arch mlp --seeds-per-class 2 --together seed");
    let results = report["results"].as_array().unwrap();
    let labels: Vec<&str> = results.iter().map(|seed| seed["label"].as_str().unwrap()).collect();
    let expected: Vec<String> = (0..10).flat_map(|digit| [digit.to_string(), digit.to_string()]).collect();
    assert_eq!(labels, expected);
    // What holds everything has nothing to say about blocks.
    assert!(report["summary"][0].get("largest_residual").is_none());
}

#[test]
fn the_plan_of_a_large_audit_says_how_many_passes_a_limit_asks_for() {
    let place = Workplace::empty();
    let entries = |passes: u64| passes * 1000 * 1001 / 2 * 784;
    let plan = |limit: &str, passes: u64, words: &str| {
        let run = place.run(&format!("{LARGE} --seeds-per-class 100 --memory-limit {limit} --plan --json"));
        assert_eq!(run.code(), 0, "{}", run.stderr());
        assert_eq!(
            run.stderr(),
            format!("mlp: 784,000 points by 394 blocks of up to 1,000 rows, in {words}\n")
        );
        let plan: serde_json::Value = serde_json::from_str(&run.stdout()).unwrap();
        assert_eq!(plan["entries"], entries(passes));
        assert!(plan["bytes"].as_u64().unwrap() <= plan["memory_limit"].as_u64().unwrap());
    };
    plan("16GiB", 1, "one pass");
    plan("950MiB --threads 2", 4, "4 passes");
}

#[test]
fn a_limit_too_small_for_any_number_of_passes_is_refused_and_leaves_nothing() {
    let place = Workplace::empty();
    for (solver, limit) in [("auto", "20 MiB"), ("cholesky", "60 MiB"), ("conjugate-gradients", "20 MiB")] {
        let bytes = limit.replace(' ', "");
        let line =
            format!("{LARGE} --seeds-per-class 100 --solver {solver} --memory-limit {bytes} --out run");
        let run = place.run(&line);
        assert_eq!(run.code(), 2);
        let stderr = run.stderr();
        assert!(stderr.contains("error: estimated memory"), "{stderr}");
        assert!(stderr.contains(&format!("exceeds the limit of {limit}")), "{stderr}");
        assert!(stderr.contains("hint: ask for fewer seeds"), "{stderr}");
        assert!(place.content().is_empty(), "{:?}", place.content());
    }
}

#[test]
fn where_no_block_fits_conjugate_gradients_are_planned_and_said() {
    let place = Workplace::empty();
    let run = place.run(&format!("{LARGE} --seeds-per-class 100 --memory-limit 80MiB --threads 2 --plan"));
    assert_eq!(run.code(), 0, "{}", run.stderr());
    let line = "mlp: 784,000 points by conjugate gradients, which answer 16 of 1,000 seeds, in ";
    assert!(run.stderr().starts_with(line), "{}", run.stderr());
}

#[test]
fn conjugate_gradients_answer_the_seeds_that_were_asked_for() {
    let line =
        "audit --group translation:14x14 --arch mlp --seeds-per-class 4 --together seed --ridge rel:1e-6";
    let place = Workplace::empty();
    let all = place.json(line);
    let run = place.run(&format!("{line} --solver conjugate-gradients:5 --json"));
    assert_eq!(run.code(), 0, "{}", run.stderr());
    assert!(run.stderr().contains("by conjugate gradients, which answer 5 of 40 seeds"), "{}", run.stderr());
    let some: serde_json::Value = serde_json::from_str(&run.stdout()).unwrap();
    let results = |report: &serde_json::Value| report["results"].as_array().unwrap().clone();
    let (all, answered) = (results(&all), results(&some));
    assert_eq!((all.len(), answered.len()), (40, 5));
    let solution = &some["summary"][0]["conjugate_gradients"];
    assert_eq!((&solution["answered"], &solution["seeds"]), (&5.into(), &40.into()));
    for seed in answered {
        let same = all.iter().find(|other| other["seed"] == seed["seed"]).unwrap();
        let error = |seed: &serde_json::Value| seed["exact_error"].as_f64().unwrap();
        assert!((error(&seed) - error(same)).abs() < 1e-6);
    }
    let run = place.run(&format!("{line} --solver lu"));
    assert_eq!(run.code(), 2);
    assert!(run.stderr().contains("error: solver: expected a known name, got `lu`"), "{}", run.stderr());
    assert!(run.stderr().contains("hint: known are `auto`"), "{}", run.stderr());
}

#[test]
fn impossible_numbers_of_seeds_and_shifts_are_refused_with_hints() {
    let place = Workplace::empty();
    for (line, message) in [
        (format!("{LARGE} --seeds-per-class 0"), "expected at least 1, got 0"),
        (format!("{LARGE} --seeds-per-class 101"), "101"),
        (
            LARGE.replace("28x28", "28x27") + " --seeds-per-class 100",
            "do not divide the image width of 28 pixels",
        ),
    ] {
        let run = place.run(&line);
        assert_eq!(run.code(), 2, "{line}");
        assert!(run.stderr().contains(message) && run.stderr().contains("hint: "), "{}", run.stderr());
    }
}

/// 13 digits of each class at 64 turns are the least that is projected.
const PROJECTED: &str = "audit --group rotation:64 --arch mlp --seeds-per-class 13 --together seed";

/// Blocks of 150 digits at 784 shifts, in 99 units.
const UNITS: &str = "audit --group translation:28x28 --arch mlp --seeds-per-class 15 --together seed";

pub(crate) fn units(folder: &Path) -> usize {
    let names = std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.file_name());
    names.filter(|name| name.to_string_lossy().ends_with(".unit")).count()
}

/// Kills the program, with no warning, once so many units are on disk; more may be there by then.
#[cfg(unix)]
pub(crate) fn kill_at(place: &Workplace, line: &str, count: usize) {
    let prepared = place.command(line);
    let mut command = Command::new(prepared.get_program());
    command.args(prepared.get_args()).current_dir(prepared.get_current_dir().unwrap());
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    while units(&place.path("run/units")) < count && child.try_wait().unwrap().is_none() {
        std::thread::yield_now();
    }
    // One that has ended by itself cannot be killed, and need not be.
    let _ = child.kill();
    child.wait().unwrap();
}

#[test]
#[cfg(unix)]
fn an_audit_that_is_killed_at_several_units_ends_with_the_same_bytes() {
    let whole = Workplace::empty();
    assert_eq!(whole.run(&format!("{UNITS} --out run")).code(), 0);
    let place = Workplace::empty();
    let line = format!("{UNITS} --out run");
    for count in [1, 50] {
        kill_at(&place, &line, count);
        assert!(units(&place.path("run/units")) >= count);
        assert!(!place.path("run/results.json").exists());
    }
    let run = place.run(&line);
    assert_eq!(run.code(), 0, "{}", run.stderr());
    for name in ["run/results.json", "run/results.csv", "run/report.html"] {
        assert_eq!(place.read(name), whole.read(name), "{name}");
    }
    assert!(!place.path("run/units").exists());
}

#[test]
fn rotations_too_many_for_one_matrix_are_projected_and_say_what_that_changes() {
    let run = Workplace::empty().run(&format!("{PROJECTED} --plan"));
    assert_eq!(
        run.stderr(),
        "mlp: 8,320 points by 33 blocks of up to 130 rows, in one pass, after projection on the group average\n"
    );
    let few = PROJECTED.replace("13", "12");
    assert_eq!(Workplace::empty().run(&format!("{few} --plan --memory-limit 1TiB")).stderr(), "");
}

/// A small disk of its own, unmounted at the end; `None` where this user may not mount one.
#[cfg(target_os = "linux")]
pub(crate) struct SmallDisk<'a>(&'a Path);

#[cfg(target_os = "linux")]
impl<'a> SmallDisk<'a> {
    pub(crate) fn mount(folder: &'a Path, size: &str) -> Option<Self> {
        let options = format!("size={size}");
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", &options, "tmpfs"]).arg(folder).stderr(Stdio::null());
        mount.status().is_ok_and(|status| status.success()).then_some(Self(folder))
    }
}

#[cfg(target_os = "linux")]
impl Drop for SmallDisk<'_> {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(self.0).status();
    }
}

#[test]
#[cfg(target_os = "linux")]
fn a_full_disk_is_named_and_the_units_before_it_stay() {
    let place = Workplace::empty();
    let folder = place.path("disk");
    std::fs::create_dir(&folder).unwrap();
    // Each unit takes one page, the folders some more.
    let Some(disk) = SmallDisk::mount(&folder, "40k") else {
        println!("skipped: no small disk can be mounted here");
        return;
    };
    let run = place.run(&format!("{UNITS} --out disk/run"));
    assert_eq!(run.code(), 2, "{}", run.stderr());
    let stderr = run.stderr();
    assert!(stderr.contains("error: cannot write `disk/run/units/"), "{stderr}");
    assert!(stderr.contains("no space left on device"), "{stderr}");
    assert!(stderr.contains("hint: make room there"), "{stderr}");
    let kept = units(&folder.join("run/units"));
    assert!(kept > 0 && kept < 99, "{kept}");
    drop(disk);
}
