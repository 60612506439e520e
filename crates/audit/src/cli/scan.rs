//! `sealpost-audit scan`

use std::fs;
use std::path::{Path, PathBuf};

use clap::CommandFactory;
use clap::error::ErrorKind;

use super::arguments::{Arguments, Scan};
use super::bar::Bar;
use super::packed::why_not_enough;
use super::told;
use crate::Trouble;
use crate::budget::Budgets;
use crate::oblivious::GatewayKeys;
use crate::redis;
use crate::report::Report;
use crate::search::{Canary, Kind as FileKind, Search, kind_of};
use crate::tls::KeyLog;
use crate::traffic::{self, Options, Seen};
use crate::unsearched::Unsearched;
use crate::values::{self, Kind};

/// Looks at everything that was named.
pub(super) fn run(scan: &Scan) -> Result<Report, Trouble> {
    let canaries = canaries(scan)?;
    check(scan, &canaries);
    let mut run = Run { search: Search::new(canaries)?, unsearched: Unsearched::default(), bar: Bar::of_bytes(0) };
    let files =
        scan.targets.iter().map(|target| Ok((target, run.below(target)?))).collect::<Result<Vec<_>, Trouble>>()?;
    let named = files.iter().flat_map(|(_, files)| files).chain(&scan.pcap);
    run.bar = Bar::of_bytes(named.map(|file| length(file)).sum());
    for (target, files) in files {
        run.target(target, &files);
    }
    let mut traffic = Vec::new();
    for capture in &scan.pcap {
        traffic.push((capture.display().to_string(), run.capture(capture, scan)?));
    }
    for address in &scan.redis {
        run.redis(address)?;
    }
    run.bar.end();
    let mut report = Report::of("Scan", &run.search, run.unsearched);
    traffic.into_iter().for_each(|(name, seen)| report.add_traffic(&name, seen));
    Ok(report)
}

/// A scan under way.
struct Run {
    search: Search,
    unsearched: Unsearched,
    bar: Bar,
}

impl Run {
    /// The files of a target; what is not there is a mistake of the caller, what cannot be read is told.
    fn below(&mut self, target: &Path) -> Result<Vec<PathBuf>, Trouble> {
        // A target that is a link is meant to be followed.
        let target = fs::canonicalize(target).map_err(|error| format!("{}: {error}", target.display()))?;
        let mut files = Vec::new();
        let mut open = vec![target];
        while let Some(path) = open.pop() {
            match kind_of(&path) {
                Ok(FileKind::Directory) => match fs::read_dir(&path) {
                    Ok(entries) => open.extend(entries.filter_map(Result::ok).map(|entry| entry.path())),
                    Err(error) => {
                        self.unsearched.add(format!("it cannot be read: {error}"), path.display().to_string())
                    }
                },
                Ok(_) => files.push(path),
                Err(error) => self.unreadable(&path, &error),
            }
        }
        files.sort();
        Ok(files)
    }

    fn target(&mut self, target: &Path, files: &[PathBuf]) {
        self.search.begin(&target.display().to_string());
        for file in files {
            let bar = &self.bar;
            bar.step(&file.display().to_string());
            if let Err(error) = self.search.file(file, &mut |bytes| bar.forward(bytes)) {
                self.unreadable(file, &error);
            }
            if let Some(why) = why_not_enough(file) {
                self.unsearched.add(why.to_owned(), file.display().to_string());
            }
        }
    }

    fn unreadable(&mut self, path: &Path, error: &dyn std::error::Error) {
        let cause = error.source().map_or_else(|| error.to_string(), ToString::to_string);
        self.unsearched.add(format!("it cannot be read: {cause}"), path.display().to_string());
    }

    fn capture(&mut self, capture: &Path, scan: &Scan) -> Result<Seen, Trouble> {
        self.search.begin(&capture.display().to_string());
        self.bar.step(&capture.display().to_string());
        let mut log = KeyLog::default();
        for file in &scan.keylog {
            log.add(&KeyLog::text_of(file)?);
        }
        let mut gateways = GatewayKeys::default();
        scan.ohttp_keys.iter().try_for_each(|path| gateways.add(path))?;
        let (servers, attesters) = (scan.server.clone(), scan.attester.clone());
        let (options, mut budgets) = (Options { servers, attesters, gateways }, Budgets::read()?);
        let bar = &self.bar;
        let seen =
            traffic::scan(capture, log, &options, &mut self.search, &mut budgets, &mut |bytes| bar.forward(bytes));
        Ok(seen?)
    }

    fn redis(&mut self, address: &str) -> Result<(), Trouble> {
        self.search.begin("the Redis server");
        self.bar.step("the Redis server");
        let bar = &self.bar;
        Ok(redis::scan(address, &mut self.search, &mut self.unsearched, &mut |bytes| bar.forward(bytes))?)
    }
}

fn canaries(scan: &Scan) -> Result<Vec<Canary>, Trouble> {
    let given = [(Kind::Imei, "imei", &scan.imei), (Kind::Imsi, "imsi", &scan.imsi)];
    let given = given.into_iter().chain([(Kind::Number, "number", &scan.number), (Kind::Text, "text", &scan.text)]);
    let mut canaries = Vec::new();
    for (kind, option, texts) in given {
        for (number, text) in texts.iter().enumerate() {
            canaries
                .push(kind.canary(text, &format!("--{option} {}", number + 1)).unwrap_or_else(|error| wrong(&error)));
        }
    }
    for file in &scan.values {
        canaries.extend(values::read(file).map_err(|error| format!("{}: {}", file.display(), told(&error)))?);
    }
    Ok(canaries)
}

/// A search for nothing, or in nothing, is a mistake. A capture can be judged without one.
fn check(scan: &Scan, canaries: &[Canary]) {
    if scan.targets.is_empty() && scan.pcap.is_empty() && scan.redis.is_empty() {
        wrong(&"there is nothing to look at: name a TARGET, --pcap or --redis");
    }
    if canaries.is_empty() && !(scan.targets.is_empty() && scan.redis.is_empty()) {
        wrong(&"there is nothing to look for: name --values, --imei, --imsi, --number or --text");
    }
}

/// Ends the program as clap does when a call is wrong.
fn wrong(why: &dyn std::fmt::Display) -> ! {
    Arguments::command().error(ErrorKind::ValueValidation, why).exit()
}

/// Only to know how far a scan is.
fn length(file: &Path) -> u64 {
    fs::symlink_metadata(file).map_or(0, |metadata| metadata.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::Verdict;

    fn scan(text: &str, targets: Vec<PathBuf>) -> Scan {
        let output = super::super::Output { json: false, html: None };
        Scan {
            values: vec![],
            imei: vec![],
            imsi: vec![],
            number: vec![],
            text: vec![text.to_owned()],
            pcap: vec![],
            keylog: vec![],
            server: vec![],
            attester: vec![],
            ohttp_keys: vec![],
            redis: vec![],
            targets,
            output,
        }
    }

    #[test]
    fn a_leak_below_a_directory_is_found_and_a_clean_one_is_clean() {
        let directory = tempfile::tempdir().unwrap();
        fs::create_dir_all(directory.path().join("a/b")).unwrap();
        fs::write(directory.path().join("a/b/log"), "… meet me at the station …").unwrap();
        let looked = |text| run(&scan(text, vec![directory.path().to_owned()])).unwrap();
        assert_eq!(looked("meet me at the station").verdict(), Verdict::Leak);
        assert_eq!(looked("meet me at the harbour").verdict(), Verdict::Clean);
    }

    #[test]
    fn what_is_not_there_is_an_error() {
        assert!(run(&scan("meet me at the station", vec!["/no/such/file".into()])).is_err());
    }
}
