//! A certificate of an authority: Pebble, which issues them to whoever proves a name, as those of the web do.

use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use rand::Rng;
use sealpost_server::config::{Acme, Public, TlsMode};
use sealpost_server::peer::{Patience, Peer};
use sealpost_server::tls::Certificate;
use serde_json::json;
use tempfile::TempDir;
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};

use crate::program::of_owner;
use crate::running::{PATIENCE, Running, Wishes};

const NAME: &str = "relay.acme.test";

/// None of those that the system gives to whoever asks for any.
fn free_port() -> u16 {
    loop {
        let port = rand::rng().random_range(20_000..30_000);
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}

/// Pebble, and a server of names by which all of them lead to this machine.
struct Authority {
    acme: Acme,
    _processes: [Process; 2],
    _directory: TempDir,
}

struct Process(Child);

impl Process {
    fn start(command: &mut Command) -> Self {
        Self(command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("`cargo xtask test` installs Pebble"))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ended_before = self.0.kill();
        let _reaped = self.0.wait();
    }
}

impl Authority {
    /// One that looks for servers on this port, where those of the web look on 443.
    async fn start(port: u16) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let [pebble, management, dns_port, names] = [free_port(), free_port(), free_port(), free_port()];
        let [ca, key] = ["pebble.pem", "pebble.key"].map(|name| directory.path().join(name));
        Certificate::create(&ca, &key, &"localhost:1".parse().unwrap()).unwrap();
        let config = configuration(directory.path(), [pebble, management, port], [&ca, &key]);
        let dns = format!("127.0.0.1:{dns_port}");
        let leads_here =
            ["-http01", "", "-https01", "", "-tlsalpn01", "", "-defaultIPv6", "", "-defaultIPv4", "127.0.0.1"];
        let mut resolver = Command::new("pebble-challtestsrv");
        resolver.args(leads_here).args(["-dns01", &dns, "-management", &format!("127.0.0.1:{names}")]);
        let mut authority = Command::new("pebble");
        authority.arg("-config").arg(config).args(["-dnsserver", &dns]);
        authority.envs([("PEBBLE_VA_NOSLEEP", "1"), ("PEBBLE_WFE_NONCEREJECT", "0")]);
        let processes = [Process::start(&mut resolver), Process::start(&mut authority)];
        let up = async {
            for port in [pebble, dns_port] {
                while TcpStream::connect(("127.0.0.1", port)).await.is_err() {
                    sleep(Duration::from_millis(20)).await;
                }
            }
        };
        timeout(PATIENCE, up).await.expect("Pebble does not start");
        let acme = Acme {
            directory: format!("https://localhost:{pebble}/dir"),
            account: directory.path().join("acme.json"),
            ca,
            ..Acme::default()
        };
        Self { acme, _processes: processes, _directory: directory }
    }
}

fn configuration(directory: &Path, [pebble, management, port]: [u16; 3], [ca, key]: [&PathBuf; 2]) -> PathBuf {
    let config = json!({"pebble": {
        "listenAddress": format!("127.0.0.1:{pebble}"), "managementListenAddress": format!("127.0.0.1:{management}"),
        "certificate": ca, "privateKey": key, "httpPort": 1, "tlsPort": port,
    }});
    let path = directory.join("pebble.json");
    fs::write(&path, config.to_string()).unwrap();
    path
}

async fn start(authority: &Authority, port: u16) -> Running {
    let public = Public { host: format!("{NAME}:{port}").parse().unwrap(), ..Public::default() };
    let listen = format!("127.0.0.1:{port}").parse().unwrap();
    let (tls, acme) = (TlsMode::Acme, authority.acme.clone());
    Running::start_with(Wishes { tls, acme, public, listen, ..Wishes::default() }).await
}

fn shown_first(server: &Running) -> String {
    server.manifest.manifest().tls.keys_sha256.first().unwrap().clone()
}

#[tokio::test]
async fn a_certificate_is_had_from_an_authority_and_shown_at_once_and_kept() {
    let port = free_port();
    let authority = Authority::start(port).await;
    let server = start(&authority, port).await;
    let own = shown_first(&server);
    let mut before = Peer::connect(&server.reference, Patience::default()).await.unwrap();
    let issued = async {
        while shown_first(&server) == own {
            sleep(Duration::from_millis(50)).await;
        }
    };
    timeout(PATIENCE, issued).await.expect("no certificate was issued");
    let [chain, key] = ["tls.pem", "tls.key"].map(|name| server.directory.path().join(name));
    assert_eq!(Certificate::load(&chain, &key).unwrap().key_sha256(), shown_first(&server));
    let chain = fs::read_to_string(chain).unwrap();
    assert!(chain.matches("BEGIN CERTIFICATE").count() > 1, "an authority's has a chain:\n{chain}");
    assert_eq!(before.call(&of_owner()).await.unwrap().items, 7);
    let mut after = Peer::connect(&server.reference, Patience::default()).await.unwrap();
    assert_eq!(after.call(&of_owner()).await.unwrap().items, 7);
    server.stop().await;
}

/// The port that the authority looks on is not the server's.
#[tokio::test]
async fn a_name_that_leads_elsewhere_gets_none_and_the_own_certificate_is_shown_on() {
    let authority = Authority::start(free_port()).await;
    let server = start(&authority, free_port()).await;
    let own = shown_first(&server);
    let asked = async {
        while !authority.acme.account.exists() {
            sleep(Duration::from_millis(50)).await;
        }
        sleep(Duration::from_secs(3)).await;
    };
    timeout(PATIENCE, asked).await.expect("the authority was not asked");
    assert_eq!(shown_first(&server), own);
    Peer::connect(&server.reference, Patience::default()).await.unwrap().call(&of_owner()).await.unwrap();
    server.stop().await;
}
