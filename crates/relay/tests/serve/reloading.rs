//! The program reads its certificate anew when it is told to.

use std::fs;
use std::sync::Arc;
use std::time::Duration;

use rustix::process::Signal;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use sealpost_relay::tls::Certificate;
use tokio::time::{sleep, timeout};

use crate::objects::Mailbox;
use crate::peer::{Http, Peer, Trusting, tls, tls_config};
use crate::program::{Running, initialized, text};
use crate::relay::PATIENCE;

async fn shown(running: &Running) -> CertificateDer<'static> {
    let verifier = Arc::new(Trusting::default());
    drop(tls(&running.config().listen, tls_config(b"h2", Arc::clone(&verifier))).await);
    verifier.certificate()
}

/// Puts another pair in the place of the program's.
fn replace(running: &Running) -> CertificateDer<'static> {
    let tls = running.config().tls;
    fs::remove_file(&tls.key).unwrap();
    fs::remove_file(&tls.certificate).unwrap();
    Certificate::create(&tls.certificate, &tls.key, &running.config().relay.host).unwrap();
    CertificateDer::from_pem_file(&tls.certificate).unwrap()
}

#[tokio::test]
async fn a_hangup_changes_the_certificate_and_ends_nothing() {
    let running = Running::start(initialized());
    let mut owner = Peer::connect(&running.config().listen, Http::One).await;
    owner.call(&Mailbox::random().open()).await;
    let new = replace(&running);
    assert_ne!(shown(&running).await, new, "nobody has told it yet");
    running.signal(Signal::HUP);
    let changed = async {
        while shown(&running).await != new {
            sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(PATIENCE, changed).await.expect("the former certificate is shown on");
    owner.call(&Mailbox::random().open()).await;
    assert!(text(&running.end(Signal::TERM).stderr).contains("new connections are shown it"));
}

#[tokio::test]
async fn a_hangup_with_a_broken_certificate_is_told_and_changes_nothing() {
    let running = Running::start(initialized());
    let before = shown(&running).await;
    fs::write(running.config().tls.certificate, "no certificate").unwrap();
    running.signal(Signal::HUP);
    sleep(Duration::from_millis(300)).await;
    assert_eq!(shown(&running).await, before);
    assert!(text(&running.end(Signal::TERM).stderr).contains("the former one is shown on"));
}
