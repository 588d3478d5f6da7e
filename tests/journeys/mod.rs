//! Stories of failure: real parts are overrun, killed and frozen.

mod book;
mod crowd;
mod dice;
mod escalation;
mod herd;
mod inside;
mod listing;
mod panics;
mod sigkill;
