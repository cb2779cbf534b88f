//! Stacks as they come.

use super::*;
use crate::chain::walk;
use crate::reader::Reader;

#[track_caller]
fn reads(text: &str, type_name: &str, message: &str, want: &[&str]) {
    let stack = Erlang.parse(text);
    let reader = Reader::plain(&Erlang);
    let own = walk(&stack.chain, 0, reader).filter(|frame| reader.is_app(frame));
    let symbols: Vec<_> = own.map(|frame| Erlang.symbol(&frame).text()).collect();
    let root = &stack.chain[0];
    assert_eq!((root.type_name, &*root.message), (type_name, message));
    assert_eq!(symbols, want);
}

#[test]
fn elixirs_reports_are_read() {
    reads(
        "10:11:12.345 [error] GenServer #PID<0.1.0> terminating\n** (KeyError) key :total not found in: %{id: 7}\n    (shop 0.1.0) lib/shop/cart.ex:42: anonymous fn/1 in Shop.Cart.total/1\n    (elixir 1.15.0) lib/enum.ex:1: Enum.map/2\n    lib/shop/web.ex:9: Shop.Web.post/2\n    (stdlib 4.0) gen_server.erl:12: :gen_server.try_handle_call/4\nLast message: :go\n",
        "KeyError",
        "key :total not found in: %{id: 7}",
        &["Shop.Cart.total", "Shop.Web.post"],
    );
    reads(
        "** (ArgumentError) errors were found\n    :erlang.binary_to_integer(\"x\")\n    (shop 0.1.0) lib/shop/cart.ex:42: Shop.Cart.total(nil)\n",
        "ArgumentError",
        "errors were found",
        &["Shop.Cart.total"],
    );
}

#[test]
fn erlangs_reports_are_read() {
    reads(
        "** exception error: bad argument\n     in function  shop_cart:total/1 (shop_cart.erl, line 42)\n     in call from shop_web:'-post/2-fun-0-'/1 (shop_web.erl, line 9)\n",
        "error",
        "bad argument",
        &["shop_cart.total", "shop_web.post"],
    );
    reads(
        "** Reason for termination ==\n** {badarg,[{shop_cart,total,1,[{file,\"src/shop_cart.erl\"},{line,42}]},\n            {gen_server,try,3,[{file,\"gen_server.erl\"},{line,1}]}]}\n",
        "",
        "** Reason for termination ==",
        &["shop_cart.total"],
    );
}

#[test]
fn lines_of_text_are_no_frames() {
    for line in
        ["see lib/shop.ex:12", "a (b, line 3)", "{a,b}", "    (shop) is down", "time 10:11:12: x/1"]
    {
        assert!(Erlang.frame(line, "").is_none(), "{line}");
    }
}
