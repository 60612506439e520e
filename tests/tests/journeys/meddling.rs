//! A relay that drops, reorders, repeats or withholds what it has accepted.
//!
//! **What fails here**: a message that is missing without the recipient's app being told; one that is shown twice or not in
//! its order, or as if it had come in time; a gap that is told though nothing is missing.

use std::collections::HashSet;
use std::time::Duration;

use futures_util::StreamExt;
use sealpost_client::{
    Client, Connection, ContactId, Event, Events, Message, MessageState, Options, Position, Profile, Running, Unlock,
};
use sealpost_identity::consent::{Consent, Messaging, Prompt};
use sealpost_tests::meddler::Meddler;
use sealpost_tests::server::{Server, Settings, free_port};
use sealpost_tests::{Result, clock};
use sealpost_wire::EnvelopeId;
use sealpost_wire::time::Day;
use tempfile::TempDir;
use tokio::time::{sleep, timeout};

use super::company::PATIENCE;

/// Somebody in this process, with an engine that runs.
struct Someone {
    client: Client,
    events: Events,
    _engine: Running,
    _directory: TempDir,
}

/// A relay with a meddler before it, and two who know each other.
struct Stage {
    meddler: Meddler,
    anna: Someone,
    ben: Someone,
    to_ben: ContactId,
    _relay: Server,
    _directory: TempDir,
}

impl Someone {
    async fn online(relay: &str) -> Result<Self> {
        let directory = tempfile::tempdir()?;
        let options = Options { gap_wait: Duration::from_secs(2), ..Options::default() };
        let Profile::Fresh(device) = Profile::open(directory.path(), &Unlock::raw_key([7; 32]), options)? else {
            return Err("not fresh".into());
        };
        let consent = Consent::given(Prompt::<Messaging>::standard(), Day::of(clock::now()));
        let client = device.opt_in(consent, relay.parse()?)?;
        let events = client.events();
        let engine = client.start()?;
        timeout(PATIENCE, async {
            while client.status().unwrap().connection != Connection::CaughtUp {
                sleep(Duration::from_millis(20)).await;
            }
        })
        .await?;
        Ok(Self { client, events, _engine: engine, _directory: directory })
    }

    async fn shows(&self, count: usize) -> Result<Vec<Message>> {
        let all = async {
            loop {
                let messages = self.client.messages_after(Position::START, 1_000)?;
                if messages.len() >= count {
                    return Ok(messages);
                }
                sleep(Duration::from_millis(20)).await;
            }
        };
        timeout(PATIENCE, all).await?
    }

    async fn is_told_of_a_gap(&mut self) -> Result<u64> {
        let told = async {
            loop {
                match self.events.next().await {
                    Some(Event::Gap { missing, .. }) => return Ok(missing),
                    Some(_) => {}
                    None => return Err("no more events".into()),
                }
            }
        };
        timeout(PATIENCE, told).await?
    }
}

impl Stage {
    async fn set() -> Result<Self> {
        let directory = tempfile::tempdir()?;
        let port = free_port()?;
        let settings = Settings { public_port: Some(port), ..Settings::default() };
        let mut relay = Server::init(&directory.path().join("relay"), &settings)?;
        let meddler = tokio::task::block_in_place(|| Meddler::start(port, &relay))?;
        relay.start()?;
        let (anna, ben) = (Someone::online(relay.reference()).await?, Someone::online(relay.reference()).await?);
        let to_ben = anna.client.add(&ben.client.card()?, "Ben")?;
        anna.client.send(to_ben, "hello")?;
        let hello = ben.shows(1).await?;
        ben.client.send(hello[0].contact, "hello yourself")?;
        anna.shows(1).await?;
        Ok(Self { meddler, anna, ben, to_ben, _relay: relay, _directory: directory })
    }

    /// Sends so many, all accepted when it returns.
    async fn send(&self, count: usize) -> Result<Vec<String>> {
        let texts: Vec<String> = (0..count).map(|number| format!("message {number}")).collect();
        for text in &texts {
            let id = self.anna.client.send(self.to_ben, text)?;
            timeout(PATIENCE, self.anna.client.settled(id)).await??;
        }
        Ok(texts)
    }

    /// The runtimes of the stage end where that may block.
    fn end(self) {
        tokio::task::block_in_place(|| drop(self));
    }
}

fn texts(messages: &[Message]) -> Vec<&str> {
    messages.iter().map(|message| message.text.expose()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_dropped_is_told_as_a_gap() -> Result<()> {
    let mut stage = Stage::set().await?;
    let (mut seen, mut dropped): (usize, HashSet<EnvelopeId>) = (0, HashSet::new());
    stage.meddler.set_rule(move |mut deliveries| {
        deliveries.retain(|delivery| {
            seen += 1;
            if seen == 3 {
                dropped.insert(delivery.stored.id);
            }
            !dropped.contains(&delivery.stored.id)
        });
        deliveries
    });
    let mut expected = stage.send(6).await?;
    assert_eq!(stage.ben.is_told_of_a_gap().await?, 1);
    expected.remove(2);
    let shown = stage.ben.shows(6).await?;
    assert_eq!(texts(&shown)[1..], expected);
    stage.end();
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_comes_in_another_order_is_shown_in_the_right_one() -> Result<()> {
    let stage = Stage::set().await?;
    let mut kept = Vec::new();
    stage.meddler.set_rule(move |deliveries| {
        kept.extend(deliveries);
        if kept.len() < 6 { Vec::new() } else { kept.drain(..).rev().collect() }
    });
    let expected = stage.send(6).await?;
    let shown = stage.ben.shows(7).await?;
    assert_eq!(texts(&shown)[1..], expected);
    assert!(shown.iter().all(|message| message.state == MessageState::Received { late: false }));
    stage.end();
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_repeated_is_shown_once() -> Result<()> {
    let stage = Stage::set().await?;
    let mut before = Vec::new();
    stage.meddler.set_rule(move |deliveries| {
        before.extend(deliveries.clone());
        let under_another_id = deliveries.into_iter().map(|mut delivery| {
            delivery.stored.id = EnvelopeId::from_bytes([9; 16]);
            delivery
        });
        before.clone().into_iter().chain(under_another_id).collect()
    });
    let expected = stage.send(5).await?;
    let shown = stage.ben.shows(6).await?;
    assert_eq!(texts(&shown)[1..], expected);
    sleep(Duration::from_secs(1)).await;
    assert_eq!(stage.ben.shows(6).await?.len(), 6);
    stage.end();
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_withheld_is_told_as_a_gap_and_shown_as_late() -> Result<()> {
    let mut stage = Stage::set().await?;
    let mut kept = Vec::new();
    stage.meddler.set_rule(move |mut deliveries| {
        if kept.is_empty() {
            kept.extend(deliveries.pop());
        }
        deliveries
    });
    stage.send(4).await?;
    assert_eq!(stage.ben.is_told_of_a_gap().await?, 1);
    assert_eq!(texts(&stage.ben.shows(4).await?)[1..], ["message 1", "message 2", "message 3"]);
    // It was not acknowledged, so a relay that repents has it still.
    stage.meddler.set_rule(|deliveries| deliveries);
    let Stage { meddler, anna, ben: Someone { client, _engine: engine, .. }, .. } = &mut stage;
    let _others = (meddler, anna);
    std::mem::replace(engine, client.start()?).stop().await;
    let shown = stage.ben.shows(5).await?;
    assert_eq!(shown[4].text.expose(), "message 0");
    assert_eq!(shown[4].state, MessageState::Received { late: true });
    stage.end();
    Ok(())
}
