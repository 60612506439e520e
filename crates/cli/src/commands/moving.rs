//! `sealpost move`

use std::time::Duration;

use data_encoding::BASE64;
use sealpost_client::{Client, MoveStage, Moving, Options};
use sealpost_wire::to_bytes;
use serde::Serialize;
use tokio::time::{Instant, sleep};

use super::words;
use crate::arguments::{Common, Move};
use crate::failure::{Exit, Failure, word};
use crate::opening;
use crate::output::Output;
use crate::progress::Spinner;

const LOOK_EVERY: Duration = Duration::from_millis(250);

/// How far a move is.
#[derive(Debug, PartialEq, Eq, Serialize)]
struct Shown {
    from: String,
    to: String,
    began: String,
    closes: String,
    stage: String,
    contacts: usize,
    told: usize,
    number_left_behind: bool,
    confirmed: usize,
    already_gone: usize,
    pending: usize,
    /// Signed by the old relay's operator, CBOR in base64.
    statements: Vec<String>,
}

/// Begins a move and follows it until all contacts have been told; without a relay, shows what there was so far.
pub(super) async fn run(common: &Common, command: &Move, output: Output) -> Result<(), Failure> {
    let spread = if command.at_once { Duration::ZERO } else { Options::default().leaving_spread };
    let client = opening::opted_in_with(common, Options { leaving_spread: spread, ..Options::default() })?;
    let Some(relay) = &command.relay else {
        let moves: Vec<_> = client.moves()?.iter().map(Shown::of).collect();
        return output.show_all(&moves, |moves| match moves {
            [] => "You have not moved.\n".to_owned(),
            moves => moves.iter().map(Shown::text).collect(),
        });
    };
    let begun = client.move_to(relay).await?;
    if command.no_wait {
        return output.show(&Shown::of(&begun), Shown::text);
    }
    follow(&client, command.timeout, output).await
}

/// Shows each step, as an object for scripts, until contacts have been told.
async fn follow(client: &Client, patience: Duration, output: Output) -> Result<(), Failure> {
    let (end, engine) = (Instant::now() + patience, client.start()?);
    let spinner = Spinner::new(output, "moving");
    let mut last = None;
    let outcome = loop {
        let Some(moving) = client.moves()?.pop() else { break Ok(()) };
        let (stage, shown) = (moving.stage, Shown::of(&moving));
        if output.is_json() && last.as_ref() != Some(&shown) {
            output.show(&shown, Shown::text)?;
        }
        last = Some(shown);
        if stage >= MoveStage::Waiting {
            break Ok(());
        }
        if Instant::now() >= end {
            break Err(not_yet());
        }
        sleep(LOOK_EVERY).await;
    };
    drop(spinner);
    engine.stop().await;
    if let Some(last) = last.filter(|_| !output.is_json()) {
        output.show(&last, Shown::text)?;
    }
    outcome
}

impl Shown {
    fn of(moving: &Moving) -> Self {
        let closing = &moving.closing;
        Self {
            from: moving.from.to_string(),
            to: moving.to.to_string(),
            began: words::day(moving.began),
            closes: words::day(moving.closes),
            stage: word(&format!("{:?}", moving.stage)),
            contacts: moving.contacts,
            told: moving.told,
            number_left_behind: moving.number_left_behind,
            confirmed: closing.confirmed.len(),
            already_gone: closing.already_gone,
            pending: closing.pending,
            statements: closing.confirmed.iter().map(|(_, statement)| BASE64.encode(&to_bytes(statement))).collect(),
        }
    }

    /// For people; the statements in full, since they may want to keep them.
    fn text(&self) -> String {
        let Self { from, to, began, closes, stage, contacts, told, confirmed, already_gone, pending, .. } = self;
        let number = if self.number_left_behind {
            "Your number still leads there: `sealpost publish` lists it at the new relay.\n"
        } else {
            ""
        };
        let statements: String = self.statements.iter().map(|statement| format!("  {statement}\n")).collect();
        format!(
            "From {from}\nto   {to}\nsince {began}: {stage}; {told} of {contacts} contacts have been told. What was left \
             behind is collected until {closes}, and closed then: {confirmed} deletions stated, signed; {already_gone} were \
             not known; {pending} are to be asked for.\n{number}{statements}"
        )
    }
}

fn not_yet() -> Failure {
    Failure::new(Exit::NotYet, "moving", "not all contacts have been told yet")
        .with_help("`sealpost listen` goes on with it; `sealpost move` shows how far it is")
}
