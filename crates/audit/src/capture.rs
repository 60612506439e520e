//! Packet captures: the files, the packets in them, and the streams that TCP makes of those.

mod file;
mod packet;
mod reassembly;
mod write;

pub use file::{CaptureError, Frame, read};
pub use packet::{Flags, LinkType, Packet, Segment, packet};
pub(crate) use packet::{OTHER_IP, QUIC};
pub use reassembly::{Half, Piece};
pub use write::{Recording, Tape, Who};
