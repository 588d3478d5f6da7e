//! Dead letters: messages that a consumer could not handle. They are tried again as their policy says, and then kept
//! until an operator decides.
//!
//! ```text
//! event path --park--> table --claim--> DeadLetters --Replay--> the consumer's actor --handled--> resolved
//! ```
//!
//! Later events of an aggregate wait at the same consumer behind its dead letter ([`blocked`]), so that order is kept
//! while everybody else's events flow.
//!
//! | commands | queries |
//! |---|---|
//! | [`RetryDeadLetter`], [`ResolveDeadLetter`], [`DiscardDeadLetter`], [`RetryDeadLetters`] | [`ListDeadLetters`], [`GetDeadLetter`], [`GroupDeadLetters`], [`CountDeadLetters`], [`GetBulkRetry`] |

mod actor;
mod attempts;
mod bulk;
mod change;
mod claim;
mod discard;
mod error;
mod filter;
mod fingerprint;
mod get;
mod groups;
mod list;
mod message;
pub mod model;
mod operations;
mod parcel;
mod park;
mod replay;
mod resolve;
mod retrier;
mod retry;
mod schema;
mod settle;
mod statistics;
#[cfg(test)]
mod tests;
mod view;

pub use actor::{DeadLetters, wakeup};
pub use attempts::AttemptRecord;
pub use bulk::{BulkRetry, BulkState, GetBulkRetry, RetryDeadLetters};
pub use discard::DiscardDeadLetter;
pub use error::Error;
pub use filter::LetterFilter;
pub use get::{DeadLetterFile, GetDeadLetter};
pub use groups::{DeadLetterGroup, GroupDeadLetters};
pub use list::{DeadLetterPage, ListDeadLetters};
pub use message::{Encoding, Message};
pub use model::{By, RELAY, Reason, State, UNROUTED};
pub use operations::Operation;
pub use parcel::{EventRef, Letter, Parcel};
pub use park::{blocked, handled, handled_event, park, unresolved_count};
pub use replay::{Failure, Replay, Replayed};
pub use resolve::ResolveDeadLetter;
pub use retry::RetryDeadLetter;
pub use statistics::{CountDeadLetters, DeadLetterStatistics};
pub use view::DeadLetter;
