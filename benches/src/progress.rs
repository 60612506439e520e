//! How far a run is, on standard error, where somebody looks.

use std::thread;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

const SECOND: Duration = Duration::from_secs(1);

/// A bar; nothing where standard error is no terminal.
pub struct Progress(ProgressBar);

impl Default for Progress {
    fn default() -> Self {
        let bar = ProgressBar::new(0);
        if let Ok(style) = ProgressStyle::with_template("{elapsed_precise} {bar:30} {pos}/{len} {msg}") {
            bar.set_style(style);
        }
        bar.enable_steady_tick(Duration::from_millis(200));
        Self(bar)
    }
}

impl Progress {
    /// A bar of something that takes so long, which goes on by itself.
    #[must_use]
    pub fn lasting(what: &'static str, time: Duration) -> Self {
        let progress = Self::default();
        progress.steps(time.as_secs());
        progress.say(what);
        let bar = progress.0.downgrade();
        thread::spawn(move || {
            while let Some(bar) = bar.upgrade().filter(|bar| !bar.is_finished()) {
                bar.set_position(bar.elapsed().as_secs().min(bar.length().unwrap_or_default()));
                drop(bar);
                thread::sleep(SECOND);
            }
        });
        progress
    }

    /// There are so many steps.
    pub fn steps(&self, count: u64) {
        self.0.set_length(count);
    }

    /// What is done now.
    pub fn say(&self, what: &'static str) {
        self.0.set_message(what);
    }

    /// One is done.
    pub fn step(&self) {
        self.0.inc(1);
    }

    /// All are.
    pub fn finish(&self) {
        self.0.finish_and_clear();
    }
}
