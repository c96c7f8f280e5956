//! Groups of poses that were made elsewhere: by the name of a group, of an action, or by a table of products.

use std::path::Path;

use isotypic_group::{FiniteGroup, GroupError};

use crate::action_parse::Read;
use crate::{ActionSpec, OrbitError, generator_file};

/// The group of a description, whatever it would do to images.
///
/// Names of groups ([`FiniteGroup::parse`]) and of actions ([`ActionSpec::parse`]), products of either, and
/// `table:FILE`, a file `{"table": [[0, 1], [1, 0]]}` in which row g lists the products g·0, g·1, ….
///
/// # Errors
/// Those of [`FiniteGroup::parse`], [`FiniteGroup::from_cayley_table`] and [`ActionSpec::parse`];
/// [`OrbitError::GeneratorFile`] for a file that cannot be read.
///
/// # Examples
/// ```
/// let group = isotypic_orbit::abstract_group("quaternion")?;
/// assert_eq!(group, isotypic_group::FiniteGroup::quaternion());
/// assert_eq!(isotypic_orbit::abstract_group("rotation:8")?, isotypic_orbit::abstract_group("cyclic:8")?);
/// # Ok::<(), isotypic_orbit::OrbitError>(())
/// ```
pub fn abstract_group(spec: &str) -> Result<FiniteGroup, OrbitError> {
    abstract_group_with(spec, &|path| std::fs::read(path))
}

/// As [`abstract_group`]; files are read by `read`.
pub(crate) fn abstract_group_with(spec: &str, read: Read<'_>) -> Result<FiniteGroup, OrbitError> {
    if let Some(file) = spec.trim().strip_prefix("table:") {
        let bytes = read(Path::new(file)).map_err(|error| OrbitError::GeneratorFile {
            spec: spec.into(),
            message: format!("cannot read `{file}`: {error}"),
        })?;
        return Ok(FiniteGroup::from_cayley_table(&generator_file::cayley_table(spec, &bytes)?)?);
    }
    match (FiniteGroup::parse(spec), ActionSpec::parse_with(spec, read)) {
        (Ok(group), _) => Ok(group),
        (Err(_), Ok(action)) => action.group(),
        // Neither knows the name, or a group is known by it that is not one of an action.
        (Err(error), Err(OrbitError::UnknownAction { .. } | OrbitError::AbstractGroup { .. })) => {
            Err(error.into())
        }
        (Err(GroupError::UnknownFamily { .. } | GroupError::NotAvailable { .. }), Err(error)) => Err(error),
        (Err(error), Err(_)) => Err(error.into()),
    }
}
