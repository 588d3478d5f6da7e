//! Connections to one run of a Redis server.

use bb8_redis::{RedisConnectionManager, bb8};
use redis::aio::MultiplexedConnection;
use redis::{ErrorKind, IntoConnectionInfo, RedisError};

/// Opens connections, all to the same run of the server. One that was started again may have come up with old data, so
/// whoever meets another run must first make sure that nothing outdated is in it.
pub(super) struct Connector {
    inner: RedisConnectionManager,
    run: Option<String>,
}

impl Connector {
    /// To whichever run of the server answers.
    pub fn any_run(url: impl IntoConnectionInfo) -> Result<Self, RedisError> {
        Ok(Self { inner: RedisConnectionManager::new(url)?, run: None })
    }

    /// To this run alone.
    pub fn same_run(self, run: String) -> Self {
        Self { run: Some(run), ..self }
    }
}

impl bb8::ManageConnection for Connector {
    type Connection = MultiplexedConnection;
    type Error = RedisError;

    async fn connect(&self) -> Result<MultiplexedConnection, RedisError> {
        let mut connection = self.inner.connect().await?;
        if let Some(expected) = &self.run
            && run_id(&mut connection).await? != *expected
        {
            return Err((ErrorKind::Io, "the server was started again").into());
        }
        Ok(connection)
    }

    async fn is_valid(&self, connection: &mut MultiplexedConnection) -> Result<(), RedisError> {
        self.inner.is_valid(connection).await
    }

    fn has_broken(&self, _: &mut MultiplexedConnection) -> bool {
        // Whatever fails closes the whole store: no broken connection is ever used again.
        false
    }
}

/// What tells a run of the server from its others.
pub(super) async fn run_id(connection: &mut MultiplexedConnection) -> Result<String, RedisError> {
    let info: String = redis::cmd("INFO").arg("server").query_async(connection).await?;
    let id = info.lines().find_map(|line| line.strip_prefix("run_id:"));
    id.map(|id| id.trim().to_owned())
        .ok_or_else(|| (ErrorKind::UnexpectedReturnType, "INFO server shows no run_id").into())
}
