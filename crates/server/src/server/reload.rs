//! Another certificate for a server that runs: its files are read anew, new connections are shown what is in them, and the manifest
//! names its key. Connections that there are go on.

use std::convert::Infallible;
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::signal::unix::{SignalKind, signal};
use tokio::task::spawn_blocking;
use tokio::time::Instant;

use sealpost_wire::RelayHost;

use crate::config::{Acme, Tls, TlsMode};
use crate::log::Event;
use crate::manifest::ManifestCell;
use crate::tls::{Certificate, CertificateError, Shown};

/// How long the manifest goes on naming the former key: for connections that were made with it and have not yet asked for the
/// manifest, and for other servers of the same name, which are told to reload a little later.
const FORMER: Duration = Duration::from_secs(60 * 60);

/// The TLS of a server that has one: where its files are, and what is shown.
pub(super) struct Material {
    pub(super) chain: PathBuf,
    pub(super) key: PathBuf,
    pub(super) shown: Arc<Shown>,
    pub(super) key_sha256: String,
    /// Whom it is had of, and for which name.
    pub(super) acme: Option<Acme>,
    pub(super) host: RelayHost,
}

impl Material {
    pub(super) fn of(tls: &Tls, host: &RelayHost, certificate: &Certificate) -> Self {
        Self {
            chain: tls.certificate.clone(),
            key: tls.key.clone(),
            shown: Arc::new(Shown::new(certificate)),
            key_sha256: certificate.key_sha256().to_owned(),
            acme: (tls.mode == TlsMode::Acme).then(|| tls.acme.clone()),
            host: host.clone(),
        }
    }
}

/// Reads a server's certificate anew. Clones are of the same server.
#[derive(Clone)]
pub struct Reloader(Option<Arc<Inner>>);

struct Inner {
    material: Material,
    manifest: ManifestCell,
    keys: Mutex<Keys>,
}

/// The hashes of the key that is shown and, for a while, of the one before.
struct Keys {
    shown: String,
    former: Option<(String, Instant)>,
}

impl Reloader {
    pub(super) fn new(material: Option<Material>, manifest: ManifestCell) -> Self {
        let inner = material.map(|material| {
            let keys = Mutex::new(Keys { shown: material.key_sha256.clone(), former: None });
            Arc::new(Inner { material, manifest, keys })
        });
        Self(inner)
    }

    /// Reads the files, and shows new connections what is in them. Without TLS there is nothing to do.
    ///
    /// # Errors
    /// [`CertificateError`]: then the former certificate is shown on.
    pub fn reload(&self) -> Result<(), CertificateError> {
        let Some(inner) = &self.0 else { return Ok(()) };
        let certificate = Certificate::load(&inner.material.chain, &inner.material.key)?;
        // Named before it is shown, so that nobody meets a key that no manifest names.
        inner.keys.lock().unwrap_or_else(PoisonError::into_inner).show(certificate.key_sha256());
        inner.tell();
        inner.material.shown.show(&certificate);
        Ok(())
    }

    /// Reloads each time that the process is sent SIGHUP, and writes to the log what became of it. Must be called within a tokio
    /// runtime.
    ///
    /// # Errors
    /// The system's.
    pub fn on_hangup(self) -> io::Result<impl Future<Output = Infallible> + Send + 'static> {
        let mut hangup = signal(SignalKind::hangup())?;
        Ok(async move {
            loop {
                // There is no end of signals.
                let _came = hangup.recv().await;
                let reloader = self.clone();
                match spawn_blocking(move || reloader.reload()).await {
                    Ok(Ok(())) => Event::CertificateRead {}.log(),
                    _ => Event::CertificateKept {}.log(),
                }
            }
        })
    }

    /// The files, and what is shown of them.
    pub(super) fn material(&self) -> Option<&Material> {
        self.0.as_deref().map(|inner| &inner.material)
    }

    /// Stops naming a key that has not been shown for long.
    pub(super) fn keep(&self) {
        if let Some(inner) = &self.0
            && inner.keys.lock().unwrap_or_else(PoisonError::into_inner).forget(Instant::now())
        {
            inner.tell();
        }
    }
}

impl Inner {
    fn tell(&self) {
        let named = self.keys.lock().unwrap_or_else(PoisonError::into_inner).named();
        self.manifest.change(|manifest| manifest.tls.keys_sha256 = named);
    }
}

impl Keys {
    fn show(&mut self, key: &str) {
        if self.shown != key {
            self.former = Some((std::mem::replace(&mut self.shown, key.to_owned()), Instant::now()));
        }
    }

    /// Whether there was one to forget.
    fn forget(&mut self, now: Instant) -> bool {
        self.former.take_if(|(_, since)| now.duration_since(*since) >= FORMER).is_some()
    }

    /// What the manifest names, the key that is shown first.
    fn named(&self) -> Vec<String> {
        let former = self.former.iter().map(|(key, _)| key.clone());
        std::iter::once(self.shown.clone()).chain(former).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_former_key_is_named_for_an_hour_and_no_longer() {
        let mut keys = Keys { shown: "a".into(), former: None };
        keys.show("a");
        assert_eq!(keys.named(), ["a"], "the same one again is no former one");
        keys.show("b");
        let now = Instant::now();
        assert!(!keys.forget(now) && keys.named() == ["b", "a"]);
        assert!(keys.forget(now + FORMER) && keys.named() == ["b"]);
        assert!(!keys.forget(now + FORMER));
    }
}
