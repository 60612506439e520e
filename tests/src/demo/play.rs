//! Playing the talk: who is there when, and what is killed.

use std::ops::Range;
use std::thread::sleep;
use std::time::Duration;

use super::cast::Cast;
use super::{PATIENCE, Progress};
use crate::Result;
use crate::person::{Listener, Person, Received};
use crate::search::Search;
use crate::talk::Talk;

/// How often the relay is killed.
pub(super) const RELAY_KILLS: usize = 1;
/// How often a client is killed: the one that is away.
pub(super) const CLIENT_KILLS: usize = 1;
/// A repetition would come within this time, if there were one.
const AFTERMATH: Duration = Duration::from_secs(1);

/// How far the demo is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// The servers start.
    Servers,
    /// The two consent, and exchange cards.
    OptIn,
    /// So many messages have been written.
    Talking(usize),
    /// The relay is killed.
    Killed,
    /// All has been written; what is still on its way arrives.
    Arriving,
    /// Some prove their numbers, and are listed.
    Publishing,
    /// An address book is looked up.
    Finding,
    /// One who was found is written to.
    Greeting,
    /// One of the two opts out.
    Leaving,
    /// All that was left behind is searched.
    Searching,
}

/// When the second person is away, and when, within that, the relay is down; in lines of the talk.
struct Plan {
    away: Range<usize>,
    down: Range<usize>,
}

impl Plan {
    fn of(lines: usize) -> Self {
        let away = lines / 2..lines * 5 / 7;
        let down = away.start + away.len() / 3..away.start + away.len() * 2 / 3;
        Self { away, down }
    }
}

/// Plays the talk to its end, and returns what each of the two was shown.
pub(super) fn play(
    talk: &Talk,
    cast: &mut Cast,
    search: &mut Search,
    progress: Progress<'_>,
) -> Result<[Vec<Received>; 2]> {
    let mut play = Play::begin(talk, cast)?;
    for number in 0..talk.lines.len() {
        play.turn(number, search, progress)?;
        progress(Stage::Talking(number + 1));
        play.say(number)?;
    }
    progress(Stage::Arriving);
    play.end()
}

struct Play<'a> {
    talk: &'a Talk,
    plan: Plan,
    cast: &'a mut Cast,
    seats: [Seat; 2],
}

/// Where one of the two listens.
#[derive(Default)]
struct Seat {
    listener: Option<Listener>,
    /// What processes that have been killed had shown.
    shown: Vec<Received>,
}

impl Seat {
    /// Listens, from the last message that was shown on.
    fn take(&mut self, person: &Person) -> Result<()> {
        let position = self.shown.last().map_or(0, |message| message.position);
        self.listener = Some(person.listen(position)?);
        Ok(())
    }

    /// Is killed with -9.
    fn leave(&mut self) -> Result<()> {
        if let Some(listener) = self.listener.take() {
            self.shown.extend(listener.kill()?);
        }
        Ok(())
    }

    /// What does not come in time is counted as lost in the end, which tells more than that it was late.
    fn wait_for(&self, count: usize) {
        if let Some(listener) = &self.listener {
            let _late = listener.wait_for(count.saturating_sub(self.shown.len()), PATIENCE);
        }
    }
}

impl<'a> Play<'a> {
    /// Both listen, and have each other's card.
    fn begin(talk: &'a Talk, cast: &'a mut Cast) -> Result<Self> {
        let mut seats = [Seat::default(), Seat::default()];
        for (seat, person) in seats.iter_mut().zip(&cast.people) {
            seat.take(person)?;
        }
        cast.people.iter().try_for_each(Person::wait_until_reachable)?;
        cast.introduce()?;
        Ok(Self { talk, plan: Plan::of(talk.lines.len()), cast, seats })
    }

    /// Who comes or goes before this line is said.
    fn turn(&mut self, number: usize, search: &mut Search, progress: Progress<'_>) -> Result<()> {
        let Self { plan, cast, seats: [_, second], .. } = self;
        if number == plan.away.start {
            second.leave()?;
        }
        if number == plan.down.start {
            progress(Stage::Killed);
            cast.kill_relay(search)?;
        }
        if number == plan.down.end {
            cast.servers.relay.server.start()?;
        }
        if number == plan.away.end {
            second.take(&cast.people[1])?;
        }
        Ok(())
    }

    /// Writes the line and, when both are there, waits until the other has seen it: people answer what they have read.
    fn say(&self, number: usize) -> Result<()> {
        let Some(line) = self.talk.lines.get(number) else { return Ok(()) };
        let ([first, second], [at_first, at_second]) = (&self.cast.people, &self.seats);
        let (speaker, other, seat) =
            if line.speaker == 0 { (first, second, at_second) } else { (second, first, at_first) };
        speaker.write(other.name(), &[&line.text])?;
        if !self.plan.away.contains(&number) {
            let said = self.talk.lines.iter().take(number + 1).filter(|said| said.speaker == line.speaker);
            seat.wait_for(said.count());
        }
        Ok(())
    }

    fn end(self) -> Result<[Vec<Received>; 2]> {
        let [mut first, mut second] = self.seats;
        first.wait_for(self.talk.said_by(1).len());
        second.wait_for(self.talk.said_by(0).len());
        sleep(AFTERMATH);
        first.leave()?;
        second.leave()?;
        Ok([first.shown, second.shown])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_relay_is_down_while_one_is_away() {
        for lines in [45, 60, 200] {
            let Plan { away, down } = Plan::of(lines);
            assert!(away.start < down.start && down.start < down.end && down.end < away.end && away.end < lines);
        }
    }
}
