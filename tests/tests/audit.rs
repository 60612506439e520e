//! The experiment of `sealpost-audit`, with the real programs, and with programs that leak.
//!
//! What fails here: a find, an undeclared thing or a failed step with the real programs; and an experiment that passes
//! though the client tells somebody what it must not.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use sealpost_audit::experiment::{self, Options};
use sealpost_audit::report::{Report, Verdict};
use sealpost_tests::programs::program;
use sealpost_tests::{Result, clock};

fn report(client: PathBuf) -> Result<Report> {
    let now = clock::now().duration_since(std::time::UNIX_EPOCH)?;
    let (relay, attester) = (program("sealpost-relay")?, Some(program("sealpost-attester")?));
    experiment::run(&Options { relay, attester, client, keep: None, now }, &mut |_| {})
}

/// The client, behind a script that does something besides: `besides`, where `$relay` is the address of the relay.
fn client_that(besides: &str, directory: &Path) -> Result<PathBuf> {
    let script = format!(
        "#!/bin/bash\n\
         for word in \"$@\"; do case \"$word\" in sealpost-relay:*) word=${{word#*:}}; echo \"${{word%%/*}}\" > \"$0.relay\";; esac; done\n\
         relay=$(cat \"$0.relay\" 2>/dev/null); {besides}\n\
         exec {} \"$@\"\n",
        program("sealpost")?.display()
    );
    let path = directory.join("client");
    fs::write(&path, script)?;
    fs::set_permissions(&path, fs::Permissions::from_mode(0o700))?;
    Ok(path)
}

#[test]
fn nothing_that_was_seen_in_2014_is_seen_here() -> Result<()> {
    let report = report(program("sealpost")?)?;
    assert_eq!((&report.finds, report.undeclared_fields), (&vec![], 0));
    assert_eq!(report.steps.iter().filter(|step| !step.holds).collect::<Vec<_>>(), Vec::<&experiment::Step>::new());
    assert_eq!((report.rows.len(), report.canaries_planted, report.canaries_too_short), (9, 16, 0));
    let [seen] = report.traffic.values().collect::<Vec<_>>()[..] else { return Err("there is one capture".into()) };
    assert!(seen.requests.len() >= 9 && seen.messages.len() == 2, "{:?} {:?}", seen.requests, seen.messages);
    let inside = ["/v1/deposit", "/v1/take", "/v1/evaluate", "/v1/bucket"];
    assert!(inside.into_iter().all(|path| seen.inside.contains_key(path)), "{:?}", seen.inside);
    assert!(report.unsearched.reasons().all(|why| !why.contains("Oblivious HTTP")), "{:?}", report.unsearched);
    let asked = |path: &str| seen.requests.contains_key(path);
    let discovery = ["/v1/ask-code", "/v1/prove-number", "/v1/publish", "/v1/withdraw"];
    assert!(discovery.into_iter().all(asked), "{:?}", seen.requests);
    assert!(report.declared.iter().all(|find| find.what.ends_with("own number")) && !report.declared.is_empty());
    // Under load, whoever gives up while connecting has said nothing.
    assert_eq!((seen.encrypted + seen.silent, seen.missing), (seen.connections, 0));
    assert!(seen.opened > 0);
    Ok(())
}

#[test]
fn a_client_that_tells_a_text_besides_is_found_out() -> Result<()> {
    let directory = tempfile::tempdir()?;
    let tell = "[[ \" $* \" == *\" send \"* ]] && (printf '%s' \"${@: -1}\" > /dev/tcp/${relay/://}) 2>/dev/null";
    let report = report(client_that(tell, directory.path())?)?;
    assert_eq!(report.verdict(), Verdict::Leak);
    assert!(report.finds.iter().any(|find| find.what == "the phone's first text"), "{:?}", report.finds);
    Ok(())
}

#[test]
fn a_client_that_knocks_before_consent_is_found_out() -> Result<()> {
    let directory = tempfile::tempdir()?;
    let knock = "[[ \" $* \" == *\" status\"* ]] && (echo > /dev/udp/127.0.0.1/9) 2>/dev/null";
    let report = report(client_that(knock, directory.path())?)?;
    assert_eq!(report.verdict(), Verdict::Failed);
    let failed = report.steps.iter().find(|step| !step.holds).ok_or("every step holds")?;
    assert_eq!(failed.what, "without consent: start");
    Ok(())
}
