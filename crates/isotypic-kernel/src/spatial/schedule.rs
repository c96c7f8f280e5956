//! Which slices of every state are computed, in which order, and where they are kept.
//!
//! A readout, or a state that is asked for on its own, goes through its displacements step by step. Every step runs backward
//! through the program first: each state collects the pieces that its readers need and asks for what it reads itself.
//! Then the missing slices are filled forward, so that each is computed once however many readers share it, and no
//! recursion follows the depth of a network. Pooling layers read a band of neighbouring slices, most of which the next
//! steps read again: these stay for as many steps as a row of displacements has.
//!
//! Nothing here depends on data or on the number type, so the cost of a pair can be counted without computing it.

use super::displacement::{Displacement, Pieces, modulo};
use super::grid::Grid;
use super::program::SpatialProgram;
use super::stage::Stage;

/// Pieces of one slice of one state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Request {
    pub(super) state: usize,
    pub(super) displacement: Displacement,
    pub(super) pieces: Pieces,
}

/// A slice to be filled, and the slot in which it is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Fill {
    pub(super) state: usize,
    pub(super) displacement: Displacement,
    /// The pieces that are missing.
    pub(super) missing: Pieces,
    pub(super) slot: usize,
}

/// No slot.
const NOWHERE: u32 = u32::MAX;

/// One slice that is kept.
#[derive(Debug, Clone, Copy)]
struct Slot {
    displacement: u32,
    filled: Pieces,
    /// The last step that needed it.
    used: usize,
}

/// The slices of one state.
#[derive(Debug)]
struct States {
    grid: Grid,
    /// Per displacement the pieces that are asked for in this step.
    asked: Vec<Pieces>,
    /// The displacements with an entry in `asked`.
    touched: Vec<u32>,
    /// Per displacement its slot, or [`NOWHERE`].
    slot_of: Vec<u32>,
    slots: Vec<Slot>,
    /// Slots whose slices nobody will need.
    free: Vec<u32>,
    /// For how many steps a slice stays after it was used.
    keep: usize,
}

/// The slots of all states for one pair of inputs after another.
#[derive(Debug)]
pub(super) struct Schedule {
    states: Vec<States>,
    step: usize,
    fills: Vec<Fill>,
}

impl States {
    fn new(grid: Grid, keep: usize) -> Self {
        Self {
            grid,
            asked: vec![Pieces::NONE; grid.len()],
            touched: Vec::new(),
            slot_of: vec![NOWHERE; grid.len()],
            slots: Vec::new(),
            free: Vec::new(),
            keep,
        }
    }

    fn index(&self, displacement: Displacement) -> usize {
        self.grid.index(modulo(self.grid, displacement).map(|distance| distance as usize))
    }

    fn ask(&mut self, displacement: Displacement, pieces: Pieces) {
        let index = self.index(displacement);
        if self.asked[index] == Pieces::NONE {
            self.touched.push(index as u32);
        }
        self.asked[index] = self.asked[index].union(pieces);
    }

    fn ask_everything(&mut self) {
        for position in self.grid.positions() {
            self.ask(position.map(|distance| distance as isize), Pieces::ALL);
        }
    }

    /// Whether anything that is asked for has yet to be filled.
    fn misses_any(&self) -> bool {
        self.touched.iter().any(|&index| {
            let index = index as usize;
            self.asked[index].without(self.filled(index)) != Pieces::NONE
        })
    }

    fn filled(&self, index: usize) -> Pieces {
        match self.slot_of[index] {
            NOWHERE => Pieces::NONE,
            slot => self.slots[slot as usize].filled,
        }
    }

    /// The slot for a slice that is about to be filled.
    fn place(&mut self, index: usize, step: usize, pieces: Pieces) -> usize {
        let slot = match self.slot_of[index] {
            NOWHERE => match self.free.pop() {
                Some(slot) => {
                    let place = &mut self.slot_of[self.slots[slot as usize].displacement as usize];
                    if *place == slot {
                        *place = NOWHERE;
                    }
                    slot
                }
                None => {
                    self.slots.push(Slot { displacement: 0, filled: Pieces::NONE, used: 0 });
                    self.slots.len() as u32 - 1
                }
            },
            slot => slot,
        };
        let filled = self.filled(index).union(pieces);
        self.slot_of[index] = slot;
        self.slots[slot as usize] = Slot { displacement: index as u32, filled, used: step };
        slot as usize
    }

    /// Keeps what this step asks for and frees what was not used for long.
    fn renew(&mut self, step: usize) {
        for &index in &self.touched {
            if let Some(slot) = self.slots.get_mut(self.slot_of[index as usize] as usize) {
                slot.used = step;
            }
        }
        self.free.clear();
        let is_old = |slot: &Slot| slot.filled == Pieces::NONE || slot.used.saturating_add(self.keep) < step;
        self.free.extend((0..).zip(&self.slots).filter(|(_, slot)| is_old(slot)).map(|(slot, _)| slot));
    }
}

impl Schedule {
    pub(super) fn new(program: &SpatialProgram) -> Self {
        let states = (0..program.states()).map(|state| States::new(program.grid(state), program.keep(state)));
        Self { states: states.collect(), step: 0, fills: Vec::new() }
    }

    /// Forgets all slices: another pair of inputs comes.
    pub(super) fn clear(&mut self) {
        for state in &mut self.states {
            for slot in &mut state.slots {
                state.slot_of[slot.displacement as usize] = NOWHERE;
                slot.filled = Pieces::NONE;
            }
        }
    }

    /// Plans a step: what is to be filled, in order, so that everything requested is there.
    pub(super) fn plan(&mut self, program: &SpatialProgram, requests: &[Request]) -> &[Fill] {
        self.step += 1;
        self.fills.clear();
        for request in requests {
            self.states[request.state].ask(request.displacement, request.pieces);
        }
        for state in (0..self.states.len()).rev() {
            if self.states[state].touched.is_empty() {
                continue;
            }
            let stage = state.checked_sub(1).map(|stage| &program.stages[stage]);
            let whole = stage.is_some_and(Stage::reads_everything);
            if whole && self.states[state].misses_any() {
                // Computed all at once, and kept until the next pair comes.
                self.states[state].ask_everything();
                for &input in stage.map_or(&[][..], |stage| &stage.inputs) {
                    self.states[input].ask_everything();
                }
            }
            self.states[state].renew(self.step);
            let touched = std::mem::take(&mut self.states[state].touched);
            for &index in &touched {
                let index = index as usize;
                let grid = self.states[state].grid;
                let asked = std::mem::replace(&mut self.states[state].asked[index], Pieces::NONE);
                let mut missing = asked.without(self.states[state].filled(index));
                if missing == Pieces::NONE {
                    continue;
                }
                let displacement = grid.position(index).map(|distance| distance as isize);
                if let Some(stage) = stage.filter(|_| !whole) {
                    missing = stage.completed(missing);
                    stage.ask(displacement, missing, &mut |request: Request| {
                        self.states[request.state].ask(request.displacement, request.pieces);
                    });
                }
                let slot = self.states[state].place(index, self.step, missing);
                self.fills.push(Fill { state, displacement, missing, slot });
            }
            self.states[state].touched = touched;
            self.states[state].touched.clear();
        }
        self.fills.reverse();
        &self.fills
    }

    /// Where a slice that was asked for in this step is kept.
    ///
    /// # Panics
    /// If it was not.
    pub(super) fn slot(&self, state: usize, displacement: Displacement) -> usize {
        let states = &self.states[state];
        let slot = states.slot_of[states.index(displacement)];
        assert_ne!(slot, NOWHERE, "a stage reads a slice that it has not asked for");
        slot as usize
    }

    /// Number of slots of every state so far.
    pub(super) fn slots(&self) -> impl Iterator<Item = usize> {
        self.states.iter().map(|state| state.slots.len())
    }
}
