//! Someone with a program of their own: sends a relay whatever they like, over TLS, a connection for each request.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use rustls::{ClientConfig, ClientConnection, StreamOwned};
use sealpost_wire::request::{Refused, Request};
use sealpost_wire::{from_bytes, to_bytes};

use crate::server::Server;
use crate::tap::Ends;
use crate::{Result, http1};

const PATIENCE: Duration = Duration::from_secs(30);

/// Someone who knows where a relay is.
pub struct Stranger {
    relay: SocketAddr,
    ends: Ends,
}

impl Stranger {
    /// Someone who goes to this relay itself, past any tap.
    ///
    /// # Errors
    /// When its certificate cannot be read.
    pub fn at(relay: &Server) -> Result<Self> {
        let (certificate, key) = relay.certificate();
        Ok(Self { relay: relay.listen(), ends: Ends::of(&certificate, &key, None)? })
    }

    /// Makes one request, and returns what answers it.
    ///
    /// # Errors
    /// When the relay is not reached, or its answer is none of this protocol.
    pub fn ask<R: Request>(&self, request: &R) -> Result<std::result::Result<R::Reply, Refused>> {
        let answer = self.post(R::PATH, &to_bytes(request))?;
        if answer.first_line.starts_with("HTTP/1.1 200") {
            return Ok(Ok(decode(&answer.body)?));
        }
        Ok(Err(from_bytes(&answer.body).map_err(|error| format!("{}: {error}", answer.first_line))?))
    }

    /// Posts any bytes.
    ///
    /// # Errors
    /// When the server is not reached or does not answer.
    pub fn post(&self, path: &str, body: &[u8]) -> Result<http1::Message> {
        self.exchange("POST", path, body)
    }

    /// Gets what lies at a path.
    ///
    /// # Errors
    /// When the server is not reached or does not answer.
    pub fn get(&self, path: &str) -> Result<http1::Message> {
        self.exchange("GET", path, b"")
    }

    fn exchange(&self, method: &str, path: &str, body: &[u8]) -> Result<http1::Message> {
        let socket = TcpStream::connect(self.relay)?;
        socket.set_read_timeout(Some(PATIENCE))?;
        let config: Arc<ClientConfig> = self.ends.client();
        let mut stream = StreamOwned::new(ClientConnection::new(config, self.ends.name())?, socket);
        let form = if body.is_empty() { "" } else { "content-type: application/cbor\r\n" };
        let length = body.len();
        let head = format!("{method} {path} HTTP/1.1\r\nhost: {}\r\n{form}content-length: {length}\r\n", self.relay);
        stream.write_all(&[head.as_bytes(), b"connection: close\r\n\r\n", body].concat())?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer)?;
        http1::split(&answer).0.into_iter().next().ok_or_else(|| "the server did not answer".into())
    }
}

fn decode<R: for<'b> minicbor::Decode<'b, ()>>(body: &[u8]) -> Result<R> {
    minicbor::decode(body).map_err(|error| error.to_string().into())
}
