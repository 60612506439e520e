//! What `init` asks where it is not told and a person is there.

use std::fmt::Display;
use std::io::{self, BufRead, Write};
use std::net::SocketAddr;
use std::str::FromStr;

use clap::ValueEnum;
use sealpost_wire::RelayHost;

use crate::config::{Backend, Role};

/// What is to be known before anything is written; none of it where nobody was asked.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct Answers {
    pub(super) role: Option<Role>,
    pub(super) listen: Option<SocketAddr>,
    pub(super) host: Option<RelayHost>,
    pub(super) region: Option<String>,
    pub(super) backend: Option<Backend>,
    /// With a store in Redis: the server.
    pub(super) redis: Option<String>,
}

/// Somebody who is asked, line by line.
pub(super) struct Person<R, W> {
    input: R,
    output: W,
}

impl<R: BufRead, W: Write> Person<R, W> {
    pub(super) const fn new(input: R, output: W) -> Self {
        Self { input, output }
    }

    /// Asks for whatever `told` does not say.
    pub(super) fn ask(&mut self, told: Answers) -> io::Result<Answers> {
        let role = match told.role {
            Some(role) => role,
            None => self.role()?,
        };
        let listen = match told.listen {
            Some(listen) => listen,
            None => self.listen()?,
        };
        let host = match told.host {
            Some(host) => host,
            None => self.host(listen)?,
        };
        let region = match told.region {
            Some(region) => region,
            None => self.one("Where is its data kept, in your words, such as eu-de?", Some("unstated"), |text| {
                Some(text.to_owned())
            })?,
        };
        let (backend, redis) = match (role, told.backend) {
            (Role::Relay, None) => self.backend()?,
            (_, backend) => (backend.unwrap_or(Backend::Embedded), told.redis),
        };
        let (role, listen, host, region) = (Some(role), Some(listen), Some(host), Some(region));
        Ok(Answers { role, listen, host, region, backend: Some(backend), redis })
    }

    fn role(&mut self) -> io::Result<Role> {
        let read = |text: &str| Role::from_str(text, true).ok();
        self.one("What is it to be: relay, key-service or ohttp-proxy?", Some("relay"), read)
    }

    fn listen(&mut self) -> io::Result<SocketAddr> {
        let question = "Where do clients connect, as in 0.0.0.0:8443, or from this machine alone?";
        self.one(question, Some("127.0.0.1:8443"), parsed)
    }

    fn host(&mut self, listen: SocketAddr) -> io::Result<RelayHost> {
        let local = listen.ip().is_loopback().then(|| format!("localhost:{}", listen.port()));
        let question = format!("By which name and port do they reach it, as in relay.example.org:{}?", listen.port());
        self.one(&question, local.as_deref(), parsed)
    }

    fn backend(&mut self) -> io::Result<(Backend, Option<String>)> {
        let read = |text: &str| match text {
            "files" => Some((Backend::Embedded, None)),
            url => (url.starts_with("redis://") || url.starts_with("rediss://"))
                .then(|| (Backend::Redis, Some(url.to_owned()))),
        };
        self.one("Where does it keep things: files, or redis://HOST:PORT?", Some("files"), read)
    }

    /// Asks until there is an answer that can be read; nothing stands for `usual`.
    fn one<T>(&mut self, question: &str, usual: Option<&str>, read: impl Fn(&str) -> Option<T>) -> io::Result<T> {
        loop {
            let shown = usual.map(|usual| format!(" [{usual}]")).unwrap_or_default();
            write!(self.output, "{question}{shown} ")?;
            self.output.flush()?;
            let mut line = String::new();
            if self.input.read_line(&mut line)? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            let answer = Some(line.trim()).filter(|answer| !answer.is_empty()).or(usual);
            if let Some(value) = answer.and_then(&read) {
                return Ok(value);
            }
            self.say("That is none.")?;
        }
    }

    fn say(&mut self, text: impl Display) -> io::Result<()> {
        writeln!(self.output, "{text}")
    }
}

fn parsed<T: FromStr>(text: &str) -> Option<T> {
    text.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(told: Answers, lines: &str) -> (io::Result<Answers>, String) {
        let mut shown = Vec::new();
        let answers = Person::new(lines.as_bytes(), &mut shown).ask(told);
        (answers, String::from_utf8(shown).unwrap())
    }

    #[test]
    fn five_questions_have_answers_of_their_own() {
        let (answers, shown) = asked(Answers::default(), "\n\n\n\n\n");
        let expected = Answers {
            role: Some(Role::Relay),
            listen: Some("127.0.0.1:8443".parse().unwrap()),
            host: Some("localhost:8443".parse().unwrap()),
            region: Some("unstated".to_owned()),
            backend: Some(Backend::Embedded),
            redis: None,
        };
        assert_eq!((answers.unwrap(), shown.matches('?').count()), (expected, 5));
    }

    #[test]
    fn what_cannot_be_read_is_asked_again_and_what_was_told_is_not_asked() {
        let told = Answers { role: Some(Role::Relay), region: Some("fi".to_owned()), ..Answers::default() };
        let lines = "nowhere\n0.0.0.0:443\n\nrelay.example.org:443\nredis:6379\nrediss://redis.example.org:6379\n";
        let (answers, shown) = asked(told, lines);
        let answers = answers.unwrap();
        assert_eq!(answers.host, Some("relay.example.org:443".parse().unwrap()));
        assert_eq!(
            (answers.backend, answers.redis.as_deref()),
            (Some(Backend::Redis), Some("rediss://redis.example.org:6379"))
        );
        assert_eq!(shown.matches("That is none.").count(), 3);
        assert!(!shown.contains("in your words"));
    }

    #[test]
    fn a_key_service_is_not_asked_where_it_keeps_things_and_an_end_is_no_answer() {
        let (answers, _) = asked(Answers::default(), "key-service\n\n\n\n");
        assert_eq!(answers.unwrap().backend, Some(Backend::Embedded));
        assert!(asked(Answers::default(), "relay\n").0.is_err());
    }
}
