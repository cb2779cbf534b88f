//! PostgreSQL's type names to those that the engine knows.

use datafusion::sql::sqlparser::ast::{
    ArrayElemTypeDef, CastKind, DataType, ExactNumberInfo, Expr, TimezoneInfo,
};

/// Replaces a type that the engine does not know by the one that its values have here.
pub(super) fn known(data_type: &mut DataType) {
    let replaced = match data_type {
        DataType::JSON | DataType::JSONB | DataType::Uuid => DataType::Text,
        DataType::Timestamp(None, zone) => DataType::Timestamp(Some(6), *zone),
        DataType::Array(
            ArrayElemTypeDef::SquareBracket(item, _)
            | ArrayElemTypeDef::AngleBracket(item)
            | ArrayElemTypeDef::Parenthesis(item),
        ) => {
            known(item);
            return;
        }
        DataType::Custom(name, modifiers) if modifiers.is_empty() => {
            let name = name
                .0
                .last()
                .and_then(|part| part.as_ident())
                .map(|ident| ident.value.to_lowercase());
            match name.as_deref() {
                Some("int2") => DataType::SmallInt(None),
                Some("int4") => DataType::Int(None),
                Some("int8" | "oid" | "xid" | "cid") => DataType::BigInt(None),
                Some("float4") => DataType::Real,
                Some("float8") => DataType::DoublePrecision,
                Some("bool") => DataType::Boolean,
                Some("numeric") => DataType::Numeric(ExactNumberInfo::None),
                Some("date") => DataType::Date,
                Some("timestamp") => DataType::Timestamp(Some(6), TimezoneInfo::None),
                Some("timestamptz") => DataType::Timestamp(Some(6), TimezoneInfo::WithTimeZone),
                Some(
                    "text" | "name" | "char" | "varchar" | "bpchar" | "cstring" | "citext" | "json"
                    | "jsonb" | "uuid" | "regproc" | "regprocedure" | "regoper" | "inet"
                    | "unknown",
                ) => DataType::Text,
                _ => return,
            }
        }
        _ => return,
    };
    *data_type = replaced;
}

/// The name of a type that stands for a number of the catalog: `regclass` and its kin.
pub(super) fn reg_type(data_type: &DataType) -> Option<&'static str> {
    if *data_type == DataType::Regclass {
        return Some("regclass");
    }
    let DataType::Custom(name, _) = data_type else { return None };
    let name = name.0.last()?.as_ident()?.value.to_lowercase();
    ["regclass", "regtype", "regnamespace", "regrole"].into_iter().find(|known| *known == name)
}

pub(super) fn cast_to_text(expr: Expr) -> Expr {
    cast(expr, DataType::Text)
}

/// `text[]`.
pub(super) fn cast_to_texts(expr: Expr) -> Expr {
    cast(expr, DataType::Array(ArrayElemTypeDef::SquareBracket(Box::new(DataType::Text), None)))
}

fn cast(expr: Expr, data_type: DataType) -> Expr {
    Expr::Cast { kind: CastKind::Cast, expr: Box::new(expr), data_type, array: false, format: None }
}
