//! How requests go that no socket takes: by HTTP/2, as they are or by Oblivious HTTP (RFC 9458).

use bytes::Bytes;
use ohttp::ClientRequest;
use sealpost_wire::oblivious::{InsideReply, InsideRequest, KEYS_PATH, PATH, PROXY_PATH, REQUEST_TYPE};
use sealpost_wire::request::Request;
use sealpost_wire::{from_bytes, to_bytes};

use super::client::Target;
use super::http2::{Answer, Http2};
use crate::failure::Failure;

/// The media type of what is posted.
const CBOR: &str = "application/cbor";

/// Where requests go.
#[derive(Clone)]
pub enum Route {
    /// To the server.
    Direct(Target),
    /// To the server, sealed to its key.
    Gateway(Target),
    /// The same, through a proxy that knows the server by that name.
    Proxy {
        /// The server.
        gateway: Target,
        /// Its name, `host:port`.
        name: String,
        /// The proxy.
        proxy: Target,
    },
}

/// A connection by which requests go.
#[derive(Clone)]
pub struct Carrier {
    http: Http2,
    seal: Option<Seal>,
}

/// What requests are sealed to, and where they go then.
#[derive(Clone)]
struct Seal {
    keys: Bytes,
    path: String,
}

impl Carrier {
    /// Opens a connection; where requests are sealed, it asks the server for its key of the day.
    ///
    /// # Errors
    /// [`Failure`], of the connection.
    pub async fn open(route: &Route) -> Result<Self, Failure> {
        Ok(match route {
            Route::Direct(target) => Self { http: Http2::connect(target).await?, seal: None },
            Route::Gateway(target) => {
                let http = Http2::connect(target).await?;
                let seal = Some(Seal { keys: http.get(KEYS_PATH).await?, path: PATH.into() });
                Self { http, seal }
            }
            Route::Proxy { gateway, name, proxy } => {
                let keys = Http2::connect(gateway).await?.get(KEYS_PATH).await?;
                let seal = Some(Seal { keys, path: format!("{PROXY_PATH}{name}") });
                Self { http: Http2::connect(proxy).await?, seal }
            }
        })
    }

    /// Asks.
    ///
    /// # Errors
    /// [`Failure::Refused`], or that of the connection.
    pub async fn call<R: Request>(&self, request: &R) -> Result<R::Reply, Failure> {
        let answer = self.post(R::PATH, to_bytes(request)).await?;
        if answer.status != 200 {
            return Err(Failure::Refused(R::PATH, answer.status));
        }
        from_bytes(&answer.body).map_err(|_| Failure::NoFrame)
    }

    /// Reads what is there.
    ///
    /// # Errors
    /// [`Failure::Refused`], or that of the connection.
    pub async fn get(&self, path: &str) -> Result<Bytes, Failure> {
        match &self.seal {
            None => self.http.get(path).await,
            Some(seal) => {
                let answer = seal.post(&self.http, InsideRequest { path: path.into(), body: None }).await?;
                if answer.status == 200 {
                    Ok(answer.body)
                } else {
                    Err(Failure::Refused("what is read", answer.status))
                }
            }
        }
    }

    async fn post(&self, path: &str, body: Vec<u8>) -> Result<Answer, Failure> {
        match &self.seal {
            None => self.http.post(path, CBOR, body.into()).await,
            Some(seal) => seal.post(&self.http, InsideRequest { path: path.into(), body: Some(body) }).await,
        }
    }
}

impl Seal {
    async fn post(&self, http: &Http2, inside: InsideRequest) -> Result<Answer, Failure> {
        let unusable = |_| Failure::Argument("the relay's keys for Oblivious HTTP are none".into());
        let inside = inside.to_bytes(0).ok_or(Failure::NoFrame)?;
        let request = ClientRequest::from_encoded_config_list(&self.keys).map_err(unusable)?;
        let (sealed, response) = request.encapsulate(&inside).map_err(unusable)?;
        let answer = http.post(&self.path, REQUEST_TYPE, sealed.into()).await?;
        if answer.status != 200 {
            return Err(Failure::Refused("a sealed request", answer.status));
        }
        let inside = response.decapsulate(&answer.body).map_err(|_| Failure::NoFrame)?;
        let reply = InsideReply::from_bytes(&inside).map_err(|_| Failure::NoFrame)?;
        Ok(Answer { status: reply.status, body: reply.body.into() })
    }
}
