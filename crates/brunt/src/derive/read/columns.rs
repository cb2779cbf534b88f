//! Columns of a batch, read value by value; what all base tables have in common.

use arrow::array::{
    Array, BooleanArray, Decimal128Array, Float64Array, Int16Array, Int32Array, Int64Array,
    StringArray, TimestampMicrosecondArray,
};
use arrow::record_batch::RecordBatch;
use twox_hash::XxHash3_64;

use super::Known;
use crate::code::Code;
use crate::derive::context::{self, Context};
use crate::derive::facts::{NO_ROW, Row, RowKind};
use crate::derive::numbers::Weight;
use crate::derive::symbols::{Sym, Symbols};
use crate::error::Error;

/// The columns that [`Common`] reads.
pub(super) const COMMON: [&str; 21] = [
    "ts",
    "trace_id",
    "span_id",
    "session_id",
    "user_id",
    "user_pseudo_id",
    "account_id",
    "plan_tier",
    "service_name",
    "service_version",
    "deployment_environment_name",
    "feature_flags",
    "experiment_bucket",
    "geo_country",
    "device_type",
    "browser_name",
    "os_name",
    "app_channel",
    "synthetic_type",
    "observed_at",
    "sample_weight",
];

/// The columns of [`Common`] and those of a table, `N` in all.
pub(super) const fn with_common<const N: usize>(own: &[&'static str]) -> [&'static str; N] {
    let mut all = [""; N];
    let mut idx = 0;
    while idx < N {
        all[idx] = if idx < COMMON.len() { COMMON[idx] } else { own[idx - COMMON.len()] };
        idx += 1;
    }
    all
}

/// A column of texts, of which those that repeat from row to row are looked up once.
#[derive(Debug)]
pub(super) struct Texts<'a> {
    array: &'a StringArray,
    all_null: bool,
    last: Option<(&'a str, Sym)>,
}

/// The ids, context, time and weight of rows.
#[derive(Debug)]
pub(super) struct Common<'a> {
    ts: &'a TimestampMicrosecondArray,
    observed_at: &'a TimestampMicrosecondArray,
    weight: &'a Float64Array,
    trace: Texts<'a>,
    span: &'a StringArray,
    session: Texts<'a>,
    user: Texts<'a>,
    pseudo: Texts<'a>,
    account: Texts<'a>,
    context: [Texts<'a>; context::COLUMNS.len()],
    last_context: Option<(Context, u32)>,
}

/// Collects what tells rows of one time apart. The bytes are hashed at once, which for so few is less work than as they
/// come.
pub(super) struct KeyHasher(Vec<u8>);

/// A column by name and Arrow type.
pub(super) fn column<'a, A: Array + 'static>(
    batch: &'a RecordBatch,
    name: &str,
) -> Result<&'a A, Error> {
    batch.column_by_name(name).and_then(|array| array.as_any().downcast_ref::<A>()).ok_or_else(
        || Error::statement(Code::Internal, format!("column \"{name}\" has another type")),
    )
}

pub(super) fn text(array: &StringArray, row: usize) -> Option<&str> {
    array.is_valid(row).then(|| array.value(row))
}

pub(super) fn micros(array: &TimestampMicrosecondArray, row: usize) -> Option<i64> {
    array.is_valid(row).then(|| array.value(row))
}

pub(super) fn bigint(array: &Int64Array, row: usize) -> Option<i64> {
    array.is_valid(row).then(|| array.value(row))
}

pub(super) fn int(array: &Int32Array, row: usize) -> Option<i32> {
    array.is_valid(row).then(|| array.value(row))
}

pub(super) fn smallint(array: &Int16Array, row: usize) -> Option<i16> {
    array.is_valid(row).then(|| array.value(row))
}

pub(super) fn boolean(array: &BooleanArray, row: usize) -> Option<bool> {
    array.is_valid(row).then(|| array.value(row))
}

pub(super) fn decimal(array: &Decimal128Array, row: usize) -> Option<i128> {
    array.is_valid(row).then(|| array.value(row))
}

/// The bits of a span id; of a text that is none, its hash, so that it still joins. 0 for NULL.
pub(super) fn span_bits(array: &StringArray, row: usize) -> u64 {
    text(array, row).map_or(0, |id| {
        u64::from_str_radix(id, 16).unwrap_or_else(|_| XxHash3_64::oneshot(id.as_bytes()))
    })
}

impl<'a> Texts<'a> {
    pub(super) fn new(batch: &'a RecordBatch, name: &str) -> Result<Self, Error> {
        let array: &StringArray = column(batch, name)?;
        Ok(Self { array, all_null: array.null_count() == array.len(), last: None })
    }

    pub(super) fn sym(&mut self, row: usize, symbols: &mut Symbols) -> Sym {
        if self.all_null || self.array.is_null(row) {
            return Sym::NONE;
        }
        let text = self.array.value(row);
        match self.last {
            Some((last, sym)) if last == text => sym,
            _ => {
                let sym = symbols.intern(text);
                self.last = Some((text, sym));
                sym
            }
        }
    }

    pub(super) fn text(&self, row: usize) -> Option<&'a str> {
        if self.all_null { None } else { text(self.array, row) }
    }
}

impl<'a> Common<'a> {
    #[expect(clippy::many_single_char_names, reason = "twelve columns in their order")]
    pub(super) fn new(batch: &'a RecordBatch) -> Result<Self, Error> {
        let texts = |name: &str| Texts::new(batch, name);
        let [a, b, c, d, e, f, g, h, i, j, k, l] = context::COLUMNS;
        Ok(Self {
            ts: column(batch, "ts")?,
            observed_at: column(batch, "observed_at")?,
            weight: column(batch, "sample_weight")?,
            trace: texts("trace_id")?,
            span: column(batch, "span_id")?,
            session: texts("session_id")?,
            user: texts("user_id")?,
            pseudo: texts("user_pseudo_id")?,
            account: texts("account_id")?,
            context: [
                texts(a)?,
                texts(b)?,
                texts(c)?,
                texts(d)?,
                texts(e)?,
                texts(f)?,
                texts(g)?,
                texts(h)?,
                texts(i)?,
                texts(j)?,
                texts(k)?,
                texts(l)?,
            ],
            last_context: None,
        })
    }

    /// The row's part that all tables share; its key and detail are still to come.
    pub(super) fn row(&mut self, row: usize, kind: RowKind, known: &mut Known) -> Row {
        let symbols = &mut known.symbols;
        let mut context = Context::default();
        for (sym, texts) in context.0.iter_mut().zip(&mut self.context) {
            *sym = texts.sym(row, symbols);
        }
        let context_id = match self.last_context {
            Some((last, id)) if last == context => id,
            _ => known.contexts.intern(context),
        };
        self.last_context = Some((context, context_id));
        Row {
            ts: self.ts.value(row),
            key: 0,
            span: span_bits(self.span, row),
            trace: self.trace.sym(row, symbols),
            session: self.session.sym(row, symbols),
            user: self.user.sym(row, symbols),
            pseudo: self.pseudo.sym(row, symbols),
            account: self.account.sym(row, symbols),
            context: context_id,
            detail: NO_ROW,
            kind,
            in_records: false,
        }
    }

    pub(super) fn observed_at(&self, row: usize) -> Option<i64> {
        micros(self.observed_at, row)
    }

    pub(super) fn weight(&self, row: usize) -> Weight {
        Weight::new(self.weight.is_valid(row).then(|| self.weight.value(row)))
    }
}

impl KeyHasher {
    /// With room for a usual row.
    pub(super) fn new() -> Self {
        Self(Vec::with_capacity(256))
    }

    /// Takes in a row's ids and context.
    pub(super) fn row(&mut self, row: &Row, known: &Known) -> &mut Self {
        for sym in [row.trace, row.session, row.user, row.pseudo, row.account] {
            self.number(known.symbols.hash(sym));
        }
        self.number(row.span).number(known.contexts.context(row.context).hash(&known.symbols))
    }

    pub(super) fn number(&mut self, number: u64) -> &mut Self {
        self.0.extend_from_slice(&number.to_le_bytes());
        self
    }

    /// A number that may be missing; what is missing is not zero.
    pub(super) fn signed(&mut self, number: Option<i64>) -> &mut Self {
        self.number(u64::from(number.is_some())).number(number.unwrap_or_default().cast_unsigned())
    }

    pub(super) fn text(&mut self, text: Option<&str>) -> &mut Self {
        self.number(text.map_or(u64::MAX, |text| text.len() as u64));
        self.0.extend_from_slice(text.unwrap_or_default().as_bytes());
        self
    }

    pub(super) fn finish(&self) -> u64 {
        XxHash3_64::oneshot(&self.0)
    }
}
