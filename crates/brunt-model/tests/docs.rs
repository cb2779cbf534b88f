//! `docs/states.md` says what is so: each row of its table of versions is what [`VersionOrder`] says.

use brunt_model::{Ts, VersionOrder};

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/states.md");

#[test]
fn versions_are_ordered_as_the_page_says() {
    let page = std::fs::read_to_string(PAGE).expect("docs/states.md");
    let (_, table) = page.split_once("| deployed in this order |").expect("the table");
    let mut n_rows = 0;
    for line in table.lines().skip(2).take_while(|line| line.starts_with('|')) {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        let [deployed, resolved_in, version, regressed] = cells[..] else { panic!("{line}") };
        let order = VersionOrder::new(deployed.split(", ").zip((0..).map(Ts)), []);
        let want = match regressed {
            "yes" => Some(true),
            "no" => Some(false),
            "unknown, so no" => None,
            other => panic!("{line}: {other}"),
        };
        assert_eq!(order.is_at_or_after(version, resolved_in), want, "{line}");
        n_rows += 1;
    }
    assert!(n_rows > 10, "{n_rows} rows");
}
