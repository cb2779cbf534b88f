//! One heavy test binary over the whole of brunt.
