//! Networks that are kept while they are trained: stopped, cut short, taken for others, and a disk without room.

use std::fs;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::workplace::Workplace;

const WIDTHS: &str = "train width --data images.npz --group rotation:4 --pairs 2 --widths 8,256 --networks 2 --steps 800 --threads 1 --out";
const CLASSES: &str = "train classes --data images.npz --arch mlp --width 8 --poses 4 --left-out 5 --batch-size 8 --threads 1 --out";

/// Names and bytes.
fn checkpoints(place: &Workplace, run: &str) -> Vec<(String, Vec<u8>)> {
    let entries = fs::read_dir(place.path(run).join("checkpoints")).unwrap().map(Result::unwrap);
    let mut files: Vec<_> = entries
        .map(|entry| (entry.file_name().into_string().unwrap(), fs::read(entry.path()).unwrap()))
        .collect();
    files.sort();
    files
}

#[test]
fn ensembles_that_were_stopped_go_on_to_the_same_bytes() {
    let place = Workplace::with_images();
    let whole = place.run(&format!("{WIDTHS} whole --json"));
    assert_eq!(whole.code(), 0, "{}", whole.stderr());
    let prepared = place.command(&format!("{WIDTHS} run"));
    let mut command = Command::new(prepared.get_program());
    command.args(prepared.get_args()).current_dir(prepared.get_current_dir().unwrap());
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let start = Instant::now();
    // The first width is finished, the second takes much longer.
    while fs::read_to_string(place.path("run/metrics.csv")).map_or(0, |text| text.lines().count()) < 2 {
        assert!(start.elapsed() < Duration::from_secs(30), "no width is finished");
        sleep(Duration::from_millis(2));
    }
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    let output = child.wait_with_output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(130), "{stderr}");
    assert!(stderr.contains("networks stay in `run`; add `--resume` to the same command"), "{stderr}");
    let refused = place.run(&format!("{WIDTHS} run"));
    assert!(refused.stderr().contains("hint: pass `--resume` to go on from them"), "{}", refused.stderr());
    let resumed = place.run(&format!("{WIDTHS} run --resume --json"));
    assert_eq!((resumed.code(), resumed.stdout()), (0, whole.stdout()), "{}", resumed.stderr());
    assert!(checkpoints(&place, "run") == checkpoints(&place, "whole"));
    assert_eq!(place.read("run/results.csv"), place.read("whole/results.csv"));
}

#[test]
fn checkpoints_cut_short_and_of_other_networks_are_named_and_stay() {
    let place = Workplace::with_images();
    let line =
        "train pairs --data images.npz --group rotation:4 --pairs 1 --width 8 --steps 5 --arch mlp --out run";
    assert_eq!(place.run(line).code(), 0);
    let (name, content) = checkpoints(&place, "run").remove(0);
    let file = format!("run/checkpoints/{name}");
    let refused = |line: &str, said: &str, hint: &str| {
        let before = fs::read(place.path(&file)).unwrap();
        let run = place.run(line);
        let stderr = run.stderr();
        assert_eq!(run.code(), 2, "{stderr}");
        assert!(stderr.contains(&file) && stderr.contains(said) && stderr.contains(hint), "{stderr}");
        assert_eq!(fs::read(place.path(&file)).unwrap(), before);
    };
    place.write(&file, &content[..content.len() - 3]);
    let again = format!("{line} --force --resume");
    refused(&again, "checkpoint", "hint: remove the file and train again");
    place.write(&file, &content);
    refused(&again.replace("--width 8", "--width 9"), "expected network", "hint: use another file");
    refused(&again.replace("--steps 5", "--steps 6"), "expected settings", "hint: use another file");
    refused(&format!("{again} --training-seed 1"), "expected examples", "hint: use another file");
    assert_eq!(place.run(&again).code(), 0);
}

#[test]
fn losses_that_are_no_numbers_and_data_too_large_are_errors_with_hints() {
    let place = Workplace::with_images();
    let run = place.run(&format!("{CLASSES} run --optimizer sgd --learning-rate 1e30"));
    let stderr = run.stderr();
    assert_eq!((run.code(), run.stdout()), (2, String::new()), "{stderr}");
    assert!(stderr.contains("the loss is") && stderr.contains("hint: lower the learning rate"), "{stderr}");
    let run = place.run(&format!("{CLASSES} small --memory-limit 1KiB"));
    let stderr = run.stderr();
    assert_eq!((run.code(), run.stdout()), (2, String::new()), "{stderr}");
    assert!(stderr.contains("exceeds the limit of 1.0 KiB") || stderr.contains("exceeds"), "{stderr}");
    assert!(!place.path("small/checkpoints").exists());
}

#[test]
#[cfg(target_os = "linux")]
fn on_a_full_disk_the_last_good_checkpoint_is_kept() {
    use crate::large_audit::SmallDisk;

    let place = Workplace::with_images();
    let folder = place.path("disk");
    fs::create_dir(&folder).unwrap();
    let Some(disk) = SmallDisk::mount(&folder, "256k") else {
        println!("skipped: no small disk can be mounted here");
        return;
    };
    let run = place.run(&format!("{CLASSES} disk/run --epochs 1"));
    assert_eq!(run.code(), 0, "{}", run.stderr());
    let before = checkpoints(&place, "disk/run");
    // Whatever room there is.
    let filler = folder.join("filler");
    for size in [1 << 16, 1 << 12] {
        let mut content = fs::read(&filler).unwrap_or_default();
        loop {
            content.resize(content.len() + size, 0);
            if fs::write(&filler, &content).is_err() {
                content.truncate(content.len() - size);
                break;
            }
        }
        let _ = fs::write(&filler, &content);
    }
    let longer = format!("{CLASSES} disk/run --epochs 3 --resume --force");
    let run = place.run(&longer);
    let stderr = run.stderr();
    assert_eq!((run.code(), run.stdout()), (2, String::new()), "{stderr}");
    assert!(stderr.contains("no space left on device") && stderr.contains("hint: make room"), "{stderr}");
    assert!(checkpoints(&place, "disk/run") == before);
    fs::remove_file(filler).unwrap();
    let run = place.run(&longer);
    assert_eq!(run.code(), 0, "{}", run.stderr());
    drop(disk);
}
