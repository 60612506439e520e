//! Three people behind a proxy, of whom one knows both others; what they do is written down as they do it.

use std::thread::sleep;
use std::time::{Duration, Instant};

use sealpost_adversary::script::{Act, Script};
use sealpost_audit::oblivious::GatewayKeys;
use sealpost_client::policy::Pace;
use sealpost_tests::Result;
use sealpost_tests::deployment::{Deployment, Plan};
use sealpost_tests::person::{Listener, Person, Way};
use sealpost_wire::MailboxId;
use tempfile::TempDir;

use super::super::company::PATIENCE;
use super::view::{Mark, View};

/// How fast clocks go here.
pub(super) struct Speed {
    background: &'static str,
    millis: u64,
}

pub(super) const PACE: Speed = Speed { background: "1500ms", millis: 1_500 };

const NAMES: [&str; 3] = ["Alice", "Bob", "Carol"];
/// Who knows whom.
const TIES: [[usize; 2]; 2] = [[0, 1], [0, 2]];
/// What is said, by acquaintance and end, and whether it is long.
const SAID: [(usize, usize, bool); 8] = [
    (0, 0, false),
    (0, 1, false),
    (0, 0, true),
    (1, 1, false),
    (0, 1, false),
    (1, 0, false),
    (0, 0, false),
    (0, 1, true),
];
/// From one text to the next.
const PAUSE: Duration = Duration::from_secs(2);
/// What takes the next class.
const LONG: usize = 6_000;

/// What was played.
pub(super) struct Stage {
    pub(super) script: Script,
    servers: Deployment,
    mark: Mark,
    /// By acquaintance and end.
    mailboxes: Vec<[MailboxId; 2]>,
    _directory: TempDir,
}

/// The people, while they are there.
struct Cast {
    servers: Deployment,
    people: Vec<Person>,
    listeners: Vec<Listener>,
}

impl Speed {
    pub(super) fn pace(&self) -> Pace {
        Pace::around(Duration::from_millis(self.millis))
    }
}

impl Stage {
    /// Plays the script, with mailboxes collected by this policy.
    pub(super) fn play(policy: &'static str) -> Result<Self> {
        let directory = tempfile::tempdir()?;
        let mut cast = Cast::meet(&directory, policy)?;
        let mailboxes = TIES.iter().enumerate().map(|(tie, _)| Ok([cast.mailbox(tie, 0)?, cast.mailbox(tie, 1)?]));
        let mailboxes = mailboxes.collect::<Result<Vec<_>>>()?;
        cast.look()?;
        let mark = Mark::of(&cast.servers.relay.tap.connections());
        let script = cast.perform()?;
        Ok(Self { script, servers: cast.servers, mark, mailboxes, _directory: directory })
    }

    /// What the relay saw of it.
    pub(super) fn view(&self) -> Result<View> {
        self.mark.view(&self.servers.relay.tap.connections(), &keys(&self.servers)?)
    }

    pub(super) fn mailbox(&self, tie: u32, end: u8) -> Option<MailboxId> {
        Some(self.mailboxes.get(tie as usize)?[usize::from(end)])
    }

    pub(super) fn mailboxes(&self) -> impl Iterator<Item = (u32, u8, MailboxId)> + '_ {
        let ends = |(tie, ends): (u32, &[MailboxId; 2])| [(tie, 0, ends[0]), (tie, 1, ends[1])];
        (0..).zip(&self.mailboxes).flat_map(ends)
    }
}

fn keys(servers: &Deployment) -> Result<GatewayKeys> {
    let mut keys = GatewayKeys::default();
    keys.add(&servers.relay.server.directory().join("ohttp"))?;
    Ok(keys)
}

impl Cast {
    /// Everyone is there, and each acquaintance has written in both directions, so that it has its mailboxes.
    fn meet(directory: &TempDir, policy: &'static str) -> Result<Self> {
        let plan = Plan { key_services: 0, attested: false, proxied: true, ..Plan::default() };
        let servers = Deployment::start(&directory.path().join("servers"), &plan)?;
        let proxy = servers.proxy.as_ref().ok_or("there is no proxy")?.server.reference().to_owned();
        let person = |name: &&str| -> Result<Person> {
            let mut person = Person::new(name, &directory.path().join(name))?;
            person.set_way(Some(Way { proxy: proxy.clone(), policy, pace: PACE.background }));
            person.opt_in(servers.reference())?;
            Ok(person)
        };
        let people = NAMES.iter().map(person).collect::<Result<Vec<_>>>()?;
        let listeners = people.iter().map(|person| person.listen(0)).collect::<Result<Vec<_>>>()?;
        people.iter().try_for_each(Person::wait_until_reachable)?;
        for [one, other] in TIES {
            people[one].call(&["add", NAMES[other], &people[other].card()?])?;
            people[other].call(&["add", NAMES[one], &people[one].card()?])?;
        }
        let cast = Self { servers, people, listeners };
        for tie in 0..TIES.len() {
            [0, 1, 0].into_iter().try_for_each(|from| cast.say(tie, from, "hello"))?;
        }
        Ok(cast)
    }

    /// Says it, and waits until it is heard.
    fn say(&self, tie: usize, from: usize, text: &str) -> Result<()> {
        let [sender, recipient] = [TIES[tie][from], TIES[tie][1 - from]];
        let heard = self.listeners[recipient].shown().len();
        self.people[sender].write(NAMES[recipient], &[text])?;
        self.listeners[recipient].wait_for(heard + 1, PATIENCE)
    }

    /// The mailbox of an end, which is where something is left that is said to it.
    fn mailbox(&self, tie: usize, end: usize) -> Result<MailboxId> {
        let mark = Mark::of(&self.servers.relay.tap.connections());
        self.say(tie, 1 - end, "which one?")?;
        let view = mark.view(&self.servers.relay.tap.connections(), &keys(&self.servers)?)?;
        let mut left = view.mailboxes.iter().filter(|(_, asked)| !asked.deposits.is_empty());
        match (left.next(), left.next()) {
            (Some((mailbox, _)), None) => Ok(*mailbox),
            _ => Err("something else was said meanwhile".into()),
        }
    }

    /// The first acquaintance has its conversation open from now on, at both ends. What came before is erased.
    fn look(&mut self) -> Result<()> {
        for (person, other) in [(0, 1), (1, 0)] {
            let position = self.listeners[person].position();
            self.listeners[person] = self.people[person].listen_to(position, &[NAMES[other]])?;
        }
        sleep(4 * Duration::from_millis(PACE.millis));
        Ok(())
    }

    fn perform(&self) -> Result<Script> {
        let began = Instant::now();
        let look = |person| (Duration::ZERO, Act::Look { person, tie: 0 });
        let mut acts = vec![look(0), look(1)];
        for (tie, from, is_long) in SAID {
            sleep(PAUSE);
            acts.push((began.elapsed(), Act::Say { tie, from, size: u8::from(is_long) }));
            self.say(tie, from, &if is_long { "long ".repeat(LONG / 5) } else { "short".to_owned() })?;
        }
        // What was received is erased with the next poll.
        sleep(4 * Duration::from_millis(PACE.millis));
        Ok(Script { people: NAMES.len(), ties: TIES.to_vec(), acts, end: began.elapsed() })
    }
}
