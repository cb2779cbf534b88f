//! A seeded shop with planted bugs whose true cost is known.
//!
//! ```text
//! seed ─► people ─► visits ─► activities ─┬─► Activities, in memory, for an estimator
//!                    ▲                    ├─► truth: the affected visits again, with one bug off
//!                    bugs                 └─► exports: the same visits as files, for the loader
//! ```
//!
//! # One simulation, two outputs
//! Users visit the shop on some of its days; a visit is one entry of the journey `checkout` (visit, product, cart,
//! checkout, payment, purchase) and may spread over up to three browser sessions of one day. Visits of one user lie
//! two days and more apart, so that what happens in one reaches no other.
//! [`Shop::activities`] and [`Shop::write_exports`] tell the same visits, activity by activity:
//!
//! | in memory | in the exports |
//! |---|---|
//! | unit | `usr.id` of session events, [`user_id`]; every session says it at least once, not with every event |
//! | account (cluster) | `account.id` of a session's first event, [`account_id`] |
//! | activity, request | a root span of `gateway`, kind `SERVER`; its `session.id` is on the root span, else on a log of its trace |
//! | activity, client event | a session event of kind `page_view` or `click` without `trace_id`; events that share a request's trace are no activity of their own |
//! | `op` | `METHOD route` of the root span (`http.request.method`, `http.route`), or the event's `event.name`; the same whether it worked or not |
//! | `ts` | start of the root span, or `ts` of the event, to the microsecond |
//! | step 0 visit | event `view_home` |
//! | step 1 product, 2 cart, 3 checkout | events `view_product`, `add_to_cart`, `begin_checkout` in the trace of their request, just after its end; absent where the request failed |
//! | step 4 payment | `SERVER` span of `payment`; there whenever a payment was tried |
//! | step 5 purchase | event with `order.id` and `order.value` in the payment's trace, just after its end |
//! | `stage` | steps reached strictly before the activity, in order: an activity that does a step is still at the stage before |
//! | bug | an exception with [`ErrorLook`]'s type, message and service: by trace where there is one, else an error event at most 1.2 s after its activity, and no other activity comes sooner than 2 s |
//! | `window_over` | entry + 24 h is not after [`Shop::until`], the time of the newest row of all exports |
//! | covariates | on a session's first event: `device.type`, `plan.tier`, `service.version`, `browser.name`, `geo.country`; hour bands are of UTC |
//!
//! Only the span that threw has status `ERROR`; the spans above it carry the HTTP status alone, so that a failure is
//! one error and not one for each caller. Some failures are an exception event of a span and a log with the same
//! stack: one error, told twice. Business refusals (card declined, sold out) are no errors.
//!
//! # Truth
//! Every draw comes from a stream named by user, visit, activity and purpose, so a bug switched off changes its own
//! consequences and nothing else. [`Shop::truth`] walks each affected visit again with that one bug off: lost
//! conversions and revenue are the difference. Whether a bug strikes depends on what the exports show (stage, op,
//! pause, device, plan, hour of the entry, version, account) and on chance, never on how much the visitor wants to buy.
//!
//! ```
//! use brunt_testkit::{Bug, Shop, ShopOptions};
//!
//! let shop = Shop::new(ShopOptions { seed: 7, n_users: 2_000, ..ShopOptions::default() });
//! let truth = shop.truth();
//! let costliest = truth.iter().max_by_key(|bug| bug.lost_conversions);
//! let loudest = truth.iter().max_by_key(|bug| bug.n_affected);
//! assert_eq!(costliest.map(|bug| bug.bug), Some(Bug::PaymentTimeout));
//! assert_eq!(loudest.map(|bug| (bug.bug, bug.lost_conversions)), Some((Bug::LogoutNoise, 0)));
//! ```

mod activities;
mod bugs;
mod draws;
mod exports;
pub mod needs;
mod ops;
mod options;
mod people;
mod shop;
mod visit;

pub use activities::{Activities, Entries, op_names};
pub use bugs::{Bug, BugSet, ErrorLook};
pub use exports::Written;
pub use ops::{Op, STEPS};
pub use options::{END_DAY, ShopOptions};
pub use people::{BROWSERS, COUNTRIES, DEVICES, HOUR_BANDS, PLANS, VERSIONS, account_id, user_id};
pub use shop::{PlantedBug, Shop};
pub use visit::WINDOW;
