//! A seeded shop with planted bugs whose true cost is known.
