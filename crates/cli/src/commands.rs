//! The commands: each opens a profile, does one thing, shows what came of it.

mod card;
mod chats;
mod closing;
mod consent;
mod contacts;
mod discover;
mod leave;
mod listen;
mod moving;
mod opt_in;
mod policy;
mod publish;
mod safety_number;
mod send;
mod status;
mod telling;
mod withdraw;
mod words;

use std::future::Future;

use crate::arguments::{Arguments, Command};
use crate::failure::{Exit, Failure};
use crate::output::Output;

/// Does what the arguments say.
pub(crate) fn run(arguments: &Arguments, output: &Output) -> Result<(), Failure> {
    let Arguments { common, command } = arguments;
    match command {
        Command::OptIn(command) => opt_in::run(common, command, *output),
        Command::Card(command) => card::run(common, command, *output),
        Command::Add(command) => contacts::add(common, command, *output),
        Command::Accept(command) => contacts::accept(common, command, *output),
        Command::Block(command) => contacts::block(common, command, *output),
        Command::Receipts(command) => telling::receipts(common, command, *output),
        Command::Typing(command) => telling::typing(common, command, *output),
        Command::Send(command) => in_runtime(send::run(common, command, *output)),
        Command::Listen(command) => in_runtime(listen::run(common, command, *output)),
        Command::Chats(command) => chats::run(common, command, *output),
        Command::SafetyNumber(command) => safety_number::run(common, command, *output),
        Command::Discover(command) => in_runtime(discover::run(common, command, *output)),
        Command::Publish(command) => in_runtime(publish::run(common, command, *output)),
        Command::Withdraw(command) => in_runtime(withdraw::run(common, command, *output)),
        Command::Consent(command) => consent::give(common, command, *output),
        Command::Revoke(command) => in_runtime(consent::revoke(common, command, *output)),
        Command::Move(command) => in_runtime(moving::run(common, command, *output)),
        Command::Policy(command) => policy::run(common, command, *output),
        Command::Status => status::run(common, *output),
        Command::OptOut(command) => in_runtime(leave::run(common, command, *output)),
    }
}

/// Runs what needs the network. One thread serves the sockets, one the command.
fn in_runtime(command: impl Future<Output = Result<(), Failure>>) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let runtime = runtime.map_err(|error| Failure::new(Exit::Failed, "runtime", format!("no threads: {error}")))?;
    runtime.block_on(command)
}
