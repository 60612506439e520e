//! What is shown while something takes time: on the standard error, and only where a person looks at it.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use sealpost_client::{Progress, Stage};

use crate::output::Output;

const TICK: Duration = Duration::from_millis(120);

/// A line that shows how far a look-up is. Gone when it is dropped.
pub(crate) struct Bar {
    line: ProgressBar,
    stage: &'static str,
}

/// A line that shows that something is waited for. Gone when it is dropped.
pub(crate) struct Spinner(ProgressBar);

impl Bar {
    /// A bar of which nothing is known yet.
    pub(crate) fn new(output: Output) -> Self {
        Self { line: line(output, "{spinner} {msg} {pos}/{len} {wide_bar} {eta} left"), stage: "" }
    }

    /// Shows how far it is. How long the rest of a stage takes is told by what the stage has taken so far.
    pub(crate) fn show(&mut self, progress: &Progress) {
        let (name, stage) = stage_of(progress);
        self.line.set_length(stage.of as u64);
        self.line.set_position(stage.done as u64);
        if self.stage != name {
            self.stage = name;
            self.line.set_message(name);
            self.line.reset_eta();
        }
    }

    /// Says that it is being ended.
    pub(crate) fn ending(&self) {
        self.line.set_style(style("{spinner} {msg}"));
        self.line.set_message("ending; what was done is kept");
    }
}

impl Spinner {
    /// A line that says what is waited for.
    pub(crate) fn new(output: Output, text: &'static str) -> Self {
        let spinner = line(output, "{spinner} {msg} {elapsed}");
        spinner.set_message(text);
        Self(spinner)
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.line.finish_and_clear();
    }
}

impl Drop for Spinner {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

/// The library hides what is drawn to no terminal.
fn line(output: Output, template: &str) -> ProgressBar {
    let target = if output.is_json() { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr() };
    let line = ProgressBar::with_draw_target(None, target).with_style(style(template));
    line.enable_steady_tick(TICK);
    line
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}

/// The first stage that is not over; between two, the one that was the last.
fn stage_of(progress: &Progress) -> (&'static str, Stage) {
    let Progress { hashed, evaluated, read, found: _ } = *progress;
    let stages = [("hashing", hashed), ("asking the key services", evaluated), ("reading the directory", read)];
    let ongoing = stages.into_iter().find(|(_, stage)| stage.done < stage.of);
    ongoing.or_else(|| stages.into_iter().rfind(|(_, stage)| stage.of > 0)).unwrap_or(("hashing", hashed))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stage_that_is_shown_is_the_first_that_is_not_over() {
        let stage = |done, of| Stage { done, of };
        let mut progress =
            Progress { hashed: stage(120, 300), evaluated: stage(64, 300), read: stage(0, 20), found: 0 };
        assert_eq!(stage_of(&progress), ("hashing", stage(120, 300)));
        progress.hashed = stage(300, 300);
        let between = Progress { evaluated: stage(0, 0), read: stage(0, 0), ..progress };
        assert_eq!(stage_of(&between), ("hashing", stage(300, 300)), "how much comes next is not known yet");
        assert_eq!(stage_of(&progress), ("asking the key services", stage(64, 300)));
        progress.evaluated = stage(300, 300);
        assert_eq!(stage_of(&progress), ("reading the directory", stage(0, 20)));
        progress.read = stage(20, 20);
        assert_eq!(stage_of(&progress), ("reading the directory", stage(20, 20)));
    }

    #[test]
    fn templates_are_what_the_library_understands() {
        for template in ["{spinner} {msg} {pos}/{len} {wide_bar} {eta} left", "{spinner} {msg} {elapsed}"] {
            assert!(ProgressStyle::with_template(template).is_ok(), "{template}");
        }
    }
}
