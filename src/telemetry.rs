//! Log lines.

use std::io::Write;

use env_logger::{Builder, Target};

use crate::settings::LogFormat;

/// Begins to log, to standard error. Called again it does nothing.
pub fn log_to_stderr(filter: &str, format: LogFormat) {
    let mut builder = Builder::new();
    // The HTTP server tells of each worker, and as an error of each client that breaks off; the program says in one line
    // that it listens, and the access log what was asked. The RabbitMQ client calls every refusal an error, also those that
    // are expected; the bridge says what matters.
    builder
        .parse_filters(&format!("{filter},actix_server=warn,actix_http=off,lapin=off,tracing=off"))
        .target(Target::Stderr);
    if format == LogFormat::Json {
        builder.format(|out, record| {
            let line = serde_json::json!({
                "timestamp": out.timestamp_millis().to_string(),
                "level": record.level().as_str(),
                "target": record.target(),
                "message": record.args().to_string(),
            });
            writeln!(out, "{line}")
        });
    }
    let _ = builder.try_init();
}
