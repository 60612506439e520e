//! A message's way through what keeps it: deposited, read, acknowledged.

use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use sealpost_relay::clock::ManualClock;
use sealpost_relay::service::{Relay, Settings};
use sealpost_relay::store::embedded::Embedded;
use sealpost_relay::store::{Kept, MailboxOwner, NobodyWaits, Range, Store};
use sealpost_wire::codec::{List, V1};
use sealpost_wire::frame::{Received, Subscribe};
use sealpost_wire::operator::OperatorSecret;
use sealpost_wire::request::{Deposit, MailboxKind, OpenMailbox, Outcome};
use sealpost_wire::{CollectKey, DepositKey, Envelope, EnvelopeId, MailboxId, SizeClass};
use tokio::runtime::{Builder, Runtime};

use super::setting::{NOW, envelope, moment, open, options, owner};

/// Messages that are under way at once, of as many mailboxes.
pub(super) const TOGETHER: usize = 128;
fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

fn id(number: u64) -> EnvelopeId {
    let mut bytes = [0; 16];
    bytes[..8].copy_from_slice(&number.wrapping_mul(0x9E37_79B9_7F4A_7C15).to_le_bytes());
    EnvelopeId::from_bytes(bytes)
}

/// So many messages through the embedded store, each written before it is read.
pub(super) fn store(messages: u64) {
    let directory = tempfile::tempdir().unwrap();
    let store = Embedded::open(options(directory.path()), Arc::new(NobodyWaits)).unwrap();
    runtime().block_on(async {
        let owners: Vec<_> = (0..TOGETHER).map(owner).collect();
        open(&store, &owners).await;
        for round in 0..messages / TOGETHER as u64 {
            let new = |owner: &MailboxOwner| envelope(owner, id(round), SizeClass::Small);
            let kept = store.deposit(owners.iter().map(new).collect(), NOW).await.unwrap();
            assert!(kept.iter().all(|kept| *kept == Kept::Kept));
            for owner in &owners {
                let range = Range { after: 0, envelopes: 64, bytes: 1 << 20 };
                assert_eq!(store.page(*owner, range, moment()).await.unwrap().unwrap().envelopes.len(), 1);
            }
            let received = owners.iter().map(|owner| (*owner, vec![id(round)])).collect();
            store.acknowledge(received, NOW).await.unwrap();
        }
    });
}

/// So many messages through the service, pushed to whoever waits, and acknowledged once they are written: before,
/// it would be chance how many are.
pub(super) fn service(messages: u64) {
    let directory = tempfile::tempdir().unwrap();
    let mut settings = Settings { directory: directory.path().join("store"), ..Settings::default() };
    settings.memory.disk_reserve_bytes = 0;
    settings.limits.deposits_per_minute = u32::MAX;
    let clock = Arc::new(ManualClock::new(UNIX_EPOCH + Duration::from_secs(u64::from(NOW.0) * 3_600)));
    runtime().block_on(async {
        let relay = Relay::open(settings, Arc::new(OperatorSecret::from_seed(&[1; 32])), clock).unwrap();
        let mut collector = relay.collector();
        let keys: Vec<_> = (0..TOGETHER).map(keys).collect();
        for (channel, (deposit, collect)) in (0..).zip(&keys) {
            let mailbox = MailboxId::of(deposit, &collect.hash());
            let collect = collect.clone();
            let opening = OpenMailbox {
                version: V1,
                mailbox,
                collect: collect.clone(),
                kind: MailboxKind::Pairwise,
                ticket: None,
            };
            relay.open_mailbox(opening).await.unwrap();
            collector.subscribe(&Subscribe { channel, mailbox, collect });
        }
        let mut caught_up = 0;
        while caught_up < TOGETHER {
            caught_up += collector.next(1 << 17).await.caught_up.len();
        }
        for round in 0..messages / TOGETHER as u64 {
            let depositing = relay.deposit_many(keys.iter().map(|keys| deposit(keys, round)).collect());
            let collecting = async {
                let mut came = Vec::with_capacity(TOGETHER);
                while came.len() < TOGETHER {
                    came.extend(collector.next(1 << 20).await.deliveries.into_vec());
                }
                came
            };
            let (outcomes, came) = tokio::join!(depositing, collecting);
            let received = came.into_iter().map(|delivery| Received {
                channel: delivery.channel,
                ids: List::new(vec![delivery.stored.id]).unwrap(),
            });
            collector.acknowledge(received).await;
            assert!(outcomes.iter().all(|deposited| deposited.outcome == Outcome::Accepted));
        }
    });
}

fn keys(number: usize) -> (DepositKey, CollectKey) {
    let byte = u8::try_from(number).unwrap();
    (DepositKey::new([byte; 32]), CollectKey::new([byte; 32]))
}

fn deposit((deposit, collect): &(DepositKey, CollectKey), round: u64) -> Deposit {
    let envelope = Envelope::new(vec![0xA5; SizeClass::Small.envelope_length()].into()).unwrap();
    Deposit { version: V1, deposit: deposit.clone(), collect: collect.hash(), id: id(round), envelope, ticket: None }
}
