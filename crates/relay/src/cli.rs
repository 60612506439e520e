//! The command line of `sealpost-relay`.

mod check;
mod doctor;
mod epoch;
mod erase;
mod export;
mod failure;
mod import;
mod init;
mod invite;
mod keys;
mod manifest;
mod moved;
mod passphrase;
mod purge;
mod running;
mod serve;
mod status;

use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};
use sealpost_server::terminal::{self, say, say_json};

use crate::config::Config;
use crate::server;
pub use failure::Failure;

const AFTER_HELP: &str = "\
Examples:
  sealpost-relay init --dir /var/lib/sealpost-relay --listen 0.0.0.0:8443 \\
      --host relay.example.org:8443 --region eu-de
  sealpost-relay check-config --config /var/lib/sealpost-relay/sealpost-relay.toml
  sealpost-relay doctor --config /var/lib/sealpost-relay/sealpost-relay.toml
  sealpost-relay serve --config /var/lib/sealpost-relay/sealpost-relay.toml
  sealpost-relay init --role key-service --dir /var/lib/sealpost-keys
  sealpost-relay invite --count 3

Exit codes:
  0  done
  1  it failed: the store, the network or the system
  2  the command line is wrong
  3  the configuration is wrong; the message names file, line and what was expected
  4  a key or certificate is missing, exposed or unusable, or `init` would overwrite something";

/// A blind relay: it keeps sealed envelopes until they are collected, and cannot read them.
#[derive(Debug, Parser)]
#[command(name = "sealpost-relay", version, after_help = AFTER_HELP, max_term_width = 100)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve clients until SIGTERM or SIGINT.
    Serve(serve::Serve),
    /// Say what is wrong with a configuration, and where; changes nothing.
    CheckConfig(check::CheckConfig),
    /// Say what is wrong with configuration, machine, disk and Redis, and what mends it.
    Doctor(doctor::Doctor),
    /// Ask the running server how it is.
    Status(status::Status),
    /// Write a configuration, the operator's key and a TLS key; overwrites nothing.
    Init(Box<init::Init>),
    /// Rewrite the store without anything that was erased.
    Purge(purge::Purge),
    /// Show, make ahead and retire the epochs of discovery.
    Epoch(epoch::EpochCommand),
    /// Make codes that people get their first tickets for.
    Invite(invite::Invite),
    /// Show, sign and verify what servers say of themselves.
    Manifest(manifest::ManifestCommand),
    /// Replace the operator's key or the TLS key by new ones that clients follow.
    Keys(keys::Keys),
    /// Put the whole server into one sealed and signed file.
    Export(export::Export),
    /// Make a server of what `export` wrote.
    Import(Box<import::Import>),
    /// Have this server say, signed, where it has moved to.
    Moved(moved::Moved),
    /// Erase the whole server, with a signed receipt.
    Erase(erase::Erase),
}

/// Where the configuration is.
#[derive(Debug, Args)]
struct ConfigFile {
    /// The configuration file.
    #[arg(
        long,
        value_name = "FILE",
        env = "SEALPOST_RELAY_CONFIG",
        hide_env_values = true,
        default_value = "sealpost-relay.toml"
    )]
    config: PathBuf,
}

/// Runs the program with the process's own arguments.
#[must_use]
pub fn run() -> ExitCode {
    let done = match Cli::parse().command {
        Command::Serve(serve) => serve.run(),
        Command::CheckConfig(check) => check.run(),
        Command::Doctor(doctor) => doctor.run(),
        Command::Status(status) => status.run(),
        Command::Init(init) => init.run(),
        Command::Purge(purge) => purge.run(),
        Command::Epoch(epoch) => epoch.run(),
        Command::Invite(invite) => invite.run(),
        Command::Manifest(manifest) => manifest.run(),
        Command::Keys(keys) => keys.run(),
        Command::Export(export) => export.run(),
        Command::Import(import) => import.run(),
        Command::Moved(moved) => moved.run(),
        Command::Erase(erase) => erase.run(),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}

/// Goes on if that was said already, or is agreed to on the terminal; only `y` and `yes` agree.
fn confirm(yes: bool, question: &str) -> Result<(), Failure> {
    let agreed =
        yes || (io::stdin().is_terminal() && asked(question).map_err(Failure::system("asking on the terminal"))?);
    if agreed { Ok(()) } else { Err(Failure::Unconfirmed) }
}

fn asked(question: &str) -> io::Result<bool> {
    let mut terminal = io::stderr().lock();
    write!(terminal, "{question} [y/N] ")?;
    terminal.flush()?;
    let mut answer = String::new();
    io::stdin().read_line(&mut answer)?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}

/// Writes what an operator should know of to standard error.
fn warn(config: &Config) {
    server::warnings(config).into_iter().for_each(terminal::warn);
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_help_is_as_reviewed() {
        let mut program = Cli::command().term_width(100);
        program.build();
        review("sealpost-relay", &mut program, "");
    }

    /// Compares the help of a command and of those below it, whose names begin with `prefix`.
    fn review(name: &str, command: &mut clap::Command, prefix: &str) {
        insta::assert_snapshot!(name.to_owned(), command.clone().term_width(100).render_long_help());
        for below in command.get_subcommands_mut().filter(|command| command.get_name() != "help") {
            let name = format!("{prefix}{}", below.get_name());
            review(&name, below, &format!("{name}-"));
        }
    }
}
