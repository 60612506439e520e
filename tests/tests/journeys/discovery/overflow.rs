//! A directory that grows beyond its one bucket.

use std::slice::from_ref;

use sealpost_tests::Result;
use sealpost_tests::deployment::Plan;
use sealpost_tests::stranger::Stranger;
use sealpost_wire::EntryKey;
use sealpost_wire::codec::V1;
use sealpost_wire::directory::{BucketPrefix, Epoch, Slot};
use sealpost_wire::request::{Listing, Publish};

use super::stage::Stage;

/// So many entries fill a bucket that can still split, so that with one more there are two.
const FULL: usize = 120;

/// An entry that is nobody's: where nothing is attested, anyone may list anything.
fn junk(epoch: Epoch) -> Publish {
    let (prefix, mut slot) = (BucketPrefix(rand::random()), [0; Slot::LENGTH]);
    rand::fill(&mut slot);
    let entry = EntryKey::random(&mut rand::rng());
    Publish { version: V1, epoch, prefix, slot: Slot::new(slot), entry, attestation: None, ticket: None }
}

/// How many bits name a bucket in the epoch of the day, as the manifest says, and which epoch that is.
fn bits(stage: &Stage) -> Result<(Epoch, u8)> {
    let directory = stage.servers.manifest()?.directory.ok_or("no directory")?;
    let epoch = directory.epochs.first().ok_or("no epoch")?;
    Ok((epoch.epoch, epoch.bucket_bits))
}

#[test]
fn when_a_bucket_overflows_all_split_and_who_had_read_before_still_finds_everyone() -> Result<()> {
    let stage = Stage::set_with(1, &Plan { attested: false, ..Plan::default() })?;
    let anna = stage.person("anna")?;
    // Anna knows the directory as it is with one bucket; nobody in this book is listed.
    let early = anna.discover(&[stage.book(3)?])?;
    assert!(early.found.is_empty() && early.unknown == 0, "{early:?}");
    let (epoch, before) = bits(&stage)?;

    let stranger = Stranger::at(&stage.servers.relay.server)?;
    for _ in 0..FULL {
        let listed = stranger.ask(&junk(epoch))?.map_err(|refused| format!("{refused:?}"))?;
        assert_eq!(listed.listing, Listing::Listed);
    }
    stage.publish(&stage.listed()[0])?;
    let (_, after) = bits(&stage)?;
    assert!(before == 0 && after >= 1, "{after} bits");

    let book = stage.book(20)?;
    let late = anna.discover(from_ref(&book))?;
    assert_eq!((late.found, late.unknown), (stage.names(), 0));
    Ok(())
}
