//! Lines as the loggers of many languages write them.

use super::*;

/// A line, and its time, level, thread, logger, process and message.
const CASES: &[(&str, &str)] = &[
    (
        "[Mon Jan 01 12:00:00.123456 2024] [core:error] [pid 42:tid 7] [client 1.2.3.4:5] AH00124: gone",
        "Mon Jan 01 12:00:00.123456 2024 ~ error ~ client 1.2.3.4:5 ~ core ~  ~ AH00124: gone",
    ),
    (
        "[Mon Jan 01 12:00:00 2024] [:notice] gone",
        "Mon Jan 01 12:00:00 2024 ~ notice ~  ~  ~  ~ gone",
    ),
    (
        "2025-10-28 14:21:13,123 ERROR [main] c.e.Cart - gone",
        "2025-10-28 14:21:13,123 ~ ERROR ~ main ~ c.e.Cart ~  ~ gone",
    ),
    (
        "2025-10-28 14:21:13,123 [main] INFO  c.e.Cart - it: is - gone",
        "2025-10-28 14:21:13,123 ~ INFO ~ main ~ c.e.Cart ~  ~ it: is - gone",
    ),
    (
        "2025-10-28 14:21:13,123 - shop.cart - WARNING - gone",
        "2025-10-28 14:21:13,123 ~ WARNING ~  ~ shop.cart ~  ~ gone",
    ),
    (
        "2025-10-28 14:21:13,123 INFO main - gone",
        "2025-10-28 14:21:13,123 ~ INFO ~  ~ main ~  ~ gone",
    ),
    (
        "2025-10-28 14:21:13,123 INFO gone - now",
        "2025-10-28 14:21:13,123 ~ INFO ~  ~ gone ~  ~ now",
    ),
    (
        "2025-10-28 14:21:13,123 INFO it is gone",
        "2025-10-28 14:21:13,123 ~ INFO ~  ~  ~  ~ it is gone",
    ),
    (
        "2025-10-28 14:21:13,123 [INFO] shop.cart: gone",
        "2025-10-28 14:21:13,123 ~ INFO ~  ~ shop.cart ~  ~ gone",
    ),
    (
        "2025-10-28 14:21:13,123 INFO Failed: gone",
        "2025-10-28 14:21:13,123 ~ INFO ~  ~  ~  ~ Failed: gone",
    ),
    (
        "[2025-10-28 14:21:13,123: ERROR/MainProcess] gone",
        "2025-10-28 14:21:13,123 ~ ERROR ~ MainProcess ~  ~  ~ gone",
    ),
    (
        "[2025-10-28 14:21:13 +0000] [12] [INFO] gone",
        "2025-10-28 14:21:13 +0000 ~ INFO ~  ~  ~ 12 ~ gone",
    ),
    (
        "2025-10-28T14:21:13.123Z  INFO 12 --- [shop] [  main] c.e.Cart  : gone",
        "2025-10-28T14:21:13.123Z ~ INFO ~ main ~ c.e.Cart ~ 12 ~ gone",
    ),
    (
        "I, [2025-10-28T14:21:13.123456 #12]  INFO -- : gone",
        "2025-10-28T14:21:13.123456 ~ INFO ~  ~  ~ 12 ~ gone",
    ),
    (
        "[2025-10-28T14:21:13Z WARN  shop::cart] gone",
        "2025-10-28T14:21:13Z ~ WARN ~  ~ shop::cart ~  ~ gone",
    ),
    (
        "2025-10-28T14:21:13.123456Z  INFO shop::cart: gone",
        "2025-10-28T14:21:13.123456Z ~ INFO ~  ~ shop::cart ~  ~ gone",
    ),
    (
        "2025-10-28 14:21:13.123 | ERROR    | shop.cart:pay:12 - gone",
        "2025-10-28 14:21:13.123 ~ ERROR ~  ~ shop.cart:pay:12 ~  ~ gone",
    ),
    (
        "2025-10-28 14:21:13.123 UTC [12] ERROR:  gone",
        "2025-10-28 14:21:13.123 UTC ~ ERROR ~  ~  ~ 12 ~ gone",
    ),
    (
        "2025-10-28 14:21:13.123 +00:00 [ERR] gone",
        "2025-10-28 14:21:13.123 +00:00 ~ ERR ~  ~  ~  ~ gone",
    ),
    (
        "28-Oct-2025 14:21:13.123 SEVERE [main] c.e.Cart.pay gone",
        "28-Oct-2025 14:21:13.123 ~ SEVERE ~ main ~  ~  ~ c.e.Cart.pay gone",
    ),
    ("2025/10/28 14:21:13 error in cart", "2025/10/28 14:21:13 ~  ~  ~  ~  ~ error in cart"),
    (
        "[Tue Oct 28 14:21:13.123456 2025] gone",
        "Tue Oct 28 14:21:13.123456 2025 ~  ~  ~  ~  ~ gone",
    ),
    (
        "14:21:13.123 [main] DEBUG c.e.Cart - gone",
        "14:21:13.123 ~ DEBUG ~ main ~ c.e.Cart ~  ~ gone",
    ),
    ("2025-10-28T14:21:13Z ERROR [cart] gone", "2025-10-28T14:21:13Z ~ ERROR ~  ~ cart ~  ~ gone"),
    ("ERROR:shop.cart:gone: x", " ~ ERROR ~  ~ shop.cart ~  ~ gone: x"),
    ("INFO:     gone", " ~ INFO ~  ~  ~  ~ gone"),
    ("[warn] gone", " ~ warn ~  ~  ~  ~ gone"),
    (
        "2025-10-28T14:21:13.123Z\t5b8aa5a2-d2c8-72e8-321c-f37308d69df2\tERROR\tgone",
        "2025-10-28T14:21:13.123Z ~ ERROR ~  ~  ~  ~ gone",
    ),
    ("2025-10-28 14:21:13,123 INFO 3 items", "2025-10-28 14:21:13,123 ~ INFO ~  ~  ~  ~ 3 items"),
    (
        "2025-10-28 14:21:13,123 INFO {\"a\":1}",
        "2025-10-28 14:21:13,123 ~ INFO ~  ~  ~  ~ {\"a\":1}",
    ),
];

#[test]
fn the_common_orders_are_taken_apart() {
    for (line, expected) in CASES {
        let head = Head::of(line).unwrap();
        let parts =
            [head.time, head.level, head.thread, head.logger, head.process, Some(head.message)];
        assert_eq!(&parts.map(Option::unwrap_or_default).join(" ~ "), expected, "{line}");
    }
}

#[test]
fn other_lines_have_no_head() {
    for line in
        ["", "Dear all,", "\tat a.B.c(B.java:1)", "error in cart", "2025", "a: b", "Caused by: x"]
    {
        assert_eq!(Head::of(line), None, "{line}");
    }
}
