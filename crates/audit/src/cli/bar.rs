//! What a person sees while it takes long: a bar on the standard error, if that is a terminal.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

const TICK: Duration = Duration::from_millis(100);

/// A bar.
pub(super) struct Bar(ProgressBar);

impl Bar {
    /// Of so many bytes.
    pub(super) fn of_bytes(bytes: u64) -> Self {
        Self::with(ProgressBar::new(bytes), "{elapsed:>4} {bar:40} {bytes} of {total_bytes} {wide_msg}")
    }

    /// Of steps of which nobody knows how long they take.
    pub(super) fn of_steps() -> Self {
        Self::with(ProgressBar::new_spinner(), "{elapsed:>4} {spinner} {wide_msg}")
    }

    fn with(bar: ProgressBar, template: &str) -> Self {
        let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
        bar.set_style(style);
        bar.enable_steady_tick(TICK);
        Self(bar)
    }

    pub(super) fn step(&self, what: &str) {
        self.0.set_message(what.to_owned());
    }

    pub(super) fn forward(&self, bytes: u64) {
        self.0.inc(bytes);
    }

    pub(super) fn end(&self) {
        self.0.finish_and_clear();
    }
}
