//! A relay with a directory, its key services and its attester, each a process behind a tap.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use sealpost_wire::RelayRef;
use sealpost_wire::manifest::{self, Manifest, SignedManifest};
use serde_json::Value;

use crate::person::{NOT_YET, Person};
use crate::server::{Role, Server, Settings, free_port};
use crate::slow_line::SlowLine;
use crate::stranger::Stranger;
use crate::tap::{Connection, Seen, Tap};
use crate::{Result, wait};

const OPEN: Duration = Duration::from_secs(30);

/// What a deployment consists of.
#[derive(Debug, Clone)]
pub struct Plan {
    /// How many key services there are, up to two.
    pub key_services: usize,
    /// Whether a number has to be proved.
    pub attested: bool,
    /// Whether there is a proxy to the relay and the key services.
    pub proxied: bool,
    /// The cost of the slow hash: MiB and passes.
    pub argon2: (u32, u32),
    /// How long the line to the last key service takes for whatever it carries; none is as fast as the machine.
    pub slow_line: Option<Duration>,
    /// What is added to the time of day of all servers: see [`clock::jump`](crate::clock::jump).
    pub clock: Option<String>,
    /// Options of the relay besides.
    pub relay: Vec<(&'static str, String)>,
    /// Options of each key service besides.
    pub keys: Vec<(&'static str, String)>,
}

/// Servers that run, and what is seen of them.
pub struct Deployment {
    /// The relay with the directory.
    pub relay: Watched,
    /// The key services.
    pub key_services: Vec<Watched>,
    /// The attester, if there is one.
    pub attester: Option<Watched>,
    /// The proxy, if there is one.
    pub proxy: Option<Watched>,
    argon2: (u32, u32),
    sms: PathBuf,
}

/// A server, and the tap at the address that it is known by.
pub struct Watched {
    /// The server.
    pub server: Server,
    /// The tap.
    pub tap: Tap,
    _line: Option<SlowLine>,
}

/// As it is meant to be, but for a hash that is the cheapest a client takes: two key services and an attester.
impl Default for Plan {
    fn default() -> Self {
        Self {
            key_services: 2,
            attested: true,
            proxied: false,
            argon2: (19, 2),
            slow_line: None,
            clock: None,
            relay: Vec::new(),
            keys: Vec::new(),
        }
    }
}

impl Deployment {
    /// Makes all servers below `directory`, has each told of the others, and starts them.
    ///
    /// # Errors
    /// When one does not start.
    pub fn start(directory: &Path, plan: &Plan) -> Result<Self> {
        let watched = |name: &str, role, options| Watched::init(&directory.join(name), role, options, None);
        let key_service = |n| {
            let line = plan.slow_line.filter(|_| n == plan.key_services);
            Watched::init(&directory.join(format!("keys-{n}")), Role::KeyService, plan.keys.clone(), line)
        };
        let key_services = (1..=plan.key_services).map(key_service).collect::<Result<Vec<_>>>()?;
        let relay = watched("relay", Role::Relay, plan.relay.clone())?;
        let attester = plan.attested.then(|| watched("attester", Role::Attester, vec![]));
        let (attester, sms) = (attester.transpose()?, directory.join("sms.jsonl"));
        let proxy = plan.proxied.then(|| watched("proxy", Role::Proxy, vec![])).transpose()?;
        let mut deployment = Self { relay, key_services, attester, proxy, argon2: plan.argon2, sms };
        deployment.acquaint(plan)?;
        deployment.set_clock(plan.clock.as_deref());
        deployment.start_all()?;
        Ok(deployment)
    }

    /// Ends all servers, and starts them at another time of day.
    ///
    /// # Errors
    /// When one does not end or start.
    pub fn restart_at(&mut self, jump: &str) -> Result<()> {
        self.all_mut().try_for_each(|watched| watched.server.stop())?;
        self.set_clock(Some(jump));
        self.start_all()
    }

    fn set_clock(&mut self, jump: Option<&str>) {
        let Some(jump) = jump else { return };
        self.all_mut().for_each(|watched| watched.server.set_clock(jump));
    }

    fn start_all(&mut self) -> Result<()> {
        self.key_services.iter_mut().try_for_each(|service| service.server.start())?;
        self.relay.server.start()?;
        self.wait_until_open()?;
        self.attester.iter_mut().chain(&mut self.proxy).try_for_each(|other| other.server.start())
    }

    fn all_mut(&mut self) -> impl Iterator<Item = &mut Watched> {
        self.key_services.iter_mut().chain([&mut self.relay]).chain(&mut self.attester).chain(&mut self.proxy)
    }

    /// The directory asks its key services once it serves. An attester that comes before it has looks again a minute later.
    fn wait_until_open(&self) -> Result<()> {
        wait::until("the directory opens the epoch of the day", OPEN, || {
            Ok(self.manifest()?.directory.filter(|directory| !directory.epochs.is_empty()).map(drop))
        })
    }

    /// What the relay says of itself.
    ///
    /// # Errors
    /// When it is not reached.
    pub fn manifest(&self) -> Result<Manifest> {
        let relay: RelayRef = self.reference().parse().map_err(|_| "no reference")?;
        let signed: SignedManifest =
            serde_json::from_slice(&Stranger::at(&self.relay.server)?.get(manifest::PATH)?.body)?;
        let verified = signed.verify(&relay.host, &relay.operator).map_err(|_| "it is not the relay's manifest")?;
        Ok(verified.manifest)
    }

    /// Everyone's configuration names the others.
    fn acquaint(&self, plan: &Plan) -> Result<()> {
        let quoted = |text: &str| format!("\"{text}\"");
        let services: Vec<_> = self.key_services.iter().map(|service| quoted(service.server.reference())).collect();
        let mut directory = vec![
            ("directory.enabled", "true".to_owned()),
            ("directory.key_services", format!("[{}]", services.join(", "))),
            ("directory.hash_memory", quoted(&format!("{} MiB", plan.argon2.0))),
            ("directory.hash_passes", plan.argon2.1.to_string()),
        ];
        if let Some(attester) = &self.attester {
            let reference = quoted(attester.server.reference());
            directory.push(("directory.attester", reference.clone()));
            for service in &self.key_services {
                service.server.set(&[("key_service.attester", reference.clone())])?;
            }
            // The file stands for the telephone network: it is not on the attester's disk.
            let sms = quoted(&self.sms.to_string_lossy());
            attester.server.set(&[("directory", quoted(self.relay.server.reference())), ("gateway.file", sms)])?;
        }
        if let Some(proxy) = &self.proxy {
            let gateways = services.iter().cloned().chain([quoted(self.reference())]).collect::<Vec<_>>().join(", ");
            proxy.server.set(&[("ohttp_proxy.gateways", format!("[{gateways}]"))])?;
        }
        self.relay.server.set(&directory)
    }

    /// All servers, those first whom the others ask.
    pub fn all(&self) -> impl Iterator<Item = &Watched> {
        self.key_services.iter().chain([&self.relay]).chain(&self.attester).chain(&self.proxy)
    }

    /// The cost of the slow hash: MiB and passes.
    #[must_use]
    pub const fn argon2(&self) -> (u32, u32) {
        self.argon2
    }

    /// What opt-in wants.
    #[must_use]
    pub fn reference(&self) -> &str {
        self.relay.server.reference()
    }

    /// Publishes a number, as somebody does who reads the code off a phone; returns what the program shows, also when it
    /// is not listed yet.
    ///
    /// # Errors
    /// When it does not end so.
    pub fn publish(&self, person: &Person, number: &str) -> Result<Value> {
        self.prove_with(person, &["publish", "--i-consent", number])
    }

    /// Proves a number without publishing it, to look others up.
    ///
    /// # Errors
    /// When it does not end well.
    pub fn prove(&self, person: &Person, number: &str) -> Result<Value> {
        self.prove_with(person, &["publish", "--unlisted", "--i-consent", number])
    }

    /// Runs a command that ends with a number twice: it asks for a code, and then has one.
    fn prove_with(&self, person: &Person, command: &[&str]) -> Result<Value> {
        let (Some(number), Some(_)) = (command.last(), &self.attester) else { return person.begin(command) };
        let asked = person.attempt(command)?;
        if asked.status.code() != Some(NOT_YET) {
            return Err(format!("{} asked for a code: {}", person.name(), asked.status).into());
        }
        person.begin(&[command, &["--code", &self.code(number)?]].concat())
    }

    /// The last code that came to a number.
    ///
    /// # Errors
    /// When none did.
    pub fn code(&self, number: &str) -> Result<String> {
        let messages = fs::read_to_string(&self.sms)?;
        let messages = messages.lines().rev().map(serde_json::from_str::<Value>);
        let text = messages.flatten().find(|message| message.get("to").is_some_and(|to| to == number));
        let text = text.as_ref().and_then(|message| message.get("text")?.as_str()).ok_or("no code came")?.to_owned();
        let digits = text.split(|letter: char| !letter.is_ascii_digit()).find(|digits| digits.len() == 6);
        digits.map(str::to_owned).ok_or_else(|| "there is no code in the message".into())
    }
}

impl Watched {
    /// Makes a server behind a tap, and perhaps a slow line. It does not run yet.
    ///
    /// # Errors
    /// When its program refuses.
    pub fn init(
        directory: &Path,
        role: Role,
        options: Vec<(&'static str, String)>,
        slow_line: Option<Duration>,
    ) -> Result<Self> {
        let port = free_port()?;
        let mut settings = Settings { role, public_port: Some(port), options };
        settings.options.push(("log.level", "\"trace\"".to_owned()));
        let server = Server::init(directory, &settings)?;
        let line = slow_line.map(|delay| SlowLine::to(&server, delay)).transpose()?;
        let tap = match &line {
            Some(line) => Tap::start(port, line)?,
            None => Tap::start(port, &server)?,
        };
        Ok(Self { server, tap, _line: line })
    }

    /// What it was sent.
    #[must_use]
    pub fn seen(&self) -> Vec<Seen> {
        self.tap.connections().iter().flat_map(Connection::requests).collect()
    }

    /// The bodies of what was sent to one path.
    #[must_use]
    pub fn sent_to(&self, path: &str) -> Vec<Vec<u8>> {
        self.seen().into_iter().filter(|seen| seen.path == path).map(|seen| seen.body).collect()
    }
}
