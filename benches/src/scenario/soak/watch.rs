//! What a relay takes while it is soaked, and whether that stays as it is.

use serde::Serialize;

use crate::process::Usage;

/// Memory may differ by so much between the beginning and the end of the steady time.
const MOST_CHANGE: f64 = 0.05;
/// Open files may, in part of them.
const MOST_FILES: f64 = 0.1;
/// The disk may take so many times what is stored, and besides this what a database takes that holds nothing: its journals, and
/// what waits to be merged.
const MOST_DISK: f64 = 2.0;
const BARE_DISK_MIB: f64 = 512.0;
const MIB: f64 = 1024.0 * 1024.0;

/// A moment.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Sample {
    /// Resident memory, in MiB.
    pub resident_mib: f64,
    /// Open files.
    pub files: u64,
    /// What the relay's files take, in MiB.
    pub disk_mib: f64,
    /// What is stored, in MiB.
    pub stored_mib: f64,
}

/// Whether it stays as it is.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Judgement {
    /// Resident memory in the first part of the steady time after its warm-up, in MiB.
    pub resident_early_mib: f64,
    /// And in its last part.
    pub resident_late_mib: f64,
    /// Whether both are the same within 5%.
    pub memory_flat: bool,
    /// Open files in the first part.
    pub files_early: f64,
    /// And in the last.
    pub files_late: f64,
    /// Whether both are about the same.
    pub files_flat: bool,
    /// The most that the disk took, in MiB.
    pub disk_most_mib: f64,
    /// The most that was stored, in MiB.
    pub stored_most_mib: f64,
    /// Whether the disk never took more than twice of what was stored, and 512 MiB.
    pub disk_bounded: bool,
}

/// Who looks.
#[derive(Debug, Default)]
pub(super) struct Watch {
    pub(super) samples: Vec<Sample>,
    steady_from: usize,
}

impl Watch {
    pub(super) fn see(&mut self, usage: &Usage, disk: u64, stored: u64) {
        self.samples.push(Sample {
            resident_mib: usage.resident as f64 / MIB,
            files: usage.files,
            disk_mib: disk as f64 / MIB,
            stored_mib: stored as f64 / MIB,
        });
    }

    /// The relay is left alone from now on.
    pub(super) fn steady(&mut self) {
        self.steady_from = self.samples.len();
    }

    /// Compares the beginning of the steady time with its end, half of it being the warm-up.
    pub(super) fn judge(&self) -> Judgement {
        let steady = self.samples.get(self.steady_from..).unwrap_or_default();
        let warm = steady.get(steady.len() / 2..).unwrap_or_default();
        let (early, late) = warm.split_at(warm.len() / 2);
        let resident = |part| mean(part, |sample| sample.resident_mib);
        let files = |part| mean(part, |sample| sample.files as f64);
        let most = |of: fn(&Sample) -> f64| self.samples.iter().map(of).fold(0.0, f64::max);
        let disk_most_mib = most(|sample| sample.disk_mib);
        let stored_most_mib = most(|sample| sample.stored_mib);
        Judgement {
            resident_early_mib: resident(early),
            resident_late_mib: resident(late),
            memory_flat: is_flat(resident(early), resident(late), MOST_CHANGE),
            files_early: files(early),
            files_late: files(late),
            files_flat: is_flat(files(early), files(late), MOST_FILES),
            disk_most_mib,
            stored_most_mib,
            disk_bounded: disk_most_mib <= MOST_DISK * stored_most_mib + BARE_DISK_MIB,
        }
    }
}

impl Judgement {
    /// Whether all of it does.
    pub(super) const fn holds(&self) -> bool {
        self.memory_flat && self.files_flat && self.disk_bounded
    }
}

/// Less than before is no growth: it is flat as long as it does not become more.
fn is_flat(early: f64, late: f64, most: f64) -> bool {
    early > 0.0 && late <= early * (1.0 + most)
}

fn mean(samples: &[Sample], of: fn(&Sample) -> f64) -> f64 {
    samples.iter().map(of).sum::<f64>() / samples.len().max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn watched(resident: impl Fn(u64) -> f64, files: u64, disk: u64) -> Judgement {
        let mut watch = Watch::default();
        for second in 0..100 {
            if second == 40 {
                watch.steady();
            }
            let usage = Usage {
                cpu: std::time::Duration::ZERO,
                resident: (resident(second) * MIB) as u64,
                files: 40 + second * files,
            };
            watch.see(&usage, disk * 1024 * 1024, 1_000 * 1024 * 1024);
        }
        watch.judge()
    }

    #[test]
    fn what_stays_as_it_is_holds_whatever_came_before() {
        let judgement =
            watched(|second| if second < 70 { second as f64 } else { 100.0 + (second % 3) as f64 }, 0, 1_900);
        assert!(judgement.holds(), "{judgement:?}");
    }

    #[test]
    fn what_grows_does_not() {
        assert!(!watched(|second| 100.0 + second as f64, 0, 1_900).memory_flat);
        assert!(!watched(|_| 100.0, 1, 1_900).files_flat);
        assert!(!watched(|_| 100.0, 0, 2_600).disk_bounded);
    }
}
