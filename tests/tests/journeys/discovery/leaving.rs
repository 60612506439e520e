//! Taking a number out of the directory, by itself or by opting out.

use std::fs;

use data_encoding::BASE64;
use sealpost_tests::Result;
use sealpost_wire::RelayRef;
use sealpost_wire::codec::exact;
use sealpost_wire::statement::{Closed, SignedDeletion};
use serde_json::{Value, json};

use super::stage::{Owner, Stage};
use crate::journeys::leaving::keyspaces;

/// What was closed, by statements that the relay signed.
struct Statements(Vec<Closed>);

impl Statements {
    fn of(report: &Value, relay: &str) -> Result<Self> {
        let relay: RelayRef = relay.parse().map_err(|_| "no reference")?;
        let texts = report["statements"].as_array().ok_or("no statements")?;
        let closed = |text: &Value| -> Result<Closed> {
            let bytes = BASE64.decode(text.as_str().unwrap_or_default().as_bytes())?;
            let signed: SignedDeletion = exact(&bytes).map_err(|_| "no statement")?;
            Ok(signed.verify(&relay.operator).ok_or("not signed by the relay")?.closed)
        };
        Ok(Self(texts.iter().map(closed).collect::<Result<_>>()?))
    }

    /// Entries, shelves and mailboxes.
    fn counts(&self) -> [usize; 3] {
        let count = |is: fn(&Closed) -> bool| self.0.iter().filter(|closed| is(closed)).count();
        [
            count(|closed| matches!(closed, Closed::Entry(..))),
            count(|closed| matches!(closed, Closed::Shelf(_))),
            count(|closed| matches!(closed, Closed::Mailbox(_))),
        ]
    }

    /// How many of all that was closed stand somewhere in `bytes`.
    fn found_in(&self, bytes: &[u8]) -> usize {
        let id = |closed: &Closed| match closed {
            Closed::Entry(_, tag) => tag.as_bytes().to_vec(),
            Closed::Shelf(id) => id.as_bytes().to_vec(),
            Closed::Mailbox(id) => id.as_bytes().to_vec(),
        };
        let is_there = |id: &Vec<u8>| bytes.windows(id.len()).any(|window| window == id);
        self.0.iter().map(id).filter(is_there).count()
    }
}

/// What is on the relay's disk.
struct Disk {
    /// Each keyspace, and its rows in a row.
    keyspaces: Vec<(String, Vec<u8>)>,
    /// All bytes of all files.
    files: Vec<u8>,
}

impl Disk {
    /// Looks at it; the relay is stopped meanwhile.
    fn of(stage: &mut Stage) -> Result<Self> {
        let relay = &mut stage.servers.relay.server;
        relay.stop()?;
        let keyspaces = keyspaces::each(&relay.data())?;
        let files = sealpost_tests::search::files_below(&relay.data())?;
        let files = files.iter().map(fs::read).collect::<std::io::Result<Vec<_>>>()?.concat();
        relay.start()?;
        Ok(Self { keyspaces, files })
    }

    fn live(&self) -> Vec<u8> {
        self.keyspaces.iter().flat_map(|(_, rows)| rows).copied().collect()
    }

    /// How many bytes all entries and claims of all epochs have.
    fn listed(&self) -> usize {
        let is_of_directory = |name: &str| name.starts_with("entries-") || name.starts_with("claims-");
        self.keyspaces.iter().filter(|(name, _)| is_of_directory(name)).map(|(_, rows)| rows.len()).sum()
    }
}

/// The owner withdraws: the entry goes, and the card's shelf and front door with it; the other card stays.
pub(super) fn withdraws(stage: &Stage, owner: &Owner) -> Result<()> {
    let report = owner.person.call_one(&["withdraw"])?;
    assert_eq!((&report["pending"], &report["already_gone"]), (&json!(0), &json!(0)));
    let statements = Statements::of(&report, stage.servers.reference())?;
    let [entries, shelves, mailboxes] = statements.counts();
    assert!((1..=2).contains(&entries), "one for each epoch in which it is listed by now");
    assert!((1..=2).contains(&shelves) && shelves == mailboxes, "of the card that was made for each");
    assert_eq!(owner.person.call_one(&["status"])?["listing"], json!("not-published"));
    Ok(())
}

#[test]
fn of_who_opts_out_no_entry_is_left_in_the_directory_nor_in_its_files_once_purged() -> Result<()> {
    let mut stage = Stage::set(1)?;
    let owner = &stage.listed()[0];
    stage.publish(owner)?;
    let report = owner.person.call_one(&["opt-out", "--yes", "--at-once"])?;
    assert_eq!((&report["pending"], &report["wiped"]), (&json!(0), &json!(true)));
    let statements = Statements::of(&report, stage.servers.reference())?;
    let [entries, shelves, mailboxes] = statements.counts();
    assert!(entries >= 1 && shelves >= 2 && shelves == mailboxes, "{:?}", statements.counts());

    let disk = Disk::of(&mut stage)?;
    assert_eq!(disk.listed(), 0, "there is no entry, and no claim, at all");
    assert_eq!(statements.found_in(&disk.live()), 0, "in the live keyspaces");
    assert_ne!(statements.found_in(&disk.files), 0, "what was there is found in the files");
    stage.servers.relay.server.purge()?;
    assert_eq!(statements.found_in(&Disk::of(&mut stage)?.files), 0, "in the files");
    Ok(())
}
