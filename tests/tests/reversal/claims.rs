//! What each attack comes to.

use std::collections::{BTreeSet, HashSet};
use std::io::Write;
use std::sync::LazyLock;

use sealpost_wire::directory::{BlindedElements, EvaluatedElements};

use crate::attack::{self, Dictionary, Reversed};
use crate::deployment::{Deployment, numbers};
use crate::processes;

/// So many people are listed.
const LISTED: usize = 2;
/// So many numbers are tried, those of the listed people among them.
const TRIED: usize = 40;

/// A deployment that is attacked, and the dictionary for its salt.
struct Scene {
    deployment: Deployment,
    dictionary: Dictionary,
}

impl Scene {
    /// With so many key services, none of them a process.
    fn of(services: u8) -> Self {
        Self::around(Deployment::listing(numbers(LISTED), services))
    }

    fn around(deployment: Deployment) -> Self {
        let dictionary = Dictionary::stretch(&numbers(TRIED), &deployment.directory.descriptor());
        Self { deployment, dictionary }
    }

    fn everyone(&self) -> Reversed {
        self.deployment.listed.iter().cloned().collect()
    }
}

/// As it is meant to be: real servers, two key services among them.
static SCENE: LazyLock<Scene> = LazyLock::new(|| Scene::around(processes::listing(numbers(LISTED)).unwrap()));

/// Shown also when the test holds.
fn tell(text: &str) {
    // Nobody may be there to read it.
    let _ = writeln!(std::io::stderr(), "  {text}");
}

#[test]
fn the_directory_alone_reverses_no_tag() {
    let Scene { deployment, dictionary } = &*SCENE;
    assert_eq!(deployment.directory.entries().count(), LISTED);
    assert_eq!(attack::directory(&deployment.directory, dictionary), Reversed::new());
    tell(&format!("a directory, alone: 0 of {LISTED} numbers, of {TRIED} tried"));
}

#[test]
fn the_directory_and_one_key_service_reverse_no_tag() {
    let Scene { deployment, dictionary } = &*SCENE;
    for service in &deployment.services {
        let reversed = attack::directory_and_key_services(&deployment.directory, &[service], dictionary);
        assert_eq!(reversed, Reversed::new());
    }
    tell(&format!("a directory and one key service, either: 0 of {LISTED} numbers, of {TRIED} tried"));
}

#[test]
fn a_key_service_learns_no_number_from_all_that_it_was_asked() {
    let Scene { deployment, dictionary } = &*SCENE;
    for service in &deployment.services {
        assert!(!service.seen.is_empty());
        assert_eq!(attack::key_service(&deployment.directory, service, dictionary), Reversed::new());
    }
    tell(&format!("a key service, either: 0 of {LISTED} numbers, of {TRIED} tried"));
}

#[test]
fn an_attesters_disk_reverses_nothing() {
    let Scene { deployment, dictionary } = &*SCENE;
    assert_eq!(attack::attester(&deployment.attester, dictionary), Reversed::new());
    tell(&format!("an attester's disk: 0 of {LISTED} numbers, of {TRIED} tried"));
}

#[test]
fn everything_but_one_key_reverses_no_tag() {
    let Scene { deployment, dictionary } = &*SCENE;
    let Deployment { directory, services, attester, .. } = deployment;
    for service in services {
        assert_eq!(attack::all_but_one_key(directory, service, attester, dictionary), Reversed::new());
    }
}

#[test]
fn the_directory_and_both_live_keys_reverse_every_tag_at_the_price_of_a_slow_hash_for_each_guess() {
    let Scene { deployment, dictionary } = &*SCENE;
    let both: Vec<_> = deployment.services.iter().collect();
    let reversed = attack::directory_and_key_services(&deployment.directory, &both, dictionary);
    assert_eq!(reversed, SCENE.everyone());
    assert_eq!(dictionary.hashes(), TRIED, "each guess takes one");
    let hours = dictionary.core_hours(1e9);
    tell(&format!(
        "a directory and both live keys: {LISTED} of {LISTED} numbers, with {TRIED} hashes of 19 MiB, 2 passes;"
    ));
    tell(&format!(
        "    10^9 numbers would take {hours:.0} hours of a core like this one, and {:.0} with the default of 64 MiB, 3 passes",
        hours * (64.0 * 3.0) / (19.0 * 2.0)
    ));
}

/// The controls: with nothing but a salted hash, however slow, the same attacks find everyone.
#[test]
fn a_salted_hash_alone_is_reversed_by_whoever_has_the_salt() {
    let scene = Scene::of(0);
    assert_eq!(attack::directory(&scene.deployment.directory, &scene.dictionary), scene.everyone());
    tell(&format!("where there is no key service, a directory alone: {LISTED} of {LISTED} numbers"));
}

#[test]
fn with_one_key_service_it_and_the_directory_reverse_every_tag() {
    let scene = Scene::of(1);
    let Deployment { directory, services, .. } = &scene.deployment;
    assert_eq!(attack::directory(directory, &scene.dictionary), Reversed::new());
    let reversed = attack::directory_and_key_services(directory, &[&services[0]], &scene.dictionary);
    assert_eq!(reversed, scene.everyone());
    tell(&format!("where there is one, it and the directory: {LISTED} of {LISTED} numbers"));
}

/// The other attacks find what they look for, once it is there.
#[test]
fn the_attacks_find_what_a_party_should_not_have() {
    let Scene { deployment, dictionary } = &*SCENE;
    let guess = &dictionary.guesses[1];
    let expected = BTreeSet::from([guess.number.clone()]);
    let leak = |bytes: Vec<u8>| [("a file".to_owned(), [b"before ".as_slice(), &bytes, b" after"].concat())].into();
    let hashed = [[7; 32].as_slice(), &blake3::keyed_hash(&[7; 32], guess.number.as_bytes()).as_bytes()[..16]].concat();
    for bytes in [guess.number.clone().into_bytes(), guess.x.secret().expose().to_vec(), hashed] {
        assert_eq!(attack::attester(&leak(bytes), dictionary), expected);
    }
    let mut careless = Deployment::listing(vec![], 2).services.remove(0);
    let bare = attack::unblinded(deployment.directory.purpose(), guess).to_bytes().repeat(64);
    careless.seen.push((BlindedElements::from_bytes(&bare).unwrap(), EvaluatedElements::new([0; 2_112])));
    assert_eq!(attack::key_service(&deployment.directory, &careless, dictionary), expected);
}

/// Each number was asked for by the attester and by its owner.
#[test]
fn no_element_is_seen_twice_though_the_same_numbers_are_looked_up() {
    let mut all = HashSet::new();
    for service in &SCENE.deployment.services {
        assert!(service.seen.len() >= 2 * LISTED, "{} requests", service.seen.len());
        for (asked, answered) in &service.seen {
            let answered = answered.as_bytes().chunks(32).take(64);
            assert!(asked.as_bytes().chunks(32).chain(answered).all(|element| all.insert(element)));
        }
    }
}
