//! Serving until a signal, or the supervision tree's escalation, ends it.

use std::net::TcpListener;
use std::process::ExitCode;

use actors::supervision::EXIT_ESCALATED;

use crate::app::App;
use crate::http;
use crate::output::say;
use crate::stopping::Stop;

/// Serves until a signal or an escalation ends it; says on one line of standard output that it listens.
///
/// # Errors
/// When the server cannot be started.
pub async fn serve_until_stopped(app: App, listener: TcpListener) -> Result<ExitCode, Box<dyn std::error::Error>> {
    let address = listener.local_addr()?;
    let control = match app.control_listener() {
        Ok(control) => Some(control),
        Err(error) => {
            log::warn!("there is no control socket, operator commands need the HTTP API: {error}");
            None
        }
    };
    let mut server = http::serve(app.http_state(), Some(listener), control)?;
    let handle = server.handle();
    // Who reads that it listens may stop it at once.
    let mut stop = Stop::listen()?;
    say!("listening on http://{address}");
    let signal = tokio::select! {
        ended = &mut server => {
            ended?;
            return Err("the HTTP server ended by itself".into());
        }
        escalation = app.running.escalated() => {
            eprintln!("bookly: {escalation}");
            return Ok(ExitCode::from(u8::try_from(EXIT_ESCALATED).unwrap_or(1)));
        }
        signal = stop.asked() => signal,
    };
    log::info!("{signal}: stopping");
    // Requests in flight are answered before the actors that answer them stop. A second signal does not wait.
    let end = async {
        let (_, ended) = tokio::join!(handle.stop(true), server);
        app.stop().await;
        ended
    };
    tokio::select! {
        ended = end => ended?,
        _ = stop.asked() => {}
    }
    Ok(ExitCode::SUCCESS)
}
