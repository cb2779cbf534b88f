//! brunt beside its peers on the product's own questions.
