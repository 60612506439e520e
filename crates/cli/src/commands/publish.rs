//! `sealpost publish`

mod entry;
mod terms;

use sealpost_client::{DiscoveryAccess, Error, ErrorKind, Listing, Terms};
use sealpost_identity::PhoneNumber;
use zeroize::Zeroizing;

use self::entry::{Entry, listed};
use super::consent;
use crate::arguments::{Common, Publish};
use crate::failure::{Exit, Failure};
use crate::opening;
use crate::output::Output;

/// Shows what the directory demands, has the number proved if it wants that, publishes it, and waits until it is listed.
pub(super) async fn run(common: &Common, command: &Publish, output: Output) -> Result<(), Failure> {
    let typed = command.number.clone().map_or_else(|| output.asks("Your phone number: "), Ok).map(Zeroizing::new)?;
    let number = own(&typed)?;
    let client = opening::opted_in(common)?;
    let access = consent::discovery(&client, command.i_consent, output)?;
    let terms = access.terms().await?;
    let publishing = Publishing { access: &access, terms: &terms, number: &number, command, output };
    publishing.agree()?;
    publishing.publish().await?;
    let waits = !command.no_wait && !command.unlisted;
    let listing = if waits { listed(&client, &access, command.timeout, output).await? } else { access.listing()? };
    let entry = Entry::of(listing, &terms);
    output.show(&entry, Entry::text)?;
    if waits { entry.verdict() } else { Ok(()) }
}

/// A message of its failure does not repeat the number.
fn own(text: &str) -> Result<PhoneNumber, Failure> {
    PhoneNumber::parse(text, None).map_err(|error| Failure::new(Exit::Usage, "number", error.to_string()))
}

/// A number on its way into the directory.
struct Publishing<'a> {
    access: &'a DiscoveryAccess,
    terms: &'a Terms,
    number: &'a PhoneNumber,
    command: &'a Publish,
    output: Output,
}

impl Publishing<'_> {
    /// Asks once, before the number goes anywhere.
    fn agree(&self) -> Result<(), Failure> {
        self.output.tell(&terms::text(self.terms));
        let is_new = self.access.listing()? == Listing::NotPublished && self.command.code.is_none();
        let question = if self.command.unlisted { "Prove your number there?" } else { "Publish your number there?" };
        if is_new && !self.command.i_consent && !self.output.confirms(question)? {
            return Err(Failure::new(Exit::Failed, "kept", "nothing was sent or published"));
        }
        Ok(())
    }

    /// Publishes at once where no proof is wanted or there is one already, else after the proof.
    async fn publish(&self) -> Result<(), Failure> {
        if let Some(code) = &self.command.code {
            self.access.prove_number(self.number, code).await?;
        } else if self.is_proof_due()? || self.lacks_proof()? {
            self.access.ask_code(self.number).await?;
            self.prove().await?;
        }
        if self.command.unlisted { Ok(()) } else { Ok(self.access.publish_number(self.number)?) }
    }

    fn is_proof_due(&self) -> Result<bool, Failure> {
        let due = matches!(self.access.listing()?, Listing::Contested { .. } | Listing::ProofNeeded);
        Ok(self.command.prove || self.command.unlisted || due && self.terms.attester.is_some())
    }

    fn lacks_proof(&self) -> Result<bool, Failure> {
        match self.access.publish_number(self.number) {
            Ok(()) => Ok(false),
            Err(error) if error.kind() == ErrorKind::NotProved => Ok(true),
            Err(error) => Err(error.into()),
        }
    }

    /// Asks for the code until it is the one that came, or an empty line ends it.
    async fn prove(&self) -> Result<(), Failure> {
        loop {
            let code = if self.output.is_attended() {
                self.output.asks("The code that came by SMS: ")?
            } else {
                String::new()
            };
            if code.is_empty() {
                return Err(code_sent());
            }
            match self.access.prove_number(self.number, &code).await {
                Err(error) if error.kind() == ErrorKind::WrongCode => self.output.tell(&format!("{}\n", again(&error))),
                proved => return Ok(proved?),
            }
        }
    }
}

fn again(error: &Error) -> String {
    format!("{error}; type it again, or nothing to end")
}

fn code_sent() -> Failure {
    Failure::new(Exit::NotYet, "code-sent", "a code is on its way to the number by SMS")
        .with_help("when it has come: sealpost publish NUMBER --code CODE (good for ten minutes)")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_that_is_none_is_refused_and_not_repeated() {
        for text in ["0151 23456789", "+49 1512 345678901234", "my number"] {
            let failure = own(text).unwrap_err();
            assert_eq!(failure.exit(), Exit::Usage);
            assert!(!failure.to_string().contains("345"), "{failure}");
        }
        assert!(own("+49 1512 3456789").is_ok());
    }
}
