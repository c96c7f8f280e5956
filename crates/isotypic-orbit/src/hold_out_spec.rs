//! Held-out poses as a person writes them.
//!
//! | spec | holds out, of one seed at a time |
//! |---|---|
//! | `pose:K` | element K; `pose:0` is the default |
//! | `poses:K,L,…` | these elements |
//! | `arc:FROM-TO` | elements of a cyclic or dihedral group whose angle lies in [FROM, TO), in degrees; FROM > TO wraps through 360 |
//! | `outside:GROUP` | all elements outside a subgroup, such as `outside:rotation:4`, `outside:cyclic:4` or `outside:p4` |
//! | `outside:elements:K,L,…` | all elements outside the subgroup of these |
//! | `FILE.json` | exactly the points of a list `[{"seed": 0, "element": 3}, …]`, all together |
//!
//! Element k of a cyclic group of N elements has the angle k·360/N degrees; so have $r^k$ and $r^k s$ of a dihedral group with
//! N turns.

use std::fmt;
use std::io;
use std::path::Path;

use isotypic_group::FiniteGroup;
use serde::Deserialize;

use crate::subgroup_spec::dihedral;
use crate::{HeldOutSet, HoldOut, OrbitError, OrbitLayout, SubgroupSpec};

/// A description of held-out poses, for any group and any number of seeds.
///
/// # Examples
/// ```
/// use isotypic_group::FiniteGroup;
/// use isotypic_orbit::{HoldOutSpec, OrbitLayout};
///
/// let spec = HoldOutSpec::parse("arc:90-270", |path| std::fs::read_to_string(path))?;
/// let hold_out = spec.resolve(&FiniteGroup::cyclic(8)?, OrbitLayout::new(2, 8))?;
/// assert_eq!(hold_out.for_seed(1)?.points().collect::<Vec<_>>(), [(1, 2), (1, 3), (1, 4), (1, 5)]);
/// # Ok::<(), isotypic_orbit::OrbitError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum HoldOutSpec {
    /// One group element.
    Pose(usize),
    /// Some group elements.
    Poses(Vec<usize>),
    /// Elements of a cyclic or dihedral group with angles in [from, to), in degrees.
    Arc {
        /// Start in degrees, in [0, 360), part of the arc.
        from: f64,
        /// End in degrees, in [0, 360], not part of the arc.
        to: f64,
    },
    /// All elements outside a subgroup.
    Outside {
        /// The subgroup as it was written.
        name: String,
        /// The subgroup.
        subgroup: SubgroupSpec,
    },
    /// Some (seed, element), held out together.
    Points {
        /// Where the list came from.
        file: String,
        /// The list as it came.
        points: Vec<(usize, usize)>,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Point {
    seed: usize,
    element: usize,
}

impl Default for HoldOutSpec {
    fn default() -> Self {
        Self::Pose(0)
    }
}

impl HoldOutSpec {
    /// Reads a specification; `read` is called with the path if it is a `.json` file, or names a group by a file.
    ///
    /// # Errors
    /// [`OrbitError::HoldOutSyntax`], [`OrbitError::HoldOutFile`], and for `outside:` the errors of
    /// [`ActionSpec::parse`](crate::ActionSpec::parse) and [`FiniteGroup::parse`].
    pub fn parse(spec: &str, read: impl Fn(&Path) -> io::Result<String>) -> Result<Self, OrbitError> {
        if let Some(name) = spec.strip_prefix("outside:") {
            let subgroup = SubgroupSpec::parse(name, &|path| read(path).map(String::into_bytes))?;
            return Ok(Self::Outside { name: name.into(), subgroup });
        }
        if Path::new(spec).extension().is_some_and(|ending| ending.eq_ignore_ascii_case("json")) {
            let text = read(Path::new(spec)).map_err(|error| file_error(spec, &error))?;
            return Self::from_json(spec, &text);
        }
        let syntax = |expected, got: &str| OrbitError::HoldOutSyntax {
            spec: spec.into(),
            expected,
            got: if got.is_empty() { "nothing".into() } else { format!("`{got}`") },
        };
        let element = |text: &str| {
            let text = text.trim();
            text.parse().map_err(|_| syntax("a group element, counted from 0", text))
        };
        let (kind, rest) = spec.split_once(':').unwrap_or((spec, ""));
        match kind {
            "pose" => Ok(Self::Pose(element(rest)?)),
            "poses" => Ok(Self::Poses(rest.split(',').map(element).collect::<Result<_, _>>()?)),
            "arc" => {
                arc(rest).ok_or_else(|| syntax("two angles from 0 to 360 degrees, as in `arc:90-270`", rest))
            }
            _ => Err(syntax("`pose:`, `poses:`, `arc:`, `outside:` or a `.json` file", spec)),
        }
    }

    /// Reads the text of a `.json` file; `file` stands in errors.
    ///
    /// # Errors
    /// [`OrbitError::HoldOutFile`].
    pub fn from_json(file: &str, text: &str) -> Result<Self, OrbitError> {
        let points: Vec<Point> = serde_json::from_str(text).map_err(|error| file_error(file, &error))?;
        if points.is_empty() {
            return Err(file_error(file, &"an empty list"));
        }
        let points = points.into_iter().map(|point| (point.seed, point.element)).collect();
        Ok(Self::Points { file: file.into(), points })
    }

    /// Settles which poses are meant, and checks them.
    ///
    /// # Errors
    /// [`OrbitError::ElementOutOfRange`], [`OrbitError::SeedOutOfRange`], [`OrbitError::ListedTwice`],
    /// [`OrbitError::NoAngles`], [`OrbitError::NotASubgroup`], [`OrbitError::NotClosedList`], [`OrbitError::NothingHeldOut`],
    /// [`OrbitError::NothingObserved`] if all poses of a seed or all points are held out.
    ///
    /// # Panics
    /// If the layout is that of another order than the group has.
    pub fn resolve(&self, group: &FiniteGroup, layout: OrbitLayout) -> Result<HoldOut, OrbitError> {
        let order = group.order();
        assert_eq!(order, layout.order(), "the layout of orbits of this group");
        let mut elements = match self {
            Self::Pose(element) => vec![*element],
            Self::Poses(elements) => elements.clone(),
            Self::Arc { from, to } => {
                let Some(turns) = group.as_cyclic().or_else(|| dihedral(group)) else {
                    return Err(OrbitError::NoAngles { spec: self.to_string(), group: group.name() });
                };
                // The quotient is rounded once, like a decimal that was read: 37 · 360 / 400 is 33.3 to the bit.
                let angle = |element: usize| (element % turns) as f64 * 360.0 / turns as f64;
                group.elements().filter(|&element| in_arc(angle(element), *from, *to)).collect()
            }
            Self::Outside { name, subgroup } => {
                let mut is_inside = vec![false; order];
                for element in subgroup.elements_in(name, group)? {
                    is_inside[element] = true;
                }
                group.elements().filter(|&element| !is_inside[element]).collect()
            }
            Self::Points { file, points } => {
                return HeldOutSet::named(file, layout, points).map(HoldOut::fixed);
            }
        };
        elements.sort_unstable();
        self.check(&elements, order)?;
        Ok(HoldOut::each_seed(layout, elements))
    }

    /// Checks ascending elements of one seed.
    fn check(&self, elements: &[usize], order: usize) -> Result<(), OrbitError> {
        if let Some(&element) = elements.iter().find(|&&element| element >= order) {
            return Err(OrbitError::ElementOutOfRange { element, order });
        }
        if let Some(pair) = elements.windows(2).find(|pair| pair[0] == pair[1]) {
            let (spec, got) = (self.to_string(), format!("`{}` twice", pair[0]));
            return Err(OrbitError::HoldOutSyntax { spec, expected: "each element once", got });
        }
        if elements.is_empty() {
            return Err(OrbitError::NothingHeldOut { spec: self.to_string(), order });
        }
        if elements.len() == order {
            let what =
                if order == 1 { "the only pose".into() } else { format!("all {order} poses of a seed") };
            return Err(OrbitError::NothingObserved { spec: self.to_string(), what });
        }
        Ok(())
    }
}

impl fmt::Display for HoldOutSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pose(element) => write!(f, "pose:{element}"),
            Self::Poses(elements) => {
                let elements: Vec<String> = elements.iter().map(ToString::to_string).collect();
                write!(f, "poses:{}", elements.join(","))
            }
            Self::Arc { from, to } => write!(f, "arc:{from}-{to}"),
            Self::Outside { name, .. } => write!(f, "outside:{name}"),
            Self::Points { file, .. } => f.write_str(file),
        }
    }
}

/// Whether an angle in [0, 360) lies in [from, to), through 360 if `from` is larger.
fn in_arc(angle: f64, from: f64, to: f64) -> bool {
    if from <= to { from <= angle && angle < to } else { angle >= from || angle < to }
}

fn arc(text: &str) -> Option<HoldOutSpec> {
    let (from, to) = text.split_once('-')?;
    let (from, to) = (from.trim().parse().ok()?, to.trim().parse().ok()?);
    let valid = (0.0..360.0).contains(&from) && (0.0..=360.0).contains(&to);
    valid.then_some(HoldOutSpec::Arc { from, to })
}

fn file_error(file: &str, message: &dyn fmt::Display) -> OrbitError {
    OrbitError::HoldOutFile { file: file.into(), message: message.to_string() }
}
