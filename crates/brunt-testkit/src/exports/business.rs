//! The exports of the business: tickets, accounts, releases, and the definition of the journey.

use super::calendar_text::rfc3339;
use super::json::{Object, push};
use crate::bugs::Bug;
use crate::draws::{Stream, whole};
use crate::people::{Account, COUNTRIES, DEVICES, PLANS, Person, VERSIONS, account_id};
use crate::visit::{Calendar, HOUR, SECOND};

/// The journey `checkout`, as `definitions/journeys.toml` holds it.
pub(crate) const JOURNEYS: &str = r#"# The way from the landing page to an order.
[[journey]]
name = "checkout"
unit = "user"
window = "24 hours"
order = "strict"
owner = "payments"
currency = "USD"

[[journey.step]]
name = "visit"
table = "events"
where = "event_name = 'view_home'"

[[journey.step]]
name = "product"
table = "events"
where = "event_name = 'view_product'"

[[journey.step]]
name = "cart"
table = "events"
where = "event_name = 'add_to_cart'"

[[journey.step]]
name = "checkout"
table = "events"
where = "event_name = 'begin_checkout'"

[[journey.step]]
name = "payment"
table = "spans"
where = "service_name = 'payment' and span_kind = 'SERVER'"

[[journey.step]]
name = "purchase"
table = "orders"
where = "order_value > 0"
value = "order_value"
"#;

pub(crate) const ACCOUNTS_HEADER: &str =
    "ts,account_id,account_name,plan_tier,mrr,currency,owner,region,status";

/// A ticket that someone writes.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Ticket {
    pub(crate) id: u64,
    pub(crate) ts: i64,
    pub(crate) account: u32,
    topic: &'static str,
    severity: &'static str,
    message: String,
    labels: [&'static str; 2],
}

/// The ticket that `person` writes about `bug` after it struck at `struck_at`, if they do.
pub(crate) fn complain(
    person: &Person,
    visit: Stream,
    bug: Bug,
    struck_at: i64,
    id: u64,
) -> Option<Ticket> {
    let draw = visit.named("ticket").named(bug.name());
    if draw.uniform("writes") >= bug.facts().ticket_share {
        return None;
    }
    let (topic, severity, messages): (_, _, &[&str]) = match bug {
        Bug::PaymentTimeout => (
            "checkout",
            "customer_blocking",
            &[
                "Payment authorization timing out on {device}",
                "I tried to pay three times, it spins for ages and then fails. Write to me at {email} please.",
                "Card {card} was never charged but checkout says try again later",
            ],
        ),
        Bug::ShippingQuote => (
            "shipping",
            "customer_blocking",
            &["No shipping options for my address", "Shipping cost never loads"],
        ),
        Bug::MobileCart => (
            "cart",
            "degraded",
            &["Items vanish from my cart on {device}", "Add to cart does nothing on my phone"],
        ),
        Bug::VersionCrash => (
            "catalog",
            "customer_blocking",
            &["Product page goes blank when I pick a size", "White page on products since today"],
        ),
        Bug::AccountLimit => (
            "checkout",
            "customer_blocking",
            &[
                "We cannot check out: order limit reached? Our contract has none",
                "Checkout blocked for our whole team, contact {email}",
            ],
        ),
        Bug::RareCoupon => (
            "pricing",
            "degraded",
            &["Coupon broke my order", "Coupon code gives an error and the cart is stuck"],
        ),
        Bug::SearchSlow => ("search", "degraded", &["Search is very slow in the evening"]),
        Bug::StalePrice => {
            ("pricing", "question", &["Price in the cart is not the price on the page"])
        }
        Bug::InventoryRace => {
            ("cart", "degraded", &["It said sold out, then in stock, then sold out"])
        }
        _ => ("account", "question", &["I see an error about logging out, is my account safe?"]),
    };
    let delay = 6 * 60 * SECOND + whole(draw.exponential("delay") * 2.5 * HOUR as f64);
    Some(ticket(person, draw, topic, severity, messages, struck_at + delay.min(20 * HOUR), id))
}

/// A ticket about nothing that broke.
pub(crate) fn ask(person: &Person, visit: Stream, at: i64, id: u64) -> Option<Ticket> {
    let draw = visit.named("ticket").named("question");
    let messages = &[
        "How do I change my invoice address?",
        "Can I return an opened item?",
        "Do you ship to islands?",
    ];
    let ts = at + whole(draw.uniform("delay") * 10.0 * HOUR as f64);
    (draw.uniform("writes") < 0.003)
        .then(|| ticket(person, draw, "account", "question", messages, ts, id))
}

fn ticket(
    person: &Person,
    draw: Stream,
    topic: &'static str,
    severity: &'static str,
    messages: &[&str],
    ts: i64,
    id: u64,
) -> Ticket {
    let device = DEVICES[usize::from(person.device)];
    let message = draw
        .choice("message", messages)
        .replace("{device}", device)
        .replace("{email}", &format!("user{}@example.com", person.unit))
        .replace("{card}", "4111 1111 1111 1111");
    let labels = [device, region(person.country)];
    Ticket {
        id,
        ts: ts / SECOND * SECOND,
        account: person.account.idx,
        topic,
        severity,
        message,
        labels,
    }
}

pub(crate) fn push_ticket(out: &mut String, ticket: &Ticket) {
    push_update(out, ticket, "ticket", &ticket.message, ticket.ts);
}

pub(crate) fn push_comment(out: &mut String, ticket: &Ticket, ts: i64) {
    push_update(out, ticket, "comment", "Thanks for writing, we are looking into it.", ts);
}

fn push_update(out: &mut String, ticket: &Ticket, kind: &str, message: &str, ts: i64) {
    let mut object = Object::begin(out);
    object
        .text("source", "support_desk")
        .text("kind", kind)
        .text("topic", ticket.topic)
        .text("severity", ticket.severity)
        .text("account.id", &account_id(ticket.account))
        .text("ticket.id", &ticket.id.to_string())
        .text("message", message);
    let labels = object.key("labels");
    push(labels, format_args!("[\"{}\",\"{}\"]", ticket.labels[0], ticket.labels[1]));
    // Whole seconds, as desks export them.
    object.text("ts", &rfc3339(ts).replace(".000000Z", "Z"));
    object.text("link.url", &format!("https://support.example.com/tickets/{}", ticket.id));
    object.end();
}

/// Lines of an account: its state at the first day, and a later one where its revenue changed.
pub(crate) fn push_account(
    out: &mut String,
    account: &Account,
    owner_country: u8,
    calendar: &Calendar,
) {
    let draw = account.stream;
    let cents = match (account.company, PLANS[usize::from(account.plan)]) {
        (true, "business") => whole(draw.log_normal("mrr", 90_000.0, 0.9)),
        (true, _) => whole(draw.log_normal("mrr", 19_900.0, 0.6)),
        (false, "free") => 0,
        (false, _) => 999,
    };
    let mut line = |ts: i64, cents: i64| {
        let name = if account.company { company_name(draw) } else { "Personal".to_owned() };
        let owner = if account.company {
            draw.choice("owner", &["m.alvarez", "k.osei", "j.lind", "p.ito"])
        } else {
            ""
        };
        push(
            out,
            format_args!(
                "{},{},{name},{},{}.{:02},USD,{owner},{},active\n",
                rfc3339(ts),
                account_id(account.idx),
                PLANS[usize::from(account.plan)],
                cents / 100,
                cents % 100,
                region(owner_country)
            ),
        );
    };
    line(calendar.start, cents);
    if account.company && draw.uniform("changes") < 0.05 {
        let span = calendar.until - calendar.start;
        line(calendar.start + whole(draw.uniform("changes at") * span as f64), cents * 6 / 5);
    }
    // The last line break is the file's.
    out.pop();
}

/// All releases, one JSON line each.
pub(crate) fn releases(calendar: &Calendar, seed: Stream) -> Vec<String> {
    let at = |share: f64| calendar.start + whole((calendar.until - calendar.start) as f64 * share);
    let mut lines = vec![
        release(at(0.37), "payment", "9.4.1", "Payment 9.4.1: new bank client", seed),
        release(at(0.44), "shipping", "2.2.7", "Shipping 2.2.7: second carrier", seed),
    ];
    for (version, released_at) in VERSIONS.iter().zip(calendar.released_at).skip(1) {
        let description = format!("Storefront {version}");
        lines.push(release(released_at, "frontend", version, &description, seed));
    }
    let mut flag = String::new();
    let mut object = Object::begin(&mut flag);
    object.text("ts", &rfc3339(flag_at(calendar))).text("release.kind", "flag");
    object.text("service.name", "frontend").text("flag.key", "new_checkout");
    object.text("flag.variant", "on").text("description", "New checkout for half of the users");
    object.end();
    lines.push(flag);
    lines
}

fn release(ts: i64, service: &str, version: &str, description: &str, seed: Stream) -> String {
    let commit = format!("{:016x}", seed.named("commit").bits(description));
    let mut out = String::new();
    let mut object = Object::begin(&mut out);
    object.text("ts", &rfc3339(ts)).text("release.kind", "release").text("service.name", service);
    object.text("service.version", version).text("commit.id", &commit);
    object.text("description", description);
    object.text("link.url", &format!("https://git.example.com/shop/commit/{commit}"));
    object.end();
    out
}

/// When half of the users got the flag `new_checkout`.
pub(crate) fn flag_at(calendar: &Calendar) -> i64 {
    calendar.start + (calendar.until - calendar.start) * 2 / 5
}

fn company_name(draw: Stream) -> String {
    let first = draw.choice(
        "first",
        &["Northern", "Blue", "Acme", "Harbor", "Summit", "Cedar", "Atlas", "Juniper"],
    );
    let second = draw.choice(
        "second",
        &["Foods", "Tools", "Labs", "Logistics", "Textiles", "Books", "Energy", "Studio"],
    );
    format!("{first} {second} {}", 10 + draw.below("number", 90))
}

fn region(country: u8) -> &'static str {
    match COUNTRIES[usize::from(country)] {
        "US" => "amer",
        "BR" | "MX" => "latam",
        "IN" | "JP" => "apac",
        _ => "emea",
    }
}
