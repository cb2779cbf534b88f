//! The SQL that ships with brunt: views and notebooks, embedded.

/// Name and SQL of every view, in an order in which each comes after the views that it reads. The SQL is one query
/// below a comment that says what a row is.
pub fn views() -> &'static [(&'static str, &'static str)] {
    &[
        ("orders", include_str!("../views/orders.sql")),
        ("account_history", include_str!("../views/account_history.sql")),
        ("trace_periods", include_str!("../views/trace_periods.sql")),
        ("session_periods", include_str!("../views/session_periods.sql")),
        ("logs_enriched", include_str!("../views/logs_enriched.sql")),
        ("spans_enriched", include_str!("../views/spans_enriched.sql")),
        ("events_enriched", include_str!("../views/events_enriched.sql")),
        ("identities", include_str!("../views/identities.sql")),
        ("sessions_enriched", include_str!("../views/sessions_enriched.sql")),
        ("sampling", include_str!("../views/sampling.sql")),
        ("exception_signals", include_str!("../views/exception_signals.sql")),
        ("error_incidents", include_str!("../views/error_incidents.sql")),
        ("duplication_factor", include_str!("../views/duplication_factor.sql")),
        ("misattribution", include_str!("../views/misattribution.sql")),
        ("service_overlap", include_str!("../views/service_overlap.sql")),
        ("session_timeline", include_str!("../views/session_timeline.sql")),
        ("ticket_context", include_str!("../views/ticket_context.sql")),
        ("error_groups", include_str!("../views/error_groups.sql")),
        ("severity_audit", include_str!("../views/severity_audit.sql")),
        ("error_impact_default", include_str!("../views/error_impact_default.sql")),
        ("affected_accounts", include_str!("../views/affected_accounts.sql")),
    ]
}

/// Name and Markdown of every notebook.
pub fn notebooks() -> &'static [(&'static str, &'static str)] {
    &[("impact", include_str!("../notebooks/impact.md"))]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_view_says_what_a_row_is() {
        for (name, sql) in views() {
            assert!(sql.starts_with("-- "), "{name}");
        }
    }

    #[test]
    fn every_notebook_has_a_title() {
        for (name, markdown) in notebooks() {
            assert!(markdown.contains("\ntitle: "), "{name}");
        }
    }
}
