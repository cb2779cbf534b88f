//! Intervals, tests, strata, shrinkage, and the impact estimator: numbers in, numbers out.
