//! Experiments with finite networks, or what a program without them says.

use crate::workplace::Workplace;

/// Every experiment, with options of its own.
const EXPERIMENTS: [&str; 5] = [
    "train classes --left-out 5 --poses 2,4 --epochs 3 --device cpu",
    "train pairs --group rotation --poses 2,4 --pairs 3 --steps 10",
    "train multi-class --classes 3,5 --seeds-per-class 2 --networks 2",
    "train width --widths 16,32 --pairs 1",
    "train empirical-ntk --group rotation:4 --width 16",
];

#[test]
fn every_experiment_has_help_with_examples() {
    let place = Workplace::empty();
    for line in EXPERIMENTS {
        let name = line.split(' ').nth(1).unwrap();
        let text = place.run(&format!("train {name} --help")).stdout();
        for part in ["Examples:", "--json", "--threads", "--arch", "--device", "seed", "--out"] {
            assert!(text.contains(part), "{part} is not in {text}");
        }
    }
}

#[cfg(not(feature = "train"))]
#[test]
fn a_program_without_networks_says_how_to_build_one_with_them() {
    let place = Workplace::empty();
    for line in EXPERIMENTS {
        let run = place.run(&format!("{line} --out run"));
        let name = line.split(' ').nth(1).unwrap();
        let expected = format!(
            "error: `isotypic train {name}`: this program was built without finite networks\n\
             hint: build one with them: `cargo build --release -p isotypic-cli --features train`\n"
        );
        assert_eq!((run.code(), run.stdout(), run.stderr()), (2, String::new(), expected), "{line}");
        assert!(place.content().is_empty());
    }
}

#[cfg(feature = "train")]
mod with_networks {
    use std::process::Stdio;
    use std::thread::sleep;
    use std::time::{Duration, Instant};

    use crate::workplace::Workplace;

    const CLASSES: &str =
        "train classes --data images.npz --arch mlp,cnn --width 8 --poses 4 --left-out 5 --batch-size 8";

    #[test]
    fn classes_write_results_losses_and_checkpoints_and_go_on_from_them() {
        let place = Workplace::with_images();
        let run = place.run(&format!("{CLASSES} --epochs 2 --out run --json"));
        assert_eq!(run.code(), 0, "{}", run.stderr());
        let text = place.read("run/results.json");
        assert_eq!(run.stdout(), text);
        let document: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(document["schema"], "isotypic.train-classes/1");
        assert_eq!(document["results"].as_array().unwrap().len(), 2);
        let how = &document["settings"];
        assert_eq!((&how["optimizer"], &how["device"]), (&"adam 0.001".into(), &"cpu".into()));
        let first = &document["results"][0];
        assert_eq!(
            (&first["network"], &first["epochs"], &first["held_out_examples"]),
            (&"mlp".into(), &2.into(), &4.into())
        );
        assert_eq!(place.read("run/results.csv").lines().count(), 3);
        assert_eq!(place.read("run/metrics.csv").lines().count(), 1 + 2 * 2);
        let refused = place.run(&format!("{CLASSES} --epochs 2 --out run"));
        assert!(
            refused.code() == 2 && refused.stderr().contains("already holds `results.json`"),
            "{}",
            refused.stderr()
        );
        // Nothing is left to train, and the answer is the same.
        let again = place.run(&format!("{CLASSES} --epochs 2 --out run --force --resume --json"));
        assert_eq!((again.code(), again.stdout()), (0, text), "{}", again.stderr());
        let table = place.run(&format!("{CLASSES} --epochs 1")).stdout();
        assert!(
            table.contains("8 images of `images.npz`, one class without one pose; adam 0.001"),
            "{table}"
        );
    }

    #[test]
    fn an_interrupted_experiment_keeps_its_epochs() {
        let place = Workplace::with_images();
        let prepared = place.command(&format!("{CLASSES} --epochs 1000000 --out run"));
        let mut command = std::process::Command::new(prepared.get_program());
        command.args(prepared.get_args()).current_dir(prepared.get_current_dir().unwrap());
        let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let start = Instant::now();
        let lines =
            || std::fs::read_to_string(place.path("run/metrics.csv")).map_or(0, |text| text.lines().count());
        while lines() < 3 {
            assert!(start.elapsed() < Duration::from_secs(30), "no epoch is finished");
            sleep(Duration::from_millis(10));
        }
        assert!(
            std::process::Command::new("kill")
                .args(["-INT", &child.id().to_string()])
                .status()
                .unwrap()
                .success()
        );
        let output = child.wait_with_output().unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!((output.status.code(), output.stdout), (Some(130), Vec::new()), "{stderr}");
        assert!(stderr.contains("add `--resume` to the same command to go on"), "{stderr}");
        assert!(!place.path("run/results.json").exists());
        let refused = place.run(&format!("{CLASSES} --epochs 3 --out run"));
        assert!(refused.stderr().contains("hint: pass `--resume` to go on"), "{}", refused.stderr());
        let resumed = place.run(&format!("{CLASSES} --epochs 3 --out run --resume"));
        assert_eq!(resumed.code(), 0, "{}", resumed.stderr());
    }

    #[test]
    fn metrics_of_an_audit_are_held_against_its_networks() {
        let place = Workplace::with_images();
        let audit = "audit --data images.npz --group rotation:4 --arch mlp,cnn --train --width 16 --steps 20 --metrics";
        let number = |value: &serde_json::Value| value.as_f64().unwrap();
        for (question, turns_of_result) in [("--pairs 4", 2), ("--classes all --seeds-per-class 3", 1)] {
            let report = place.json(&format!("{audit} {question}"));
            let (results, metrics) = (report["results"].as_array().unwrap(), &report["metrics"]);
            let turns = metrics["turns"].as_array().unwrap();
            assert_eq!(turns.len(), turns_of_result * results.len());
            for (index, result) in results.iter().enumerate() {
                let own: Vec<_> = turns.iter().filter(|turn| turn["pair"] == index).collect();
                let errors: Vec<f64> = own.iter().map(|turn| number(&turn["trained_error"])).collect();
                let mean = errors.iter().sum::<f64>() / errors.len() as f64;
                assert!((mean - number(&result["trained_error"])).abs() < 1e-12);
                let all_right = own.iter().all(|turn| turn["trained_correct"] == true);
                assert_eq!(result["trained_correct"], all_right);
            }
            let scores = metrics["scores"].as_array().unwrap();
            let together: Vec<_> = scores.iter().filter(|score| score["arch"].is_null()).collect();
            assert_eq!((scores.len(), together.len()), (24, 8));
            for score in together {
                assert_eq!(score["trained_turns"], turns.len());
                // Kendall's correlation, pair by pair.
                let name = score["metric"].as_str().unwrap();
                let sign = if ["orbit_radius", "spectral_error"].contains(&name) { -1.0 } else { 1.0 };
                let value = |turn: &serde_json::Value| {
                    (sign * number(&turn["metrics"][name]), -number(&turn["trained_error"]))
                };
                let (mut agreement, mut ties) = (0.0, [0.0; 2]);
                for (i, one) in turns.iter().enumerate() {
                    for other in &turns[..i] {
                        let (a, b) = (value(one), value(other));
                        let signs =
                            [a.0 - b.0, a.1 - b.1].map(|d: f64| if d == 0.0 { 0.0 } else { d.signum() });
                        agreement += signs[0] * signs[1];
                        ties = [ties[0] + signs[0].abs(), ties[1] + signs[1].abs()];
                    }
                }
                let expected = agreement / f64::sqrt(ties[0] * ties[1]);
                assert!((number(&score["trained_kendall"]) - expected).abs() < 1e-12, "{name}");
            }
            let text = place.run(&format!("{audit} {question}")).stdout();
            assert!(text.contains("trained:") && text.contains("The last four columns"), "{text}");
        }
    }

    #[test]
    fn what_cannot_be_trained_is_refused_before_anything_is_written() {
        let place = Workplace::with_images();
        let before = place.content();
        for (line, error, hint) in [
            (
                format!("{CLASSES} --device cuda"),
                "device `cuda`: this program was built without it",
                "--device cpu",
            ),
            (format!("{CLASSES} --momentum 0.5"), "momentum: Adam has its own", "--optimizer sgd"),
            (format!("{CLASSES} --images 9"), "images: expected 1 to 8, got 9", "for all"),
            (CLASSES.replace("mlp,cnn", "paper-cnn"), "network `paper-cnn`: expected images", ""),
            ("train pairs --data images.npz --group rotation:4 --arch paper-mlp".to_owned(), "paper-mlp", ""),
            (
                "train width --data images.npz --networks 1".to_owned(),
                "networks: expected at least 2",
                "--networks 16",
            ),
            ("train pairs --data images.npz --step-size 5".to_owned(), "`step size`", ""),
            (
                "audit --data images.npz --group rotation:4 --arch mlp --train --kernel nngp".to_owned(),
                "got `nngp`",
                "--kernel",
            ),
        ] {
            let run = place.run(&format!("{line} --out run"));
            let stderr = run.stderr();
            assert_eq!((run.code(), run.stdout()), (2, String::new()), "{line}: {stderr}");
            assert!(
                stderr.starts_with("error: ") && stderr.contains(error) && stderr.contains(hint),
                "{line}: {stderr}"
            );
            assert_eq!(place.content(), before, "{line}");
        }
    }

    #[test]
    fn pairs_are_audits_with_networks() {
        let place = Workplace::with_images();
        let question = "--data images.npz --group rotation:4 --arch mlp --pairs 3";
        let trained = place.json(&format!("train pairs {question} --width 16 --steps 50"));
        let audited = place.json(&format!("audit {question} --train --width 16 --steps 50"));
        assert_eq!(trained["results"], audited["results"]);
        for result in trained["results"].as_array().unwrap() {
            assert!(result["trained_error"].as_f64().unwrap().is_finite(), "{result}");
            assert!(
                result["trained_correct"].is_boolean() && result["finite_time_error"].is_f64(),
                "{result}"
            );
        }
        let how = &trained["networks"];
        assert_eq!(
            (&how["optimizer"], &how["device"], &how["precision"], &how["width"], &how["steps"]),
            (&"gradient descent, momentum 0.98".into(), &"cpu".into(), &"f32".into(), &16.into(), &50.into())
        );
        let untrained = place.json(&format!("audit {question}"));
        assert!(
            untrained["results"][0].get("trained_error").is_none() && untrained.get("networks").is_none()
        );
        let text = place.run(&format!("audit {question} --train --width 16 --steps 50 --out run")).stdout();
        assert!(text.contains("Trained networks") && text.contains("Conclusion"), "{text}");
        assert!(place.read("run/results.csv").lines().next().unwrap().ends_with("trained_loss"));
    }

    #[test]
    fn classes_of_several_seeds_are_trained_together() {
        let place = Workplace::with_images();
        let line = "train multi-class --data images.npz --group rotation:4 --seeds-per-class 2 --width 16 --steps 50";
        let document = place.json(line);
        let results = document["results"].as_array().unwrap();
        assert_eq!(results.len(), 4);
        assert!(
            results.iter().all(|result| result["kind"] == "seed" && result["trained_error"].is_f64()),
            "{results:?}"
        );
    }

    #[test]
    fn widths_and_kernels_have_documents_of_their_own() {
        let place = Workplace::with_images();
        let width = place.json("train width --data images.npz --group rotation:4 --pairs 2 --widths 8,16,32 --networks 3 --steps 20");
        assert_eq!((&width["schema"], &width["points"]), (&"isotypic.train-width/1".into(), &4.into()));
        assert_eq!(width["results"].as_array().unwrap().len(), 3);
        assert!(width["extrapolated_error"].is_f64(), "{width}");
        let kernels = place
            .json("train empirical-ntk --data images.npz --group rotation:4 --pairs 1 --width 16 --steps 30");
        assert_eq!(kernels["schema"], "isotypic.train-empirical-ntk/1");
        let rows = kernels["results"].as_array().unwrap();
        let names: Vec<_> = rows.iter().map(|row| row["kernel"].as_str().unwrap()).collect();
        assert_eq!(names, ["infinite", "initial", "trained"]);
        assert!(rows[1]["change"] == 0.0 && rows[2]["change"].as_f64().unwrap() > 0.0, "{rows:?}");
    }
}
