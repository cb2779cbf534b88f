//! Stacks as they come.

use super::*;
use crate::chain::walk;
use crate::reader::Reader;

const PANIC: &str = "panic: runtime error: index out of range [5] with length 3 [recovered]
	panic: again

goroutine 34 [running]:
runtime/debug.Stack()
	/usr/local/go/src/runtime/debug/stack.go:24 +0x65
main.recoverAll.func1()
	/srv/shop/main.go:20 +0x2a
panic({0x5123e0?, 0xc0000b4000?})
	/usr/local/go/src/runtime/panic.go:884 +0x213
github.com/acme/shop/cart.(*Cart).Total.func2(...)
	/srv/shop/cart/cart.go:42
github.com/acme/shop/cart.(*Cart).Total(0xc000010000, {0xc000012345, 0x2})
	/srv/shop/cart/cart.go:40 +0x1d
net/http.HandlerFunc.ServeHTTP(0x1, {0x2, 0x3}, 0x4)
	/usr/local/go/src/net/http/server.go:2109 +0x2f
created by net/http.(*Server).Serve in goroutine 1
	/usr/local/go/src/net/http/server.go:3089 +0x5ed

goroutine 1 [IO wait]:
main.other()
	/srv/shop/other.go:1 +0x1
";

const WRAPPED: &str = "no such card
main.charge
	/srv/shop/pay.go:12
main.place
	/srv/shop/order.go:30
runtime.main
	/usr/local/go/src/runtime/proc.go:250
cannot place order
main.place
	/srv/shop/order.go:31
runtime.main
	/usr/local/go/src/runtime/proc.go:250
";

fn outline(text: &str) -> Vec<(String, String, Vec<String>)> {
    let stack = Go.parse(text);
    let reader = Reader::plain(&Go);
    let symbols = |at| {
        let own = walk(&stack.chain, at, reader).filter(|frame| reader.is_app(frame));
        own.map(|frame| Go.symbol(&frame).text()).collect()
    };
    let exceptions = stack.chain.iter().enumerate();
    exceptions.map(|(at, e)| (e.type_name.to_owned(), e.message.to_string(), symbols(at))).collect()
}

#[test]
fn a_panic_is_read_below_what_recovered_it_and_in_its_own_goroutine() {
    let want = ["github.com/acme/shop/cart.Cart.Total", "github.com/acme/shop/cart.Cart.Total"];
    assert_eq!(
        outline(PANIC),
        [(
            "panic".into(),
            "runtime error: index out of range [5] with length 3".into(),
            want.map(str::to_owned).to_vec()
        )]
    );
}

#[test]
fn errors_with_stacks_are_a_chain_with_the_root_first() {
    let names = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>();
    assert_eq!(
        outline(WRAPPED),
        [
            (String::new(), "cannot place order".into(), names(&["main.place"])),
            (String::new(), "no such card".into(), names(&["main.charge", "main.place"])),
        ]
    );
}

#[test]
fn names_fold_to_what_was_written() {
    for (name, symbol) in [
        ("main.main", "main.main"),
        ("main.(*Cart).Total", "main.Cart.Total"),
        ("main.Cart.Total", "main.Cart.Total"),
        ("main.Cart.Total-fm", "main.Cart.Total"),
        ("main.run.func1", "main.run"),
        ("main.run.func1.2", "main.run"),
        ("main.run.gowrap1", "main.run"),
        ("main.glob..func3", "main"),
        ("main.init.0", "main.init"),
        ("main.Map[...]", "main.Map"),
        ("main.(*Cache[...]).Get", "main.Cache.Get"),
        ("github.com/acme/shop.v2/cart.Map[go.shape.int]", "github.com/acme/shop.v2/cart.Map"),
    ] {
        assert_eq!(fold(name).text(), symbol, "{name}");
    }
}

#[test]
fn a_server_says_whose_request_it_was_before_what_happened() {
    let below = PANIC.split_once("\n\n").unwrap().1;
    for before in [
        "http: panic serving 10.0.0.3:51234: ",
        "http: panic serving [::1]:51234: ",
        "2024/05/01 12:00:00 server.go:12: http: panic serving 10.0.0.3:51234: ",
    ] {
        let read = outline(&format!("{before}runtime error: gone\n{below}"));
        assert_eq!(
            (read[0].0.as_str(), read[0].1.as_str()),
            ("panic", "runtime error: gone"),
            "{before}"
        );
        assert_eq!(read[0].2, outline(PANIC)[0].2);
    }
}

const GIN: &str = "2024/05/12 10:12:01 [Recovery] 2024/05/12 - 10:12:01 panic recovered:
GET /orders/4711 HTTP/1.1
Host: shop.example


runtime error: invalid memory address or nil pointer dereference
/usr/local/go/src/runtime/panic.go:261 (0x44d0d6)
	panicmem: panic(memoryError)
/app/handlers/orders.go:31 (0x6f0a1b)
	(*Orders).Get.func1: c.JSON(200, o.Items)
/app/handlers/routes.go:9 (0x6f0a1a)
	Routes: get(c)
/go/pkg/mod/github.com/gin-gonic/gin@v1.9.1/context.go:174 (0x6b2a2a)
	(*Context).Next: c.handlers[c.index](c)
[GIN] 2024/05/12 - 10:12:01 | 500 | GET /orders/4711
";

#[test]
fn what_gin_lists_is_read() {
    let nil = "runtime error: invalid memory address or nil pointer dereference".to_owned();
    let own = ["handlers.Orders.Get", "handlers.Routes"].map(str::to_owned).to_vec();
    let want = [("panic".to_owned(), nil.clone(), own)];
    assert_eq!(outline(GIN), want);
    assert_eq!(crate::lang::detect(GIN).map(Language::lang), Some(Lang::Go));
    // Without the request, as outside of debugging, and with another panic behind.
    let (head, tail) = GIN.split_once("GET").unwrap();
    let plain = head.to_owned() + tail.split_once("\n\n\n").unwrap().1;
    assert_eq!(outline(&plain), want);
    let again = plain.clone() + &plain.replace("handlers", "carts");
    assert_eq!(outline(&again), want);
    // Where the sources are not at hand there are no names.
    let bare: String =
        plain.lines().filter(|line| !line.starts_with('\t')).map(|l| l.to_owned() + "\n").collect();
    let files = ["handlers/orders.go", "handlers/routes.go"].map(str::to_owned).to_vec();
    assert_eq!(outline(&bare), [("panic".to_owned(), nil, files)]);
}

const OVERFLOW: &str = "runtime: goroutine stack exceeds 1000000000-byte limit
runtime: sp=0xc0200e0390 stack=[0xc0200e0000, 0xc0400e0000]
fatal error: stack overflow

runtime stack:
runtime.throw({0x4b1c1e?, 0x0?})
	/usr/local/go/src/runtime/panic.go:1077 +0x5c fp=0x7ffd2b sp=0x7ffd2a pc=0x43
main.hook()
	/app/hook.go:7 +0x5bd fp=0x7ffd2b sp=0x7ffd2a pc=0x43
runtime.morestack()
	/usr/local/go/src/runtime/asm_amd64.s:593 +0x8f fp=0x7ffd2b sp=0x7ffd2a pc=0x43

goroutine 1 [running]:
main.walk(0xc000?)
	/app/main.go:12 +0x39 fp=0xc0200e03a0 sp=0xc0200e0398 pc=0x45
main.walk(0xc000?)
	/app/main.go:13 fp=0xc0200e03b0 sp=0xc0200e03a8 pc=0x45
...100 frames elided...
main.main()
	/app/main.go:20 +0x39 fp=0xc0200e03b0 sp=0xc0200e03a8 pc=0x45

goroutine 2 [select]:
main.other()
	/app/other.go:1 +0x1
";

#[test]
fn a_stack_that_overflowed_is_the_goroutines_own() {
    let own = ["main.walk", "main.walk", "main.main"].map(str::to_owned).to_vec();
    assert_eq!(outline(OVERFLOW), [("panic".into(), "stack overflow".into(), own)]);
}

#[test]
fn a_panic_that_was_recovered_and_thrown_again_says_the_same() {
    for header in [
        "panic: open db: no such host",
        "panic: open db: no such host [recovered]",
        "panic: open db: no such host [recovered]\n\tpanic: again",
        "panic: open db: no such host [recovered, repanicked]",
    ] {
        let text =
            format!("{header}\n\ngoroutine 1 [running]:\nmain.main()\n\t/app/main.go:8 +0x2c\n");
        assert_eq!(
            outline(&text),
            [("panic".into(), "open db: no such host".into(), vec!["main.main".to_owned()])],
            "{header}"
        );
    }
}
