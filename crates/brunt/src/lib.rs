//! The embedding API: open a store, load exports, derive tables, ask in SQL.
