//! WebSockets: all that is ready goes into one call of the service, and all that it gives into one write.

mod collect;
mod deposit;
mod line;
mod message;

use std::sync::Arc;

use axum::extract::State;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::ws::{WebSocket, WebSocketUpgrade};
use axum::response::{IntoResponse, Response};
use sealpost_server::Connection;
use sealpost_server::http::{On, Refusing};
use sealpost_wire::request::{Collect, Deposit, Refusal};

use crate::metrics::Socket;
use crate::program::RelayProgram;
use line::Line;

/// Collectors send little: a large buffer for each of many would be memory for nothing.
const COLLECTOR_BUFFER: usize = 2 * 1024;
/// Depositors send much.
const DEPOSITOR_BUFFER: usize = 64 * 1024;

/// What an upgrade needs, or why there is none.
type Upgrade = Result<WebSocketUpgrade, WebSocketUpgradeRejection>;

/// `GET /v1/collect`, upgraded
pub(crate) async fn collect(State(program): State<Arc<RelayProgram>>, side: On<Collect>, upgrade: Upgrade) -> Response {
    open(program, side.0, upgrade, Socket::Collect)
}

/// `GET /v1/deposit`, upgraded
pub(crate) async fn deposit(State(program): State<Arc<RelayProgram>>, side: On<Deposit>, upgrade: Upgrade) -> Response {
    open(program, side.0, upgrade, Socket::Deposit)
}

fn open(program: Arc<RelayProgram>, connection: Arc<Connection>, upgrade: Upgrade, kind: Socket) -> Response {
    let Ok(upgrade) = upgrade else { return Refusing::for_good(Refusal::NoSuchRequest).into_response() };
    let buffer = match kind {
        Socket::Collect => COLLECTOR_BUFFER,
        Socket::Deposit => DEPOSITOR_BUFFER,
    };
    let longest = connection.longest_body();
    upgrade.read_buffer_size(buffer).max_message_size(longest).max_frame_size(longest).on_upgrade(
        move |socket| async move {
            let cut = connection.cut().clone();
            cut.run_until_cancelled(serve(program, connection, socket, kind)).await;
        },
    )
}

/// Serves a socket to its end, holding its connection's place.
async fn serve(program: Arc<RelayProgram>, connection: Arc<Connection>, socket: WebSocket, kind: Socket) {
    let _counted = program.metrics.socket(kind);
    let mut line = Line::new(socket, connection);
    let ending = match kind {
        Socket::Collect => collect::run(&mut line, program.relay.collector()).await,
        Socket::Deposit => deposit::run(&mut line, &program).await,
    };
    line.end(ending).await;
}
