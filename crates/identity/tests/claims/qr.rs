//! Both pictures of a code are read back by a decoder that is none of ours.

use proptest::prelude::*;
use rqrr::PreparedImage;
use sealpost_identity::qr::Terminal;
use sealpost_identity::{CardRef, CardSeed, IdentityHash, IdentityKeyPair, Qr, SafetyNumber};
use sealpost_wire::operator::OperatorSecret;
use sealpost_wire::{RelayHost, RelayRef, Secret, StockHash};

/// Pixels along one side of a module, for a decoder that expects a photograph.
const SCALE: usize = 3;

/// Rows of modules, `true` where they are dark.
type Modules = Vec<Vec<bool>>;

fn from_text(text: &str, terminal: Terminal) -> Modules {
    let filled_is_dark = terminal == Terminal::DarkOnLight;
    let half = |line: &str, filled: [char; 2]| line.chars().map(|c| filled.contains(&c) == filled_is_dark).collect();
    text.lines().flat_map(|line| [half(line, ['▀', '█']), half(line, ['▄', '█'])]).collect()
}

/// Reads `M<left> <top>h<width>v<height>` of the document's one path.
fn from_svg(svg: &str, width: usize) -> Modules {
    let mut modules = vec![vec![false; width + 8]; width + 8];
    let path = svg.split_once(r#" d="M"#).unwrap().1.split_once('"').unwrap().0;
    for rectangle in path.split('M') {
        let (place, size) = rectangle.split_once('h').unwrap();
        assert!(size.starts_with("8v8"), "{size}");
        let (left, top) = place.split_once(' ').unwrap();
        let [x, y] = [left, top].map(|number| number.parse::<usize>().unwrap() / 8);
        modules[y][x] = true;
    }
    modules
}

fn scan(modules: &Modules) -> Vec<u8> {
    let (height, width) = (modules.len() * SCALE, modules[0].len() * SCALE);
    let mut image = PreparedImage::prepare_from_bitmap(width, height, |x, y| modules[y / SCALE][x / SCALE]);
    let grids = image.detect_grids();
    assert_eq!(grids.len(), 1, "the picture holds one code");
    let mut content = Vec::new();
    let read = grids[0].decode_to(&mut content).unwrap();
    assert_eq!(read.ecc_level, 0, "M is written as 0");
    content
}

fn assert_every_picture_reads(qr: &Qr, content: &[u8]) {
    for terminal in [Terminal::LightOnDark, Terminal::DarkOnLight] {
        assert_eq!(scan(&from_text(&qr.to_text(terminal), terminal)), content, "{terminal:?}");
    }
    assert_eq!(scan(&from_svg(&qr.to_svg(), qr.width())), content);
}

fn card(host: &str, secret: [u8; 32]) -> CardRef {
    let operator = OperatorSecret::from_seed(&[1; 32]).public();
    CardRef {
        relay: RelayRef { host: host.parse().unwrap(), operator },
        seed: CardSeed::new(Secret::new(secret)),
        stock: StockHash::from_bytes([3; 32]),
        identity: IdentityHash::from_bytes([4; 32]),
    }
}

#[test]
fn a_cards_code_is_its_link_in_upper_case_and_reads_as_the_card() {
    let card = card("relay.example.org:443", [2; 32]);
    let link = card.to_link().to_ascii_uppercase();
    assert_every_picture_reads(&card.qr(), link.as_bytes());
    assert_eq!(link.parse(), Ok(card));
}

#[test]
fn a_card_of_the_longest_relay_fits_a_terminal_of_80_columns() {
    let longest = format!("{}:443", "a".repeat(RelayHost::MAX - 4).replace("aaaaaaaaaa", "aaaaaaaaa."));
    let longest = longest.replace(".:", "a:");
    assert_eq!(longest.len(), RelayHost::MAX);
    let text = card(&longest, [2; 32]).qr().to_text(Terminal::default());
    assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
}

#[test]
fn a_terminals_code_has_a_quiet_zone_of_four_modules() {
    let qr = card("relay.example.org:443", [2; 32]).qr();
    let modules = from_text(&qr.to_text(Terminal::DarkOnLight), Terminal::DarkOnLight);
    assert!(modules.iter().take(4).all(|row| row.iter().all(|dark| !dark)));
    assert!(modules.iter().all(|row| row.iter().take(4).chain(row.iter().rev().take(4)).all(|dark| !dark)));
    assert_eq!(modules[4].len(), qr.width() + 8);
    assert!(modules[4][4], "the first corner's pattern begins behind it");
}

#[test]
fn a_safety_numbers_code_is_scanned_and_confirms_the_other_side() {
    let pairs = [1, 2].map(|seed| IdentityKeyPair::from_secret(Secret::new([seed; 32])));
    let [alice, bob] = [(0, 1), (1, 0)].map(|(a, b)| SafetyNumber::of(pairs[a].public(), pairs[b].public()));
    assert_every_picture_reads(&alice.qr(), alice.scannable());
    assert_eq!(bob.compare(&scan(&from_svg(&alice.qr().to_svg(), alice.qr().width()))), Ok(()));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]

    #[test]
    fn every_card_is_read_from_its_code(secret: [u8; 32], host in "[a-z]{1,40}:[1-9][0-9]{1,3}") {
        let card = card(&host, secret);
        let read = scan(&from_text(&card.qr().to_text(Terminal::default()), Terminal::default()));
        prop_assert_eq!(String::from_utf8(read).unwrap().parse::<CardRef>(), Ok(card));
    }
}
