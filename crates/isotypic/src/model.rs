//! What gives kernels: a neural architecture, or a formula on features.

use std::path::Path;

use isotypic_architecture::{Architecture, ArchitectureError};
use isotypic_data::load_array;
use isotypic_kernel::{CompiledKernel, FeatureKernel, KernelError, MonteCarlo, MonteCarloKernel};
use ndarray::Ix2;

use crate::Error;

/// A parsed entry of `--arch`.
#[derive(Debug, Clone)]
pub(crate) enum Model {
    Network(Architecture),
    Feature(FeatureKernel),
}

/// A kernel, by closed formulas or sampled.
pub(crate) enum CompiledModel {
    Exact(CompiledKernel),
    Sampled(MonteCarloKernel),
}

impl Model {
    /// Reads a feature kernel (`linear`, `rbf:GAMMA`, `arc-cosine:ORDER`), a named architecture or an architecture file.
    pub(crate) fn parse(text: &str) -> Result<Self, Error> {
        let is_feature_kernel =
            ["linear", "rbf", "arc-cosine"].contains(&text.split(':').next().unwrap_or(text));
        if is_feature_kernel {
            return Ok(Self::Feature(text.parse()?));
        }
        let architecture = Architecture::resolve(text).map_err(|error| match error {
            // These name what was given; the others are about a place inside of it.
            ArchitectureError::UnknownName { .. }
            | ArchitectureError::InvalidDepth { .. }
            | ArchitectureError::UnknownExtension { .. }
            | ArchitectureError::Read { .. } => Error::Architecture(error),
            error => in_architecture(text, error),
        })?;
        Ok(Self::Network(architecture))
    }

    /// The same with a graph from a `.npy` file for the `aggregate` layers that have none.
    pub(crate) fn with_pattern(self, name: &str, path: &Path) -> Result<Self, Error> {
        let weights = load_array(path)?.into_dimensionality::<Ix2>().map_err(|_| {
            Error::settings(
                format!("`{}`: expected a matrix [vertices, vertices]", path.display()),
                "entry [i, j] is the weight of the edge from vertex i to vertex j",
            )
        })?;
        let rows: Vec<Vec<f64>> = weights.outer_iter().map(|row| row.to_vec()).collect();
        match self {
            Self::Network(architecture)
                if architecture.clone().with_pattern(rows.clone()) != architecture =>
            {
                Ok(Self::Network(architecture.with_pattern(rows)))
            }
            _ => Err(Error::settings(
                format!("`{}`: `{name}` has no `aggregate` layer without a graph", path.display()),
                "leave out `--pattern`",
            )),
        }
    }

    /// The kernel on inputs of the given shape, sampled where it has no closed form.
    pub(crate) fn compile_or_sample(
        &self,
        name: &str,
        shape: &[usize],
        settings: MonteCarlo,
    ) -> Result<CompiledModel, Error> {
        let settings = settings.check()?;
        match (self.compile(name, shape), self) {
            (Err(Error::Kernel(KernelError::NeedsSampling { .. })), Self::Network(architecture)) => {
                let graph = architecture.check(shape).map_err(|error| in_architecture(name, error))?;
                let kernel = MonteCarloKernel::compile(&graph, settings);
                Ok(CompiledModel::Sampled(kernel.map_err(|error| in_node(name, architecture, error))?))
            }
            (Err(Error::Kernel(error)), Self::Network(architecture)) => {
                Err(in_node(name, architecture, error))
            }
            (compiled, _) => compiled.map(CompiledModel::Exact),
        }
    }

    /// The kernel on inputs of the given shape.
    ///
    /// Features have one axis; networks with convolutions refuse them, naming the layer.
    pub(crate) fn compile(&self, name: &str, shape: &[usize]) -> Result<CompiledKernel, Error> {
        match self {
            Self::Feature(kernel) => Ok(CompiledKernel::on_features(*kernel, shape.iter().product())),
            Self::Network(architecture) => {
                let graph = architecture.check(shape).map_err(|error| in_architecture(name, error))?;
                Ok(CompiledKernel::compile(&graph)?)
            }
        }
    }
}

/// Says which node of an ONNX file a layer comes from that has no kernel; its users do not know the layer.
fn in_node(name: &str, architecture: &Architecture, error: KernelError) -> Error {
    let message = error.to_string();
    match architecture.node_of(&message) {
        Some(node) => Error::Settings {
            message: format!("architecture `{name}`: {node}: {message}"),
            hint: error.hint(),
        },
        None => error.into(),
    }
}

/// Says which of several architectures an error is about.
fn in_architecture(name: &str, error: ArchitectureError) -> Error {
    let hint = error.hint();
    Error::Settings { message: format!("architecture `{name}`: {error}"), hint }
}
