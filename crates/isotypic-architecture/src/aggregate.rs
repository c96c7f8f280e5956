//! The `aggregate` layer: every vertex of a graph becomes the weighted sum of its predecessors.
//!
//! Positions are the vertices, counted in C order where there are several spatial axes. With the adjacency matrix $A$, in which
//! $A_{ij}$ is the weight of the edge from $i$ to $j$, the layer computes $A^\top x$ (Du et al. 2019, arXiv 1905.13192), so
//! $\Sigma \leftarrow A^\top \Sigma A$ and $\Theta \leftarrow A^\top \Theta A$. All inputs share the graph.

use std::sync::Arc;

use serde::{Serialize, Serializer};

use crate::ArchitectureError;
use crate::check::channels_at_positions;
use crate::document::Document;
use crate::options::{Options, as_number};

/// The options of an `aggregate` layer.
pub(crate) const AGGREGATE_OPTIONS: &[&str] = &["pattern"];

/// Options of an `aggregate` layer.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct AggregateSpec {
    /// Row `i`: the weights of the edges from vertex `i` to all vertices. Missing where the graph is given beside the architecture,
    /// as by [`Architecture::with_pattern`](crate::Architecture::with_pattern).
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "optional_rows")]
    pub pattern: Option<Arc<Vec<Vec<f64>>>>,
}

/// A checked `aggregate` layer.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Aggregate {
    /// Row `i`: the weights of the edges from vertex `i` to all vertices, finite; as many rows and columns as positions.
    #[serde(serialize_with = "rows")]
    pub pattern: Arc<Vec<Vec<f64>>>,
}

fn rows<S: Serializer>(pattern: &Arc<Vec<Vec<f64>>>, serializer: S) -> Result<S::Ok, S::Error> {
    pattern.as_slice().serialize(serializer)
}

fn optional_rows<S: Serializer>(
    pattern: &Option<Arc<Vec<Vec<f64>>>>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    pattern.as_deref().serialize(serializer)
}

impl AggregateSpec {
    pub(crate) fn read(mut options: Options) -> Result<Self, ArchitectureError> {
        let expected = "a list of rows of numbers, the weights of the edges from one vertex";
        let rows = options.list("pattern", expected, |document| match document {
            Document::List(items) => items.iter().map(as_number).collect::<Option<Vec<f64>>>(),
            _ => None,
        })?;
        Ok(Self { pattern: rows.map(Arc::new) })
    }

    pub(crate) fn check(&self, path: &str, input_shape: &[usize]) -> Result<Aggregate, ArchitectureError> {
        let (_, extents) = channels_at_positions(path, input_shape)?;
        let vertices: usize = extents.iter().product();
        let Some(pattern) = &self.pattern else {
            return Err(ArchitectureError::MissingPattern { path: path.to_owned(), vertices });
        };
        let wrong = |got: String| {
            let expected = format!("{vertices} rows of {vertices} finite numbers, one for each position");
            Err(ArchitectureError::invalid_option(path, "pattern", expected, &got))
        };
        if pattern.len() != vertices {
            return wrong(format!("{} rows", pattern.len()));
        }
        for (index, row) in pattern.iter().enumerate() {
            if row.len() != vertices {
                return wrong(format!("{} numbers in row {index}", row.len()));
            }
            // Sums of squares of weights enter variances.
            if let Some(weight) = row.iter().find(|weight| !(*weight * *weight).is_finite()) {
                return wrong(format!("{weight:?} in row {index}"));
            }
        }
        Ok(Aggregate { pattern: Arc::clone(pattern) })
    }
}

impl Aggregate {
    /// For every vertex its predecessors with the weights of the edges from them, in order; edges of weight 0 are left out.
    pub fn predecessors(&self) -> Vec<Vec<(usize, f64)>> {
        let mut predecessors = vec![Vec::new(); self.pattern.len()];
        for (source, row) in self.pattern.iter().enumerate() {
            for (target, &weight) in row.iter().enumerate() {
                if weight != 0.0 {
                    predecessors[target].push((source, weight));
                }
            }
        }
        predecessors
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec(rows: &[&[f64]]) -> AggregateSpec {
        AggregateSpec { pattern: Some(Arc::new(rows.iter().map(|row| row.to_vec()).collect())) }
    }

    #[test]
    fn rows_are_sources_and_columns_are_targets() {
        let checked = spec(&[&[0.0, 2.0], &[0.5, 1.0]]).check("layer 1 (`aggregate`)", &[2, 3]).unwrap();
        assert_eq!(checked.predecessors(), [vec![(1, 0.5)], vec![(0, 2.0), (1, 1.0)]]);
    }

    #[test]
    fn patterns_that_do_not_fit_are_refused() {
        for (rows, got) in [
            (&[&[1.0, 0.0][..]][..], "1 rows"),
            (&[&[1.0, 0.0], &[1.0]], "1 numbers in row 1"),
            (&[&[1.0, 0.0], &[f64::NAN, 1.0]], "NaN in row 1"),
        ] {
            let error = spec(rows).check("layer 2 (`aggregate`)", &[2, 3]).unwrap_err();
            let message = error.to_string();
            assert_eq!(
                message,
                format!(
                    "layer 2 (`aggregate`): option `pattern`: expected 2 rows of 2 finite numbers, one for each position, got `{got}`"
                )
            );
        }
        let error = AggregateSpec::default().check("layer 2 (`aggregate`)", &[2, 3]).unwrap_err();
        assert!(error.to_string().contains("2 × 2") && error.hint().unwrap().contains("--pattern"));
    }
}
