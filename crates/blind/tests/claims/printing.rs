//! Nothing that opens something, or names a slot or a request, shows more than its type when printed.

use sealpost_blind::directory::{Bucket, BucketPrefix, Record, RecordKey, Tag};
use sealpost_blind::discovery::{Hasher, KeyServices, Lookup, Parameters, Stretched};
use sealpost_blind::{BlindState, Epoch, PrfOutput, Purpose, ServerKey};
use sealpost_wire::Secret;
use sealpost_wire::time::Day;

#[test]
fn keys_and_blinds_show_their_type_alone() {
    let (rng, purpose) = (&mut rand::rng(), Purpose::Discovery(Epoch(1)));
    let server = ServerKey::derive(&Secret::new([1; 32]), purpose);
    let (state, batch) = BlindState::blind(purpose, [&Secret::new([1; 32])], rng).unwrap();
    let answer = server.evaluate(&batch, rng);
    assert_eq!(format!("{server:?} {:#?}", server.public()), "ServerKey(..) PublicKey(..)");
    assert_eq!(format!("{state:?} {batch:?} {answer:?}"), "BlindState(..) BlindedBatch(..) EvaluatedBatch(..)");
    assert_eq!(
        format!("{:?} {:?}", batch.elements(), answer.elements()),
        "[BlindedElement(..)] [EvaluatedElement(..)]"
    );
    assert_eq!(format!("{:?} {:?}", answer.proof(), PrfOutput::new([1; 64])), "Proof(..) PrfOutput(..)");
    assert_eq!(format!("{:?}", KeyServices::new(vec![server.public()])), "Ok(KeyServices([PublicKey(..)]))");
}

#[test]
fn places_and_records_show_their_types_alone() {
    let lookup = Lookup { prefix: BucketPrefix(1), tag: Tag::from_bytes([1; 16]), key: RecordKey::new([1; 32]) };
    let shown = "Lookup { prefix: BucketPrefix(..), tag: Tag(..), key: RecordKey(..) }";
    assert_eq!(format!("{lookup:?}"), shown);
    let record = Record { card: Secret::new([1; 208]), last_day: Day(3) };
    assert_eq!(format!("{record:?}"), "Record { card: Secret(..), last_day: Day(3) }");
    let slot = record.seal(&lookup.tag, &lookup.key, &mut rand::rng());
    assert_eq!(format!("{slot:?} {:?}", Bucket::fill(&[], &mut rand::rng())), "Slot(..) Ok(Bucket(..))");
}

#[test]
fn hashed_numbers_show_their_type_alone() {
    let hasher = Hasher::new(Parameters::new(19, 2, 1).unwrap()).unwrap();
    assert_eq!(format!("{hasher:?} {:?}", Stretched::new(Secret::new([1; 32]))), "Hasher(..) Stretched(..)");
}
