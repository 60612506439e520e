//! What a relay with a directory does from time to time, and what its operator may ask of it.

use std::time::Duration;

use ::http::StatusCode;
use axum::extract::{Path, State};
use axum::routing::{delete, get};
use axum::{Json, Router};
use sealpost_server::clock::every;
use sealpost_server::manifest::ManifestCell;
use sealpost_wire::directory::Epoch;
use sealpost_wire::manifest::EpochDescriptor;
use serde::{Deserialize, Serialize};

use crate::log::Event;
use crate::peers::Peers;
use crate::service::{NotComposed, Relay};

/// Where the operator sees epochs, opens the next one, and retires one.
pub(crate) const EPOCHS: &str = "/epochs";
/// How often it is seen to that today's epochs are open.
const LOOK_EVERY: Duration = Duration::from_secs(60);

/// An epoch, as the operator is shown it.
#[derive(Serialize, Deserialize)]
pub(crate) struct ShownEpoch {
    /// Its number.
    pub(crate) epoch: Epoch,
    /// Its descriptor; none when it was retired.
    pub(crate) descriptor: Option<EpochDescriptor>,
}

/// What became of opening an epoch.
#[derive(Serialize, Deserialize)]
pub(crate) struct Opened {
    /// Whether it is open now and was not before.
    pub(crate) opened: bool,
    /// Why it could not be opened, in words.
    pub(crate) problem: Option<String>,
    /// Whether that is because it was retired.
    pub(crate) retired: bool,
}

/// Opens and retires epochs by the calendar, for as long as the relay runs. Says once when one is missing.
pub(super) async fn look_after_epochs(relay: &Relay) {
    let missing = std::sync::atomic::AtomicBool::new(false);
    every(LOOK_EVERY, || async {
        let failed = relay.look_after_epochs(&Peers).await.is_err();
        if failed && !missing.swap(failed, std::sync::atomic::Ordering::Relaxed) {
            Event::EpochMissing {}.log();
        }
        missing.store(failed, std::sync::atomic::Ordering::Relaxed);
    })
    .await;
}

/// Keeps the manifest to what is to be told of the directory.
pub(super) async fn keep_told(relay: &Relay, manifest: &ManifestCell) {
    let Some(mut told) = relay.directory_told() else { return };
    loop {
        let directory = told.borrow_and_update().clone();
        manifest.change(|manifest| manifest.directory = Some(directory));
        // It ends with the relay.
        if told.changed().await.is_err() {
            return;
        }
    }
}

/// The operator's requests.
pub(super) fn routes(relay: &Relay) -> Router {
    let one = format!("{EPOCHS}/{{number}}");
    Router::new().route(EPOCHS, get(list)).route(&one, delete(retire).post(open)).with_state(relay.clone())
}

/// `GET /epochs`
async fn list(State(relay): State<Relay>) -> Result<Json<Vec<ShownEpoch>>, StatusCode> {
    let epochs = relay.epochs().await.map_err(|_| StatusCode::SERVICE_UNAVAILABLE)?;
    Ok(Json(epochs.into_iter().map(|(epoch, descriptor)| ShownEpoch { epoch, descriptor }).collect()))
}

/// `POST /epochs/NUMBER`: opens it ahead of its time
async fn open(State(relay): State<Relay>, Path(number): Path<u32>) -> Json<Opened> {
    Json(Opened::of(relay.open_epoch(Epoch(number), &Peers).await))
}

/// `DELETE /epochs/NUMBER`
async fn retire(State(relay): State<Relay>, Path(number): Path<u32>) -> Result<Json<bool>, StatusCode> {
    relay.retire_epoch(Epoch(number)).await.map(Json).map_err(|_| StatusCode::SERVICE_UNAVAILABLE)
}

impl Opened {
    /// In words.
    pub(crate) fn of(outcome: Result<bool, NotComposed>) -> Self {
        let retired = outcome == Err(NotComposed::Retired);
        Self { opened: outcome == Ok(true), problem: outcome.err().map(|why| why.to_string()), retired }
    }
}
