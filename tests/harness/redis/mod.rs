//! Redis for tests: a namespace of its own for each, servers to be mistreated, and ways to look and to get in between.

mod answer;
mod guard;
mod keys;
mod namespace;
mod port;
mod proxy;
mod server;
mod traffic;
mod url;

pub use answer::Answer;
pub use keys::Keys;
pub use namespace::Namespace;
pub use proxy::SlowProxy;
pub use server::RedisServer;
