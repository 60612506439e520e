//! What a directory demands, in words.

use sealpost_client::{EpochTerms, RelayRef, Terms};

use crate::terminal::wrapped;

/// For whoever is about to publish a number.
pub(super) fn text(terms: &Terms) -> String {
    let proof = match &terms.attester {
        Some(attester) => format!(
            "Your number is proved to the attester {}, which learns it; the directory and the key services do not.",
            attester.host
        ),
        None => "This directory wants no proof: anyone can publish any number, yours too. Compare safety numbers with \
                 whoever is found here."
            .to_owned(),
    };
    let parts = [proof, terms.epochs.first().map(of_keys).unwrap_or_default()];
    let parts = parts.iter().filter(|part| !part.is_empty()).map(|part| wrapped(part));
    format!("{}\n", parts.collect::<String>())
}

fn of_keys(epoch: &EpochTerms) -> String {
    let hosts = |services: &[RelayRef]| {
        services.iter().map(|service| service.host.to_string()).collect::<Vec<_>>().join(" and ")
    };
    match &epoch.key_services[..] {
        [] => "It has no key service: whoever runs the directory can learn which numbers are in it, at the price of a slow \
               hash for each number tried."
            .to_owned(),
        services @ [_] => format!(
            "It has one key service, {}: its operator and the directory's could together learn which numbers are in it, at \
             the price of a slow hash for each number tried.",
            hosts(services)
        ),
        services => format!(
            "It has {} key services, {}: only all their operators and the directory's together could learn which numbers are \
             in it.",
            services.len(),
            hosts(services)
        ),
    }
}

#[cfg(test)]
mod tests {
    use sealpost_wire::directory::Epoch;
    use sealpost_wire::operator::OperatorSecret;

    use super::*;

    fn terms(attester: Option<&str>, key_services: &[&str]) -> Terms {
        let server = |host: &&str| RelayRef {
            host: format!("{host}:443").parse().unwrap(),
            operator: OperatorSecret::from_seed(&[1; 32]).public(),
        };
        let epoch = EpochTerms {
            epoch: Epoch(229),
            key_services: key_services.iter().map(server).collect(),
            memory_mib: 64,
            passes: 3,
            buckets: 1,
        };
        Terms { attester: attester.as_ref().map(server), epochs: vec![epoch] }
    }

    #[test]
    fn who_learns_what_is_said_before_anything_is_sent() {
        let text = |attester, services: &[&str]| text(&terms(attester, services)).replace('\n', " ");
        let both = text(Some("sms.example"), &["one.example", "two.example"]);
        assert!(both.contains("attester sms.example:443, which learns it"), "{both}");
        assert!(both.contains("2 key services, one.example:443 and two.example:443"), "{both}");
        let neither = text(None, &[]);
        assert!(neither.contains("anyone can publish any number"), "{neither}");
        assert!(neither.contains("whoever runs the directory can learn"), "{neither}");
        assert!(text(None, &["one.example"]).contains("one key service, one.example:443"));
    }
}
