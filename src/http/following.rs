//! Waiting until availability has followed a change of a resource.

use std::time::Duration;

use actors::availability::GetShownVersion;
use uuid::Uuid;

use super::call::Call;

/// How long an answer may wait for it. The change itself is committed, so the answer is right in any case.
const PATIENCE: Duration = Duration::from_secs(1);
const LOOK_EVERY: Duration = Duration::from_millis(5);

/// Waits until reservations are checked against this version of the resource, so that whoever closed it is not told so
/// before it takes no more. While events do not travel, or travel slowly, it waits no longer than a second.
pub async fn followed<Q, B>(call: &Call<Q, B>, resource_id: Uuid, version: i64) {
    let followed = async {
        loop {
            match call.ask(&call.state.services.availability, GetShownVersion(resource_id)).await {
                Ok(shown) if shown >= Some(version) => return,
                Ok(_) => tokio::time::sleep(LOOK_EVERY).await,
                Err(_) => return,
            }
        }
    };
    if tokio::time::timeout(PATIENCE, followed).await.is_err() {
        log::info!("availability has not followed resource {resource_id} to version {version} yet");
    }
}
