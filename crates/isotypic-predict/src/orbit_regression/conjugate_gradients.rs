//! Preconditioned conjugate gradients (Hestenes & Stiefel 1952) on many blocks at once.
//!
//! What costs is the kernel, and one evaluation of it serves all blocks: the systems take their steps together, each column with scalars of
//! its own, and no block depends on which others are solved beside it. The residual that the recursion carries drifts from the true one;
//! therefore the true one is computed at the end, of the trivial block with twice the digits, and the rest is solved again until that is small.

use std::cmp::Ordering;

use isotypic_group::IrrepSlot;
use isotypic_work::Monitor;
use rayon::prelude::*;

use super::block_operator::{BlockOperator, Product};
use super::block_shapes::BlockShapes;
use super::columns::Columns;
use super::orbit_kernel::OrbitKernel;
use super::partial_cholesky::PartialCholesky;
use crate::PredictError;

/// Products with the blocks after which a system that is not solved is given up.
const MOST_PRODUCTS: usize = 1000;

/// Times that the rest is solved again.
const ROUNDS: usize = 6;

/// The recursion goes below the tolerance by this factor, since it drifts.
const MARGIN: f64 = 0.25;

/// When a column is solved, and what is no number.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stopping {
    /// $\langle p, (B + \lambda I) p\rangle / \langle p, p\rangle$ below it is rounding.
    pub(super) floor: f64,
    pub(super) ridge: f64,
    /// Products whose tiles advance the monitor; further ones take time that was not planned.
    pub(super) products_planned: usize,
}

/// A block with right-hand sides.
pub(super) struct System {
    /// Index of the slot.
    pub(super) index: usize,
    pub(super) right: Columns,
    pub(super) solution: Columns,
    /// The true residual, once it is solved.
    pub(super) residual: Columns,
    direction: Columns,
    image: Columns,
    /// $\langle r, z\rangle$ of every column.
    energy: Vec<f64>,
    /// Squared norm of the residual at which a column is solved.
    enough: Vec<f64>,
    is_running: bool,
    /// Of the residual of every column, relative to its right-hand side in the Euclidean norm.
    tolerances: Vec<f64>,
    /// The residuals in that norm.
    pub(super) relative_residuals: Vec<f64>,
    /// A direction without curvature beyond rounding.
    flat: Option<f64>,
}

/// Columns of the size of the right-hand sides that a system holds.
pub(super) const HELD: usize = 5;

impl System {
    pub(super) fn new(index: usize, right: Columns, tolerances: Vec<f64>) -> Result<Self, PredictError> {
        let zeros = || Columns::zeros(right.rows(), right.count(), right.is_real());
        let squares = right.inner_products(&right);
        let enough = squares.iter().zip(&tolerances).map(|(square, tolerance)| square * tolerance.powi(2));
        let enough = enough.collect();
        Ok(Self {
            index,
            solution: zeros()?,
            residual: right.clone(),
            direction: zeros()?,
            image: zeros()?,
            energy: Vec::new(),
            enough,
            is_running: true,
            tolerances,
            relative_residuals: Vec::new(),
            flat: None,
            right,
        })
    }

    /// Starts from the residual that is there; whether anything is left to do.
    fn begin(&mut self, preconditioner: &PartialCholesky) {
        let squares = self.residual.inner_products(&self.residual);
        // Without a right-hand side there is no residual.
        let relative = |((&square, &enough), &tolerance): ((&f64, &f64), &f64)| {
            if square > 0.0 { tolerance * (square / enough).sqrt() } else { 0.0 }
        };
        self.relative_residuals =
            squares.iter().zip(&self.enough).zip(&self.tolerances).map(relative).collect();
        self.is_running = self.worst().is_some();
        if self.is_running {
            self.direction.clone_from(&self.residual);
            preconditioner.solve(&mut self.direction);
            self.energy = self.residual.inner_products(&self.direction);
        }
    }

    /// Residual and tolerance of the column that is farthest from being solved; `None` if all are.
    fn worst(&self) -> Option<(f64, f64)> {
        let columns = self.relative_residuals.iter().copied().zip(self.tolerances.iter().copied());
        // NaN is not solved.
        columns
            .filter(|(residual, tolerance)| {
                !matches!(residual.partial_cmp(tolerance), Some(Ordering::Less | Ordering::Equal))
            })
            .max_by(|a, b| (a.0 / a.1).total_cmp(&(b.0 / b.1)))
    }

    /// One step, once the image of the direction is there.
    fn step(&mut self, stopping: &Stopping, preconditioner: &PartialCholesky) {
        let squares = self.residual.inner_products(&self.residual);
        let curvature = self.direction.inner_products(&self.image);
        let lengths = self.direction.inner_products(&self.direction);
        let is_open = |column: usize| squares[column] > MARGIN.powi(2) * self.enough[column];
        let steps: Vec<f64> = (0..squares.len())
            .map(|column| if is_open(column) { self.energy[column] / curvature[column] } else { 0.0 })
            .collect();
        let flat = (0..squares.len())
            .filter(|&column| is_open(column))
            .map(|column| curvature[column] / lengths[column])
            // NaN is not greater.
            .find(|&value| value.partial_cmp(&stopping.floor) != Some(Ordering::Greater));
        if flat.is_some() {
            (self.flat, self.is_running) = (flat, false);
            return;
        }
        self.solution.add_scaled(&steps, &self.direction);
        let back: Vec<f64> = steps.iter().map(|step| -step).collect();
        self.residual.add_scaled(&back, &self.image);
        let squares = self.residual.inner_products(&self.residual);
        self.is_running =
            squares.iter().zip(&self.enough).any(|(&square, enough)| square > MARGIN.powi(2) * enough);
        if self.is_running {
            // The image is not needed any more.
            self.image.clone_from(&self.residual);
            preconditioner.solve(&mut self.image);
            let energy = self.residual.inner_products(&self.image);
            let ratios: Vec<f64> = energy
                .iter()
                .zip(&self.energy)
                .map(|(new, old)| if *old > 0.0 { new / old } else { 0.0 })
                .collect();
            self.direction.scale_and_add(&ratios, &self.image);
            self.energy = energy;
        }
    }
}

/// Solves all systems and returns how many products with the blocks that took.
pub(super) fn solve<K: OrbitKernel>(
    operator: &BlockOperator<'_, K>,
    shapes: &BlockShapes,
    preconditioners: &[PartialCholesky],
    systems: &mut [System],
    stopping: &Stopping,
    monitor: &Monitor,
) -> Result<usize, K::Error> {
    let mut products = 0;
    // Further products take time that was not planned.
    let silent = monitor.part(0.0, 1.0);
    let share = |products: usize| if products < stopping.products_planned { monitor } else { &silent };
    for round in 0..ROUNDS {
        if round > 0 {
            true_residuals(operator, systems, share(products))?;
            products += 1;
        }
        systems
            .par_iter_mut()
            .zip(preconditioners)
            .for_each(|(system, preconditioner)| system.begin(preconditioner));
        if systems.iter().all(|system| !system.is_running) {
            return Ok(products);
        }
        while products < MOST_PRODUCTS && systems.iter().any(|system| system.is_running) {
            let mut running: Vec<Product<'_>> = systems
                .iter_mut()
                .filter(|system| system.is_running)
                .map(|system| (system.index, &system.direction, &mut system.image))
                .collect();
            operator.multiply(&mut running, share(products))?;
            products += 1;
            systems
                .par_iter_mut()
                .zip(preconditioners)
                .filter(|(system, _)| system.is_running)
                .for_each(|(system, preconditioner)| system.step(stopping, preconditioner));
            if let Some((system, value)) = systems.iter().find_map(|system| Some((system, system.flat?))) {
                return Err(PredictError::NoCurvature {
                    irrep: shapes.slots[system.index].label.to_string(),
                    value,
                    ridge: stopping.ridge,
                }
                .into());
            }
        }
    }
    true_residuals(operator, systems, &silent)?;
    products += 1;
    for (system, preconditioner) in systems.iter_mut().zip(preconditioners) {
        system.begin(preconditioner);
        if let Some((residual, tolerance)) = system.worst() {
            let slot: &IrrepSlot = &shapes.slots[system.index];
            return Err(PredictError::NotConverged {
                irrep: slot.label.to_string(),
                products,
                residual,
                tolerance,
            }
            .into());
        }
    }
    Ok(products)
}

/// $b - (B + \lambda I) x$ of all systems, as exactly as need be.
fn true_residuals<K: OrbitKernel>(
    operator: &BlockOperator<'_, K>,
    systems: &mut [System],
    monitor: &Monitor,
) -> Result<(), K::Error> {
    if let [system] = systems
        && system.index == 0
    {
        system.residual = operator.trivial_residual(&system.right, &system.solution, monitor)?;
        return Ok(());
    }
    let mut products: Vec<Product<'_>> =
        systems.iter_mut().map(|system| (system.index, &system.solution, &mut system.residual)).collect();
    operator.multiply(&mut products, monitor)?;
    systems.par_iter_mut().for_each(|system| {
        let minus = vec![-1.0; system.right.count()];
        system.residual.scale_and_add(&minus, &system.right);
    });
    Ok(())
}
