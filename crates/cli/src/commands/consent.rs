//! `sealpost consent`, `sealpost revoke`, and asking for consent wherever it is missing

use sealpost_client::{Client, DiscoveryAccess};
use sealpost_identity::Consent;
use sealpost_identity::consent::{self, Prompt};
use serde::Serialize;

use super::closing::{self, Closed, Watch};
use crate::arguments::{self, Common, Revoke, Scope};
use crate::clock;
use crate::failure::{Exit, Failure, word};
use crate::opening;
use crate::output::Output;
use crate::terminal::wrapped;

#[derive(Serialize)]
struct Given {
    scope: String,
    consented: bool,
}

#[derive(Serialize)]
struct Revoked {
    scope: String,
    consented: bool,
    #[serde(flatten)]
    closed: Closed,
}

pub(super) fn give(common: &Common, command: &arguments::Consent, output: Output) -> Result<(), Failure> {
    let client = opening::opted_in(common)?;
    match command.scope {
        Scope::Discovery => drop(discovery(&client, command.i_consent, output)?),
        Scope::Sms if client.sms()?.is_some() => {}
        Scope::Sms => drop(client.consent_to_sms(asked(command.i_consent, output)?)?),
    }
    let given = Given { scope: word(&format!("{:?}", command.scope)), consented: true };
    output.show(&given, |_| {
        match command.scope {
            Scope::Discovery => {
                "You can look people up with `sealpost discover`, and be found with `sealpost publish`.\n"
            }
            Scope::Sms => "`sealpost discover` shows whom an app may write to by SMS. This program sends none.\n",
        }
        .to_owned()
    })
}

/// Revokes, durably, before anybody is told.
pub(super) async fn revoke(common: &Common, command: &Revoke, output: Output) -> Result<(), Failure> {
    let client = opening::opted_in_with(common, closing::options(&command.closing))?;
    let scope = word(&format!("{:?}", command.scope));
    if command.scope == Scope::Sms {
        client.sms()?.map_or(Ok(()), |sms| sms.revoke(clock::today()))?;
        let revoked = Revoked { scope, consented: false, closed: Closed::default() };
        return output.show(&revoked, |_| "No app may send SMS for you.\n".to_owned());
    }
    let watch = Watch::start(&client)?;
    client.discovery()?.map_or(Ok(()), |access| access.revoke(clock::today()))?;
    let closed = watch.wait(&command.closing, output).await?;
    let revoked = Revoked { scope, consented: false, closed };
    output
        .show(&revoked, |revoked| format!("Nobody is looked up, and nobody finds you.\n{}", revoked.closed.text()))?;
    revoked.closed.verdict()
}

/// Discovery, consented to before or now.
pub(super) fn discovery(client: &Client, i_consent: bool, output: Output) -> Result<DiscoveryAccess, Failure> {
    match client.discovery()? {
        Some(access) => Ok(access),
        None => Ok(client.consent_to_discovery(asked(i_consent, output)?)?),
    }
}

/// The consent of whoever sits there, to the text that is shown.
pub(super) fn asked<S: consent::Scope>(i_consent: bool, output: Output) -> Result<Consent<S>, Failure> {
    let prompt = Prompt::<S>::standard();
    if !i_consent && !output.confirms(&format!("{}\nTurn on?", wrapped(prompt.text())))? {
        return Err(Failure::new(Exit::NoConsent, "no-consent", "nothing was turned on, and nothing was sent"));
    }
    Ok(Consent::given(prompt, clock::today()))
}
