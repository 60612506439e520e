//! What passing on costs. Figures are printed, none is asserted: the machine is shared.

use std::fs;
use std::sync::Arc;
use std::time::Instant;

use futures_util::future::join_all;
use http::StatusCode;
use tokio::sync::Mutex;

use super::*;
use crate::program::{Running, edit, free_port, program, text};

const CLIENTS: usize = 8;
const AT_ONCE: usize = 8;
const EACH: usize = 500;
/// Of what `/proc` counts processor time in, so many are a second.
const TICKS: f64 = 100.0;

fn processor_seconds(pid: u32) -> f64 {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
    (fields[11].parse::<f64>().unwrap() + fields[12].parse::<f64>().unwrap()) / TICKS
}

/// Its clients speak HTTP/1.1, as ours do.
///
/// `cargo test --release -p sealpost-relay --test serve -- --ignored --nocapture what_a_proxied_request_costs`
#[tokio::test(flavor = "multi_thread")]
#[ignore = "it measures, and means something in a release build alone"]
async fn what_a_proxied_request_costs() {
    let origin = Origin::start().await;
    let directory = tempfile::tempdir().unwrap();
    let listen = format!("127.0.0.1:{}", free_port());
    let arguments = ["init", "--role", "ohttp-proxy", "--listen", &listen, "--admin", "off"];
    let output = program(directory.path(), &arguments);
    assert!(output.status.success(), "{}", text(&output.stderr));
    edit(directory.path(), "gateways = []", &format!("gateways = [\"{}\"]", origin.reference));
    let proxy = Running::start(directory);
    let address: std::net::SocketAddr = listen.parse().unwrap();
    let clients = join_all((0..CLIENTS * AT_ONCE).map(|_| Peer::connect(&address, Http::One))).await;
    let clients: Vec<_> = clients.into_iter().map(|client| Arc::new(Mutex::new(client))).collect();
    let run = async |each: usize| {
        let ask = async |client: &Arc<Mutex<Peer>>| {
            for _ in 0..each {
                let answer = forward(&mut *client.lock().await, &origin.reference, 1).await;
                assert_eq!(answer.status, StatusCode::OK);
            }
        };
        join_all(clients.iter().map(ask)).await;
    };
    run(20).await;
    let (before, begun) = (processor_seconds(proxy.pid()), Instant::now());
    run(EACH).await;
    let (spent, requests) = (processor_seconds(proxy.pid()) - before, (clients.len() * EACH) as f64);
    let rate = requests / begun.elapsed().as_secs_f64();
    println!("{:.1} µs of processor time for each of {requests} requests, {rate:.0} a second", 1e6 * spent / requests);
}
