//! The same bits whatever the circumstances.

use isotypic_gram::{DenseGram, Factorization, Ridge, SymmetricOperator};
use isotypic_group::FiniteGroup;
use isotypic_orbit::RowOrder;
use ndarray::{Array2, array};

use crate::circles::Circles;

const RIDGE: Ridge = Ridge::RelativeToMeanDiagonal(1e-3);

fn circles() -> Circles {
    Circles { order: 12, seeds: vec![(1.0, 0.0), (1.3, 0.4), (0.8, 7.1)] }
}

#[test]
fn matrices_and_inverses_are_symmetric_bit_for_bit() {
    let rows: Vec<usize> = (0..36).collect();
    let (blocks, dense) = (circles().blocks(), circles().dense());
    let by_blocks = blocks.factor(RIDGE).unwrap().inverse_block(&rows).unwrap();
    let plain = dense.factor(RIDGE).unwrap().inverse_block(&rows).unwrap();
    for matrix in [by_blocks, plain, blocks.to_dense(), dense.to_dense()] {
        assert_eq!(matrix, matrix.t());
    }
}

#[test]
fn no_answer_depends_on_the_number_of_threads() {
    let vectors = Array2::from_shape_fn((36, 2), |(row, column)| (row as f64 + 0.3 * column as f64).sin());
    let answers = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| {
            let (blocks, dense) = (circles().blocks(), circles().dense());
            let factor = blocks.factor(RIDGE).unwrap();
            (
                blocks.apply(&vectors).unwrap(),
                factor.solve(&vectors).unwrap(),
                factor.inverse_block(&[0, 5, 35]).unwrap(),
                factor.log_det(),
                dense.factor(RIDGE).unwrap().solve(&vectors).unwrap(),
            )
        })
    };
    assert_eq!(answers(1), answers(3));
}

#[test]
fn rows_in_another_order_are_brought_into_this_one() {
    // Points A0, B0, A1, B1.
    let interleaved =
        array![[9.0, 1.0, 2.0, 3.0], [1.0, 8.0, 4.0, 5.0], [2.0, 4.0, 7.0, 6.0], [3.0, 5.0, 6.0, 10.0]];
    let group = FiniteGroup::cyclic(2).unwrap();
    let gram = DenseGram::from_row_order(&interleaved, RowOrder::PoseMajor, 2, group).unwrap();
    // Points A0, A1, B0, B1.
    let expected =
        array![[9.0, 2.0, 1.0, 3.0], [2.0, 7.0, 4.0, 6.0], [1.0, 4.0, 8.0, 5.0], [3.0, 6.0, 5.0, 10.0]];
    assert_eq!(gram.matrix(), expected);
}
