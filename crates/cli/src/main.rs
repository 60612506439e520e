#![doc = include_str!("../README.md")]

mod arguments;
mod book;
mod clock;
mod commands;
mod directory;
mod failure;
mod interruption;
mod log;
mod opening;
mod output;
mod own_numbers;
mod passphrase;
mod progress;
mod table;
mod terminal;

use std::process::ExitCode;

use clap::Parser;

use crate::arguments::Arguments;
use crate::output::Output;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    log::start(arguments.common.verbose);
    let output = Output::new(arguments.common.json);
    match commands::run(&arguments, &output) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            output.failure(&failure);
            failure.exit().into()
        }
    }
}
