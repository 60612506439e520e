//! Where things are: relay hosts, relay references, mailbox addresses.

use std::fmt;
use std::str::FromStr;

use data_encoding::{BASE32_NOPAD, DecodeError as Base32Error};
use minicbor::{Decode, Encode};
use thiserror::Error;

use crate::capability::{CollectHash, DepositKey, MailboxId};
use crate::codec::redacted;
use crate::operator::OperatorKey;

/// A relay's name on the network, `host:port`: a DNS name, an IPv4 address or a bracketed IPv6 address.
///
/// Lower case, at most [`RelayHost::MAX`] bytes, the port never left out, so that one relay has one spelling.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RelayHost(Box<str>);

/// A relay and the key that its manifest must be signed with: what one needs to trust it.
///
/// Its text is `sealpost-relay:host:port/KEY`, the key in base32 (RFC 4648, section 6) without padding.
#[derive(Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct RelayRef {
    /// Where it listens.
    #[n(0)]
    pub host: RelayHost,
    /// Who runs it.
    #[n(1)]
    pub operator: OperatorKey,
}

/// What lets someone deposit: relay, deposit key, collect hash.
#[derive(Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct Address {
    /// The relay that keeps the mailbox.
    #[n(0)]
    pub relay: RelayRef,
    /// The right to deposit.
    #[n(1)]
    pub deposit: DepositKey,
    /// The hash of the owner's key.
    #[n(2)]
    pub collect: CollectHash,
}

impl Address {
    /// The id that the relay knows the mailbox by.
    #[must_use]
    pub fn mailbox(&self) -> MailboxId {
        MailboxId::of(&self.deposit, &self.collect)
    }
}

redacted!(Address);
redacted!(RelayHost);
redacted!(RelayRef);

/// Why a text is not a relay's name or reference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum RelayRefError {
    /// No port, or not one from 1 to 65535.
    #[error("a relay is named host:port, with a port from 1 to 65535")]
    Port,
    /// The host is empty, too long or has characters that no host name has.
    #[error("the relay's host is not a DNS name, an IPv4 address or an IPv6 address in brackets")]
    Host,
    /// More than [`RelayHost::MAX`] bytes.
    #[error("a relay's name has at most {} bytes", RelayHost::MAX)]
    Length,
    /// The reference does not start as one does.
    #[error("a relay reference starts with \"{}\"", RelayRef::SCHEME)]
    Scheme,
    /// There is no operator key, or it is not 32 bytes of a valid key.
    #[error("the relay reference ends with \"/\" and the operator's key, 52 characters")]
    Operator,
}

impl RelayHost {
    /// The longest name, in bytes: a directory slot has room for so many.
    pub const MAX: usize = 64;

    /// The name, `host:port`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The host without its port and, for IPv6, without its brackets.
    #[must_use]
    pub fn host(&self) -> &str {
        let host = self.0.rsplit_once(':').map_or(&*self.0, |(host, _)| host);
        host.trim_start_matches('[').trim_end_matches(']')
    }

    /// The port.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.0.rsplit_once(':').and_then(|(_, port)| port.parse().ok()).unwrap_or_default()
    }
}

impl FromStr for RelayHost {
    type Err = RelayRefError;

    fn from_str(text: &str) -> Result<Self, RelayRefError> {
        if text.len() > Self::MAX {
            return Err(RelayRefError::Length);
        }
        let (host, port) = text.rsplit_once(':').ok_or(RelayRefError::Port)?;
        let number: u16 = port.parse().map_err(|_| RelayRefError::Port)?;
        if number == 0 || number.to_string() != port {
            return Err(RelayRefError::Port);
        }
        let host = host.to_ascii_lowercase();
        if !(is_ipv6(&host) || is_ipv4(&host) || is_name(&host)) {
            return Err(RelayRefError::Host);
        }
        Ok(Self(format!("{host}:{port}").into()))
    }
}

fn is_ipv6(host: &str) -> bool {
    let inner = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    inner.is_some_and(|inner| inner.parse::<std::net::Ipv6Addr>().is_ok_and(|address| address.to_string() == inner))
}

fn is_ipv4(host: &str) -> bool {
    host.parse::<std::net::Ipv4Addr>().is_ok()
}

/// A DNS name by the letters, digits and hyphens rule (RFC 1123, section 2.1).
///
/// A last label that starts with a digit makes a number of it to many resolvers (`127.1` and `2130706433` are both
/// 127.0.0.1), so there is none: an IPv4 address has one spelling.
fn is_name(host: &str) -> bool {
    let top = host.rsplit('.').next().unwrap_or_default();
    host.split('.').all(is_label) && !top.starts_with(|first: char| first.is_ascii_digit())
}

fn is_label(label: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    !label.is_empty() && label.bytes().all(allowed) && !label.starts_with('-') && !label.ends_with('-')
}

impl RelayRef {
    /// How every reference starts.
    pub const SCHEME: &'static str = "sealpost-relay:";
}

impl fmt::Display for RelayHost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for RelayRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}/{}", Self::SCHEME, self.host, BASE32_NOPAD.encode(self.operator.as_bytes()))
    }
}

impl FromStr for RelayRef {
    type Err = RelayRefError;

    fn from_str(text: &str) -> Result<Self, RelayRefError> {
        let rest = text.trim().strip_prefix(Self::SCHEME).ok_or(RelayRefError::Scheme)?;
        let (host, key) = rest.split_once('/').ok_or(RelayRefError::Operator)?;
        let operator = decode_key(key).ok().and_then(|bytes| OperatorKey::from_bytes(&bytes));
        Ok(Self { host: host.parse()?, operator: operator.ok_or(RelayRefError::Operator)? })
    }
}

fn decode_key(text: &str) -> Result<Vec<u8>, Base32Error> {
    BASE32_NOPAD.decode(text.to_ascii_uppercase().as_bytes())
}

impl<C> Encode<C> for RelayHost {
    fn encode<W: minicbor::encode::Write>(
        &self,
        e: &mut minicbor::Encoder<W>,
        _: &mut C,
    ) -> Result<(), minicbor::encode::Error<W::Error>> {
        e.str(&self.0)?.ok()
    }
}

impl<'b, C> Decode<'b, C> for RelayHost {
    fn decode(d: &mut minicbor::Decoder<'b>, _: &mut C) -> Result<Self, minicbor::decode::Error> {
        d.str()?.parse().map_err(|_| minicbor::decode::Error::message("not a relay's name"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_have_one_spelling() {
        for good in ["relay.example.org:443", "127.0.0.1:8443", "[::1]:8443", "localhost:1"] {
            assert_eq!(good.parse::<RelayHost>().map(|host| host.as_str().to_owned()), Ok(good.to_owned()));
        }
        assert_eq!(
            "Relay.Example.ORG:443".parse::<RelayHost>().map(|h| h.to_string()),
            Ok("relay.example.org:443".into())
        );
        assert_eq!(
            "[::1]:8443".parse::<RelayHost>().map(|h| (h.host().to_owned(), h.port())),
            Ok(("::1".into(), 8443))
        );
    }

    #[test]
    fn what_is_no_host_is_refused() {
        for bad in [
            "",
            "relay",
            ":443",
            "relay:0",
            "relay:65536",
            "relay:+1",
            "relay:01",
            "a b:1",
            "-a:1",
            "a..b:1",
            "[::zz]:1",
            "::1:1",
            "127.1:1",
            "127.0.0.01:1",
            "2130706433:1",
            "relay.0x7f:1",
        ] {
            assert!(bad.parse::<RelayHost>().is_err(), "{bad}");
        }
        assert_eq!(format!("{}:1", "a".repeat(63)).parse::<RelayHost>(), Err(RelayRefError::Length));
    }

    #[test]
    fn a_relay_reference_survives_being_written_down() {
        let operator = crate::operator::OperatorSecret::from_seed(&[1; 32]).public();
        let relay = RelayRef { host: "relay.example.org:443".parse().unwrap(), operator };
        let text = relay.to_string();
        assert_eq!(text.parse(), Ok(relay.clone()));
        assert_eq!(text.replace(RelayRef::SCHEME, "").parse::<RelayRef>(), Err(RelayRefError::Scheme));
        assert_eq!(text.split('/').next().unwrap().parse::<RelayRef>(), Err(RelayRefError::Operator));
        assert_eq!(text[..text.len() - 1].parse::<RelayRef>(), Err(RelayRefError::Operator));
        assert_eq!(format!("{text}A").parse::<RelayRef>(), Err(RelayRefError::Operator));
    }
}
