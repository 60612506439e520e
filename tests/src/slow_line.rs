//! A line to a server that takes its time, so that something can happen in the middle of what it carries.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::thread;
use std::time::Duration;

use crate::Result;
use crate::server::Server;
use crate::tap::Tapped;

/// Listens until this process ends, and carries what clients send after a while, what the server answers at once.
pub struct SlowLine {
    listen: SocketAddr,
    certificate: (PathBuf, PathBuf),
}

impl SlowLine {
    /// A line to `server`, which need not run yet.
    ///
    /// # Errors
    /// When no port is free.
    pub fn to(server: &Server, delay: Duration) -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let (listen, to) = (listener.local_addr()?, server.listen());
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                // A server that is not there ends the connection, as it would without the line.
                let _ended = TcpStream::connect(to).and_then(|server| join(client, server, delay));
            }
        });
        Ok(Self { listen, certificate: server.certificate() })
    }
}

impl Tapped for SlowLine {
    fn listen(&self) -> SocketAddr {
        self.listen
    }

    fn certificate(&self) -> (PathBuf, PathBuf) {
        self.certificate.clone()
    }
}

fn join(client: TcpStream, server: TcpStream, delay: Duration) -> std::io::Result<()> {
    let (from_client, to_client) = (client.try_clone()?, client);
    let (from_server, to_server) = (server.try_clone()?, server);
    thread::spawn(move || carry(from_client, to_server, delay));
    thread::spawn(move || carry(from_server, to_client, Duration::ZERO));
    Ok(())
}

/// Carries until one end is closed, and closes the other.
fn carry(mut from: TcpStream, mut to: TcpStream, delay: Duration) {
    let mut buffer = [0; 16 * 1024];
    while let Ok(length @ 1..) = from.read(&mut buffer) {
        thread::sleep(delay);
        if to.write_all(buffer.get(..length).unwrap_or_default()).is_err() {
            break;
        }
    }
    // It may be closed already.
    let _closed = (from.shutdown(Shutdown::Both), to.shutdown(Shutdown::Both));
}
