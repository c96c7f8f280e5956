//! Padding in numbers, as other frameworks count it.

use serde::{Serialize, Serializer};

/// Numbers of positions with zeros before and after the input, along each of one to three spatial axes.
///
/// There are $\lfloor (n + \text{before} + \text{after} - \text{filter}) / \text{stride} \rfloor + 1$ outputs. This is the padding
/// of PyTorch and ONNX, which differs from [`Padding::Same`](crate::Padding::Same) under strides: of 28 positions a filter of 3 with
/// stride 2 and one zero on either side reads the first three from −1 on, `same` from 0 on.
///
/// # Examples
/// ```
/// use isotypic_architecture::{Architecture, ExplicitPadding};
///
/// assert_eq!(ExplicitPadding::new(&[[1, 1], [0, 2]]).unwrap().pairs(), [[1, 1], [0, 2]]);
/// let conv = r#"{"layers": [{"conv": {"filter": [3], "strides": [2], "padding": [[1, 1]]}}, "flatten"]}"#;
/// let graph = Architecture::from_json(conv)?.check(&[28, 1])?;
/// assert_eq!(graph.nodes()[1].output_shape, [14, 1]);
/// # Ok::<(), isotypic_architecture::ArchitectureError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ExplicitPadding {
    axes: usize,
    pairs: [[usize; 2]; MOST_AXES],
}

/// The largest number of spatial axes.
const MOST_AXES: usize = 3;

impl ExplicitPadding {
    /// The padding with these numbers before and after, for each spatial axis; `None` unless there are one to three.
    pub fn new(pairs: &[[usize; 2]]) -> Option<Self> {
        if !(1..=MOST_AXES).contains(&pairs.len()) {
            return None;
        }
        let mut padding = Self { axes: pairs.len(), pairs: [[0; 2]; MOST_AXES] };
        padding.pairs[..pairs.len()].copy_from_slice(pairs);
        Some(padding)
    }

    /// The numbers before and after, for each spatial axis.
    pub fn pairs(&self) -> &[[usize; 2]] {
        &self.pairs[..self.axes]
    }
}

impl Serialize for ExplicitPadding {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.pairs().serialize(serializer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_to_three_axes_are_spelled_as_lists_of_pairs() {
        for axes in 0..=4 {
            let pairs: Vec<[usize; 2]> = (0..axes).map(|axis| [axis, axis + 1]).collect();
            let padding = ExplicitPadding::new(&pairs);
            assert_eq!(padding.is_some(), (1..=3).contains(&axes));
            if let Some(padding) = padding {
                assert_eq!(serde_json::to_string(&padding).unwrap(), serde_json::to_string(&pairs).unwrap());
            }
        }
    }
}
