//! Chromium without a window, told what to do by its DevTools protocol.

use std::fs;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use data_encoding::BASE64;
use futures_util::{SinkExt, StreamExt};
use http::Request;
use http_body_util::{BodyExt, Full};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;

use crate::relay::PATIENCE;

/// What it shows, in pixels.
const SIZE: (u32, u32) = (1360, 1240);

pub(crate) struct Browser {
    child: Child,
    socket: WebSocketStream<TcpStream>,
    count: u64,
    _profile: TempDir,
}

impl Browser {
    pub(crate) async fn start() -> Self {
        let profile = tempfile::tempdir().unwrap();
        // Its own sandbox wants namespaces that a container may not have; the page is ours.
        let child = Command::new("chromium")
            .args(["--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--no-first-run"])
            .args(["--remote-debugging-port=0", "--force-device-scale-factor=1", "about:blank"])
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .arg(format!("--window-size={},{}", SIZE.0, SIZE.1))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("there is no Chromium: cargo xtask page");
        let port = timeout(PATIENCE * 2, debugging_port(&profile)).await.expect("Chromium does not start");
        let stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
        let (socket, _) = tokio_tungstenite::client_async(page_of(port).await, stream).await.unwrap();
        let mut browser = Self { child, socket, count: 0, _profile: profile };
        for domain in ["Page.enable", "Runtime.enable", "Log.enable"] {
            browser.ask(domain, json!({})).await;
        }
        let metrics = json!({"width": SIZE.0, "height": SIZE.1, "deviceScaleFactor": 1, "mobile": false});
        browser.ask("Emulation.setDeviceMetricsOverride", metrics).await;
        browser
    }

    pub(crate) async fn visit(&mut self, url: &str) {
        self.ask("Page.navigate", json!({"url": url})).await;
    }

    /// What an expression is, as text.
    pub(crate) async fn text(&mut self, expression: &str) -> String {
        let answer = self.ask("Runtime.evaluate", json!({"expression": expression})).await;
        answer["result"]["value"].as_str().unwrap_or_default().to_owned()
    }

    /// Has it prefer a colour scheme.
    pub(crate) async fn prefer(&mut self, scheme: &str) {
        let features = json!({"features": [{"name": "prefers-color-scheme", "value": scheme}]});
        self.ask("Emulation.setEmulatedMedia", features).await;
    }

    pub(crate) async fn picture(&mut self) -> Vec<u8> {
        let answer = self.ask("Page.captureScreenshot", json!({"format": "png"})).await;
        BASE64.decode(answer["data"].as_str().unwrap().as_bytes()).unwrap()
    }

    pub(crate) async fn end(mut self) {
        self.ask("Browser.close", json!({})).await;
        let _ended = self.child.wait();
    }

    /// Asks, and fails at whatever the browser complains of meanwhile.
    async fn ask(&mut self, method: &str, params: Value) -> Value {
        self.count += 1;
        let (id, question) = (self.count, json!({"id": self.count, "method": method, "params": params}));
        self.socket.send(Message::text(question.to_string())).await.unwrap();
        loop {
            let said = timeout(PATIENCE, self.socket.next()).await.expect("Chromium says nothing").unwrap().unwrap();
            let Ok(said) = serde_json::from_str::<Value>(said.to_text().unwrap_or_default()) else { continue };
            refuse_complaint(&said);
            if said["id"] == id {
                assert!(said["error"].is_null(), "{method}: {said}");
                return said["result"].clone();
            }
        }
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _ended_before = self.child.kill();
        let _reaped = self.child.wait();
    }
}

/// A script that failed, or what the page's own policy forbade. That a server is gone, or has no picture for the tab, is none.
fn refuse_complaint(said: &Value) {
    let entry = &said["params"]["entry"];
    let is_of_network = entry["source"] == "network";
    let failed = said["method"] == "Runtime.exceptionThrown";
    assert!(!failed && (entry["level"] != "error" || is_of_network), "the browser complains: {said}");
}

async fn debugging_port(profile: &TempDir) -> u16 {
    loop {
        let text = fs::read_to_string(profile.path().join("DevToolsActivePort")).unwrap_or_default();
        if let Some(port) = text.lines().next().and_then(|line| line.parse().ok()) {
            return port;
        }
        sleep(Duration::from_millis(50)).await;
    }
}

/// Where to speak with its first page.
async fn page_of(port: u16) -> String {
    loop {
        let stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
        let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.unwrap();
        tokio::spawn(connection);
        let request = Request::get("/json/list").header("host", "localhost").body(Full::<bytes::Bytes>::default());
        let body = sender.send_request(request.unwrap()).await.unwrap().into_body().collect().await.unwrap().to_bytes();
        let list: Value = serde_json::from_slice(&body).unwrap();
        let page = list.as_array().and_then(|list| list.iter().find(|target| target["type"] == "page"));
        if let Some(url) = page.and_then(|page| page["webSocketDebuggerUrl"].as_str()) {
            return url.to_owned();
        }
        sleep(Duration::from_millis(50)).await;
    }
}
