//! What is looked at when a store is opened: each wrong server is told by its own mend.

use std::fs;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;

use rcgen::{CertificateParams, CertifiedIssuer, KeyPair};
use sealpost_redis_stage::Server;
use tempfile::TempDir;

use super::backend::{SYNCED, deposit, opened, options};
use crate::keys::KeyFileError;
use crate::store::contract::{Heard, NOW, QUOTA};
use crate::store::redis::{Durability, OpenError, Options, Redis, Unfit};
use crate::store::{Kept, Store};

fn open(options: Options) -> Result<Redis, OpenError> {
    Redis::open(options, QUOTA, Arc::<Heard>::default())
}

fn refused(options: Options) -> OpenError {
    open(options).err().expect("it was opened")
}

fn unfit(arguments: &[&str], durability: Durability) -> Unfit {
    let server = Server::start(arguments).unwrap();
    match refused(Options { durability, ..options(&[server.address()]) }) {
        OpenError::Unfit(unfit) => unfit,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_server_that_does_not_keep_what_it_is_given_is_refused() {
    let evicting = [SYNCED, &["--maxmemory-policy", "allkeys-lru"]].concat();
    assert_eq!(unfit(&evicting, Durability::Disk), Unfit::Evicts { policy: "allkeys-lru".to_owned() });
    assert_eq!(unfit(&[], Durability::Disk), Unfit::Forgets);
    assert_eq!(unfit(&[], Durability::Second), Unfit::Forgets);
    let hasty = ["--appendonly", "yes"];
    assert_eq!(unfit(&hasty, Durability::Disk), Unfit::Hasty { policy: "everysec".to_owned() });
    assert_eq!(unfit(&hasty, Durability::Replicas(1)), Unfit::Alone { replicas: 1, least: 0 });
}

#[test]
fn a_store_of_a_later_version_or_one_that_is_half_filled_is_refused_as_such() {
    let server = Server::start(SYNCED).unwrap();
    drop(open(options(&[server.address()])).unwrap());
    server.tell(&[b"SET", b"{test:k}v", b"2"]).unwrap();
    assert!(matches!(refused(options(&[server.address()])), OpenError::Newer { format: 2 }));
    server.tell(&[b"SET", b"{test:k}v", b"1"]).unwrap();
    server.tell(&[b"SET", b"{test:k}f", b"a hash"]).unwrap();
    assert!(matches!(refused(options(&[server.address()])), OpenError::HalfFilled));
    server.tell(&[b"DEL", b"{test:k}f"]).unwrap();
    assert!(open(options(&[server.address()])).is_ok());
}

#[test]
fn a_replica_is_refused() {
    let master = Server::start(SYNCED).unwrap();
    let port = master.address().port().to_string();
    let replica = [SYNCED, &["--replicaof", "127.0.0.1", &port]].concat();
    assert_eq!(unfit(&replica, Durability::Disk), Unfit::Replica);
}

#[test]
fn a_server_that_is_not_there_is_told_by_its_address() {
    let gone = SocketAddr::from(([127, 0, 0, 1], 1));
    match refused(options(&[gone])) {
        OpenError::Unreachable { urls, .. } => assert_eq!(urls, ["redis://127.0.0.1:1"]),
        other => panic!("{other:?}"),
    }
    let server = Server::start(SYNCED).unwrap();
    assert!(open(options(&[gone, server.address()])).is_ok());
}

fn password(text: &str, mode: u32) -> (TempDir, Options) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("password");
    fs::write(&path, text).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
    let options = Options { password: Some(path), user: Some("relay".to_owned()), ..options(&[]) };
    (directory, options)
}

#[tokio::test]
async fn a_user_with_the_rights_that_are_named_is_enough() {
    let server = Server::start(SYNCED).unwrap();
    let rights =
        "ACL SETUSER relay on >secret ~{test:* &{test:* +@all -@dangerous +info +config|get +bgrewriteaof +bgsave";
    server.tell(&rights.split(' ').map(str::as_bytes).collect::<Vec<_>>()).unwrap();
    let urls = vec![format!("redis://{}", server.address())];
    let (_directory, right) = password("secret\n", 0o600);
    let store = open(Options { urls: urls.clone(), ..right }).unwrap();
    opened(&store).await;
    assert_eq!(deposit(&store, 1).await, Ok(Kept::Kept));
    assert_eq!((store.lapse(NOW.day()).await, store.purge(NOW).await), (Ok(0), Ok(())));
    assert!(server.tell(&[b"ACL", b"LOG"]).unwrap().is_empty(), "it asked for more");
    server.tell(&[b"ACL", b"SETUSER", b"default", b"off"]).unwrap();
    let (_directory, wrong) = password("secre", 0o600);
    assert!(matches!(refused(Options { urls: urls.clone(), ..wrong }), OpenError::NotAccepted));
    let none = Options { urls: urls.clone(), ..options(&[]) };
    assert!(matches!(refused(none), OpenError::NotAccepted));
    let (_directory, exposed) = password("secret", 0o644);
    let refused = refused(Options { urls, ..exposed });
    assert!(matches!(refused, OpenError::Password(KeyFileError::Exposed { mode: 0o644, .. })));
}

#[test]
fn a_user_who_may_not_ask_how_the_server_is_set_is_told_what_to_allow() {
    let server = Server::start(SYNCED).unwrap();
    let rights = "ACL SETUSER relay on >secret ~* &* +@all -config";
    server.tell(&rights.split(' ').map(str::as_bytes).collect::<Vec<_>>()).unwrap();
    let (_directory, options) = password("secret", 0o600);
    let options = Options { urls: vec![format!("redis://{}", server.address())], ..options };
    assert!(matches!(refused(options), OpenError::NotAllowed { what: "CONFIG GET" }));
}

/// Files of an authority, and of a certificate of its own for this machine.
fn certificates(directory: &TempDir) -> [String; 3] {
    let mut params = CertificateParams::new([]).unwrap();
    params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let names = ["localhost".to_owned(), "127.0.0.1".to_owned()];
    let certificate = CertificateParams::new(names).unwrap().signed_by(&key, &authority).unwrap();
    let files = [("ca.pem", authority.pem()), ("tls.pem", certificate.pem()), ("tls.key", key.serialize_pem())];
    files.map(|(name, text)| {
        let path = directory.path().join(name);
        fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    })
}

#[tokio::test]
async fn tls_is_spoken_with_a_server_whose_certificate_the_authority_gave() {
    let directory = tempfile::tempdir().unwrap();
    let [ca, certificate, key] = certificates(&directory);
    let port = sealpost_redis_stage::free_port().unwrap().to_string();
    let tls = ["--tls-port", &port, "--tls-cert-file", &certificate, "--tls-key-file", &key];
    let tls = [SYNCED, &tls, &["--tls-ca-cert-file", &ca, "--tls-auth-clients", "no"]].concat();
    let _server = Server::start(&tls).unwrap();
    let urls = vec![format!("rediss://127.0.0.1:{port}")];
    let options = Options { urls, ca: Some(ca.into()), ..options(&[]) };
    let store = open(options.clone()).unwrap();
    opened(&store).await;
    assert_eq!(deposit(&store, 1).await, Ok(Kept::Kept));
    let others = tempfile::tempdir().unwrap();
    let [other, ..] = certificates(&others);
    assert!(matches!(refused(Options { ca: Some(other.into()), ..options.clone() }), OpenError::Unreachable { .. }));
    assert!(matches!(refused(Options { ca: Some(key.into()), ..options }), OpenError::Authorities { .. }));
}
