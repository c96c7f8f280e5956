//! The part of a network in which a pair of inputs has one covariance: everything after the positions are joined.

mod dot_product_tile;
mod program;
mod row;

pub(crate) use dot_product_tile::{DotProductTile, NEAR_PARALLEL, TILE, TileRows, padded_rows, precise_gap};
pub(crate) use program::{ScalarMoments, ScalarOperation, ScalarProgram, ScalarStep};
pub(crate) use row::{Form, Row, RowEnds, Rows};
