//! From an invite code, or a proved number, to a conversation, through the programs alone; and with a stock that runs out.
//!
//! **What fails a run**: somebody without a code who gets anything opened; a message that is lost, or shown twice, because
//! there were no tickets when it was written; somebody who is not told what is missing; a code or a ticket in a log, all of
//! which are written at trace level; a code that is good twice.

use std::io::{BufRead, BufReader};
use std::process::Stdio;

use sealpost_tests::Result;
use sealpost_tests::deployment::{Deployment, Plan};
use sealpost_tests::person::{Person, kill};
use sealpost_tests::server::{Server, Settings};
use sealpost_wire::from_bytes;
use sealpost_wire::request::{IssueTickets, Request};
use tempfile::TempDir;

use super::company::{PATIENCE, texts};

struct Relay {
    server: Server,
    directory: TempDir,
}

impl Relay {
    /// One that gives tickets for codes, each good for so many mailboxes.
    fn by_invite(mailboxes: u16) -> Result<Self> {
        let directory = tempfile::tempdir()?;
        let options = vec![("tickets.policy", "\"invite\"".to_owned()), ("tickets.mailboxes", mailboxes.to_string())];
        let mut server = Server::init(&directory.path().join("relay"), &Settings { options, ..Settings::default() })?;
        server.start()?;
        Ok(Self { server, directory })
    }

    fn person(&self, name: &str) -> Result<Person> {
        Person::new(name, &self.directory.path().join(name))
    }

    /// Somebody with so many codes, whom others can write to.
    fn invited(&self, name: &str, codes: usize) -> Result<Person> {
        let person = self.person(name)?;
        person.opt_in_by(self.server.reference(), &self.server.invite()?)?;
        for _ in 1..codes {
            person.call(&["status", "--invite", &self.server.invite()?])?;
        }
        let _listener = person.listen(0)?;
        person.wait_until_reachable()?;
        Ok(person)
    }

    fn log(&self) -> Result<String> {
        Ok(std::fs::read_to_string(self.server.log())?)
    }
}

/// Listens until it is told that tickets are needed. Whoever waits in vain is ended by the runner of the tests.
fn told_of_tickets(person: &Person) -> Result<()> {
    let mut child = person.command(&["listen", "--events"])?.stdout(Stdio::piped()).spawn()?;
    let lines = BufReader::new(child.stdout.take().ok_or("its output is not piped")?).lines();
    let told = lines.map_while(std::result::Result::ok).any(|line| line.contains("\"needs-tickets\""));
    kill(child)?;
    if told { Ok(()) } else { Err("nobody was told that tickets are needed".into()) }
}

#[test]
fn from_a_code_to_a_message_and_a_restart_and_an_answer() -> Result<()> {
    let mut relay = Relay::by_invite(128)?;
    let code = relay.server.invite()?;
    let anna = relay.person("anna")?;
    anna.opt_in_by(relay.server.reference(), &code)?;
    let (ben, annas) = (relay.invited("ben", 1)?, anna.listen(0)?);
    anna.wait_until_reachable()?;
    anna.call(&["add", "ben", &ben.card()?])?;
    ben.call(&["add", "anna", &anna.card()?])?;
    anna.write("ben", &["hello"])?;
    let bens = ben.listen(0)?;
    bens.wait_for(1, PATIENCE)?;
    relay.server.kill()?;
    relay.server.start()?;
    ben.write("anna", &["hello yourself"])?;
    annas.wait_for(1, PATIENCE)?;
    assert_eq!((texts(&bens), texts(&annas)), (vec!["hello".to_owned()], vec!["hello yourself".to_owned()]));
    // The same code is of no use to somebody else.
    let carol = relay.person("carol")?;
    carol.opt_in_by(relay.server.reference(), &code)?;
    told_of_tickets(&carol)?;
    for log in [relay.log()?, std::fs::read_to_string(anna.log())?] {
        assert!(!log.contains(&code) && !log.contains(&code.replace('-', "")));
    }
    Ok(())
}

#[test]
fn a_stock_that_runs_out_loses_no_message() -> Result<()> {
    // One voucher is good for one mailbox a day, and everybody has two front doors.
    let relay = Relay::by_invite(8)?;
    let ben = relay.invited("ben", 8)?;
    let anna = relay.person("anna")?;
    anna.opt_in_by(relay.server.reference(), &relay.server.invite()?)?;
    anna.call(&["add", "ben", &ben.card()?])?;
    anna.write("ben", &["one", "two"])?;
    told_of_tickets(&anna)?;
    for _ in 0..8 {
        anna.call(&["status", "--invite", &relay.server.invite()?])?;
    }
    let (_annas, bens) = (anna.listen(0)?, ben.listen(0)?);
    bens.wait_for(2, PATIENCE)?;
    assert_eq!(texts(&bens), ["one", "two"]);
    Ok(())
}

#[test]
fn where_an_attesters_word_gives_tickets_nobody_needs_a_code() -> Result<()> {
    let directory = tempfile::tempdir()?;
    let policy = vec![("tickets.policy", "\"attestation\"".to_owned())];
    let plan = Plan { relay: policy.clone(), keys: policy, ..Plan::default() };
    let deployment = Deployment::start(directory.path(), &plan)?;
    let person = |name: &str| -> Result<Person> {
        let person = Person::new(name, &directory.path().join(name))?;
        person.opt_in(deployment.reference())?;
        Ok(person)
    };
    let (anna, ben) = (person("anna")?, person("ben")?);
    // Nothing is opened for Anna yet, and what she writes waits.
    told_of_tickets(&anna)?;
    let _listed = deployment.publish(&ben, "+12025550124")?;
    anna.call(&["add", "ben", &ben.card()?])?;
    anna.write("ben", &["once there are tickets"])?;
    let (_annas, bens) = (anna.listen(0)?, ben.listen(0)?);
    let _proved = deployment.prove(&anna, "+12025550123")?;
    bens.wait_for(1, PATIENCE)?;
    assert_eq!(texts(&bens), ["once there are tickets"]);
    // What the relay was shown says nothing of a number.
    for body in deployment.relay.sent_to(IssueTickets::PATH) {
        let request: IssueTickets = from_bytes(&body).map_err(|_| "not a request for tickets")?;
        assert!(request.attested.is_some() || request.renewal.is_some());
        assert!(!body.windows(10).any(|window| window == b"2025550123" || window == b"2025550124"));
    }
    Ok(())
}

/// What lies there may expire meanwhile, and what was fetched is good no more: only the renewal is.
#[test]
fn a_week_later_a_renewal_pays_and_nobody_needs_another_code() -> Result<()> {
    let mut relay = Relay::by_invite(128)?;
    let (mut anna, mut ben) = (relay.invited("anna", 1)?, relay.invited("ben", 1)?);
    relay.server.stop()?;
    relay.server.set_clock("+9d");
    relay.server.start()?;
    for person in [&mut anna, &mut ben] {
        person.set_clock("+9d");
    }
    // A mailbox for the answer has to be opened, and the tickets of nine days ago do not open it.
    anna.call(&["add", "ben", &ben.card()?])?;
    anna.write("ben", &["a week later"])?;
    let (_annas, bens) = (anna.listen(0)?, ben.listen(0)?);
    bens.wait_for(1, PATIENCE)?;
    assert_eq!(texts(&bens), ["a week later"]);
    let issued = |metrics: &str| {
        metrics
            .lines()
            .any(|line| line.strip_prefix("sealpost_tickets_issued_total ").is_some_and(|count| count.trim() != "0"))
    };
    assert!(issued(&relay.server.metrics()?), "no tickets were issued since the relay came back");
    Ok(())
}
