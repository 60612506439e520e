//! The tables that all servers share.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use bytesize::ByteSize;
use sealpost_wire::RelayHost;
use serde::{Deserialize, Serialize};

const fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}

/// The admin listener.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Admin {
    /// There is none.
    Off,
    /// It listens here, in plain HTTP.
    On(SocketAddr),
}

impl Admin {
    /// Whether others than this machine reach it. It has no password.
    #[must_use]
    pub const fn is_exposed(self) -> bool {
        match self {
            Self::Off => false,
            Self::On(address) => !address.ip().is_loopback(),
        }
    }
}

impl FromStr for Admin {
    type Err = std::net::AddrParseError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == "off" { Ok(Self::Off) } else { text.parse().map(Self::On) }
    }
}

impl std::fmt::Display for Admin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Off => f.write_str("off"),
            Self::On(address) => address.fmt(f),
        }
    }
}

impl Serialize for Admin {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serde_text::serialize(self, serializer)
    }
}

impl<'de> Deserialize<'de> for Admin {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        serde_text::deserialize(deserializer)
    }
}

/// What the manifest says of the server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Public {
    /// `host:port` by which clients reach the server.
    #[serde(with = "serde_text")]
    pub host: RelayHost,
    /// A name for people.
    pub name: String,
    /// Where the data is kept.
    pub region: String,
    /// Where the source of the running program can be had.
    pub source: String,
    /// Where the server has moved to: then it says that and nothing else.
    #[serde(with = "optional_host")]
    pub moved_to: Option<RelayHost>,
}

impl Default for Public {
    fn default() -> Self {
        Self {
            #[expect(clippy::expect_used, reason = "a constant that every test parses")]
            host: "localhost:8443".parse().expect("a constant"),
            name: "A Sealpost relay".into(),
            region: "unstated".into(),
            source: String::new(),
            moved_to: None,
        }
    }
}

/// A host that may be missing, which is "".
mod optional_host {
    use sealpost_wire::RelayHost;
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    #[expect(clippy::ref_option, reason = "serde passes it so")]
    pub(super) fn serialize<S: Serializer>(host: &Option<RelayHost>, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(host.as_ref().map_or("", RelayHost::as_str))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<RelayHost>, D::Error> {
        let text = String::deserialize(deserializer)?;
        (!text.is_empty()).then(|| text.parse().map_err(D::Error::custom)).transpose()
    }
}

/// Where the certificate comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TlsMode {
    /// The server makes one, once, and keeps it; clients trust it through the signed manifest.
    Own,
    /// The operator supplies both files.
    Files,
    /// An authority of the web issues one, again and again, by ACME.
    Acme,
    /// No TLS: only for a listener on loopback.
    Off,
}

/// The certificate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Tls {
    /// Where it comes from.
    pub mode: TlsMode,
    /// The chain, PEM.
    pub certificate: PathBuf,
    /// Its private key, PEM.
    pub key: PathBuf,
    /// Whether clients check it by the web's public key infrastructure besides.
    pub web_pki: bool,
    /// Of whom it is had by ACME.
    pub acme: Acme,
}

impl Default for Tls {
    fn default() -> Self {
        Self {
            mode: TlsMode::Own,
            certificate: "tls.pem".into(),
            key: "tls.key".into(),
            web_pki: false,
            acme: Acme::default(),
        }
    }
}

impl Tls {
    /// Every path in it.
    pub fn paths(&mut self) -> Vec<&mut PathBuf> {
        let Acme { account, ca, .. } = &mut self.acme;
        let ca = Some(ca).filter(|path| !path.as_os_str().is_empty());
        [&mut self.certificate, &mut self.key, account].into_iter().chain(ca).collect()
    }

    /// Whether the server makes a certificate when there is none.
    #[must_use]
    pub fn makes_its_own(&self) -> bool {
        matches!(self.mode, TlsMode::Own | TlsMode::Acme)
    }
}

/// An authority that issues certificates by ACME (RFC 8555), and this server's account with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Acme {
    /// The URL of its directory.
    pub directory: String,
    /// An address that it may write to; empty for none.
    pub contact: String,
    /// The file of the account, which is made.
    pub account: PathBuf,
    /// Certificates that the authority's own must come from; empty for those of the system.
    pub ca: PathBuf,
}

impl Default for Acme {
    fn default() -> Self {
        Self {
            directory: "https://acme-v02.api.letsencrypt.org/directory".into(),
            contact: String::new(),
            account: "acme.json".into(),
            ca: PathBuf::new(),
        }
    }
}

/// What one connection, and all of them, may take.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Connections {
    /// Connections at once.
    pub max: usize,
    /// Requests at once on one HTTP/2 connection.
    pub streams: u32,
    /// Requests at once on all connections.
    pub requests: usize,
    /// Memory for long replies that are being taken.
    pub replies: ByteSize,
    /// The longest head of a request by HTTP/2. One by HTTP/1.1 has 8 KiB at most, always.
    pub head: ByteSize,
    /// Time for the TLS handshake.
    #[serde(with = "humantime_serde")]
    pub handshake_timeout: Duration,
    /// Time to the next request, complete with its head.
    #[serde(with = "humantime_serde")]
    pub idle_timeout: Duration,
    /// Time for a request's body and its answer.
    #[serde(with = "humantime_serde")]
    pub request_timeout: Duration,
    /// Time that a peer may take no byte of what is sent to it.
    #[serde(with = "humantime_serde")]
    pub write_timeout: Duration,
    /// Silence after which a WebSocket or HTTP/2 peer is asked whether it is there; after as much again it is not.
    #[serde(with = "humantime_serde")]
    pub ping_interval: Duration,
    /// Time that connections have to end when the server stops.
    #[serde(with = "humantime_serde")]
    pub drain_timeout: Duration,
}

impl Default for Connections {
    fn default() -> Self {
        Self {
            max: 20_000,
            streams: 32,
            requests: 1_024,
            replies: ByteSize::mib(64),
            head: ByteSize::kib(16),
            handshake_timeout: seconds(10),
            idle_timeout: seconds(30),
            request_timeout: seconds(30),
            write_timeout: seconds(30),
            ping_interval: seconds(30),
            drain_timeout: seconds(10),
        }
    }
}

/// Whether the server is a gateway for Oblivious HTTP.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Oblivious {
    /// Whether it is.
    pub enabled: bool,
    /// The directory of the keys, one for each day.
    pub keys: PathBuf,
}

impl Default for Oblivious {
    fn default() -> Self {
        Self { enabled: true, keys: "ohttp".into() }
    }
}

/// Whether the process is kept to its own files while it serves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Sandbox {
    /// Whether it is, where the kernel can.
    pub enabled: bool,
}

impl Default for Sandbox {
    fn default() -> Self {
        Self { enabled: true }
    }
}

/// How events are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LogFormat {
    /// A line of text each.
    Text,
    /// A JSON object each.
    Json,
}

/// Which events are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LogLevel {
    /// None.
    Off,
    /// What went wrong.
    Error,
    /// And what may need the operator.
    Warn,
    /// And starting, stopping, expiry.
    Info,
    /// All there are; still none of a connection or a request.
    Trace,
}

/// What is logged, and how.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Log {
    /// How.
    pub format: LogFormat,
    /// Which.
    pub level: LogLevel,
}

impl Default for Log {
    fn default() -> Self {
        Self { format: LogFormat::Text, level: LogLevel::Info }
    }
}

/// Values that are written as their text form.
mod serde_text {
    use std::fmt::Display;
    use std::str::FromStr;

    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(super) fn serialize<T: Display, S: Serializer>(value: &T, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(value)
    }

    pub(super) fn deserialize<'de, T: FromStr<Err: Display>, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<T, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}
