//! A line from relays to a server of Redis, which can be cut for one of them: then nothing passes, and nobody is told.
//!
//! Which relay it is, a connection tells by the user as whom it logs in.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, OnceLock, PoisonError};
use std::thread;

use crate::Result;

/// The users' names, by relay.
pub(super) const USERS: [&str; 2] = ["relay-0", "relay-1"];

/// Who is cut off; all lines of a stage share it.
#[derive(Debug, Default)]
pub(super) struct Gate {
    is_cut: Mutex<[bool; 2]>,
    changed: Condvar,
}

impl Gate {
    /// Lets nothing of that relay pass, or again everything.
    pub(super) fn cut(&self, relay: usize, is_cut: bool) {
        if let Some(of) = self.is_cut.lock().unwrap_or_else(PoisonError::into_inner).get_mut(relay) {
            *of = is_cut;
        }
        self.changed.notify_all();
    }

    /// Waits until something of that relay may pass.
    fn pass(&self, relay: Option<usize>) {
        let Some(relay) = relay else { return };
        let is_cut = self.is_cut.lock().unwrap_or_else(PoisonError::into_inner);
        let may_pass = self.changed.wait_while(is_cut, |is_cut| is_cut.get(relay) == Some(&true));
        drop(may_pass.unwrap_or_else(PoisonError::into_inner));
    }
}

/// A port at which clients connect, before it is known to which server.
pub(super) struct Line {
    listener: TcpListener,
    port: u16,
}

impl Line {
    pub(super) fn new() -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, crate::server::free_port()?))?;
        let port = listener.local_addr()?.port();
        Ok(Self { listener, port })
    }

    pub(super) const fn port(&self) -> u16 {
        self.port
    }

    /// Carries to that server from now on, until the process ends.
    pub(super) fn lead_to(self, server: SocketAddr, gate: &Arc<Gate>) {
        let gate = Arc::clone(gate);
        thread::spawn(move || {
            for client in self.listener.incoming().flatten() {
                // A server that is not there ends the connection, as it would without the line.
                let _ended = TcpStream::connect(server).and_then(|server| join_by(&gate, client, server));
            }
        });
    }
}

/// Carries between both until one of them closes.
pub(super) fn join(client: TcpStream, server: TcpStream) -> io::Result<()> {
    join_by(&Arc::default(), client, server)
}

fn join_by(gate: &Arc<Gate>, client: TcpStream, server: TcpStream) -> io::Result<()> {
    [&client, &server].into_iter().try_for_each(|stream| stream.set_nodelay(true))?;
    let relay = Arc::<OnceLock<usize>>::default();
    for (from, to) in [(client.try_clone()?, server.try_clone()?), (server, client)] {
        let (gate, relay) = (Arc::clone(gate), Arc::clone(&relay));
        thread::spawn(move || carry(from, to, &gate, &relay));
    }
    Ok(())
}

/// Carries until one end is closed, and closes the other.
fn carry(mut from: TcpStream, mut to: TcpStream, gate: &Gate, relay: &OnceLock<usize>) {
    let mut buffer = vec![0; 64 * 1024];
    while let Ok(length @ 1..) = from.read(&mut buffer) {
        let bytes = buffer.get(..length).unwrap_or_default();
        if relay.get().is_none()
            && let Some(user) = user(bytes)
        {
            let _known = relay.set(user);
        }
        gate.pass(relay.get().copied());
        if to.write_all(bytes).is_err() {
            break;
        }
    }
    // The other end may have gone.
    let _gone = (to.shutdown(Shutdown::Both), from.shutdown(Shutdown::Both));
}

/// Who logs in here.
fn user(bytes: &[u8]) -> Option<usize> {
    USERS.iter().position(|user| bytes.windows(user.len()).any(|window| window == user.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_is_cut_for_one_carries_for_the_other() {
        let server = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let (line, gate) = (Line::new().unwrap(), Arc::<Gate>::default());
        let port = line.port();
        line.lead_to(server.local_addr().unwrap(), &gate);
        gate.cut(0, true);
        let [mut cut, mut whole] = [0, 1].map(|relay| {
            let mut client = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).unwrap();
            client.write_all(USERS[relay].as_bytes()).unwrap();
            server.accept().unwrap().0
        });
        let mut heard = [0; 7];
        whole.read_exact(&mut heard).unwrap();
        assert_eq!(heard, *b"relay-1");
        cut.set_nonblocking(true).unwrap();
        assert_eq!(cut.read(&mut heard).unwrap_err().kind(), io::ErrorKind::WouldBlock);
        gate.cut(0, false);
        cut.set_nonblocking(false).unwrap();
        cut.read_exact(&mut heard).unwrap();
        assert_eq!(heard, *b"relay-0");
    }
}
