#![doc = include_str!("../README.md")]
#![expect(clippy::print_stderr, reason = "a program that runs others says on its standard error which one it runs")]

mod alone;
mod cluster;
mod commands;
mod deploy;
mod failure;
mod footprint;
mod layers;
mod machine;
mod run;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::failure::Failure;

/// Builds, checks, tests and shows Sealpost.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", arg_required_else_help = true, version)]
#[command(disable_help_subcommand = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

/// One line each: `cargo xtask` alone prints them.
#[derive(Subcommand)]
enum Command {
    /// Two people talk through a real relay; then see what it saw
    Demo(commands::Demo),
    /// The packet-capture experiment on a real relay; is every planted leak found?
    Audit(commands::Audit),
    /// What a curious relay links of 200 simulated people in 30 days
    Adversary(commands::Adversary),
    /// What a message costs a relay, and the least it could (--quick: in minutes)
    Bench(commands::Bench),
    /// Does a message take more instructions than before? (--write keeps them)
    Instructions(commands::Instructions),
    /// What idle servers have in memory
    Footprint(footprint::Footprint),
    /// Load for as long as one likes: is anything lost, does anything grow?
    Soak(commands::Soak),
    /// Two relays on a cluster of Redis, broken in every way under load: what is lost?
    Chaos(cluster::Chaos),
    /// Two relays on a cluster of Redis, here, until Ctrl-C
    Up(cluster::Up),
    /// Build the programs, then run every test
    Test {
        /// Passed on to `cargo test`
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// All that CI runs, and deny: fmt, clippy, layers, docs, test, instructions
    Check,
    /// Is the code formatted? (--fix formats it)
    Fmt {
        /// Format it
        #[arg(long)]
        fix: bool,
    },
    /// Lints of the whole workspace; a warning fails
    Clippy,
    /// Do imports between the crates point down only?
    Layers,
    /// The API documentation; a warning fails
    Docs,
    /// The servers without any library of the machine's: with musl
    Static,
    /// Are the files of deploy/ right? (installs what reads them)
    DeployCheck,
    /// The operator's page in a browser (installs Chromium)
    Page(commands::Page),
    /// Licences, bans and sources of dependencies (installs cargo-deny once)
    Deny,
}

fn main() -> ExitCode {
    match dispatch(Arguments::parse().command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("xtask: {failure}");
            ExitCode::FAILURE
        }
    }
}

fn dispatch(command: Command) -> Result<(), Failure> {
    match command {
        Command::Demo(demo) => commands::demo(&demo),
        Command::Audit(audit) => commands::audit(&audit),
        Command::Adversary(adversary) => commands::adversary(&adversary),
        Command::Bench(bench) => commands::bench(&bench),
        Command::Instructions(instructions) => commands::instructions(&instructions),
        Command::Footprint(footprint) => footprint::footprint(&footprint),
        Command::Soak(soak) => commands::soak(&soak),
        Command::Chaos(chaos) => cluster::chaos(&chaos),
        Command::Up(up) => cluster::up(&up),
        Command::Test { arguments } => commands::test(&arguments),
        Command::Check => commands::check(),
        Command::Fmt { fix } => commands::fmt(fix),
        Command::Clippy => commands::clippy(),
        Command::Layers => layers::check(),
        Command::Docs => commands::docs(),
        Command::Static => alone::build(),
        Command::DeployCheck => deploy::check(),
        Command::Page(page) => commands::page(&page),
        Command::Deny => commands::deny(),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn every_command_says_in_one_line_what_it_does() {
        for command in Arguments::command().get_subcommands() {
            let about = command.get_about().map(ToString::to_string).unwrap_or_default();
            assert!(!about.is_empty() && about.len() < 80 && !about.contains('\n'), "{}", command.get_name());
        }
    }
}
