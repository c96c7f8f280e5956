use crate::workplace::Workplace;

const VERBS: [&str; 10] =
    ["audit", "kernel", "spectrum", "orbit", "group", "report", "compare", "train", "data", "completions"];

#[test]
fn every_verb_has_help_with_examples_and_the_global_options() {
    let place = Workplace::empty();
    for verb in VERBS {
        for line in [format!("{verb} --help"), format!("help {verb}")] {
            let run = place.run(&line);
            let text = run.stdout();
            assert_eq!((run.code(), run.stderr()), (0, String::new()), "{line}");
            assert!(
                text.contains("Examples:") && text.contains("--json") && text.contains("--threads"),
                "{text}"
            );
        }
    }
}

#[test]
fn the_help_of_kernel_names_both_floating_point_types() {
    let text = Workplace::empty().run("kernel --help").stdout();
    for part in ["--dtype <DTYPE>", "- f64: ", "- f32: ", "[default: f64]", "float64 or float32"] {
        assert!(text.contains(part), "{part} is not in {text}");
    }
}

#[test]
fn the_program_lists_its_verbs_and_exit_codes() {
    let text = Workplace::empty().run("--help").stdout();
    for verb in VERBS {
        assert!(text.contains(&format!("\n  {verb} ")), "{text}");
    }
    assert!(
        text.contains("Exit codes: 0 success, 1 a check you asked for failed, 2 an error, 130 interrupted.")
    );
}

#[test]
fn the_version_is_that_of_the_package() {
    let run = Workplace::empty().run("--version");
    assert_eq!(run.stdout(), format!("isotypic {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn every_shell_gets_a_script() {
    let place = Workplace::empty();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let script = place.run(&format!("completions {shell}")).stdout();
        assert!(script.contains("isotypic") && script.contains("fail-above"), "{shell}");
        let document = place.json(&format!("completions {shell}"));
        assert_eq!(document["schema"], "isotypic.completions/1");
        assert_eq!(document["script"], script);
    }
}
