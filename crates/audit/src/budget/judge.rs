//! What the budget has no place for, in words that repeat nothing of it but its name.

use std::fmt;

use sealpost_wire::oblivious::InsideRequest;

use super::LeakBudget;
use super::head::{Purpose, purpose, undeclared_fields};
use crate::http::{Frame, Opcode, Request};
use crate::oblivious::is_sealed;

/// How much of a name is shown.
const SHOWN: usize = 48;

/// Something that was sent and is not in the budget.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Undeclared {
    /// There is nothing at this path, or not by this method.
    Path(String),
    /// A header field.
    Field(String),
    /// A body to this path, which is not what belongs there.
    Body(String),
    /// A message or frame on the WebSocket at this path.
    Frame(String),
    /// Something inside Oblivious HTTP.
    Inside(String),
}

impl LeakBudget {
    /// All that is wrong with a request.
    pub fn judge(&mut self, request: &Request) -> Vec<Undeclared> {
        let path = shown(&request.path);
        let Some(purpose) = purpose(self, request) else {
            return vec![Undeclared::Path(format!("{} {path}", shown(request.method.as_bytes())))];
        };
        let fields = undeclared_fields(request, purpose);
        let mut undeclared: Vec<_> =
            fields.into_iter().map(|name| Undeclared::Field(format!("{} to {path}", shown(name.as_bytes())))).collect();
        let fits = match purpose {
            Purpose::Read | Purpose::Socket => request.body.is_empty(),
            Purpose::Post => self.allows_posted(request),
            Purpose::Sealed => is_sealed(&request.body),
        };
        if request.whole && !fits {
            undeclared.push(Undeclared::Body(path));
        }
        undeclared
    }

    /// What was asked for inside Oblivious HTTP, and all that is wrong with that.
    pub fn judge_inside(&mut self, inside: &[u8]) -> (Vec<u8>, Vec<Undeclared>) {
        let InsideRequest { path, body } = match InsideRequest::from_bytes(inside) {
            Ok(request) => request,
            Err(error) => return (Vec::new(), vec![Undeclared::Inside(error.to_string())]),
        };
        let (method, fields) = match &body {
            Some(_) => ("POST", vec![("content-type".to_owned(), b"application/cbor".to_vec())]),
            None => ("GET", vec![]),
        };
        let (path, body) = (path.into_bytes(), body.unwrap_or_default());
        let request = Request { method: method.to_owned(), path, fields, body, whole: true };
        let undeclared = match purpose(self, &request) {
            // Inside, no socket opens, and there is no gateway.
            Some(Purpose::Post | Purpose::Read) => self.judge(&request),
            _ => vec![Undeclared::Path(format!("{method} {}", shown(&request.path)))],
        };
        (request.path, undeclared.into_iter().map(|what| Undeclared::Inside(what.to_string())).collect())
    }

    /// Whether something is wrong with what a client sent on the WebSocket at `path`. A pong repeats what it answers.
    pub fn judge_frame(&mut self, path: &[u8], frame: &Frame) -> Option<Undeclared> {
        let fits = match frame.opcode {
            _ if frame.extended => false,
            Opcode::Binary => self.allows_framed(path, &frame.payload),
            Opcode::Ping | Opcode::Pong => frame.payload.is_empty(),
            // A code, and no reason.
            Opcode::Close => matches!(frame.payload.len(), 0 | 2),
            Opcode::Text | Opcode::Other => false,
        };
        (!fits).then(|| Undeclared::Frame(format!("{} on {}", word(frame), shown(path))))
    }

    fn allows_posted(&mut self, request: &Request) -> bool {
        let path = std::str::from_utf8(&request.path).unwrap_or_default();
        self.request_at(path).is_some_and(|name| self.allows(name, &request.body))
    }

    fn allows_framed(&mut self, path: &[u8], payload: &[u8]) -> bool {
        let rule = match path {
            path if path == super::COLLECT_SOCKET.as_bytes() => "owner-frame",
            path if path == super::DEPOSIT_SOCKET.as_bytes() => "deposit-frame",
            _ => return false,
        };
        self.allows(rule, payload)
    }
}

impl fmt::Display for Undeclared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Path(path) => write!(f, "a request that does not exist: {path}"),
            Self::Field(field) => write!(f, "a header field: {field}"),
            Self::Body(path) => write!(f, "a body that is not what {path} takes"),
            Self::Frame(frame) => f.write_str(frame),
            Self::Inside(what) => write!(f, "inside Oblivious HTTP, {what}"),
        }
    }
}

const fn word(frame: &Frame) -> &'static str {
    match frame.opcode {
        _ if frame.extended => "a frame with an extension",
        Opcode::Text => "a text message",
        Opcode::Binary => "a message",
        Opcode::Close => "a reason for closing",
        Opcode::Ping => "a ping with content",
        Opcode::Pong => "a pong with content",
        Opcode::Other => "an unknown frame",
    }
}

/// A name as it can be shown: what is not a small letter is a dot, so that no number and no control character is repeated.
/// Paths of the protocol consist of small letters.
pub(crate) fn shown(name: &[u8]) -> String {
    let plain = |byte: &u8| if byte.is_ascii_lowercase() || b"/-_:".contains(byte) { char::from(*byte) } else { '·' };
    let mut shown: String = name.iter().take(SHOWN).map(plain).collect();
    if let Some(rest) = shown.strip_prefix("/v·/") {
        shown = format!("/v1/{rest}");
    }
    if name.iter().all(u8::is_ascii_uppercase) {
        shown = String::from_utf8_lossy(name).chars().take(SHOWN).collect();
    }
    if name.len() > SHOWN { shown + "…" } else { shown }
}

#[cfg(test)]
mod tests {
    use sealpost_wire::frame::COLLECT_SOCKET;
    use sealpost_wire::request::{Request as _, Take};

    use super::*;

    fn request(method: &str, path: &str, fields: &[(&str, &str)], body: &[u8]) -> Request {
        let fields = fields.iter().map(|(name, value)| ((*name).to_owned(), value.as_bytes().to_vec())).collect();
        Request { method: method.to_owned(), path: path.into(), fields, body: body.to_vec(), whole: true }
    }

    fn judged(request: &Request) -> Vec<Undeclared> {
        LeakBudget::of(crate::budget::RELAY).unwrap().judge(request)
    }

    const GOOD: [(&str, &str); 3] =
        [("host", "relay.example:443"), ("content-type", "application/cbor"), ("content-length", "73")];

    #[test]
    fn what_the_budget_has_is_passed_over() {
        let body = [&[0xA3, 0, 1, 1, 0x58, 32][..], &[7; 32], &[2, 0x58, 32], &[7; 32]].concat();
        assert_eq!(judged(&request("POST", Take::PATH, &GOOD, &body)), []);
        assert_eq!(judged(&request("GET", "/v1/relay", &GOOD[..1], b"")), []);
    }

    #[test]
    fn what_it_does_not_have_is_named_without_its_value() {
        let path = |path: &str| vec![Undeclared::Path(path.to_owned())];
        assert_eq!(
            judged(&request("GET", "/v1/whoami?490154203237518", &[], b"")),
            path("GET /v1/whoami················")
        );
        assert_eq!(judged(&request("PUT", Take::PATH, &[], b"")), path("PUT /v1/take"));
        let field = |name: &str| vec![Undeclared::Field(format!("{name} to /v1/relay"))];
        for name in ["user-agent", "cookie", "origin", "x-imei", "content-type", "accept"] {
            assert_eq!(judged(&request("GET", "/v1/relay", &[GOOD[0], (name, "application/cbor")], b"")), field(name));
        }
        assert_eq!(judged(&request("GET", "/v1/relay", &[GOOD[0], GOOD[0]], b"")), field("host"), "twice");
        assert_eq!(judged(&request("GET", "/v1/relay", &[("host", "a b")], b"")), field("host"));
        assert_eq!(
            judged(&request("POST", Take::PATH, &GOOD, b"")),
            [Undeclared::Field("content-length to /v1/take".to_owned()), Undeclared::Body("/v1/take".to_owned())]
        );
    }

    #[test]
    fn frames_have_their_own_ways_to_carry_more() {
        let mut budget = LeakBudget::of(crate::budget::RELAY).unwrap();
        let mut judge = |opcode, payload: &[u8], extended| {
            let frame = Frame { opcode, payload: payload.to_vec(), extended };
            budget.judge_frame(COLLECT_SOCKET.as_bytes(), &frame).is_some()
        };
        let empty = [0xA4, 0, 1, 1, 0x80, 2, 0x80, 3, 0x80];
        assert!(!judge(Opcode::Binary, &empty, false) && !judge(Opcode::Ping, b"", false));
        assert!(!judge(Opcode::Close, &[3, 232], false));
        assert!(judge(Opcode::Binary, &empty, true) && judge(Opcode::Text, &empty, false));
        assert!(judge(Opcode::Binary, &empty[1..], false) && judge(Opcode::Ping, b"me", false));
        assert!(judge(Opcode::Close, &[3, 232, b'x'], false) && judge(Opcode::Other, b"", false));
    }

    #[test]
    fn what_is_sealed_has_one_outer_form_and_a_type_of_its_own() {
        let sealed = [&[7, 0, 0x20, 0, 1, 0, 1][..], &[9; 4_592 + 48]].concat();
        let length = sealed.len().to_string();
        let fields = [("host", "a.example"), ("content-type", "message/ohttp-req"), ("content-length", &*length)];
        for path in ["/v1/oblivious", "/v1/proxy/relay.example:8443"] {
            assert_eq!(judged(&request("POST", path, &fields, &sealed)), []);
            let longer = judged(&request("POST", path, &fields, &[&*sealed, b"0"].concat()));
            assert_eq!(longer.len(), 2, "another length than it says, and none of the three: {longer:?}");
        }
        assert_eq!(judged(&request("POST", "/v1/proxy/a b", &fields, &sealed)).len(), 1);
        assert_eq!(judged(&request("GET", "/v1/ohttp-keys", &fields[..1], b"")), []);
        assert_eq!(judged(&request("GET", "/v1/proxy/relay.example:8443", &fields[..1], b"")), []);
        assert_eq!(
            judged(&request("POST", "/v1/oblivious", &GOOD, b"")).len(),
            3,
            "another type, another length than it says, and no sealed request"
        );
    }

    #[test]
    fn what_is_inside_is_held_against_the_budget_as_strictly_as_outside() {
        let mut budget = LeakBudget::of(crate::budget::RELAY).unwrap();
        let mut judge = |path: &str, body: Option<&[u8]>| {
            let inside = InsideRequest { path: path.to_owned(), body: body.map(<[u8]>::to_vec) };
            budget.judge_inside(&inside.to_bytes(0).unwrap()).1.len()
        };
        let body = [&[0xA3, 0, 1, 1, 0x58, 32][..], &[7; 32], &[2, 0x58, 32], &[7; 32]].concat();
        assert_eq!((judge(Take::PATH, Some(&body)), judge("/v1/relay", None)), (0, 0));
        assert_eq!((judge(Take::PATH, Some(&body[1..])), judge(Take::PATH, None)), (1, 1));
        assert_eq!(
            (judge(COLLECT_SOCKET, None), judge("/v1/oblivious", Some(&body)), judge("/v1/me", None)),
            (1, 1, 1)
        );
        let mut marked = InsideRequest { path: "/v1/relay".into(), body: None }.to_bytes(0).unwrap();
        *marked.last_mut().unwrap() = 1;
        assert_eq!(budget.judge_inside(&marked).1.len(), 1, "padded with something");
    }
}
