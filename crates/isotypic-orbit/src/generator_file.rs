//! Generators of permutation and matrix groups and tables of products, as people write them down.

use std::fmt::Display;

use ndarray::{Array2, Array3, Ix3};
use serde::Deserialize;

use crate::OrbitError;

/// What the permutations of a file move.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum FileAxis {
    /// Coordinates of vectors, pixels of images, points of clouds.
    #[default]
    Coordinates,
    /// Channels.
    Channels,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PermutationFile {
    generators: Vec<Vec<usize>>,
    #[serde(default)]
    axis: FileAxis,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TableFile {
    table: Vec<Vec<usize>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MatrixFile {
    generators: Vec<Vec<Vec<f64>>>,
}

/// Reads `{"generators": [[1, 2, 0], …], "axis": "coordinates"}`: each generator lists the images of 0, 1, 2, ….
pub(crate) fn permutations(spec: &str, bytes: &[u8]) -> Result<(Vec<Vec<usize>>, FileAxis), OrbitError> {
    let file: PermutationFile = serde_json::from_slice(bytes).map_err(|error| wrong(spec, &error))?;
    let Some(degree) = file.generators.first().map(Vec::len) else {
        return Err(wrong(spec, &"no generators"));
    };
    if degree == 0 {
        return Err(wrong(spec, &"generator 0 permutes nothing"));
    }
    for (index, generator) in file.generators.iter().enumerate() {
        if generator.len() != degree {
            let got = generator.len();
            return Err(wrong(
                spec,
                &format!("generator 0 permutes {degree} places, generator {index} permutes {got}"),
            ));
        }
        let mut is_taken = vec![false; degree];
        for &image in generator {
            match is_taken.get_mut(image) {
                None => {
                    let message = format!(
                        "generator {index}: image {image} is out of range, places count from 0 to {}",
                        degree - 1
                    );
                    return Err(wrong(spec, &message));
                }
                Some(true) => {
                    return Err(wrong(spec, &format!("generator {index}: image {image} stands twice")));
                }
                Some(taken) => *taken = true,
            }
        }
    }
    Ok((file.generators, file.axis))
}

/// Reads `{"generators": [matrix, …]}`, matrices by rows, or an `.npy` array `[m, d, d]`.
pub(crate) fn matrices(spec: &str, bytes: &[u8]) -> Result<Array3<f64>, OrbitError> {
    if bytes.starts_with(b"\x93NUMPY") {
        let array = isotypic_data::parse_array(spec, bytes).map_err(|error| wrong(spec, &error))?;
        let shape = array.shape().to_vec();
        return array
            .into_dimensionality::<Ix3>()
            .map_err(|_| wrong(spec, &format!("expected an array `[m, d, d]`, got one of shape {shape:?}")));
    }
    let file: MatrixFile = serde_json::from_slice(bytes).map_err(|error| wrong(spec, &error))?;
    let Some(size) = file.generators.first().map(Vec::len) else {
        return Err(wrong(spec, &"no generators"));
    };
    for (index, matrix) in file.generators.iter().enumerate() {
        if matrix.len() != size {
            let got = matrix.len();
            return Err(wrong(spec, &format!("matrix 0 has {size} rows, matrix {index} has {got}")));
        }
        if let Some(row) = matrix.iter().position(|row| row.len() != size) {
            let got = matrix[row].len();
            return Err(wrong(
                spec,
                &format!("matrix {index} has {size} rows, but row {row} has {got} numbers"),
            ));
        }
    }
    let count = file.generators.len();
    let entries = file.generators.into_iter().flatten().flatten().collect();
    Ok(Array3::from_shape_vec((count, size, size), entries).expect("square matrices of one size"))
}

/// Reads `{"table": [[0, 1], [1, 0]]}`: row g lists the products g·0, g·1, ….
pub(crate) fn cayley_table(spec: &str, bytes: &[u8]) -> Result<Array2<usize>, OrbitError> {
    let file: TableFile = serde_json::from_slice(bytes)
        .map_err(|error| OrbitError::TableFile { spec: spec.into(), message: error.to_string() })?;
    let (order, columns) = (file.table.len(), file.table.first().map_or(0, Vec::len));
    if let Some((g, row)) = file.table.iter().enumerate().find(|(_, row)| row.len() != columns) {
        let message = format!("row 0 has {columns} products, row {g} has {}", row.len());
        return Err(OrbitError::TableFile { spec: spec.into(), message });
    }
    let products = file.table.into_iter().flatten().collect();
    Ok(Array2::from_shape_vec((order, columns), products).expect("rows of one length"))
}

fn wrong(spec: &str, message: &dyn Display) -> OrbitError {
    OrbitError::GeneratorFile { spec: spec.into(), message: message.to_string() }
}

#[cfg(test)]
mod tests {
    use ndarray::array;
    use ndarray_npy::WriteNpyExt;

    use super::*;

    #[test]
    fn generators_are_read_with_and_without_an_axis() {
        let read = |text: &str| permutations("permutation:f.json", text.as_bytes()).unwrap();
        assert_eq!(
            read(r#"{"generators": [[1, 2, 0], [1, 0, 2]]}"#),
            (vec![vec![1, 2, 0], vec![1, 0, 2]], FileAxis::Coordinates)
        );
        assert_eq!(read(r#"{"axis": "channels", "generators": [[1, 0]]}"#).1, FileAxis::Channels);
        assert_eq!(read(r#"{"axis": "coordinates", "generators": [[0]]}"#).1, FileAxis::Coordinates);
    }

    #[test]
    fn what_is_no_permutation_is_named() {
        let message =
            |text: &str| permutations("permutation:f.json", text.as_bytes()).unwrap_err().to_string();
        for (text, expected) in [
            (r#"{"generators": []}"#, "no generators"),
            (r#"{"generators": [[]]}"#, "generator 0 permutes nothing"),
            (
                r#"{"generators": [[0, 1], [1, 0, 2]]}"#,
                "generator 0 permutes 2 places, generator 1 permutes 3",
            ),
            (
                r#"{"generators": [[1, 0], [0, 2]]}"#,
                "generator 1: image 2 is out of range, places count from 0 to 1",
            ),
            (r#"{"generators": [[1, 1]]}"#, "generator 0: image 1 stands twice"),
        ] {
            assert_eq!(message(text), format!("group `permutation:f.json`: {expected}"));
        }
        let deep = "[".repeat(100_000);
        for (text, part) in [
            (r#"{"generators": [[0, 1]], "order": 2}"#, "unknown field `order`"),
            (r#"{"generators": [[0, 1]], "axis": "rows"}"#, "unknown variant `rows`"),
            (r#"{"axis": "channels"}"#, "missing field `generators`"),
            (r#"{"generators": [[0, -1]]}"#, "invalid value: integer `-1`"),
            (r#"{"generators": [[0, 1.5]]}"#, "invalid type: floating point `1.5`"),
            ("", "EOF"),
            (&deep, "invalid type: sequence"),
        ] {
            assert!(message(text).contains(part), "{}", message(text));
        }
        let error = permutations("permutation:f.json", b"[]").unwrap_err();
        assert!(error.hint().unwrap().contains("\"axis\": \"channels\""));
    }

    #[test]
    fn matrices_are_read_from_text_and_from_arrays() {
        let expected = array![[[0.0, -1.0], [1.0, 0.0]], [[-1.0, 0.0], [0.0, 1.0]]];
        let text = br#"{"generators": [[[0, -1], [1, 0]], [[-1.0, 0], [0, 1]]]}"#;
        assert_eq!(matrices("linear:f.json", text).unwrap(), expected);
        let mut bytes = Vec::new();
        expected.write_npy(&mut bytes).unwrap();
        assert_eq!(matrices("linear:f.npy", &bytes).unwrap(), expected);
        bytes.pop();
        let error = matrices("linear:f.npy", &bytes).unwrap_err();
        assert!(error.to_string().starts_with("group `linear:f.npy`: `linear:f.npy`: truncated"), "{error}");
        let mut bytes = Vec::new();
        array![[1.0, 0.0], [0.0, 1.0]].write_npy(&mut bytes).unwrap();
        let error = matrices("linear:f.npy", &bytes).unwrap_err();
        assert_eq!(
            error.to_string(),
            "group `linear:f.npy`: expected an array `[m, d, d]`, got one of shape [2, 2]"
        );
    }

    #[test]
    fn what_is_no_square_matrix_is_named() {
        let message = |text: &str| matrices("linear:f.json", text.as_bytes()).unwrap_err().to_string();
        for (text, expected) in [
            (r#"{"generators": []}"#, "no generators"),
            (r#"{"generators": [[[1, 0], [0]]]}"#, "matrix 0 has 2 rows, but row 1 has 1 numbers"),
            (r#"{"generators": [[[1]], [[1, 0], [0, 1]]]}"#, "matrix 0 has 1 rows, matrix 1 has 2"),
        ] {
            assert_eq!(message(text), format!("group `linear:f.json`: {expected}"));
        }
        for text in ["", "{}", "[]", r#"{"generators": [[[1e999]]]}"#, r#"{"generators": [[["a"]]]}"#] {
            assert!(message(text).starts_with("group `linear:f.json`: "), "{text}");
        }
        assert!(message(r#"{"generators": [[[1]]], "size": 1}"#).contains("unknown field `size`"));
    }
}
