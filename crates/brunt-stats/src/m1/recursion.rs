//! Values of the matched cells, where those who are hit later count with the value of the cell they are hit in.

use super::matching::Matching;

/// Rounds before giving up.
const ROUNDS_MAX: usize = 200;

/// Iteration ends when no value moves by more than this share of the largest.
const SHIFT_DONE: f64 = 1e-9;

/// A larger shift after the last round is reported.
const SHIFT_CONVERGED: f64 = 1e-7;

/// What an at-risk activity of each matched cell goes on to achieve.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Values {
    /// V: the chance of conversion.
    pub(super) conversion: Vec<f64>,
    /// M: the expected revenue.
    pub(super) revenue: Vec<f64>,
    /// lambda: how often a never-hit activity of the cell stands in for an affected one.
    pub(super) weight: Vec<f64>,
    pub(super) converged: bool,
}

/// Solves V = (b + A V) / n (redistribution to the right, Efron 1967; as transitions between states, Aalen & Johansen
/// 1978), the same for revenue, and the adjoint lambda = (d + A' lambda) / n, so that the sum of V over hits is the sum
/// of lambda b over cells.
pub(super) fn solve(matching: &Matching) -> Values {
    let forward = Links::of(matching, |flow| (flow.from, flow.to));
    let backward = Links::of(matching, |flow| (flow.to, flow.from));
    // A first hit lies at the same place of the journey or later than what went before it, so cells are taken from
    // the last to the first for values, and the other way round for weights.
    let n_cells = matching.cells.len();
    let (conversion, y_converged) =
        forward.iterate(matching, |cell| matching.cells[cell].y, &(0..n_cells).rev());
    let (revenue, r_converged) =
        forward.iterate(matching, |cell| matching.cells[cell].r, &(0..n_cells).rev());
    let (weight, weight_converged) =
        backward.iterate(matching, |cell| matching.cells[cell].n_hits, &(0..n_cells));
    let converged = y_converged && r_converged && weight_converged;
    Values { conversion, revenue, weight, converged }
}

/// For each cell, the cells that its value draws on.
struct Links {
    /// Links of cell c are `first[c]..first[c + 1]`.
    first: Vec<usize>,
    links: Vec<(u32, f64)>,
}

impl Links {
    fn of(matching: &Matching, ends: impl Fn(&super::matching::Flow) -> (u32, u32)) -> Self {
        let n_cells = matching.cells.len();
        let mut first = vec![0; n_cells + 1];
        for flow in &matching.flows {
            first[ends(flow).0 as usize + 1] += 1;
        }
        for cell in 0..n_cells {
            first[cell + 1] += first[cell];
        }
        let mut next = first.clone();
        let mut links = vec![(0, 0.0); matching.flows.len()];
        for flow in &matching.flows {
            let (at, other) = ends(flow);
            links[next[at as usize]] = (other, flow.n);
            next[at as usize] += 1;
        }
        Self { first, links }
    }

    /// Solves x = (own + links x) / n in place, starting from what the never-hit say.
    fn iterate(
        &self,
        matching: &Matching,
        own: impl Fn(usize) -> f64,
        order: &(impl Iterator<Item = usize> + Clone),
    ) -> (Vec<f64>, bool) {
        let mut x: Vec<f64> = (0..matching.cells.len())
            .map(|cell| match matching.cells[cell].n_never {
                n if n > 0.0 => own(cell) / n,
                _ => 0.0,
            })
            .collect();
        let mut shift = 0.0;
        for _ in 0..ROUNDS_MAX {
            let (mut moved, mut largest) = (0.0_f64, 0.0_f64);
            for cell in order.clone() {
                let links = &self.links[self.first[cell]..self.first[cell + 1]];
                let drawn: f64 = links.iter().map(|(other, n)| n * x[*other as usize]).sum();
                let next = (own(cell) + drawn) / matching.cells[cell].n_at_risk;
                moved = moved.max((next - x[cell]).abs());
                largest = largest.max(next.abs());
                x[cell] = next;
            }
            shift = if largest > 0.0 { moved / largest } else { 0.0 };
            if shift <= SHIFT_DONE {
                break;
            }
        }
        (x, shift <= SHIFT_CONVERGED)
    }
}
