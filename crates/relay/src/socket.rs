//! WebSockets: all that is ready goes into one call of the service, and all that it gives into one write.

mod collect;
mod deposit;
mod fresh;
mod line;
mod message;

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use hyper::upgrade::{OnUpgrade, Upgraded};
use hyper_util::rt::TokioIo;
use sealpost_server::Connection;
use sealpost_server::http::{On, Refusing};
use sealpost_server::server::Blanking;
use sealpost_wire::request::{Collect, Deposit, Refusal};
use tokio_tungstenite::tungstenite::handshake::server::create_response_with_body;

use crate::metrics::Socket;
use crate::program::RelayProgram;
use line::Line;

/// Collectors send little: a large buffer for each of many would be memory for nothing.
const COLLECTOR_BUFFER: usize = 1024;
/// Depositors send much. All of it is wiped before each time that something is read into it.
const DEPOSITOR_BUFFER: usize = 32 * 1024;

/// `GET /v1/collect`, upgraded
pub(crate) async fn collect(State(program): State<Arc<RelayProgram>>, side: On<Collect>, request: Request) -> Response {
    open(program, side.0, request, Socket::Collect)
}

/// `GET /v1/deposit`, upgraded
pub(crate) async fn deposit(State(program): State<Arc<RelayProgram>>, side: On<Deposit>, request: Request) -> Response {
    open(program, side.0, request, Socket::Deposit)
}

fn open(program: Arc<RelayProgram>, connection: Arc<Connection>, mut request: Request, kind: Socket) -> Response {
    let upgrade = request.extensions_mut().remove::<OnUpgrade>();
    let (Some(upgrade), Ok(answer)) = (upgrade, create_response_with_body(&request, Body::empty)) else {
        return Refusing::for_good(Refusal::NoSuchRequest).into_response();
    };
    let (cut, of) = (connection.cut().clone(), Arc::clone(&connection));
    let serving = async move {
        if let Ok(upgraded) = upgrade.await {
            // Boxed, here and below, so that a socket that waits is no larger than the part of it that runs.
            cut.run_until_cancelled(Box::pin(serve(program, connection, upgraded, kind))).await;
        }
    };
    tokio::spawn(Blanking::new(serving, of));
    answer
}

/// Serves a socket to its end, holding its connection's place.
async fn serve(program: Arc<RelayProgram>, connection: Arc<Connection>, upgraded: Upgraded, kind: Socket) {
    let _counted = program.metrics.socket(kind);
    let buffer = match kind {
        Socket::Collect => COLLECTOR_BUFFER,
        Socket::Deposit => DEPOSITOR_BUFFER,
    };
    let Some(mut line) = Line::new(TokioIo::new(upgraded), buffer, connection).map(Box::new) else { return };
    let ending = match kind {
        Socket::Collect => Box::pin(collect::run(&mut line, program.relay.collector())).await,
        Socket::Deposit => Box::pin(deposit::run(&mut line, &program)).await,
    };
    Box::pin(line.end(ending)).await;
}
