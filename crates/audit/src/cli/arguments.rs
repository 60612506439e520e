//! What can be written on the command line.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

/// Looks for planted values in everything that a relay could see.
#[derive(Debug, Parser)]
#[command(name = "sealpost-audit", version, arg_required_else_help = true, disable_help_subcommand = true)]
#[command(after_help = EXAMPLES, max_term_width = 100)]
pub(super) struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub(super) command: Command,
}

const EXAMPLES: &str = "\
Examples:
  sealpost-audit scan --values mine.txt --pcap phone.pcapng --keylog keys.log --html report.html
  sealpost-audit scan --values mine.txt /var/lib/sealpost-relay relay.log core.1234
  sealpost-audit self-test
  sealpost-audit experiment --relay target/debug/sealpost-relay --client target/debug/sealpost

Exit codes:
  0  nothing was found, and everything could be looked into
  1  something was found: a value, or something that no leak budget has a place for; or the self-test missed a leak
  2  the command line is wrong
  3  it could not be done: a file, a server or a program is not there
  4  nothing was found, but not everything could be looked into; the report says what";

/// What to do.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Look for values in files, captures and Redis
    Scan(Box<Scan>),
    /// Plant a leak of every kind, and see whether all are found
    SelfTest(SelfTest),
    /// Make the packet-capture experiment of 2014 on a live relay
    Experiment(Experiment),
}

/// How the report is shown.
#[derive(Debug, Clone, Args)]
pub(super) struct Output {
    /// One JSON object instead of tables
    #[arg(long)]
    pub(super) json: bool,
    /// Write the report as one page for a browser, too
    #[arg(long, value_name = "FILE")]
    pub(super) html: Option<PathBuf>,
}

/// `sealpost-audit scan`
#[derive(Debug, Args)]
#[command(after_help = "\
A file of values has one a line: `imei …`, `imsi …`, `number +49…`, `text …` or `hex …`.
Prefer it to options: others on this machine can see arguments. No value appears in a report.

Examples:
  sealpost-audit scan --values mine.txt --pcap phone.pcapng --keylog keys.log --server 192.0.2.7:443
  sealpost-audit scan --text 'meet me at the station' --redis 127.0.0.1:6379
  tcpdump -w phone.pcap & SSLKEYLOGFILE=keys.log my-app   (a build of the app that writes its keys)")]
pub(super) struct Scan {
    /// A file of values to look for
    #[arg(long, value_name = "FILE")]
    pub(super) values: Vec<PathBuf>,
    /// An IMEI to look for
    #[arg(long, value_name = "IMEI")]
    pub(super) imei: Vec<String>,
    /// An IMSI to look for
    #[arg(long, value_name = "IMSI")]
    pub(super) imsi: Vec<String>,
    /// A phone number to look for, with its country code
    #[arg(long, value_name = "NUMBER")]
    pub(super) number: Vec<String>,
    /// A text to look for: a name, a message
    #[arg(long, value_name = "TEXT")]
    pub(super) text: Vec<String>,
    /// A packet capture, pcap or pcapng: searched, and its requests held against the leak budget
    #[arg(long, value_name = "FILE")]
    pub(super) pcap: Vec<PathBuf>,
    /// A key log that opens the TLS of the captures, as SSLKEYLOGFILE makes it
    #[arg(long, value_name = "FILE")]
    pub(super) keylog: Vec<PathBuf>,
    /// Hold only requests to this relay against the leak budget [default: all that can be read]
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub(super) server: Vec<SocketAddr>,
    /// Hold requests to this server against the leak budget of attesters, who are told one number
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub(super) attester: Vec<SocketAddr>,
    /// A key that a gateway of Oblivious HTTP had on a day, or the directory of its keys: opens what was sealed for it
    #[arg(long, value_name = "PATH")]
    pub(super) ohttp_keys: Vec<PathBuf>,
    /// A Redis server to search: redis://HOST:PORT, HOST:PORT, or a socket's path
    #[arg(long, value_name = "ADDRESS")]
    pub(super) redis: Vec<String>,
    /// Directories and files to search: stores, logs, core dumps
    #[arg(value_name = "TARGET")]
    pub(super) targets: Vec<PathBuf>,
    /// How to show the report.
    #[command(flatten)]
    pub(super) output: Output,
}

/// `sealpost-audit self-test`
#[derive(Debug, Args)]
pub(super) struct SelfTest {
    /// How to show the report.
    #[command(flatten)]
    pub(super) output: Output,
}

/// `sealpost-audit experiment`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  sealpost-audit experiment --relay sealpost-relay --attester sealpost-attester --client sealpost --html experiment.html
  sealpost-audit experiment --relay sealpost-relay --client sealpost --keep run
  wireshark -o tls.keylog_file:run/traffic.keys run/traffic.pcap")]
pub(super) struct Experiment {
    /// The program `sealpost-relay`
    #[arg(long, value_name = "PROGRAM")]
    pub(super) relay: PathBuf,
    /// The program `sealpost`
    #[arg(long, value_name = "PROGRAM")]
    pub(super) client: PathBuf,
    /// The program `sealpost-attester`; without it, numbers are listed without anybody's word
    #[arg(long, value_name = "PROGRAM")]
    pub(super) attester: Option<PathBuf>,
    /// Leave capture, key log and the relay's files in this directory, which must be empty
    #[arg(long, value_name = "DIR")]
    pub(super) keep: Option<PathBuf>,
    /// Do not try the search itself at the end
    #[arg(long)]
    pub(super) no_self_test: bool,
    /// How to show the report.
    #[command(flatten)]
    pub(super) output: Output,
}

impl Command {
    pub(super) fn output(&self) -> &Output {
        match self {
            Self::Scan(command) => &command.output,
            Self::SelfTest(command) => &command.output,
            Self::Experiment(command) => &command.output,
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_help_is_as_reviewed() {
        let mut program = Arguments::command().term_width(100);
        program.build();
        insta::assert_snapshot!("sealpost-audit", program.render_help());
        for command in program.get_subcommands_mut() {
            let name = format!("sealpost-audit-{}", command.get_name());
            insta::assert_snapshot!(name, command.clone().term_width(100).render_help());
        }
    }
}
