//! One heavy test binary, so that DataFusion is linked once.
