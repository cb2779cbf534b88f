//! Splitting activities into nested cells, one digit after another.

use std::sync::Mutex;

use super::digits::{Digits, Placed};
use super::population::Population;
use super::{NONE, index};

/// A kept cell has at least this many entries.
pub(super) const CELL_UNITS_MIN: u32 = 30;

/// Digits that split whatever the sizes: stage and op.
const LEVELS_ALWAYS: usize = 2;

/// A cell of one level: where it starts among the ordered activities, how many entries it holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) start: u32,
    pub(super) n_units: u32,
}

/// Activities in order of their leaf, within a leaf in the population's order; and the cells of each level, which are
/// ranges of that order.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Cells {
    pub(super) order: Vec<Placed>,
    pub(super) levels: Vec<Vec<Span>>,
}

/// Splits every cell by the next digit: children with at least [`CELL_UNITS_MIN`] entries stay, the others of one
/// parent become one `rest` cell, a `rest` that is too small joins its smallest kept sibling, and a parent without a
/// kept child is not split. Cells below the first two levels are shared out to `n_threads`.
pub(super) fn split(population: &Population, digits: &Digits, n_threads: usize) -> Cells {
    let n_levels = digits.order.len();
    let mut order = Vec::with_capacity(population.n_activities());
    for (entry, of) in (0..).zip(&population.entries) {
        let own = of.first_activity..of.end_activity;
        order.extend(own.map(|activity| Placed { activity, entry }));
    }
    if order.is_empty() {
        return Cells { order, levels: vec![Vec::new(); n_levels] };
    }
    let mut splitter = Splitter::new(population, digits);
    let whole = Span { start: 0, n_units: population.n_entries() };
    let mut tops = vec![whole];
    let mut levels = Vec::new();
    for level in 0..LEVELS_ALWAYS {
        let mut next = Vec::new();
        for (idx, cell) in tops.iter().enumerate() {
            let end = tops.get(idx + 1).map_or(order.len(), |after| after.start as usize);
            splitter.children(&mut order[cell.start as usize..end], *cell, level, &mut next);
        }
        levels.push(next.clone());
        tops = next;
    }
    levels.extend(split_below(population, digits, &mut order, &tops, n_threads));
    Cells { order, levels }
}

/// The levels below the cells `tops`.
fn split_below(
    population: &Population,
    digits: &Digits,
    order: &mut [Placed],
    tops: &[Span],
    n_threads: usize,
) -> Vec<Vec<Span>> {
    let n_below = digits.order.len() - LEVELS_ALWAYS;
    let mut tasks = Vec::with_capacity(tops.len());
    let mut rest = order;
    for (idx, cell) in tops.iter().enumerate() {
        let end = tops.get(idx + 1).map_or(rest.len(), |next| (next.start - cell.start) as usize);
        let (own, after) = rest.split_at_mut(end);
        tasks.push((idx, *cell, own));
        rest = after;
    }
    // The largest first, so that no thread begins it when the others are done.
    tasks.sort_by_key(|(_, _, own)| std::cmp::Reverse(own.len()));
    let tasks = Mutex::new(tasks.into_iter());
    let next = || tasks.lock().ok()?.next();
    let work = || {
        let mut splitter = Splitter::new(population, digits);
        let mut done = Vec::new();
        while let Some((idx, cell, own)) = next() {
            let mut levels = vec![Vec::new(); n_below];
            splitter.descend(own, cell, LEVELS_ALWAYS, &mut levels);
            done.push((idx, levels));
        }
        done
    };
    let mut done: Vec<(usize, Vec<Vec<Span>>)> = crate::threads::on_threads(n_threads, work);
    done.sort_by_key(|(idx, _)| *idx);
    let mut levels = vec![Vec::new(); n_below];
    for (_, below) in done {
        for (level, cells) in levels.iter_mut().zip(below) {
            level.extend(cells);
        }
    }
    levels
}

struct Splitter<'a> {
    population: &'a Population,
    digits: &'a Digits,
    /// For each code of the digit at hand; reset after each cell.
    values: Vec<Value>,
    used: Vec<usize>,
    /// The codes of the rows at hand.
    codes: Vec<u32>,
    moved: Vec<Placed>,
}

#[derive(Debug, Clone, Copy)]
struct Value {
    n_rows: usize,
    n_units: u32,
    /// The entry last seen with this value: rows of one entry follow each other.
    last_entry: u32,
    /// The child that takes it, by its place among the children.
    child: usize,
}

const EMPTY: Value = Value { n_rows: 0, n_units: 0, last_entry: NONE, child: 0 };

impl<'a> Splitter<'a> {
    fn new(population: &'a Population, digits: &'a Digits) -> Self {
        let n_values = digits.order.iter().map(|digit| digits.n_codes(*digit)).max().unwrap_or(0);
        let values = vec![EMPTY; n_values];
        let (used, codes, moved) = (Vec::new(), Vec::new(), Vec::new());
        Self { population, digits, values, used, codes, moved }
    }

    /// Splits `own`, the rows of `cell`, down to the leaves, noting the cells of each level.
    fn descend(&mut self, own: &mut [Placed], cell: Span, level: usize, levels: &mut [Vec<Span>]) {
        if level == self.digits.order.len() {
            return;
        }
        let mut children = Vec::new();
        self.children(own, cell, level, &mut children);
        levels[level - LEVELS_ALWAYS].extend_from_slice(&children);
        for (idx, child) in children.iter().enumerate() {
            let start = (child.start - cell.start) as usize;
            let end =
                children.get(idx + 1).map_or(own.len(), |next| (next.start - cell.start) as usize);
            self.descend(&mut own[start..end], *child, level + 1, levels);
        }
    }

    /// Orders the rows of a cell by its children and appends these; a cell that is not split is its own child.
    fn children(&mut self, own: &mut [Placed], cell: Span, level: usize, to: &mut Vec<Span>) {
        if level >= LEVELS_ALWAYS && cell.n_units < CELL_UNITS_MIN {
            to.push(cell);
            return;
        }
        let digit = self.digits.order[level];
        self.digits.codes_into(digit, self.population, own, &mut self.codes);
        self.count(own);
        let children =
            if level < LEVELS_ALWAYS { self.all_apart() } else { self.small_pooled(own) };
        if children.len() > 1 {
            let mut starts = vec![0; children.len() + 1];
            for value in &self.used {
                starts[self.values[*value].child + 1] += self.values[*value].n_rows;
            }
            for child in 0..children.len() {
                starts[child + 1] += starts[child];
                let start = cell.start + index(starts[child]);
                to.push(Span { start, n_units: children[child] });
            }
            self.reorder(own, starts);
        } else {
            to.push(cell);
        }
        for value in self.used.drain(..) {
            self.values[value] = EMPTY;
        }
    }

    /// Rows and entries of each value.
    fn count(&mut self, own: &[Placed]) {
        for (row, &code) in own.iter().zip(&self.codes) {
            let value = &mut self.values[code as usize];
            if value.n_rows == 0 {
                self.used.push(code as usize);
            }
            value.n_rows += 1;
            if value.last_entry != row.entry {
                value.last_entry = row.entry;
                value.n_units += 1;
            }
        }
        self.used.sort_unstable();
    }

    /// A child for each value; gives the entries of each child.
    fn all_apart(&mut self) -> Vec<u32> {
        let mut children = Vec::with_capacity(self.used.len());
        for value in &self.used {
            self.values[*value].child = children.len();
            children.push(self.values[*value].n_units);
        }
        children
    }

    /// A child for each kept value, in order, then the rest; gives the entries of each child, nothing where no value
    /// is kept.
    fn small_pooled(&mut self, own: &[Placed]) -> Vec<u32> {
        let mut children = Vec::new();
        let mut small = Vec::new();
        for value in &self.used {
            let n_units = self.values[*value].n_units;
            if n_units >= CELL_UNITS_MIN {
                self.values[*value].child = children.len();
                children.push(n_units);
            } else {
                small.push(*value);
            }
        }
        let Some(smallest) = (0..children.len()).min_by_key(|child| children[*child]) else {
            return children;
        };
        if small.is_empty() {
            return children;
        }
        let rest = children.len();
        for value in &small {
            self.values[*value].child = rest;
        }
        let n_units = self.n_units(own, rest);
        if n_units >= CELL_UNITS_MIN {
            children.push(n_units);
        } else {
            for value in small {
                self.values[value].child = smallest;
            }
            children[smallest] = self.n_units(own, smallest);
        }
        children
    }

    /// Entries of one child.
    fn n_units(&self, own: &[Placed], child: usize) -> u32 {
        let (mut n_units, mut last) = (0, NONE);
        for (row, code) in own.iter().zip(&self.codes) {
            if row.entry != last && self.values[*code as usize].child == child {
                (n_units, last) = (n_units + 1, row.entry);
            }
        }
        n_units
    }

    /// Moves the rows of each child together, keeping their order; `places` are the children's starts.
    fn reorder(&mut self, own: &mut [Placed], mut places: Vec<usize>) {
        self.moved.resize(self.moved.len().max(own.len()), Placed::default());
        for (row, code) in own.iter().zip(&self.codes) {
            let place = &mut places[self.values[*code as usize].child];
            self.moved[*place] = *row;
            *place += 1;
        }
        own.copy_from_slice(&self.moved[..own.len()]);
    }
}
