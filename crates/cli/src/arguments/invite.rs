//! Invite codes on the command line.

use std::str::FromStr;

use sealpost_client::{Client, Error};
use sealpost_wire::RelayRef;
use sealpost_wire::ticket::InviteCode;

/// A code, and the server that it is for: one's own relay unless another one is named.
#[derive(Debug, Clone)]
pub(crate) struct Invite {
    code: InviteCode,
    server: Option<RelayRef>,
}

impl Invite {
    /// Puts the code by, until tickets are needed there.
    pub(crate) fn keep(&self, client: &Client) -> Result<(), Error> {
        let own = || client.status().map(|status| status.relay);
        let server = self.server.clone().map_or_else(own, Ok)?;
        client.add_invite(&server, &self.code)
    }
}

impl FromStr for Invite {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (code, server) = text.split_once('@').map_or((text, None), |(code, server)| (code, Some(server)));
        let code = code.parse().map_err(|error: sealpost_wire::ticket::InviteError| error.to_string())?;
        let server = server.map(str::parse::<RelayRef>).transpose().map_err(|error| error.to_string())?;
        Ok(Self { code, server })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_for_ones_own_relay_or_for_the_one_that_is_named() {
        let code = InviteCode::random(&mut rand::rng()).to_text();
        let operator = sealpost_wire::operator::OperatorSecret::from_seed(&[1; 32]).public();
        let server = RelayRef { host: "relay.example.org:443".parse().unwrap(), operator };
        assert!(code.parse::<Invite>().unwrap().server.is_none());
        assert_eq!(format!("{}@{server}", code.as_str()).parse::<Invite>().unwrap().server, Some(server));
    }

    #[test]
    fn a_typo_is_told() {
        let check = "a character of the invite code is wrong: its check does not fit";
        assert_eq!("AAAA-AAAA-AAAA-AAAA-AAAA-AAAB".parse::<Invite>().unwrap_err(), check);
        assert!("AAAA@nowhere".parse::<Invite>().is_err());
    }
}
