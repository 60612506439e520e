//! What the attester posts its messages to.

use std::sync::{Arc, Mutex};

use sealpost_identity::attester::Code;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// Takes messages until it is dropped.
pub(crate) struct Gateway {
    pub(crate) url: String,
    pub(crate) state: Arc<Mutex<State>>,
    serving: JoinHandle<()>,
}

#[derive(Default)]
pub(crate) struct State {
    /// Whole requests.
    pub(crate) received: Vec<String>,
    /// It answers 500.
    pub(crate) fails: bool,
}

impl Gateway {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/send", listener.local_addr().unwrap());
        let state = Arc::<Mutex<State>>::default();
        let serving = tokio::spawn(serve(listener, Arc::clone(&state)));
        Self { url, state, serving }
    }

    /// The code of the last message.
    pub(crate) fn code(&self) -> Code {
        let state = self.state.lock().unwrap();
        let (_, text) = state.received.last().expect("a message").rsplit_once("\"text\":\"").unwrap();
        Code::parse(&text[..Code::DIGITS]).expect("a message begins with its code")
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn serve(listener: TcpListener, state: Arc<Mutex<State>>) {
    loop {
        let (mut stream, _) = listener.accept().await.unwrap();
        let request = read(&mut stream).await;
        let status = {
            let mut state = state.lock().unwrap();
            state.received.push(request);
            if state.fails { 500 } else { 200 }
        };
        let answer = format!("HTTP/1.1 {status} X\r\ncontent-length: 0\r\n\r\n");
        stream.write_all(answer.as_bytes()).await.unwrap();
    }
}

async fn read(stream: &mut TcpStream) -> String {
    let mut request = Vec::new();
    while !request.ends_with(b"}") {
        assert_ne!(stream.read_buf(&mut request).await.unwrap(), 0, "cut off");
    }
    String::from_utf8(request).unwrap()
}
