//! The error group that somebody means by an id.

use brunt_model::Ts;

use crate::code::Code;
use crate::error::{Error, Fault};
use crate::session::Session;
use crate::text_rows::answer;

/// Ids that an error names.
const IDS_NAMED_MAX: usize = 5;

/// The group of this id: whole, or as much of its beginning as no other has, with or without the version of the
/// algorithm; or one that it had before groups were made anew.
pub(crate) async fn find_group(session: &Session, id: &str) -> Result<String, Error> {
    let sql =
        "SELECT DISTINCT error_group_id FROM errors WHERE error_group_id IS NOT NULL ORDER BY 1";
    let ids: Vec<String> = answer(session, sql).await?.into_iter().flatten().flatten().collect();
    let current = session.pinned().aliases().current(id, Ts(i64::MIN)).to_owned();
    for whole in [id, &current] {
        if ids.iter().any(|known| known == whole) {
            return Ok(whole.to_owned());
        }
    }
    let begins = |known: &&String| {
        let without_version = known.split_once(':').map_or("", |(_, hash)| hash);
        !id.is_empty() && (known.starts_with(id) || without_version.starts_with(id))
    };
    let begun: Vec<&String> = ids.iter().filter(begins).collect();
    match begun[..] {
        [one] => Ok(one.clone()),
        [] => Err(no_group(id, &ids).into()),
        _ => {
            let message = format!("{} error groups have an id that begins \"{id}\"", begun.len());
            let fault = Fault::new(Code::InvalidArgument, message);
            Err(fault.with_hint(format!("Give more of one of them: {}.", named(&begun))).into())
        }
    }
}

/// The fault of an id that no group has, with those that begin most like it.
fn no_group(id: &str, ids: &[String]) -> Fault {
    let fault = Fault::new(Code::UndefinedObject, format!("no error group \"{id}\""));
    let common = |known: &str| known.bytes().zip(id.bytes()).take_while(|(a, b)| a == b).count();
    let most = ids.iter().map(|known| common(known)).max().unwrap_or_default();
    let nearest: Vec<&String> = ids.iter().filter(|known| common(known) == most).collect();
    // The version of the algorithm is no likeness.
    if most <= id.find(':').map_or(0, |at| at + 1) {
        return fault.with_hint("`brunt errors` lists the groups.");
    }
    fault.with_hint(format!("The nearest: {}.", named(&nearest)))
}

fn named(ids: &[&String]) -> String {
    let more = if ids.len() > IDS_NAMED_MAX { ", …" } else { "" };
    let ids: Vec<&str> = ids.iter().take(IDS_NAMED_MAX).map(|id| id.as_str()).collect();
    ids.join(", ") + more
}
