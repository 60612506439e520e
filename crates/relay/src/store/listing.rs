//! Who stands under a tag, and who takes whose place. Pure.

use sealpost_wire::EntryHash;
use sealpost_wire::directory::{BucketBits, SLOTS};
use sealpost_wire::time::Day;

use super::{NotPlaced, Place};

/// How old the proof of a new entry may be, in days.
const FRESH: u32 = 14;
/// How long a claim waits, in days.
const PATIENCE: u32 = 7;
/// So many entries fill a bucket that can still split.
pub(super) const CROWDED: usize = 120;

/// Who stands under a tag.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) owner: EntryHash,
    /// When the number was last proved; day 0 where there are no proofs.
    pub(super) proved: Day,
}

/// Who waits for the place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Claim {
    pub(super) owner: EntryHash,
    /// Since when.
    pub(super) since: Day,
}

/// Who comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Candidate {
    pub(super) owner: EntryHash,
    pub(super) proved: Option<Day>,
}

/// What is under the tag from then on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// The candidate stands there, and whoever waits for the place.
    Stands(Entry, Option<Claim>),
    /// Nothing else than before, and the candidate waits.
    Waits(Claim),
}

/// Decides on a candidate.
pub(super) fn judge(
    candidate: Candidate,
    entry: Option<Entry>,
    claim: Option<Claim>,
    today: Day,
) -> Result<Verdict, NotPlaced> {
    let proved = candidate.proved.unwrap_or(Day(0));
    let stands = Entry { owner: candidate.owner, proved };
    match entry {
        None if candidate.is_fresh(today) => Ok(Verdict::Stands(stands, None)),
        None => Err(NotPlaced::NotProved),
        Some(entry) if entry.owner.matches(&candidate.owner) => {
            let proved = proved.max(entry.proved);
            Ok(Verdict::Stands(Entry { proved, ..entry }, claim.filter(|claim| proved < claim.since)))
        }
        Some(_) if candidate.proved.is_none() => Err(NotPlaced::Denied),
        Some(entry) if !candidate.is_fresh(today) || proved < entry.proved => Err(NotPlaced::NotProved),
        Some(_) => contest(stands, claim, today),
    }
}

/// Decides on a candidate who has proved what the entry's owner did.
fn contest(candidate: Entry, claim: Option<Claim>, today: Day) -> Result<Verdict, NotPlaced> {
    match claim {
        Some(claim) if claim.owner.matches(&candidate.owner) && claim.matures() <= today => {
            Ok(Verdict::Stands(candidate, None))
        }
        Some(claim) if claim.owner.matches(&candidate.owner) => Ok(Verdict::Waits(claim)),
        // Or whoever had the number for a day could begin again whenever its next owner waits.
        Some(claim) if candidate.proved < claim.since => Err(NotPlaced::NotProved),
        _ => Ok(Verdict::Waits(Claim { owner: candidate.owner, since: today })),
    }
}

impl Verdict {
    /// Where the candidate is by it.
    pub(super) fn place(self) -> Place {
        match self {
            Self::Stands(_, claim) => Place::Listed { contested: claim.as_ref().map(Claim::matures) },
            Self::Waits(claim) => Place::Waiting(claim.matures()),
        }
    }
}

impl Candidate {
    /// Whether the proof is new enough for a new entry, or none is needed.
    fn is_fresh(&self, today: Day) -> bool {
        self.proved.is_none_or(|proved| today <= proved.plus(FRESH))
    }
}

impl Claim {
    /// The first day on which it is carried out.
    pub(super) const fn matures(&self) -> Day {
        self.since.plus(PATIENCE)
    }
}

/// With how many bits there is room for one entry more, if `count` counts those of its bucket; `None` if with none.
pub(super) fn room<E>(
    mut bits: BucketBits,
    count: impl Fn(BucketBits) -> Result<usize, E>,
) -> Result<Option<BucketBits>, E> {
    loop {
        let there = count(bits)?;
        match bits.split() {
            _ if there < most(bits) => return Ok(Some(bits)),
            Some(more) => bits = more,
            None => return Ok(None),
        }
    }
}

/// How many entries a bucket must have less than, for there to be room for one more.
pub(super) fn most(bits: BucketBits) -> usize {
    if bits.split().is_some() { CROWDED } else { SLOTS }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TODAY: Day = Day(20_000);
    const OWNER: EntryHash = EntryHash::from_bytes([1; 32]);
    const OTHER: EntryHash = EntryHash::from_bytes([2; 32]);
    const THIRD: EntryHash = EntryHash::from_bytes([3; 32]);

    const fn ago(days: u32) -> Day {
        Day(TODAY.0 - days)
    }

    fn proved(owner: EntryHash, days_ago: u32) -> Candidate {
        Candidate { owner, proved: Some(ago(days_ago)) }
    }

    fn entry(days_ago: u32) -> Option<Entry> {
        Some(Entry { owner: OWNER, proved: ago(days_ago) })
    }

    fn claim(owner: EntryHash, days_ago: u32) -> Option<Claim> {
        Some(Claim { owner, since: ago(days_ago) })
    }

    fn stands(owner: EntryHash, days_ago: u32, claim: Option<Claim>) -> Result<Verdict, NotPlaced> {
        Ok(Verdict::Stands(Entry { owner, proved: ago(days_ago) }, claim))
    }

    fn waits(days_ago: u32) -> Result<Verdict, NotPlaced> {
        Ok(Verdict::Waits(Claim { owner: OTHER, since: ago(days_ago) }))
    }

    fn judge(candidate: Candidate, entry: Option<Entry>, claim: Option<Claim>) -> Result<Verdict, NotPlaced> {
        super::judge(candidate, entry, claim, TODAY)
    }

    #[test]
    fn a_new_entry_takes_a_proof_of_fourteen_days_at_most_or_none_where_there_are_none() {
        assert_eq!(judge(proved(OWNER, 14), None, None), stands(OWNER, 14, None));
        assert_eq!(judge(proved(OWNER, 15), None, None), Err(NotPlaced::NotProved));
        let unproved = Candidate { owner: OWNER, proved: None };
        assert_eq!(judge(unproved, None, None), stands(OWNER, TODAY.0, None));
    }

    #[test]
    fn the_owner_replaces_with_any_proof_and_keeps_the_newest() {
        assert_eq!(judge(proved(OWNER, 40), entry(30), None), stands(OWNER, 30, None));
        assert_eq!(judge(proved(OWNER, 3), entry(30), None), stands(OWNER, 3, None));
    }

    #[test]
    fn the_owner_ends_a_claim_with_a_proof_that_is_not_older() {
        assert_eq!(judge(proved(OWNER, 5), entry(30), claim(OTHER, 4)), stands(OWNER, 5, claim(OTHER, 4)));
        assert_eq!(judge(proved(OWNER, 4), entry(30), claim(OTHER, 4)), stands(OWNER, 4, None));
    }

    #[test]
    fn a_claim_takes_a_fresh_proof_that_is_not_older_than_the_owners() {
        assert_eq!(judge(proved(OTHER, 14), entry(30), None), waits(0));
        assert_eq!(judge(proved(OTHER, 15), entry(30), None), Err(NotPlaced::NotProved));
        assert_eq!(judge(proved(OTHER, 5), entry(5), None), waits(0));
        assert_eq!(judge(proved(OTHER, 5), entry(4), None), Err(NotPlaced::NotProved));
    }

    #[test]
    fn a_claim_is_carried_out_on_its_seventh_day() {
        assert_eq!(judge(proved(OTHER, 6), entry(30), claim(OTHER, 6)), waits(6));
        assert_eq!(judge(proved(OTHER, 7), entry(30), claim(OTHER, 7)), stands(OTHER, 7, None));
        assert_eq!(judge(proved(OTHER, 15), entry(30), claim(OTHER, 15)), Err(NotPlaced::NotProved));
        assert_eq!(judge(proved(OTHER, 0), entry(30), claim(OTHER, 15)), stands(OTHER, 0, None));
    }

    #[test]
    fn a_later_claim_takes_the_place_of_an_earlier_one_with_a_later_proof() {
        assert_eq!(judge(proved(OTHER, 3), entry(30), claim(THIRD, 3)), waits(0));
        assert_eq!(judge(proved(OTHER, 4), entry(30), claim(THIRD, 3)), Err(NotPlaced::NotProved));
    }

    #[test]
    fn without_proofs_nothing_but_the_key_takes_a_place() {
        let unproved = |owner| Candidate { owner, proved: None };
        assert_eq!(judge(unproved(OTHER), entry(TODAY.0), claim(OTHER, 90)), Err(NotPlaced::Denied));
        assert_eq!(judge(unproved(OWNER), entry(TODAY.0), None), stands(OWNER, TODAY.0, None));
    }

    #[test]
    fn bits_grow_until_a_bucket_has_room_and_at_the_most_bits_the_last_slots_are_used() {
        let grown = |bits, count: fn(u8) -> usize| {
            let bits = room(BucketBits::new(bits).unwrap(), |bits| Ok::<_, ()>(count(bits.bits())));
            bits.unwrap().map(BucketBits::bits)
        };
        assert_eq!(grown(3, |_| 119), Some(3));
        assert_eq!(grown(3, |bits| if bits < 6 { 120 } else { 15 }), Some(6));
        assert_eq!(grown(0, |_| 127), Some(BucketBits::MAX));
        assert_eq!(grown(0, |_| 128), None);
    }
}
