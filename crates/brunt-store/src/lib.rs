//! Delta tables on an object store, committed by epochs.
