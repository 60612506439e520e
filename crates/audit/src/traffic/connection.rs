//! One TCP connection, from its segments to what was said.

use std::net::SocketAddr;

use super::Options;
use super::seen::Seen;
use crate::budget::{Budgets, LeakBudget};
use crate::capture::{Half, Piece, Segment, Who};
use crate::http::{Conversation, Event, Request};
use crate::oblivious::{GatewayKeys, takes_sealed};
use crate::search::{Search, Stream};
use crate::tls::{self, KeyLog, Session};

/// What a connection is followed with.
pub(super) struct Context<'a> {
    pub(super) log: &'a KeyLog,
    pub(super) gateways: &'a GatewayKeys,
    pub(super) search: &'a mut Search,
    pub(super) budgets: &'a mut Budgets,
    pub(super) seen: &'a mut Seen,
}

/// A connection.
pub(super) struct Connection {
    client: SocketAddr,
    /// The number of its first byte, if that was seen.
    opened: Option<u32>,
    ended: [bool; 2],
    halves: [Half; 2],
    wire: Wire,
}

/// The bytes of both directions, in order.
struct Wire {
    streams: [Stream; 2],
    layer: Layer,
    inside: Inside,
}

/// What is on the wire.
enum Layer {
    Unknown,
    Tls(Box<Session>),
    Plain,
}

/// What was said, when TLS is taken off.
struct Inside {
    about: About,
    streams: [Stream; 2],
    handshakes: [Stream; 2],
    conversation: Conversation,
}

/// Which connection it is, and who judges it.
#[derive(Debug, Clone, Copy)]
struct About {
    number: u64,
    judge: Judge,
}

/// Whose budget a connection is held against.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Judge {
    Relay,
    Attester,
    Nobody,
}

/// How the names of places on connections to attesters go on.
pub(crate) const AT_ATTESTER: &str = " to an attester, ";

impl Connection {
    pub(super) fn new(number: u64, first: &Segment<'_>, options: &Options, search: &Search) -> Self {
        let (client, server) = if is_servers(first, options) { (first.to, first.from) } else { (first.from, first.to) };
        let about = About { number, judge: Judge::of(server, options) };
        let streams = |what: &str| Who::BOTH.map(|who| search.stream(about.place(what, who)));
        let inside = Inside {
            about,
            streams: streams("opened"),
            handshakes: streams("in the handshake"),
            conversation: Conversation::default(),
        };
        let wire = Wire { streams: streams("on the wire"), layer: Layer::Unknown, inside };
        let opened = (first.flags.syn && !first.flags.ack).then_some(first.sequence);
        Self { client, opened, ended: [false; 2], halves: Default::default(), wire }
    }

    pub(super) fn number(&self) -> u64 {
        self.wire.inside.about.number
    }

    /// Whether a segment belongs to another connection, between the same two addresses.
    pub(super) fn is_over(&self, segment: &Segment<'_>) -> bool {
        segment.flags.syn && !segment.flags.ack && self.opened != Some(segment.sequence)
    }

    pub(super) fn push(&mut self, segment: &Segment<'_>, context: &mut Context<'_>) {
        let who = if segment.from == self.client { Who::Client } else { Who::Server };
        let Self { halves, wire, .. } = self;
        who.of(halves).push(segment, &mut |piece| wire.piece(who, piece, context));
        *who.of(&mut self.ended) |= segment.flags.fin;
    }

    pub(super) fn finish(mut self, context: &mut Context<'_>) {
        let Self { halves, wire, .. } = &mut self;
        for who in Who::BOTH {
            who.of(halves).finish(&mut |piece| wire.piece(who, piece, context));
        }
        context.seen.repeated += self.halves.iter().map(Half::repeated).sum::<u64>();
        self.wire.finish(context);
    }
}

impl Wire {
    fn piece(&mut self, who: Who, piece: Piece<'_>, context: &mut Context<'_>) {
        match piece {
            Piece::Bytes(bytes) => self.bytes(who, bytes, context),
            Piece::Gap(missing) => self.gap(who, missing, context),
        }
    }

    fn bytes(&mut self, who: Who, bytes: &[u8], context: &mut Context<'_>) {
        who.of(&mut self.streams).feed(bytes);
        if let Layer::Unknown = self.layer {
            self.layer = layer(bytes);
            context.seen.encrypted += u64::from(matches!(self.layer, Layer::Tls(_)));
        }
        let Self { layer, inside, .. } = self;
        match layer {
            Layer::Tls(session) => session.feed(who, bytes, context.log, &mut |event| inside.opened(event, context)),
            Layer::Plain | Layer::Unknown => inside.said(who, bytes, context),
        }
    }

    fn gap(&mut self, who: Who, missing: u64, context: &mut Context<'_>) {
        who.of(&mut self.streams).gap(missing);
        context.seen.missing += missing;
        let Self { layer, inside, .. } = self;
        match layer {
            Layer::Tls(session) => session.gap(who, &mut |event| inside.opened(event, context)),
            Layer::Plain | Layer::Unknown => {
                let about = inside.about;
                inside.conversation.gap(who, &mut |event| about.hear(event, context));
            }
        }
    }

    fn finish(mut self, context: &mut Context<'_>) {
        let inside = &mut self.inside;
        context.seen.silent += u64::from(matches!(self.layer, Layer::Unknown));
        if let Layer::Tls(session) = &mut self.layer {
            session.finish(&mut |event| inside.opened(event, context));
        }
        let about = inside.about;
        inside.conversation.finish(&mut |event| about.hear(event, context));
        let Inside { streams, handshakes, .. } = self.inside;
        self.streams.into_iter().chain(streams).chain(handshakes).for_each(|stream| context.search.end(stream));
    }
}

impl Inside {
    /// Takes what TLS held.
    fn opened(&mut self, event: tls::Event<'_>, context: &mut Context<'_>) {
        match event {
            tls::Event::Plain(who, bytes) => {
                context.seen.opened += bytes.len() as u64;
                who.of(&mut self.streams).feed(bytes);
                self.said(who, bytes, context);
            }
            tls::Event::Handshake(who, bytes) => who.of(&mut self.handshakes).feed(bytes),
            tls::Event::Unreadable(who, why) => {
                context.seen.unsearched(format!("TLS: {why}"), self.about.place("inside", who));
                let Self { conversation, about, .. } = self;
                conversation.gap(who, &mut |event| {
                    // That something is missing there has just been told.
                    if !matches!(event, Event::Lost(..)) {
                        about.hear(event, context);
                    }
                });
            }
        }
    }

    fn said(&mut self, who: Who, bytes: &[u8], context: &mut Context<'_>) {
        let about = self.about;
        self.conversation.feed(who, bytes, &mut |event| about.hear(event, context));
    }
}

impl About {
    /// Searches what was put together, and judges what a client sent.
    fn hear(self, event: Event, context: &mut Context<'_>) {
        match event {
            Event::Said(who, bytes) => context.search.piece(&self.place("put together", who), &bytes),
            Event::Request(request) => {
                let path = unescaped(&request.path);
                if path != request.path {
                    context.search.piece(&self.place("in a path", Who::Client), &path);
                }
                if let Some(budget) = self.judge.budget(context.budgets) {
                    let verdict = budget.judge(&request);
                    context.seen.request(self.number, &request, verdict);
                }
                self.look_inside(&request, context);
            }
            Event::Frame(path, frame) => {
                if let Some(budget) = self.judge.budget(context.budgets) {
                    let verdict = budget.judge_frame(&path, &frame);
                    context.seen.frame(self.number, &path, verdict);
                }
            }
            Event::Lost(..) if self.judge == Judge::Nobody => {}
            Event::Lost(who, lost) => {
                context.seen.unsearched(format!("HTTP: {lost}"), self.place("put together", who));
            }
        }
    }

    /// Opens a request that is sealed for a gateway, searches and judges it; tells if there is no key for that.
    fn look_inside(self, request: &Request, context: &mut Context<'_>) {
        let is_sealed = request.method == "POST" && takes_sealed(&request.path);
        if self.judge != Judge::Relay || !request.whole || !is_sealed {
            return;
        }
        let place = self.place("inside Oblivious HTTP", Who::Client);
        match context.gateways.open(&request.body) {
            Ok(inside) => {
                context.search.piece(&place, &inside);
                let (path, verdict) = context.budgets.relay.judge_inside(&inside);
                context.seen.inside(self.number, &path, verdict);
            }
            Err(closed) => context.seen.unsearched(format!("Oblivious HTTP: {closed}"), place),
        }
    }

    fn place(self, what: &str, who: Who) -> String {
        let to = if self.judge == Judge::Attester { AT_ATTESTER } else { ", " };
        let who = match who {
            Who::Client => "client",
            Who::Server => "server",
        };
        format!("connection {}{to}{what}, from the {who}", self.number)
    }
}

impl Judge {
    fn of(server: SocketAddr, options: &Options) -> Self {
        if options.attesters.contains(&server) {
            Self::Attester
        } else if options.servers.is_empty() || options.servers.contains(&server) {
            Self::Relay
        } else {
            Self::Nobody
        }
    }

    fn budget(self, budgets: &mut Budgets) -> Option<&mut LeakBudget> {
        match self {
            Self::Relay => Some(&mut budgets.relay),
            Self::Attester => Some(&mut budgets.attester),
            Self::Nobody => None,
        }
    }
}

/// Whether a segment comes from the server. Without the first two of a connection, that is a guess: servers have known
/// addresses, or the smaller port.
fn is_servers(first: &Segment<'_>, options: &Options) -> bool {
    let is_known = |address| options.servers.contains(&address) || options.attesters.contains(&address);
    match (first.flags.syn, is_known(first.from), is_known(first.to)) {
        (true, ..) => first.flags.ack,
        (false, true, false) => true,
        (false, false, true) => false,
        _ => first.from.port() < first.to.port(),
    }
}

fn layer(bytes: &[u8]) -> Layer {
    match bytes {
        [20..=23, 3, ..] | [20..=23] => Layer::Tls(Box::default()),
        _ => Layer::Plain,
    }
}

/// A path without percent signs (RFC 3986, section 2.1).
fn unescaped(path: &[u8]) -> Vec<u8> {
    let digit = |byte: &u8| char::from(*byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let (mut plain, mut rest) = (Vec::with_capacity(path.len()), path);
    while let Some((&byte, behind)) = rest.split_first() {
        let escaped = match behind {
            [high, low, ..] if byte == b'%' => digit(high).zip(digit(low)),
            _ => None,
        };
        plain.push(escaped.map_or(byte, |(high, low)| high << 4 | low));
        rest = if escaped.is_some() { behind.get(2..).unwrap_or_default() } else { behind };
    }
    plain
}
