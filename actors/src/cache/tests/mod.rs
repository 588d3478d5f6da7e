//! The cache as a whole, on each store.
