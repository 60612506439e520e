//! What can be written about discovery.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};
use sealpost_identity::numbers::Region;

/// `sealpost discover`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  sealpost discover contacts.vcf --region DE
  sealpost discover phone.vcf work.csv --json
  sealpost discover team.csv --name-column Wer --number-columns \"Erreichbar unter,Mobil\"

What is not used of the files is listed with its line and the reason.
Ctrl-C ends it. What was done is kept, and the same call goes on where it stopped.")]
pub(crate) struct Discover {
    /// Address books: vCard (.vcf), or CSV with a line of titles
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// Where numbers without a country code are dialled, such as DE [default: where --own-number is]
    #[arg(long, value_name = "REGION")]
    pub(crate) region: Option<Region>,
    /// The title of the column of names, where a table has unusual ones
    #[arg(long, value_name = "TITLE")]
    pub(crate) name_column: Option<String>,
    /// The titles of the columns of numbers
    #[arg(long, value_name = "TITLE,…", value_delimiter = ',')]
    pub(crate) number_columns: Vec<String>,
    /// Read from the directory at once instead of spread over minutes: faster, and it sees more of what belongs together
    #[arg(long)]
    pub(crate) at_once: bool,
    /// Consent to discovery without being asked; the text is the one that `sealpost discover` shows
    #[arg(long)]
    pub(crate) i_consent: bool,
}

/// `sealpost publish`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  sealpost publish
  sealpost publish \"+49 1512 3456789\"
  sealpost publish +4915123456789 --i-consent        a script: asks for the code, exits with 5
  sealpost publish +4915123456789 --code 123456      the same script, when the code has come
  sealpost publish --unlisted                        only to look others up

Where the directory wants a proof, a code comes by SMS. It gives the right to look people up, too.")]
pub(crate) struct Publish {
    /// Your phone number, with its country code; others on this machine can see arguments [default: asked for]
    #[arg(value_name = "NUMBER")]
    pub(crate) number: Option<String>,
    /// The code that came by SMS, where it is not typed into the terminal
    #[arg(long, value_name = "CODE")]
    pub(crate) code: Option<String>,
    /// Prove the number once more: against somebody who claims it, or to look up more people
    #[arg(long)]
    pub(crate) prove: bool,
    /// Prove it and no more: you can look people up, and nobody finds you
    #[arg(long)]
    pub(crate) unlisted: bool,
    /// Consent to discovery without being asked; the text is the one that `sealpost publish` shows
    #[arg(long)]
    pub(crate) i_consent: bool,
    /// Return as soon as it is durably stored, and leave the listing to `sealpost listen`
    #[arg(long)]
    pub(crate) no_wait: bool,
    /// How long to wait until the number is listed; it will be in any case
    #[arg(long, value_name = "TIME", default_value = "2m", value_parser = humantime::parse_duration)]
    pub(crate) timeout: Duration,
}

/// `sealpost withdraw`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  sealpost withdraw
  sealpost withdraw --json | jq -r '.statements[]'")]
pub(crate) struct Withdraw {
    /// How it is closed.
    #[command(flatten)]
    pub(crate) closing: Closing,
}

/// How that is closed which is no longer wanted.
#[derive(Debug, Args)]
pub(crate) struct Closing {
    /// How long to wait for the signed statements; it will be closed in any case
    #[arg(long, value_name = "TIME", default_value = "2m", value_parser = humantime::parse_duration)]
    pub(crate) timeout: Duration,
    /// Close everything at once instead of spread over a minute: faster, and the relay sees what belongs together
    #[arg(long)]
    pub(crate) at_once: bool,
}

/// `sealpost consent`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  sealpost consent discovery
  sealpost consent sms --i-consent

This program sends no SMS. With that consent `sealpost discover` shows whom an app may write to so.")]
pub(crate) struct Consent {
    /// To what
    pub(crate) scope: Scope,
    /// Consent without being asked; the text is the one that `sealpost consent` shows
    #[arg(long)]
    pub(crate) i_consent: bool,
}

/// `sealpost revoke`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  sealpost revoke discovery
  sealpost revoke sms

Without discovery your number is withdrawn, and what was computed to find others is erased.
Who was found stays a contact. `sealpost withdraw` takes back the number alone.")]
pub(crate) struct Revoke {
    /// Of what
    pub(crate) scope: Scope,
    /// How that is closed which is no longer wanted.
    #[command(flatten)]
    pub(crate) closing: Closing,
}

/// What is consented to apart from messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Scope {
    /// Being found by one's number, and finding others by theirs
    Discovery,
    /// Ordinary SMS to those who cannot be written to sealed
    Sms,
}
