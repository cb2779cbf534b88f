//! `brunt trace`: a waterfall of spans, with logs and errors where they happened.

use std::collections::{BTreeMap, HashMap, HashSet};

use brunt::Session;
use brunt_model::TraceId;
use brunt_notebook::shorten;
use unicode_width::UnicodeWidthStr;

use super::rows::{Rows, fetch, show};
use super::{Context, quote};
use crate::args::Trace;
use crate::failure::{ExitStatus, Failure};
use crate::output::{is_colour, layout, print, width_max};

const WIDTH_DEFAULT: usize = 100;
/// Of the bar in a wide terminal; in a narrow one it takes a quarter of the line.
const BAR_WIDTH: usize = 24;

pub(super) async fn run(ctx: &Context, args: &Trace) -> Result<ExitStatus, Failure> {
    let session = ctx.open().await?.session().await?;
    let id = TraceId::parse(&args.id).ok_or_else(|| {
        Failure::usage(format!("\"{}\" is no trace id", args.id))
            .hint("It is 32 hexadecimal digits.")
    })?;
    let ids = ids_of(&session, id).await?;
    let lines_sql = format!(
        "SELECT 'log' AS kind, arrow_cast(ts, 'Int64') AS at_us, span_id, coalesce(severity_text, '') AS mark, \
         coalesce(body, exception_message) AS text FROM logs WHERE trace_id IN {ids} \
         UNION ALL \
         SELECT 'error', arrow_cast(ts, 'Int64'), span_id, error_group_id, \
         coalesce(exception_type || ': ', '') || coalesce(exception_message, error_type, '') FROM errors WHERE trace_id IN {ids} \
         ORDER BY 2, 1"
    );
    let spans_sql = format!(
        "SELECT arrow_cast(ts, 'Int64') AS at_us, span_id, parent_span_id, service_name, span_name, span_kind, status_code, \
         coalesce(duration_ns, 0) AS duration_ns FROM spans WHERE trace_id IN {ids} ORDER BY ts, span_id"
    );
    if ctx.json {
        show(&session, &spans_sql, &layout(true)).await?;
        return show(&session, &lines_sql, &layout(true)).await;
    }
    let spans = fetch(&session, &spans_sql).await?;
    let lines = fetch(&session, &lines_sql).await?;
    if spans.len() + lines.len() == 0 {
        return Err(Failure::refused(format!("there is no trace \"{id}\""))
            .hint("`brunt sql 'SELECT trace_id FROM traces LIMIT 5'` shows some."));
    }
    print(&Waterfall::new(&spans, &lines).draw());
    Ok(ExitStatus::Done)
}

/// The ids that rows of a trace carry, as a list of SQL: some exporters know the lower half of an id only.
async fn ids_of(session: &Session, id: TraceId) -> Result<String, Failure> {
    let half = TraceId::new(id.low_half().into()).unwrap_or(id);
    let mut ids = vec![quote(&id.to_string()), quote(&half.to_string())];
    if id == half {
        let lower = format!("{:016x}", id.low_half());
        let sql = format!(
            "SELECT DISTINCT trace_id FROM traces WHERE right(trace_id, 16) = {}",
            quote(&lower)
        );
        let wholes = fetch(session, &sql).await?;
        ids.extend(
            (0..wholes.len()).filter_map(|row_idx| wholes.text(row_idx, "trace_id")).map(quote),
        );
    }
    Ok(format!("({})", ids.join(", ")))
}

/// A trace laid out for drawing.
struct Waterfall<'r> {
    spans: &'r Rows,
    lines: &'r Rows,
    /// Children of each span by start; of "" those without a parent in the store.
    children: BTreeMap<&'r str, Vec<usize>>,
    /// Logs and errors of each span by time; of "" those of no span in the store.
    lines_of: HashMap<&'r str, Vec<usize>>,
    start_us: i64,
    duration_us: i64,
}

impl<'r> Waterfall<'r> {
    fn new(spans: &'r Rows, lines: &'r Rows) -> Self {
        let ids: HashSet<&str> =
            (0..spans.len()).filter_map(|span_idx| spans.text(span_idx, "span_id")).collect();
        let known = |id: Option<&'r str>| id.filter(|id| ids.contains(id)).unwrap_or_default();
        let mut children: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for span_idx in 0..spans.len() {
            children
                .entry(known(spans.text(span_idx, "parent_span_id")))
                .or_default()
                .push(span_idx);
        }
        let mut lines_of: HashMap<&str, Vec<usize>> = HashMap::new();
        for line_idx in 0..lines.len() {
            lines_of.entry(known(lines.text(line_idx, "span_id"))).or_default().push(line_idx);
        }
        let at = |rows: &Rows, row_idx| rows.integer(row_idx, "at_us").unwrap_or(0);
        let starts = (0..spans.len()).map(|span_idx| at(spans, span_idx));
        let start_us =
            starts.chain((0..lines.len()).map(|line_idx| at(lines, line_idx))).min().unwrap_or(0);
        let ends = (0..spans.len()).map(|span_idx| {
            at(spans, span_idx) + spans.integer(span_idx, "duration_ns").unwrap_or(0) / 1_000
        });
        let duration_us = (ends.max().unwrap_or(start_us) - start_us).max(1);
        Self { spans, lines, children, lines_of, start_us, duration_us }
    }

    fn draw(&self) -> String {
        let mut text = format!(
            "{} spans, {} logs and errors, {:.1} ms\n\n",
            self.spans.len(),
            self.lines.len(),
            self.duration_us as f64 / 1_000.0
        );
        // A span that is its own ancestor would be met again, so each is drawn once; depth-first without recursion.
        let mut drawn = HashSet::new();
        let mut open: Vec<(usize, usize)> = self.under("", 0);
        loop {
            while let Some((span_idx, depth)) = open.pop() {
                if drawn.insert(span_idx) {
                    self.push_span(&mut text, span_idx, depth);
                    open.extend(self.under(
                        self.spans.text(span_idx, "span_id").unwrap_or_default(),
                        depth + 1,
                    ));
                }
            }
            let Some(rest) = (0..self.spans.len()).find(|span_idx| !drawn.contains(span_idx))
            else {
                break;
            };
            open.push((rest, 0));
        }
        for line_idx in self.lines_of.get("").into_iter().flatten() {
            self.push_line(&mut text, *line_idx, 0);
        }
        text
    }

    /// The children of a span, the first one last, as a stack wants them.
    fn under(&self, id: &str, depth: usize) -> Vec<(usize, usize)> {
        self.children
            .get(id)
            .into_iter()
            .flatten()
            .rev()
            .map(|span_idx| (*span_idx, depth))
            .collect()
    }

    fn push_span(&self, text: &mut String, span_idx: usize, depth: usize) {
        let field = |name| self.spans.text(span_idx, name).unwrap_or_default();
        let at_us = self.spans.integer(span_idx, "at_us").unwrap_or(0) - self.start_us;
        let duration_us = self.spans.integer(span_idx, "duration_ns").unwrap_or(0) / 1_000;
        let failed = if field("status_code") == "ERROR" { " ✗" } else { "" };
        let title = format!(
            "{}{} · {}{failed}",
            "  ".repeat(depth.min(20)),
            field("service_name"),
            field("span_name")
        );
        let line_width = width_max().unwrap_or(WIDTH_DEFAULT);
        let bar_width = BAR_WIDTH.min(line_width / 4).max(1);
        let duration = format!("  {:>9.1} ms  ", duration_us as f64 / 1_000.0);
        let title_width = line_width.saturating_sub(duration.len() + bar_width);
        let line = format!(
            "{}{duration}{}",
            fit(&title, title_width),
            bar(at_us, duration_us, self.duration_us, bar_width)
        );
        text.push_str(&paint(line.trim_end(), !failed.is_empty()));
        text.push('\n');
        for line_idx in self.lines_of.get(field("span_id")).into_iter().flatten() {
            self.push_line(text, *line_idx, depth + 1);
        }
    }

    fn push_line(&self, text: &mut String, line_idx: usize, depth: usize) {
        let field = |name| self.lines.text(line_idx, name).unwrap_or_default();
        let is_error = field("kind") == "error";
        let at_us = self.lines.integer(line_idx, "at_us").unwrap_or(0) - self.start_us;
        let sign = if is_error { "✗" } else { "│" };
        let first_line = field("text").lines().next().unwrap_or_default();
        let line = format!(
            "{}{sign} +{:.1} ms {} {first_line}",
            "  ".repeat(depth.min(20)),
            at_us as f64 / 1_000.0,
            field("mark")
        );
        text.push_str(&paint(
            fit(&line, width_max().unwrap_or(WIDTH_DEFAULT)).trim_end(),
            is_error,
        ));
        text.push('\n');
    }
}

/// Where in the trace a span ran.
fn bar(at_us: i64, duration_us: i64, trace_us: i64, width: usize) -> String {
    let n_cells = i64::try_from(width).unwrap_or(1);
    let place = |us: i64| {
        usize::try_from(us.clamp(0, trace_us).saturating_mul(n_cells) / trace_us).unwrap_or(0)
    };
    let start = place(at_us).min(width - 1);
    let end = place(at_us.saturating_add(duration_us)).clamp(start + 1, width);
    format!("{}{}", " ".repeat(start), "█".repeat(end - start))
}

/// Cut or filled to a width.
fn fit(text: &str, width: usize) -> String {
    let text = shorten(text, width);
    let padding = " ".repeat(width.saturating_sub(text.width()));
    format!("{text}{padding}")
}

fn paint(line: &str, is_error: bool) -> String {
    if is_error && is_colour() { format!("\x1b[31m{line}\x1b[0m") } else { line.to_owned() }
}
