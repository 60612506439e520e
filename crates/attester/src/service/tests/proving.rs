//! Proving a number with its code.

use std::time::Duration;

use futures_util::FutureExt;
use sealpost_identity::attester::Code;
use sealpost_server::Denial;
use sealpost_wire::codec::V1;
use sealpost_wire::directory::{Attestation, Epoch, Voucher};
use sealpost_wire::request::Refusal;
use sealpost_wire::time::Day;

use super::servers::{State, operator, relay};
use super::world::{EPOCH, TODAY, World, entry, number, proof};

const DENIED: Denial = Denial::of(Refusal::Denied);
const LATER: Denial = Denial::try_later(30);

fn vouchers(world: &World, attested: &sealpost_identity::attester::Attested) -> Vec<Voucher> {
    attested.vouchers.iter().map(|voucher| voucher.verify(&world.operator.public()).unwrap()).collect()
}

/// Whether the code serves now.
async fn proves(world: &World, code: &Code) -> bool {
    world.prove(code, &[EPOCH]).await.is_ok()
}

#[tokio::test]
async fn who_shows_the_code_is_attested_the_place_that_every_client_derives() {
    let world = World::new();
    let code = world.code().await;
    let attested = world.prove(&code, &[EPOCH]).await.unwrap();
    let place = world.servers.lookup(&number(), EPOCH);
    let expected = Attestation {
        version: V1,
        epoch: EPOCH,
        prefix: place.prefix,
        tag: place.tag,
        entry: entry(EPOCH),
        issued: TODAY,
    };
    let [attestation] = &attested.attestations[..] else { panic!("one is wanted") };
    assert_eq!(attestation.verify(&world.operator.public()), Some(expected));
}

#[tokio::test]
async fn in_the_overlap_both_epochs_are_attested_in_the_order_that_was_asked() {
    let world = World::new();
    let next = EPOCH.next();
    world.servers.state().epochs = vec![EPOCH, next];
    world.set_day(Day(next.first_day().0 - 3));
    let code = world.code().await;
    let attested = world.prove(&code, &[next, EPOCH]).await.unwrap();
    let attestations = attested.attestations.iter().zip([next, EPOCH]);
    for (attestation, epoch) in attestations {
        let attestation = attestation.verify(&world.operator.public()).unwrap();
        assert_eq!((attestation.epoch, attestation.entry), (epoch, entry(epoch)));
        assert_eq!(attestation.tag, world.servers.lookup(&number(), epoch).tag);
    }
    let vouchers = vouchers(&world, &attested);
    let services: Vec<_> = vouchers.iter().map(|voucher| (voucher.epoch, voucher.service)).collect();
    assert_eq!(services, [(EPOCH, operator(0)), (EPOCH, operator(1)), (next, operator(0)), (next, operator(1))]);
}

#[tokio::test]
async fn vouchers_alone_can_be_had_and_no_one_has_the_attesters_own() {
    let world = World::new();
    let (code, other) = (world.code().await, world.code().await);
    assert_eq!(world.prove(&code, &[]).await, Err(DENIED));
    let attested = world.prove(&other, &[]).await.unwrap();
    assert!(attested.attestations.is_empty() && world.servers.state().vouchers.is_empty());
    let code = world.code().await;
    let attested = [attested, world.prove(&code, &[EPOCH]).await.unwrap()];
    let mut ids: Vec<_> = attested.iter().flat_map(|attested| vouchers(&world, attested)).map(|one| one.id).collect();
    ids.extend(&world.servers.state().vouchers);
    assert_eq!(ids.len(), 6);
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 6, "every voucher has an id of its own");
}

#[tokio::test]
async fn a_relay_that_gives_tickets_on_our_word_gets_one_for_each_epoch_and_no_other_relay_does() {
    let world = World::new();
    let next = EPOCH.next();
    world.servers.state().epochs = vec![EPOCH, next];
    world.set_day(Day(next.first_day().0 - 3));
    for (tickets_by, expected) in
        [(None, vec![]), (Some(operator(7)), vec![]), (Some(world.operator.public()), vec![EPOCH, next])]
    {
        world.servers.state().tickets_by = tickets_by;
        world.pass(Duration::from_secs(60 * 60));
        let code = world.code().await;
        let attested = world.prove(&code, &[EPOCH, next]).await.unwrap();
        let words = vouchers(&world, &attested);
        assert_eq!(words.len(), 4 + expected.len());
        let for_relay = words.iter().filter(|word| word.service == relay());
        assert_eq!(for_relay.map(|word| word.epoch).collect::<Vec<_>>(), expected);
    }
}

#[tokio::test]
async fn a_wrong_an_expired_a_used_and_no_code_are_answered_alike() {
    let world = World::new();
    let guess = Code::of(123_456).unwrap();
    assert_eq!(world.prove(&guess, &[EPOCH]).await, Err(DENIED), "there is none");
    let code = world.code().await;
    let wrong = if code == guess { Code::of(123_457).unwrap() } else { guess };
    assert_eq!(world.prove(&wrong, &[EPOCH]).await, Err(DENIED));
    assert!(proves(&world, &code).await);
    assert_eq!(world.prove(&code, &[EPOCH]).await, Err(DENIED), "it was used");
    let code = world.code().await;
    world.pass(Duration::from_secs(600));
    assert_eq!(world.prove(&code, &[EPOCH]).await, Err(DENIED), "it has expired");
    let code = world.code().await;
    let wrong = if code == wrong { Code::of(7).unwrap() } else { wrong };
    for _ in 0..5 {
        assert_eq!(world.prove(&wrong, &[EPOCH]).await, Err(DENIED));
    }
    assert_eq!(world.prove(&code, &[EPOCH]).await, Err(DENIED), "five tries were wrong");
}

#[tokio::test]
async fn a_key_service_that_is_down_costs_nobody_their_code() {
    let world = World::new();
    let code = world.code().await;
    for service in 0..2 {
        world.servers.state().services[service].down = true;
        for _ in 0..6 {
            assert_eq!(world.prove(&code, &[EPOCH]).await, Err(LATER));
        }
        world.servers.state().services[service].down = false;
    }
    assert!(proves(&world, &code).await);
}

#[tokio::test]
async fn a_key_service_that_uses_another_key_is_not_believed_and_asked_for_its_key_once_more() {
    let world = World::new();
    let code = world.code().await;
    world.pass(Duration::from_secs(60));
    world.servers.state().services[1].lies = true;
    let before = world.servers.state().directory_asked;
    assert_eq!(world.prove(&code, &[EPOCH]).await, Err(LATER));
    assert_eq!(world.servers.state().directory_asked, before + 1);
    assert!(!world.attester.is_ready());
    assert_eq!(world.prove(&code, &[EPOCH]).await, Err(LATER));
    assert_eq!(world.servers.state().directory_asked, before + 1, "it was just asked");
    world.servers.state().services[1].lies = false;
    assert!(proves(&world, &code).await && world.attester.is_ready());
}

#[tokio::test]
async fn a_key_that_was_replaced_is_found_by_its_proof() {
    let world = World::new();
    let code = world.code().await;
    world.pass(Duration::from_secs(60));
    world.servers.state().services[0].seed = 42;
    let attested = world.prove(&code, &[EPOCH]).await.unwrap();
    let attestation = attested.attestations[0].verify(&world.operator.public()).unwrap();
    assert_eq!(attestation.tag, world.servers.lookup(&number(), EPOCH).tag);
}

#[tokio::test]
async fn nobody_is_attested_when_directory_and_key_service_disagree_or_believe_another() {
    let changes: [fn(&mut State); 6] = [
        |state| state.services[0].slandered = true,
        |state| state.services[1].told_contribution = 9,
        |state| state.named_attester = Some(operator(7)),
        |state| state.services[1].believes = Some(operator(7)),
        |state| state.memory_mib = 4_096,
        |state| state.epochs.clear(),
    ];
    for change in changes {
        let world = World::new();
        let code = world.code().await;
        world.pass(Duration::from_secs(60 * 60));
        change(&mut world.servers.state());
        let sent = world.phones.received.lock().unwrap().len();
        assert_eq!(world.ask().await, Err(LATER));
        assert_eq!(world.prove(&code, &[EPOCH]).await, Err(DENIED), "an hour is longer than a code lives");
        assert_eq!(world.phones.received.lock().unwrap().len(), sent);
        assert!(!world.attester.is_ready());
    }
}

#[tokio::test]
async fn who_believes_everyone_believes_us() {
    let world = World::new();
    world.servers.state().named_attester = None;
    world.servers.state().services[0].believes = None;
    let code = world.code().await;
    assert!(proves(&world, &code).await);
}

#[tokio::test]
async fn an_epoch_that_is_not_open_is_refused_and_the_code_is_good_still() {
    let world = World::new();
    let code = world.code().await;
    for epoch in [EPOCH.next(), Epoch(0)] {
        assert_eq!(world.prove(&code, &[epoch]).await, Err(Denial::of(Refusal::NoEpoch)));
    }
    assert_eq!(world.prove(&code, &[EPOCH, EPOCH]).await, Err(Denial::of(Refusal::Malformed)));
    assert!(proves(&world, &code).await);
}

#[tokio::test]
async fn an_epoch_that_has_opened_since_is_found() {
    let world = World::new();
    let next = EPOCH.next();
    world.set_day(next.opens());
    let code = world.code().await;
    world.pass(Duration::from_secs(60));
    world.servers.state().epochs.push(next);
    assert_eq!(world.prove(&code, &[next]).await.unwrap().attestations.len(), 1);
}

#[tokio::test]
async fn an_epoch_that_was_opened_early_is_attested_with_and_without_the_one_whose_place_it_takes() {
    let world = World::new();
    let next = EPOCH.next();
    for open in [vec![EPOCH, next], vec![next]] {
        world.servers.state().epochs = open;
        world.pass(Duration::from_secs(60 * 60));
        let code = world.code().await;
        let attested = world.prove(&code, &[next]).await.unwrap();
        let attestation = attested.attestations.iter().next().unwrap().verify(&world.operator.public()).unwrap();
        assert_eq!(attestation.tag, world.servers.lookup(&number(), next).tag);
    }
}

#[tokio::test]
async fn the_directory_is_asked_once_an_hour_and_once_a_day() {
    let world = World::new();
    assert!(!world.attester.is_ready(), "nobody has asked yet");
    for (wait, asked) in [(0, 1), (3_599, 1), (1, 2), (60, 2)] {
        world.pass(Duration::from_secs(wait));
        world.attester.tend().await;
        assert_eq!(world.servers.state().directory_asked, asked);
    }
    assert!(world.attester.is_ready());
    world.set_day(TODAY.plus(1));
    world.attester.tend().await;
    assert_eq!(world.servers.state().directory_asked, 3);
}

#[tokio::test]
async fn while_a_code_is_being_used_nobody_else_uses_it_and_who_gives_up_has_it_back() {
    let world = World::new();
    let code = world.code().await;
    world.servers.state().services[0].hangs = true;
    let mut first = Box::pin(world.attester.prove_number(proof(&code, &[EPOCH])));
    while world.servers.state().vouchers.is_empty() {
        assert!(first.as_mut().now_or_never().is_none());
        tokio::task::yield_now().await;
    }
    assert_eq!(world.prove(&code, &[EPOCH]).await, Err(Denial::try_later(2)));
    drop(first);
    world.servers.state().services[0].hangs = false;
    assert!(proves(&world, &code).await);
}

#[tokio::test]
async fn who_has_no_turn_to_hash_is_told_to_try_later_and_keeps_the_code() {
    let world = World::with_hashers(0);
    let code = world.code().await;
    assert_eq!(world.prove(&code, &[EPOCH]).await, Err(Denial::try_later(5)));
    assert!(world.attester.is_ready(), "nothing is out");
    assert!(world.prove(&code, &[]).await.is_ok(), "vouchers take no hash");
}
