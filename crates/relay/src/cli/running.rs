//! The relay that is running, asked on its admin listener.

use std::io::ErrorKind;

use bytes::Bytes;
use http::{Method, Request, StatusCode, Uri};
use http_body_util::{BodyExt, Empty, Limited};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use super::Failure;
use crate::config::{Admin, Config};

/// The longest answer that is read, in bytes.
const LONGEST_ANSWER: usize = 1024 * 1024;

/// A connection to the running relay.
pub(super) struct Running(TcpStream);

impl Running {
    /// Connects to the relay that `config` is of, if it runs.
    pub(super) async fn find(config: &Config) -> Result<Option<Self>, Failure> {
        let Admin::On(address) = config.admin else { return Ok(None) };
        match TcpStream::connect(address).await {
            Err(error) if error.kind() == ErrorKind::ConnectionRefused => Ok(None),
            connected => {
                connected.map(|stream| Some(Self(stream))).map_err(Failure::system("connecting to the admin listener"))
            }
        }
    }

    /// Asks one thing.
    pub(super) async fn ask(self, method: Method, path: &str) -> Result<(StatusCode, Bytes), Failure> {
        let uri: Uri = path.parse().map_err(|_| Failure::NotARelay)?;
        exchange(self.0, method, uri).await.ok_or(Failure::NotARelay)
    }
}

async fn exchange(stream: TcpStream, method: Method, uri: Uri) -> Option<(StatusCode, Bytes)> {
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.ok()?;
    let mut request = Request::new(Empty::<&[u8]>::new());
    (*request.method_mut(), *request.uri_mut()) = (method, uri);
    let connection = tokio::spawn(connection);
    let response = sender.send_request(request).await.ok()?;
    let status = response.status();
    let body = Limited::new(response.into_body(), LONGEST_ANSWER).collect().await.ok()?.to_bytes();
    connection.abort();
    Some((status, body))
}
