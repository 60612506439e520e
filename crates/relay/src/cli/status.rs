//! `sealpost-relay status`

mod page;

use std::time::Duration;

use clap::Args;
use http::{Method, StatusCode};
use sealpost_wire::time::Hour;
use serde::Serialize;
use tokio::runtime::Runtime;

use self::page::Page;
use super::epoch::calendar::date;
use super::running::Running;
use super::{ConfigFile, Failure, say, say_json};
use crate::config::{self, Admin, Backend, Config, Role};
use crate::program::directory::{EPOCHS, ShownEpoch};

/// Ask the running server how it is.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  sealpost-relay status
  sealpost-relay status --seconds 10 --json

Asks the admin listener twice, so many seconds apart; rates and latency are of the time between.
Numbers are of the whole server. Where none runs, it says so, and the exit code is 1. With
--json, one line, without what this kind of server does not have; `since` is the hour of UTC in
which it was started:
  {\"running\":true,\"ready\":true,\"version\":…,\"since\":\"2026-11-28T03\",\"store\":\"embedded\"|\"redis\",
   \"connections\":…,\"subscriptions\":…,\"store_bytes\":…,\"in_flight_bytes\":…,\"epochs\":[…],
   \"seconds\":…,\"requests_per_second\":…,\"accepted_per_second\":…,\"delivered_per_second\":…,
   \"batch_mean_ms\":…,\"batch_p99_ms\":…}")]
pub(super) struct Status {
    #[command(flatten)]
    file: ConfigFile,
    /// Between the two times that it is asked.
    #[arg(long, value_name = "SECONDS", default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=60))]
    seconds: u8,
    /// Answer in JSON.
    #[arg(long)]
    json: bool,
}

/// How the server is. What it does not have is none.
#[derive(Debug, Serialize, PartialEq)]
struct Shown {
    running: bool,
    ready: bool,
    version: Option<String>,
    since: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    store: Option<Backend>,
    connections: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    subscriptions: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    store_bytes: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    in_flight_bytes: Option<f64>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    epochs: Vec<u32>,
    seconds: u8,
    requests_per_second: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    accepted_per_second: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    delivered_per_second: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    batch_mean_ms: Option<f64>,
    /// The bucket that it is in ends here; none for the last one, which ends nowhere.
    #[serde(skip_serializing_if = "Option::is_none")]
    batch_p99_ms: Option<f64>,
}

/// That there is nobody to ask.
#[derive(Serialize)]
struct NotRunning {
    running: bool,
}

impl Status {
    pub(super) fn run(&self) -> Result<(), Failure> {
        let config = config::load(&self.file.config)?;
        if config.admin == Admin::Off {
            return Err(Failure::NoAdmin);
        }
        let runtime = Runtime::new().map_err(Failure::system("starting the runtime"))?;
        match runtime.block_on(self.look(&config)) {
            Ok(shown) if self.json => say_json(&shown),
            Ok(shown) => tell(&shown),
            Err(failure) => {
                if self.json && matches!(failure, Failure::NotRunning) {
                    say_json(&NotRunning { running: false });
                }
                return Err(failure);
            }
        }
        Ok(())
    }

    async fn look(&self, config: &Config) -> Result<Shown, Failure> {
        let earlier = page(config).await?;
        tokio::time::sleep(Duration::from_secs(self.seconds.into())).await;
        let (ready, _) = ask(config, "/ready").await?;
        let epochs = if config.directory.enabled { epochs(config).await? } else { Vec::new() };
        Ok(shown(config, ready == StatusCode::OK, (&earlier, &page(config).await?), (self.seconds, epochs)))
    }
}

fn shown(config: &Config, ready: bool, (earlier, now): (&Page, &Page), (seconds, epochs): (u8, Vec<u32>)) -> Shown {
    const BATCH: &str = "sealpost_deposit_batch_seconds";
    let rate = |name: &str| Some((now.sum(name)? - earlier.sum(name)?) / f64::from(seconds));
    let in_ms = |seconds: f64| seconds * 1_000.0;
    Shown {
        running: true,
        ready,
        version: now.label("sealpost_build_info", "version").map(str::to_owned),
        since: now.sum("sealpost_started_hour").map(|hour| written(Hour(hour as u32))),
        store: (config.role == Role::Relay).then_some(config.store.backend),
        connections: now.sum("sealpost_connections"),
        subscriptions: now.sum("sealpost_subscriptions"),
        store_bytes: now.sum("sealpost_store_bytes"),
        in_flight_bytes: now.sum("sealpost_in_flight_bytes"),
        epochs,
        seconds,
        requests_per_second: rate("sealpost_requests_total"),
        accepted_per_second: rate("sealpost_deposits_accepted_total"),
        delivered_per_second: rate("sealpost_envelopes_delivered_total"),
        batch_mean_ms: now.mean(BATCH, earlier).map(in_ms),
        batch_p99_ms: now.quantile(BATCH, 0.99, earlier).map(in_ms),
    }
}

/// An hour, `2026-11-28T03` (ISO 8601).
fn written(hour: Hour) -> String {
    format!("{}T{:02}", date(hour.day()), hour.0 % 24)
}

async fn ask(config: &Config, path: &str) -> Result<(StatusCode, bytes::Bytes), Failure> {
    let running = Running::find(config).await?.ok_or(Failure::NotRunning)?;
    running.ask(Method::GET, path).await
}

async fn page(config: &Config) -> Result<Page, Failure> {
    let (status, body) = ask(config, "/metrics").await?;
    let text = std::str::from_utf8(&body).ok().filter(|_| status == StatusCode::OK);
    text.map(Page::parse).filter(Page::is_ours).ok_or(Failure::NotARelay)
}

/// The epochs that the directory has open.
async fn epochs(config: &Config) -> Result<Vec<u32>, Failure> {
    let (_, body) = ask(config, EPOCHS).await?;
    let all: Vec<ShownEpoch> = serde_json::from_slice(&body).unwrap_or_default();
    Ok(all.into_iter().filter(|epoch| epoch.descriptor.is_some()).map(|epoch| epoch.epoch.0).collect())
}

fn tell(shown: &Shown) {
    lines(shown).into_iter().for_each(say);
}

fn lines(shown: &Shown) -> Vec<String> {
    let number = |number: f64| format!("{number:.0}");
    let size = |bytes: f64| bytesize::ByteSize(bytes as u64).to_string();
    let rate = |rate: f64| format!("{rate:.1} a second");
    let epochs = shown.epochs.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    let store = shown.store.map(|store| if store == Backend::Redis { "Redis" } else { "files" }.to_owned());
    let ready = if shown.ready { "ready" } else { "NOT READY: its store is out, or it is stopping" };
    let latency = shown.batch_mean_ms.map(|mean| match shown.batch_p99_ms {
        Some(p99) => format!("{mean:.1} ms in the mean, 99 of 100 within {p99} ms"),
        None => format!("{mean:.1} ms in the mean"),
    });
    let all = [
        ("server", Some(format!("{ready}, version {}", shown.version.as_deref().unwrap_or("unknown")))),
        ("since", shown.since.clone()),
        ("store", store),
        ("store size", shown.store_bytes.map(size)),
        ("connections", shown.connections.map(number)),
        ("subscriptions", shown.subscriptions.map(number)),
        ("waiting for the store", shown.in_flight_bytes.map(size)),
        ("epochs", (!epochs.is_empty()).then_some(epochs)),
        ("requests", shown.requests_per_second.map(rate)),
        ("accepted", shown.accepted_per_second.map(rate)),
        ("delivered", shown.delivered_per_second.map(rate)),
        ("batch of deposits", latency),
    ];
    all.into_iter().filter_map(|(name, value)| Some(format!("{name:22} {}", value?))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = "\
# HELP sealpost_connections Connections there are
sealpost_connections 3
sealpost_subscriptions 2
sealpost_build_info{version=\"0.1.0\"} 1
sealpost_started_hour 498867
sealpost_store_bytes 10485760
sealpost_in_flight_bytes 4096
sealpost_requests_total{kind=\"deposit\",answer=\"done\"} 10
sealpost_requests_total{kind=\"collect\",answer=\"done\"} 10
sealpost_deposits_accepted_total 10
sealpost_envelopes_delivered_total 8
sealpost_deposit_batch_seconds_bucket{le=\"0.001\"} 2
sealpost_deposit_batch_seconds_bucket{le=\"0.01\"} 4
sealpost_deposit_batch_seconds_bucket{le=\"+Inf\"} 4
sealpost_deposit_batch_seconds_sum 0.01
sealpost_deposit_batch_seconds_count 4
";

    #[test]
    fn what_is_shown_is_as_reviewed() {
        let later = PAGE.replace("done\"} 10", "done\"} 15").replace("_total 8", "_total 28");
        let pages = (&Page::parse(PAGE), &Page::parse(&later));
        let shown = shown(&Config::default(), true, pages, (2, vec![222]));
        insta::assert_snapshot!(lines(&shown).join("\n"));
        insta::assert_snapshot!(serde_json::to_string(&shown).unwrap());
    }
}
