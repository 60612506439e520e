//! One gateway: passing on to it, and saying what became of it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::StatusCode;
use sealpost_server::http::{Problem, Refusing};
use sealpost_server::peer::{Answer, PeerError, Unanswered};
use sealpost_wire::manifest::SignedManifest;
use sealpost_wire::oblivious::{ANSWER_TYPE, KEY_PROBLEM, LONGEST_ANSWER, PATH, PROBLEM_TYPE, REQUEST_TYPE};
use sealpost_wire::operator::OperatorKey;
use sealpost_wire::request::{Refusal, Refused};
use sealpost_wire::{RelayHost, RelayRef, from_bytes};
use serde_json::Value;
use tokio::sync::{Mutex, Semaphore};
use tokio::time::timeout;

use super::settings::Settings;
use super::trunks::{STREAMS, Trunks};

/// How long a client waits that came when there was no room, in seconds.
const CROWDED: u16 = 2;
/// How old what a gateway says of itself may be when it is told.
const FRESH: Duration = Duration::from_secs(60);

/// One gateway.
pub(super) struct Gateway {
    trunks: Arc<Trunks>,
    /// For those that are being carried and those that wait.
    room: Semaphore,
    /// For those that are being carried.
    turns: Semaphore,
    patience: Duration,
    /// What it said of itself, when, and where it was.
    said: Mutex<Option<(Instant, RelayHost, Bytes)>>,
}

/// Why a request has no sealed answer.
pub(super) enum Unforwarded {
    /// It may go better another time, or another way.
    Refused(Refusing),
    /// It does not go.
    Problem(Problem),
}

impl Gateway {
    pub(super) fn new(place: usize, reference: &RelayRef, settings: &Settings, own: OperatorKey) -> Self {
        let carried = settings.connections.saturating_mul(STREAMS);
        let trunks = Trunks::new(place, reference.clone(), own, settings.patience, settings.connections);
        Self {
            trunks: Arc::new(trunks),
            room: Semaphore::new(carried.saturating_add(settings.waiting).min(Semaphore::MAX_PERMITS)),
            turns: Semaphore::new(carried.min(Semaphore::MAX_PERMITS)),
            patience: settings.patience.request,
            said: Mutex::new(None),
        }
    }

    /// Passes a sealed request on, and gives the sealed answer.
    pub(super) async fn forward(&self, sealed: Bytes) -> Result<Bytes, Unforwarded> {
        let _room = self.room.try_acquire().map_err(|_| Unforwarded::Refused(Refusing::for_now(CROWDED)))?;
        let answer = timeout(self.patience, self.carry(sealed)).await;
        sealed_answer(answer.unwrap_or(Err(Problem::GatewaySlow))?)
    }

    /// Whether that is where the gateway is, or where it was on its way there. Who is not known yet is asked.
    pub(super) async fn has_been_at(&self, name: &str) -> bool {
        if !self.trunks.is_place_known() {
            // Whoever needs it finds out why there is none.
            let _carrier = self.trunks.carrier().await;
        }
        self.trunks.has_been_at(name)
    }

    /// What the gateway says of itself, signed: the same bytes for everyone, and at most a minute old. Where it has moved from
    /// there, by the name that it has in `name`, what it says there.
    pub(super) async fn said(&self, name: &str) -> Result<Bytes, Problem> {
        let mut said = self.said.lock().await;
        if let Some((when, host, signed)) = &*said
            && when.elapsed() < FRESH
            && host.as_str() == name
        {
            return Ok(signed.clone());
        }
        let (place, signed) = self.ask(name).await?;
        let Some(place) = place else { return Ok(signed) };
        let checked =
            SignedManifest::from_json(&signed).and_then(|manifest| manifest.verify(&place.host, &place.operator));
        checked.map_err(|_| Problem::GatewayUnintelligible)?;
        *said = Some((Instant::now(), place.host, signed.clone()));
        Ok(signed)
    }

    /// How many connections to it there are.
    pub(super) fn connections(&self) -> usize {
        self.trunks.count()
    }

    /// Posts on a connection; on another one, if that had ended before.
    async fn carry(&self, sealed: Bytes) -> Result<Answer, Problem> {
        let _turn = self.turns.acquire().await.map_err(|_| Problem::GatewayUnreachable)?;
        let mut unsent = Problem::GatewayUnreachable;
        for _ in 0..2 {
            let carrier = self.trunks.carrier().await.map_err(|_| Problem::GatewayUnreachable)?;
            match carrier.post(PATH, REQUEST_TYPE, sealed.clone(), LONGEST_ANSWER).await {
                Ok(answer) => return Ok(answer),
                Err(Unanswered::Failed(error)) => return Err(problem(error)),
                Err(Unanswered::Unsent) => unsent = problem(PeerError::Closed),
            }
        }
        Err(unsent)
    }

    /// What it says where it is, and where that is; or what it said where it was, which was checked.
    async fn ask(&self, name: &str) -> Result<(Option<RelayRef>, Bytes), Problem> {
        let mut closed = Problem::GatewayUnreachable;
        for _ in 0..2 {
            let carrier = self.trunks.carrier().await.map_err(|_| Problem::GatewayUnreachable)?;
            if let Some((_, signed)) = carrier.former().iter().find(|(host, _)| host.as_str() == name) {
                return Ok((None, signed.clone()));
            }
            match carrier.signed_manifest().await {
                Err(PeerError::Closed) => closed = problem(PeerError::Closed),
                said => return said.map(|signed| (Some(carrier.place().clone()), signed)).map_err(problem),
            }
        }
        Err(closed)
    }
}

const fn problem(error: PeerError) -> Problem {
    match error {
        PeerError::TimedOut => Problem::GatewaySlow,
        PeerError::Protocol | PeerError::Refused(_) => Problem::GatewayUnintelligible,
        PeerError::Unreachable | PeerError::Tls | PeerError::Manifest(_) | PeerError::Key | PeerError::Closed => {
            Problem::GatewayUnreachable
        }
    }
}

/// What a gateway may answer; all else is none. Of what is not sealed, nothing is passed on as it came.
fn sealed_answer(answer: Answer) -> Result<Bytes, Unforwarded> {
    let content_type = answer.content_type.as_ref().map(|value| value.as_bytes()).unwrap_or_default();
    if answer.status == StatusCode::OK && content_type == ANSWER_TYPE.as_bytes() {
        return Ok(answer.body);
    }
    if answer.status == StatusCode::BAD_REQUEST && content_type == PROBLEM_TYPE.as_bytes() && is_of_key(&answer.body) {
        return Err(Problem::KeyUnfit.into());
    }
    match from_bytes::<Refused>(&answer.body) {
        Ok(Refused { reason: Refusal::TryLater, retry_after, .. }) => {
            Err(Unforwarded::Refused(Refusing::for_now(retry_after.unwrap_or(CROWDED))))
        }
        Ok(Refused { reason: Refusal::TooLarge, .. }) => {
            Err(Unforwarded::Refused(Refusing::for_good(Refusal::TooLarge)))
        }
        _ => Err(Problem::GatewayUnintelligible.into()),
    }
}

fn is_of_key(problem: &[u8]) -> bool {
    serde_json::from_slice::<Value>(problem).is_ok_and(|problem| problem.get("type") == Some(&KEY_PROBLEM.into()))
}

impl From<Problem> for Unforwarded {
    fn from(problem: Problem) -> Self {
        Self::Problem(problem)
    }
}
