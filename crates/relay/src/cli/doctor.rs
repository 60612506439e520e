//! `sealpost-relay doctor`

use std::time::SystemTime;

use clap::Args;
use http::Method;
use sealpost_server::doctor::{Check, Finding, Level};
use serde::Serialize;
use tokio::runtime::Runtime;

use super::running::Running;
use super::{ConfigFile, Failure, say, say_json};
use crate::clock::{Clock, SystemClock};
use crate::config::{self, Admin, Config, ConfigError, Problem};
use crate::doctor;

/// Say what is wrong with configuration, machine, disk and Redis, and what mends it.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  sealpost-relay doctor
  sealpost-relay doctor --all --config /etc/sealpost-relay.toml
  sealpost-relay doctor --json

Works beside a running server and without one, as any account that may read the keys; changes
nothing. A problem keeps the server from starting or breaks a promise, and makes the exit code
1; a warning does not. With --json, one line with everything that was looked at:
  {\"healthy\":false,\"findings\":[{\"check\":…,\"level\":\"ok\"|\"warning\"|\"problem\",\"finding\":…,
   \"mend\":…}]}")]
pub(super) struct Doctor {
    #[command(flatten)]
    file: ConfigFile,
    /// Say also what is as it should be.
    #[arg(long)]
    all: bool,
    /// Answer in JSON.
    #[arg(long)]
    json: bool,
}

/// What was found.
#[derive(Serialize)]
struct Examined {
    healthy: bool,
    findings: Vec<Finding>,
}

impl Doctor {
    pub(super) fn run(&self) -> Result<(), Failure> {
        let runtime = Runtime::new().map_err(Failure::system("starting the runtime"))?;
        let findings = runtime.block_on(self.examine(SystemClock.now()));
        runtime.shutdown_background();
        let problems = count(&findings, Level::Problem);
        let examined = Examined { healthy: problems == 0, findings };
        if self.json {
            say_json(&examined);
        } else {
            self.tell(&examined.findings);
        }
        if problems == 0 { Ok(()) } else { Err(Failure::Unwell { problems }) }
    }

    async fn examine(&self, now: SystemTime) -> Vec<Finding> {
        match config::load(&self.file.config) {
            Ok(config) => doctor::examine(&self.file.config, &config, is_running(&config).await, now).await,
            Err(ConfigError::Invalid { problems }) => problems.iter().map(misconfigured).collect(),
            Err(error) => vec![Finding::of_error(Check::Configuration, &error)],
        }
    }

    fn tell(&self, findings: &[Finding]) {
        let shown = findings.iter().filter(|finding| self.all || finding.level != Level::Ok);
        shown.for_each(tell);
        let counts = [Level::Ok, Level::Warning, Level::Problem].map(|level| count(findings, level));
        let [well, warnings, problems] = counts;
        say(format_args!("{well} as they should be, {warnings} warnings, {problems} problems"));
    }
}

fn tell(Finding { check, level, finding, mend }: &Finding) {
    let level = match level {
        Level::Ok => "ok",
        Level::Warning => "warning",
        Level::Problem => "PROBLEM",
    };
    say(format_args!("{level:8} {check:14} {finding}"));
    if let Some(mend) = mend {
        say(format_args!("{:23} -> {mend}", ""));
    }
}

fn count(findings: &[Finding], level: Level) -> usize {
    findings.iter().filter(|finding| finding.level == level).count()
}

/// Whether the server that `config` is of runs, if that can be asked.
async fn is_running(config: &Config) -> Option<bool> {
    if config.admin == Admin::Off {
        return None;
    }
    let Ok(Some(running)) = Running::find(config).await else { return Some(false) };
    Some(running.ask(Method::GET, "/health").await.is_ok_and(|(_, body)| body == "ok\n"))
}

/// A problem of the configuration, where it is and what was expected there.
fn misconfigured(problem: &Problem) -> Finding {
    Finding::problem(Check::Configuration, problem, problem.mend())
}
