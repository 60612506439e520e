//! A thousand messages have come while a device was away: opening a connection, collecting, opening, storing and acknowledging
//! them. The relay is a process of its own, and its time is not in the figures.

use std::cell::{OnceCell, RefCell};
use std::env;
use std::path::PathBuf;
use std::time::Duration;

use criterion::measurement::Measurement;
use criterion::{Criterion, SamplingMode, Throughput};
use futures_util::StreamExt;
use sealpost_benches::CpuTime;
use sealpost_benches::subject::{Kind, Programs, Subject};
use sealpost_client::{Client, ContactId, Event, MessageState, Position};
use tokio::runtime::Runtime;
use tokio::time::{sleep, timeout};

use super::person::Person;

const MESSAGES: usize = 1_000;
const TEXT: &str = "See you at the harbour at eight?";
/// It is to take no more of processors, in seconds.
const TARGET: f64 = 1.0;
const PATIENCE: Duration = Duration::from_secs(120);
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// Two who know each other; one of them is away.
struct Town {
    runtime: Runtime,
    alice: Person,
    bob: Person,
    /// Bob, as Alice knows him.
    contact: ContactId,
    /// What Bob has read.
    read: RefCell<Position>,
    _relay: Subject,
}

pub(crate) fn bench(c: &mut Criterion<CpuTime>) {
    let program = relay_program();
    if !program.is_file() {
        println!("sdk: no relay to catch up from; `cargo build --release --bin sealpost-relay` makes one");
        return;
    }
    let (town, taken) = (OnceCell::new(), RefCell::new(Vec::new()));
    let mut group = c.benchmark_group("sdk/catching up");
    group.sample_size(10).sampling_mode(SamplingMode::Flat);
    group.warm_up_time(Duration::from_millis(1)).measurement_time(Duration::from_millis(1));
    group.throughput(Throughput::Elements(MESSAGES as u64));
    group.bench_function(format!("with {MESSAGES} messages"), |b| {
        let town = town.get_or_init(|| Town::of(program.clone()));
        b.iter_custom(|times| (0..times).map(|_| town.catch_up()).inspect(|took| taken.borrow_mut().push(*took)).sum());
    });
    group.finish();
    let mut taken = taken.into_inner();
    taken.sort_unstable();
    if let Some(middle) = taken.get(taken.len() / 2) {
        let seconds = middle.as_secs_f64();
        println!("sdk: {MESSAGES} messages are caught up within {seconds:.2} s of processors (target: {TARGET})");
    }
}

/// Beside the directory of the benches, as cargo has it.
fn relay_program() -> PathBuf {
    let own = env::current_exe().unwrap();
    let directory = own.parent().and_then(|directory| directory.parent()).unwrap();
    directory.join("sealpost-relay").with_extension(env::consts::EXE_EXTENSION)
}

impl Town {
    fn of(program: PathBuf) -> Self {
        let runtime = Runtime::new().unwrap();
        let relay = Programs::find(Some(program), None, None).unwrap().start(Kind::Relay, true).unwrap();
        let reference = relay.reference().unwrap().clone();
        let (alice, bob) = (Person::new(&reference), Person::new(&reference));
        let contact = runtime.block_on(meet(&alice.client, &bob.client));
        let read = RefCell::new(last(&bob.client));
        Self { runtime, alice, bob, contact, read, _relay: relay }
    }

    /// Alice writes while Bob is away; what he takes to catch up.
    fn catch_up(&self) -> Duration {
        self.runtime.block_on(async {
            let engine = self.alice.client.start().unwrap();
            let ids: Vec<_> = (0..MESSAGES).map(|_| self.alice.client.send(self.contact, TEXT).unwrap()).collect();
            for id in ids {
                let settled = timeout(PATIENCE, self.alice.client.settled(id)).await.unwrap().unwrap();
                assert_ne!(settled.state, MessageState::Queued);
            }
            engine.stop().await;
            let start = CpuTime.start();
            let engine = self.bob.client.start().unwrap();
            let mut events = self.bob.client.events();
            let mut count = 0;
            while count < MESSAGES {
                let event = timeout(PATIENCE, events.next()).await.unwrap().unwrap();
                if matches!(event, Event::Received { .. } | Event::Missed(_)) {
                    count += self.read();
                }
            }
            engine.stop().await;
            CpuTime.end(start)
        })
    }

    /// What has come since, as an app reads it.
    fn read(&self) -> usize {
        let new = self.bob.client.messages_after(*self.read.borrow(), MESSAGES).unwrap();
        if let Some(last) = new.last() {
            self.read.replace(last.position);
        }
        new.len()
    }
}

fn last(client: &Client) -> Position {
    client.messages_after(Position::START, MESSAGES).unwrap().last().map_or(Position::START, |last| last.position)
}

/// A first message, and an answer to it.
async fn meet(alice: &Client, bob: &Client) -> ContactId {
    let (hers, his) = (alice.start().unwrap(), bob.start().unwrap());
    let contact = alice.add(&bob.card().unwrap(), "Bob").unwrap();
    alice.send(contact, "Hello").unwrap();
    let from = first(bob).await;
    bob.send(from, "Hello!").unwrap();
    first(alice).await;
    hers.stop().await;
    his.stop().await;
    contact
}

/// Who wrote the first message that comes.
async fn first(client: &Client) -> ContactId {
    let comes = async {
        loop {
            if let Some(message) = client.messages_after(Position::START, 1).unwrap().first() {
                return message.contact;
            }
            sleep(LOOK_EVERY).await;
        }
    };
    timeout(PATIENCE, comes).await.unwrap()
}
