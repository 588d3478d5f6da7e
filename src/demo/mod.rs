//! `bookly demo`: a sample campus in a throw-away directory, played through and served; or one of any size, filled in bulk.

mod accounts;
mod campus;
mod filled;
mod story;

use std::net::{SocketAddr, TcpListener};
use std::process::ExitCode;

use actors::clock::Clock;
use clap::Args;

use crate::app::App;
use crate::output::say;
use crate::serving::serve_until_stopped;
use crate::settings::Settings;
use crate::stopping::Stop;

/// How the demonstration is played.
#[derive(Debug, Args)]
pub struct Options {
    /// End after the story instead of serving.
    #[arg(long)]
    exit: bool,
    #[command(flatten)]
    filled: filled::Filling,
}

/// Plays the demonstration.
///
/// # Errors
/// When the installation cannot be started or a step of the story fails.
pub async fn run(settings: Settings, options: Options) -> Result<ExitCode, Box<dyn std::error::Error>> {
    if let Some(order) = options.filled.order() {
        return filled::run(settings, &options.filled, order).await;
    }
    // Told before the directory is made, so that a signal at any time leaves nothing behind.
    let mut stop = Stop::listen()?;
    if settings.data_dir_given {
        say!("The story is played in a throw-away directory; yours is used with --resources and --reservations\n");
    }
    let directory = tempfile::Builder::new().prefix("bookly-demo-").tempdir()?;
    let listener = listen(settings.listen)?;
    let address = listener.local_addr()?;
    let app = App::start(settings.in_directory(directory.path()), Clock::system()).await?;

    say!("Bookly demo: a throw-away campus in {}\n", directory.path().display());
    let played = tokio::select! {
        played = play(&app, address) => played,
        _ = stop.asked() => {
            app.stop().await;
            directory.close()?;
            return Ok(ExitCode::SUCCESS);
        }
    };
    played?;
    let code = if options.exit {
        app.stop().await;
        ExitCode::SUCCESS
    } else {
        say!("Serving until Ctrl-C; the directory is then removed.");
        serve_until_stopped(app, listener).await?
    };
    directory.close()?;
    Ok(code)
}

async fn play(app: &App, address: SocketAddr) -> Result<(), Box<dyn std::error::Error>> {
    let accounts = accounts::create(app).await?;
    let rooms = campus::build(app, accounts.administrator()).await?;
    story::play(app, &accounts, &rooms).await?;
    accounts.print(address, app);
    Ok(())
}

/// The wanted address or, when it is taken, one that is free.
fn listen(wanted: SocketAddr) -> std::io::Result<TcpListener> {
    TcpListener::bind(wanted).or_else(|error| {
        let listener = TcpListener::bind((wanted.ip(), 0))?;
        say!("{wanted} is not to be had ({error}); another port is used\n");
        Ok(listener)
    })
}
