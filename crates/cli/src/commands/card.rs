//! `sealpost card`

use std::fs;
use std::path::Path;

use sealpost_identity::qr::{Qr, Terminal};
use serde::Serialize;

use crate::arguments::{Card, Common};
use crate::failure::{Exit, Failure};
use crate::opening;
use crate::output::Output;

#[derive(Serialize)]
struct Shown {
    card: String,
    relay: String,
}

pub(super) fn run(common: &Common, command: &Card, output: Output) -> Result<(), Failure> {
    let card = opening::opted_in(common)?.card()?;
    if let Some(file) = &command.svg {
        write_svg(file, &card.qr())?;
    }
    let shown = Shown { card: card.to_link().to_string(), relay: card.relay.to_string() };
    output.show(&shown, |shown| {
        format!(
            "{}\n{}\n\nWhoever has this card can write to you.\n",
            card.qr().to_text(terminal(command.light)),
            shown.card
        )
    })
}

/// Which way round a terminal shows blocks.
pub(super) const fn terminal(light: bool) -> Terminal {
    if light { Terminal::DarkOnLight } else { Terminal::LightOnDark }
}

fn write_svg(file: &Path, qr: &Qr) -> Result<(), Failure> {
    let trouble = |error| Failure::new(Exit::Failed, "svg", format!("the SVG file cannot be written: {error}"));
    fs::write(file, qr.to_svg()).map_err(trouble)
}
