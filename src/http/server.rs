//! The listening server.

use std::any::Any;
use std::io;
use std::net::TcpListener;
use std::os::unix::net::UnixListener;
use std::time::Duration;

use actix_web::body::MessageBody;
use actix_web::dev::{Extensions, Server, ServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::middleware::from_fn;
use actix_web::rt::net::UnixStream;
use actix_web::web::{self, Data};
use actix_web::{App, Error, HttpServer};

use super::caller::Operator;
use super::documents::Documents;
use super::state::HttpState;
use super::surroundings::surround;
use super::table::{Table, no_such_path};

/// Threads that serve connections. Handlers only wait for actors, so a few are enough.
const WORKERS: usize = 2;
/// Connections that a worker keeps open at once.
const CONNECTIONS: usize = 4_096;
/// How long a client may take to send a request's head, and an idle connection is kept.
const HEAD_ARRIVAL: Duration = Duration::from_secs(10);
const KEEP_ALIVE: Duration = Duration::from_secs(75);
/// How long requests in flight may take when the server stops, in seconds.
const SHUTDOWN_S: u64 = 10;

/// Serves `listener` to clients and `control` to the operator. Nothing is answered before the server is awaited.
///
/// # Errors
/// When a listener cannot be used.
pub fn serve(state: HttpState, listener: Option<TcpListener>, control: Option<UnixListener>) -> io::Result<Server> {
    let table = super::table();
    let documents = Data::new(Documents::of(&table));
    let state = Data::new(state);
    let server = HttpServer::new(move || app(table.clone(), documents.clone(), state.clone()))
        .workers(WORKERS)
        .max_connections(CONNECTIONS)
        .keep_alive(KEEP_ALIVE)
        .client_request_timeout(HEAD_ARRIVAL)
        .shutdown_timeout(SHUTDOWN_S)
        .disable_signals()
        .on_connect(|connection: &dyn Any, marks: &mut Extensions| {
            // The control socket's file belongs to the operator alone; whoever could open it is the operator.
            if connection.is::<UnixStream>() {
                marks.insert(Operator);
            }
        });
    let server = match listener {
        Some(listener) => server.listen(listener)?,
        None => server,
    };
    let server = match control {
        Some(control) => server.listen_uds(control)?,
        None => server,
    };
    Ok(server.run())
}

/// Everything that is served.
pub(super) fn app(
    table: Table,
    documents: Data<Documents>,
    state: Data<HttpState>,
) -> App<
    impl ServiceFactory<
        ServiceRequest,
        Config = (),
        Response = ServiceResponse<impl MessageBody>,
        Error = Error,
        InitError = (),
    >,
> {
    App::new()
        .app_data(state)
        .app_data(documents)
        .configure(move |config| table.register(config))
        .configure(super::documents::register)
        .default_service(web::to(no_such_path))
        .wrap(from_fn(surround))
}
