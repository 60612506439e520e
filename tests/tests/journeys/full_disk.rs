//! A disk that is full, on either side: nothing is lost, it is said, and it goes on once there is room.
//!
//! The disk is a small file system in memory. Mounting one takes root, or a sudo that asks for nothing; without either
//! these tests fail, since what they claim would not have been tested.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use sealpost_tests::Result;
use sealpost_tests::person::Person;
use sealpost_tests::relay::{Relay, Settings};

use super::company::{PATIENCE, introduce};

/// A file system of so many MiB. Dropped, it is unmounted.
struct SmallDisk {
    path: PathBuf,
}

impl SmallDisk {
    fn mount(path: &Path, mebibytes: usize) -> Result<Self> {
        fs::create_dir_all(path)?;
        let size = format!("size={mebibytes}m,mode=0777");
        let mounted = as_root(&["mount", "-t", "tmpfs", "-o", &size, "sealpost-test", &path.to_string_lossy()])?;
        if !mounted {
            return Err("cannot mount a small file system: this test needs root, or sudo without a password".into());
        }
        Ok(Self { path: path.to_owned() })
    }

    /// Writes until there is no room left.
    fn fill(&self) -> Result<()> {
        let mut file = fs::File::create(self.filler())?;
        for block in [1 << 16, 1 << 12, 1] {
            while file.write_all(&vec![0xA5; block]).is_ok() {}
        }
        Ok(())
    }

    fn make_room(&self) -> Result<()> {
        Ok(fs::remove_file(self.filler())?)
    }

    fn filler(&self) -> PathBuf {
        self.path.join("filler")
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _unmounted = as_root(&["umount", "--lazy", &self.path.to_string_lossy()]);
    }
}

fn as_root(command: &[&str]) -> Result<bool> {
    let (program, arguments) = command.split_first().ok_or("no command")?;
    if Command::new(program).args(arguments).output()?.status.success() {
        return Ok(true);
    }
    Ok(Command::new("sudo").arg("-n").args(command).output().is_ok_and(|output| output.status.success()))
}

#[test]
fn a_client_whose_disk_is_full_says_so_and_loses_nothing() -> Result<()> {
    let directory = tempfile::tempdir()?;
    let disk = SmallDisk::mount(&directory.path().join("disk"), 8)?;
    let mut relay = Relay::init(&directory.path().join("relay"), &Settings::default())?;
    relay.start()?;
    let (anna, ben) = (Person::new("anna", &disk.path)?, Person::new("ben", &directory.path().join("ben"))?);
    introduce(&anna, &ben, relay.reference())?;
    anna.write("ben", &["before"])?;
    disk.fill()?;
    let refused = anna.attempt(&["send", "--no-wait", "ben", &"too much ".repeat(4_000)])?;
    assert_eq!(refused.status.code(), Some(1), "{}", String::from_utf8_lossy(&refused.stdout));
    assert_eq!(refused.stdout, b"", "nothing was said to be stored");
    disk.make_room()?;
    anna.write("ben", &["after"])?;
    let (_at_anna, at_ben) = (anna.listen(0)?, ben.listen(0)?);
    at_ben.wait_for(2, PATIENCE)?;
    let shown: Vec<_> = at_ben.shown().into_iter().map(|message| message.text).collect();
    assert_eq!(shown, ["before", "after"]);
    Ok(())
}

#[test]
fn a_relay_whose_disk_is_full_asks_to_try_later_and_takes_all_once_there_is_room() -> Result<()> {
    let directory = tempfile::tempdir()?;
    let disk = SmallDisk::mount(&directory.path().join("disk"), 256)?;
    let options = vec![("disk_reserve", "\"32 MiB\"".to_owned())];
    let mut relay = Relay::init(&disk.path.join("relay"), &Settings { options, ..Settings::default() })?;
    relay.start()?;
    let person = |name| Person::new(name, &directory.path().join(name));
    let (anna, ben) = (person("anna")?, person("ben")?);
    introduce(&anna, &ben, relay.reference())?;
    disk.fill()?;
    let waits = anna.attempt(&["send", "--timeout", "3s", "ben", "there is no room for this"])?;
    assert_eq!(waits.status.code(), Some(5), "it waits in the outbox");
    assert!(relay.runs(), "the relay goes on");
    disk.make_room()?;
    let (_at_anna, at_ben) = (anna.listen(0)?, ben.listen(0)?);
    at_ben.wait_for(1, PATIENCE)?;
    Ok(())
}
