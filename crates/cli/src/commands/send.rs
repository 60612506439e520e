//! `sealpost send`

use std::io::{self, BufRead};
use std::time::Duration;

use sealpost_client::{Client, Contact, MessageId, MessageState};
use serde::Serialize;
use tokio::time::{Instant, timeout_at};

use super::words;
use crate::arguments::{Common, Send};
use crate::failure::{Exit, Failure};
use crate::opening;
use crate::output::Output;
use crate::terminal::one_line;

#[derive(Serialize)]
struct Sent {
    message: String,
    contact: String,
    state: &'static str,
    reason: Option<String>,
}

/// Writes all messages into the outbox first: each is durable from then on, whatever happens to this process.
pub(super) async fn run(common: &Common, command: &Send, output: Output) -> Result<(), Failure> {
    let client = opening::opted_in(common)?;
    let contact = opening::contact(&client, &command.name)?;
    if command.no_wait {
        return each_text(command, |text| {
            let id = client.send(contact.id, text)?;
            show(&contact, id, MessageState::Queued, output)
        });
    }
    // Waits to take over where another process's engine runs already.
    let engine = client.start()?;
    let mut written = Vec::new();
    each_text(command, |text| {
        written.push(client.send(contact.id, text)?);
        Ok(())
    })?;
    let done = settle(&client, &contact, &written, command.timeout, output).await;
    engine.stop().await;
    done
}

/// The one text, or each line of the standard input as it comes.
fn each_text(command: &Send, mut send: impl FnMut(&str) -> Result<(), Failure>) -> Result<(), Failure> {
    match &command.text {
        Some(text) => send(text),
        None => io::stdin().lock().lines().try_for_each(|line| send(&line.map_err(|error| unreadable(&error))?)),
    }
}

/// Waits for each message in turn, up to a common end, and shows what became of it.
async fn settle(
    client: &Client,
    contact: &Contact,
    written: &[MessageId],
    patience: Duration,
    output: Output,
) -> Result<(), Failure> {
    let end = Instant::now() + patience;
    let mut worst = Ok(());
    for &id in written {
        let settled = timeout_at(end, client.settled(id)).await;
        let state = settled.map_or(Ok(MessageState::Queued), |message| message.map(|message| message.state))?;
        show(contact, id, state, output)?;
        worst = verdict(state).and(worst);
    }
    worst
}

fn show(contact: &Contact, id: MessageId, state: MessageState, output: Output) -> Result<(), Failure> {
    let (message, state_word, reason) = (words::id(&id), words::state(state), words::reason(state));
    output.show(&Sent { message, contact: contact.name.clone(), state: state_word, reason }, |sent| match state {
        MessageState::Accepted => format!("{}: the relay keeps it until it is collected.\n", one_line(&sent.contact)),
        MessageState::Failed(_) => String::new(),
        _ => format!("{}: in the outbox.\n", one_line(&sent.contact)),
    })
}

fn verdict(state: MessageState) -> Result<(), Failure> {
    match state {
        MessageState::Queued => Err(Failure::new(Exit::NotYet, "queued", "the relay does not have it yet")
            .with_help("it is stored; `sealpost listen` goes on trying, and so does the next `sealpost send`")),
        MessageState::Failed(reason) => {
            Err(Failure::new(Exit::Failed, "not-sent", "a message will not be sent").with_help(words::advice(reason)))
        }
        _ => Ok(()),
    }
}

fn unreadable(error: &io::Error) -> Failure {
    Failure::new(Exit::Failed, "input", format!("the standard input cannot be read: {error}"))
        .with_help("messages are lines of UTF-8; those before this one are in the outbox")
}
