//! Deposits as requests: by HTTP/2, by Oblivious HTTP to the relay's own gateway, and through a proxy, one after the other.
//!
//! Each connection that deposits carries many requests at once, as a proxy's do. What sealing costs whoever asks is the
//! generator's part; what opening costs the relay, and passing on the proxy, is in the figures.

use serde::Serialize;

use super::online::{self, Load, Online, Plan, Times};
use super::shape::{Over, Shape};
use crate::failure::Failure;
use crate::progress::Progress;
use crate::subject::{Kind, Programs};

/// What came of it, by TLS all the way.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Oblivious {
    /// By HTTP/2, not sealed.
    pub http2: Online,
    /// Sealed, to the relay.
    pub gateway: Online,
    /// Sealed, through a proxy; none where the relay is at a URL and no proxy is named that leads to it.
    pub proxy: Option<Online>,
    /// What the relay took more for a message that was sealed, in µs of processors.
    pub gateway_us_more: Option<f64>,
    /// What relay and proxy took more for one that came through the proxy.
    pub proxy_us_more: Option<f64>,
    /// Whether every accepted envelope was delivered; there are no figures when one was not.
    pub verified: bool,
}

/// The three ways.
pub const WAYS: u64 = 3;

/// Does it, so many deposits a second each way.
///
/// # Errors
/// [`Failure`]: no figures.
pub async fn run(programs: &Programs, rate: f64, times: Times, progress: &Progress) -> Result<Oblivious, Failure> {
    let http2 = way(programs, Over::Http2, (rate, times), progress).await?;
    let gateway = way(programs, Over::Oblivious, (rate, times), progress).await?;
    let is_there = programs.url.is_none() || programs.proxy.is_some();
    let proxy = if is_there { Some(way(programs, Over::Proxy, (rate, times), progress).await?) } else { None };
    let more = |online: &Online| Some(online.cpu_us_per_message? - http2.cpu_us_per_message?);
    Ok(Oblivious {
        gateway_us_more: more(&gateway),
        proxy_us_more: proxy.as_ref().and_then(more),
        http2,
        gateway,
        proxy,
        verified: true,
    })
}

async fn way(
    programs: &Programs,
    over: Over,
    (rate, times): (f64, Times),
    progress: &Progress,
) -> Result<Online, Failure> {
    progress.say(match over {
        Over::Websocket => "by WebSocket",
        Over::Http2 => "by HTTP/2",
        Over::Oblivious => "by Oblivious HTTP",
        Over::Proxy => "by Oblivious HTTP, through a proxy",
    });
    let subject = programs.start_for(Kind::Relay, true, over)?;
    let plan = Plan { over, ..Plan::new(Shape::default(), Load::Rate(rate), times) };
    let online = online::run(&subject, &plan).await?;
    progress.step();
    Ok(online)
}

#[cfg(test)]
pub(super) mod tests {
    use std::time::Duration;

    use sealpost_relay::config::{Admin, Config};
    use sealpost_relay::{keys, server::Server};
    use tempfile::TempDir;
    use tokio_util::task::AbortOnDropHandle;

    use super::*;
    use crate::load::client::Target;
    use crate::seal::Opening;
    use crate::subject::Subject;

    /// A relay in this process, as long as this is there.
    pub(in super::super) struct InProcess {
        pub(in super::super) subject: Subject,
        _served: AbortOnDropHandle<()>,
        _directory: TempDir,
    }

    pub(in super::super) async fn relay() -> InProcess {
        let directory = tempfile::tempdir().unwrap();
        let listen = "127.0.0.1:0".parse().unwrap();
        let mut config = Config { listen, admin: Admin::Off, ..Config::default() }.rooted_at(directory.path());
        config.limits.deposits_per_minute = 1_000_000;
        keys::create_operator(&config.operator_key, &mut rand::rng()).unwrap();
        let server = Server::bind(&config).await.unwrap();
        let target = Target::new(server.address().unwrap(), "localhost", true).unwrap();
        let serves = async {
            let _stuck = server.run(std::future::pending::<()>()).await;
        };
        let served = AbortOnDropHandle::new(tokio::spawn(serves));
        InProcess { subject: Subject::at(target, Opening::AtRest), _served: served, _directory: directory }
    }

    /// Four mailboxes of it.
    async fn loaded(over: Over) -> Result<Online, Failure> {
        let shape = Shape { mailboxes: 4, senders: 2, collectors: 2, ..Shape::default() };
        let times = Times { warm_up: Duration::from_millis(100), measured: Duration::from_millis(300) };
        let plan = Plan { over, ..Plan::new(shape, Load::Rate(100.0), times) };
        online::run(&relay().await.subject, &plan).await
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn deposits_that_are_requests_come_sealed_or_not() {
        for over in [Over::Http2, Over::Oblivious] {
            let online = loaded(over).await.unwrap();
            assert!(online.delivered > 0 && online.accept.count > 0, "{over:?}: {online:?}");
        }
    }
}
