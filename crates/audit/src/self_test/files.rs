//! Leaks in what lies on a disk.

use std::fs::{self, File};
use std::io::{Seek, SeekFrom, Write};
use std::path::Path;

use super::Ground;
use super::written::Written;
use crate::Trouble;

/// A core dump has holes; its parts begin at pages.
const CORE: u64 = 64 * 1024 * 1024;
const PAGE: u64 = 4096;
const LONGEST_NAME: usize = 200;

impl Ground {
    pub(super) fn files(&mut self, written: &[Written]) -> Result<(), Trouble> {
        let directory = self.directory.path().join("files");
        fs::create_dir(&directory)?;
        for (number, leak) in written.iter().enumerate() {
            let file = directory.join(format!("file-{number}.bin"));
            fs::write(&file, among_others(&leak.bytes, number))?;
            self.planted("file", file.display().to_string(), leak);
            let core = directory.join(format!("core-{number}.bin"));
            write_core(&core, &leak.bytes, number)?;
            self.planted("core dump", core.display().to_string(), leak);
            if leak.is_text() {
                self.text_files(&directory, leak, number)?;
            }
        }
        self.search.begin("planted files");
        Ok(self.search.files(&directory)?)
    }

    fn text_files(&mut self, directory: &Path, leak: &Written, number: usize) -> Result<(), Trouble> {
        let log = directory.join(format!("log-{number}.log"));
        let value = String::from_utf8_lossy(&leak.bytes);
        fs::write(&log, format!("12:00:00 INFO relay: started\n12:00:01 WARN relay: denied id={value} code=1\n"))?;
        self.planted("log", log.display().to_string(), leak);
        if leak.bytes.len() <= LONGEST_NAME && !value.contains('/') {
            fs::write(directory.join(format!("name-{number}-{value}")), b"")?;
            self.planted("file's name", "a file's name".to_owned(), leak);
        }
        Ok(())
    }
}

/// Bytes that say nothing stand around it, as many as another number has not.
fn among_others(bytes: &[u8], number: usize) -> Vec<u8> {
    [&vec![0xEE; 100 + number], bytes, &[0xEE; 50]].concat()
}

/// Most of it is a hole; what is there lies across the border of two pages.
fn write_core(path: &Path, bytes: &[u8], number: usize) -> Result<(), Trouble> {
    let mut core = File::create(path)?;
    core.set_len(CORE)?;
    let border = CORE / 2 + PAGE * number as u64;
    core.seek(SeekFrom::Start(border - bytes.len() as u64 / 2))?;
    Ok(core.write_all(bytes)?)
}
