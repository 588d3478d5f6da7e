//! Boundaries: who may name whom, as far as the compiler does not see to it.

mod homes;
mod layers;
mod manifests;
mod services;
