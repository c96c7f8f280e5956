//! Facts about a group: classes, irreps, characters.

use std::collections::BTreeMap;

use isotypic_group::IrrepKind;
use isotypic_orbit::abstract_group;
use isotypic_report::{DimensionCount, GroupClass, GroupIrrep, GroupReport};

use crate::Error;

/// Classes and irreps beyond this number are counted and not listed.
const MOST_LISTED: usize = 256;

/// The conjugacy classes, irreps and characters of a group, given by its name, that of an action, or a file; see
/// [`abstract_group`].
///
/// # Errors
/// An [`Error`] that names what cannot be read, or a group whose irreps are not known.
pub fn group_facts(spec: &str) -> Result<GroupReport, Error> {
    let group = abstract_group(spec)?;
    let irreps = group.irreps()?;
    let mut dimensions: BTreeMap<usize, usize> = BTreeMap::new();
    for irrep in irreps {
        *dimensions.entry(irrep.dimension).or_default() += 1;
    }
    let (classes, listed) = if irreps.len() > MOST_LISTED {
        (None, None)
    } else {
        let table = group.character_table()?;
        let classes = table.classes();
        let rows = classes.representatives().iter().zip(classes.sizes());
        let rows = rows.map(|(&representative, &size)| GroupClass {
            representative,
            size,
            element_order: group.element_order(representative),
        });
        let listed = irreps.iter().zip(table.values().rows()).map(|(irrep, characters)| GroupIrrep {
            irrep: irrep.label.to_string(),
            dimension: irrep.dimension,
            kind: kind(irrep.kind).to_owned(),
            character_real: characters.iter().map(|value| value.re).collect(),
            character_imaginary: characters.iter().map(|value| value.im).collect(),
        });
        (Some(rows.collect()), Some(listed.collect()))
    };
    Ok(GroupReport {
        schema: GroupReport::SCHEMA.to_owned(),
        group: spec.to_owned(),
        name: group.name(),
        order: group.order(),
        is_abelian: group.is_abelian(),
        generators: group.generators().to_vec(),
        class_count: irreps.len(),
        dimensions: dimensions
            .into_iter()
            .map(|(dimension, count)| DimensionCount { dimension, count })
            .collect(),
        classes,
        irreps: listed,
    })
}

fn kind(kind: IrrepKind) -> &'static str {
    match kind {
        IrrepKind::Real => "real",
        IrrepKind::Complex => "complex",
        IrrepKind::Quaternionic => "quaternionic",
    }
}
