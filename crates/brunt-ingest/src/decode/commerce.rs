//! Orders among product events: what is bought is told by the event's name, and what was paid by its properties.

use crate::decode::record::Record;
use crate::normalize::words::fold;
use crate::value::Value;

/// Names of events that are an order, folded.
const ORDERS: &[&str] = &[
    "ordercompleted",
    "completedorder",
    "completeorder",
    "orderplaced",
    "placedorder",
    "placeorder",
    "purchase",
    "purchased",
    "purchasecompleted",
    "completedpurchase",
    "completepurchase",
    "checkoutcompleted",
    "inapppurchase",
    "revenue",
    "revenueamount",
];
/// Names of events that take one back.
const REFUNDS: &[&str] = &[
    "orderrefunded",
    "refundedorder",
    "refund",
    "refunded",
    "purchaserefunded",
    "refundcompleted",
];

const IDS: &[&str] =
    &["order_id", "orderId", "Order ID", "$order_id", "transaction_id", "transactionId"];
/// Revenue first: it is without shipping and taxes where both are given.
const VALUES: &[&str] =
    &["revenue", "$revenue", "Revenue", "total", "Total", "value", "amount", "$amount", "price"];
const CURRENCIES: &[&str] = &["currency", "$currency", "Currency", "currency_code"];

/// Gives the columns of an order. One without an id of its own goes by its event's. The id that another event mentions,
/// such as the start of a checkout, stays an attribute: a row with an `order_id` counts as an order.
pub(crate) fn order<'a>(
    out: &mut Record<'a>,
    event_name: &str,
    properties: &mut Value<'a>,
    event_id: Option<Value<'a>>,
) {
    let name = fold(event_name);
    let is_refund = REFUNDS.contains(&&*name);
    let id = properties.take_any(IDS);
    if !is_refund && !ORDERS.contains(&&*name) {
        out.put("mentioned_order_id", id);
        return;
    }
    let value = properties.take_any(VALUES);
    out.text("event_kind", Some("purchase"));
    out.put("order_id", id.or_else(|| event_id.filter(|_| value.is_some())));
    out.put("currency", properties.take_any(CURRENCIES));
    out.put("order_value", if is_refund { value.map(negative) } else { value });
}

fn negative(value: Value<'_>) -> Value<'_> {
    match value {
        Value::Leaf(leaf) => Value::Leaf(leaf.negative()),
        other => other,
    }
}
