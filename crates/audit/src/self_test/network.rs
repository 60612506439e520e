//! Leaks in what was captured: in the clear and under TLS, in every part of what is said there.

use ::http::Request;
use bytes::Bytes;
use http_body_util::Full;
use sealpost_wire::oblivious::{InsideRequest, PATH, REQUEST_TYPE};
use tokio_tungstenite::tungstenite::Message;

use super::Ground;
use super::written::Written;
use crate::Trouble;
use crate::budget::Undeclared;
use crate::oblivious::GatewayKeys;
use crate::stage::{Captured, Lines, Stage, Tls, http1, http2, websocket};
use crate::tls::KeyLog;
use crate::traffic::{self, Options, Seen};

/// A way to say something over the network.
struct Way {
    kind: &'static str,
    under_tls: bool,
    says_only_text: bool,
    say: fn(&[u8]) -> Result<Lines, Trouble>,
}

const WAYS: [Way; 10] = [
    Way { kind: "capture, in the clear", under_tls: false, says_only_text: false, say: |bytes| Ok(body(bytes)) },
    Way {
        kind: "capture, HTTP/1.1 body under TLS",
        under_tls: true,
        says_only_text: false,
        say: |bytes| Ok(body(bytes)),
    },
    Way { kind: "capture, HTTP/1.1 header under TLS", under_tls: true, says_only_text: true, say: header },
    Way { kind: "capture, path under TLS", under_tls: true, says_only_text: true, say: path },
    Way { kind: "capture, WebSocket message under TLS", under_tls: true, says_only_text: false, say: frame },
    Way { kind: "capture, HTTP/2 body under TLS", under_tls: true, says_only_text: false, say: body2 },
    Way { kind: "capture, HTTP/2 header under TLS", under_tls: true, says_only_text: true, say: header2 },
    Way { kind: "capture, body inside Oblivious HTTP", under_tls: true, says_only_text: false, say: sealed_body },
    Way { kind: "capture, path inside Oblivious HTTP", under_tls: true, says_only_text: true, say: sealed_path },
    Way { kind: "capture, padding inside Oblivious HTTP", under_tls: true, says_only_text: false, say: sealed_padding },
];

const HEAD: &str = "POST /v1/deposit HTTP/1.1\r\nhost: relay.example\r\ncontent-type: application/cbor\r\n";

impl Ground {
    pub(super) fn captures(&mut self, written: &[Written]) -> Result<(), Trouble> {
        let mut stage = Stage::new()?;
        let mut connection = 0;
        for way in &WAYS {
            for leak in written.iter().filter(|leak| leak.is_text() || !way.says_only_text) {
                let lines = (way.say)(&leak.bytes)?;
                if way.under_tls {
                    stage.tls(&lines, &Tls::default())?
                } else {
                    stage.plain(&lines)?
                }
                connection += 1;
                self.planted(way.kind, format!("connection {connection},"), leak);
            }
        }
        self.search.begin("planted captures");
        let files = stage.write(self.directory.path(), "planted")?;
        self.scan(&files).map(drop)
    }

    /// What no budget has a place for, though it says nothing.
    pub(super) fn undeclared(&mut self) -> Result<(), Trouble> {
        let more = [HEAD, "content-length: 6\r\n\r\n"].concat().into_bytes();
        let field = [&more[..], &MORE].concat();
        let header = b"GET /v1/relay HTTP/1.1\r\nhost: relay.example\r\nx-device: 1\r\n\r\n".to_vec();
        let elsewhere = b"GET /v1/whoami HTTP/1.1\r\nhost: relay.example\r\n\r\n".to_vec();
        let mut stage = Stage::new()?;
        for request in [field, header, elsewhere] {
            stage.tls(&http1(&request), &Tls::default())?;
        }
        stage.tls(&websocket("/v1/collect", vec![Message::text("1")])?, &Tls::default())?;
        stage.tls(&sealed(&inside("/v1/deposit", Some(&MORE))?)?, &Tls::default())?;
        self.search.begin("captures of what is not declared");
        let seen = self.scan(&stage.write(self.directory.path(), "undeclared")?)?;
        let is_there =
            |wanted: fn(&Undeclared) -> bool| seen.violations.iter().any(|violation| wanted(&violation.what));
        for (kind, found) in [
            ("undeclared field", is_there(|what| matches!(what, Undeclared::Body(_)))),
            ("undeclared header", is_there(|what| matches!(what, Undeclared::Field(_)))),
            ("undeclared path", is_there(|what| matches!(what, Undeclared::Path(_)))),
            ("undeclared message", is_there(|what| matches!(what, Undeclared::Frame(_)))),
            ("undeclared field inside Oblivious HTTP", is_there(|what| matches!(what, Undeclared::Inside(_)))),
        ] {
            self.outcome.count(kind, "it says nothing", found);
        }
        Ok(())
    }

    fn scan(&mut self, files: &Captured) -> Result<Seen, Trouble> {
        let log = KeyLog::read(&files.keys)?;
        let options = Options { gateways: gateways()?, ..Options::default() };
        let Self { search, budgets, .. } = self;
        let mut seen = traffic::scan(&files.capture, log, &options, search, budgets, &mut |_| {})?;
        self.unsearched.append(std::mem::take(&mut seen.unsearched));
        Ok(seen)
    }
}

/// A map with a key that no request has.
const MORE: [u8; 6] = [0xA2, 0x00, 0x01, 0x18, 0x63, 0x00];

fn gateways() -> Result<GatewayKeys, Trouble> {
    GatewayKeys::of(20_784, &[7; 32]).ok_or_else(|| "no key can be derived".into())
}

/// A request that is sealed for a gateway.
fn sealed(inside: &[u8]) -> Result<Lines, Trouble> {
    let sealed = gateways()?.seal(inside).ok_or("it cannot be sealed")?;
    let length = sealed.len();
    let head = format!(
        "POST {PATH} HTTP/1.1\r\nhost: relay.example\r\ncontent-type: {REQUEST_TYPE}\r\ncontent-length: {length}\r\n\r\n"
    );
    Ok(http1(&[head.as_bytes(), &sealed].concat()))
}

fn inside(path: &str, body: Option<&[u8]>) -> Result<Vec<u8>, Trouble> {
    let request = InsideRequest { path: path.to_owned(), body: body.map(<[u8]>::to_vec) };
    request.to_bytes(0).ok_or_else(|| "it is too long".into())
}

fn sealed_body(bytes: &[u8]) -> Result<Lines, Trouble> {
    sealed(&inside("/v1/deposit", Some(bytes))?)
}

fn sealed_path(bytes: &[u8]) -> Result<Lines, Trouble> {
    sealed(&inside(&format!("/v1/relay?{}", String::from_utf8_lossy(bytes)), None)?)
}

/// At the end of the zeros that pad the message.
fn sealed_padding(bytes: &[u8]) -> Result<Lines, Trouble> {
    let mut padded = inside("/v1/relay", None)?;
    let length = padded.len();
    padded.splice(length - bytes.len().., bytes.iter().copied());
    sealed(&padded)
}

fn body(bytes: &[u8]) -> Lines {
    let head = format!("{HEAD}content-length: {}\r\n\r\n", bytes.len());
    http1(&[head.as_bytes(), bytes].concat())
}

fn header(bytes: &[u8]) -> Result<Lines, Trouble> {
    Ok(http1(&[b"GET /v1/relay HTTP/1.1\r\nhost: relay.example\r\nx-device: ", bytes, b"\r\n\r\n"].concat()))
}

/// With every byte but letters and digits escaped, as clients do.
fn path(bytes: &[u8]) -> Result<Lines, Trouble> {
    let escaped = |byte: &u8| match byte {
        byte if byte.is_ascii_alphanumeric() => char::from(*byte).to_string(),
        byte => format!("%{byte:02X}"),
    };
    let path: String = bytes.iter().map(escaped).collect();
    Ok(http1(format!("GET /v1/relay?{path} HTTP/1.1\r\nhost: relay.example\r\n\r\n").as_bytes()))
}

fn frame(bytes: &[u8]) -> Result<Lines, Trouble> {
    websocket("/v1/deposit", vec![Message::binary([&[0xA0; 7], bytes].concat())])
}

fn body2(bytes: &[u8]) -> Result<Lines, Trouble> {
    // Longer than a frame, with the value across the border.
    let around = [&vec![0xA0; 16 * 1024 - 3], bytes].concat();
    http2(vec![Request::post("https://relay.example/v1/deposit").body(Full::new(Bytes::from(around)))?])
}

fn header2(bytes: &[u8]) -> Result<Lines, Trouble> {
    let request = Request::get("https://relay.example/v1/relay").header("x-device", bytes);
    http2(vec![request.body(Full::new(Bytes::new()))?])
}
