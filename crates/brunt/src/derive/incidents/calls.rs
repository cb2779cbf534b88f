//! Which services call which, as far as spans tell.

use std::collections::{HashMap, HashSet};

use super::service;
use crate::derive::symbols::Sym;
use crate::derive::tree::{NO_NODE, Tree};
use crate::derive::window::Window;

/// The calls between services that some traces show.
#[derive(Debug, Default)]
pub(super) struct Calls {
    called: HashMap<Sym, HashSet<Sym>>,
    callers: HashMap<Sym, HashSet<Sym>>,
}

/// Of the services that are asked for, those that they call or are called by.
#[derive(Debug, Default)]
pub(super) struct Related(HashMap<Sym, Vec<Sym>>);

impl Calls {
    /// Takes in the calls of a trace: spans of one service right below spans of another.
    pub(super) fn add(&mut self, window: &Window, tree: &Tree) {
        for node in tree.nodes.iter().filter(|node| node.parent != NO_NODE) {
            let caller = service(window, tree.nodes[node.parent as usize].at);
            self.call(caller, service(window, node.at));
        }
    }

    /// Whom each of these services calls or is called by, however many calls lie between; never itself.
    pub(super) fn related(&self, services: impl Iterator<Item = Sym>) -> Related {
        let mut related = Related::default();
        for service in services {
            related.0.entry(service).or_insert_with(|| {
                let mut all = reached(&self.called, service);
                all.extend(reached(&self.callers, service));
                all.remove(&service);
                all.into_iter().collect()
            });
        }
        related
    }

    fn call(&mut self, caller: Sym, called: Sym) {
        if caller.is_some() && called.is_some() && caller != called {
            self.called.entry(caller).or_default().insert(called);
            self.callers.entry(called).or_default().insert(caller);
        }
    }
}

impl Related {
    /// Those of a service that was asked for, in no order.
    pub(super) fn of(&self, service: Sym) -> &[Sym] {
        self.0.get(&service).map(Vec::as_slice).unwrap_or_default()
    }
}

fn reached(next: &HashMap<Sym, HashSet<Sym>>, from: Sym) -> HashSet<Sym> {
    let mut reached = HashSet::new();
    let mut to_walk = vec![from];
    while let Some(service) = to_walk.pop() {
        let new = next.get(&service).into_iter().flatten();
        to_walk.extend(new.filter(|service| reached.insert(**service)));
    }
    reached
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn services_on_one_way_of_calls_are_related_and_siblings_are_not() {
        let [front, cart, stock, mail] = [1, 2, 3, 4].map(Sym);
        let mut calls = Calls::default();
        for (caller, called) in [(front, cart), (cart, stock), (front, mail), (Sym::NONE, mail)] {
            calls.call(caller, called);
        }
        let related = calls.related([front, stock, mail].into_iter());
        let of = |service| related.of(service).iter().copied().collect::<HashSet<Sym>>();
        assert_eq!(of(front), HashSet::from([cart, stock, mail]));
        assert_eq!(of(stock), HashSet::from([front, cart]));
        assert_eq!(of(mail), HashSet::from([front]));
    }

    #[test]
    fn a_circle_of_calls_is_walked_once_and_nobody_is_related_to_itself() {
        let mut calls = Calls::default();
        calls.call(Sym(1), Sym(2));
        calls.call(Sym(2), Sym(1));
        assert_eq!(calls.related([Sym(1)].into_iter()).of(Sym(1)), [Sym(2)]);
    }
}
