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
use sealpost_wire::request::{Collect, Deposit, Refusal};

use crate::http::{On, Refusing};
use crate::metrics::Socket;
use crate::server::{Connection, Shared};
use line::Line;

/// Collectors send little: a large buffer for each of many would be memory for nothing.
const COLLECTOR_BUFFER: usize = 2 * 1024;
/// Depositors send much.
const DEPOSITOR_BUFFER: usize = 64 * 1024;

/// What an upgrade needs, or why there is none.
type Upgrade = Result<WebSocketUpgrade, WebSocketUpgradeRejection>;

/// `GET /v1/collect`, upgraded
pub(crate) async fn collect(State(shared): State<Arc<Shared>>, side: On<Collect>, upgrade: Upgrade) -> Response {
    open(shared, side.0, upgrade, Socket::Collect)
}

/// `GET /v1/deposit`, upgraded
pub(crate) async fn deposit(State(shared): State<Arc<Shared>>, side: On<Deposit>, upgrade: Upgrade) -> Response {
    open(shared, side.0, upgrade, Socket::Deposit)
}

fn open(shared: Arc<Shared>, connection: Arc<Connection>, upgrade: Upgrade, kind: Socket) -> Response {
    let Ok(upgrade) = upgrade else { return Refusing::for_good(Refusal::NoSuchRequest).into_response() };
    let buffer = match kind {
        Socket::Collect => COLLECTOR_BUFFER,
        Socket::Deposit => DEPOSITOR_BUFFER,
    };
    upgrade.read_buffer_size(buffer).max_message_size(shared.body).max_frame_size(shared.body).on_upgrade(
        move |socket| async move {
            let cut = shared.cut.clone();
            cut.run_until_cancelled(serve(shared, connection, socket, kind)).await;
        },
    )
}

/// Serves a socket to its end, holding its connection's place.
async fn serve(shared: Arc<Shared>, connection: Arc<Connection>, socket: WebSocket, kind: Socket) {
    let _counted = shared.metrics.socket(kind);
    let mut line = Line::new(socket, connection, shared.timeouts.ping_interval, shared.stop.clone());
    let ending = match kind {
        Socket::Collect => collect::run(&mut line, shared.relay.collector()).await,
        Socket::Deposit => deposit::run(&mut line, &shared).await,
    };
    line.end(ending).await;
}
