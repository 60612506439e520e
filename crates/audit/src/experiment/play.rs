//! The steps of the experiment.

use serde_json::Value;

use super::{Device, Scene};
use crate::Trouble;
use crate::silence::{self, Noise};

/// The exit code of `sealpost` without consent.
const NO_CONSENT: i32 = 4;

impl Scene {
    /// The friend has consented long ago.
    pub(super) fn friend_is_reachable(&mut self) -> Result<(), Trouble> {
        self.friend.call(&["opt-in", "--i-consent", "--relay", self.relay.reference()])?;
        self.friend.become_reachable()
    }

    /// Steps 1 to 4 of 2014, without an account: whatever a person tries, nothing is sent.
    pub(super) fn without_consent(&mut self) -> Result<(), Trouble> {
        let before = self.tap.connections().len();
        let card = self.friend.card()?;
        let relay = self.relay.reference().to_owned();
        let (contact, text) = (self.phone.phone.contact.clone(), self.phone.phone.texts[0].clone());
        let book = self.phone.address_book().display().to_string();
        let tries: [(&str, &[&str]); 9] = [
            ("without consent: start", &["status"]),
            ("without consent: show the own card", &["card"]),
            ("without consent: add a contact", &["add", &contact, &card]),
            ("without consent: open a conversation", &["chats", &contact]),
            ("without consent: send a message", &["send", &contact, &text]),
            ("without consent: wait for messages", &["listen", "--once"]),
            ("without consent: look for the address book's numbers", &["discover", &book]),
            ("without consent: turn it off", &["opt-out", "--yes"]),
            ("asked for consent, and declined", &["opt-in", "--relay", &relay]),
        ];
        for (what, arguments) in tries {
            self.quiet(what, arguments, "no\n")?;
        }
        self.calls("without consent");
        let new = self.tap.connections().len() - before;
        self.step("without consent: connections that reached the relay's address", new.to_string(), new == 0);
        Ok(())
    }

    /// The same with consent.
    pub(super) fn with_consent(&mut self) -> Result<(), Trouble> {
        self.proxy.start()?;
        let (relay, proxy) = (self.relay.reference().to_owned(), self.proxy.reference().to_owned());
        self.phone.call(&["opt-in", "--i-consent", "--relay", &relay, "--proxy", &proxy])?;
        self.phone.become_reachable()?;
        self.step("consent, recorded", "the device has an identity and is reachable", true);
        let region = self.phone.field(&["status"], "region")?;
        self.facts.region = region.as_str().unwrap_or("not told").to_owned();
        let (card, own) = (self.friend.card()?, self.phone.card()?);
        let (contact, friends) = (self.phone.phone.contact.clone(), self.friend.phone.contact.clone());
        self.facts.contact_noise = self.quiet("with consent: add a contact", &["add", &contact, &card], "")?;
        self.friend.call(&["add", &friends, &own])?;
        self.facts.thread_noise = self.quiet("with consent: open the conversation", &["chats", &contact], "")?;
        let (said, answered) = (self.phone.phone.texts.clone(), self.friend.phone.texts.clone());
        self.carried("with consent: send a message", true, &said[0])?;
        self.carried("with consent: receive a message", false, &answered[0])?;
        self.carried("with consent: send another", true, &said[1])?;
        self.found_by_number()?;
        // This one lies at the relay while its store and memory are searched.
        self.friend.call(&["send", &friends, &answered[1]])?;
        self.step("with consent: a message that lies at the relay", "accepted, not collected", true);
        self.calls("with consent");
        Ok(())
    }

    /// Both prove their numbers, if there is somebody to prove them to; the friend is listed.
    fn prove_numbers(&mut self) -> Result<(), Trouble> {
        match &mut self.others {
            None => {
                let number = self.friend.phone.number.clone();
                self.friend.call(&["publish", "--i-consent", &number]).map(drop)
            }
            Some(others) => {
                // Not before: it asks the relay for its manifest, and would count among those who reached it.
                others.attester.start()?;
                others.prove(&self.friend, &["publish", "--i-consent"])?;
                others.prove(&self.phone, &["publish", "--unlisted", "--i-consent"])
            }
        }
    }

    /// The friend is listed, and the phone looks up everyone in its address book.
    fn found_by_number(&mut self) -> Result<(), Trouble> {
        self.prove_numbers()?;
        self.step("with consent to discovery: the friend lets others find them", "listed", true);
        let book = self.phone.address_book().display().to_string();
        let rows = self.phone.call(&["discover", "--at-once", "--i-consent", "--region", "DE", &book])?;
        let found = rows.iter().filter(|row| row.get("found").is_some_and(|found| found == true)).count();
        let looked_up = rows.last().and_then(|last| last.get("numbers")).and_then(Value::as_u64).unwrap_or_default();
        self.facts.looked_up = looked_up;
        let seen = format!("{looked_up} numbers looked up, {found} found");
        self.step("with consent to discovery: look up the address book", seen, found == 1);
        Ok(())
    }

    /// Turns everything off, and looks what is left of it.
    pub(super) fn turn_off(&mut self) -> Result<(), Trouble> {
        self.phone.receive(&self.friend.phone.texts[1].clone())?;
        for device in [&self.phone, &self.friend] {
            let report = device.call(&["opt-out", "--yes", "--at-once"])?;
            let count = |name: &str| {
                report.first().and_then(|report| report.get(name)).and_then(Value::as_u64).unwrap_or_default()
            };
            self.facts.confirmed += count("confirmed");
            self.facts.pending += count("pending");
        }
        let gone = !self.phone.has_profile();
        let (confirmed, pending) = (self.facts.confirmed, self.facts.pending);
        let seen = format!(
            "{confirmed} deletions stated by the relay, signed; {pending} pending; the profile {}",
            if gone { "is gone" } else { "IS STILL THERE" }
        );
        self.step("turn it off", seen, confirmed > 0 && pending == 0 && gone);
        self.quiet("after it was turned off: start", &["status"], "").map(drop)
    }

    /// Runs a command of the phone twice, once for each way to notice, and notes it.
    fn quiet(&mut self, what: &str, arguments: &[&str], input: &str) -> Result<Noise, Trouble> {
        let mut noise = Noise::default();
        if silence::can_count() {
            noise = silence::counted(&self.phone.command(arguments)?, input)?;
        }
        if silence::can_trace() {
            let traced = silence::traced(&self.phone.command(arguments)?, input)?;
            noise = Noise { calls: traced.calls, exit: noise.exit.or(traced.exit), ..noise };
        }
        if noise.was_measured() {
            let refused = if noise.exit == Some(NO_CONSENT) { "refused for want of consent; " } else { "" };
            self.step(what, format!("{refused}{}", noise.told()), noise.is_none());
        } else {
            self.unsearched.add("neither unshare nor strace works here".to_owned(), what.to_owned());
        }
        self.facts.commands += 1;
        self.facts.silent += usize::from(noise.is_none());
        Ok(noise)
    }

    /// One sends, the other receives.
    fn carried(&mut self, what: &str, out: bool, text: &str) -> Result<(), Trouble> {
        let (from, to): (&Device, &Device) =
            if out { (&self.phone, &self.friend) } else { (&self.friend, &self.phone) };
        from.call(&["send", &from.phone.contact.clone(), text])?;
        to.receive(text)?;
        self.facts.messages += 1;
        self.step(what, "it arrived", true);
        Ok(())
    }

    fn calls(&mut self, when: &str) {
        self.step(&format!("{when}: make and receive a call"), "there are no calls in Sealpost: no counterpart", true);
    }
}
