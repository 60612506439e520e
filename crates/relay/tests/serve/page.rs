//! The page at the admin listener, in a browser: `cargo xtask page` installs one and runs these.

mod browser;
mod bustle;

use std::path::PathBuf;
use std::time::Duration;

use http::{Method, StatusCode};
use sealpost_relay::config::Role;
use tokio::time::{sleep, timeout};

use crate::admin::admin;
use crate::page::browser::Browser;
use crate::page::bustle::bustle;
use crate::relay::{PATIENCE, TestRelay};

/// How long the page looks on before it is judged; set for a picture with more to see.
const SECONDS: &str = "SEALPOST_PAGE_SECONDS";
/// Where the pictures go; nowhere, unless set.
const PICTURES: &str = "SEALPOST_PAGE_PICTURES";

async fn until(browser: &mut Browser, expression: &str, expected: &str) {
    let there = async {
        while browser.text(expression).await != expected {
            sleep(Duration::from_millis(100)).await;
        }
    };
    timeout(PATIENCE, there).await.unwrap_or_else(|_| panic!("{expression} is not {expected}"));
}

const STATE: &str = "document.getElementById('state').textContent";
const TILES: &str = "[...document.querySelectorAll('.tile p')].map(tile => tile.textContent).join('|')";
const CURVES: &str = "String(document.querySelectorAll('.chart .curve').length)";
const GROUND: &str = "getComputedStyle(document.body).backgroundColor";

#[tokio::test]
async fn the_page_is_there_and_a_foreign_one_is_not_let_in() {
    let relay = TestRelay::start().await;
    let (status, text) = admin(&relay, Method::GET, "/", None).await;
    assert_eq!(status, StatusCode::OK);
    assert!(text.contains("<title>Sealpost</title>"));
    assert_eq!(admin(&relay, Method::GET, "/", Some("https://example.org")).await.0, StatusCode::FORBIDDEN);
    relay.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Chromium: cargo xtask page"]
async fn the_page_draws_what_a_relay_does_in_light_and_in_dark() {
    let relay = TestRelay::start().await;
    let mut browser = Browser::start().await;
    let busy = bustle(&relay).await;
    browser.visit(&format!("http://{}/", relay.admin)).await;
    until(&mut browser, "document.title", "Sealpost relay").await;
    until(&mut browser, STATE, "ready").await;
    let seconds = std::env::var(SECONDS).ok().and_then(|text| text.parse().ok()).unwrap_or(9);
    sleep(Duration::from_secs(seconds)).await;
    let tiles = browser.text(TILES).await;
    assert!(tiles.split('|').count() >= 8, "{tiles}");
    assert!(tiles.split('|').all(|tile| !tile.is_empty() && tile != "–"), "{tiles}");
    assert!(browser.text(CURVES).await.parse::<u32>().unwrap() >= 12);
    let mut grounds = Vec::new();
    for scheme in ["light", "dark"] {
        browser.prefer(scheme).await;
        grounds.push(browser.text(GROUND).await);
        let picture = browser.picture().await;
        assert!(picture.starts_with(b"\x89PNG") && picture.len() > 20_000);
        if let Ok(directory) = std::env::var(PICTURES) {
            let name = if scheme == "dark" { "dashboard.png" } else { "dashboard-light.png" };
            std::fs::write(PathBuf::from(directory).join(name), picture).unwrap();
        }
    }
    assert_ne!(grounds[0], grounds[1]);
    busy.abort();
    relay.stop().await;
    until(&mut browser, STATE, "does not answer").await;
    browser.end().await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Chromium: cargo xtask page"]
async fn the_page_knows_a_key_service_and_a_proxy() {
    let mut browser = Browser::start().await;
    for (role, title) in [(Role::KeyService, "Sealpost key service"), (Role::OhttpProxy, "Sealpost proxy")] {
        let server = TestRelay::start_with(|config| config.role = role).await;
        browser.visit(&format!("http://{}/", server.admin)).await;
        until(&mut browser, "document.title", title).await;
        server.stop().await;
    }
    browser.end().await;
}
