//! Which rows are the orders: of each order id one, the earliest with a positive value, else the earliest without one.

use std::collections::{HashMap, HashSet};

use brunt_model::Day;

use super::REACH_DAYS;
use super::symbols::Sym;
use super::window::{At, Window};

/// The orders among the rows of the five days that a day depends on; refunds are none.
pub(super) fn orders(window: &Window, day: Day) -> HashSet<At> {
    let mut chosen: HashMap<Sym, (bool, At)> = HashMap::new();
    for other in (-REACH_DAYS..=REACH_DAYS).map(|n| day.plus(n)).filter(|other| window.has(*other))
    {
        let facts = window.facts(other);
        for (row_idx, row) in (0_u32..).zip(&facts.rows) {
            let Some(event) = facts.event(row).filter(|event| event.order.is_some()) else {
                continue;
            };
            let value = event.order_value.get().unwrap_or_default();
            if value < 0 {
                continue;
            }
            // False before true: a positive value before none.
            let rank = (value == 0, At { day: other, row: row_idx });
            let best = chosen.entry(event.order).or_insert(rank);
            *best = rank.min(*best);
        }
    }
    chosen.into_values().map(|(_, at)| at).collect()
}
