//! Real installations for tests: the program itself, as a process, on each engine, and servers to be mistreated.

mod broker;
mod client;
mod engine;
mod eventually;
mod installation;
mod redis;
mod signal;
mod skip;

pub use broker::Broker;
pub use client::{Answer, Client};
pub use engine::Engine;
pub use eventually::{settle, settle_within};
pub use installation::Installation;
pub use redis::{Answer as RedisAnswer, Keys, RedisServer, SlowProxy};
pub use signal::signal;
pub use skip::skip;

/// Makes a test run on each engine: `on_each_engine!(name(engine) { ... })`.
macro_rules! on_each_engine {
    ($($name:ident($engine:ident) $body:block)+) => {
        $(mod $name {
            use super::*;

            fn story($engine: $crate::harness::Engine) $body

            #[test]
            fn sqlite() {
                if let Some(engine) = $crate::harness::Engine::sqlite() {
                    story(engine);
                }
            }

            #[test]
            fn postgres() {
                if let Some(engine) = $crate::harness::Engine::postgres(concat!(module_path!(), "::postgres")) {
                    story(engine);
                }
            }
        })+
    };
}
pub(crate) use on_each_engine;
