//! The command line that repeats an audit.

use isotypic_data::Split;

use super::settings::{
    AuditInput, AuditSettings, ClassSeeds, Convention, PairSelection, PoseNumbers, Together,
};
use crate::KernelKind;

/// The settings in the words of the command line; what is at its default is left out. A list of pairs stands as `pairs.csv`, and data that
/// were never in a file as `images.npz`, `features.npy` or `gram.npy`.
pub(crate) fn command_line(settings: &AuditSettings) -> String {
    let defaults = AuditSettings::default();
    let mut words: Vec<String> = vec!["isotypic".into(), "audit".into()];
    let mut option = |name: &str, value: String| words.extend([format!("--{name}"), quoted(&value)]);
    match &settings.input {
        input if *input == defaults.input => {}
        AuditInput::Data(source) => option("data", source.clone()),
        AuditInput::Features(path) => option("features", path.display().to_string()),
        AuditInput::Gram(path) => option("gram", path.display().to_string()),
        AuditInput::LoadedImages(_) => option("data", "images.npz".into()),
        AuditInput::LoadedFeatures(_) => option("features", "features.npy".into()),
        AuditInput::LoadedGram(..) => option("gram", "gram.npy".into()),
    }
    if settings.split != Split::default() {
        option("split", settings.split.to_string());
    }
    let is_data = matches!(settings.input, AuditInput::Data(_) | AuditInput::LoadedImages(_));
    if is_data && settings.normalization != defaults.normalization {
        option("normalize", settings.normalization.to_string());
    }
    if let Some(question) = &settings.question {
        option("group", question.group.clone());
        match &question.poses {
            PoseNumbers::OfGroup => {}
            PoseNumbers::List(numbers) => option("poses", list(numbers)),
            PoseNumbers::Divisors => option("poses", "all".into()),
        }
        if question.hold_out != "pose:0" {
            option("hold-out", question.hold_out.clone());
        }
    }
    if !settings.architectures.is_empty() {
        option("arch", settings.architectures.join(","));
    }
    if settings.kernel != KernelKind::default() {
        option("kernel", settings.kernel.to_string());
    }
    if settings.precision != defaults.precision {
        option("dtype", settings.precision.to_string());
    }
    if let Some(selection) = &settings.classes {
        let names = if selection.classes.is_empty() { "all".into() } else { selection.classes.join(",") };
        option("classes", names);
        match &selection.seeds {
            ClassSeeds::PerClass(count) => option("seeds-per-class", count.to_string()),
            ClassSeeds::List(seeds) => option("seeds", list(seeds)),
        }
        if selection.unseen_per_class > 0 {
            option("unseen-per-class", selection.unseen_per_class.to_string());
        }
        if selection.together != Together::default() {
            option("together", selection.together.to_string());
        }
    } else {
        match &settings.pairs {
            PairSelection::Default => {}
            PairSelection::Count(count) => option("pairs", count.to_string()),
            PairSelection::List(_) => option("pairs", "pairs.csv".into()),
        }
    }
    if settings.seed != defaults.seed {
        option("seed", settings.seed.to_string());
    }
    if settings.ridge != defaults.ridge {
        option("ridge", settings.ridge.to_string());
    }
    if settings.solver != defaults.solver {
        option("solver", settings.solver.to_string());
    }
    let sampled = settings.monte_carlo;
    if sampled.samples != defaults.monte_carlo.samples {
        option("samples", sampled.samples.saturating_mul(sampled.replicates).to_string());
    }
    if settings.convention != Convention::default() {
        option("convention", settings.convention.to_string());
    }
    if let Some(times) = &settings.training_times {
        let times: Vec<String> = times.iter().map(f64::to_string).collect();
        option("training-time", if times.is_empty() { "best".into() } else { times.join(",") });
    }
    if settings.metrics {
        words.push("--metrics".into());
    }
    // Labels such as `+1,-1` begin like an option: only with `=` they are read as a value.
    if let Some(labels) = &settings.labels {
        words.push(format!("--labels={}", quoted(labels)));
    }
    words.join(" ")
}

fn list(numbers: &[usize]) -> String {
    numbers.iter().map(usize::to_string).collect::<Vec<_>>().join(",")
}

/// The word as a POSIX shell reads it.
fn quoted(word: &str) -> String {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || "+-_./:,=@%".contains(letter);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::super::settings::{ClassSelection, QuestionSpec};
    use super::*;

    #[test]
    fn defaults_are_left_out() {
        assert_eq!(command_line(&AuditSettings::default()), "isotypic audit");
    }

    #[test]
    fn everything_else_is_said() {
        let settings = AuditSettings {
            input: AuditInput::Data("my images.npz".into()),
            labels: Some("+1,-1".into()),
            split: Split::Test,
            question: Some(QuestionSpec {
                group: "rotation:4*flip".into(),
                poses: PoseNumbers::OfGroup,
                hold_out: "arc:0-90".into(),
            }),
            architectures: vec!["mlp".into(), "it's.toml".into()],
            pairs: PairSelection::Count(3),
            precision: crate::Precision::F32,
            seed: 4,
            ridge: "1e-8".parse().unwrap(),
            ..AuditSettings::default()
        };
        assert_eq!(
            command_line(&settings),
            r"isotypic audit --data 'my images.npz' --split test --group 'rotation:4*flip' --hold-out arc:0-90 --arch 'mlp,it'\''s.toml' --dtype f32 --pairs 3 --seed 4 --ridge 1e-8 --labels=+1,-1"
        );
    }

    #[test]
    fn classes_take_the_place_of_pairs() {
        let settings = AuditSettings {
            classes: Some(ClassSelection {
                classes: vec!["3".into(), "5".into()],
                seeds: ClassSeeds::PerClass(2),
                unseen_per_class: 1,
                together: Together::Seed,
            }),
            ..AuditSettings::default()
        };
        assert_eq!(
            command_line(&settings),
            "isotypic audit --classes 3,5 --seeds-per-class 2 --unseen-per-class 1 --together seed"
        );
    }
}
