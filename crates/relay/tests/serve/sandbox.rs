//! The program keeps to its own files.

use std::fs;
use std::os::unix::fs::symlink;
use std::sync::Arc;
use std::time::Duration;

use rustix::process::Signal;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use sealpost_relay::tls::Certificate;
use tempfile::TempDir;
use tokio::time::sleep;

use crate::objects::Mailbox;
use crate::peer::{Http, Peer, Trusting, tls, tls_config};
use crate::program::{Running, edit, initialized, text};

/// Has a running relay led to a certificate outside its own directories, and tells whether it took it, and its log.
async fn led_elsewhere(directory: TempDir) -> (bool, String) {
    let elsewhere = tempfile::tempdir().unwrap();
    let running = Running::start(directory);
    let tls_files = running.config().tls;
    let (chain, key) = (elsewhere.path().join("chain.pem"), elsewhere.path().join("key.pem"));
    Certificate::create(&chain, &key, &running.config().relay.host).unwrap();
    for (own, foreign) in [(&tls_files.certificate, &chain), (&tls_files.key, &key)] {
        fs::remove_file(own).unwrap();
        symlink(foreign, own).unwrap();
    }
    running.signal(Signal::HUP);
    sleep(Duration::from_millis(300)).await;
    let verifier = Arc::new(Trusting::default());
    drop(tls(&running.config().listen, tls_config(b"h2", Arc::clone(&verifier))).await);
    let is_taken = verifier.certificate() == CertificateDer::from_pem_file(chain).unwrap();
    Peer::connect(&running.config().listen, Http::Two).await.call(&Mailbox::random().open()).await;
    (is_taken, text(&running.end(Signal::TERM).stderr))
}

#[tokio::test]
async fn a_file_outside_its_directories_is_not_opened_whatever_leads_there() {
    let (is_taken, log) = led_elsewhere(initialized()).await;
    assert!(!is_taken && log.contains("confined to the server's own files"), "{log}");
}

#[tokio::test]
async fn without_the_sandbox_it_is_and_the_log_says_so() {
    let directory = initialized();
    edit(
        directory.path(),
        "# Whether it does, where the kernel can.\nenabled = true",
        "# Whether it does.\nenabled = false",
    );
    let (is_taken, log) = led_elsewhere(directory).await;
    assert!(is_taken && log.contains("[sandbox] is off"), "{log}");
}
