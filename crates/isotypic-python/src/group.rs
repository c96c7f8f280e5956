//! A finite group by its name.

use isotypic::group::FiniteGroup;
use isotypic::orbit::abstract_group;
use pyo3::prelude::*;

use crate::errors::{exception, settings_exception};
use crate::interruptible::interruptible;

/// A finite group; elements are numbers from 0 to its order.
#[pyclass(frozen, module = "isotypic._isotypic")]
pub(crate) struct Group {
    spec: String,
    group: FiniteGroup,
}

#[pymethods]
impl Group {
    /// From a name such as `dihedral:8`, that of an action such as `rotation:16`, or a file.
    #[new]
    fn new(py: Python<'_>, spec: String) -> PyResult<Self> {
        let group = interruptible(py, |_| Ok(abstract_group(&spec)?))?;
        Ok(Self { spec, group })
    }

    #[getter]
    fn spec(&self) -> &str {
        &self.spec
    }

    #[getter]
    fn name(&self) -> String {
        self.group.name()
    }

    #[getter]
    fn order(&self) -> usize {
        self.group.order()
    }

    #[getter]
    fn is_abelian(&self) -> bool {
        self.group.is_abelian()
    }

    #[getter]
    fn identity(&self) -> usize {
        self.group.identity()
    }

    #[getter]
    fn generators(&self) -> Vec<usize> {
        self.group.generators().to_vec()
    }

    fn multiply(&self, py: Python<'_>, g: usize, h: usize) -> PyResult<usize> {
        Ok(self.group.multiply(self.element(py, g)?, self.element(py, h)?))
    }

    fn inverse(&self, py: Python<'_>, g: usize) -> PyResult<usize> {
        Ok(self.group.inverse(self.element(py, g)?))
    }

    fn power(&self, py: Python<'_>, g: usize, exponent: i64) -> PyResult<usize> {
        Ok(self.group.power(self.element(py, g)?, exponent))
    }

    fn element_order(&self, py: Python<'_>, g: usize) -> PyResult<usize> {
        Ok(self.group.element_order(self.element(py, g)?))
    }

    /// Classes, irreps and characters as JSON.
    fn facts(&self, py: Python<'_>) -> PyResult<String> {
        let report = interruptible(py, |_| isotypic::group_facts(&self.spec))?;
        report.to_json().map_err(|error| exception(py, error))
    }
}

impl Group {
    fn element(&self, py: Python<'_>, element: usize) -> PyResult<usize> {
        let order = self.group.order();
        if element < order {
            return Ok(element);
        }
        Err(settings_exception(
            py,
            &format!(
                "element {element}: expected a number below {order}, the order of {}",
                self.group.name()
            ),
            "elements are counted from 0",
        ))
    }

    /// The group itself.
    pub(crate) fn group(&self) -> &FiniteGroup {
        &self.group
    }
}
