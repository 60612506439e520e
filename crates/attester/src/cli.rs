//! The command line of `sealpost-attester`.

mod check;
mod failure;
mod init;
mod serve;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};
use sealpost_server::terminal::{self, say, say_json};

use crate::config::Config;
use crate::server;
pub use failure::Failure;

const AFTER_HELP: &str = "\
Examples:
  sealpost-attester init --dir /var/lib/sealpost-attester --listen 0.0.0.0:8443 \\
      --host attester.example.org:8443 --directory sealpost-relay:relay.example.org:8443/… \\
      --webhook https://sms.example.org/send
  sealpost-attester check-config --config /var/lib/sealpost-attester/sealpost-attester.toml
  sealpost-attester serve --config /var/lib/sealpost-attester/sealpost-attester.toml

Exit codes:
  0  done
  1  it failed: the network or the system
  2  the command line is wrong
  3  the configuration is wrong; the message says what is missing, or names file, line and what was
     expected
  4  a key or certificate is missing, exposed or unusable, or `init` would overwrite something";

/// Proves that someone holds a phone number: it sends a code by SMS, and attests the number's place in
/// a directory to who shows the code.
#[derive(Debug, Parser)]
#[command(name = "sealpost-attester", version, after_help = AFTER_HELP, max_term_width = 100)]
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
    /// Write a configuration, the operator's key and a TLS key; overwrites nothing.
    Init(Box<init::Init>),
}

/// Where the configuration is.
#[derive(Debug, Args)]
struct ConfigFile {
    /// The configuration file.
    #[arg(
        long,
        value_name = "FILE",
        env = "SEALPOST_ATTESTER_CONFIG",
        hide_env_values = true,
        default_value = "sealpost-attester.toml"
    )]
    config: PathBuf,
}

/// Runs the program with the process's own arguments.
#[must_use]
pub fn run() -> ExitCode {
    let done = match Cli::parse().command {
        Command::Serve(serve) => serve.run(),
        Command::CheckConfig(check) => check.run(),
        Command::Init(init) => init.run(),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
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
        insta::assert_snapshot!("sealpost-attester", program.render_long_help());
        for command in program.get_subcommands_mut().filter(|command| command.get_name() != "help") {
            let name = command.get_name().to_owned();
            insta::assert_snapshot!(name, command.clone().term_width(100).render_long_help());
        }
    }
}
