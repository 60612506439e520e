use std::time::{Duration, UNIX_EPOCH};

use sealpost_wire::RelayHost;

use super::*;
use crate::clock::ManualClock;
use crate::config::{Admin, Connections, Public, Tls as TlsSection};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

struct Told {
    cell: ManifestCell,
    clock: Arc<ManualClock>,
    operator: OperatorKey,
    host: RelayHost,
}

impl Told {
    fn new() -> Self {
        let (public, tls, connections) = (Public::default(), TlsSection::default(), Connections::default());
        let serving = Serving {
            listen: "127.0.0.1:0".parse().unwrap(),
            admin: Admin::Off,
            operator_key: "operator.key".as_ref(),
            public: &public,
            public_section: "relay",
            tls: &tls,
            connections: &connections,
            oblivious: None,
            body: bytesize::ByteSize::kib(64),
        };
        let operator = Arc::new(OperatorSecret::random(&mut rand::rng()));
        let clock = Arc::new(ManualClock::new(UNIX_EPOCH + 100 * DAY));
        let manifest = manifest(&serving, None, &operator.public(), Role::KeyService);
        let key = operator.public();
        let cell = ManifestCell::new(manifest, operator, Arc::clone(&clock) as _).unwrap();
        Self { cell, clock, operator: key, host: public.host }
    }

    /// What someone reads who asks now and checks what comes.
    fn read(&self) -> Manifest {
        let signed = SignedManifest::from_json(&self.cell.bytes()).unwrap();
        signed.verify(&self.host, &self.operator).unwrap().manifest
    }
}

#[test]
fn a_manifest_is_signed_on_the_day_of_asking() {
    let told = Told::new();
    assert_eq!(told.read().issued, Day(100));
    told.clock.advance(3 * DAY);
    assert_eq!(told.read().issued, Day(103));
}

#[test]
fn within_a_day_the_bytes_stay_the_same() {
    let told = Told::new();
    let before = told.cell.bytes();
    told.clock.advance(DAY - Duration::from_secs(1));
    assert_eq!(told.cell.bytes(), before);
}

#[test]
fn what_a_program_changes_is_signed_and_told_from_then_on() {
    let told = Told::new();
    told.clock.advance(DAY);
    told.cell.clone().change(|manifest| (manifest.region, manifest.issued) = ("elsewhere".into(), Day(7)));
    let read = told.read();
    assert_eq!((read.region.as_str(), read.issued), ("elsewhere", Day(101)));
    assert_eq!(told.cell.manifest(), read);
}
