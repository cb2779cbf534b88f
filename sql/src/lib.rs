//! The SQL that ships with brunt: views and notebooks, embedded.
