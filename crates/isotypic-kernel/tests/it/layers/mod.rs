//! Every layer, on one, two and three spatial axes and on vectors, through the public interface alone: agreement with the naive
//! recursion, invariance under shifts, limits, and bits.

mod agreement;
mod bits;
mod invariance;
mod limits;
mod table;

use isotypic_architecture::{Architecture, LayerGraph, Operation};
use isotypic_kernel::{CompiledKernel, KernelError};
use rayon::prelude::*;

pub(crate) use table::{NONLINEARITIES, table};

/// Architectures of the table, by name, that do not compile yet. One that does must leave the list.
pub(crate) const NOT_YET: [&str; 0] = [];

/// A small architecture.
pub(crate) struct Case {
    pub(crate) name: String,
    pub(crate) shape: Vec<usize>,
    pub(crate) layers: String,
    /// By how many positions both inputs may be moved around along each axis without a change; 0 if there is no such number.
    pub(crate) shift: usize,
}

impl Case {
    pub(crate) fn graph(&self) -> LayerGraph {
        let json = format!(r#"{{"layers": [{}]}}"#, self.layers);
        let architecture =
            Architecture::from_json(&json).unwrap_or_else(|error| panic!("{}: {error}", self.name));
        architecture.check(&self.shape).unwrap_or_else(|error| panic!("{}: {error}", self.name))
    }

    pub(crate) fn compile(&self) -> Result<CompiledKernel, KernelError> {
        CompiledKernel::compile(&self.graph())
    }

    /// Whether equal points are different points: with dropout in training mode each forward pass has its own masks.
    pub(crate) fn draws_masks(&self) -> bool {
        let draws = |operation: &Operation| matches!(operation, Operation::Dropout(dropout) if !dropout.is_identity());
        self.graph().nodes().iter().any(|node| draws(&node.operation))
    }
}

/// Runs `test` on every architecture that compiles, in parallel, and collects what it complains about.
fn for_each(test: impl Fn(&Case, &CompiledKernel, &mut Vec<String>) + Sync) {
    let complaints: Vec<String> = table()
        .par_iter()
        .flat_map_iter(|case| {
            let mut complaints = Vec::new();
            if let Ok(kernel) = case.compile() {
                test(case, &kernel, &mut complaints);
            }
            complaints.into_iter().map(|complaint| format!("{}: {complaint}", case.name)).collect::<Vec<_>>()
        })
        .collect();
    assert!(complaints.is_empty(), "{} complaints:\n{}", complaints.len(), complaints.join("\n"));
}

#[test]
fn what_does_not_compile_is_listed_and_what_is_listed_does_not_compile() {
    let cases = table();
    for (index, case) in cases.iter().enumerate() {
        assert!(cases[..index].iter().all(|other| other.name != case.name), "`{}` stands twice", case.name);
        match case.compile() {
            Ok(_) => assert!(!NOT_YET.contains(&case.name.as_str()), "`{}` compiles", case.name),
            Err(error) => assert!(NOT_YET.contains(&case.name.as_str()), "`{}`: {error}", case.name),
        }
    }
    for name in NOT_YET {
        assert!(cases.iter().any(|case| case.name == name), "`{name}` is not in the table");
    }
}
