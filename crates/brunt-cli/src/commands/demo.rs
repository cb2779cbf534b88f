//! `brunt demo`: the seeded shop's exports through the real loader, and what each planted bug cost, estimated and true.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::time::Instant;

use brunt::{FileOutcome, Input, LoadOptions, LoadSummary, Session, Store};
use brunt_notebook::RunOptions;
use brunt_testkit::{PlantedBug, Shop, ShopOptions};

use super::meter::Meter;
use super::rows::{Rows, fetch};
use super::{Context, notebook, now, quote};
use crate::args::Demo;
use crate::failure::{ExitStatus, Failure};
use crate::output::{end_progress, layout, print, tell, tell_progress};

pub(super) async fn run(ctx: &Context, args: &Demo) -> Result<ExitStatus, Failure> {
    let shop = Shop::new(ShopOptions { seed: args.seed, ..ShopOptions::demo() });
    let store = ctx.open_or_create().await?;
    let exports = Exports::write(&shop, args)?;
    load(&store, &exports.folder).await?;
    let session = store.session().await?;
    let options = RunOptions { values: Vec::new(), layout: layout(ctx.json) };
    brunt_notebook::run(&notebook::find("impact")?, &session, &options, &mut std::io::stdout())
        .await?;
    print(&compare(&session, &shop).await?);
    tell(&format!(
        "\nNext: `brunt sql` asks this store, `brunt errors` and `brunt impact` list it, `brunt serve` lets psql in; it lies in {}",
        store.url()
    ));
    Ok(ExitStatus::Done)
}

/// The shop's exports, in a folder that goes away unless it was asked for.
struct Exports {
    folder: PathBuf,
    is_kept: bool,
}

impl Exports {
    fn write(shop: &Shop, args: &Demo) -> Result<Self, Failure> {
        let started_at = Instant::now();
        let passing = || std::env::temp_dir().join(format!("brunt-demo-{}", std::process::id()));
        let exports = Self {
            folder: args.exports.clone().unwrap_or_else(passing),
            is_kept: args.exports.is_some(),
        };
        tell_progress("making the shop's exports");
        let written = shop.write_exports(&exports.folder).map_err(|error| {
            Failure::system(&format!("write exports to {}", exports.folder.display()), &error)
        })?;
        end_progress();
        tell(&format!(
            "made the exports of a shop: {} sessions, {} spans, {} logs, {} events, {:.0} MB in {:.1} s",
            written.n_sessions,
            written.n_spans,
            written.n_logs,
            written.n_events,
            written.n_bytes as f64 / 1e6,
            started_at.elapsed().as_secs_f64()
        ));
        Ok(exports)
    }
}

impl Drop for Exports {
    fn drop(&mut self) {
        if !self.is_kept {
            // What stays behind lies in the system's folder for such things.
            let _ = std::fs::remove_dir_all(&self.folder);
        }
    }
}

/// Loads the exports as anybody would theirs; a second demo finds them loaded.
async fn load(store: &Store, folder: &Path) -> Result<(), Failure> {
    let journeys = folder.join("definitions/journeys.toml");
    let text = std::fs::read_to_string(&journeys)
        .map_err(|error| Failure::system(&format!("read {}", journeys.display()), &error))?;
    store.write_definition("journeys.toml", &text).await?;
    let mut inputs = Input::find(&folder.to_string_lossy())?;
    inputs.retain(|input| !Path::new(input.name()).starts_with(folder.join("definitions")));
    let started_at = Instant::now();
    let meter = Meter::start();
    let show = |progress: &brunt::Progress| meter.show(progress);
    let summary = store.load(&inputs, &LoadOptions::default(), now(), &show).await;
    end_progress();
    tell_load(&summary?, started_at.elapsed().as_secs_f64())
}

fn tell_load(summary: &LoadSummary, seconds: f64) -> Result<(), Failure> {
    for file in &summary.files {
        if let FileOutcome::Failed { error, .. } = &file.outcome {
            return Err(Failure::refused(format!("{}: {error}", file.input)));
        }
    }
    tell(&match summary.epoch {
        Some(epoch) => format!(
            "loaded {} rows from {} files into epoch {epoch}, {} rejects, in {seconds:.1} s\n",
            summary.n_rows(),
            summary.files.len(),
            summary.n_rejects()
        ),
        None => "the same exports are loaded already\n".to_owned(),
    });
    Ok(())
}

/// A line for each planted bug: what brunt estimated from the exports, and what the same visitors did without the bug.
async fn compare(session: &Session, shop: &Shop) -> Result<String, Failure> {
    let impact = fetch(
        session,
        "SELECT error_group_id, rank, n_affected, round(lost_conversions, 1) AS lost, \
         round(lost_conversions_lo, 1) AS lo, round(lost_conversions_hi, 1) AS hi, accused, partner \
         FROM error_impact(journey => 'checkout')",
    )
    .await?;
    let rows: HashMap<String, usize> = (0..impact.len())
        .filter_map(|row_idx| Some((impact.text(row_idx, "error_group_id")?.to_owned(), row_idx)))
        .collect();
    let mut truth = shop.truth();
    truth.sort_by_key(|planted| (-planted.lost_conversions, planted.name));
    let mut text = String::from(
        "## Estimated beside true\n\nThe shop knows what each bug cost: the same visitors walked through it again without that one bug.\n\n",
    );
    text.push_str(&format!(
        "{:<18} {:>8} {:>8} {:>10}   {:<20} {:<7}  {}\n",
        "planted bug", "affected", "true", "estimated", "95 % interval", "holds", "accused"
    ));
    for planted in &truth {
        let group = group_of(session, planted).await?;
        let row_idx = group.and_then(|group| rows.get(&group).copied());
        text.push_str(&line(planted, &impact, row_idx));
    }
    Ok(text)
}

fn line(planted: &PlantedBug, impact: &Rows, row_idx: Option<usize>) -> String {
    let number = |name: &str| -> Option<f64> { impact.text(row_idx?, name)?.parse().ok() };
    let true_lost = planted.lost_conversions as f64;
    let shown =
        |value: Option<f64>| value.map_or_else(|| "-".to_owned(), |value| format!("{value:.1}"));
    let (lo, hi) = (number("lo"), number("hi"));
    let interval = format!("{} .. {}", shown(lo), shown(hi));
    let holds = match (lo, hi) {
        (Some(lo), Some(hi)) if (lo..=hi).contains(&true_lost) => "yes",
        (Some(_), Some(_)) => "no",
        _ => "-",
    };
    let accused = match row_idx.and_then(|row_idx| impact.text(row_idx, "accused")) {
        Some("true") => "yes",
        Some(_) => "no",
        None => "-",
    };
    let note =
        if planted.companion_of.is_some() { "  (goes wherever another bug goes)" } else { "" };
    format!(
        "{:<18} {:>8} {:>8} {:>10}   {:<20} {:<7}  {accused}{note}\n",
        planted.name,
        planted.n_affected,
        planted.lost_conversions,
        shown(number("lost")),
        interval,
        holds
    )
}

/// The error group of a planted bug, found by what its error looks like.
async fn group_of(session: &Session, planted: &PlantedBug) -> Result<Option<String>, Failure> {
    let look = &planted.look;
    let sql = format!(
        "SELECT error_group_id FROM errors WHERE exception_type = {} AND service_name = {} \
         AND starts_with(exception_message, {}) GROUP BY error_group_id ORDER BY count(*) DESC LIMIT 1",
        quote(look.exception_type),
        quote(look.service),
        quote(look.message_prefix)
    );
    Ok(fetch(session, &sql).await?.text(0, "error_group_id").map(str::to_owned))
}
