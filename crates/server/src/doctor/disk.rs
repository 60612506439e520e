//! Where the data lies: room, kind of file system, times of reading, and how long a sync takes.

use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::fs::{Mode, OFlags};

use super::{Check, Finding, Level};

/// How often a sync is measured.
const SYNCS: usize = 9;
/// What a disk for this takes at most for a sync.
const SLOW: Duration = Duration::from_millis(25);
/// From here on the relay answers slowly whatever else is right.
const VERY_SLOW: Duration = Duration::from_millis(250);

/// Looks at the disk where `path` is, or will be.
#[must_use]
pub fn disk(path: &Path) -> Vec<Finding> {
    let there = path.ancestors().find(|path| path.is_dir()).unwrap_or(Path::new("."));
    let there = fs::canonicalize(there).unwrap_or_else(|_| there.to_owned());
    let mounts = fs::read_to_string("/proc/self/mountinfo").unwrap_or_default();
    let mount = Mount::of(&there, &mounts);
    let kinds = mount.iter().flat_map(|mount| [mount.kind(), mount.read_times()]);
    kinds.chain([speed(median_sync(&there))]).collect()
}

/// A line of `/proc/self/mountinfo` (`man 5 proc`).
struct Mount<'a> {
    point: &'a str,
    options: &'a str,
    kind: &'a str,
}

impl<'a> Mount<'a> {
    /// The mount that `path` lies in: of those that begin it, the longest, and the last of those.
    fn of(path: &Path, mounts: &'a str) -> Option<Self> {
        let around = mounts.lines().filter_map(Self::parse).filter(|mount| path.starts_with(mount.point));
        around.max_by_key(|mount| mount.point.len())
    }

    fn parse(line: &'a str) -> Option<Self> {
        let (before, after) = line.split_once(" - ")?;
        let mut fields = before.split(' ').skip(4);
        Some(Self { point: fields.next()?, options: fields.next()?, kind: after.split(' ').next()? })
    }

    fn kind(&self) -> Finding {
        let Self { kind, point, .. } = self;
        match *kind {
            "tmpfs" | "ramfs" => Finding::problem(
                Check::Disk,
                format_args!("{point} is memory ({kind}): a restart of the machine would lose everything"),
                "`data` in the configuration, on a disk",
            ),
            "overlay" | "aufs" => Finding::warning(
                Check::Disk,
                format_args!("{point} is a container's own layer ({kind}): what is kept goes when the container goes"),
                "a volume for the directory of `data`",
            ),
            "nfs" | "nfs4" | "cifs" | "smb3" | "9p" | "ceph" => Finding::warning(
                Check::Disk,
                format_args!("{point} is on another machine ({kind}): whoever runs it sees files and their times"),
                "`data` on a disk of this machine",
            ),
            kind => Finding::ok(Check::Disk, format_args!("the file system of {point} is {kind}")),
        }
    }

    fn read_times(&self) -> Finding {
        let Self { options, point, .. } = self;
        if options.split(',').any(|option| option == "noatime") {
            return Finding::ok(Check::Disk, "when files were read is not written down");
        }
        Finding::warning(
            Check::Disk,
            format_args!("when files were read is written down on {point}"),
            format!("mount -o remount,noatime {point}, and noatime in /etc/fstab"),
        )
    }
}

fn speed(median: io::Result<Duration>) -> Finding {
    let mend = "a disk of its own, an SSD; what is accepted waits for this";
    match median {
        Err(error) => Finding::warning(
            Check::Disk,
            format_args!("how long a sync takes cannot be measured: {error}"),
            "df -h; ls -ld",
        ),
        Ok(took) if took >= SLOW => {
            let level = if took >= VERY_SLOW { Level::Problem } else { Level::Warning };
            Finding {
                level,
                ..Finding::warning(Check::Disk, format_args!("a sync takes {} ms", took.as_millis()), mend)
            }
        }
        Ok(took) => Finding::ok(Check::Disk, format_args!("a sync takes {:.1} ms", took.as_secs_f64() * 1_000.0)),
    }
}

/// How long it takes until 4 KiB are on the disk, measured on a file without a name, of which nothing is left.
fn median_sync(directory: &Path) -> io::Result<Duration> {
    let mut file = File::from(rustix::fs::open(directory, OFlags::TMPFILE | OFlags::WRONLY, Mode::RUSR | Mode::WUSR)?);
    file.write_all(&[0; 4096])?;
    file.sync_all()?;
    let mut took = (0..SYNCS).map(|round| sync(&file, round as u64)).collect::<io::Result<Vec<_>>>()?;
    took.sort_unstable();
    Ok(took.get(SYNCS / 2).copied().unwrap_or_default())
}

fn sync(file: &File, round: u64) -> io::Result<Duration> {
    let start = Instant::now();
    file.write_all_at(&[1; 4096], round * 4096)?;
    file.sync_data()?;
    Ok(start.elapsed())
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOUNTS: &str = "\
22 1 254:1 / / rw,relatime shared:1 - ext4 /dev/vda1 rw
30 22 0:5 / /dev rw,nosuid shared:2 - devtmpfs udev rw
31 22 254:2 / /var/lib rw,noatime shared:3 - xfs /dev/vdb rw
32 31 0:9 / /var/lib/memory rw,noatime - tmpfs tmpfs rw
33 22 0:10 / /srv rw - nfs4 nas:/srv rw
";

    fn levels(path: &str) -> [Level; 2] {
        let mount = Mount::of(Path::new(path), MOUNTS).unwrap();
        [mount.kind().level, mount.read_times().level]
    }

    #[test]
    fn the_file_system_is_the_one_around_the_directory() {
        assert_eq!(levels("/var/lib/relay/data"), [Level::Ok, Level::Ok]);
        assert_eq!(levels("/var/library"), [Level::Ok, Level::Warning]);
        assert_eq!(levels("/var/lib/memory/data"), [Level::Problem, Level::Ok]);
        assert_eq!(levels("/srv/relay"), [Level::Warning, Level::Warning]);
        assert!(Mount::of(Path::new("/a"), "nonsense").is_none());
    }

    #[test]
    fn a_sync_is_measured_and_leaves_nothing() {
        let directory = tempfile::tempdir().unwrap();
        let took = median_sync(directory.path());
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 0);
        if let Ok(took) = took {
            assert!(took > Duration::ZERO);
        }
    }

    #[test]
    fn a_slow_disk_is_told() {
        let level = |millis| speed(Ok(Duration::from_millis(millis))).level;
        assert_eq!([level(1), level(30), level(300)], [Level::Ok, Level::Warning, Level::Problem]);
        assert_eq!(speed(Err(io::Error::other("no"))).level, Level::Warning);
    }
}
