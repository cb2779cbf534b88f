//! The estimator m1.
