//! Actions from text.

use std::io;
use std::path::Path;
use std::sync::Arc;

use isotypic_group::FiniteGroup;

use crate::generator_file;
use crate::names::KNOWN;
use crate::{ActionSpec, MatrixGroup, OrbitError, Polyhedron};

pub(crate) const POSES: &str = "a number of poses of at least 1, as in `rotation:16`";
const TURNS: &str = "a number of turns of at least 1, as in `dihedral:4`";
const PLACES: &str = "a number of coordinates of at least 1, as in `cyclic:4`";
const GRID: &str = "two numbers of shifts of at least 1, as in `translation:28x28`";
const SHIFTS: &str =
    "a number of shifts along each axis of at least 1, as in `p4:7`, or nothing for shifts by every pixel";
const FILE: &str = "a file of generators, as in `permutation:generators.json`";

/// Reads the content of a file named in a spec.
pub(crate) type Read<'a> = &'a dyn Fn(&Path) -> io::Result<Vec<u8>>;

/// One action or a product of several.
pub(crate) fn action(spec: &str, read: Read<'_>) -> Result<ActionSpec, OrbitError> {
    if !spec.contains('*') {
        return factor(spec, read);
    }
    let factors = spec.split('*').map(str::trim).enumerate().map(|(i, text)| match text {
        "" => Err(OrbitError::EmptyFactor { spec: spec.into(), position: i + 1 }),
        text => factor(text, read),
    });
    Ok(ActionSpec::Product { factors: factors.collect::<Result<_, _>>()? })
}

fn factor(spec: &str, read: Read<'_>) -> Result<ActionSpec, OrbitError> {
    let (name, parameter) = match spec.split_once(':') {
        Some((name, parameter)) => (name, Some(parameter)),
        None => (spec, None),
    };
    let wrong = |expected| wrong_parameter(spec, expected, parameter);
    let counted = |expected| number(parameter).ok_or_else(|| wrong(expected));
    let alone = |action| if parameter.is_none() { Ok(action) } else { Err(wrong("no parameter")) };
    let shifts = || if parameter.is_none() { Ok(None) } else { counted(SHIFTS).map(Some) };
    match name {
        "rotation" => Ok(ActionSpec::Rotation { poses: counted(POSES)? }),
        "dihedral" => Ok(ActionSpec::Dihedral { turns: counted(TURNS)? }),
        "translation-x" => Ok(ActionSpec::TranslationX { poses: counted(POSES)? }),
        "translation-y" => Ok(ActionSpec::TranslationY { poses: counted(POSES)? }),
        "translation" => {
            let sizes = parameter.and_then(|text| text.split_once('x'));
            let sizes = sizes.and_then(|(rows, columns)| Some((number(Some(rows))?, number(Some(columns))?)));
            let (rows, columns) = sizes.ok_or_else(|| wrong(GRID))?;
            Ok(ActionSpec::Translation { rows, columns })
        }
        "flip" => alone(ActionSpec::Flip),
        "p4" => Ok(ActionSpec::Wallpaper { mirrors: false, shifts: shifts()? }),
        "p4m" => Ok(ActionSpec::Wallpaper { mirrors: true, shifts: shifts()? }),
        "cyclic" => Ok(ActionSpec::Cyclic { places: counted(PLACES)? }),
        "symmetric" => Ok(ActionSpec::Symmetric { places: counted(PLACES)? }),
        "alternating" => Ok(ActionSpec::Alternating { places: counted(PLACES)? }),
        "tetrahedral" => alone(ActionSpec::Polyhedral(Polyhedron::Tetrahedral)),
        "octahedral" => alone(ActionSpec::Polyhedral(Polyhedron::Octahedral)),
        "icosahedral" => alone(ActionSpec::Polyhedral(Polyhedron::Icosahedral)),
        "permutation" | "linear" => {
            let file = parameter.filter(|file| !file.is_empty()).ok_or_else(|| wrong(FILE))?;
            let bytes = read(Path::new(file)).map_err(|error| OrbitError::GeneratorFile {
                spec: spec.into(),
                message: format!("cannot read `{file}`: {error}"),
            })?;
            generated(name, file, spec, &bytes)
        }
        _ if KNOWN.contains(&name) => Err(OrbitError::AbstractGroup { spec: spec.into() }),
        _ => Err(OrbitError::UnknownAction { spec: spec.into(), name: name.into() }),
    }
}

/// The group that the generators in a file generate.
fn generated(name: &str, file: &str, spec: &str, bytes: &[u8]) -> Result<ActionSpec, OrbitError> {
    if name == "linear" {
        let generators = generator_file::matrices(spec, bytes)?;
        let matrices = Arc::new(MatrixGroup::generated_by(spec, &generators)?);
        return Ok(ActionSpec::Linear { file: file.into(), matrices });
    }
    let (generators, axis) = generator_file::permutations(spec, bytes)?;
    let group = FiniteGroup::from_permutations(&generators)?;
    let channels = axis == generator_file::FileAxis::Channels;
    Ok(ActionSpec::Permutation { file: file.into(), group, channels })
}

/// A positive number written in digits alone.
fn number(text: Option<&str>) -> Option<usize> {
    let text = text.filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()))?;
    text.parse().ok().filter(|&value| value > 0)
}

fn wrong_parameter(spec: &str, expected: &'static str, parameter: Option<&str>) -> OrbitError {
    let got = parameter.map_or_else(|| "nothing".into(), |text| format!("`{text}`"));
    OrbitError::ActionParameter { spec: spec.into(), expected, got }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(spec: &str) -> String {
        ActionSpec::parse(spec).unwrap_err().to_string()
    }

    #[test]
    fn wrong_parameters_are_named() {
        assert_eq!(
            message("rotation"),
            "group `rotation`: expected a number of poses of at least 1, as in `rotation:16`, got nothing"
        );
        for bad in ["0", "-4", "+4", "4.0", "", "four", "99999999999999999999"] {
            for family in
                ["rotation", "dihedral", "translation-x", "cyclic", "symmetric", "alternating", "p4", "p4m"]
            {
                let message = message(&format!("{family}:{bad}"));
                assert!(
                    message.starts_with(&format!("group `{family}:{bad}`: expected a number of ")),
                    "{message}"
                );
                assert!(message.ends_with(&format!("got `{bad}`")), "{message}");
            }
        }
        for bad in ["28", "28x", "x28", "28x28x28", "0x28", "28X28"] {
            assert!(message(&format!("translation:{bad}")).contains("as in `translation:28x28`"));
        }
        for name in ["flip", "tetrahedral", "octahedral", "icosahedral"] {
            assert_eq!(
                message(&format!("{name}:2")),
                format!("group `{name}:2`: expected no parameter, got `2`")
            );
        }
        for spec in ["permutation", "permutation:", "linear", "linear:"] {
            assert!(message(spec).contains("expected a file of generators"), "{spec}");
        }
    }

    #[test]
    fn unknown_names_get_the_nearest_and_far_ones_the_list() {
        let hint = |spec: &str| ActionSpec::parse(spec).unwrap_err().hint().unwrap();
        assert_eq!(hint("rotatoin:4"), "did you mean `rotation`?");
        assert_eq!(hint("translate-x:4"), "did you mean `translation-x`?");
        assert_eq!(hint("dihedrla:4"), "did you mean `dihedral`?");
        assert_eq!(hint("flip*icosaherdal"), "did you mean `icosahedral`?");
        assert!(hint("wobble:4").starts_with("available are `rotation:N`"));
    }

    #[test]
    fn groups_without_an_action_say_so() {
        for spec in ["quaternion", "klein"] {
            let error = ActionSpec::parse(spec).unwrap_err();
            assert_eq!(error.to_string(), format!("group `{spec}` does not say how it moves images"));
            assert!(error.hint().unwrap().contains("rotation:N"));
        }
    }

    #[test]
    fn a_factor_of_nothing_is_counted() {
        assert_eq!(message("flip*"), "group `flip*`: factor 2 is empty");
        assert_eq!(message("*"), "group `*`: factor 1 is empty");
        assert_eq!(
            message("flip * rotation:0"),
            "group `rotation:0`: expected a number of poses of at least 1, as in `rotation:16`, got `0`"
        );
    }

    #[test]
    fn files_are_read_once_and_missing_ones_are_named() {
        let calls = std::cell::Cell::new(0);
        let read = |path: &Path| {
            calls.set(calls.get() + 1);
            assert_eq!(path, Path::new("a/b:c.json"));
            Ok(br#"{"generators": [[1, 2, 0]]}"#.to_vec())
        };
        let spec = ActionSpec::parse_with("permutation:a/b:c.json", &read).unwrap();
        assert_eq!(spec.to_string(), "permutation:a/b:c.json");
        assert_eq!(spec.group().unwrap().order(), 3);
        assert_eq!(calls.get(), 1);
        let message = message("linear:no/such.json");
        assert!(
            message.starts_with("group `linear:no/such.json`: cannot read `no/such.json`: "),
            "{message}"
        );
    }
}
