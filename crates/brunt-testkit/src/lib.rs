//! A seeded shop with planted bugs whose true cost is known.

mod activities;
mod bugs;
mod draws;
mod exports;
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
