//! What `benches/grouping` makes of its command line.

#[path = "../benches/grouping/arguments.rs"]
mod arguments;

use arguments::{Arguments, PARTS};

fn read(line: &str) -> Result<Arguments, String> {
    Arguments::read(line.split_ascii_whitespace().map(str::to_owned))
}

#[test]
fn parts_and_numbers_are_read() {
    let all = read("--bench").unwrap();
    assert!(PARTS.into_iter().all(|part| all.has(part)));
    assert_eq!((all.seed, all.n_seeds, all.n_shown), (1, 400, 0));
    let some = read("speed --seed 7 --seeds 20 --show 3 linear --bench").unwrap();
    assert_eq!(
        PARTS.map(|part| some.has(part)),
        PARTS.map(|part| ["speed", "linear"].contains(&part))
    );
    assert_eq!((some.seed, some.n_seeds, some.n_shown), (7, 20, 3));
}

#[test]
fn a_slip_is_refused_with_what_may_stand_there() {
    for (line, said) in [
        ("metamorphc", "\"metamorphc\" is no part and no option; parts are metamorphic, exports"),
        ("--sed 3", "\"--sed\" is no part and no option"),
        ("--seed abc", "--seed needs a whole number from 0 on, not \"abc\""),
        ("--seed", "--seed needs a number behind it"),
        ("--seeds 0", "--seeds needs a whole number from 1 on, not \"0\""),
        ("--show -1", "--show needs a whole number from 0 on, not \"-1\""),
    ] {
        let error = read(line).unwrap_err();
        assert!(error.starts_with(said), "{line}: {error}");
    }
}
