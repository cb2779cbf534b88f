//! Stacks as they come.

use super::*;
use crate::chain::walk;
use crate::reader::Reader;

const CAUSED: &str =
    "app/services/checkout.rb:30:in 'Checkout#place': order 1182 not placed (Shop::CheckoutError)
\tfrom app/controllers/orders_controller.rb:12:in 'OrdersController#create'
\tfrom /usr/local/bundle/gems/actionpack-7.1.0/lib/action_controller.rb:5:in 'process'
app/services/gateway.rb:7:in 'block in Gateway#charge': no route (IOError)
\tfrom app/services/gateway.rb:5:in 'Array#each'
\tfrom app/services/checkout.rb:28:in 'Checkout#place'
";

const REVERSED: &str = "Traceback (most recent call last):
\t2: from bin/run:3:in `<main>'
\t1: from app/checkout.rb:30:in `place'
app/gateway.rb:7:in `charge': no route (IOError)
";

type Row = (String, String, Vec<String>);

fn outline(text: &str) -> Vec<Row> {
    let stack = Ruby.parse(text);
    let reader = Reader::plain(&Ruby);
    let symbols = |at| {
        let own = walk(&stack.chain, at, reader).filter(|frame| reader.is_app(frame));
        own.map(|frame| Ruby.symbol(&frame).text()).collect()
    };
    let exceptions = stack.chain.iter().enumerate();
    exceptions.map(|(at, e)| (e.type_name.to_owned(), e.message.to_string(), symbols(at))).collect()
}

fn row(type_name: &str, message: &str, symbols: &[&str]) -> Row {
    let symbols = symbols.iter().map(|&symbol| symbol.to_owned()).collect();
    (type_name.to_owned(), message.to_owned(), symbols)
}

#[test]
fn causes_follow_with_a_header_of_their_own() {
    assert_eq!(
        outline(CAUSED),
        [
            row(
                "Shop::CheckoutError",
                "order 1182 not placed",
                &["checkout.place", "orders_controller.create"]
            ),
            row("IOError", "no route", &["gateway.charge", "gateway.each", "checkout.place"]),
        ]
    );
}

#[test]
fn the_header_may_come_last() {
    assert_eq!(
        outline(REVERSED),
        [row("IOError", "no route", &["gateway.charge", "checkout.place"])]
    );
}

#[test]
fn headers_of_loggers_are_read() {
    for (header, type_name, message) in [
        (
            "NoMethodError (undefined method `x' for nil:NilClass):",
            "NoMethodError",
            "undefined method `x' for nil:NilClass",
        ),
        ("ActiveRecord::RecordNotFound: no Cart 7", "ActiveRecord::RecordNotFound", "no Cart 7"),
        ("no Cart 7 (Shop::Missing)", "Shop::Missing", "no Cart 7"),
    ] {
        let text = format!("{header}\n\napp/cart.rb:12:in `total'\n");
        assert_eq!(outline(&text), [row(type_name, message, &["cart.total"])], "{header}");
    }
}

#[test]
fn names_fold_to_the_method() {
    for (name, folded) in [
        ("total", "total"),
        ("Cart#total", "total"),
        ("Shop::Cart.build", "build"),
        ("block (2 levels) in total", "total"),
        ("rescue in block in Cart#total", "total"),
        ("<top (required)>", ""),
        ("<main>", ""),
        ("_app_views_carts_show_html_erb___12_34", ""),
    ] {
        assert_eq!(fold(name), folded, "{name}");
    }
}
