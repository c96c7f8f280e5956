//! What a file says about the inputs of its network.

use crate::ArchitectureError;

/// The extents of inputs, spatial axes and then channels; `None` where any will do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ExpectedInput(pub(crate) Vec<Option<usize>>);

impl ExpectedInput {
    /// Refuses inputs for which the network was not made: variances of biases depend on its fan-ins. A vector may be given as an image
    /// of as many numbers.
    pub(crate) fn check(&self, shape: &[usize]) -> Result<(), ArchitectureError> {
        let fits = match self.0.as_slice() {
            [length] => length.is_none_or(|length| {
                shape.iter().try_fold(1_usize, |size, &extent| size.checked_mul(extent)) == Some(length)
            }),
            extents => {
                extents.len() == shape.len()
                    && extents
                        .iter()
                        .zip(shape)
                        .all(|(extent, &got)| extent.is_none_or(|extent| extent == got))
            }
        };
        if fits {
            return Ok(());
        }
        let extent = |extent: &Option<usize>| extent.map_or("any".to_owned(), |extent| extent.to_string());
        let expected = self.0.iter().map(extent).collect::<Vec<_>>().join(", ");
        Err(ArchitectureError::InputShape { expected: format!("[{expected}]"), got: shape.to_vec() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_fit_by_axis_and_vectors_by_size() {
        let image = ExpectedInput(vec![Some(28), None, Some(1)]);
        assert!(image.check(&[28, 5, 1]).is_ok());
        let message = image.check(&[28, 28, 3]).unwrap_err().to_string();
        assert_eq!(
            message,
            "input: expected shape `[28, any, 1]`, for which the network was made, got `[28, 28, 3]`"
        );
        assert!(image.check(&[28, 28]).is_err());
        let vector = ExpectedInput(vec![Some(784)]);
        assert!(vector.check(&[784]).is_ok() && vector.check(&[28, 28, 1]).is_ok());
        assert!(vector.check(&[28, 28, 3]).is_err());
    }
}
