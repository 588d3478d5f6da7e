//! Which cache the settings ask for.

use actors::cache::{CacheClient, Usage, epoch, namespace};
use actors::database::{Database, Error};

use crate::settings::CacheSettings;

/// The cache, told of every commit from now on. How it is used is noted in the database, whatever it is: a process that
/// has none changes what others have cached.
///
/// # Errors
/// When the database fails.
pub async fn client(settings: &CacheSettings, database: &Database) -> Result<CacheClient, Error> {
    let cache = match settings {
        CacheSettings::Off(why) => {
            begin(database, Usage::off()).await?;
            return Ok(CacheClient::off(*why));
        }
        CacheSettings::InProcess => {
            begin(database, Usage::in_process()).await?;
            CacheClient::in_process()
        }
        CacheSettings::Redis { url, namespace: given } => {
            let namespace = match given {
                Some(namespace) => namespace.clone(),
                None => namespace(database).await?,
            };
            let epoch = begin(database, Usage::redis(url, &namespace)).await?;
            CacheClient::redis(url.clone(), &namespace, &epoch)
        }
    };
    database.invalidates(cache.clone());
    Ok(cache)
}

/// The name of the epoch that this process works in.
async fn begin(database: &Database, usage: Usage) -> Result<String, Error> {
    let ours = usage.to_string();
    let epoch = epoch(database, usage).await?;
    if let Some(before) = epoch.ended {
        log::warn!(
            "the process before this one had {before}, this one has {ours}. What was cached before is forgotten. Every \
             process on one database has to name the same Redis and namespace, also commands that run without a server: \
             if one still runs with other settings, stop it, or what others cache stays outdated until its time is over"
        );
    }
    Ok(epoch.name)
}
