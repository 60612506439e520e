//! The servers of discovery besides the relay: a key service and an attester, each behind a tap that writes the same
//! capture.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::device::Device;
use super::server::{Kind, Server};
use crate::Trouble;
use crate::tap::{Tap, Writer};

/// The exit code of `sealpost publish` that waits for a code.
const NOT_YET: i32 = 5;

/// Both, and what stands for the telephone network.
pub(super) struct Others {
    pub(super) key_service: Server,
    pub(super) attester: Server,
    _taps: [Tap; 2],
    sms: PathBuf,
}

impl Others {
    /// Makes both for a relay's directory, and has all three told of each other. They do not run yet.
    pub(super) fn init(
        programs: [&Path; 2],
        directory: &Path,
        relay: &Server,
        writer: &Writer,
    ) -> Result<Self, Trouble> {
        let [of_relay, of_attester] = programs;
        let key_service = Server::init(of_relay, Kind::KeyService, &directory.join("keys"))?;
        let attester = Server::init(of_attester, Kind::Attester, &directory.join("attester"))?;
        let quoted = |text: &str| format!("\"{text}\"");
        // What stands for the telephone network is not on the attester's disk.
        let sms = directory.join("sms.jsonl");
        relay.set("directory", "key_services", &format!("[{}]", quoted(key_service.reference())))?;
        relay.set("directory", "attester", &quoted(attester.reference()))?;
        key_service.set("key_service", "attester", &quoted(attester.reference()))?;
        attester.set("", "directory", &quoted(relay.reference()))?;
        attester.set("gateway", "file", &quoted(&sms.to_string_lossy()))?;
        let tap = |server: &Server| Tap::start_writing(server.public().port(), server, Some(writer.clone()));
        let taps = [tap(&key_service)?, tap(&attester)?];
        Ok(Self { key_service, attester, _taps: taps, sms })
    }

    /// Where clients reach the attester, who is told a number.
    pub(super) fn attesters(&self) -> Vec<SocketAddr> {
        vec![self.attester.public()]
    }

    pub(super) fn stop(&mut self) -> Result<(), Trouble> {
        self.attester.stop()?;
        self.key_service.stop()
    }

    /// Has a device prove its number, as somebody does who reads the code off a phone.
    pub(super) fn prove(&self, device: &Device, arguments: &[&str]) -> Result<(), Trouble> {
        let number = device.phone.number.clone();
        let asking = [arguments, &[&number]].concat();
        let asked = device.command(&asking)?.output()?.status;
        if asked.code() != Some(NOT_YET) {
            return Err(format!("sealpost publish did not wait for a code: {asked}").into());
        }
        device.call(&[&asking[..], &["--code", &self.code(&number)?]].concat()).map(drop)
    }

    /// The last code that came to a number.
    fn code(&self, number: &str) -> Result<String, Trouble> {
        let messages = fs::read_to_string(&self.sms)?;
        let mut messages = messages.lines().rev().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        let to_it = messages.find(|message| message.get("to").is_some_and(|to| to == number));
        let text = to_it.as_ref().and_then(|message| message.get("text")?.as_str()).ok_or("no code came")?;
        let mut digits = text.split(|letter: char| !letter.is_ascii_digit());
        let code = digits.find(|digits| digits.len() == 6).ok_or("there is no code in the message")?;
        Ok(code.to_owned())
    }
}
