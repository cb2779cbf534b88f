//! Lines of text that a mapping's pattern takes apart; the pattern's named groups are the fields.

use crate::decode::{Place, Plan, each_text};
use crate::error::Error;
use crate::fill::text_record;
use crate::format::Spec;
use crate::load::Load;
use crate::read::{Source, Split};
use crate::row::Row;

pub(crate) static SPEC: Spec = Spec {
    name: "text",
    about: "lines that a mapping's pattern takes apart",
    is: |_| false,
    is_generic: true,
    decode,
};

/// Reads an input to its end. A line that the pattern does not fit is a reject.
fn decode(plan: Plan<'_>, source: &mut Source<'_>, load: &mut Load<'_>) -> Result<(), Error> {
    let mut filler = plan.filler(source, load)?;
    let Some(pattern) = filler.pattern().cloned() else {
        let reason = "it has no pattern; a mapping file gives one".to_owned();
        return Err(Error::Malformed { input: source.name().to_owned(), format: "text", reason });
    };
    let table = filler.table();
    while let Some(block) = source.next_block(Split::Lines)? {
        each_text(block, true, load, &mut |text, line, load| {
            let place = Place { line, column: Some(1) };
            let Some(captures) = pattern.captures(text) else {
                return load.reject(
                    Some(table),
                    place,
                    "no_match",
                    "a line does not fit the pattern",
                    text.as_bytes(),
                );
            };
            let fields = pattern
                .capture_names()
                .flatten()
                .filter_map(|name| captures.name(name).map(|group| (name, group.as_str())));
            let mut row = Row::new(table);
            match filler.fill(&mut row, text_record(fields)) {
                Ok(()) => load.append(&mut row),
                Err(refusal) => {
                    load.reject(Some(table), place, refusal.code, &refusal.reason, text.as_bytes())
                }
            }
        })?;
    }
    Ok(())
}
