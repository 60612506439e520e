//! Clocks that jump: of a person's device, and of the relay.
//!
//! `faketime` gives one process another time. Envelopes wait for 14 days, items on a shelf are good for 30, and nothing
//! here jumps far enough for that to be over where the test expects a message.
//!
//! **What fails here**: a message that does not arrive, or not once and in order, because a clock was set forward or back;
//! a relay or a client that does not start, or stops, at another time.

use sealpost_tests::Result;
use sealpost_tests::person::Person;
use sealpost_tests::server::Settings;

use super::company::{Company, PATIENCE, texts};

/// The jumps, one after the other: what `faketime` adds to the true time.
const JUMPS: [&str; 5] = ["+10d", "-3d", "+9d", "-400d", "+0d"];

#[test]
fn messages_arrive_once_and_in_order_while_a_devices_clock_jumps() -> Result<()> {
    let Company { relay: _relay, mut anna, ben, directory: _directory } = Company::meet(&Settings::default())?;
    let at_ben = ben.listen(0)?;
    let (mut shown, mut position) = (Vec::new(), 0);
    for (number, jump) in JUMPS.into_iter().enumerate() {
        anna.set_clock(jump);
        let at_anna = anna.listen(position)?;
        anna.call(&["send", "ben", &format!("written at {jump}")])?;
        at_ben.wait_for(number + 1, PATIENCE)?;
        ben.call(&["send", "anna", &format!("to whom it is {jump}")])?;
        at_anna.wait_for(1, PATIENCE)?;
        position = at_anna.position();
        shown.extend(texts(&at_anna));
    }
    anna.set_clock("+400d");
    let then = year_of_last_message(&anna)?;
    anna.call(&["send", "ben", "much later"])?;
    let now = year_of_last_message(&anna)?;
    assert!(then < now, "the device sees the jump: {then}, {now}");
    assert_eq!(texts(&at_ben)[..JUMPS.len()], JUMPS.map(|jump| format!("written at {jump}")));
    assert_eq!(shown, JUMPS.map(|jump| format!("to whom it is {jump}")));
    Ok(())
}

#[test]
fn messages_arrive_once_and_in_order_while_the_relays_clock_jumps() -> Result<()> {
    let Company { mut relay, anna, ben, directory: _directory } = Company::meet(&Settings::default())?;
    let (at_anna, at_ben) = (anna.listen(0)?, ben.listen(0)?);
    for (number, jump) in JUMPS.into_iter().enumerate() {
        relay.kill()?;
        relay.set_clock(jump);
        relay.start()?;
        anna.call(&["send", "--timeout", "60s", "ben", &format!("accepted at {jump}")])?;
        ben.call(&["send", "--timeout", "60s", "anna", &format!("answered at {jump}")])?;
        at_ben.wait_for(number + 1, PATIENCE)?;
        at_anna.wait_for(number + 1, PATIENCE)?;
    }
    assert_eq!(texts(&at_ben), JUMPS.map(|jump| format!("accepted at {jump}")));
    assert_eq!(texts(&at_anna), JUMPS.map(|jump| format!("answered at {jump}")));
    Ok(())
}

#[test]
fn what_waits_at_a_relay_whose_clock_goes_back_is_still_delivered_once() -> Result<()> {
    let Company { mut relay, anna, ben, directory: _directory } = Company::meet(&Settings::default())?;
    let mut expected = Vec::new();
    for jump in ["+5d", "-5d", "+0d"] {
        relay.stop()?;
        relay.set_clock(jump);
        relay.start()?;
        expected.push(format!("accepted at {jump}"));
        anna.call(&["send", "--timeout", "60s", "ben", &format!("accepted at {jump}")])?;
    }
    let at_ben = ben.listen(0)?;
    at_ben.wait_for(expected.len(), PATIENCE)?;
    assert_eq!(texts(&at_ben), expected);
    Ok(())
}

fn year_of_last_message(person: &Person) -> Result<u32> {
    let messages = person.call(&["chats", "ben", "--limit", "1"])?;
    let time = messages.last().and_then(|message| message["time"].as_str()).ok_or("no message has a time")?;
    Ok(time.get(..4).ok_or("no year")?.parse()?)
}
