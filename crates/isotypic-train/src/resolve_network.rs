//! The network that a user means: a name of this crate, a name of an architecture, or a file.

use isotypic_architecture::Architecture;

use crate::paper_networks::PAPER_NETWORKS;
use crate::{Initialization, Network, TrainError};

impl Network {
    /// The network that `text` means, and how it is drawn.
    ///
    /// - `paper-mlp` and the like, see [`named`](Self::named): drawn as PyTorch does, [`Initialization::KaimingUniform`]
    /// - `mlp:3` and the like, see [`Architecture::named`], and files: with `width` channels where the architecture leaves widths
    ///   out, drawn as the kernel supposes, [`Initialization::Gaussian`]
    ///
    /// # Errors
    /// [`TrainError::Architecture`] for unknown names, files that cannot be read and shapes that do not fit;
    /// [`TrainError::NoReadout`]; those of [`named`](Self::named) and [`from_graph`](Self::from_graph).
    pub fn resolve(
        text: &str,
        input_shape: &[usize],
        outputs: usize,
        width: usize,
    ) -> Result<(Self, Initialization), TrainError> {
        if PAPER_NETWORKS.contains(&text) {
            return Ok((Self::named(text, input_shape, outputs)?, Initialization::KaimingUniform));
        }
        let wrong = |source| TrainError::Architecture { name: text.to_owned(), source: Box::new(source) };
        let architecture = Architecture::resolve(text).map_err(wrong)?;
        let Some(wide) = architecture.with_widths(width, outputs) else {
            return Err(TrainError::NoReadout { name: text.to_owned(), outputs });
        };
        let graph = wide.check(input_shape).map_err(wrong)?;
        Ok((Self::from_graph(&graph)?, Initialization::Gaussian))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_the_paper_and_of_architectures_become_networks() {
        let (network, drawn) = Network::resolve("paper-mlp", &[28, 28, 1], 10, 7).unwrap();
        assert_eq!((network.output_width(), drawn), (10, Initialization::KaimingUniform));
        assert!((network.multiplications() - 784.0 * 512.0 - 512.0 * 128.0 - 1280.0).abs() < 4000.0);
        let (network, drawn) = Network::resolve("mlp", &[28, 28, 1], 3, 7).unwrap();
        assert_eq!((network.output_width(), drawn), (3, Initialization::Gaussian));
        assert_eq!(network.nodes()[2].output_shape, [7]);
    }

    #[test]
    fn what_is_no_network_is_named() {
        let error = Network::resolve("paper-mpl", &[28, 28, 1], 10, 7).unwrap_err();
        assert!(error.to_string().starts_with("network `paper-mpl`: "), "{error}");
        let error = Network::resolve("cnn", &[784], 10, 7).unwrap_err();
        assert!(error.to_string().starts_with("network `cnn`: layer 1 (`conv`)"), "{error}");
    }
}
