//! The HTTP edge: parses requests, sends messages to the services' actors, and answers.
//!
//! ```text
//! surroundings --> table --> pipeline: admit, receive, once --> handler: parse, message, response
//! ```
//!
//! One table of [`route::Route`]s is registered, enforced and documented, so that the three cannot disagree. To add an
//! operation, write its handler in its service's file and a row above it:
//!
//! ```text
//! get(Access::Permission(Permission::ResourcesRead), "/resources/{id}", "getResource", "One resource.")
//!     .may_refuse(&[&kind::NOT_FOUND])
//!     .to(show)
//! ```

mod accounts;
mod admin;
mod answer;
mod availability;
mod body;
mod cache;
mod call;
pub mod caller;
mod categories;
mod checks;
mod conditional;
mod dead_letters;
mod docs;
mod documents;
mod events;
mod following;
mod form;
pub mod health;
mod idempotency;
mod imports;
mod marks;
mod openapi;
mod paging;
mod pipeline;
mod problem;
mod query;
mod reports;
mod reservations;
mod resources;
mod roles;
mod route;
mod series;
mod server;
mod state;
mod surroundings;
mod table;
mod users;

#[cfg(test)]
mod tests;

pub use server::serve;
pub use state::{HttpState, Services};

use table::Table;

/// Every operation there is.
fn table() -> Table {
    Table::of(vec![
        accounts::group(),
        users::group(),
        roles::group(),
        resources::group(),
        categories::group(),
        reservations::group(),
        series::group(),
        availability::group(),
        imports::group(),
        reports::group(),
        events::group(),
        admin::group(),
        dead_letters::group(),
        cache::group(),
        checks::group(),
        health::group(),
    ])
}
