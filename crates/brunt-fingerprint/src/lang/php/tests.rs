//! Stacks as they come.

use super::*;
use crate::chain::walk;
use crate::reader::Reader;

const NEXT: &str = "PHP Fatal error:  Uncaught PDOException: SQLSTATE[42S02]: no such table in /srv/shop/src/Db.php:9
Stack trace:
#0 /srv/shop/src/Db.php(9): PDO->query('SELECT ...')
#1 /srv/shop/src/Cart.php(30): App\\Db->all('carts')
#2 [internal function]: App\\Cart->App\\{closure}(Object(App\\Item), 0)
#3 /srv/shop/src/Cart.php(28): array_map(Object(Closure), Array)
#4 /srv/shop/public/index.php(12): App\\Cart->total()
#5 {main}

Next App\\CheckoutException: order 1182 not placed in /srv/shop/src/Checkout.php:12
Stack trace:
#0 /srv/shop/public/index.php(12): App\\Checkout->place(Object(App\\Order))
#1 {main}
  thrown in /srv/shop/src/Checkout.php on line 12
";

const MONOLOG: &str = "[2026-01-02 10:11:12] production.ERROR: no card {\"exception\":\"[object] (App\\Missing(code: 0): no card at /srv/shop/app/Pay.php:12)
[stacktrace]
#0 /srv/shop/app/Http/Kernel.php(30): App\\Pay->charge()
#1 /srv/shop/vendor/laravel/framework/src/Illuminate/Pipeline.php(5): App\\Http\\Kernel->handle()
#2 {main}
\"}
";

type Row = (String, String, Vec<String>);

fn outline(text: &str) -> Vec<Row> {
    let stack = Php.parse(text);
    let reader = Reader::plain(&Php);
    let symbols = |at| {
        let own = walk(&stack.chain, at, reader).filter(|frame| reader.is_app(frame));
        own.map(|frame| Php.symbol(&frame).text()).collect()
    };
    let exceptions = stack.chain.iter().enumerate();
    exceptions.map(|(at, e)| (e.type_name.to_owned(), e.message.to_string(), symbols(at))).collect()
}

fn row(type_name: &str, message: &str, symbols: &[&str]) -> Row {
    let symbols = symbols.iter().map(|&symbol| symbol.to_owned()).collect();
    (type_name.to_owned(), message.to_owned(), symbols)
}

#[test]
fn the_list_can_be_searched() {
    LIBRARIES.assert_searchable();
}

#[test]
fn each_place_has_the_function_that_it_lies_in() {
    assert_eq!(
        outline(NEXT),
        [
            row(
                "App\\CheckoutException",
                "order 1182 not placed",
                &["App\\Checkout.place", "index"]
            ),
            row(
                "PDOException",
                "SQLSTATE[42S02]: no such table",
                &["App\\Db.all", "App\\Cart", "App\\Cart.total", "index"]
            ),
        ]
    );
}

#[test]
fn loggers_frame_a_trace() {
    assert_eq!(
        outline(MONOLOG),
        [row("App\\Missing", "no card", &["App\\Pay.charge", "App\\Http\\Kernel.handle"])]
    );
}

#[test]
fn headers_of_all_ages_are_read() {
    for (header, type_name, message) in [
        (
            "exception 'App\\Missing' with message 'no card' in /srv/pay.php:12",
            "App\\Missing",
            "no card",
        ),
        ("App\\Missing: no card in /srv/pay.php:12", "App\\Missing", "no card"),
        (
            "Fatal error: Uncaught Error: Call to undefined function pay() in /srv/pay.php:12",
            "Error",
            "Call to undefined function pay()",
        ),
    ] {
        let text = format!("{header}\nStack trace:\n#0 /srv/a.php(3): charge()\n#1 {{main}}\n");
        assert_eq!(outline(&text), [row(type_name, message, &["pay.charge", "a"])], "{header}");
    }
}

#[test]
fn reports_of_the_interpreter_have_their_place() {
    for (text, type_name, message) in [
        ("PHP Warning:  no key in /srv/cart.php on line 12", "Warning", "no key"),
        ("Warning: no key in /srv/cart.php on line 12", "Warning", "no key"),
        (
            "[12-May-2026 10:12:01 UTC] PHP Fatal error:  no memory in /srv/cart.php on line 12\n",
            "FatalError",
            "no memory",
        ),
        (
            "PHP Deprecated:  old in /srv/a.php on line 1\nPHP Notice:  no key in /srv/cart.php on line 12\n",
            "Notice",
            "no key",
        ),
        (
            "\nParse error: unexpected \"}\" in /srv/cart.php on line 12\n",
            "ParseError",
            "unexpected \"}\"",
        ),
    ] {
        assert_eq!(outline(text), [row(type_name, message, &["cart"])], "{text}");
    }
    let frame = Php.frame("PHP Warning:  no key in /srv/cart.php on line 12", "");
    assert_eq!(frame.map(|frame| (frame.file, frame.line)), Some(("/srv/cart.php", Some(12))));
    for other in [
        "PHP Warning:  no key",
        "Warning: no key in /srv/cart.php:12",
        "Order failed: no key in /srv/cart.php on line 12",
        "  thrown in /srv/cart.php on line 12",
        "on line 12",
    ] {
        assert!(!Php.is_frame(other), "{other}");
    }
}

#[test]
fn names_fold_to_what_was_written() {
    for (name, symbol) in [
        ("App\\Cart->total", "App\\Cart.total"),
        ("App\\Cart::make", "App\\Cart.make"),
        ("App\\helper", "x.helper"),
        ("App\\Cart->App\\{closure}", "App\\Cart"),
        ("{closure:App\\Cart::total():12", "App\\Cart.total"),
        ("class@anonymous->run", "x.run"),
        ("{main}", "x"),
    ] {
        let frame = RawFrame { function: name, file: "/srv/x.php", ..RawFrame::default() };
        assert_eq!(fold(&frame).text(), symbol, "{name}");
    }
}
