//! What an installation's keys begin with, so that several may share one Redis.

use diesel::prelude::*;

use crate::clock::Ids;
use crate::database::{Database, Error, Transaction, each_engine};

/// The name of the row in `installation_secrets`.
const NAME: &str = "cache-namespace";

diesel::table! {
    installation_secrets (name) {
        name -> Text,
        value -> Text,
    }
}

/// The namespace of the installation that this database belongs to; all its processes have the same.
///
/// # Errors
/// When storage fails.
pub async fn namespace(database: &Database) -> Result<String, Error> {
    database.write(stored).await
}

fn stored(transaction: &mut Transaction<'_>) -> Result<String, Error> {
    use installation_secrets::{name, table, value};
    let id = Ids.next().simple().to_string();
    // The end of a version 7 identifier is chance, its beginning the time.
    let new = format!("bookly:{}", &id[id.len() - 8..]);
    each_engine!(transaction.connection(), connection => {
        diesel::insert_into(table)
            .values((name.eq(NAME), value.eq(&new)))
            .on_conflict_do_nothing()
            .execute(connection)
    })?;
    Ok(table.find(NAME).select(value).get_result(transaction.connection())?)
}
