//! The names under which exports write our columns: one table of data, shown in SQL as `system.aliases`.
//!
//! A key is compared without case and punctuation, so `session.id`, `session_id` and `$sessionId` are one name, and every
//! column goes by its own name before any of these. Earlier names of a column win over later ones.

use crate::normalize::form::{Form, Unit};

/// Other names of one column.
#[derive(Debug)]
pub struct Alias {
    /// Tables for which they hold; empty for every table that has the column.
    pub tables: &'static [&'static str],
    pub column: &'static str,
    /// Most trusted first.
    pub keys: &'static [&'static str],
    /// Whether these are plain words (`level`, `id`) that mean the column only at the top of a record of a plain format,
    /// and not wherever an attribute of that name may stand.
    pub plain_words: bool,
    /// How such a value is to be read where that differs from the column's own way: a unit, or decimal ids.
    pub(crate) form: Option<Form>,
}

/// A key that says nothing of the column's own: the end of a span, from which its duration follows.
pub(crate) const SPAN_END: &str = "(end of the span)";
/// A ticket's subject, which goes before its message.
pub(crate) const TICKET_SUBJECT: &str = "(subject of the ticket)";

/// All aliases, in the order of tables and columns.
pub fn aliases() -> &'static [Alias] {
    ALIASES
}

const fn any(column: &'static str, keys: &'static [&'static str]) -> Alias {
    Alias { tables: &[], column, keys, plain_words: false, form: None }
}

const fn plain(column: &'static str, keys: &'static [&'static str]) -> Alias {
    Alias { tables: &[], column, keys, plain_words: true, form: None }
}

const fn any_as(form: Form, column: &'static str, keys: &'static [&'static str]) -> Alias {
    Alias { tables: &[], column, keys, plain_words: false, form: Some(form) }
}

const fn plain_in(
    table: &'static [&'static str],
    column: &'static str,
    keys: &'static [&'static str],
) -> Alias {
    Alias { tables: table, column, keys, plain_words: true, form: None }
}

const fn any_in(
    table: &'static [&'static str],
    column: &'static str,
    keys: &'static [&'static str],
) -> Alias {
    Alias { tables: table, column, keys, plain_words: false, form: None }
}

const LOGS: &[&str] = &["logs"];
const SPANS: &[&str] = &["spans"];
const EVENTS: &[&str] = &["events"];
const TICKETS: &[&str] = &["ticket_updates"];
const ACCOUNTS: &[&str] = &["account_updates"];
const RELEASES: &[&str] = &["releases"];
const TELEMETRY: &[&str] = &["logs", "spans", "events"];

static ALIASES: &[Alias] = &[
    // Correlation.
    any(
        "trace_id",
        &[
            "trace.id",
            "otelTraceID",
            "logging.googleapis.com/trace",
            "x-amzn-trace-id",
            "xray_trace_id",
            "contexts.trace.trace_id",
            "x-b3-traceid",
            "traceparent",
        ],
    ),
    plain("trace_id", &["trace"]),
    any_as(Form::DecimalTraceId, "trace_id", &["dd.trace_id"]),
    any(
        "span_id",
        &[
            "span.id",
            "otelSpanID",
            "logging.googleapis.com/spanId",
            "contexts.trace.span_id",
            "x-b3-spanid",
        ],
    ),
    any_as(Form::DecimalSpanId, "span_id", &["dd.span_id"]),
    any(
        "session_id",
        &["session.id", "rum.sessionId", "domain_sessionid", "ga_session_id", "client.session.id"],
    ),
    plain("session_id", &["session", "sid"]),
    any("user_id", &["user.id", "enduser.id", "usr.id", "distinct_id"]),
    any_in(TICKETS, "user_id", &["requester.external_id"]),
    plain("user_id", &["uid", "sub", "user"]),
    any(
        "user_pseudo_id",
        &[
            "enduser.pseudo.id",
            "app.installation.id",
            "visitorId",
            "anonymous_id",
            "usr.anonymous_id",
            "domain_userid",
            "device.id",
        ],
    ),
    plain("user_pseudo_id", &["client_id"]),
    any(
        "account_id",
        &[
            "account.id",
            "usr.account_id",
            "usr.org_id",
            "org.id",
            "organization.id",
            "organization.external_id",
            "tenant.id",
            "company.id",
            "$groups.company",
            "customer.id",
            "workspace.id",
        ],
    ),
    plain_in(ACCOUNTS, "account_id", &["id", "account", "customer"]),
    any(
        "plan_tier",
        &["plan.tier", "plan", "account.plan", "user.plan", "usr.plan", "subscription.plan"],
    ),
    plain("plan_tier", &["tier", "subscription", "plan_name", "plan_type", "plan__c"]),
    any("service_name", &["service.name", "dd.service"]),
    plain("service_name", &["service", "application", "app"]),
    any("service_version", &["service.version", "dd.version", "app.version"]),
    plain("service_version", &["version", "release"]),
    any(
        "deployment_environment_name",
        &[
            "deployment.environment.name",
            "deployment.environment",
            "dd.env",
            "env",
            "environment",
            "service.environment",
        ],
    ),
    plain("deployment_environment_name", &["stage"]),
    any("feature_flags", &["feature_flag", "featureFlags"]),
    plain("feature_flags", &["flags"]),
    any("experiment_bucket", &["experiment.bucket", "experiment.variant", "ab_bucket"]),
    plain("experiment_bucket", &["experiment", "bucket"]),
    any(
        "geo_country",
        &["geo.country.iso_code", "geo.country", "client.geo.country_iso_code", "country_code"],
    ),
    plain("geo_country", &["country"]),
    any("device_type", &["device.type", "device.class", "device_category"]),
    plain("device_type", &["device"]),
    any("browser_name", &["user_agent.name", "browser.name"]),
    plain("browser_name", &["browser"]),
    any("os_name", &["user_agent.os.name", "os.name"]),
    plain("os_name", &["os"]),
    any("app_channel", &["app.channel"]),
    plain_in(
        &["logs", "spans", "events", "account_updates", "releases"],
        "app_channel",
        &["channel"],
    ),
    any("synthetic_type", &["user_agent.synthetic.type", "session.type", "synthetic"]),
    any_as(Form::IsBot, "synthetic_type", &["session.is_bot", "$virt_is_bot", "is_bot"]),
    any_as(
        Form::UserAgent,
        "synthetic_type",
        &[
            "user_agent.original",
            "http.user_agent",
            "user_agent",
            "browser.user_agent",
            "$raw_user_agent",
            "context.userAgent",
            "request.headers.user-agent",
        ],
    ),
    any("sample_weight", &["sample.weight"]),
    any_as(
        Form::SampleRate,
        "sample_weight",
        &["sample_rate", "sampling.rate", "sampling.probability"],
    ),
    any("observed_at", &["observed_time_unix_nano", "observed_timestamp", "received_at"]),
    // Errors, HTTP and scope, wherever they are told.
    any(
        "exception_type",
        &[
            "exception.type",
            "error.kind",
            "error.class",
            "error.name",
            "err.type",
            "err.name",
            "exception.class",
            "exc_type",
            "exception_name",
            "exception.exception_class",
            "thrown.name",
        ],
    ),
    any(
        "exception_message",
        &[
            "exception.message",
            "error.message",
            "err.message",
            "error.msg",
            "exc_message",
            "exception.exception_message",
            "thrown.message",
        ],
    ),
    any(
        "exception_stacktrace",
        &[
            "exception.stacktrace",
            "error.stack",
            "error.stack_trace",
            "err.stack",
            "stack_trace",
            "exc_info",
            "traceback",
            "thrown.extendedStackTrace",
        ],
    ),
    plain("exception_stacktrace", &["stack"]),
    any("error_type", &["error.type"]),
    any(
        "error_fingerprint",
        &["error.fingerprint", "$exception_fingerprint", "issue.id", "error_group_id"],
    ),
    plain("error_fingerprint", &["fingerprint"]),
    any(
        "http_request_method",
        &["http.request.method", "http.method", "request.method", "httpRequest.requestMethod"],
    ),
    plain("http_request_method", &["method"]),
    any("http_route", &["http.route"]),
    plain("http_route", &["route"]),
    any(
        "http_response_status_code",
        &[
            "http.response.status_code",
            "http.status_code",
            "http_status",
            "response.status_code",
            "httpRequest.status",
        ],
    ),
    plain_in(LOGS, "http_response_status_code", &["status_code"]),
    any(
        "url_path",
        &[
            "url.path",
            "http.url_details.path",
            "http.target",
            "http.path",
            "url.full",
            "http.url",
            "$pathname",
            "$current_url",
            "page.path",
            "page.url",
            "view.url",
            "request.path",
            "httpRequest.requestUrl",
        ],
    ),
    plain("url_path", &["path", "uri"]),
    plain_in(TELEMETRY, "url_path", &["url"]),
    any(
        "scope_name",
        &["scope.name", "otel.scope.name", "otel.library.name", "log.logger", "logger.name"],
    ),
    plain("scope_name", &["logger"]),
    // Logs.
    plain_in(
        LOGS,
        "ts",
        &["timestamp", "time", "datetime", "time_unix_nano", "event_time", "date", "asctime"],
    ),
    any_in(LOGS, "severity_text", &["log.level"]),
    plain_in(LOGS, "severity_text", &["level", "severity", "lvl", "levelname", "status"]),
    Alias {
        tables: LOGS,
        column: "severity_number",
        keys: &["levelno"],
        plain_words: true,
        form: Some(Form::PythonLevel),
    },
    plain_in(
        LOGS,
        "body",
        &[
            "message",
            "msg",
            "log",
            "short_message",
            "text",
            "textPayload",
            "jsonPayload.message",
            "log.message",
        ],
    ),
    any_in(&["logs", "events"], "event_name", &["event.name"]),
    plain_in(LOGS, "event_name", &["event"]),
    // Spans.
    plain_in(
        SPANS,
        "ts",
        &[
            "start_time_unix_nano",
            "start_timestamp",
            "start_time",
            "started_at",
            "start",
            "timestamp",
            "time",
        ],
    ),
    plain_in(
        SPANS,
        SPAN_END,
        &["end_time_unix_nano", "end_timestamp", "end_time", "ended_at", "end"],
    ),
    plain_in(SPANS, "parent_span_id", &["parent_id", "parent"]),
    plain_in(SPANS, "span_name", &["span.name", "name", "operation_name", "resource_name"]),
    any_in(SPANS, "span_kind", &["span.kind"]),
    plain_in(SPANS, "span_kind", &["kind"]),
    any_in(SPANS, "status_code", &["otel.status_code", "status.code"]),
    plain_in(SPANS, "status_code", &["status"]),
    any_in(SPANS, "status_message", &["otel.status_description", "status.message"]),
    any_in(SPANS, "server_address", &["server.address", "net.peer.name", "http.host", "out.host"]),
    any_in(SPANS, "peer_service", &["peer.service"]),
    any_in(SPANS, "db_system_name", &["db.system.name", "db.system", "db.type"]),
    any_in(SPANS, "rpc_method", &["rpc.method"]),
    any_in(
        SPANS,
        "messaging_destination_name",
        &["messaging.destination.name", "messaging.destination"],
    ),
    any_in(SPANS, "trace_state", &["tracestate"]),
    Alias {
        tables: &["spans", "events"],
        column: "duration_ns",
        keys: &["duration", "duration_nano"],
        plain_words: true,
        form: Some(Form::Duration(Unit::Ns)),
    },
    Alias {
        tables: &["spans", "events"],
        column: "duration_ns",
        keys: &["duration_us", "duration_micros"],
        plain_words: true,
        form: Some(Form::Duration(Unit::Us)),
    },
    Alias {
        tables: &["spans", "events"],
        column: "duration_ns",
        keys: &["duration_ms", "elapsed_ms", "latency_ms", "duration_millis"],
        plain_words: true,
        form: Some(Form::Duration(Unit::Ms)),
    },
    Alias {
        tables: &["spans", "events"],
        column: "duration_ns",
        keys: &["duration_s", "duration_seconds"],
        plain_words: true,
        form: Some(Form::Duration(Unit::S)),
    },
    // Session events.
    plain_in(
        EVENTS,
        "ts",
        &[
            "timestamp",
            "time",
            "event_time",
            "occurred_at",
            "ordered_at",
            "order_date",
            "paid_at",
            "purchased_at",
            "processed_at",
            "created_at",
            "created",
            "created_utc",
            "date",
        ],
    ),
    any_in(EVENTS, "event_id", &["event.id", "$insert_id", "message_id"]),
    plain_in(EVENTS, "event_id", &["id", "uuid"]),
    plain_in(EVENTS, "sequence_no", &["sequence", "seq", "event_index"]),
    any_in(EVENTS, "event_kind", &["event.kind", "event.type"]),
    plain_in(EVENTS, "event_kind", &["kind", "type"]),
    plain_in(EVENTS, "event_name", &["event", "name", "action", "action.name"]),
    any_in(EVENTS, "view_id", &["view.id", "page_view_id", "page.id"]),
    any_in(EVENTS, "view_name", &["view.name", "screen.name", "page.name", "page_title"]),
    plain_in(EVENTS, "view_name", &["page", "screen", "view"]),
    any_in(EVENTS, "action_target", &["action.target", "action.target.name", "element.id"]),
    plain_in(EVENTS, "action_target", &["target", "element", "selector", "button"]),
    any_in(EVENTS, "frustration", &["frustration.type", "action.frustration.type"]),
    any_in(EVENTS, "handled", &["error.handled", "exception.handled", "is_handled"]),
    plain_in(EVENTS, "exception_type", &["error"]),
    any_in(EVENTS, "order_id", &["order.id", "transaction.id"]),
    plain_in(EVENTS, "order_id", &["order_number", "order_no", "invoice_id", "charge_id"]),
    any_in(EVENTS, "order_value", &["order.value", "order.total", "order.amount"]),
    plain_in(
        EVENTS,
        "order_value",
        &[
            "total_price",
            "grand_total",
            "amount_total",
            "total_amount",
            "total",
            "amount",
            "revenue",
            "value",
        ],
    ),
    any_in(EVENTS, "currency", &["order.currency", "currency_code"]),
    any_in(EVENTS, "session_previous_id", &["session.previous_id", "previous_session_id"]),
    any_in(EVENTS, "replay_url", &["replay.url", "session.replay_url"]),
    // Tickets.
    plain_in(TICKETS, "ts", &["timestamp", "time", "date"]),
    plain_in(TICKETS, "kind", &["type"]),
    any_in(TICKETS, "ticket_id", &["ticket.id"]),
    plain_in(TICKETS, "ticket_id", &["id"]),
    plain_in(TICKETS, "topic", &["category"]),
    plain_in(TICKETS, TICKET_SUBJECT, &["subject", "title"]),
    plain_in(TICKETS, "message", &["description", "body", "text", "comment", "content"]),
    plain_in(TICKETS, "labels", &["tags"]),
    any_in(TICKETS, "link_url", &["link.url", "ticket.url"]),
    plain_in(TICKETS, "link_url", &["url", "link"]),
    plain_in(TICKETS, "created_at", &["created"]),
    plain_in(TICKETS, "updated_at", &["updated", "modified_at"]),
    plain_in(TICKETS, "solved_at", &["resolved_at", "closed_at"]),
    plain_in(TICKETS, "requester_id", &["requester.id", "reporter_id", "requester", "reporter"]),
    plain_in(TICKETS, "channel", &["via.channel"]),
    plain_in(
        TICKETS,
        "satisfaction",
        &["satisfaction_rating.score", "satisfaction_rating", "csat", "rating"],
    ),
    // Accounts.
    plain_in(
        ACCOUNTS,
        "ts",
        &[
            "updated_at",
            "valid_from",
            "effective_at",
            "since",
            "last_modified_date",
            "system_modstamp",
            "modified_at",
            "timestamp",
            "date",
            "created_at",
            "created_date",
            "created",
            "created_utc",
        ],
    ),
    any_in(ACCOUNTS, "account_name", &["account.name", "company.name"]),
    plain_in(ACCOUNTS, "account_name", &["name", "company", "customer_name", "organization_name"]),
    any_in(ACCOUNTS, "mrr", &["account.mrr", "monthly_recurring_revenue"]),
    plain_in(ACCOUNTS, "mrr", &["mrr__c", "mrr_amount", "monthly_spend", "monthly_revenue"]),
    any_in(ACCOUNTS, "currency", &["account.currency", "currency_code", "currency_iso_code"]),
    plain_in(
        ACCOUNTS,
        "owner",
        &["account_owner", "csm", "owner.email", "owner.name", "owner_id", "account_manager"],
    ),
    plain_in(ACCOUNTS, "region", &["billing_country", "billing_region", "territory"]),
    plain_in(ACCOUNTS, "status", &["account_status", "subscription_status", "customer_status"]),
    // Releases.
    plain_in(
        RELEASES,
        "ts",
        &[
            "deployed_at",
            "released_at",
            "published_at",
            "date_released",
            "started_at",
            "timestamp",
            "time",
            "date",
            "created_at",
            "start",
        ],
    ),
    any_in(RELEASES, "release_kind", &["release.kind"]),
    plain_in(RELEASES, "release_kind", &["kind", "type"]),
    any_in(RELEASES, "flag_key", &["flag.key", "feature_flag.key"]),
    plain_in(RELEASES, "flag_key", &["flag", "key", "flag_name", "feature_key"]),
    plain_in(RELEASES, "service_version", &["tag_name", "tag"]),
    any_in(
        RELEASES,
        "flag_variant",
        &["flag.variant", "feature_flag.result.variant", "feature_flag.variant"],
    ),
    plain_in(RELEASES, "flag_variant", &["variant", "variation", "new_value"]),
    any_in(
        RELEASES,
        "commit_id",
        &["commit.id", "commit.sha", "git.commit.sha", "vcs.ref.head.revision"],
    ),
    plain_in(
        RELEASES,
        "commit_id",
        &["commit", "sha", "revision", "commit_hash", "git_sha", "target_commitish"],
    ),
    plain_in(
        RELEASES,
        "description",
        &["message", "title", "summary", "text", "name", "short_description", "notes", "body"],
    ),
    any_in(RELEASES, "link_url", &["link.url", "release.url"]),
    plain_in(RELEASES, "link_url", &["html_url", "web_url", "url", "link"]),
    plain_in(RELEASES, "ended_at", &["end", "ended", "resolved_at", "finished_at"]),
];
