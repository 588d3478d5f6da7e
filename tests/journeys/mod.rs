//! Stories of failure: real parts are overrun, killed and frozen.

mod asyncapi;
mod book;
mod broken_timetables;
mod broker;
mod cache;
mod crowd;
mod dice;
mod endings;
mod escalation;
mod herd;
mod inside;
mod interrupted_imports;
mod listing;
mod operators;
mod outage;
mod panics;
mod sheet;
mod sigkill;
mod timetable;
