//! Who looks at an attester's disk, log and numbers finds no phone number, whatever was asked of it.

use std::fs;
use std::path::Path;
use std::sync::atomic::Ordering;

use rustix::process::Signal;
use sealpost_attester::config::{Admin, LogLevel};
use sealpost_identity::traces::{Traces, Value};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::network::Network;
use crate::person::{Person, number, other_than};
use crate::program::Running;

/// Everything that is asked of an attester, well and badly.
async fn talk(network: &Network) {
    let mut person = Person::at(&network.attester).await;
    network.gateway.state.lock().unwrap().fails = true;
    person.ask().await.unwrap_err();
    network.gateway.state.lock().unwrap().fails = false;
    person.ask().await.unwrap();
    let code = network.gateway.code();
    person.prove(&other_than(&code), network.epoch).await.unwrap_err();
    person.prove(&code, network.epoch.next()).await.unwrap_err();
    network.evaluators[0].down.store(true, Ordering::Relaxed);
    person.prove(&code, network.epoch).await.unwrap_err();
    network.evaluators[0].down.store(false, Ordering::Relaxed);
    person.prove(&code, network.epoch).await.unwrap();
    while person.ask().await.is_ok() {}
}

async fn metrics(network: &Network) -> String {
    let Admin::On(address) = network.config.admin else { panic!("it has an admin listener") };
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = format!("GET /metrics HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

/// The files of a directory, which has no others below it.
fn files(directory: &Path) -> Vec<Vec<u8>> {
    fs::read_dir(directory).unwrap().map(|entry| fs::read(entry.unwrap().path()).unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn no_number_is_on_the_disk_in_the_log_or_in_the_metrics() {
    let mut network = Network::start().await;
    network.config.log.level = LogLevel::Trace;
    let running = Running::start(&network);
    talk(&network).await;
    let metrics = metrics(&network).await;
    let output = running.end(Signal::TERM);
    let traces = Traces::of([&Value::from(&number())]).unwrap();

    // What is looked for would be found: the gateway was told.
    let told = network.gateway.state.lock().unwrap().received.concat();
    assert!(!traces.find(told.as_bytes()).is_empty());

    let log = String::from_utf8(output.stderr).unwrap();
    assert!(log.contains("numbers can be attested") && log.contains("the SMS gateway refuses"), "{log}");
    for foreign in ["127.0.0.1", "rustls", "hyper", "h2::", "POST", "/v1/"] {
        assert!(!log.contains(foreign), "{foreign} in\n{log}");
    }
    for counted in
        ["sealpost_codes_sent_total 5", "sealpost_numbers_proved_total 1", "sealpost_gateway_failures_total 1"]
    {
        assert!(metrics.contains(counted), "no {counted} in\n{metrics}");
    }
    let denied = r#"sealpost_requests_total{kind="prove_number",answer="denied"} 1"#;
    assert!(metrics.contains(denied), "no {denied} in\n{metrics}");

    let mut seen = files(network.directory.path());
    assert!(seen.len() >= 4, "configuration, keys, certificate");
    seen.extend([log.into_bytes(), metrics.into_bytes(), output.stdout]);
    for bytes in seen {
        assert_eq!(traces.find(&bytes), [], "{}", String::from_utf8_lossy(&bytes));
    }
}
