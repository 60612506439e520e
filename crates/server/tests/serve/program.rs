//! A program with a request of each side.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use axum::Router;
use axum::extract::State;
use axum::routing::post;
use sealpost_server::clock::every;
use sealpost_server::http::{Cbor, Reply};
use sealpost_server::{Denial, Program, labels};
use sealpost_wire::codec::{List, V1};
use sealpost_wire::directory::{BucketPrefix, Epoch, Tag};
use sealpost_wire::request::{CountItems, ItemCount, Refusal, Request, Stock, Take, Withdraw};
use sealpost_wire::{EntryKey, ShelfId, StockKey, TakeKey};
use tokio::time::{Duration, sleep};

labels! {
    /// What is asked for.
    Kind "kind" {
        CountItems "count_items"
        Take "take"
        Withdraw "withdraw"
        Stock "stock"
    }
}

/// What the test sees of its program.
#[derive(Clone, Default)]
pub(crate) struct Seen {
    pub(crate) unready: Arc<AtomicBool>,
    pub(crate) chores: Arc<AtomicUsize>,
    pub(crate) closed: Arc<AtomicBool>,
}

pub(crate) struct Sample(pub(crate) Seen);

impl Program for Sample {
    type Kind = Kind;

    fn kind(path: &str) -> Option<Kind> {
        Some(match path {
            CountItems::PATH => Kind::CountItems,
            Take::PATH => Kind::Take,
            Withdraw::PATH => Kind::Withdraw,
            Stock::PATH => Kind::Stock,
            _ => return None,
        })
    }

    fn routes(self: &Arc<Self>) -> Router {
        Router::new()
            .route(CountItems::PATH, post(count_items))
            .route(Take::PATH, post(take))
            .route(Withdraw::PATH, post(withdraw))
            .route(Stock::PATH, post(|| async { vec![0_u8; 65 * 1024] }))
            .route(SLOW, post(async || sleep(Duration::from_secs(20)).await))
            .with_state(Arc::clone(self))
    }

    fn admin_routes(self: &Arc<Self>) -> Router {
        Router::new().route("/tidy", post(|| async { "tidied\n" }))
    }

    fn is_ready(&self) -> bool {
        !self.0.unready.load(Ordering::Relaxed)
    }

    async fn chores(&self) {
        let done = || async {
            self.0.chores.fetch_add(1, Ordering::Relaxed);
        };
        every(Duration::from_millis(10), done).await;
    }

    async fn close(&self) {
        self.0.closed.store(true, Ordering::Relaxed);
    }
}

async fn count_items(State(_): State<Arc<Sample>>, Cbor(request): Cbor<CountItems>) -> Reply<CountItems> {
    Ok(ItemCount { version: request.version, items: 7 }).into()
}

async fn take(Cbor(_): Cbor<Take>) -> Reply<Take> {
    Err(Denial::of(Refusal::Gone)).into()
}

async fn withdraw(Cbor(_): Cbor<Withdraw>) -> Reply<Withdraw> {
    Err(Denial::try_later(9)).into()
}

/// Where an answer takes long.
pub(crate) const SLOW: &str = "/v1/slow";

/// A request of the owner's side, which is done.
pub(crate) fn of_owner() -> CountItems {
    let stock = StockKey::random(&mut rand::rng());
    CountItems { version: V1, shelf: ShelfId::from_bytes([1; 32]), stock }
}

/// A request of the sender's side, which is refused for good.
pub(crate) fn of_sender() -> Take {
    let mut rng = rand::rng();
    Take { version: V1, take: TakeKey::random(&mut rng), stock: StockKey::random(&mut rng).hash() }
}

/// A request of neither side, which is refused for a while.
pub(crate) fn of_neither() -> Withdraw {
    let entry = EntryKey::random(&mut rand::rng());
    Withdraw { version: V1, epoch: Epoch(1), prefix: BucketPrefix(2), tag: Tag::from_bytes([3; 16]), entry }
}

/// A request of the owner's side, whose answer is too long.
pub(crate) fn of_stock() -> Stock {
    let CountItems { version, shelf, stock } = of_owner();
    Stock { version, shelf, stock, items: List::default(), last: None, replace: false }
}
