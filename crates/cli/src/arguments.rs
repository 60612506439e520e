//! What can be written on the command line.

mod discovery;
mod invite;
mod moving;

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};
use sealpost_identity::CardRef;
use sealpost_wire::RelayRef;

pub(crate) use discovery::{Closing, Consent, Discover, Publish, Revoke, Scope, Withdraw};
pub(crate) use invite::Invite;
pub(crate) use moving::{Move, Switch, Telling};

/// Sealed messages over a relay that cannot read them.
#[derive(Debug, Parser)]
#[command(name = "sealpost", version, arg_required_else_help = true, disable_help_subcommand = true)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// What every command takes.
    #[command(flatten)]
    pub(crate) common: Common,
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,
}

const EXAMPLES: &str = "\
Examples:
  sealpost opt-in --relay sealpost-relay:relay.example.org:443/KEY
  sealpost card --svg card.svg
  sealpost add Bob sealpost:CARD
  sealpost send Bob \"see you at eight\"
  sealpost listen --json --after 0
  sealpost publish +4915123456789
  sealpost discover contacts.vcf --region DE

The passphrase is read from --passphrase-file, from SEALPOST_PASSPHRASE, or from the terminal.
Exit codes: 0 done, 1 failed, 2 wrong call, 3 passphrase or profile, 4 no consent, 5 not yet (stored, will be done).";

/// What every command takes.
#[derive(Debug, Args)]
pub(crate) struct Common {
    /// The profile's directory; each directory is a person of their own [default: the platform's data directory]
    #[arg(long, global = true, value_name = "DIR", env = "SEALPOST_PROFILE", hide_env_values = true)]
    pub(crate) profile: Option<PathBuf>,
    /// Print JSON: one object, or one a line
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Read the passphrase from the first line of a file
    #[arg(long, global = true, value_name = "FILE", env = "SEALPOST_PASSPHRASE_FILE", hide_env_values = true)]
    pub(crate) passphrase_file: Option<PathBuf>,
    /// Say on the standard error what is being done, without names, numbers or ids (-vv, -vvv: more; or RUST_LOG)
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub(crate) verbose: u8,
    /// Where your relays may keep data; nothing is opened or moved elsewhere [default: anywhere]
    #[arg(
        long,
        global = true,
        value_name = "REGION,…",
        value_delimiter = ',',
        env = "SEALPOST_REGIONS",
        hide_env_values = true
    )]
    pub(crate) regions: Vec<String>,
    /// Relays that only a contact has named may be at private addresses, such as those of this network
    #[arg(long, global = true, env = "SEALPOST_PRIVATE_RELAYS", hide_env_values = true)]
    pub(crate) private_relays: bool,
    /// A code that a server's operator gave you, good for tickets once: CODE for your own relay, CODE@SERVER for another
    #[arg(long, global = true, value_name = "CODE", env = "SEALPOST_INVITE", hide_env_values = true)]
    pub(crate) invite: Vec<Invite>,
    /// The way through a proxy.
    #[command(flatten)]
    pub(crate) way: Way,
    /// The device's own numbers, which must never leave it.
    #[command(flatten)]
    pub(crate) own_numbers: OwnNumbers,
}

/// The way through a proxy.
#[derive(Debug, Args)]
#[command(next_help_heading = "Proxy (Oblivious HTTP: a relay does not see from where it is asked)")]
pub(crate) struct Way {
    /// Send, look up, and collect apart, through this proxy, of another operator; remembered
    #[arg(long, global = true, value_name = "PROXY", env = "SEALPOST_PROXY", hide_env_values = true)]
    pub(crate) proxy: Option<RelayRef>,
    /// Collected apart, how long until a mailbox is asked for again, in the mean [default: 15m]
    #[arg(long, global = true, value_name = "TIME", env = "SEALPOST_PACE", value_parser = humantime::parse_duration)]
    pub(crate) pace: Option<Duration>,
}

/// The device's own numbers, which must never leave it: bytes in which one appears are not sent. Never stored.
#[derive(Debug, Args)]
#[command(next_help_heading = "Tripwire (never stored; nothing in which one of these appears is sent)")]
pub(crate) struct OwnNumbers {
    /// This device's IMEI
    #[arg(long, global = true, value_name = "IMEI")]
    pub(crate) imei: Vec<String>,
    /// This SIM's IMSI
    #[arg(long, global = true, value_name = "IMSI")]
    pub(crate) imsi: Vec<String>,
    /// This device's own phone number, with its country code
    #[arg(long, global = true, value_name = "NUMBER")]
    pub(crate) own_number: Vec<String>,
    /// A file of them, one a line: `imei …`, `imsi …` or `number …`
    #[arg(long, global = true, value_name = "FILE", env = "SEALPOST_OWN_NUMBERS", hide_env_values = true)]
    pub(crate) own_numbers: Option<PathBuf>,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Ask for consent, then make an identity at a relay
    OptIn(OptIn),
    /// Show the card by which others can write to you
    Card(Card),
    /// Add whoever shows a card, under a name of your own
    Add(Add),
    /// Accept someone who wrote first
    Accept(Accept),
    /// Stop hearing from someone
    Block(Block),
    /// Tell someone which of their messages arrived and were read, or not any more
    Receipts(Telling),
    /// Tell someone when you are writing to them, or not any more
    Typing(Telling),
    /// Send a message, or one for each line of the standard input
    Send(Send),
    /// Show what arrives, until interrupted; also sends what waits
    Listen(Listen),
    /// List conversations, or show one
    Chats(Chats),
    /// The number to compare with a contact's screen
    SafetyNumber(Who),
    /// Look up who of an address book can be written to
    Discover(Discover),
    /// Let people who have your number find you
    Publish(Publish),
    /// Take your number out of the directory
    Withdraw(Withdraw),
    /// Consent to discovery, or to SMS
    Consent(Consent),
    /// Revoke the consent to discovery, or to SMS
    Revoke(Revoke),
    /// Move to another relay, and tell every contact
    Move(Move),
    /// How mailboxes are collected: show it, or choose
    Policy(Policy),
    /// How this profile stands
    Status,
    /// Revoke the consent: erase everything, here and at the relay
    OptOut(OptOut),
}

/// `sealpost opt-in`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  sealpost opt-in --relay sealpost-relay:relay.example.org:443/KEY
  sealpost opt-in --relay RELAY --invite ABCD-EFGH-IJKL-MNOP-QRST-UVWX
  SEALPOST_PASSPHRASE=… sealpost opt-in --relay RELAY --i-consent --json")]
pub(crate) struct OptIn {
    /// The relay that is to keep your mailboxes, as its operator tells it: sealpost-relay:HOST:PORT/KEY
    #[arg(long, value_name = "RELAY")]
    pub(crate) relay: RelayRef,
    /// How mailboxes are to be collected; `apart` takes --proxy
    #[arg(long, value_name = "POLICY", default_value = "together")]
    pub(crate) policy: Collecting,
    /// Consent without being asked; the text is the one that `sealpost opt-in` shows
    #[arg(long, visible_alias = "yes")]
    pub(crate) i_consent: bool,
}

/// `sealpost policy`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  sealpost policy
  sealpost policy apart --proxy sealpost-relay:proxy.example.net:443/KEY")]
pub(crate) struct Policy {
    /// The policy from now on [default: show it, and what it costs]
    pub(crate) policy: Option<Collecting>,
}

/// How mailboxes are collected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Collecting {
    /// On one connection, at once; the relay sees which belong together, and from where they are collected
    Together,
    /// Each on a random clock of its own, through a proxy; the relay sees neither, and messages take longer
    Apart,
}

/// `sealpost card`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  sealpost card
  sealpost card --svg card.svg
  sealpost card --json | jq -r .card")]
pub(crate) struct Card {
    /// Write the QR code into an SVG file
    #[arg(long, value_name = "FILE")]
    pub(crate) svg: Option<PathBuf>,
    /// The terminal shows dark text on a light ground
    #[arg(long)]
    pub(crate) light: bool,
}

/// `sealpost add`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  sealpost add Bob sealpost:CARD")]
pub(crate) struct Add {
    /// The name that you will know them by; it stays on this device
    pub(crate) name: String,
    /// Their card, a link that starts with "sealpost:"
    pub(crate) card: CardRef,
}

/// `sealpost accept`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  sealpost accept \"New contact 1\" --rename Carol")]
pub(crate) struct Accept {
    /// The name under which they are listed
    pub(crate) name: String,
    /// The name that you will know them by
    #[arg(long, value_name = "NAME")]
    pub(crate) rename: Option<String>,
}

/// `sealpost block`
#[derive(Debug, Args)]
pub(crate) struct Block {
    /// Whom
    pub(crate) name: String,
}

/// `sealpost safety-number`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  sealpost safety-number Bob")]
pub(crate) struct Who {
    /// With whom to compare
    pub(crate) name: String,
    /// The terminal shows dark text on a light ground
    #[arg(long)]
    pub(crate) light: bool,
}

/// `sealpost send`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  sealpost send Bob \"see you at eight\"
  tail -f alerts.log | sealpost send Bob --no-wait")]
pub(crate) struct Send {
    /// To whom
    pub(crate) name: String,
    /// What; others on this machine can see arguments [default: each line of the standard input is a message]
    pub(crate) text: Option<String>,
    /// Return as soon as it is durably stored, and leave the sending to `sealpost listen`
    #[arg(long)]
    pub(crate) no_wait: bool,
    /// How long to wait until the relay has it; it stays in the outbox in any case
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = humantime::parse_duration)]
    pub(crate) timeout: Duration,
}

/// `sealpost listen`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  sealpost listen
  sealpost listen --json --after 41
  sealpost listen --once")]
pub(crate) struct Listen {
    /// Start behind this position, and leave it to the caller to remember the last one [default: what was not shown yet]
    #[arg(long, value_name = "POSITION")]
    pub(crate) after: Option<u64>,
    /// End when all that lay at the relay has been shown
    #[arg(long)]
    pub(crate) once: bool,
    /// Tell also what happens besides messages
    #[arg(long)]
    pub(crate) events: bool,
    /// Collected apart, ask more often for what this contact writes
    #[arg(long, value_name = "NAME")]
    pub(crate) open: Vec<String>,
}

/// `sealpost chats`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  sealpost chats
  sealpost chats Bob --limit 10")]
pub(crate) struct Chats {
    /// Show this conversation
    pub(crate) name: Option<String>,
    /// At most so many messages of it
    #[arg(long, value_name = "N", default_value_t = 50)]
    pub(crate) limit: usize,
}

/// `sealpost opt-out`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  sealpost opt-out
  sealpost opt-out --yes --at-once --json")]
pub(crate) struct OptOut {
    /// Do not ask
    #[arg(long)]
    pub(crate) yes: bool,
    /// Close everything at once instead of spread over a minute: faster, and the relay sees what belongs together
    #[arg(long)]
    pub(crate) at_once: bool,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_help_is_as_reviewed() {
        let mut program = Arguments::command().term_width(100);
        program.build();
        insta::assert_snapshot!("sealpost", program.render_help());
        for command in program.get_subcommands_mut() {
            let name = format!("sealpost-{}", command.get_name());
            insta::assert_snapshot!(name, command.clone().term_width(100).render_help());
        }
    }
}
