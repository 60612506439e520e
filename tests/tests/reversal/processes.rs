//! What the parties hold once real servers have run, and people have been listed through the programs that everyone runs.

use std::fs;
use std::path::Path;

use fjall::{Database, KeyspaceCreateOptions};
use sealpost_tests::deployment::{Deployment as Servers, Plan, Watched};
use sealpost_tests::person::Person;
use sealpost_tests::search::files_below;
use sealpost_tests::{Result, clock, http1};
use sealpost_wire::directory::{BlindedElements, Epoch, EvaluatedElements};
use sealpost_wire::from_bytes;
use sealpost_wire::manifest::EpochDescriptor;
use sealpost_wire::request::{Evaluate, Evaluated, Request};
use sealpost_wire::time::Day;

use crate::deployment::Deployment;
use crate::loot::{Directory, Files, KeyService, Row};

/// Starts all servers, lists these numbers, kills the servers, and takes what each has.
pub(crate) fn listing(listed: Vec<String>) -> Result<Deployment> {
    let directory = tempfile::tempdir()?;
    let mut servers = Servers::start(&directory.path().join("servers"), &Plan::default())?;
    for (n, number) in listed.iter().enumerate() {
        let person = Person::new(&format!("person-{n}"), &directory.path().join(format!("person-{n}")))?;
        person.opt_in(servers.reference())?;
        servers.publish(&person, number)?;
    }
    let published = descriptor(&servers)?;
    servers.relay.server.kill()?;
    let data = servers.relay.server.data();
    let relay = Directory { published, rows: rows(&data.join("live"))?, files: with_traffic(&servers.relay)? };
    let services = servers.key_services.iter().map(key_service).collect::<Result<_>>()?;
    let attester = servers.attester.as_ref().ok_or("no attester")?;
    Ok(Deployment { directory: relay, services, attester: files(attester.server.directory())?, listed })
}

/// What the directory says of the epoch of the day, as anyone can read it.
fn descriptor(servers: &Servers) -> Result<EpochDescriptor> {
    let today = Epoch::of(Day::of(clock::now()));
    let epochs = servers.manifest()?.directory.ok_or("it has no directory")?.epochs;
    epochs.into_iter().find(|epoch| epoch.epoch == today).ok_or_else(|| "the epoch of the day is not open".into())
}

/// Every row of every keyspace.
fn rows(database: &Path) -> Result<Vec<Row>> {
    let database = Database::builder(database).open()?;
    let mut rows = Vec::new();
    for name in database.list_keyspace_names() {
        for row in database.keyspace(&name, KeyspaceCreateOptions::default)?.iter() {
            let (key, value) = row.into_inner()?;
            rows.push(Row { keyspace: name.to_string(), key: key.to_vec(), value: value.to_vec() });
        }
    }
    Ok(rows)
}

/// Every file below a directory, logs and keys among them, without the zeros that room was reserved with.
fn files(directory: &Path) -> Result<Files> {
    let read = |path: std::path::PathBuf| {
        let mut bytes = fs::read(&path)?;
        bytes.truncate(bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1));
        Ok((path.strip_prefix(directory)?.to_string_lossy().into_owned(), bytes))
    };
    files_below(directory)?.into_iter().map(read).collect()
}

/// Its files, and all that was said to it and by it, as it is inside TLS.
fn with_traffic(watched: &Watched) -> Result<Files> {
    let mut files = files(watched.server.directory())?;
    for (n, connection) in watched.tap.connections().into_iter().enumerate() {
        files.insert(format!("connection {n}"), [connection.plain(), connection.unmasked()].concat().concat());
    }
    Ok(files)
}

/// Its files, and what its tap saw: requests and answers to them, in their order on each connection.
fn key_service(service: &Watched) -> Result<KeyService> {
    let mut seen = Vec::new();
    for connection in service.tap.connections() {
        let asked = connection.requests().into_iter().filter(|seen| seen.path == Evaluate::PATH);
        let asked = asked.filter_map(|seen| Some(from_bytes::<Evaluate>(&seen.body).ok()?.elements));
        let [_, answers] = connection.plain();
        let answers = http1::split(&answers).0.into_iter();
        let answered = answers.filter_map(|answer| Some(from_bytes::<Evaluated>(&answer.body).ok()?.elements));
        seen.extend(asked.zip(answered).collect::<Vec<(BlindedElements, EvaluatedElements)>>());
    }
    Ok(KeyService { seen, files: with_traffic(service)? })
}
