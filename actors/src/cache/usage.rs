//! How the processes of an installation cache what they read. One that does it otherwise than the one before begins an
//! *epoch*: what Redis holds from earlier ones may be outdated, since nobody told it what changed meanwhile.

use std::fmt;

use diesel::prelude::*;
use uuid::Uuid;

use super::namespace::installation_secrets;
use super::redis::Redis;
use crate::clock::Ids;
use crate::database::{Database, Error, Transaction, each_engine, lock};

/// The name of the row in `installation_secrets`.
const NAME: &str = "cache-usage";
/// What processes lock that start at the same time.
const START: Uuid = Uuid::from_u128(0x6361_6368_652d_7573_6167_6500_0000_0000);

/// How a process caches what it reads, as it is noted in the database and told to operators.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Usage(String);

impl Usage {
    /// Not at all.
    pub fn off() -> Self {
        Self("no cache".to_owned())
    }

    /// Within the process.
    pub fn in_process() -> Self {
        Self("a cache within the process".to_owned())
    }

    /// In this Redis, with keys that begin with `namespace`. The login is left out.
    pub fn redis(url: &str, namespace: &str) -> Self {
        let namespace = namespace.trim_end_matches(':');
        Self(format!("Redis at {} and keys that begin with {namespace}:", Redis::site(url)))
    }
}

impl fmt::Display for Usage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A time in which all processes cache alike.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Epoch {
    /// What tells it from every other one.
    pub name: String,
    /// How the process before cached, if that ended an epoch: a text for operators.
    pub ended: Option<String>,
}

/// Notes how this process caches. To be called before it changes anything.
///
/// # Errors
/// When storage fails.
pub async fn epoch(database: &Database, usage: Usage) -> Result<Epoch, Error> {
    database.write(move |transaction| noted(transaction, &usage)).await
}

fn noted(transaction: &mut Transaction<'_>, Usage(usage): &Usage) -> Result<Epoch, Error> {
    use installation_secrets::{name, table, value};
    let new = Ids.next().simple().to_string();
    let row = format!("{new} {usage}");
    each_engine!(transaction.connection(), connection => {
        diesel::insert_into(table)
            .values((name.eq(NAME), value.eq(&row)))
            .on_conflict_do_nothing()
            .execute(connection)
    })?;
    lock(transaction, &[START])?;
    let known: String = table.find(NAME).select(value).get_result(transaction.connection())?;
    let (epoch, before) = known.split_once(' ').unwrap_or_default();
    if before == usage {
        return Ok(Epoch { name: epoch.to_owned(), ended: None });
    }
    diesel::update(table.find(NAME)).set(value.eq(&row)).execute(transaction.connection())?;
    Ok(Epoch { name: new, ended: Some(before.to_owned()) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::database::scratch::{Scratch, on_each_engine};

    const URL: &str = "redis://user:secret@10.0.0.1:6390/2";

    #[test]
    fn a_usage_says_where_without_the_login() {
        let usage = Usage::redis(URL, "bookly:1f:");
        assert_eq!(usage.0, "Redis at 10.0.0.1:6390/2 and keys that begin with bookly:1f:");
    }

    async fn an_epoch_lasts_until_a_process_caches_otherwise(scratch: Scratch) {
        let database = scratch.open();
        let at = async |usage: Usage| epoch(&database, usage).await.expect("noted");
        let mut before = Usage::redis(URL, "a:");
        let first = at(before.clone()).await;
        assert_eq!(first.ended, None);
        assert_eq!(at(before.clone()).await, first);
        let mut epochs = vec![first.name];
        for usage in [Usage::off(), Usage::redis(URL, "a:"), Usage::redis(URL, "b:"), Usage::in_process()] {
            let next = at(usage.clone()).await;
            assert_eq!(next.ended.as_ref(), Some(&before.0));
            assert!(!epochs.contains(&next.name), "{usage:?}");
            epochs.push(next.name);
            before = usage;
        }
    }

    on_each_engine!(an_epoch_lasts_until_a_process_caches_otherwise);
}
