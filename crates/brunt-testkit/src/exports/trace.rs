//! Traces: which services answer a request, and the spans that they leave.

use crate::draws::{Stream, index, whole};
use crate::ops::Op;
use crate::visit::Act;

/// Services with their language and version. The client, `frontend`, has no spans.
pub(crate) const SERVICES: [Service; 14] = [
    Service { name: "gateway", language: "nodejs", version: "3.11.2" },
    Service { name: "auth", language: "python", version: "1.20.0" },
    Service { name: "catalog", language: "java", version: "7.3.1" },
    Service { name: "search", language: "python", version: "4.0.5" },
    Service { name: "recommendation", language: "python", version: "0.48.0" },
    Service { name: "pricing", language: "python", version: "2.6.3" },
    Service { name: "cart", language: "nodejs", version: "5.9.0" },
    Service { name: "checkout", language: "java", version: "6.1.4" },
    Service { name: "inventory", language: "java", version: "3.3.0" },
    Service { name: "shipping", language: "python", version: "2.2.7" },
    Service { name: "payment", language: "java", version: "9.4.1" },
    Service { name: "fraud", language: "python", version: "1.7.2" },
    Service { name: "order", language: "java", version: "4.8.0" },
    Service { name: "notification", language: "nodejs", version: "1.3.9" },
];

#[derive(Debug, Clone, Copy)]
pub(crate) struct Service {
    pub(crate) name: &'static str,
    pub(crate) language: &'static str,
    pub(crate) version: &'static str,
}

/// Index in [`SERVICES`].
pub(crate) type ServiceIdx = usize;

const GATEWAY: ServiceIdx = 0;
const AUTH: ServiceIdx = 1;
const CATALOG: ServiceIdx = 2;
const SEARCH: ServiceIdx = 3;
const RECOMMENDATION: ServiceIdx = 4;
const PRICING: ServiceIdx = 5;
const CART: ServiceIdx = 6;
const CHECKOUT: ServiceIdx = 7;
const INVENTORY: ServiceIdx = 8;
const SHIPPING: ServiceIdx = 9;
const PAYMENT: ServiceIdx = 10;
const FRAUD: ServiceIdx = 11;
const ORDER: ServiceIdx = 12;
const NOTIFICATION: ServiceIdx = 13;

/// What a span did, with what its attributes need.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Work {
    /// Answers a request; the name is `METHOD route`.
    Serve,
    Inside,
    Query(&'static str),
    /// Calls someone outside.
    Call(&'static str),
    Publish(&'static str),
    Consume(&'static str),
}

/// A span of a request's plan. Parents come before children, and the services that a bug may strike come first,
/// so that any prefix as long as the op's minimum is a whole trace.
#[derive(Debug, Clone, Copy)]
struct Node {
    parent: usize,
    service: ServiceIdx,
    work: Work,
    name: &'static str,
}

const fn node(parent: usize, service: ServiceIdx, work: Work, name: &'static str) -> Node {
    Node { parent, service, work, name }
}

/// A span.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Span {
    pub(crate) id: u64,
    pub(crate) parent: Option<u64>,
    pub(crate) service: ServiceIdx,
    pub(crate) work: Work,
    pub(crate) name: &'static str,
    /// Nanoseconds since 1970.
    pub(crate) start: i64,
    pub(crate) end: i64,
}

/// Spans of a request, the root first, about `spans_mean` of them over all requests.
pub(crate) fn spans(act: &Act, stream: Stream, spans_mean: f64) -> Vec<Span> {
    let (mut nodes, weight, n_min) = tree(act.op);
    if act.op == Op::Payment && !act.worked {
        // No order follows a payment that failed.
        nodes = &nodes[..5];
    }
    // 0.87 undoes the mean of weight and spread over the shop's mix of requests; a test holds the mean.
    let wanted = whole(stream.log_normal("spans", 0.87 * spans_mean * weight, 0.35).round());
    let n = usize::try_from(wanted).unwrap_or(0).clamp(n_min, 60);
    let mut spans: Vec<Span> = Vec::with_capacity(n);
    for (idx, node) in nodes.iter().take(n).enumerate() {
        let parent = (idx > 0).then_some(node.parent);
        push_span(&mut spans, act, stream, parent, *node);
    }
    for idx in spans.len()..n {
        let draw = stream.nth(idx as u64);
        let serving: Vec<usize> =
            (0..spans.len()).filter(|idx| spans[*idx].work == Work::Serve).collect();
        let parent = serving[index(draw.below("parent", serving.len() as u64))];
        let (work, name) = DETAILS[index(draw.below("detail", DETAILS.len() as u64))];
        let service = spans[parent].service;
        push_span(&mut spans, act, stream, Some(parent), node(parent, service, work, name));
    }
    spans
}

pub(crate) fn service_idx(name: &str) -> Option<ServiceIdx> {
    SERVICES.iter().position(|service| service.name == name)
}

/// The span that stands for the service's part in the trace: its first, if it has one.
pub(crate) fn span_of(spans: &[Span], service: ServiceIdx) -> Option<&Span> {
    spans.iter().find(|span| span.service == service)
}

const DETAILS: [(Work, &str); 7] = [
    (Work::Query("redis"), "GET"),
    (Work::Query("postgresql"), "SELECT"),
    (Work::Inside, "serialize"),
    (Work::Inside, "evaluate rules"),
    (Work::Query("redis"), "MGET"),
    (Work::Query("postgresql"), "BEGIN"),
    (Work::Inside, "load config"),
];

fn push_span(spans: &mut Vec<Span>, act: &Act, stream: Stream, parent: Option<usize>, node: Node) {
    let draw = stream.nth(spans.len() as u64);
    let (parent, start, end) = match parent {
        None => (None, act.ts * 1_000, (act.ts + act.duration) * 1_000),
        Some(parent) => {
            let parent = &spans[parent];
            let length = (parent.end - parent.start) as f64;
            let start = parent.start + whole(length * (0.03 + 0.25 * draw.uniform("start")));
            (
                Some(parent.id),
                start,
                parent.start + whole(length * (0.45 + 0.5 * draw.uniform("end"))),
            )
        }
    };
    spans.push(Span {
        id: draw.bits("span").max(1),
        parent,
        service: node.service,
        work: node.work,
        name: node.name,
        start,
        end,
    });
}

/// The plan of an op's trace, its share of spans relative to a middling request, and the fewest spans it can have.
fn tree(op: Op) -> (&'static [Node], f64, usize) {
    match op {
        Op::Search => (SEARCH_TREE, 0.9, 2),
        Op::Product => (PRODUCT_TREE, 1.0, 2),
        Op::Recommendations => (RECOMMENDATION_TREE, 0.8, 2),
        Op::Login => (LOGIN_TREE, 0.7, 2),
        Op::AddToCart => (CART_TREE, 1.1, 3),
        Op::Coupon => (COUPON_TREE, 0.9, 2),
        Op::Checkout => (CHECKOUT_TREE, 1.5, 2),
        Op::ShippingQuote => (QUOTE_TREE, 1.2, 2),
        Op::Payment => (PAYMENT_TREE, 1.8, 2),
        Op::OrderStatus => (ORDER_TREE, 0.7, 2),
        Op::Logout => (LOGOUT_TREE, 0.5, 2),
        Op::Home
        | Op::Category
        | Op::Reviews
        | Op::ViewCart
        | Op::EditAddress
        | Op::EditPayment => (&[], 0.0, 0),
    }
}

const SEARCH_TREE: &[Node] = &[
    node(0, GATEWAY, Work::Serve, "GET /api/search"),
    node(0, SEARCH, Work::Serve, "GET /query"),
    node(1, SEARCH, Work::Query("elasticsearch"), "search products"),
    node(0, CATALOG, Work::Serve, "POST /products/batch"),
    node(3, CATALOG, Work::Query("postgresql"), "SELECT products"),
    node(1, SEARCH, Work::Inside, "rank"),
    node(0, PRICING, Work::Serve, "POST /prices/batch"),
    node(6, PRICING, Work::Query("redis"), "MGET"),
    node(3, CATALOG, Work::Query("redis"), "MGET"),
];

const PRODUCT_TREE: &[Node] = &[
    node(0, GATEWAY, Work::Serve, "GET /api/products/{id}"),
    node(0, CATALOG, Work::Serve, "GET /products/{id}"),
    node(1, CATALOG, Work::Query("postgresql"), "SELECT products"),
    node(0, PRICING, Work::Serve, "GET /price"),
    node(3, PRICING, Work::Query("redis"), "GET"),
    node(0, INVENTORY, Work::Serve, "GET /stock/{sku}"),
    node(5, INVENTORY, Work::Query("postgresql"), "SELECT stock"),
    node(0, RECOMMENDATION, Work::Serve, "GET /similar"),
    node(7, RECOMMENDATION, Work::Query("redis"), "ZRANGE"),
    node(1, CATALOG, Work::Inside, "render media"),
];

const RECOMMENDATION_TREE: &[Node] = &[
    node(0, GATEWAY, Work::Serve, "GET /api/recommendations"),
    node(0, RECOMMENDATION, Work::Serve, "GET /for-you"),
    node(1, RECOMMENDATION, Work::Query("redis"), "ZRANGE"),
    node(1, RECOMMENDATION, Work::Inside, "score"),
    node(0, CATALOG, Work::Serve, "POST /products/batch"),
    node(4, CATALOG, Work::Query("postgresql"), "SELECT products"),
];

const LOGIN_TREE: &[Node] = &[
    node(0, GATEWAY, Work::Serve, "POST /api/auth/login"),
    node(0, AUTH, Work::Serve, "POST /login"),
    node(1, AUTH, Work::Query("postgresql"), "SELECT users"),
    node(1, AUTH, Work::Inside, "hash password"),
    node(1, AUTH, Work::Query("redis"), "SET"),
];

const LOGOUT_TREE: &[Node] = &[
    node(0, GATEWAY, Work::Serve, "POST /api/auth/logout"),
    node(0, AUTH, Work::Serve, "POST /logout"),
    node(1, AUTH, Work::Query("redis"), "DEL"),
];

const CART_TREE: &[Node] = &[
    node(0, GATEWAY, Work::Serve, "POST /api/cart/items"),
    node(0, CART, Work::Serve, "POST /items"),
    node(1, INVENTORY, Work::Serve, "POST /reservations"),
    node(1, CART, Work::Query("redis"), "HSET"),
    node(2, INVENTORY, Work::Query("postgresql"), "UPDATE stock"),
    node(1, PRICING, Work::Serve, "GET /price"),
    node(5, PRICING, Work::Query("redis"), "GET"),
    node(0, AUTH, Work::Serve, "GET /session"),
    node(7, AUTH, Work::Query("redis"), "GET"),
];

const COUPON_TREE: &[Node] = &[
    node(0, GATEWAY, Work::Serve, "POST /api/cart/coupon"),
    node(0, PRICING, Work::Serve, "POST /coupons/apply"),
    node(1, PRICING, Work::Query("postgresql"), "SELECT coupons"),
    node(0, CART, Work::Serve, "PATCH /cart"),
    node(3, CART, Work::Query("redis"), "HSET"),
];

const CHECKOUT_TREE: &[Node] = &[
    node(0, GATEWAY, Work::Serve, "POST /api/checkout"),
    node(0, CHECKOUT, Work::Serve, "POST /checkouts"),
    node(1, CART, Work::Serve, "GET /cart"),
    node(2, CART, Work::Query("redis"), "HGETALL"),
    node(1, INVENTORY, Work::Serve, "POST /availability"),
    node(4, INVENTORY, Work::Query("postgresql"), "SELECT stock"),
    node(1, PRICING, Work::Serve, "POST /totals"),
    node(6, PRICING, Work::Inside, "tax"),
    node(1, CHECKOUT, Work::Query("postgresql"), "INSERT checkouts"),
    node(0, AUTH, Work::Serve, "GET /session"),
    node(9, AUTH, Work::Query("redis"), "GET"),
    node(6, PRICING, Work::Query("postgresql"), "SELECT promotions"),
];

const QUOTE_TREE: &[Node] = &[
    node(0, GATEWAY, Work::Serve, "POST /api/shipping/quote"),
    node(0, SHIPPING, Work::Serve, "POST /quotes"),
    node(1, SHIPPING, Work::Call("carrier-api"), "POST"),
    node(1, SHIPPING, Work::Query("redis"), "GET"),
    node(0, CHECKOUT, Work::Serve, "PATCH /checkouts/{id}"),
    node(4, CHECKOUT, Work::Query("postgresql"), "UPDATE checkouts"),
    node(1, SHIPPING, Work::Call("customs-api"), "GET"),
    node(1, INVENTORY, Work::Serve, "GET /warehouses"),
    node(7, INVENTORY, Work::Query("postgresql"), "SELECT warehouses"),
];

const PAYMENT_TREE: &[Node] = &[
    node(0, GATEWAY, Work::Serve, "POST /api/payment"),
    node(0, PAYMENT, Work::Serve, "POST /charges"),
    node(1, PAYMENT, Work::Call("bank-api"), "POST"),
    node(1, FRAUD, Work::Serve, "POST /score"),
    node(1, PAYMENT, Work::Query("postgresql"), "INSERT charges"),
    node(0, ORDER, Work::Serve, "POST /orders"),
    node(5, ORDER, Work::Query("postgresql"), "INSERT orders"),
    node(3, FRAUD, Work::Query("redis"), "MGET"),
    node(5, INVENTORY, Work::Serve, "POST /commit"),
    node(8, INVENTORY, Work::Query("postgresql"), "UPDATE stock"),
    node(5, ORDER, Work::Publish("orders"), "send orders"),
    node(10, NOTIFICATION, Work::Consume("orders"), "process orders"),
    node(11, NOTIFICATION, Work::Call("mail-relay"), "POST"),
    node(5, SHIPPING, Work::Serve, "POST /shipments"),
    node(13, SHIPPING, Work::Query("postgresql"), "INSERT shipments"),
    node(3, FRAUD, Work::Inside, "evaluate rules"),
    node(0, AUTH, Work::Serve, "GET /session"),
];

const ORDER_TREE: &[Node] = &[
    node(0, GATEWAY, Work::Serve, "GET /api/orders/{id}"),
    node(0, ORDER, Work::Serve, "GET /orders/{id}"),
    node(1, ORDER, Work::Query("postgresql"), "SELECT orders"),
    node(0, SHIPPING, Work::Serve, "GET /shipments/{id}"),
    node(3, SHIPPING, Work::Query("postgresql"), "SELECT shipments"),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bugs::BUGS;
    use crate::ops::OPS;

    #[test]
    fn plans_name_parents_before_children_and_start_at_the_gateway() {
        for facts in OPS.iter().filter(|facts| facts.op.is_request()) {
            let (nodes, weight, n_min) = tree(facts.op);
            assert_eq!(nodes[0].name, facts.op.name());
            assert!(nodes[0].service == GATEWAY && weight > 0.0 && n_min >= 2);
            for (idx, node) in nodes.iter().enumerate().skip(1) {
                assert!(node.parent < idx, "{} {idx}", nodes[0].name);
            }
        }
    }

    #[test]
    fn every_service_with_a_bug_has_a_name_here() {
        for facts in &BUGS {
            assert!(
                facts.look.service == "frontend" || service_idx(facts.look.service).is_some(),
                "{}",
                facts.name
            );
        }
    }
}
