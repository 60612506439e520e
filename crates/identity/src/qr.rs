//! QR codes (ISO/IEC 18004), with error correction M, which restores 15 %.

use qrcode::render::{svg, unicode::Dense1x2};
use qrcode::{EcLevel, QrCode};

use crate::redacted::redacted;

/// A QR code of a card's link or a safety number.
///
/// It shows what it was made of to whoever sees it; so only its two pictures do, and it does not print itself.
#[derive(Clone)]
pub struct Qr(QrCode);

/// How a terminal shows text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Terminal {
    /// Light text on a dark ground: full blocks draw the code's light modules.
    #[default]
    LightOnDark,
    /// Dark text on a light ground: full blocks draw the code's dark modules.
    DarkOnLight,
}

redacted!(Qr);

impl Qr {
    pub(crate) fn of_card(link: &str) -> Self {
        Self::of(link.as_bytes())
    }

    pub(crate) fn of_safety_number(scannable: &[u8]) -> Self {
        Self::of(scannable)
    }

    #[expect(clippy::expect_used, reason = "what the crate makes codes of is well under the 2,331 bytes that fit one")]
    fn of(bytes: &[u8]) -> Self {
        Self(QrCode::with_error_correction_level(bytes, EcLevel::M).expect("it fits a code"))
    }

    /// Modules along one side, without the quiet zone.
    #[must_use]
    pub fn width(&self) -> usize {
        self.0.width()
    }

    /// The code as lines of half blocks, two modules in height to a character, with a quiet zone of four modules.
    #[must_use]
    pub fn to_text(&self, terminal: Terminal) -> String {
        let (dark, light) = match terminal {
            Terminal::LightOnDark => (Dense1x2::Light, Dense1x2::Dark),
            Terminal::DarkOnLight => (Dense1x2::Dark, Dense1x2::Light),
        };
        self.0.render::<Dense1x2>().dark_color(dark).light_color(light).quiet_zone(true).build()
    }

    /// The code as an SVG document, eight units to a module, with a quiet zone of four modules.
    #[must_use]
    pub fn to_svg(&self) -> String {
        self.0.render::<svg::Color<'_>>().module_dimensions(8, 8).quiet_zone(true).build()
    }
}
