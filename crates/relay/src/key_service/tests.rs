use std::num::NonZeroU32;
use std::time::{Duration, UNIX_EPOCH};

use futures_util::future::join_all;
use sealpost_blind::{BlindState, PublicKey, Purpose};
use sealpost_wire::RelayRef;
use sealpost_wire::Secret;
use sealpost_wire::directory::{SignedVoucher, Voucher};
use sealpost_wire::operator::OperatorSecret;
use tempfile::TempDir;

use super::*;
use crate::clock::ManualClock;

mod tickets;

const EPOCH: Epoch = Epoch(230);
const TICKET_NEEDED: Denial = Denial::of(Refusal::TicketNeeded);

fn service_operator() -> OperatorKey {
    OperatorSecret::from_seed(&[2; 32]).public()
}

fn attester() -> OperatorSecret {
    OperatorSecret::from_seed(&[3; 32])
}

fn anyone(batches_per_minute: u32) -> Settings {
    let batches_per_minute = NonZeroU32::new(batches_per_minute).unwrap();
    Settings { directory: "epochs".into(), attester: None, batches_per_minute, vouchers_per_epoch: 0, tickets: None }
}

fn vouched(vouchers_per_epoch: u32) -> Settings {
    let attester = RelayRef { host: "attester.example.org:8443".parse().unwrap(), operator: attester().public() };
    Settings { attester: Some(attester), vouchers_per_epoch, ..anyone(1) }
}

/// A key service in the middle of epoch 230.
struct World {
    service: KeyService,
    clock: Arc<ManualClock>,
    root: TempDir,
}

impl World {
    fn new(settings: Settings) -> Self {
        let root = tempfile::tempdir().unwrap();
        let middle = Duration::from_secs(u64::from(EPOCH.first_day().0 + 45) * 86_400);
        let clock = Arc::new(ManualClock::new(UNIX_EPOCH + middle));
        let mut settings = Settings { directory: root.path().join("epochs"), ..settings };
        settings.tickets.iter_mut().for_each(|tickets| tickets.directory = root.path().join("tickets"));
        let service = KeyService::open(settings, service_operator(), Arc::clone(&clock) as _).unwrap();
        Self { service, clock, root }
    }

    fn wait(&self, days: u32) {
        self.clock.advance(Duration::from_secs(u64::from(days) * 86_400));
    }

    async fn restart(self) -> Self {
        let Self { service, clock, root } = self;
        service.close().await;
        let settings = service.0.settings.clone();
        drop(service);
        let service = KeyService::open(settings, service_operator(), Arc::clone(&clock) as _).unwrap();
        Self { service, clock, root }
    }

    fn today(&self) -> Day {
        Day::of(self.clock.now())
    }

    fn directory(&self) -> EpochDirectory {
        EpochDirectory::new(self.root.path().join("epochs"))
    }

    fn public(&self, epoch: Epoch) -> PublicKey {
        self.service.0.keyring.of(epoch).unwrap().key.public()
    }
}

fn voucher(id: u8) -> Voucher {
    Voucher { version: V1, id: VoucherId::from_bytes([id; 16]), service: service_operator(), epoch: EPOCH }
}

fn signed(voucher: &Voucher) -> Option<SignedVoucher> {
    Some(SignedVoucher::of(voucher, &attester()))
}

fn blinded(epoch: Epoch) -> (BlindState, BlindedElements) {
    let values = [Secret::random(&mut rand::rng())];
    let (state, batch) = BlindState::blind_padded(Purpose::Discovery(epoch), values.iter(), &mut rand::rng()).unwrap();
    (state, BlindedElements::from_bytes(&batch.to_bytes()).unwrap())
}

fn request(epoch: Epoch, voucher: Option<SignedVoucher>) -> Evaluate {
    Evaluate { version: V1, epoch, elements: blinded(epoch).1, voucher, ticket: None }
}

/// Who asks once for each number, with the voucher of that number.
async fn ask(world: &World, id: u8) -> Result<Evaluated, Denial> {
    world.service.evaluate(request(EPOCH, signed(&voucher(id)))).await
}

#[tokio::test]
async fn what_comes_back_is_proved_under_the_key_that_is_told() {
    let world = World::new(anyone(100));
    let told = &world.service.told().epochs[0];
    let public = data_encoding::HEXLOWER.decode(told.public_key.as_bytes()).unwrap();
    let public = PublicKey::from_bytes(public.as_slice().try_into().unwrap()).unwrap();
    let (state, elements) = blinded(EPOCH);
    let asked = Evaluate { version: V1, epoch: EPOCH, elements, voucher: None, ticket: None };
    let answer = world.service.evaluate(asked).await.unwrap();
    let batch = EvaluatedBatch::from_bytes(answer.elements.as_bytes()).unwrap();
    assert_eq!(state.finalize(&public, &batch).unwrap().len(), 1);
}

#[tokio::test]
async fn two_services_have_two_keys_and_one_s_answer_is_none_of_the_other() {
    let (world, other) = (World::new(anyone(100)), World::new(anyone(100)));
    let (state, elements) = blinded(EPOCH);
    let asked = Evaluate { version: V1, epoch: EPOCH, elements, voucher: None, ticket: None };
    let answer = world.service.evaluate(asked).await.unwrap();
    let batch = EvaluatedBatch::from_bytes(answer.elements.as_bytes()).unwrap();
    assert!(state.finalize(&other.public(EPOCH), &batch).is_err());
}

#[tokio::test]
async fn an_epoch_is_evaluated_in_from_when_it_has_a_key_until_it_has_closed() {
    let world = World::new(anyone(100));
    let ask = async |epoch| world.service.evaluate(request(epoch, None)).await.map(drop);
    let no_epoch = Err(Denial::of(Refusal::NoEpoch));
    assert_eq!((ask(EPOCH).await, ask(EPOCH.next()).await, ask(Epoch(7)).await), (Ok(()), no_epoch, no_epoch));
    world.directory().make(EPOCH.next(), &mut rand::rng()).unwrap();
    assert!(world.service.keep().await);
    assert_eq!((ask(EPOCH).await, ask(EPOCH.next()).await), (Ok(()), Ok(())));
    world.wait(58);
    assert_eq!(ask(EPOCH).await, Ok(()));
    world.wait(1);
    assert_eq!((ask(EPOCH).await, ask(EPOCH.next()).await), (no_epoch, Ok(())), "not even before its key is erased");
}

#[tokio::test]
async fn keys_come_and_go_with_their_epochs_and_are_told_anew() {
    let world = World::new(anyone(100));
    let epochs = || world.service.told().epochs.iter().map(|told| told.epoch).collect::<Vec<_>>();
    assert!(!world.service.keep().await);
    world.wait(31);
    assert!(world.service.keep().await && !world.service.keep().await);
    assert_eq!(epochs(), [EPOCH, EPOCH.next()]);
    world.wait(28);
    assert!(world.service.keep().await);
    assert_eq!(epochs(), [EPOCH.next()]);
}

#[tokio::test]
async fn what_a_command_changed_is_seen() {
    let world = World::new(anyone(100));
    world.directory().make(EPOCH.next(), &mut rand::rng()).unwrap();
    assert!(world.service.keep().await);
    assert_eq!(world.service.told().epochs.len(), 2);
    world.directory().retire(EPOCH, world.today()).unwrap();
    assert!(world.service.keep().await && !world.service.keep().await);
    assert_eq!(world.service.told().epochs.iter().map(|told| told.epoch).collect::<Vec<_>>(), [EPOCH.next()]);
}

#[tokio::test]
async fn keys_that_cannot_be_read_any_more_serve_on() {
    let world = World::new(anyone(100));
    let before = world.service.told();
    std::fs::write(world.root.path().join("epochs/231.key"), "no key").unwrap();
    assert!(!world.service.keep().await);
    assert_eq!(world.service.told(), before);
    assert!(world.service.evaluate(request(EPOCH, None)).await.is_ok());
    std::fs::remove_file(world.root.path().join("epochs/231.key")).unwrap();
    assert!(!world.service.keep().await);
}

#[tokio::test]
async fn what_is_no_element_is_malformed_and_costs_nothing() {
    let world = World::new(vouched(100));
    for _ in 0..20 {
        let mut bytes = *blinded(EPOCH).1.as_bytes();
        bytes[40 * 32..41 * 32].fill(0xff);
        let elements = BlindedElements::new(bytes);
        let asked = Evaluate { elements, ..request(EPOCH, signed(&voucher(1))) };
        assert_eq!(world.service.evaluate(asked).await, Err(Denial::of(Refusal::Malformed)));
    }
    assert_eq!(world.service.totals().vouchers, 0);
    assert!(ask(&world, 1).await.is_ok());
}

#[tokio::test]
async fn every_voucher_that_does_not_count_is_answered_alike() {
    let world = World::new(vouched(100));
    let other = OperatorSecret::from_seed(&[9; 32]);
    let vouchers = [
        None,
        Some(SignedVoucher::of(&voucher(1), &other)),
        signed(&Voucher { service: other.public(), ..voucher(1) }),
        signed(&Voucher { epoch: EPOCH.next(), ..voucher(1) }),
    ];
    for voucher in vouchers {
        assert_eq!(world.service.evaluate(request(EPOCH, voucher)).await, Err(TICKET_NEEDED));
    }
    for _ in 0..16 {
        assert!(ask(&world, 1).await.is_ok());
    }
    assert_eq!(ask(&world, 1).await, Err(TICKET_NEEDED));
}

#[tokio::test]
async fn a_spent_voucher_is_refused_after_a_restart_and_pays_again_the_next_day() {
    let world = World::new(vouched(100));
    for _ in 0..16 {
        assert!(ask(&world, 1).await.is_ok());
    }
    let world = world.restart().await;
    assert_eq!(ask(&world, 1).await, Err(TICKET_NEEDED));
    world.wait(1);
    assert!(ask(&world, 1).await.is_ok());
    assert_eq!(ask(&world, 1).await, Err(TICKET_NEEDED));
}

#[tokio::test]
async fn the_same_request_again_costs_nothing_and_gives_the_same() {
    let world = World::new(vouched(100));
    let asked = request(EPOCH, signed(&voucher(1)));
    let first = world.service.evaluate(asked.clone()).await.unwrap();
    for _ in 0..15 {
        ask(&world, 1).await.unwrap();
    }
    let world = world.restart().await;
    let again = world.service.evaluate(asked).await.unwrap();
    assert_eq!(first.elements.as_bytes()[..64 * 32], again.elements.as_bytes()[..64 * 32]);
    assert_eq!((world.service.totals().evaluated, world.service.totals().repeated), (1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_voucher_shown_many_times_at_once_pays_sixteen_times() {
    let world = World::new(vouched(100));
    let answers = join_all((0..24).map(|_| ask(&world, 1))).await;
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 16);
    assert_eq!(answers.iter().filter(|answer| **answer == Err(TICKET_NEEDED)).count(), 8);
}

#[tokio::test]
async fn a_voucher_too_many_is_told_to_try_later() {
    let world = World::new(vouched(2));
    assert!(ask(&world, 1).await.is_ok() && ask(&world, 2).await.is_ok());
    assert_eq!(ask(&world, 3).await, Err(Denial::try_later(TOO_MANY)));
    assert!(ask(&world, 2).await.is_ok());
    assert_eq!(world.service.totals().vouchers, 2);
}

#[tokio::test]
async fn without_an_attester_all_together_ask_so_fast_and_no_faster() {
    let world = World::new(anyone(3));
    for _ in 0..3 {
        assert!(world.service.evaluate(request(EPOCH, None)).await.is_ok());
    }
    let denial = world.service.evaluate(request(EPOCH, None)).await.unwrap_err();
    assert!(
        denial.reason == Refusal::TryLater && denial.retry_after.is_some_and(|seconds| (1..=21).contains(&seconds))
    );
    assert_eq!(world.service.told().attester, None);
}

#[tokio::test]
async fn it_is_ready_while_it_has_a_key() {
    let world = World::new(vouched(100));
    assert!(world.service.is_ready());
    world.wait(90);
    assert!(!world.service.is_ready());
    world.service.keep().await;
    assert!(world.service.is_ready());
    world.directory().retire(EPOCH.next(), world.today()).unwrap();
    world.service.keep().await;
    assert!(!world.service.is_ready());
    let told = world.service.told().attester.unwrap();
    assert_eq!(told.parse::<RelayRef>().unwrap().operator, attester().public());
}
