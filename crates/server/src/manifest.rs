//! What a server says of itself, signed.
//!
//! The text may change while the server runs, and with it its day of issue: whoever asks gets a manifest that was signed
//! on the day of asking.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use data_encoding::HEXLOWER;
use sealpost_wire::manifest::{Limits, Manifest, Retention, Role, SignedManifest, Tickets, Tls};
use sealpost_wire::operator::{OperatorKey, OperatorSecret};
use sealpost_wire::time::Day;
use sealpost_wire::{SizeClass, VERSION};

use crate::clock::Clock;
use crate::config::{Serving, bytes};
use crate::log::Event;
use crate::oblivious::DayKeys;
use crate::tls::Certificate;

/// The signed manifest of a running server. Clones are the same one.
#[derive(Clone)]
pub struct ManifestCell(Arc<Inner>);

struct Inner {
    operator: Arc<OperatorSecret>,
    clock: Arc<dyn Clock>,
    keys: Option<Arc<DayKeys>>,
    signed: Mutex<Signed>,
}

/// What is said, and the bytes that say it.
struct Signed {
    manifest: Manifest,
    bytes: Bytes,
}

impl ManifestCell {
    /// Signs `manifest` as of today.
    ///
    /// # Errors
    /// When it cannot be written as JSON.
    pub fn new(
        manifest: Manifest,
        operator: Arc<OperatorSecret>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, serde_json::Error> {
        Self::telling(None, manifest, operator, clock)
    }

    /// The same; it tells of the keys of Oblivious HTTP what is true on its day.
    pub(crate) fn telling(
        keys: Option<Arc<DayKeys>>,
        mut manifest: Manifest,
        operator: Arc<OperatorSecret>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, serde_json::Error> {
        date(&mut manifest, Day::of(clock.now()), keys.as_deref());
        let signed = Signed { bytes: sign(&manifest, &operator)?, manifest };
        Ok(Self(Arc::new(Inner { operator, clock, keys, signed: Mutex::new(signed) })))
    }

    /// What `GET /v1/relay` answers now. It was signed today.
    #[must_use]
    pub fn bytes(&self) -> Bytes {
        let mut signed = self.lock();
        if signed.manifest.issued != self.today() {
            self.replace(&mut signed, |_| {});
        }
        signed.bytes.clone()
    }

    /// What it says now.
    #[must_use]
    pub fn manifest(&self) -> Manifest {
        self.lock().manifest.clone()
    }

    /// Says something else from now on. The day of issue, and the keys of that day, are not for `change` to set.
    pub fn change(&self, change: impl FnOnce(&mut Manifest)) {
        self.replace(&mut self.lock(), change);
    }

    fn replace(&self, signed: &mut Signed, change: impl FnOnce(&mut Manifest)) {
        let mut manifest = signed.manifest.clone();
        change(&mut manifest);
        date(&mut manifest, self.today(), self.0.keys.as_deref());
        match sign(&manifest, &self.0.operator) {
            Ok(bytes) => *signed = Signed { manifest, bytes },
            Err(_) => Event::ManifestKept {}.log(),
        }
    }

    fn today(&self) -> Day {
        Day::of(self.0.clock.now())
    }

    fn lock(&self) -> MutexGuard<'_, Signed> {
        self.0.signed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for ManifestCell {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ManifestCell(..)")
    }
}

fn date(manifest: &mut Manifest, today: Day, keys: Option<&DayKeys>) {
    manifest.issued = today;
    manifest.ohttp_keys = keys.and_then(|keys| keys.told(today));
}

fn sign(manifest: &Manifest, operator: &OperatorSecret) -> Result<Bytes, serde_json::Error> {
    Ok(serde_json::to_vec(&SignedManifest::sign(manifest, operator)?)?.into())
}

/// What a server says of itself that keeps nothing for anyone. Without TLS there is no certificate to name.
pub(crate) fn manifest(
    serving: &Serving<'_>,
    certificate: Option<&Certificate>,
    operator: &OperatorKey,
    role: Role,
) -> Manifest {
    let public = serving.public;
    Manifest {
        versions: vec![VERSION],
        issued: Day(0),
        host: public.host.to_string(),
        name: public.name.clone(),
        region: public.region.clone(),
        operator: HEXLOWER.encode(operator.as_bytes()),
        tls: Tls {
            keys_sha256: certificate.into_iter().map(|certificate| certificate.key_sha256().to_owned()).collect(),
            web_pki: serving.tls.web_pki,
        },
        retention: Retention { envelope_hours: 0, lease_days: 0 },
        limits: no_limits_but(bytes(serving.body)),
        envelope_lengths: SizeClass::ALL.map(SizeClass::envelope_length).to_vec(),
        tickets: Tickets::Off,
        source: public.source.clone(),
        succession: Vec::new(),
        role,
        directory: None,
        key_service: None,
        ohttp_keys: None,
        ticket_keys: Vec::new(),
        ticket_attester: None,
        may_lose_seconds: 0,
        moved_to: public.moved_to.as_ref().map(ToString::to_string),
    }
}

const fn no_limits_but(body_bytes: usize) -> Limits {
    Limits {
        mailbox_envelopes: 0,
        mailbox_bytes: 0,
        deposits_per_minute: 0,
        takes_per_hour: 0,
        shelf_items: 0,
        subscriptions: 0,
        body_bytes,
    }
}

#[cfg(test)]
mod tests;
