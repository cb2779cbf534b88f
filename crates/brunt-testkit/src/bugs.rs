//! The planted bugs: when each strikes, what it does to the visitor, and what its error looks like.

use crate::ops::Op;
use crate::people::{BUSINESS, MOBILE, PLUS};

/// A planted bug. Its number is its bit in a [`BugSet`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Bug {
    LogoutNoise,
    PaymentTimeout,
    GatewayRetry,
    PaymentProbe,
    ShippingQuote,
    MobileCart,
    RecsFallback,
    StalePrice,
    SearchSlow,
    VersionCrash,
    AccountLimit,
    RareCoupon,
    PlanBanner,
    InventoryRace,
    AvatarMissing,
    LocaleFallback,
    AddressAutocomplete,
    ReviewImage,
}

/// A set of bugs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub struct BugSet(u32);

/// What finds a bug's error group among others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ErrorLook {
    pub exception_type: &'static str,
    pub message_prefix: &'static str,
    pub service: &'static str,
}

/// Where a bug's error is recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// A session event of the client.
    Client,
    /// An exception event of the service's span.
    Span,
    /// A log of the service that carries the trace id and nothing else to join by.
    Log,
    /// Both of these: one exception, recorded twice.
    SpanAndLog,
}

/// What a bug does to the activity that it strikes, and to the visitor.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Effect {
    /// The activity fails: no step is reached by it.
    pub(crate) blocks: bool,
    /// Added to the logarithm of the weight of leaving, for the rest of the visit.
    pub(crate) annoyance: f64,
    /// Chance to leave at once.
    pub(crate) quits: f64,
    pub(crate) delay_s: f64,
}

/// The state of things in which an activity may meet a bug: measured things only, as the estimator assumes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Moment {
    pub(crate) stage: u8,
    pub(crate) op: Op,
    /// Time since the previous activity of the visit: below 30 s, below 300 s, longer; 0 for the first.
    pub(crate) gap_band: u8,
    pub(crate) device: u8,
    pub(crate) plan: u8,
    /// Of the entry.
    pub(crate) hour_band: u8,
    pub(crate) version: u8,
    pub(crate) over_limit: bool,
}

/// Everything about a bug but its truth.
#[derive(Debug, Clone, Copy)]
pub(crate) struct BugFacts {
    pub(crate) bug: Bug,
    pub(crate) name: &'static str,
    pub(crate) effect: Effect,
    /// Goes wherever that bug goes, and nowhere else.
    pub(crate) companion_of: Option<Bug>,
    pub(crate) look: ErrorLook,
    pub(crate) place: Place,
    /// Share of affected visits that write a ticket about it.
    pub(crate) ticket_share: f64,
    pub(crate) note: &'static str,
}

impl Place {
    pub(crate) fn on_span(self) -> bool {
        matches!(self, Self::Span | Self::SpanAndLog)
    }

    pub(crate) fn in_log(self) -> bool {
        matches!(self, Self::Log | Self::SpanAndLog)
    }
}

impl Effect {
    pub(crate) fn is_none(&self) -> bool {
        *self == HARMLESS
    }
}

const HARMLESS: Effect = Effect { blocks: false, annoyance: 0.0, quits: 0.0, delay_s: 0.0 };

const fn annoys(annoyance: f64, delay_s: f64) -> Effect {
    Effect { blocks: false, annoyance, quits: 0.0, delay_s }
}

const fn blocks(annoyance: f64, quits: f64) -> Effect {
    Effect { blocks: true, annoyance, quits, delay_s: 0.0 }
}

const fn on(
    place: Place,
    service: &'static str,
    exception_type: &'static str,
    message_prefix: &'static str,
) -> (ErrorLook, Place) {
    (ErrorLook { exception_type, message_prefix, service }, place)
}

const fn facts(
    bug: Bug,
    name: &'static str,
    effect: Effect,
    (look, place): (ErrorLook, Place),
    ticket_share: f64,
    note: &'static str,
) -> BugFacts {
    BugFacts { bug, name, effect, companion_of: None, look, place, ticket_share, note }
}

pub(crate) const BUGS: [BugFacts; 18] = [
    facts(
        Bug::LogoutNoise,
        "logout_noise",
        HARMLESS,
        on(Place::Client, "frontend", "LogoutError", "Failed to clear session on logout"),
        0.002,
        "the loudest of all, more often after a pause; costs nothing",
    ),
    facts(
        Bug::PaymentTimeout,
        "payment_timeout",
        Effect { blocks: true, annoyance: 1.5, quits: 0.35, delay_s: 8.0 },
        on(
            Place::SpanAndLog,
            "payment",
            "com.shop.payment.PaymentTimeoutException",
            "Payment authorization timed out",
        ),
        0.12,
        "quiet and the costliest: one payment in sixteen fails late",
    ),
    BugFacts {
        bug: Bug::GatewayRetry,
        name: "gateway_retry",
        effect: HARMLESS,
        companion_of: Some(Bug::PaymentTimeout),
        look: ErrorLook {
            exception_type: "UpstreamRetryError",
            message_prefix: "Retry budget exhausted for upstream payment",
            service: "gateway",
        },
        place: Place::Log,
        ticket_share: 0.0,
        note: "a log line that goes with every payment_timeout and with nothing else",
    },
    facts(
        Bug::PaymentProbe,
        "payment_probe",
        HARMLESS,
        on(
            Place::Log,
            "payment",
            "com.shop.payment.probe.BankProbeException",
            "Bank probe skipped",
        ),
        0.0,
        "on 15 % of payment attempts, whether they fail or not; costs nothing",
    ),
    facts(
        Bug::ShippingQuote,
        "shipping_quote",
        blocks(0.6, 0.05),
        on(
            Place::Span,
            "shipping",
            "shop.shipping.QuoteUnavailable",
            "No carrier quote for destination",
        ),
        0.03,
        "only people far in the funnel meet it, so the naive difference has the wrong sign",
    ),
    facts(
        Bug::MobileCart,
        "mobile_cart",
        blocks(0.7, 0.05),
        on(Place::SpanAndLog, "cart", "CartSyncError", "Cart version conflict"),
        0.03,
        "nearly only on mobile devices, which buy less anyway",
    ),
    facts(
        Bug::RecsFallback,
        "recs_fallback",
        HARMLESS,
        on(
            Place::Client,
            "frontend",
            "RecommendationFallbackError",
            "Recommendations unavailable for slot",
        ),
        0.0,
        "on 40 % of the activities of those who have seen a product; costs nothing",
    ),
    facts(
        Bug::StalePrice,
        "stale_price",
        annoys(0.12, 0.0),
        on(Place::Client, "frontend", "StalePriceError", "Displayed price differs from cart price"),
        0.002,
        "meets 40 % of those with something in the cart, and costs each a little",
    ),
    facts(
        Bug::SearchSlow,
        "search_slow",
        annoys(0.22, 3.0),
        on(Place::Log, "search", "shop.search.SearchTimeout", "Search shard did not answer"),
        0.003,
        "mild, more often in the evening",
    ),
    facts(
        Bug::VersionCrash,
        "version_crash",
        blocks(0.5, 0.5),
        on(
            Place::Client,
            "frontend",
            "TypeError",
            "Cannot read properties of undefined (reading 'variants')",
        ),
        0.05,
        "client version 5.3.1 only",
    ),
    facts(
        Bug::AccountLimit,
        "account_limit",
        blocks(0.6, 0.05),
        on(
            Place::Span,
            "checkout",
            "com.shop.checkout.AccountLimitException",
            "Order limit reached for account",
        ),
        0.15,
        "a few company accounts meet it again and again",
    ),
    facts(
        Bug::RareCoupon,
        "rare_coupon",
        blocks(1.5, 0.45),
        on(
            Place::SpanAndLog,
            "pricing",
            "shop.pricing.CouponStateError",
            "Coupon ledger is inconsistent",
        ),
        0.2,
        "a few dozen affected, most of them lost",
    ),
    facts(
        Bug::PlanBanner,
        "plan_banner",
        HARMLESS,
        on(Place::Client, "frontend", "BannerError", "Upgrade banner has no target for plan"),
        0.0,
        "mostly on the business plan, which buys more anyway; costs nothing",
    ),
    facts(
        Bug::InventoryRace,
        "inventory_race",
        blocks(0.3, 0.0),
        on(
            Place::Span,
            "inventory",
            "com.shop.inventory.ReservationConflictException",
            "Reservation conflict on sku",
        ),
        0.02,
        "tiny",
    ),
    facts(
        Bug::AvatarMissing,
        "avatar_missing",
        HARMLESS,
        on(Place::Log, "auth", "shop.auth.AvatarNotFound", "No avatar for user"),
        0.0,
        "tiny; costs nothing",
    ),
    facts(
        Bug::LocaleFallback,
        "locale_fallback",
        HARMLESS,
        on(Place::Client, "frontend", "RangeError", "Incorrect locale information provided"),
        0.0,
        "tiny; costs nothing",
    ),
    facts(
        Bug::AddressAutocomplete,
        "address_autocomplete",
        HARMLESS,
        on(
            Place::Client,
            "frontend",
            "AutocompleteError",
            "Address suggestion request was aborted",
        ),
        0.0,
        "tiny; costs nothing",
    ),
    facts(
        Bug::ReviewImage,
        "review_image",
        HARMLESS,
        on(Place::Client, "frontend", "ImageDecodeError", "Could not decode review image"),
        0.0,
        "tiny; costs nothing",
    ),
];

/// Chance that `bug` strikes in `moment`; a companion's is 0, it goes with its bug.
pub(crate) fn chance(bug: Bug, moment: Moment) -> f64 {
    let at = |op: Op, p: f64| if moment.op == op { p } else { 0.0 };
    match bug {
        Bug::LogoutNoise => [0.10, 0.15, 0.22][usize::from(moment.gap_band)],
        Bug::PaymentTimeout => at(Op::Payment, 0.065),
        Bug::GatewayRetry => 0.0,
        Bug::PaymentProbe => at(Op::Payment, 0.15),
        Bug::ShippingQuote => at(Op::ShippingQuote, 0.07),
        Bug::MobileCart => at(Op::AddToCart, if moment.device == MOBILE { 0.05 } else { 0.003 }),
        Bug::RecsFallback => {
            if moment.stage == 2 {
                0.40
            } else {
                0.0
            }
        }
        Bug::StalePrice => {
            if moment.stage == 3 {
                0.27
            } else {
                0.0
            }
        }
        Bug::SearchSlow => at(Op::Search, if moment.hour_band == 3 { 0.13 } else { 0.06 }),
        Bug::VersionCrash => at(Op::Product, if moment.version == 2 { 0.035 } else { 0.0 }),
        Bug::AccountLimit => at(Op::Checkout, if moment.over_limit { 0.5 } else { 0.0 }),
        Bug::RareCoupon => at(Op::Coupon, 0.025),
        Bug::PlanBanner => match moment.op {
            Op::Product if moment.plan == BUSINESS => 0.30,
            Op::Product if moment.plan == PLUS => 0.12,
            Op::Product => 0.02,
            _ => 0.0,
        },
        Bug::InventoryRace => at(Op::AddToCart, 0.006),
        Bug::AvatarMissing => at(Op::Login, 0.02),
        Bug::LocaleFallback => at(Op::Home, 0.002),
        Bug::AddressAutocomplete => at(Op::EditAddress, 0.03),
        Bug::ReviewImage => at(Op::Reviews, 0.006),
    }
}

impl Bug {
    /// All bugs, in the order of their bits.
    pub fn all() -> impl Iterator<Item = Self> {
        BUGS.iter().map(|facts| facts.bug)
    }

    pub(crate) fn facts(self) -> &'static BugFacts {
        &BUGS[usize::from(self as u8)]
    }

    pub fn name(self) -> &'static str {
        self.facts().name
    }
}

impl BugSet {
    pub const NONE: Self = Self(0);
    pub const ALL: Self = Self((1 << BUGS.len()) - 1);

    pub fn contains(self, bug: Bug) -> bool {
        self.0 & (1 << bug as u8) != 0
    }

    #[must_use]
    pub fn with(self, bug: Bug) -> Self {
        Self(self.0 | 1 << bug as u8)
    }

    #[must_use]
    pub fn without(self, bug: Bug) -> Self {
        Self(self.0 & !(1 << bug as u8))
    }

    #[must_use]
    pub fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Bit `bug as u8` is that bug.
    pub fn bits(self) -> u32 {
        self.0
    }

    pub fn iter(self) -> impl Iterator<Item = Bug> {
        Bug::all().filter(move |bug| self.contains(*bug))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn facts_stand_at_their_bug_and_looks_differ() {
        for (idx, facts) in BUGS.iter().enumerate() {
            assert_eq!(usize::from(facts.bug as u8), idx);
            let same =
                BUGS.iter().filter(|other| other.look.exception_type == facts.look.exception_type);
            assert_eq!(same.count(), 1, "{}", facts.name);
        }
    }

    #[test]
    fn a_set_holds_what_was_put_in() {
        let set = BugSet::NONE.with(Bug::MobileCart).with(Bug::ReviewImage);
        assert_eq!(set.iter().map(Bug::name).collect::<Vec<_>>(), ["mobile_cart", "review_image"]);
        assert!(set.without(Bug::MobileCart).contains(Bug::ReviewImage));
        assert_eq!(BugSet::ALL.iter().count(), BUGS.len());
    }
}
