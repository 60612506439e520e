//! What a packet is: a TCP segment, or something else.

use std::net::{IpAddr, SocketAddr};

use etherparse::{LaxNetSlice, LaxSlicedPacket, TransportSlice};

/// Kinds of links that are understood, of the registry of link types.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinkType {
    /// Loopback of BSD: four bytes of address family.
    Loopback,
    /// Ethernet.
    Ethernet,
    /// Bare IP.
    Ip,
    /// Linux' "any", version 1: 16 bytes, the protocol last.
    Cooked,
    /// Linux' "any", version 2: 20 bytes, the protocol first.
    Cooked2,
}

/// A packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Packet<'a> {
    /// A TCP segment.
    Tcp(Segment<'a>),
    /// A part of a packet, which is not put together.
    Fragment,
    /// IP with something else in it: `UDP`, `ICMP`.
    Other(&'static str),
    /// Not IP, such as ARP; or damaged.
    Unknown,
    /// On a link of a kind that is not understood.
    UnknownLink,
}

/// UDP where QUIC is spoken, which is encrypted throughout.
pub(crate) const QUIC: &str = "QUIC";
/// Neither TCP nor UDP, such as a tunnel.
pub(crate) const OTHER_IP: &str = "other IP";

/// A TCP segment (RFC 9293).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Segment<'a> {
    /// Who sent it.
    pub from: SocketAddr,
    /// To whom.
    pub to: SocketAddr,
    /// The number of its first byte.
    pub sequence: u32,
    /// What it does besides.
    pub flags: Flags,
    /// Its bytes.
    pub payload: &'a [u8],
}

/// The flags that matter here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Flags {
    /// It opens a connection.
    pub syn: bool,
    /// It acknowledges.
    pub ack: bool,
    /// It is the last of its direction.
    pub fin: bool,
    /// It breaks the connection off.
    pub rst: bool,
}

impl LinkType {
    const fn of(number: i32) -> Option<Self> {
        Some(match number {
            0 | 108 => Self::Loopback,
            1 => Self::Ethernet,
            12 | 14 | 101 | 228 | 229 => Self::Ip,
            113 => Self::Cooked,
            276 => Self::Cooked2,
            _ => return None,
        })
    }
}

/// What a packet from a link of this number is.
#[must_use]
pub fn packet(link: i32, bytes: &[u8]) -> Packet<'_> {
    let sliced = match LinkType::of(link) {
        None => return Packet::UnknownLink,
        Some(LinkType::Ethernet) => LaxSlicedPacket::from_ethernet(bytes).ok(),
        Some(LinkType::Ip) => ip(bytes, 0),
        Some(LinkType::Loopback) => ip(bytes, 4),
        Some(LinkType::Cooked) => ip(bytes, 16),
        Some(LinkType::Cooked2) => ip(bytes, 20),
    };
    sliced.map_or(Packet::Unknown, |sliced| of(&sliced))
}

fn ip(bytes: &[u8], header: usize) -> Option<LaxSlicedPacket<'_>> {
    LaxSlicedPacket::from_ip(bytes.get(header..)?).ok()
}

fn of<'a>(sliced: &LaxSlicedPacket<'a>) -> Packet<'a> {
    let Some((from, to)) = addresses(sliced) else { return Packet::Unknown };
    if sliced.net.as_ref().and_then(LaxNetSlice::ip_payload_ref).is_some_and(|payload| payload.fragmented) {
        return Packet::Fragment;
    }
    match &sliced.transport {
        Some(TransportSlice::Tcp(tcp)) => Packet::Tcp(Segment {
            from: SocketAddr::new(from, tcp.source_port()),
            to: SocketAddr::new(to, tcp.destination_port()),
            sequence: tcp.sequence_number(),
            flags: Flags { syn: tcp.syn(), ack: tcp.ack(), fin: tcp.fin(), rst: tcp.rst() },
            payload: tcp.payload(),
        }),
        Some(TransportSlice::Udp(udp)) => Packet::Other(match (udp.source_port(), udp.destination_port()) {
            (53, _) | (_, 53) => "DNS",
            (443, _) | (_, 443) => QUIC,
            _ => "UDP",
        }),
        Some(TransportSlice::Icmpv4(_) | TransportSlice::Icmpv6(_)) => Packet::Other("ICMP"),
        _ => Packet::Other(OTHER_IP),
    }
}

fn addresses(sliced: &LaxSlicedPacket<'_>) -> Option<(IpAddr, IpAddr)> {
    match sliced.net.as_ref()? {
        LaxNetSlice::Ipv4(ip) => {
            let header = ip.header();
            Some((header.source_addr().into(), header.destination_addr().into()))
        }
        LaxNetSlice::Ipv6(ip) => {
            let header = ip.header();
            Some((header.source_addr().into(), header.destination_addr().into()))
        }
        LaxNetSlice::Arp(_) => None,
    }
}
