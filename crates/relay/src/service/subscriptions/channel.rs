//! One subscription's place in its mailbox: the rules alone.

/// Where a channel stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    /// The greatest sequence that was given out or queued.
    after: u64,
    state: State,
    told_caught_up: bool,
    /// It was begun anew since the last page was asked for, which is worth nothing then.
    is_anew: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Read from the store; `stirred` when something arrived since the last page was asked for.
    Behind { stirred: bool },
    /// Arrivals are queued.
    Live,
}

/// What to do with an arrival.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Arrival {
    /// Queue it.
    Queue,
    /// Leave it to the store, which is to be read from now on.
    FallsBehind,
    /// Nothing: it was given out, or reading the store will find it.
    Known,
}

impl Place {
    /// The place of a fresh subscription: before everything.
    pub(super) const START: Self =
        Self { after: 0, state: State::Behind { stirred: true }, told_caught_up: false, is_anew: false };

    /// Something arrived: what is to be done with it, when the queue has `room` or has not.
    pub(super) fn arrived(&mut self, sequence: u64, room: bool) -> Arrival {
        if sequence <= self.after {
            return Arrival::Known;
        }
        let was_live = self.state == State::Live;
        if was_live && room {
            self.after = sequence;
            return Arrival::Queue;
        }
        self.state = State::Behind { stirred: true };
        if was_live { Arrival::FallsBehind } else { Arrival::Known }
    }

    /// Whether everything before that sequence was given out or queued, where sequences leave none out.
    pub(super) const fn has_all_before(&self, sequence: u64) -> bool {
        self.after + 1 == sequence
    }

    /// Something may have arrived, anywhere if it is begun `anew`; tells whether the channel falls behind by it.
    pub(super) fn stirred(&mut self, anew: bool) -> bool {
        if anew {
            (self.after, self.is_anew) = (0, true);
        }
        std::mem::replace(&mut self.state, State::Behind { stirred: true }) == State::Live
    }

    /// Whether the page that was asked for is worth nothing.
    pub(super) fn is_anew(&self) -> bool {
        self.is_anew
    }

    /// Whether the store is to be read.
    pub(super) fn is_behind(&self) -> bool {
        self.state != State::Live
    }

    /// A page is about to be asked for; tells from where.
    pub(super) fn ask(&mut self) -> u64 {
        (self.state, self.is_anew) = (State::Behind { stirred: false }, false);
        self.after
    }

    /// A page was read, up to `last`; tells whether the channel has, for the first time, reached the end.
    pub(super) fn read(&mut self, last: Option<u64>, more: bool) -> bool {
        self.after = last.unwrap_or(self.after).max(self.after);
        if more {
            return false;
        }
        if self.state == (State::Behind { stirred: false }) {
            self.state = State::Live;
        }
        !std::mem::replace(&mut self.told_caught_up, true)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[derive(Debug, Clone)]
    enum Step {
        Arrive {
            room: bool,
        },
        /// Another relay keeps something, and says where to read, or the message gets lost.
        Elsewhere {
            told: bool,
        },
        /// This relay keeps something in a store that others use.
        Here {
            room: bool,
        },
        Drain,
        Read {
            size: usize,
            arriving_meanwhile: u8,
        },
    }

    fn steps() -> impl Strategy<Value = Vec<Step>> {
        let step = prop_oneof![
            4 => any::<bool>().prop_map(|room| Step::Arrive { room }),
            1 => Just(Step::Drain),
            2 => (1..4_usize, 0..3_u8).prop_map(|(size, arriving_meanwhile)| Step::Read { size, arriving_meanwhile }),
        ];
        prop::collection::vec(step, 0..60)
    }

    fn steps_of_many_relays() -> impl Strategy<Value = Vec<Step>> {
        let step = prop_oneof![
            4 => any::<bool>().prop_map(|told| Step::Elsewhere { told }),
            4 => any::<bool>().prop_map(|room| Step::Here { room }),
            1 => Just(Step::Drain),
            2 => (1..4_usize).prop_map(|size| Step::Read { size, arriving_meanwhile: 0 }),
        ];
        prop::collection::vec(step, 0..60)
    }

    /// A mailbox of ascending sequences, one channel's place in it, its queue, and all that was given out.
    struct World {
        mailbox: Vec<u64>,
        place: Place,
        queue: Vec<u64>,
        given: Vec<u64>,
        /// How far sequences are apart.
        step: u64,
    }

    impl World {
        fn keep(&mut self) -> u64 {
            let sequence = self.mailbox.last().map_or(7, |last| last + self.step);
            self.mailbox.push(sequence);
            sequence
        }

        fn arrive(&mut self, room: bool) {
            let sequence = self.keep();
            if self.place.arrived(sequence, room) == Arrival::Queue {
                self.queue.push(sequence);
            }
        }

        fn read(&mut self, size: usize, arriving_meanwhile: u8) {
            self.given.append(&mut self.queue);
            if !self.place.is_behind() {
                return;
            }
            let after = self.place.ask();
            let page: Vec<u64> = self.mailbox.iter().copied().filter(|sequence| *sequence > after).collect();
            for _ in 0..arriving_meanwhile {
                self.arrive(true);
            }
            let (page, rest) = page.split_at(size.min(page.len()));
            self.place.read(page.last().copied(), !rest.is_empty());
            self.given.extend(page);
        }

        fn step(&mut self, step: &Step) {
            match *step {
                Step::Arrive { room } => self.arrive(room),
                Step::Here { room } => {
                    let sequence = self.keep();
                    let room = room && self.place.has_all_before(sequence);
                    if self.place.arrived(sequence, room) == Arrival::Queue {
                        self.queue.push(sequence);
                    }
                }
                Step::Elsewhere { told } => {
                    self.keep();
                    if told {
                        self.place.stirred(false);
                    }
                }
                Step::Drain => self.given.append(&mut self.queue),
                Step::Read { size, arriving_meanwhile } => self.read(size, arriving_meanwhile),
            }
        }
    }

    proptest! {
        #[test]
        fn a_channel_gives_out_everything_in_order_and_once(steps in steps()) {
            let mut world = World { mailbox: vec![], place: Place::START, queue: vec![], given: vec![], step: 3 };
            for step in &steps {
                world.step(step);
                prop_assert!(world.mailbox.starts_with(&world.given));
            }
            while world.given.len() < world.mailbox.len() {
                let before = world.given.len();
                world.read(2, 0);
                prop_assert!(world.given.len() > before);
            }
            prop_assert_eq!(world.given, world.mailbox);
        }

        #[test]
        fn what_other_relays_keep_is_given_out_too_in_order_and_once_at_the_latest_when_all_is_read(
            steps in steps_of_many_relays(),
        ) {
            let mut world = World { mailbox: vec![], place: Place::START, queue: vec![], given: vec![], step: 1 };
            for step in &steps {
                world.step(step);
                prop_assert!(world.mailbox.starts_with(&world.given));
            }
            world.place.stirred(false);
            while world.place.is_behind() || !world.queue.is_empty() {
                world.read(2, 0);
            }
            prop_assert_eq!(world.given, world.mailbox);
        }
    }

    #[test]
    fn a_channel_that_is_begun_anew_takes_no_page_that_was_asked_for_before() {
        let mut place = Place::START;
        place.ask();
        place.read(Some(9), false);
        assert!(!place.is_behind());
        assert!(place.stirred(false));
        assert_eq!(place.ask(), 9);
        assert!(!place.stirred(true));
        assert!(place.is_anew());
        assert_eq!(place.ask(), 0);
        assert!(!place.is_anew());
        place.read(Some(3), false);
        assert!(!place.is_behind());
    }

    #[test]
    fn caught_up_is_told_once_even_when_things_keep_arriving() {
        let mut place = Place::START;
        place.ask();
        assert_eq!(place.arrived(5, true), Arrival::Known);
        assert!(place.read(Some(4), false));
        assert!(place.is_behind());
        assert_eq!(place.ask(), 4);
        assert!(!place.read(Some(5), false));
        assert!(!place.is_behind());
    }
}
