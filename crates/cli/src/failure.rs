//! Why a command was not done, and what to do about it.

use std::fmt;
use std::process::ExitCode;

use miette::Diagnostic;
use sealpost_client::{Error, ErrorKind};

/// Exit codes that scripts can rely on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// It failed.
    Failed = 1,
    /// The call itself is wrong; clap uses the same.
    Usage = 2,
    /// The passphrase or the profile's files.
    Profile = 3,
    /// There is no consent, or no longer.
    NoConsent = 4,
    /// It is durably stored, and not done yet.
    NotYet = 5,
}

/// A failure in words, for people and for scripts.
#[derive(Debug)]
pub(crate) struct Failure {
    exit: Exit,
    kind: String,
    message: String,
    help: Option<String>,
}

impl Failure {
    /// A failure of a kind, which is a word for scripts, and a message for people.
    pub(crate) fn new(exit: Exit, kind: &str, message: impl Into<String>) -> Self {
        Self { exit, kind: kind.to_owned(), message: message.into(), help: None }
    }

    /// Says what to do about it.
    pub(crate) fn with_help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// The profile has no consent, so that there is nothing to do it with.
    pub(crate) fn no_consent() -> Self {
        Self::new(Exit::NoConsent, "no-consent", "this profile has not opted in; nothing was sent")
            .with_help("sealpost opt-in --relay RELAY")
    }

    /// No contact goes by this name.
    pub(crate) fn no_contact() -> Self {
        Self::new(Exit::Failed, "not-found", "no contact has this name")
            .with_help("`sealpost chats` lists them; `sealpost add NAME CARD` adds one")
    }

    /// The exit code.
    pub(crate) fn exit(&self) -> Exit {
        self.exit
    }

    /// The word for scripts.
    pub(crate) fn kind(&self) -> &str {
        &self.kind
    }

    /// What to do about it.
    pub(crate) fn help_text(&self) -> Option<&str> {
        self.help.as_deref()
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let failure = Self::new(exit_of(error.kind()), &word(&format!("{:?}", error.kind())), error.to_string());
        match (error.retry_after(), help_of(error.kind())) {
            (Some(wait), _) => failure.with_help(format!("call again in {}", humantime::format_duration(wait))),
            (None, Some(help)) => failure.with_help(help),
            (None, None) => failure,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Failure {}

impl Diagnostic for Failure {
    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.help.as_ref().map(|help| Box::new(help) as _)
    }
}

const fn exit_of(kind: ErrorKind) -> Exit {
    match kind {
        ErrorKind::WrongKey | ErrorKind::Corrupt | ErrorKind::Foreign | ErrorKind::NewerVersion => Exit::Profile,
        ErrorKind::OptedOut | ErrorKind::NoConsent => Exit::NoConsent,
        _ => Exit::Failed,
    }
}

const fn help_of(kind: ErrorKind) -> Option<&'static str> {
    Some(match kind {
        ErrorKind::WrongKey => "try the passphrase again; if it is right, the first page of the database is damaged",
        ErrorKind::Corrupt => "nothing was changed; restore the directory from a backup",
        ErrorKind::Foreign => "name another directory with --profile DIR",
        ErrorKind::NewerVersion => "update sealpost",
        ErrorKind::StorageFull => "nothing was lost; make room and call again",
        ErrorKind::StorageBusy => "call again; another process writes a lot",
        ErrorKind::Storage => "check the rights of the profile's directory, and the disk",
        ErrorKind::OptedOut => "`sealpost opt-out` goes on closing what is left; after that you can opt in anew",
        ErrorKind::NotFound => "`sealpost chats` lists contacts",
        ErrorKind::TextTooLong => "send it in parts",
        ErrorKind::BadName => "choose a name of up to 128 bytes without control characters",
        ErrorKind::NameTaken => "choose another name; `sealpost chats` lists those taken",
        ErrorKind::OwnCard => "this is your own card: give it to others, and add theirs",
        ErrorKind::NotAccepted => "`sealpost accept NAME` accepts them",
        ErrorKind::Blocked => "`sealpost accept NAME` lets them back in",
        ErrorKind::NoConsent => "`sealpost consent` shows what it is about",
        ErrorKind::NoDirectory => "your relay's operator runs none; add people by their cards",
        ErrorKind::DirectoryUnknown => "call again when your relay can be reached",
        ErrorKind::DirectoryRefused => "nothing was computed or sent; its operator has to mend it",
        ErrorKind::KeyServiceRefused => "nothing it said was used; tell your relay's operator",
        ErrorKind::EpochOver => "call again; if that does not help, look at this device's date",
        ErrorKind::Memory => "close other programs and call again",
        ErrorKind::NotProved => "`sealpost publish NUMBER` proves it",
        ErrorKind::NoAttester => "leave out --code and --prove: this directory wants no proof",
        ErrorKind::NumberRefused => "look at the number again; the attester sends no code to it",
        ErrorKind::WrongCode => "give the last code that came; `sealpost publish NUMBER` asks for another",
        ErrorKind::TooManyTries => "wait until tomorrow",
        ErrorKind::Unreachable => "call again later; what was done so far is kept",
        ErrorKind::ProxyUnreachable => "call again later; nothing goes around the proxy",
        ErrorKind::ProxyUnfit => "name a proxy of another operator that passes on to this server, with --proxy",
        ErrorKind::ProxyNeeded => "name one with --proxy",
        ErrorKind::NotTrusted => "nothing was sent to it; ask its operator what has changed",
        ErrorKind::Refused => "update sealpost; if that does not help, tell the server's operator",
        ErrorKind::Tripwire => "one of this device's own numbers was in the bytes to be sent; nothing was sent",
        ErrorKind::AlreadyThere => "`sealpost status` shows where you are",
        ErrorKind::RegionNotAllowed => "--regions, or SEALPOST_REGIONS, says where your relays may keep data",
        ErrorKind::NeedsTickets => {
            "ask the server's operator for a code, for --invite; where it has an attester, prove a number"
        }
        ErrorKind::IssuerRefused => "nothing of it was taken; ask the server's operator what has happened to its keys",
        ErrorKind::SealedRoute => "write to the contact",
        ErrorKind::KeyNotKnownYet => "send them a message, or wait for one; then there is a key to compare",
        _ => return None,
    })
}

/// `NameTaken` as `name-taken`.
pub(crate) fn word(variant: &str) -> String {
    let name = variant.split(['(', ' ', '{']).next().unwrap_or(variant);
    let mut word = String::new();
    for letter in name.chars() {
        if letter.is_ascii_uppercase() && !word.is_empty() {
            word.push('-');
        }
        word.push(letter.to_ascii_lowercase());
    }
    word
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_become_words() {
        assert_eq!(word("WrongKey"), "wrong-key");
        assert_eq!(word("Failed(ContactGone)"), "failed");
    }

    #[test]
    fn a_script_can_tell_a_wrong_passphrase_from_a_missing_consent() {
        assert_eq!(Failure::from(Error::from(ErrorKind::WrongKey)).exit(), Exit::Profile);
        assert_eq!(Failure::from(Error::from(ErrorKind::OptedOut)).exit(), Exit::NoConsent);
        assert_eq!(Failure::from(Error::from(ErrorKind::StorageFull)).exit(), Exit::Failed);
    }
}
