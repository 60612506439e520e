//! A cluster of relays to try things on, until whoever started it has enough.

use std::fmt::Write;
use std::fs;
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::thread;

use super::line;
use super::load::RELAYS;
use super::stage::{Durability, Setting, Stage};
use crate::programs::program;
use crate::{Result, server};

/// Two relays on a cluster, behind one port, by which clients reach either. Dropped, it ends.
pub struct Cluster {
    stage: Stage,
    directory: PathBuf,
    public: SocketAddr,
}

impl Cluster {
    /// Starts it, and keeps configurations, keys and logs in `directory`, which must be empty or not there.
    ///
    /// # Errors
    /// The directory is in use, or something does not start.
    pub fn start(directory: &Path) -> Result<Self> {
        fs::create_dir_all(directory)?;
        if fs::read_dir(directory)?.next().is_some() {
            return Err(format!("{} is not empty", directory.display()).into());
        }
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, server::free_port()?))?;
        let public = listener.local_addr()?;
        let setting = Setting { durability: Durability::Replicas, tls: true, public_port: Some(public.port()) };
        let stage = Stage::set(directory, setting)?;
        let relays = stage.addresses();
        thread::spawn(move || balance(&listener, relays));
        Ok(Self { stage, directory: directory.to_owned(), public })
    }

    /// What clients opt in with.
    #[must_use]
    pub fn reference(&self) -> &str {
        let [first, _] = &self.stage.relays;
        first.reference()
    }

    /// How it is used, in words.
    ///
    /// # Errors
    /// The client's program is not there.
    pub fn manual(&self) -> Result<String> {
        let (client, directory) = (program("sealpost")?, self.directory.display());
        let (client, reference) = (client.display(), self.reference());
        let mut text = String::new();
        writeln!(text, "Two relays on six servers of Redis. They are one relay to their clients, at {}:", self.public)?;
        writeln!(text, "\n  {reference}\n\nTwo people, each in a terminal of their own:\n")?;
        for (name, other) in [("alice", "bob"), ("bob", "alice")] {
            writeln!(text, "  export SEALPOST_PROFILE={directory}/{name} SEALPOST_PASSPHRASE={name}")?;
            writeln!(text, "  {client} opt-in --i-consent --relay {reference}")?;
            writeln!(text, "  {client} card                     # shows {name}'s card, for {other}")?;
            writeln!(text, "  {client} add {other} sealpost:…        # {other}'s card")?;
            writeln!(text, "  {client} listen                   # puts keys on {name}'s shelf, and shows what comes")?;
            writeln!(
                text,
                "  {client} send {other} \"hi\"          # once {other} listens, or has; Ctrl-C ends that\n"
            )?;
        }
        for (number, relay) in self.stage.relays.iter().enumerate() {
            let (admin, process) = (relay.admin(), relay.process()?);
            writeln!(text, "relay {number}   http://{admin}/metrics   http://{admin}/ready   process {process}")?;
        }
        for (number, server) in self.stage.cluster.servers().iter().enumerate() {
            let (port, role) = (server.address().port(), if number < 3 { "master" } else { "replica" });
            writeln!(text, "redis {number}   redis-cli -c -p {port}   {role}   {}", server.directory().display())?;
        }
        writeln!(text, "\nRelays keep configuration, keys and log in {directory}/relay-0 and relay-1.")?;
        writeln!(text, "Kill any of them, and see what comes of it. Ctrl-C stops everything.")?;
        Ok(text)
    }

    /// Stops the relays as a service manager does, then Redis.
    ///
    /// # Errors
    /// A relay does not end well.
    pub fn stop(mut self) -> Result<()> {
        for relay in &mut self.stage.relays {
            // The terminal may have told it already.
            if relay.runs() {
                relay.stop()?;
            }
        }
        Ok(())
    }
}

/// Leads each connection to the next relay, or to the other where that is not there.
fn balance(listener: &TcpListener, relays: [SocketAddr; RELAYS]) {
    for (turn, client) in listener.incoming().flatten().enumerate() {
        let order = relays.iter().cycle().skip(turn % RELAYS).take(RELAYS);
        // Where no relay is there the connection ends.
        let _led = order.map(TcpStream::connect).find(io::Result::is_ok).map(|relay| line::join(client, relay?));
    }
}
