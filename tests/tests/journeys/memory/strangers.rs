//! Strangers who deposit and take in every way there is, and whose connections stay open.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http2;
use hyper_util::rt::{TokioExecutor, TokioIo};
use ohttp::ClientRequest;
use rand::Rng;
use rustls::{ClientConnection, StreamOwned};
use sealpost_tests::Result;
use sealpost_tests::server::Server;
use sealpost_tests::stranger::Stranger;
use sealpost_tests::tap::Ends;
use sealpost_wire::codec::{List, V1};
use sealpost_wire::directory::{BucketPrefix, Epoch, Tag};
use sealpost_wire::frame::{DEPOSIT_SOCKET, DepositFrame, Tagged};
use sealpost_wire::oblivious::{InsideRequest, KEYS_PATH, PATH, REQUEST_TYPE};
use sealpost_wire::request::{Deposit, Request, Take, Withdraw};
use sealpost_wire::{CollectHash, DepositKey, EntryKey, Envelope, EnvelopeId, SizeClass, StockHash, TakeKey, to_bytes};
use tokio::runtime::Runtime;
use tokio_rustls::TlsConnector;

type Line = StreamOwned<ClientConnection, TcpStream>;

/// How many deposits of each class are made in each way.
const EACH: usize = 3;
const CBOR: &str = "application/cbor";

/// Those who came. Dropped, they leave.
pub(super) struct Strangers {
    deposits: Vec<(&'static str, DepositKey)>,
    takes: Vec<TakeKey>,
    withdrawal: EntryKey,
    unfinished: DepositKey,
    _lines: Vec<Line>,
    _http2: (http2::SendRequest<Full<Bytes>>, Runtime),
}

impl Strangers {
    /// Each asks and is answered; one has begun to ask and not finished.
    ///
    /// # Errors
    /// When one is not answered.
    pub(super) fn come(relay: &Server) -> Result<Self> {
        let (mut made, ends) = (Made::default(), ends(relay)?);
        let mut http1 = line(relay, &ends)?;
        made.way = "by HTTP/1.1";
        for body in made.deposits() {
            post(&mut http1, Deposit::PATH, CBOR, &body)?;
            post(&mut http1, Take::PATH, CBOR, &made.take())?;
        }
        let (withdrawal, withdrawn) = withdraw(relay, &ends)?;
        let socket = deposit_on_a_socket(relay, &ends, &mut made)?;
        let sealed = deposit_inside(relay, &ends, &mut made)?;
        let http2 = deposit_by_http2(relay, &ends, &mut made)?;
        let (unfinished, begun) = begin_to_deposit(relay, &ends)?;
        let lines = vec![http1, withdrawn, socket, sealed, begun];
        Ok(Self { deposits: made.keys, takes: made.takes, withdrawal, unfinished, _lines: lines, _http2: http2 })
    }

    pub(super) fn deposits(&self) -> &[(&'static str, DepositKey)] {
        &self.deposits
    }

    pub(super) fn takes(&self) -> &[TakeKey] {
        &self.takes
    }

    /// The key of an entry that was withdrawn.
    pub(super) const fn withdrawal(&self) -> &EntryKey {
        &self.withdrawal
    }

    /// The key of the deposit that was not finished.
    pub(super) const fn unfinished(&self) -> &DepositKey {
        &self.unfinished
    }
}

/// The keys of what was asked, and in which way.
#[derive(Default)]
struct Made {
    way: &'static str,
    keys: Vec<(&'static str, DepositKey)>,
    takes: Vec<TakeKey>,
}

impl Made {
    fn deposit(&mut self, class: SizeClass) -> Result<Deposit> {
        let key: [u8; 32] = rand::rng().random();
        self.keys.push((self.way, DepositKey::new(key)));
        let envelope = Envelope::new(vec![0xE7; class.envelope_length()].into()).ok_or("no envelope")?;
        let (collect, id) =
            (CollectHash::from_bytes(rand::rng().random()), EnvelopeId::from_bytes(rand::rng().random()));
        Ok(Deposit { version: V1, deposit: DepositKey::new(key), collect, id, envelope, ticket: None })
    }

    /// Bodies of deposits of each class, the longest first, so that a shorter one does not reach as far.
    fn deposits(&mut self) -> Vec<Vec<u8>> {
        let classes = SizeClass::ALL.into_iter().rev().flat_map(|class| [class; EACH]);
        classes.filter_map(|class| Some(to_bytes(&self.deposit(class).ok()?))).collect()
    }

    fn take(&mut self) -> Vec<u8> {
        let key: [u8; 32] = rand::rng().random();
        self.takes.push(TakeKey::new(key));
        let stock = StockHash::from_bytes(rand::rng().random());
        to_bytes(&Take { version: V1, take: TakeKey::new(key), stock })
    }
}

fn ends(relay: &Server) -> Result<Ends> {
    let (certificate, key) = relay.certificate();
    Ok(Ends::of(&certificate, &key, None)?)
}

fn line(relay: &Server, ends: &Ends) -> Result<Line> {
    let socket = TcpStream::connect(relay.listen())?;
    Ok(StreamOwned::new(ClientConnection::new(ends.client(), ends.name())?, socket))
}

/// Posts, and waits for the answer, on a connection that stays.
fn post(line: &mut Line, path: &str, form: &str, body: &[u8]) -> Result<()> {
    write!(
        line,
        "POST {path} HTTP/1.1\r\nhost: relay\r\ncontent-type: {form}\r\ncontent-length: {}\r\n\r\n",
        body.len()
    )?;
    line.write_all(body)?;
    let head = read_head(line)?;
    let length = head.lines().find_map(|field| field.to_lowercase().strip_prefix("content-length: ")?.parse().ok());
    let mut answer = vec![0; length.ok_or(format!("no answer to {path}: {head}"))?];
    Ok(line.read_exact(&mut answer)?)
}

fn read_head(line: &mut Line) -> Result<String> {
    let (mut head, mut byte) = (Vec::new(), [0]);
    while !head.ends_with(b"\r\n\r\n") {
        line.read_exact(&mut byte)?;
        head.push(byte[0]);
    }
    Ok(String::from_utf8(head)?)
}

fn deposit_on_a_socket(relay: &Server, ends: &Ends, made: &mut Made) -> Result<Line> {
    let mut line = line(relay, ends)?;
    made.way = "on a socket";
    write!(
        line,
        "GET {DEPOSIT_SOCKET} HTTP/1.1\r\nhost: relay\r\nconnection: upgrade\r\nupgrade: websocket\r\n\
         sec-websocket-version: 13\r\nsec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
    )?;
    read_head(&mut line)?;
    for class in SizeClass::ALL.into_iter().rev().flat_map(|class| [class; EACH]) {
        let tagged = Tagged { tag: 1, deposit: made.deposit(class)? };
        let deposits = List::new(vec![tagged]).map_err(|_| "too many")?;
        line.write_all(&masked(&to_bytes(&DepositFrame { version: V1, deposits })))?;
        let mut header = [0; 2];
        line.read_exact(&mut header)?;
        line.read_exact(&mut vec![0; header[1].into()])?;
    }
    Ok(line)
}

/// A binary message of one frame, under a mask (RFC 6455, section 5.2).
fn masked(payload: &[u8]) -> Vec<u8> {
    let mask: [u8; 4] = rand::rng().random();
    let length = payload.len() as u64;
    let length = match payload.len() {
        0..126 => vec![0x80 | length as u8],
        126..0x1_0000 => [&[0x80 | 126][..], &(length as u16).to_be_bytes()].concat(),
        _ => [&[0x80 | 127][..], &length.to_be_bytes()].concat(),
    };
    let payload: Vec<u8> = payload.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask).collect();
    [&[0x82][..], &length, &mask, &payload].concat()
}

fn deposit_inside(relay: &Server, ends: &Ends, made: &mut Made) -> Result<Line> {
    let keys = Stranger::at(relay)?.get(KEYS_PATH)?.body;
    let mut line = line(relay, ends)?;
    made.way = "inside Oblivious HTTP";
    for body in made.deposits() {
        let inside = InsideRequest { path: Deposit::PATH.into(), body: Some(body) };
        let inside = inside.to_bytes(0).ok_or("too long")?;
        let (sealed, _) = ClientRequest::from_encoded_config_list(&keys)?.encapsulate(&inside)?;
        post(&mut line, PATH, REQUEST_TYPE, &sealed)?;
    }
    Ok(line)
}

fn deposit_by_http2(
    relay: &Server,
    ends: &Ends,
    made: &mut Made,
) -> Result<(http2::SendRequest<Full<Bytes>>, Runtime)> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    made.way = "by HTTP/2";
    let mut config = (*ends.client()).clone();
    config.alpn_protocols = vec![b"h2".to_vec()];
    let sender = runtime.block_on(async {
        let socket = tokio::net::TcpStream::connect(relay.listen()).await?;
        let stream = TlsConnector::from(Arc::new(config)).connect(ends.name(), socket).await?;
        let (mut sender, connection) = http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await?;
        tokio::spawn(connection);
        for body in made.deposits() {
            let request = hyper::Request::post(format!("https://relay{}", Deposit::PATH)).header("content-type", CBOR);
            sender.send_request(request.body(Full::new(Bytes::from(body)))?).await?.into_body().collect().await?;
        }
        Ok::<_, sealpost_tests::Trouble>(sender)
    })?;
    Ok((sender, runtime))
}

/// There is no such entry; the key is looked at all the same.
fn withdraw(relay: &Server, ends: &Ends) -> Result<(EntryKey, Line)> {
    let (key, mut line): ([u8; 32], _) = (rand::rng().random(), line(relay, ends)?);
    let (prefix, tag) = (BucketPrefix(0), Tag::from_bytes(rand::rng().random()));
    let withdraw = Withdraw { version: V1, epoch: Epoch(1), prefix, tag, entry: EntryKey::new(key) };
    post(&mut line, Withdraw::PATH, CBOR, &to_bytes(&withdraw))?;
    Ok((EntryKey::new(key), line))
}

/// A deposit of which all but the last byte is sent.
fn begin_to_deposit(relay: &Server, ends: &Ends) -> Result<(DepositKey, Line)> {
    let (mut made, mut line) = (Made::default(), line(relay, ends)?);
    let body = to_bytes(&made.deposit(SizeClass::Small)?);
    let path = Deposit::PATH;
    write!(
        line,
        "POST {path} HTTP/1.1\r\nhost: relay\r\ncontent-type: {CBOR}\r\ncontent-length: {}\r\n\r\n",
        body.len()
    )?;
    line.write_all(&body[..body.len() - 1])?;
    Ok((made.keys.remove(0).1, line))
}
