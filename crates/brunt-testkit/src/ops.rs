//! What a visitor can do in the shop: one op is one kind of activity, a client event or a root request.

/// Steps of the journey `checkout`, in order; bit k of an activity's `steps` is step k.
pub const STEPS: &[&str] = &["visit", "product", "cart", "checkout", "payment", "purchase"];

/// What an activity tried. The name of a request is `METHOD route`, of a client event its event name:
/// so the same try has the same op, whether it worked or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Op {
    Home,
    Category,
    Reviews,
    ViewCart,
    EditAddress,
    EditPayment,
    Search,
    Product,
    Recommendations,
    Login,
    AddToCart,
    Coupon,
    Checkout,
    ShippingQuote,
    Payment,
    OrderStatus,
    Logout,
}

/// An op's facts. `event` of a request is the client event that shares its trace.
#[derive(Debug, Clone, Copy)]
pub(crate) struct OpFacts {
    pub(crate) op: Op,
    /// Of a request: method and route.
    pub(crate) request: Option<(&'static str, &'static str)>,
    /// Name and kind of its client event.
    pub(crate) event: Option<(&'static str, &'static str)>,
    /// Path of the page that shows it.
    pub(crate) page: &'static str,
    /// Median think time after it, in seconds.
    pub(crate) think_s: f64,
    /// Median duration of a request, in milliseconds.
    pub(crate) duration_ms: f64,
}

const fn event(
    op: Op,
    name: &'static str,
    kind: &'static str,
    page: &'static str,
    think_s: f64,
) -> OpFacts {
    OpFacts { op, request: None, event: Some((name, kind)), page, think_s, duration_ms: 0.0 }
}

const fn request(
    op: Op,
    request: (&'static str, &'static str),
    event: Option<(&'static str, &'static str)>,
    page: &'static str,
    think_s: f64,
    duration_ms: f64,
) -> OpFacts {
    OpFacts { op, request: Some(request), event, page, think_s, duration_ms }
}

pub(crate) const OPS: [OpFacts; 17] = [
    event(Op::Home, "view_home", "page_view", "/", 9.0),
    event(Op::Category, "view_category", "page_view", "/category", 14.0),
    event(Op::Reviews, "open_reviews", "click", "/product", 28.0),
    event(Op::ViewCart, "view_cart", "page_view", "/cart", 16.0),
    event(Op::EditAddress, "edit_address", "click", "/checkout", 34.0),
    event(Op::EditPayment, "edit_payment", "click", "/checkout", 40.0),
    request(Op::Search, ("GET", "/api/search"), None, "/search", 17.0, 120.0),
    request(
        Op::Product,
        ("GET", "/api/products/{id}"),
        Some(("view_product", "page_view")),
        "/product",
        30.0,
        70.0,
    ),
    request(Op::Recommendations, ("GET", "/api/recommendations"), None, "/product", 11.0, 90.0),
    request(Op::Login, ("POST", "/api/auth/login"), Some(("login", "step")), "/login", 8.0, 160.0),
    request(
        Op::AddToCart,
        ("POST", "/api/cart/items"),
        Some(("add_to_cart", "step")),
        "/product",
        15.0,
        110.0,
    ),
    request(Op::Coupon, ("POST", "/api/cart/coupon"), None, "/cart", 18.0, 90.0),
    request(
        Op::Checkout,
        ("POST", "/api/checkout"),
        Some(("begin_checkout", "step")),
        "/cart",
        24.0,
        210.0,
    ),
    request(Op::ShippingQuote, ("POST", "/api/shipping/quote"), None, "/checkout", 22.0, 260.0),
    request(Op::Payment, ("POST", "/api/payment"), None, "/checkout", 26.0, 540.0),
    request(Op::OrderStatus, ("GET", "/api/orders/{id}"), None, "/order", 20.0, 80.0),
    request(Op::Logout, ("POST", "/api/auth/logout"), None, "/", 6.0, 60.0),
];

impl Op {
    pub(crate) fn facts(self) -> &'static OpFacts {
        &OPS[usize::from(self as u8)]
    }

    pub(crate) fn is_request(self) -> bool {
        self.facts().request.is_some()
    }

    /// The op as brunt's `activities.op` has it.
    pub fn name(self) -> String {
        match self.facts().request {
            Some((method, route)) => format!("{method} {route}"),
            None => self.facts().event.map_or_else(String::new, |(name, _)| name.to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn facts_stand_at_their_op() {
        for (idx, facts) in OPS.iter().enumerate() {
            assert_eq!(usize::from(facts.op as u8), idx);
            assert!(facts.request.is_some() || facts.event.is_some());
        }
        assert_eq!(Op::Payment.name(), "POST /api/payment");
        assert_eq!(Op::Home.name(), "view_home");
    }
}
