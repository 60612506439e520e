//! A server's place, taken by whoever has its TLS key: it says of itself what the server said, and answers what a test wants.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;

use rustls::{ServerConfig, ServerConnection, StreamOwned};
use sealpost_wire::manifest;

use crate::Result;
use crate::http1::{self, Message};
use crate::server::Server;
use crate::stranger::Stranger;
use crate::tap::Ends;

/// The body of the answer to a request, which will be of status 200.
pub type Answer = dyn Fn(&str, &[u8]) -> Vec<u8> + Send;

/// Kills `server`, which runs, and listens in its place until this process ends; a tap before it stays where it is.
///
/// # Errors
/// When its manifest cannot be had.
pub fn take_the_place_of(server: &mut Server, answer: Box<Answer>) -> Result<()> {
    let manifest = Stranger::at(server)?.get(manifest::PATH)?.body;
    let (certificate, key) = server.certificate();
    let config = Ends::of(&certificate, &key, None)?.server();
    server.kill()?;
    let listener = TcpListener::bind(server.listen())?;
    let reply = move |request: &Message| match request.path() {
        Some(manifest::PATH) => ("application/json", manifest.clone()),
        path => ("application/cbor", answer(path.unwrap_or_default(), &request.body)),
    };
    thread::spawn(move || {
        for client in listener.incoming().flatten() {
            // A client that leaves in the middle is its own affair.
            let _left = converse(client, &config, &reply);
        }
    });
    Ok(())
}

/// Answers requests until the client ends the connection.
fn converse(
    client: TcpStream,
    config: &Arc<ServerConfig>,
    reply: &impl Fn(&Message) -> (&'static str, Vec<u8>),
) -> Result<()> {
    let mut stream = StreamOwned::new(ServerConnection::new(Arc::clone(config))?, client);
    let (mut received, mut answered) = (Vec::new(), 0);
    let mut buffer = [0; 16 * 1024];
    loop {
        let length = stream.read(&mut buffer)?;
        if length == 0 {
            return Ok(());
        }
        received.extend_from_slice(buffer.get(..length).unwrap_or_default());
        let (requests, _) = http1::split(&received);
        for request in requests.iter().skip(answered) {
            let (form, body) = reply(request);
            let head = format!("HTTP/1.1 200 OK\r\ncontent-type: {form}\r\ncontent-length: {}\r\n\r\n", body.len());
            stream.write_all(&[head.as_bytes(), &body].concat())?;
        }
        answered = requests.len();
    }
}
