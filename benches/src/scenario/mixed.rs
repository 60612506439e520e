//! As it is for most: some owners are there, some acknowledge late, some come and go; and envelopes are of all sizes.
//!
//! Of eight collectors, four are there and acknowledge at once, two acknowledge every 300 ms, and two come every few seconds for
//! a second or so. All that was accepted is delivered in the end and compared, as everywhere.

use std::time::Duration;

use serde::Serialize;

use super::online::{self, Load, Online, Plan, Times, sum};
use super::shape::{Manner, Shape, Sizes};
use crate::failure::Failure;
use crate::load::collector::Collected;
use crate::load::latency::Spread;
use crate::load::porter::Habit;
use crate::subject::Subject;

/// How often those acknowledge who do it late.
const LATE: Duration = Duration::from_millis(300);

/// What came of it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Mixed {
    /// Of all together; from when a deposit was due to its delivery, those waited longest who came and went.
    pub all: Online,
    /// To its delivery to owners who were there.
    pub there: Spread,
    /// To its delivery to owners who were there and acknowledged late.
    pub late: Spread,
    /// To its delivery to owners who came and went.
    pub coming: Spread,
    /// Whether every accepted envelope was delivered; there are no figures when one was not.
    pub verified: bool,
}

/// Who takes part.
#[must_use]
pub fn shape() -> Shape {
    Shape { class: Sizes::Mixed, ..Shape::default() }
}

/// Does it once, so many deposits a second.
///
/// # Errors
/// [`Failure`]: no figures.
pub async fn run(subject: &Subject, rate: f64, times: Times) -> Result<Mixed, Failure> {
    let plan = Plan::new(shape(), Load::Rate(rate), times);
    let (all, collected) = online::run_as(subject, &plan, manner).await?;
    let of = |is: fn(&Manner) -> bool| sum(mine(&collected, is).map(|collected| &collected.latency));
    Ok(Mixed {
        there: of(|manner| matches!(manner, Manner::AtOnce)),
        late: of(|manner| matches!(manner, Manner::Late(_))),
        coming: of(|manner| matches!(manner, Manner::Coming(_))),
        all,
        verified: true,
    })
}

fn manner(turn: u32) -> Manner {
    match turn % 8 {
        0..4 => Manner::AtOnce,
        4 | 5 => Manner::Late(LATE),
        _ => Manner::Coming(Habit { there: 500..=1_500, away: 1_000..=4_000 }),
    }
}

/// What those collectors got, who are in the order of their turns.
fn mine(collected: &[Collected], is: fn(&Manner) -> bool) -> impl Iterator<Item = &Collected> {
    (0..).zip(collected).filter(move |(turn, _)| is(&manner(*turn))).map(|(_, collected)| collected)
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;
    use crate::floor::{self, Fault};
    use crate::load::client::Target;
    use crate::load::verify::Wrong;
    use crate::seal::Opening;

    /// A floor keeps nothing for those who are away, so nobody is here.
    async fn loaded(fault: Fault) -> Result<Vec<Collected>, Failure> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let target = Target::new(listener.local_addr()?, "localhost", false)?;
        let floor = tokio::spawn(floor::serve_with(listener, false, fault));
        let shape = Shape { mailboxes: 40, senders: 2, collectors: 6, class: Sizes::Mixed };
        let times = Times { warm_up: Duration::from_millis(100), measured: Duration::from_millis(400) };
        let plan = Plan::new(shape, Load::Rate(1_000.0), times);
        let run = online::run_as(&Subject::at(target, Opening::Bare), &plan, manner).await;
        floor.abort();
        run.map(|(_, collected)| collected)
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn envelopes_of_all_sizes_come_whether_they_are_acknowledged_at_once_or_late() {
        let collected = loaded(Fault::None).await.unwrap();
        let count = |is| sum(mine(&collected, is).map(|collected| &collected.latency)).count;
        assert!(count(|manner| *manner == Manner::AtOnce) > 0);
        assert!(count(|manner| *manner == Manner::Late(LATE)) > 0);
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn what_is_lost_of_one_manner_is_noticed() {
        assert!(matches!(loaded(Fault::Loses).await, Err(Failure::Wrong(Wrong::Lost(_)))));
    }
}
