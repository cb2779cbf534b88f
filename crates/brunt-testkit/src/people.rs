//! Who uses the shop: users with plan, device, country, browser, and the accounts that they belong to.

use crate::draws::{Stream, code};
use crate::options::ShopOptions;

/// Device types, in the order of their codes.
pub const DEVICES: &[&str] = &["desktop", "mobile", "tablet"];
/// Plan tiers, in the order of their codes.
pub const PLANS: &[&str] = &["free", "plus", "business"];
/// Hour bands of the entry's time of day (UTC), in the order of their codes.
pub const HOUR_BANDS: &[&str] = &["0-5", "6-11", "12-17", "18-23"];
/// Versions of the shop's client, oldest first, in the order of their codes.
pub const VERSIONS: &[&str] = &["5.2.9", "5.3.0", "5.3.1", "5.3.2"];
/// Browsers, in the order of their codes.
pub const BROWSERS: &[&str] = &["Chrome", "Safari", "Firefox", "Edge"];
/// Countries, in the order of their codes.
pub const COUNTRIES: &[&str] = &["US", "DE", "GB", "BR", "IN", "FR", "MX", "JP"];

pub(crate) const MOBILE: u8 = 1;
pub(crate) const PLUS: u8 = 1;
pub(crate) const BUSINESS: u8 = 2;

const COUNTRY_WEIGHTS: [f64; 8] = [30.0, 14.0, 12.0, 12.0, 10.0, 8.0, 8.0, 6.0];
/// Share of users that belong to a company's account.
const COMPANY_SHARE: f64 = 0.18;
const USERS_PER_COMPANY: f64 = 6.0;

/// One user, computed from the seed and the user's number whenever it is needed.
#[derive(Debug, Clone)]
pub(crate) struct Person {
    pub(crate) unit: u32,
    pub(crate) stream: Stream,
    pub(crate) account: Account,
    pub(crate) device: u8,
    pub(crate) plan: u8,
    pub(crate) browser: u8,
    pub(crate) country: u8,
    /// Not in any export: how much this user wants to buy.
    pub(crate) intent: f64,
    /// Not in any export: how much this user does.
    pub(crate) engagement: f64,
    /// Not in any export: log of the factor on think times.
    pub(crate) pace: f64,
    /// How long after a release this user's client runs it.
    pub(crate) update_lag_days: f64,
}

/// An account: a company with several users, or one person's own.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Account {
    pub(crate) idx: u32,
    pub(crate) company: bool,
    pub(crate) plan: u8,
    pub(crate) country: u8,
    /// Shared by its users, and not in any export.
    pub(crate) intent: f64,
    /// Over its order limit: its users meet `account_limit`.
    pub(crate) over_limit: bool,
    pub(crate) stream: Stream,
}

/// The user's id in exports.
pub fn user_id(unit: u32) -> String {
    format!("user_{unit:06}")
}

/// The account's id in exports.
pub fn account_id(account: u32) -> String {
    format!("acct_{account:06}")
}

pub(crate) fn n_companies(options: &ShopOptions) -> u32 {
    let n = crate::draws::whole(f64::from(options.n_users) * COMPANY_SHARE / USERS_PER_COMPANY);
    u32::try_from(n).unwrap_or(0).max(1)
}

pub(crate) fn person(options: &ShopOptions, unit: u32) -> Person {
    let stream = Stream::new(options.seed).named("user").nth(unit);
    let account = account_of(options, unit);
    let device = code(stream.pick("device", &[0.40, 0.52, 0.08]));
    let browser_weights: &[f64] = match device {
        0 => &[0.60, 0.12, 0.14, 0.14],
        _ => &[0.52, 0.42, 0.06, 0.0],
    };
    let country = if account.company && stream.uniform("at home") < 0.8 {
        account.country
    } else {
        code(stream.pick("country", &COUNTRY_WEIGHTS))
    };
    let own_intent = stream.normal("intent");
    Person {
        unit,
        stream,
        account,
        device,
        plan: account.plan,
        browser: code(stream.pick("browser", browser_weights)),
        country,
        intent: 0.6 * own_intent + account.intent,
        engagement: 0.45 * stream.normal("engagement") + 0.15 * own_intent,
        pace: 0.35 * stream.normal("pace") - 0.12 * own_intent,
        update_lag_days: if device == 0 { 0.1 } else { stream.exponential("lag") },
    }
}

/// Companies come first; the account of a user without a company follows them, at the user's own number.
pub(crate) fn account_of(options: &ShopOptions, unit: u32) -> Account {
    let stream = Stream::new(options.seed).named("user").nth(unit);
    let n_companies = n_companies(options);
    if stream.uniform("company") < COMPANY_SHARE {
        // The square makes some companies large: the first hundredth of them has a tenth of the users.
        let place = stream.uniform("which company").powi(2) * f64::from(n_companies);
        let idx = u32::try_from(crate::draws::whole(place)).unwrap_or(0);
        company(options, idx.min(n_companies - 1))
    } else {
        let stream = stream.named("account");
        Account {
            idx: n_companies + unit,
            company: false,
            plan: u8::from(stream.uniform("plan") < 0.32),
            country: 0,
            intent: 0.0,
            over_limit: false,
            stream,
        }
    }
}

pub(crate) fn company(options: &ShopOptions, idx: u32) -> Account {
    let stream = Stream::new(options.seed).named("company").nth(idx);
    Account {
        idx,
        company: true,
        plan: if stream.uniform("plan") < 0.7 { BUSINESS } else { PLUS },
        country: code(stream.pick("country", &COUNTRY_WEIGHTS)),
        intent: 0.35 * stream.normal("intent"),
        over_limit: stream.uniform("over limit") < 0.15,
        stream,
    }
}
