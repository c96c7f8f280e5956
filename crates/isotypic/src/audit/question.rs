//! Checked questions: a way to make poses, how many of them, and which are held out.

use isotypic_group::FiniteGroup;
use isotypic_orbit::{ActionSpec, HoldOutSpec, abstract_group};

use super::settings::{PoseNumbers, QuestionSpec};
use super::subjects::{Poses, Subjects};
use crate::Error;

/// A checked question.
#[derive(Debug, Clone)]
pub(crate) struct Question {
    /// What makes the poses; its number is replaced by each of `poses`.
    pub(crate) family: Poses,
    /// Numbers of poses, ascending.
    pub(crate) poses: Vec<usize>,
    /// Whether the numbers were given by the user.
    pub(crate) poses_are_given: bool,
    pub(crate) hold_out: HoldOutSpec,
    pub(crate) hold_out_text: String,
}

/// The numbers of poses of the default question about rotations.
const DEFAULT_ROTATIONS: [usize; 6] = [2, 4, 8, 16, 32, 64];

impl Question {
    /// The question of the user, or the default ones.
    pub(crate) fn all(spec: Option<&QuestionSpec>, subjects: &Subjects) -> Result<Vec<Self>, Error> {
        let questions = match (spec, subjects.given_poses()) {
            (Some(spec), _) => vec![Self::parse(spec, subjects)?],
            (None, None) => Self::defaults(subjects)?,
            (None, Some(poses)) => {
                let spec = QuestionSpec {
                    group: format!("cyclic:{poses}"),
                    poses: PoseNumbers::OfGroup,
                    hold_out: HoldOutSpec::default().to_string(),
                };
                vec![Self::parse(&spec, subjects)?]
            }
        };
        Ok(questions)
    }

    /// Rotations with one pose held out, rotations with half of the orbit held out, and circular shifts along a row.
    fn defaults(subjects: &Subjects) -> Result<Vec<Self>, Error> {
        let width = subjects.input_shape().map_or(1, |shape| shape[1]);
        let specs = [
            ("rotation", DEFAULT_ROTATIONS.to_vec(), "pose:0"),
            ("rotation", vec![16], "arc:90-270"),
            ("translation-x", vec![width], "pose:0"),
        ];
        specs
            .into_iter()
            .map(|(group, poses, hold_out)| {
                let spec = QuestionSpec {
                    group: group.to_owned(),
                    poses: PoseNumbers::List(poses),
                    hold_out: hold_out.to_owned(),
                };
                Ok(Self { poses_are_given: false, ..Self::parse(&spec, subjects)? })
            })
            .collect()
    }

    fn parse(spec: &QuestionSpec, subjects: &Subjects) -> Result<Self, Error> {
        let numbers = match &spec.poses {
            PoseNumbers::List(numbers) => {
                let mut numbers = numbers.clone();
                numbers.sort_unstable();
                numbers.dedup();
                Some(numbers)
            }
            PoseNumbers::OfGroup | PoseNumbers::Divisors => None,
        };
        if numbers.as_ref().is_some_and(|numbers| numbers.first().is_none_or(|&n| n == 0)) {
            return Err(Error::settings("poses: expected positive numbers", "pass `--poses 2,4,8`"));
        }
        let hold_out = HoldOutSpec::parse(&spec.hold_out, |path| std::fs::read_to_string(path))?;
        let (family, natural) = match subjects.given_poses() {
            None => {
                // A family without its number is complete once the numbers of poses are given.
                let text = match (&numbers, spec.group.contains(':')) {
                    (Some(numbers), false) if ActionSpec::needs_number(&spec.group) => {
                        format!("{}:{}", spec.group, numbers[0])
                    }
                    _ => spec.group.clone(),
                };
                let mut action = ActionSpec::parse(&text)?;
                if let Some(shape) = subjects.image_shape() {
                    action = action.on(shape)?;
                }
                let order = action.group()?.order();
                (Poses::Action(action), order)
            }
            Some(_) => {
                let group = abstract_group(&spec.group)?;
                let order = group.order();
                (Poses::Given(group), order)
            }
        };
        let poses_are_given = spec.poses != PoseNumbers::OfGroup;
        let poses = match (&spec.poses, numbers) {
            (_, Some(numbers)) => numbers,
            (PoseNumbers::Divisors, None) => {
                // One pose alone is no orbit.
                let least = 2.min(natural);
                (least..=natural).filter(|&poses| natural.is_multiple_of(poses)).collect()
            }
            (_, None) => vec![natural],
        };
        let mut question =
            Self { family, poses, poses_are_given, hold_out, hold_out_text: spec.hold_out.clone() };
        if spec.poses == PoseNumbers::Divisors {
            let whole = question.at(natural)?.group()?;
            let is_subgroup =
                |poses: usize| Some(question.at(poses).ok()?.group().ok()?.embedding_into(&whole).is_some());
            let poses = question.poses.iter().copied().filter(|&poses| is_subgroup(poses) == Some(true));
            question.poses = poses.collect();
        }
        question.check(subjects)?;
        Ok(question)
    }

    fn check(&self, subjects: &Subjects) -> Result<(), Error> {
        if let Poses::Given(_) = self.family {
            subjects.check_poses(&self.family)?;
        }
        for &poses in &self.poses {
            let at = self.at(poses)?;
            if let Poses::Action(_) = at {
                subjects.check_poses(&at)?;
            }
        }
        Ok(())
    }

    /// Refuses held-out poses that there are not, for as many seeds as are examined together.
    pub(crate) fn check_hold_out(&self, subjects: &Subjects, seeds: usize) -> Result<(), Error> {
        for &poses in &self.poses {
            let group = subjects.group_of(&self.at(poses)?)?;
            self.hold_out.resolve(&group, isotypic_orbit::OrbitLayout::new(seeds, group.order()))?;
        }
        Ok(())
    }

    /// The poses with their number replaced.
    pub(crate) fn at(&self, poses: usize) -> Result<Poses, Error> {
        match &self.family {
            Poses::Action(action) => Ok(Poses::Action(action.with_poses(poses)?)),
            Poses::Given(group) if group.order() == poses => Ok(self.family.clone()),
            Poses::Given(group) => {
                let coarse = FiniteGroup::cyclic(poses)?;
                if coarse.embedding_into(group).is_none() {
                    return Err(Error::settings(
                        format!("poses {poses}: not a subgroup of the given poses, whose group is `{group}`"),
                        "ask for divisors of the number of given poses of a cyclic group",
                    ));
                }
                Ok(Poses::Given(coarse))
            }
        }
    }

    /// The family's name where several numbers are asked, else the whole group.
    pub(crate) fn group_text(&self) -> String {
        match (&self.family, self.poses.as_slice()) {
            (Poses::Action(action), [_, _, ..]) => action.family().to_owned(),
            (_, [poses, ..]) => self.group_at(*poses),
            (Poses::Action(action), []) => action.to_string(),
            (Poses::Given(group), []) => group.to_string(),
        }
    }

    /// The group at one number of poses, such as `rotation:16`.
    pub(crate) fn group_at(&self, poses: usize) -> String {
        match self.at(poses) {
            Ok(Poses::Action(action)) => action.to_string(),
            Ok(Poses::Given(group)) => match group.as_cyclic() {
                Some(n) => format!("cyclic:{n}"),
                None => group.to_string(),
            },
            Err(_) => self.group_text(),
        }
    }

    /// The question in plain words.
    pub(crate) fn title(&self) -> String {
        let what = match &self.family {
            Poses::Action(ActionSpec::Rotation { .. }) => "rotations".to_owned(),
            Poses::Action(ActionSpec::Translation { .. }) => "circular shifts along both axes".to_owned(),
            Poses::Action(ActionSpec::TranslationX { .. }) => "circular shifts along x".to_owned(),
            Poses::Action(ActionSpec::TranslationY { .. }) => "circular shifts along y".to_owned(),
            Poses::Action(ActionSpec::Flip) => "left-right flips".to_owned(),
            Poses::Action(ActionSpec::Dihedral { .. }) => "rotations and mirror images".to_owned(),
            Poses::Action(ActionSpec::Wallpaper { mirrors: false, .. }) => {
                "shifts and quarter turns".to_owned()
            }
            Poses::Action(ActionSpec::Wallpaper { mirrors: true, .. }) => {
                "shifts, quarter turns and mirror images".to_owned()
            }
            Poses::Action(ActionSpec::Permutation { file, .. }) => format!("permutations from `{file}`"),
            Poses::Action(ActionSpec::Linear { file, .. }) => format!("matrices from `{file}`"),
            Poses::Action(action @ ActionSpec::Polyhedral(_)) => format!("{action} rotations"),
            Poses::Action(action) => format!("poses of `{action}`"),
            Poses::Given(group) => format!("the given poses ({group})"),
        };
        let held_out = match &self.hold_out {
            HoldOutSpec::Pose(_) => "one pose held out".to_owned(),
            HoldOutSpec::Poses(elements) => format!("{} poses held out", elements.len()),
            HoldOutSpec::Arc { .. } => {
                format!(
                    "poses from {}° held out",
                    self.hold_out_text.trim_start_matches("arc:").replace('-', "° to ")
                )
            }
            _ => format!("held out: {}", self.hold_out_text),
        };
        format!("{what}, {held_out}")
    }
}

impl Poses {
    /// The group of the poses.
    pub(crate) fn group(&self) -> Result<FiniteGroup, Error> {
        match self {
            Self::Action(action) => Ok(action.group()?),
            Self::Given(group) => Ok(group.clone()),
        }
    }
}
