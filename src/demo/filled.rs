//! An installation that is filled in bulk, in a place of the user's choice or in a throw-away directory, and served.

use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use actors::clock::Clock;
use actors::database::{Engine, Location};
use actors::event_store::outbox;
use actors::sample_data::{self, Filled, Order, fill};
use actors::service::Campus;
use clap::Args;
use indicatif::{HumanCount, ProgressBar, ProgressStyle};
use tempfile::TempDir;

use super::{accounts, listen};
use crate::app::App;
use crate::output::say;
use crate::serving::serve_until_stopped;
use crate::settings::Settings;
use crate::stopping::Stop;

type Failure = Box<dyn std::error::Error>;

/// How long the events of the accounts may take to leave before the program ends without them; they wait in the database.
const PATIENCE: Duration = Duration::from_secs(10);

/// What to fill an installation with.
#[derive(Debug, Args)]
pub struct Filling {
    /// Instead of playing the sample campus, fill an empty installation with so many rooms. It is the SQLite file of
    /// --data-dir or the database of --database-url, or thrown away at the end when neither is given.
    #[arg(long, value_name = "N", requires = "reservations", conflicts_with = "exit")]
    resources: Option<u32>,
    /// So many reservations of them: of the coming 30 days, which leave half of the time free, and of as many weeks in the
    /// past as it takes.
    #[arg(long, value_name = "M", requires = "resources")]
    reservations: Option<u64>,
    /// The same seed gives, on the same day, the same rooms, users and times [default: 1].
    #[arg(long, value_name = "S", requires = "resources")]
    seed: Option<u64>,
    /// Fill, print what was made and the accounts, and end instead of serving.
    #[arg(long, requires = "resources")]
    fill_only: bool,
}

impl Filling {
    /// What is asked for; `None` when nothing is to be filled.
    pub(super) fn order(&self) -> Option<Order> {
        let (resources, reservations) = (self.resources?, self.reservations?);
        Some(Order { resources, reservations, seed: self.seed.unwrap_or(1) })
    }
}

/// Fills the installation and serves it.
pub(super) async fn run(settings: Settings, options: &Filling, order: Order) -> Result<ExitCode, Failure> {
    let mut stop = Stop::listen()?;
    let stays = settings.data_dir_given || settings.database.engine() == Engine::Postgres;
    if options.fill_only && !stays {
        return Err("--fill-only fills what stays: name a new directory with --data-dir, or an empty PostgreSQL \
                    database with --database-url"
            .into());
    }
    let clock = Clock::system();
    order.check(clock.now(), settings.time_zone)?;
    refuse_existing(&settings.database)?;
    let directory = temporary(&settings)?;
    let settings = match &directory {
        Some(directory) => settings.with_data_in(directory.path()),
        None => settings,
    };
    let listener = if options.fill_only { None } else { Some(listen(settings.listen)?) };
    let (place, database) = (place(&settings), settings.database.clone());
    let unfinished = if stays { unfinished(&settings) } else { String::new() };
    let app = App::start(settings, clock).await?;
    say!("Filling {place}\n");
    let filled = tokio::select! {
        filled = fill_and_tell(&app, order, listener.as_ref()) => filled,
        signal = stop.asked() => Err(signal.into()),
    };
    let code = match (filled, listener) {
        (Err(failure), _) => {
            app.stop().await;
            let is_untouched = matches!(failure.downcast_ref(), Some(sample_data::Error::NotEmpty));
            return Err(if is_untouched { failure } else { format!("{failure}{unfinished}").into() });
        }
        (Ok(()), Some(listener)) => {
            let end = if stays { "everything stays" } else { "everything is then removed" };
            say!("Serving until Ctrl-C; {end}.");
            serve_until_stopped(app, listener).await?
        }
        (Ok(()), None) => {
            wait_for_events(&app).await?;
            app.stop().await;
            database.checkpoint()?;
            ExitCode::SUCCESS
        }
    };
    directory.map(TempDir::close).transpose()?;
    Ok(code)
}

/// What is there is never touched: it is looked at before anything is started that would migrate, deliver or handle.
fn refuse_existing(database: &Location) -> Result<(), Failure> {
    if database.is_unused()? {
        return Ok(());
    }
    Err(match database {
        Location::Sqlite(path) => format!(
            "there is an installation in {0} already; name a new directory with --data-dir, or delete {0} if it was being \
             filled and that was interrupted",
            path.parent().unwrap_or(path).display()
        ),
        Location::Postgres(_) => "the database has tables already, and only an empty one is filled; name a new one with \
            --database-url, or drop this one if it was being filled and that was interrupted. Nothing was changed"
            .to_owned(),
    }
    .into())
}

/// What to do about a filling that did not come to its end.
fn unfinished(settings: &Settings) -> String {
    let rest = match settings.database.engine() {
        Engine::Sqlite => format!("delete {}", settings.data_dir.display()),
        Engine::Postgres => "drop the database".to_owned(),
    };
    format!("; what was filled so far is not all and has no accounts: {rest}, and fill again")
}

/// A throw-away directory, unless one was named: for the data or, when they are in PostgreSQL, for the lock and the socket.
fn temporary(settings: &Settings) -> std::io::Result<Option<TempDir>> {
    let make = || tempfile::Builder::new().prefix("bookly-demo-").tempdir();
    (!settings.data_dir_given).then(make).transpose()
}

fn place(settings: &Settings) -> String {
    let directory: &Path = &settings.data_dir;
    match settings.database.engine() {
        Engine::Sqlite => format!("{}", directory.display()),
        Engine::Postgres => format!("the PostgreSQL database; the data directory is {}", directory.display()),
    }
}

async fn fill_and_tell(app: &App, order: Order, listener: Option<&TcpListener>) -> Result<(), Failure> {
    let campus = Campus {
        database: app.database.clone(),
        cache: app.cache.clone(),
        clock: app.clock.clone(),
        time_zone: app.time_zone(),
    };
    let template = "{bar:40} {human_pos}/{human_len} reservations, {per_sec}, {eta} to go";
    let bar = ProgressBar::new(order.reservations).with_style(ProgressStyle::with_template(template)?);
    let began = Instant::now();
    let filled = fill(&campus, order, |written| bar.set_position(written)).await;
    bar.finish_and_clear();
    tell(&filled?, order, began.elapsed());
    let accounts = accounts::create(app).await?;
    let address: Option<SocketAddr> = listener.map(TcpListener::local_addr).transpose()?;
    match address {
        Some(address) => accounts.print(address, app),
        None => accounts.print_passwords(),
    }
    Ok(())
}

fn tell(filled: &Filled, order: Order, took: Duration) {
    let (first, last) = filled.days;
    say!(
        "Made from seed {}: {} rooms, {} users, {} reservations from {first} to {last}",
        order.seed,
        HumanCount(filled.resources.into()),
        HumanCount(filled.users.into()),
        HumanCount(filled.reservations),
    );
    say!("in {:.1} s; the accounts below are further users, the others cannot log in\n", took.as_secs_f64());
}

async fn wait_for_events(app: &App) -> Result<(), Failure> {
    let began = Instant::now();
    loop {
        let waiting = app.database.read(outbox::backlog).await?.waiting;
        if waiting == 0 {
            return Ok(());
        }
        if began.elapsed() > PATIENCE {
            say!("{waiting} events of the accounts still wait to be published; `bookly serve` does that");
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
