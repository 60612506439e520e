//! Amounts, side by side.

use plotters::coord::Shift;
use plotters::prelude::*;

use super::{COLOURS, Drawn, SIZE, Titles};
use crate::failure::Failure;

/// Amounts of several parts each, as an SVG image: the parts of one lie on each other.
///
/// # Errors
/// [`Failure::Plot`].
pub(super) fn svg(titles: &Titles, parts: &[&'static str], bars: &[(String, Vec<f64>)]) -> Result<String, Failure> {
    super::svg_of(SIZE, |area| draw(area, titles, parts, bars))
}

fn draw(
    area: &DrawingArea<SVGBackend<'_>, Shift>,
    titles: &Titles,
    parts: &[&'static str],
    bars: &[(String, Vec<f64>)],
) -> Drawn {
    area.fill(&WHITE)?;
    let top = bars.iter().map(|(_, parts)| parts.iter().sum()).fold(1.0, f64::max) * 1.25;
    let count = bars.len() as f64;
    let mut chart = ChartBuilder::on(area)
        .caption(titles.caption, ("sans-serif", 18))
        .margin(12)
        .x_label_area_size(44)
        .y_label_area_size(60)
        .build_cartesian_2d(-0.5..count - 0.5, 0.0..top)?;
    let name = |at: &f64| {
        let is_one = (at - at.round()).abs() < 0.01 && *at > -0.25;
        bars.get(at.round() as usize).filter(|_| is_one).map_or_else(String::new, |(name, _)| name.clone())
    };
    let mut mesh = chart.configure_mesh();
    mesh.disable_x_mesh().light_line_style(TRANSPARENT).y_desc(titles.y).label_style(("sans-serif", 12));
    mesh.x_desc(titles.x).x_labels(bars.len() * 2 + 1).x_label_formatter(&name).draw()?;
    for ((place, part), colour) in parts.iter().enumerate().zip(COLOURS) {
        let one = |(at, (_, amounts)): (f64, &(String, Vec<f64>))| {
            let below: f64 = amounts.iter().take(place).sum();
            let amount = amounts.get(place).copied().unwrap_or_default();
            Rectangle::new([(at - 0.3, below), (at + 0.3, below + amount)], colour.filled())
        };
        let places = (0_u32..).map(f64::from);
        let drawn = chart.draw_series(places.zip(bars).map(one))?;
        drawn.label(*part).legend(move |(x, y)| Rectangle::new([(x, y - 4), (x + 12, y + 4)], colour.filled()));
    }
    let mut legend = chart.configure_series_labels();
    legend.position(SeriesLabelPosition::UpperLeft).background_style(WHITE.mix(0.85)).border_style(BLACK.mix(0.3));
    legend.label_font(("sans-serif", 13)).draw()?;
    Ok(())
}
