//! Key services that do not do what they say.

use sealpost_blind::{BlindedBatch, Epoch, Purpose, ServerKey};
use sealpost_tests::Result;
use sealpost_tests::deployment::Plan;
use sealpost_tests::impostor;
use sealpost_wire::Secret;
use sealpost_wire::codec::V1;
use sealpost_wire::directory::EvaluatedElements;
use sealpost_wire::request::{Evaluate, Evaluated};
use sealpost_wire::{from_bytes, to_bytes};

use super::stage::Stage;

/// Evaluates as asked, and proves it, with a key that is not the one it told of.
fn evaluate_with_another_key(_path: &str, body: &[u8]) -> Vec<u8> {
    let answer = || -> Option<Vec<u8>> {
        let asked: Evaluate = from_bytes(body).ok()?;
        let Epoch(number) = asked.epoch;
        let key = ServerKey::derive(&Secret::new([0x0b; 32]), Purpose::Discovery(Epoch(number)));
        let batch = BlindedBatch::from_bytes(asked.elements.as_bytes()).ok()?;
        let elements = EvaluatedElements::from_bytes(&key.evaluate(&batch, &mut rand::rng()).to_bytes())?;
        Some(to_bytes(&Evaluated { version: V1, elements }))
    };
    answer().unwrap_or_default()
}

/// Which outputs of one key a client gets would mark that client, and find nobody.
#[test]
fn a_key_service_that_uses_another_key_for_a_client_is_caught_by_its_proof_and_nothing_of_it_is_used() -> Result<()> {
    let mut stage = Stage::set_with(0, &Plan { attested: false, ..Plan::default() })?;
    let anna = stage.person("anna")?;
    let [_, second] = &mut stage.servers.key_services[..] else { return Err("two key services".into()) };
    impostor::take_the_place_of(&mut second.server, Box::new(evaluate_with_another_key))?;
    let discovered = anna.discover(&[stage.book(5)?])?;
    assert_eq!(discovered.reasons, ["key-service-refused".to_owned()].into());
    assert_eq!((discovered.unknown, discovered.read), (5, 0), "of nobody is anything known");
    assert_eq!((discovered.evaluated, stage.evaluations()), (5, vec![1, 1]), "both were asked, and one is believed");
    Ok(())
}
